"""Which Redis passes messages between nodes, how much of it, and what does that cost?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from estimator.arrays import BoolArray, FloatArray
from estimator.demand.demand import Demand, over_month
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import Options, Request, mbps
from estimator.deployments.duties import Component
from estimator.deployments.fleet.exchange import Copies, Exchange
from estimator.deployments.fleet.machine import CHEAPEST, find_machine, usd_of
from estimator.deployments.fleet.month import Month
from estimator.deployments.fleet.redis_sizes import RedisKind, RedisSize, RedisSizes, redis_sizes
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.units import SECONDS_PER_HOUR

_NOISE = 1e-9


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
class Redis:
    """Where Redis can run that passes messages between nodes."""

    cloud: str
    traffic: ZoneTraffic
    beside: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units of meters that each virtual machine takes per month besides, such as its disk."""
    nodes_vote: bool = True
    """Whether a Sentinel that votes on failover can run on a node: on virtual machines."""
    per_hour: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units of meters that each virtual machine takes per hour, such as a public address."""

    def choice(self, request: Request, exchange: Exchange) -> RedisChoice:
        """What passes on what nodes say to each other.

        Args:
            request: ``RedisOptions`` and ``PlacementOptions``.
            exchange: what they say.

        Raises:
            UnknownNameError: no such size or machine.
            MissingRateError: nothing has a price in the region.
        """
        options, region = request.options, request.region
        catalog = request.catalog.for_choosing(self.cloud, "redis")
        sizes = redis_sizes(
            catalog,
            region,
            self.cloud,
            options.redis,
            options.redis_machine,
            tuple(self.beside.items()),
            tuple(self.per_hour.items()),
            options.survives,
            options.zones,
            self.nodes_vote,
            _ends(request.demand.hours_per_month),
            request.self_run_redis_usd,
        )
        return RedisChoice(
            exchange,
            sizes,
            1 - 1 / options.zones,
            options.headroom,
            usd_of(catalog, region, {self.traffic.meter_id: 1.0}),
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
    sizes: RedisSizes
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
        return RedisPlan(self, nodes, most)

    def instances(self, copies: Copies) -> FloatArray:
        """Those that pass on what nodes hear in the busiest hour, by size, (sizes, ..., *many)."""
        planned = (1 - _NOISE) / self.headroom
        deliveries = np.asarray(copies.messages.peak * (planned / SECONDS_PER_HOUR))
        sent = copies.bytes
        if self.sizes.has_replica:
            # a replica hears each message once
            sent = total((sent, self.exchange.bytes_in))
        traffic = np.asarray(mbps(sent).peak * planned)
        sizes = (-1, *(1,) * max(deliveries.ndim, traffic.ndim, np.ndim(self.month.hours)))
        delivers = self.sizes.deliveries_per_second.reshape(sizes)
        sends = self.sizes.mbps.reshape(sizes)
        share = np.maximum(deliveries * (1 / delivers), traffic * (1 / sends))
        return np.maximum(np.ceil(share, out=share), 1.0, out=share)

    def crossing(self, bytes_out: FloatArray, several: BoolArray) -> FloatArray:
        """Units of the meter of traffic between zones per month, shape (kinds, ..., *many).

        Args:
            bytes_out: that all nodes hear per hour on average, shape (..., *many).
            several: whether there is another node to say anything to.
        """
        out = self.month.total(bytes_out * several)
        in_ = self.month.total(self.exchange.bytes_in.mean * several)
        with_nodes = (out + in_) * self.elsewhere
        return np.array([self._units(kind, with_nodes, in_) for kind in self.sizes.kinds])

    def _units(self, kind: RedisKind, with_nodes: FloatArray, in_: FloatArray) -> FloatArray:
        """Those of one kind; a replica in another zone gets what is published."""
        to_replica = in_ * float(kind.own_replica and self.elsewhere > 0)
        sides = self.zones.managed_sides if kind.managed else self.zones.sides
        return (with_nodes * sides + to_replica * self.zones.sides) / self.zone_bytes


@dataclass(frozen=True, eq=False)
class RedisPlan:
    """Instances of each size, and what each size costs."""

    choice: RedisChoice
    nodes: Weekly
    """Those that hear."""
    most: FloatArray
    """Of these, in the busiest hour, shape (..., *many)."""

    @property
    def sizes(self) -> RedisSizes:
        """What was compared."""
        return self.choice.sizes

    @cached_property
    def several(self) -> BoolArray:
        """Whether there is another node to say anything to, shape (..., *many)."""
        return self.most > 1

    @cached_property
    def _copies(self) -> Copies:
        """What nodes hear if as many as in the busiest hour are there all week."""
        return self.choice.exchange.copies(self.most)

    @cached_property
    def running(self) -> FloatArray:
        """Instances of each size, shape (sizes, ..., *many)."""
        return self.choice.instances(self._copies) * self.several

    @cached_property
    def hours(self) -> FloatArray:
        """Of all instances of each size per month, shape (sizes, ..., *many) without weeks."""
        return self.choice.month.total(self.running)

    @cached_property
    def some_hours(self) -> FloatArray:
        """Hours of the month in which any runs, shape (..., *many) without weeks."""
        return self.choice.month.total(self.several.astype(np.float64))

    def zone_units(self, size: int) -> FloatArray:
        """Units of the meter of traffic between zones per month, for a size by its index.

        Each byte counts as often as it is metered; shape (..., *many) without weeks.
        """
        return self._zone_units[self.sizes.kind[size]]

    @cached_property
    def _zone_units(self) -> FloatArray:
        """The same for each kind of size, shape (kinds, ..., *many) without weeks."""
        heard = self._copies.bytes if self.nodes.level else self.choice.exchange.heard(self.nodes)
        return self.choice.crossing(heard.mean, self.several)

    @cached_property
    def cheapest(self) -> npt.NDArray[np.intp]:
        """Index of the size that costs least at list prices, shape (..., *many) without weeks."""
        return self._cheapest[0]

    @cached_property
    def _cheapest(self) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
        """Index of it, its hours per month, and what its traffic between zones costs."""
        usd, hours, kind = self._size_usd, self.hours, self.sizes.kind
        if not self.choice.zone_usd:
            found = np.argmin(usd, axis=0)
            return found, _at(hours, found), np.zeros(())
        zone_usd = self._zone_units * self.choice.zone_usd
        shape = np.broadcast_shapes(usd.shape[1:], zone_usd.shape[1:])
        usd, hours, zone_usd = (_spread(figures, shape) for figures in (usd, hours, zone_usd))
        found = np.argmin(usd + zone_usd[kind], axis=0)
        return found, _at(hours, found), _at(zone_usd, kind[found])

    @property
    def flat_usd(self) -> FloatArray:
        """USD per month of that size, of the meters of which every unit costs the same."""
        index, hours, zone_usd = self._cheapest
        month_hours = self.choice.month.hours
        usd = _of_rates(hours, self.sizes.flat_usd[:, index], month_hours)
        if (fixed := self.sizes.fixed_usd) is not None:
            usd = usd + _of_rates(self.some_hours, fixed[:, index], month_hours)
        return usd + zone_usd

    @property
    def is_flat(self) -> bool:
        """Whether every unit of each meter costs the same, whatever else is used."""
        return not self.sizes.not_flat and not self.sizes.not_flat_per_month

    @property
    def not_flat(self) -> Iterator[tuple[str, FloatArray]]:
        """Units per month of each other meter."""
        index, hours, _ = self._cheapest
        months = hours / self.choice.month.hours
        for meter, each in self.sizes.not_flat.items():
            yield meter, hours * each[index]
        for meter, each in self.sizes.not_flat_per_month.items():
            yield meter, months * each[index]

    @property
    def _size_usd(self) -> FloatArray:
        """USD per month of each size at list prices, without traffic."""
        month_hours = self.choice.month.hours
        shape = (2, -1, *(1,) * (self.hours.ndim - 1))
        usd = _of_rates(self.hours, self.sizes.usd.reshape(shape), month_hours)
        if (fixed := self.sizes.fixed_usd) is not None:
            usd = usd + _of_rates(self.some_hours, fixed.reshape(shape), month_hours)
        return usd


def _at(rows: FloatArray, index: npt.NDArray[np.intp]) -> FloatArray:
    """The figure of one row for each scenario."""
    return np.take_along_axis(rows, index[None], axis=0)[0]


def _spread(rows: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Each row in a shape into which it can be spread; they themselves if they have it."""
    if rows.shape[1:] == shape:
        return rows
    return np.stack([np.broadcast_to(row, shape) for row in rows])


