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
    """Redis, which passes messages between nodes: managed by the cloud, on machines of your own, or
    whichever costs less; none if no message has to reach another node."""
    redis_machine: str = CHEAPEST
    """A size of the cloud's managed Redis, or a machine that runs it, by the vendor's own name; or
    ``cheapest``: sized by what it has to pass on."""


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
    fixed_parts: Mapping[str, float]
    """The same of what runs once, however many instances there are."""
    deliveries_per_second: float
    mbps: float
    """What an instance sends, at most."""
    usd_per_hour: float
    fixed_usd_per_hour: float
    flat_usd_per_hour: float
    """Of the meters of which every unit costs the same."""
    not_flat: Mapping[str, float]
    """Units per hour of each other meter."""


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
) -> tuple[RedisSize, ...]:
    """What Redis may run on, the cheapest of those that do as much.

    Args:
        catalog: the prices.
        region: where.
        cloud: whose machines.
        redis: ``managed``, ``self_run`` or ``cheapest``.
        name: a size or machine, or ``cheapest``.
        beside: units of meters that each virtual machine takes per hour, such as its disk.
        survives: what may fail; nothing takes over where it is ``none``.
        zones: over which it is spread.

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
    return tuple(_worth_comparing(found))


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
        fixed_parts={},
        deliveries_per_second=node.deliveries_per_second(limit_value(_DELIVERIES)),
        mbps=node.network_mbps,
        usd_per_hour=_usd(catalog, region, parts),
        fixed_usd_per_hour=0.0,
        flat_usd_per_hour=flat_usd,
        not_flat=not_flat,
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
    """Units of meters that each machine takes per hour, such as its disk."""

    def size(self, machine: Machine, catalog: Catalog, region: str) -> RedisSize:
        """Redis on a machine, with a replica on another one if anything may fail."""
        number = _PAIR if self.replicated else 1
        parts = _with_beside(machine, number, self.beside)
        fixed = _voter(catalog, region, self.cloud, self.beside) if self.needs_voter else {}
        flat_usd, not_flat = flat_and_not(catalog, region, parts)
        return RedisSize(
            machine.machine,
            machine.title,
            managed=False,
            replicated=self.replicated,
            machines=number,
            parts=parts,
            fixed_parts=fixed,
            # commands run on one core
            deliveries_per_second=limit_value(_DELIVERIES) * min(machine.cores, machine.core_speed),
            mbps=machine.network_mbps,
            usd_per_hour=_usd(catalog, region, parts),
            fixed_usd_per_hour=_usd(catalog, region, fixed),
            flat_usd_per_hour=flat_usd,
            not_flat=not_flat,
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


def _with_beside(
    machine: Machine, number: int, beside: tuple[tuple[str, float], ...]
) -> dict[str, float]:
    """Units of meters that so many machines take per hour, with what stands beside them."""
    parts = {meter: number * each for meter, each in machine.parts.items()}
    for meter, each in beside:
        parts[meter] = parts.get(meter, 0.0) + number * each
    return parts


@lru_cache(maxsize=64)
def _voter(
    catalog: Catalog, region: str, cloud: str, beside: tuple[tuple[str, float], ...]
) -> Mapping[str, float]:
    """The cheapest machine, which only votes."""
    priced: dict[str, float] = {}
    for name, machine in machines(cloud, "vm").items():
        try:
            priced[name] = machine.usd_per_hour(catalog, region)
        except MissingRateError:
            continue  # what is not sold here is no candidate
    cheapest = min(priced, key=lambda name: priced[name])
    return _with_beside(find_machine(cloud, "vm", cheapest), 1, beside)


def _worth_comparing(found: Sequence[RedisSize]) -> Iterator[RedisSize]:
    """Without those in whose place so many of another do as much and cost no more."""
    for size in found:
        for other in found:
            if other is size or other.fixed_usd_per_hour > size.fixed_usd_per_hour:
                continue
            number = np.floor(size.usd_per_hour / other.usd_per_hour * (1 + _NOISE))
            does = (
                number >= 1
                and number * other.deliveries_per_second >= size.deliveries_per_second
                and number * other.mbps >= size.mbps
                # traffic of a managed one may cost less
                and other.managed >= size.managed
            )
            alike = does and other.usd_per_hour == size.usd_per_hour
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
    """Units of meters that each virtual machine takes per hour besides, such as its disk."""

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
        running = [
            np.maximum(
                np.maximum(
                    np.ceil(deliveries / size.deliveries_per_second * (1 - _NOISE)),
                    np.ceil(planned / size.mbps * (1 - _NOISE)),
                ),
                1.0,
            )
            * several
            for size in self.sizes
        ]
        return RedisPlan(self, nodes, several, tuple(running))

    def crossing(self, nodes: Weekly, several: BoolArray) -> tuple[FloatArray, ...]:
        """Units of the meter of traffic between zones per month, for each size."""
        out = self.month.total(self.exchange.mean_bytes_out(nodes) * several)
        in_ = self.month.total(self.exchange.bytes_in.mean * several)
        with_nodes = (out + in_) * self.elsewhere
        return tuple(
            self._units(size, with_nodes, in_ * self._to_replica(size)) for size in self.sizes
        )

    def _to_replica(self, size: RedisSize) -> float:
        """Whether a replica in another zone gets what is published."""
        return float(size.replicated and not size.managed and self.elsewhere > 0)

    def _units(self, size: RedisSize, with_nodes: FloatArray, to_replica: FloatArray) -> FloatArray:
        sides = self.zones.managed_sides if size.managed else self.zones.sides
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
        return np.argmin(np.stack([*self._usd(lambda size: size.usd_per_hour)]), axis=0)

    @property
    def flat_usd(self) -> FloatArray:
        """USD per month of that size, of the meters of which every unit costs the same."""
        return self._of_cheapest(np.stack([*self._usd(lambda size: size.flat_usd_per_hour)]))

    @property
    def not_flat(self) -> Iterator[tuple[str, FloatArray]]:
        """Units per month of each other meter."""
        for meter in {meter for size in self.sizes for meter in size.not_flat}:
            each = [size.not_flat.get(meter, 0.0) for size in self.sizes]
            units = (hours * unit for hours, unit in zip(self.hours, each, strict=True))
            yield meter, self._of_cheapest(np.stack([*units]))

    def _usd(self, per_hour: Callable[[RedisSize], float]) -> Iterator[FloatArray]:
        zone_usd = self.choice.zone_usd
        for index, (size, hours) in enumerate(zip(self.sizes, self.hours, strict=True)):
            usd = hours * per_hour(size)
            if size.fixed_usd_per_hour:
                usd = usd + self.some_hours * size.fixed_usd_per_hour
            yield usd + self.zone_units[index] * zone_usd if zone_usd else usd

    def _of_cheapest(self, figures: FloatArray) -> FloatArray:
        if len(self.sizes) == 1:
            return figures[0]
        return np.take_along_axis(figures, self.cheapest[None], axis=0)[0]


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
        mine = (plan.cheapest == index) & np.any(plan.running[index] > 0)
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
