"""Which Redis passes messages between nodes, how much of it, and what does that cost?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from estimator.arrays import BoolArray, FloatArray
from estimator.demand.demand import Demand, over_month
from estimator.demand.weekly import Weekly
from estimator.deployments.base import Options, Request, mbps
from estimator.deployments.fleet.exchange import Exchange
from estimator.deployments.fleet.machine import (
    CHEAPEST,
    Machine,
    find_machine,
    flat_and_not,
    machines,
)
from estimator.deployments.fleet.month import Month
from estimator.deployments.fleet.redis_nodes import RedisNode, redis_nodes
from estimator.deployments.limits import limit_value
from estimator.errors import MissingRateError, ScenarioError, UnknownNameError
from estimator.format import range_text
from estimator.pricing.catalog import Catalog
from estimator.pricing.lines import Usage
from estimator.units import SECONDS_PER_HOUR

_DELIVERIES = "system.redis.deliveries_per_second"
_VOTERS = "system.redis.sentinel_voters"
_NOISE = 1e-9
_PAIR = 2
"""A machine and its replica."""


class RedisOptions(Options):
    """Choices of what passes messages between nodes."""

    redis: Literal["cheapest", "managed", "self_run", "none"] = "cheapest"
    """Redis, which passes messages on to recipients on other nodes: managed by the cloud, on
    virtual machines of your own, whichever of both costs less, or none, where no message has to
    reach another node."""
    redis_machine: str = CHEAPEST
    """What Redis runs on, by the vendor's own name: a size of the cloud's managed Redis, or a
    virtual machine; or ``cheapest``. As many run as the busiest hour's messages and bytes need."""


@dataclass(frozen=True, slots=True)
class ZoneTraffic:
    """What a cloud bills for traffic between zones."""

    meter_id: str
    sides: float
    """How often a byte is metered that two machines exchange."""
    managed_sides: float
    """The same if one of both belongs to a managed Redis."""


@dataclass(frozen=True, slots=True)
class RedisSize:
    """An instance of Redis, with the replica that takes over."""

    name: str
    title: str
    managed: bool
    replicated: bool
    machines: int
    """Virtual machines that an instance runs on; none if it is managed."""
    parts: Mapping[str, float]
    """Units of meters that an hour of an instance is billed as."""
    monthly_parts: Mapping[str, float]
    """Units of meters that an instance takes that is there all month, such as disks."""
    fixed_parts: Mapping[str, float]
    """Units per hour of what runs once, however many instances there are."""
    fixed_monthly_parts: Mapping[str, float]
    """The same for what is there all month."""
    deliveries_per_second: float
    mbps: float
    """What an instance sends, at most."""
    usd_per_hour: float
    usd_per_month: float
    """Of what is there all month, besides."""
    fixed_usd_per_hour: float
    fixed_usd_per_month: float
    flat_usd_per_hour: float
    """Of the meters of which every unit costs the same."""
    flat_usd_per_month: float
    not_flat: Mapping[str, float]
    """Units per hour of each other meter."""
    not_flat_per_month: Mapping[str, float]

    @property
    def rates(self) -> tuple[float, float, float, float]:
        """USD per hour and per month of an instance, and of what runs once."""
        fixed = self.fixed_usd_per_hour, self.fixed_usd_per_month
        return self.usd_per_hour, self.usd_per_month, *fixed

    @property
    def flat_rates(self) -> tuple[float, float, float, float]:
        """The same, of an instance only for the meters of which every unit costs the same."""
        fixed = self.fixed_usd_per_hour, self.fixed_usd_per_month
        return self.flat_usd_per_hour, self.flat_usd_per_month, *fixed


