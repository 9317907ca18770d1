"""What may Redis run on, and what does that cost? Managed sizes, and machines of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.deployments.fleet.machine import (
    CHEAPEST,
    Machine,
    flat_and_not,
    machines,
    priced,
    usd_of,
)
from estimator.deployments.fleet.machine_words import about
from estimator.deployments.fleet.redis_nodes import RedisNode, redis_nodes
from estimator.deployments.limits import limit_value
from estimator.errors import MissingRateError, ScenarioError, UnknownNameError
from estimator.pricing.catalog import Catalog

_DELIVERIES = "system.redis.deliveries_per_second"
_VOTERS = "system.redis.sentinel_voters"
_NOISE = 1e-9
_PAIR = 2
"""A machine and its replica."""


@dataclass(frozen=True, slots=True)
class RedisSize:
    """An instance of Redis, with the replica that takes over."""

    name: str
    title: str
    about: str
    """What is shared and what inferred, in one sentence; empty where nothing is."""
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
    def kind(self) -> RedisKind:
        """What it has in common with others."""
        return RedisKind(self.managed, self.replicated and not self.managed)


class RedisKind(NamedTuple):
    """What decides which traffic of an instance a cloud bills between zones."""

    managed: bool
    own_replica: bool
    """Whether it has a replica that is not part of a managed instance."""


@dataclass(frozen=True, eq=False)
class RedisSizes:
    """What is compared, with figures of all of it side by side; each array is made once."""

    all: tuple[RedisSize, ...]

    @cached_property
    def kinds(self) -> tuple[RedisKind, ...]:
        """The kinds that there are."""
        return tuple(dict.fromkeys(size.kind for size in self.all))

    @cached_property
    def kind(self) -> npt.NDArray[np.intp]:
        """Index of the kind of each, shape (sizes,)."""
        return np.array([self.kinds.index(size.kind) for size in self.all])

    @cached_property
    def deliveries_per_second(self) -> FloatArray:
        """Shape (sizes,)."""
        return np.array([size.deliveries_per_second for size in self.all])

    @cached_property
    def mbps(self) -> FloatArray:
        """What an instance sends, at most, shape (sizes,)."""
        return np.array([size.mbps for size in self.all])

    @cached_property
    def usd(self) -> FloatArray:
        """USD per hour and per month of an instance, shape (2, sizes)."""
        return np.array([(size.usd_per_hour, size.usd_per_month) for size in self.all]).T

    @cached_property
    def flat_usd(self) -> FloatArray:
        """The same for the meters of which every unit costs the same."""
        return np.array([(size.flat_usd_per_hour, size.flat_usd_per_month) for size in self.all]).T

    @cached_property
    def fixed_usd(self) -> FloatArray | None:
        """USD per hour and per month of what runs once, shape (2, sizes); None if it is free."""
        fixed = [(size.fixed_usd_per_hour, size.fixed_usd_per_month) for size in self.all]
        return np.array(fixed).T if np.any(fixed) else None

    @cached_property
    def not_flat(self) -> Mapping[str, FloatArray]:
        """Units per hour of each other meter, by its id, shape (sizes,)."""
        return _side_by_side([size.not_flat for size in self.all])

    @cached_property
    def not_flat_per_month(self) -> Mapping[str, FloatArray]:
        """The same of what is there all month."""
        return _side_by_side([size.not_flat_per_month for size in self.all])

    @cached_property
    def has_replica(self) -> bool:
        """Whether any has one."""
        return any(size.replicated for size in self.all)


def _side_by_side(units: Sequence[Mapping[str, float]]) -> dict[str, FloatArray]:
    meters = sorted({meter for each in units for meter in each})
    return {meter: np.array([each.get(meter, 0.0) for each in units]) for meter in meters}


@lru_cache(maxsize=256)
def redis_sizes(
    catalog: Catalog,
    region: str,
    cloud: str,
    redis: str,
    name: str,
    beside: tuple[tuple[str, float], ...],
    per_hour: tuple[tuple[str, float], ...],
    survives: str,
    zones: int,
    nodes_vote: bool,
    hours: tuple[float, float],
    people_usd: float = 0.0,
) -> RedisSizes:
    """What Redis may run on, the cheapest of those that do as much.

    Args:
        catalog: the prices.
        region: where.
        cloud: whose machines.
        redis: ``managed``, ``self_run`` or ``cheapest``.
        name: a size or machine, or ``cheapest``.
        beside: units of meters that each virtual machine takes per month, such as its disk.
        per_hour: the same per hour, such as a public address.
        survives: what may fail; nothing takes over where it is ``none``.
        zones: over which it is spread.
        nodes_vote: whether a Sentinel can run on a node.
        hours: of the shortest and of the longest month that is billed.
        people_usd: per month, of people's time that virtual machines take.

    Raises:
        UnknownNameError: no such size or machine.
        MissingRateError: nothing has a price in the region.
    """
    own = _OwnRedis(cloud, _needs(survives, zones, nodes_vote), beside, per_hour, people_usd)
    offered = [
        *(_managed(cloud, name, survives) if redis != "self_run" else ()),
        *(_self_run(name, own) if redis != "managed" else ()),
    ]
    if not offered:
        known = [
            *(redis_nodes(cloud) if redis != "self_run" else ()),
            *(machines(cloud, "vm") if redis != "managed" else ()),
        ]
        raise UnknownNameError("size of Redis", name, known)
    found: list[RedisSize] = []
    missing: MissingRateError | None = None
    # inferred prices count only where nothing has one that was seen
    for prices in (catalog.seen, catalog):
        for make in () if found else offered:
            try:
                found.append(make(prices, region))
            except MissingRateError as error:
                # what is not sold here is no candidate; a traceback would keep this call's memory
                missing = missing or error.with_traceback(None)
    if not found:
        raise missing or ScenarioError(f"no {redis} Redis is sold that survives: {survives}")
    return RedisSizes(tuple(_worth_comparing(found, hours)))


_Maker = Callable[[Catalog, str], RedisSize]


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
        node.about,
        managed=True,
        replicated=replicated,
        machines=0,
        parts=parts,
        monthly_parts={},
        fixed_parts={},
        fixed_monthly_parts={},
        deliveries_per_second=node.deliveries_per_second(limit_value(_DELIVERIES)),
        mbps=node.network_mbps,
        usd_per_hour=node.usd_per_hour(catalog, region, replicated),
        usd_per_month=0.0,
        fixed_usd_per_hour=0.0,
        fixed_usd_per_month=0.0,
        flat_usd_per_hour=flat_usd,
        flat_usd_per_month=0.0,
        not_flat=not_flat,
        not_flat_per_month={},
    )


class _Needs(NamedTuple):
    """What Redis on machines of one's own needs to survive."""

    replica: bool
    voter: bool
    """A machine that only votes on who takes over."""