def _of_rates(hours: FloatArray, rates: FloatArray, month_hours: FloatArray | float) -> FloatArray:
    """USD per month at rates per hour, and per month, which are the first axis of two."""
    return np.asarray(hours * (rates[0] + rates[1] / month_hours))


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
    notes: tuple[str, ...] = ()
    """What a reader should know of what it runs on."""

    @property
    def runs(self) -> frozenset[Component]:
        """What of it brings work along."""
        if self.machine_names:
            return frozenset[Component](["redis_machines"])
        return frozenset[Component](["managed_redis"] if self.usage else [])


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
    names: list[str] = []
    notes: list[str] = []
    zone_units, number, vcpus = np.zeros(()), np.zeros(()), np.zeros(())
    for index, size in enumerate(plan.sizes.all):
        mine = (plan.cheapest == index) & (plan.hours[index] > 0)
        if not mine.any():
            continue
        running = plan.running[index] * mine
        parts += _billed(size, running, demand)
        notes += [f"Redis on {size.about}"] * bool(size.about)
        zone_units = zone_units + plan.zone_units(index) * mine
        if size.machines:
            names.append(size.name)
            notes.append(f"{_in_words(size, running)}, passes messages on between nodes.")
            number = number + running * size.machines
            each = find_machine(cloud, "vm", size.name).vcpus
            vcpus = vcpus + running * size.machines * each
    return Backplane(tuple(parts), zone_units, number, vcpus, tuple(names), tuple(notes))


def _in_words(size: RedisSize, running: FloatArray) -> str:
    """What runs Redis."""
    with_replica = ", each with a replica" if size.replicated else ""
    return f"Redis on {size.title} ({range_text(running)}{with_replica})"


def _billed(size: RedisSize, running: FloatArray, demand: Demand) -> Iterator[Usage]:
    """What so many instances are billed as."""
    hours, some = over_month(demand, running), over_month(demand, np.minimum(running, 1.0))
    text = _in_words(size, running)
    for meter, quantity in size.parts.items():
        yield Usage(meter, hours * quantity, text, role="redis")
    for meter, quantity in size.fixed_parts.items():
        yield Usage(meter, some * quantity, "a machine that votes on failover", role="redis")
    months = hours / demand.hours_per_month
    for meter, quantity in size.monthly_parts.items():
        yield Usage(
            meter, months * quantity, "boot disks of the machines that run Redis", role="redis"
        )
    for meter, quantity in size.fixed_monthly_parts.items():
        each = some / demand.hours_per_month * quantity
        yield Usage(meter, each, "boot disk of that machine", role="redis")