@lru_cache(maxsize=256)
def redis_sizes(
    catalog: Catalog,
    region: str,
    cloud: str,
    redis: str,
    name: str,
    beside: tuple[tuple[str, float], ...],
    survives: str,
    zones: int,
    hours: tuple[float, float],
) -> tuple[RedisSize, ...]:
    """What Redis may run on, the cheapest of those that do as much.

    Args:
        catalog: the prices.
        region: where.
        cloud: whose machines.
        redis: ``managed``, ``self_run`` or ``cheapest``.
        name: a size or machine, or ``cheapest``.
        beside: units of meters that each virtual machine takes per month, such as its disk.
        survives: what may fail; nothing takes over where it is ``none``.
        zones: over which it is spread.
        hours: of the shortest and of the longest month that is billed.

    Raises:
        UnknownNameError: no such size or machine.
        MissingRateError: nothing has a price in the region.
    """
    offered = [
        *(_managed(cloud, name, survives) if redis != "self_run" else ()),
        *(_self_run(cloud, name, survives, zones, beside) if redis != "managed" else ()),
    ]
    if not offered:
        known = [
            *(redis_nodes(cloud) if redis != "self_run" else ()),
            *(machines(cloud, "vm") if redis != "managed" else ()),
        ]
        raise UnknownNameError("size of Redis", name, known)
    found: list[RedisSize] = []
    missing: MissingRateError | None = None
    for make in offered:
        try:
            found.append(make(catalog, region))
        except MissingRateError as error:
            missing = missing or error  # what is not sold here is no candidate
    if not found:
        raise missing or ScenarioError(f"no {redis} Redis is sold that survives: {survives}")
    return tuple(_worth_comparing(found, hours))


_Maker = Callable[[Catalog, str], RedisSize]


def _usd(catalog: Catalog, region: str, parts: Mapping[str, float]) -> float:
    return sum(
        quantity * float(catalog.rate(meter, region).tariff.usd_per_unit[0])
        for meter, quantity in parts.items()
    )


def _managed(cloud: str, name: str, survives: str) -> Iterator[_Maker]:
    """Sizes of the cloud's own Redis."""
    for node in redis_nodes(cloud).values():
        fits = survives != "zone" or node.survives_zone
        if name == node.node or (name == CHEAPEST and fits):
            yield partial(_managed_size, node, survives != "none")


def _managed_size(node: RedisNode, replicated: bool, catalog: Catalog, region: str) -> RedisSize:
    parts = node.parts_replicated if replicated else node.parts_single
    flat_usd, not_flat = flat_and_not(catalog, region, parts)
    return RedisSize(
        node.node,
        node.title,
        managed=True,
        replicated=replicated,
        machines=0,
        parts=parts,
        monthly_parts={},
        fixed_parts={},
        fixed_monthly_parts={},
        deliveries_per_second=node.deliveries_per_second(limit_value(_DELIVERIES)),
        mbps=node.network_mbps,
        usd_per_hour=_usd(catalog, region, parts),
        usd_per_month=0.0,
        fixed_usd_per_hour=0.0,
        fixed_usd_per_month=0.0,
        flat_usd_per_hour=flat_usd,
        flat_usd_per_month=0.0,
        not_flat=not_flat,
        not_flat_per_month={},
    )


@dataclass(frozen=True, slots=True)
class _OwnRedis:
    """How Redis runs on machines of one's own.

    Whoever shall take over is elected by three Sentinels: two beside Redis, and one on a node in
    another zone (Redis documentation, high availability with Sentinel), which costs nothing more.
    With two zones a machine in a third one is needed for it.
    """

    cloud: str
    replicated: bool
    needs_voter: bool
    beside: tuple[tuple[str, float], ...]
    """Units of meters that each machine takes per month, such as its disk."""

    def size(self, machine: Machine, catalog: Catalog, region: str) -> RedisSize:
        """Redis on a machine, with a replica on another one if anything may fail."""
        number = _PAIR if self.replicated else 1
        parts = {meter: number * each for meter, each in machine.parts.items()}
        monthly = {meter: number * each for meter, each in self.beside}
        fixed = _voter(catalog, region, self.cloud).parts if self.needs_voter else {}
        fixed_monthly = dict(self.beside) if self.needs_voter else {}
        flat_usd, not_flat = flat_and_not(catalog, region, parts)
        flat_monthly_usd, not_flat_monthly = flat_and_not(catalog, region, monthly)
        return RedisSize(
            machine.machine,
            machine.title,
            managed=False,
            replicated=self.replicated,
            machines=number,
            parts=parts,
            monthly_parts=monthly,
            fixed_parts=fixed,
            fixed_monthly_parts=fixed_monthly,
            # commands run on one core
            deliveries_per_second=limit_value(_DELIVERIES) * min(machine.cores, machine.core_speed),
            mbps=machine.network_mbps,
            usd_per_hour=_usd(catalog, region, parts),
            usd_per_month=_usd(catalog, region, monthly),
            fixed_usd_per_hour=_usd(catalog, region, fixed),
            fixed_usd_per_month=_usd(catalog, region, fixed_monthly),
            flat_usd_per_hour=flat_usd,
            flat_usd_per_month=flat_monthly_usd,
            not_flat=not_flat,
            not_flat_per_month=not_flat_monthly,
        )