def _needs(survives: str, zones: int, nodes_vote: bool) -> _Needs:
    """A replica, if anything may fail, and whether a machine of its own votes.

    Whoever shall take over is elected by three Sentinels: two beside Redis, and one on a node in
    another zone (Redis documentation, high availability with Sentinel), which costs nothing more.
    With two zones a machine in a third one is needed for it; and where nodes are containers or
    instances of a service, which come and go, a machine as well.
    """
    if survives == "none":
        return _Needs(replica=False, voter=False)
    few_zones = survives == "zone" and zones < limit_value(_VOTERS)
    return _Needs(replica=True, voter=few_zones or not nodes_vote)


@dataclass(frozen=True, slots=True)
class _OwnRedis:
    """How Redis runs on machines of one's own."""

    cloud: str
    needs: _Needs
    beside: tuple[tuple[str, float], ...]
    """Units of meters that each machine takes per month, such as its disk."""
    per_hour: tuple[tuple[str, float], ...]
    """The same per hour, such as a public address."""
    people_usd: float = 0.0
    """Per month, of people's time, however many machines there are."""

    def size(self, machine: Machine, catalog: Catalog, region: str) -> RedisSize:
        """Redis on a machine, with a replica on another one if anything may fail."""
        number = _PAIR if self.needs.replica else 1
        hourly = {**machine.parts, **dict(self.per_hour)}
        parts = {meter: number * each for meter, each in hourly.items()}
        monthly = {meter: number * each for meter, each in self.beside}
        fixed: dict[str, float] = {}
        if self.needs.voter:
            fixed = {**_voter(catalog, region, self.cloud).parts, **dict(self.per_hour)}
        fixed_monthly = dict(self.beside) if self.needs.voter else {}
        flat_usd, not_flat = flat_and_not(catalog, region, parts)
        flat_monthly_usd, not_flat_monthly = flat_and_not(catalog, region, monthly)
        return RedisSize(
            machine.machine,
            machine.title,
            about(machine),
            managed=False,
            replicated=self.needs.replica,
            machines=number,
            parts=parts,
            monthly_parts=monthly,
            fixed_parts=fixed,
            fixed_monthly_parts=fixed_monthly,
            # commands run on one core
            deliveries_per_second=limit_value(_DELIVERIES) * min(machine.cores, machine.core_speed),
            mbps=machine.network_mbps,
            usd_per_hour=usd_of(catalog, region, parts),
            usd_per_month=usd_of(catalog, region, monthly),
            fixed_usd_per_hour=usd_of(catalog, region, fixed),
            fixed_usd_per_month=usd_of(catalog, region, fixed_monthly) + self.people_usd,
            flat_usd_per_hour=flat_usd,
            flat_usd_per_month=flat_monthly_usd,
            not_flat=not_flat,
            not_flat_per_month=not_flat_monthly,
        )


def _self_run(name: str, own: _OwnRedis) -> Iterator[_Maker]:
    """Machines of one's own."""
    for machine in machines(own.cloud, "vm").values():
        if name in (CHEAPEST, machine.machine):
            yield partial(own.size, machine)


@lru_cache(maxsize=64)
def _voter(catalog: Catalog, region: str, cloud: str) -> Machine:
    """The cheapest machine, which only votes.

    Raises:
        MissingRateError: none has a price in the region.
    """
    listed = machines(cloud, "vm")
    sold = priced(catalog, region, cloud, "vm", tuple(listed))
    return min((listed[name] for name in sold), key=lambda one: one.usd_per_hour(catalog, region))


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