def _self_run(
    cloud: str, name: str, survives: str, zones: int, beside: tuple[tuple[str, float], ...]
) -> Iterator[_Maker]:
    """Machines of one's own."""
    voters = limit_value(_VOTERS)
    own = _OwnRedis(cloud, survives != "none", survives == "zone" and zones < voters, beside)
    for machine in machines(cloud, "vm").values():
        if name in (CHEAPEST, machine.machine):
            yield partial(own.size, machine)


@lru_cache(maxsize=64)
def _voter(catalog: Catalog, region: str, cloud: str) -> Machine:
    """The cheapest machine, which only votes."""
    priced: dict[str, float] = {}
    for name, machine in machines(cloud, "vm").items():
        try:
            priced[name] = machine.usd_per_hour(catalog, region)
        except MissingRateError:
            continue  # what is not sold here is no candidate
    cheapest = min(priced, key=lambda name: priced[name])
    return find_machine(cloud, "vm", cheapest)


def _worth_comparing(found: Sequence[RedisSize], hours: tuple[float, float]) -> Iterator[RedisSize]:
    """Without those in whose place so many of another do as much and cost no more.

    What is there all month weighs most in the shortest month and least in the longest; how many of
    another cost as much lies between both.
    """
    usd_at = {
        size.name: np.array([size.usd_per_hour + size.usd_per_month / each for each in hours])
        for size in found
    }
    for size in found:
        usd = usd_at[size.name]
        for other in found:
            if other is size or other.fixed_usd_per_hour > size.fixed_usd_per_hour:
                continue
            other_usd = usd_at[other.name]
            number = np.floor(np.min(usd / other_usd) * (1 + _NOISE))
            does = (
                number >= 1
                and number * other.deliveries_per_second >= size.deliveries_per_second
                and number * other.mbps >= size.mbps
                # traffic of a managed one may cost less
                and other.managed >= size.managed
            )
            alike = does and np.array_equal(other_usd, usd)
            if does and not (alike and found.index(other) > found.index(size)):
                break
        else:
            yield size


@dataclass(frozen=True, slots=True)
class Redis:
    """Where Redis can run that passes messages between nodes."""

    cloud: str
    traffic: ZoneTraffic
    beside: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units of meters that each virtual machine takes per month besides, such as its disk."""

    def choice(self, request: Request, exchange: Exchange) -> RedisChoice:
        """What passes on what nodes say to each other.

        Args:
            request: ``RedisOptions`` and ``PlacementOptions``.
            exchange: what they say.

        Raises:
            UnknownNameError: no such size or machine.
            MissingRateError: nothing has a price in the region.
        """
        options, catalog, region = request.options, request.catalog, request.region
        sizes = redis_sizes(
            catalog,
            region,
            self.cloud,
            options.redis,
            options.redis_machine,
            tuple(self.beside.items()),
            options.survives,
            options.zones,
            _ends(request.demand.hours_per_month),
        )
        return RedisChoice(
            exchange,
            sizes,
            1 - 1 / options.zones,
            options.headroom,
            _usd(catalog, region, {self.traffic.meter_id: 1.0}),
            self.traffic,
            request.bytes_per_unit(self.traffic.meter_id),
            Month.of(request.demand),
        )


def _ends(figures: FloatArray | float) -> tuple[float, float]:
    """The least and the most."""
    return float(np.min(figures)), float(np.max(figures))


@dataclass(frozen=True, eq=False)
class RedisChoice:
    """What Redis costs for so many nodes, in each of its sizes."""

    exchange: Exchange
    sizes: tuple[RedisSize, ...]
    elsewhere: float
    """Part of all nodes that is in another zone than Redis."""
    headroom: FloatArray | float
    zone_usd: float
    """Of a unit of the cloud's meter of traffic between zones."""
    zones: ZoneTraffic
    zone_bytes: int
    """Bytes of such a unit."""
    month: Month

    def plan(self, nodes: Weekly, most: FloatArray) -> RedisPlan:
        """What so many nodes take, ``most`` in the busiest hour, shape (..., *many)."""
        copies, several = self.exchange.copies(most), most > 1
        deliveries, traffic = copies.messages.peak / SECONDS_PER_HOUR, mbps(copies.bytes).peak
        planned = traffic / self.headroom

        def running(size: RedisSize) -> FloatArray:
            share = np.asarray(
                np.maximum(
                    deliveries * ((1 - _NOISE) / size.deliveries_per_second),
                    planned * ((1 - _NOISE) / size.mbps),
                )
            )
            np.maximum(np.ceil(share, out=share), 1.0, out=share)
            return share * several

        return RedisPlan(self, nodes, several, tuple(map(running, self.sizes)))

    def crossing(self, nodes: Weekly, several: BoolArray) -> tuple[FloatArray, ...]:
        """Units of the meter of traffic between zones per month, for each size."""
        out = self.month.total(self.exchange.mean_bytes_out(nodes) * several)
        in_ = self.month.total(self.exchange.bytes_in.mean * several)
        with_nodes = (out + in_) * self.elsewhere
        kinds = [(size.managed, self._to_replica(size)) for size in self.sizes]
        units = {kind: self._units(kind[0], with_nodes, in_ * kind[1]) for kind in {*kinds}}
        return tuple(units[kind] for kind in kinds)

    def _to_replica(self, size: RedisSize) -> float:
        """Whether a replica in another zone gets what is published."""
        return float(size.replicated and not size.managed and self.elsewhere > 0)

    def _units(self, managed: bool, with_nodes: FloatArray, to_replica: FloatArray) -> FloatArray:
        sides = self.zones.managed_sides if managed else self.zones.sides
        return (with_nodes * sides + to_replica * self.zones.sides) / self.zone_bytes


@dataclass(frozen=True, eq=False)
class RedisPlan:
    """Instances of each size, and what each size costs."""

    choice: RedisChoice
    nodes: Weekly
    """Those that hear."""
    several: BoolArray
    """Whether there is another node to say anything to, shape (..., *many)."""
    running: tuple[FloatArray, ...]
    """Instances of each size, shape (..., *many)."""

    @property
    def sizes(self) -> tuple[RedisSize, ...]:
        """What was compared."""
        return self.choice.sizes

    @cached_property
    def hours(self) -> tuple[FloatArray, ...]:
        """Of all instances of each size per month, shape (..., *many) without weeks."""
        return tuple(map(self.choice.month.total, self.running))

    @cached_property
    def some_hours(self) -> FloatArray:
        """Hours of the month in which any runs, shape (..., *many) without weeks."""
        return self.choice.month.total(self.several.astype(np.float64))

    @cached_property
    def zone_units(self) -> tuple[FloatArray, ...]:
        """Units of the meter of traffic between zones per month, for each size.

        Each byte counts as often as it is metered; shape (..., *many) without weeks.
        """
        return self.choice.crossing(self.nodes, self.several)

    @cached_property
    def cheapest(self) -> npt.NDArray[np.intp]:
        """Index of the size that costs least at list prices, shape (..., *many) without weeks."""
        return self._cheapest[0]

    @cached_property
    def _cheapest(self) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
        """Index of it, its hours per month, and what its traffic between zones costs."""
        zones = self._zone_usd
        shape = np.broadcast_shapes(self.hours[0].shape, zones[0].shape)
        usd = [self._usd(index, size) + zones[index] for index, size in enumerate(self.sizes)]
        found = np.zeros(shape, dtype=np.intp)
        firsts = (self.hours[0], zones[0], usd[0])
        hours, zone_usd, least_usd = (np.array(np.broadcast_to(each, shape)) for each in firsts)
        for index in range(1, len(self.sizes)):
            less = np.asarray(usd[index] < least_usd)
            if less.any():
                np.copyto(found, index, where=less)
                np.copyto(hours, self.hours[index], where=less)
                np.copyto(zone_usd, zones[index], where=less)
                np.copyto(least_usd, usd[index], where=less)
        return found, hours, zone_usd

    @property
    def _zone_usd(self) -> Sequence[FloatArray]:
        """USD per month of traffic between zones, which is much work where it costs nothing."""
        each = self.choice.zone_usd
        if not each:
            return [np.zeros(())] * len(self.sizes)
        # few differ
        usd = {id(units): units * each for units in self.zone_units}
        return [usd[id(units)] for units in self.zone_units]

    @property
    def flat_usd(self) -> FloatArray:
        """USD per month of that size, of the meters of which every unit costs the same."""
        index, hours, zone_usd = self._cheapest
        month_hours = self.choice.month.hours
        per_hour, per_month, *fixed = np.array([size.flat_rates for size in self.sizes]).T
        usd = _of_rates(hours, per_hour[index], per_month[index], month_hours)
        if np.any(fixed):
            usd = usd + _of_rates(self.some_hours, fixed[0][index], fixed[1][index], month_hours)
        return usd + zone_usd

    @property
    def not_flat(self) -> Iterator[tuple[str, FloatArray]]:
        """Units per month of each other meter."""
        index, hours, _ = self._cheapest
        months = hours / self.choice.month.hours
        for meter in sorted({meter for size in self.sizes for meter in size.not_flat}):
            each = np.array([size.not_flat.get(meter, 0.0) for size in self.sizes])
            yield meter, hours * each[index]
        for meter in sorted({meter for size in self.sizes for meter in size.not_flat_per_month}):
            each = np.array([size.not_flat_per_month.get(meter, 0.0) for size in self.sizes])
            yield meter, months * each[index]

    def _usd(self, index: int, size: RedisSize) -> FloatArray:
        """USD per month of a size at list prices, without traffic."""
        month_hours = self.choice.month.hours
        per_hour, per_month, *fixed = size.rates
        usd = _of_rates(self.hours[index], per_hour, per_month, month_hours)
        if any(fixed):
            usd = usd + _of_rates(self.some_hours, fixed[0], fixed[1], month_hours)
        return usd


def _of_rates(
    hours: FloatArray,
    per_hour: FloatArray | float,
    per_month: FloatArray | float,
    month_hours: FloatArray | float,
) -> FloatArray:
    """USD per month at rates per hour and per month."""
    return np.asarray(hours * (per_hour + per_month / month_hours))


@dataclass(frozen=True, slots=True)
class Backplane:
    """Redis between the nodes, so that a message reaches recipients on other nodes."""

    usage: tuple[Usage, ...] = ()
    zone_units: FloatArray | float = 0.0
    """Traffic to, from and within it that crosses zones per month, in units of the cloud's meter,
    each byte as often as it is metered, shape (*many,)."""
    machines: FloatArray | float = 0.0
    """Virtual machines that run Redis, replicas included, shape (*many,)."""
    machine_vcpus: FloatArray | float = 0.0
    """Processors of these, shape (*many,)."""
    machine_names: tuple[str, ...] = ()
    """Of these machines, in some scenario."""


def backplane(plan: RedisPlan | None, demand: Demand, cloud: str) -> Backplane:
    """The cheapest size of Redis, and what it is billed as.

    Args:
        plan: what each size takes; None if nodes have nothing to say to each other.
        demand: whose month.
        cloud: whose machines.
    """
    if plan is None:
        return Backplane()
    parts: list[Usage] = []
    zone_units, number, vcpus, names = np.zeros(()), np.zeros(()), np.zeros(()), []
    for index, size in enumerate(plan.sizes):
        mine = (plan.cheapest == index) & (plan.hours[index] > 0)
        if not mine.any():
            continue
        running = plan.running[index] * mine
        parts += _billed(size, running, demand)
        zone_units = zone_units + plan.zone_units[index] * mine
        if size.machines:
            names.append(size.name)
            number = number + running * size.machines
            each = find_machine(cloud, "vm", size.name).vcpus
            vcpus = vcpus + running * size.machines * each
    return Backplane(tuple(parts), zone_units, number, vcpus, tuple(names))


def _billed(size: RedisSize, running: FloatArray, demand: Demand) -> Iterator[Usage]:
    """What so many instances are billed as."""
    hours, some = over_month(demand, running), over_month(demand, np.minimum(running, 1.0))
    with_replica = ", each with a replica" if size.replicated else ""
    text = f"Redis on {size.title} ({range_text(running)}{with_replica})"
    for meter, quantity in size.parts.items():
        yield Usage(meter, hours * quantity, text)
    for meter, quantity in size.fixed_parts.items():
        yield Usage(meter, some * quantity, "a machine in a third zone that votes on failover")
    months = hours / demand.hours_per_month
    for meter, quantity in size.monthly_parts.items():
        yield Usage(meter, months * quantity, "boot disks of the machines that run Redis")
    for meter, quantity in size.fixed_monthly_parts.items():
        yield Usage(meter, some / demand.hours_per_month * quantity, "boot disk of that machine")
