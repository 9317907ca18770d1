"""Which machines can one rent, and which of them may a fleet be built of?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field

from estimator.arrays import BoolArray, FloatArray
from estimator.deployments.fleet.family import find_family
from estimator.errors import MissingRateError, ScenarioError, UnknownNameError
from estimator.files import Confidence, Sourced, load_rows
from estimator.pricing.catalog import Catalog
from estimator.units import GIB

Kind = Literal["vm", "container", "app_service"]


def meter_quantities(cell: object) -> object:
    """``meter=quantity`` pairs of one cell."""
    if not isinstance(cell, str):
        return cell
    pairs = (part.split("=", 1) for part in cell.split())
    return {pair[0]: pair[-1] for pair in pairs}


class Machine(Sourced):
    """A size of virtual machine, container or plan."""

    machine: str
    """The vendor's own name."""
    kind: Kind
    family: str
    """Whose processors it has: an id of ``families.csv``."""
    title: str
    architecture: str
    vcpus: Annotated[float, Field(gt=0)]
    """Processors that it shows."""
    sustained_vcpus: Annotated[float, Field(gt=0)] | None = None
    """Of these, what it sustains without credits; None if all."""
    memory_gib: Annotated[float, Field(gt=0)]
    network_mbps: Annotated[float, Field(gt=0)]
    """Bandwidth that the vendor publishes for the size, or that a neighbor of it has."""
    network_source: str | None = None
    """Where the bandwidth was read, if not where the rest was."""
    network_confidence: Confidence | None = None
    """How sure the bandwidth is, if not as sure as the rest."""
    parts: Annotated[Mapping[str, float], BeforeValidator(meter_quantities)]
    """Units of meters that one hour is billed as."""

    @property
    def memory_bytes(self) -> float:
        """Memory of the whole machine."""
        return self.memory_gib * GIB

    @property
    def burstable(self) -> bool:
        """Whether it sustains less than its processors show."""
        return self.sustained_vcpus is not None

    @property
    def cores(self) -> float:
        """What its processors sustain, in cores of the family whose speed is 1.

        >>> machine = find_machine("aws", "vm", "t3.medium")  # 20% of each of two
        >>> machine.cores == 0.4 * find_family(machine.family).core_speed
        True
        """
        sustained = self.vcpus if self.sustained_vcpus is None else self.sustained_vcpus
        return sustained * self.core_speed

    @property
    def core_speed(self) -> float:
        """What one processor does, in cores of the family whose speed is 1."""
        return find_family(self.family).core_speed

    def usd_per_hour(self, catalog: Catalog, region: str) -> float:
        """What an hour costs at the first tier of each price, before allowances.

        Enough to compare machines; what a month of them costs is for the bill to say.

        Raises:
            MissingRateError: a part without a price in the region.
        """
        return usd_of(catalog, region, self.parts)


@cache
def machines(cloud: str, kind: Kind) -> Mapping[str, Machine]:
    """The machines of a cloud, by name.

    >>> machines("aws", "vm")["c7g.large"].vcpus
    2.0
    """
    rows = load_rows(f"{cloud}/machines.csv", Machine)
    return {row.machine: row for row in rows if row.kind == kind}


def find_machine(cloud: str, kind: Kind, name: str) -> Machine:
    """A machine of a cloud by its name.

    Raises:
        UnknownNameError: there is no such machine.
    """
    known = machines(cloud, kind)
    if name not in known:
        raise UnknownNameError("machine", name, known)
    return known[name]


CHEAPEST = "cheapest"
CONSTRAINTS = ("memory", "processor", "network", "connections", "new connections")
"""The resources that a node offers, in this order wherever they are an axis. New connections are
offered as cores, of which each takes so many seconds."""
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Caps:
    """What a cloud or a setting lets a node have, besides what its machine offers."""

    mbps: float = np.inf
    open_files: float = np.inf
    connections: float | Callable[[Machine], float] = np.inf
    """For all machines, or by machine."""
    nodes: Callable[[Machine], float] | None = None
    """Most nodes there may be of a machine."""

    def each(self, machine: Machine) -> tuple[float, ...]:
        """What a node offers, by constraint."""
        network = min(machine.network_mbps, self.mbps)
        cap = self.connections(machine) if callable(self.connections) else self.connections
        connections = min(self.open_files, cap)
        return machine.memory_bytes, machine.cores, network, connections, machine.cores


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Machines worth comparing, in the order of the catalog."""

    machines: tuple[Machine, ...]
    each: FloatArray
    """What a node of them offers, shape (machines, constraints)."""
    parts: FloatArray
    """Part of a node that one unit of each takes, shape (constraints, machines)."""
    nodes_most: FloatArray
    """Nodes there may be of them, shape (machines,)."""
    usd_per_hour: FloatArray
    """At the first tier of each price, before allowances, shape (machines,)."""
    flat_usd_per_hour: FloatArray
    """The same of the meters of which every unit costs the same."""
    not_flat: Mapping[str, FloatArray]
    """Units per hour of each other meter, shape (machines,)."""
    gives_way: BoolArray
    """Whether a machine (columns) costs no less than another one (rows) in its place, as long as
    there may be as many nodes of that as are needed, shape (machines, machines)."""


@lru_cache(maxsize=512)
def candidates(
    catalog: Catalog,
    region: str,
    cloud: str,
    kind: Kind,
    asked: str = CHEAPEST,
    architecture: str = "any",
    among: tuple[str, ...] | None = None,
    caps: Caps = Caps(),
    beside_usd: float = 0.0,
) -> Candidates:
    """The machine asked for, or those that may be the cheapest.

    Args:
        catalog: the prices.
        region: where.
        cloud: whose machines.
        kind: what kind of machines.
        asked: a machine by its name, or ``cheapest``.
        architecture: of the processors, or ``any``.
        among: names to choose the cheapest from; all if None.
        caps: what a node may have.
        beside_usd: what stands beside each node, per hour.

    Raises:
        UnknownNameError: no such machine.
        MissingRateError: no machine has a price in the region.
        ScenarioError: no machine of the architecture asked for.
    """
    names = (asked,) if asked != CHEAPEST else among
    if names is None:
        listed = machines(cloud, kind).values()
        fitting = (one for one in listed if architecture in ("any", one.architecture))
        names = priced(catalog, region, cloud, kind, tuple(one.machine for one in fitting))
        if not names:
            of = "" if architecture == "any" else f" of architecture {architecture}"
            raise ScenarioError(f"no machine ({kind}{of}) of {cloud} has a price in {region}")
    found = [find_machine(cloud, kind, name) for name in names]
    if asked != CHEAPEST and architecture not in ("any", found[0].architecture):
        its = found[0].architecture
        raise ScenarioError(f"machine {asked} is {its}, which architecture {architecture} excludes")
    usd = np.array([machine.usd_per_hour(catalog, region) for machine in found])
    flat = np.array(
        [all(catalog.is_flat(meter, region) for meter in machine.parts) for machine in found]
    )
    each = np.array([caps.each(machine) for machine in found])
    most = np.array([np.inf if caps.nodes is None else caps.nodes(machine) for machine in found])
    room = np.column_stack([most, each])
    kept = _worth_comparing(found, usd + beside_usd, flat, room, beside_usd, number_most=1)
    chosen = tuple(found[index] for index in kept)
    unbound = np.column_stack([np.full(len(kept), np.inf), each[kept]])
    gives_way = _gives_way(chosen, usd[kept] + beside_usd, flat[kept], unbound, beside_usd)
    billed = [flat_and_not(catalog, region, machine.parts) for machine in chosen]
    meters = sorted({meter for _, units in billed for meter in units})
    return Candidates(
        chosen,
        each[kept],
        np.ascontiguousarray(1 / each[kept].T),
        most[kept],
        usd[kept],
        np.array([flat_usd for flat_usd, _ in billed]),
        {meter: np.array([units.get(meter, 0.0) for _, units in billed]) for meter in meters},
        gives_way,
    )


def usd_of(catalog: Catalog, region: str, parts: Mapping[str, float]) -> float:
    """USD of so many units of meters, at the first tier of each price.

    Raises:
        MissingRateError: a meter without a price in the region.
    """
    return sum(
        quantity * float(catalog.rate(meter, region).tariff.usd_per_unit[0])
        for meter, quantity in parts.items()
    )


def flat_and_not(
    catalog: Catalog, region: str, parts: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """USD of the meters of which every unit costs the same, and units of the others.

    Raises:
        MissingRateError: a meter without a price in the region.
    """
    usd, units = 0.0, dict[str, float]()
    for meter, quantity in parts.items():
        if catalog.is_flat(meter, region):
            usd += quantity * float(catalog.rate(meter, region).tariff.usd_per_unit[0])
        else:
            units[meter] = quantity
    return usd, units


def priced(
    catalog: Catalog, region: str, cloud: str, kind: Kind, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Those of some machines that have a price in the region.

    Inferred prices count only where no machine has one that was seen: nothing is the cheapest by
    an estimate.

    Raises:
        MissingRateError: none has.
    """
    found, missing = _priced(catalog, region, cloud, kind, names)
    if missing is not None:
        raise missing.with_traceback(None)  # which would keep the caller's memory
    return found


@lru_cache(maxsize=512)
def _priced(
    catalog: Catalog, region: str, cloud: str, kind: Kind, names: tuple[str, ...]
) -> tuple[tuple[str, ...], MissingRateError | None]:
    """Those that have a price; if none has, the first error."""
    missing: MissingRateError | None = None
    for prices in (catalog.seen, catalog):
        found: list[str] = []
        for name in names:
            try:
                find_machine(cloud, kind, name).usd_per_hour(prices, region)
                found.append(name)
            except MissingRateError as error:
                # what is not sold or not priced here is no candidate
                missing = missing or error.with_traceback(None)
        if found:
            return tuple(found), None
    return (), missing


def _worth_comparing(
    found: Sequence[Machine],
    usd: FloatArray,
    flat: npt.NDArray[np.bool_],
    room: FloatArray,
    beside_usd: float,
    number_most: float = np.inf,
) -> list[int]:
    """Without machines in whose place so many of another one do as much and cost no more."""
    out = np.any(_gives_way(found, usd, flat, room, beside_usd, number_most), axis=0)
    return np.flatnonzero(~out).tolist()


def _gives_way(
    found: Sequence[Machine],
    usd: FloatArray,
    flat: npt.NDArray[np.bool_],
    room: FloatArray,
    beside_usd: float,
    number_most: float = np.inf,
) -> BoolArray:
    """Whether so many of one machine (rows) do as much as another (columns) and cost no more.

    Whole nodes of a small machine never offer more beyond what is needed than those of one that is
    so many of it. What is partly free only gives way to what is billed by the same meters, since
    its price does not tell what it costs.

    Args:
        found: the machines.
        usd: per hour of each, with what stands beside it.
        flat: whether all hours of each cost the same.
        room: the most nodes there may be of each, before what one offers.
        beside_usd: what stands beside each node, per hour.
        number_most: how many may take the place of one; 1 where more nodes drag more along.
    """
    # so many of one (rows) are billed as no more than one of another (columns)
    number = np.where(flat, np.floor(usd / usd[:, None] * (1 + _NOISE)), 0)
    number = np.minimum(number, number_most)
    for group in _billed_alike(found, np.flatnonzero(~flat)):
        parts = np.array([[*found[index].parts.values()] for index in group])
        most = np.floor((parts / parts[:, None]).min(axis=-1) * (1 + _NOISE))
        number[np.ix_(group, group)] = np.minimum(most, 1 if beside_usd else number_most)
    allowed, number = number > 0, np.maximum(number, 1)
    # more nodes need as much more room among the most nodes there may be
    needed = room * np.where(np.arange(room.shape[1]) == 0, number[..., None] ** 2, 1)
    does = allowed & np.all(number[..., None] * room[:, None] >= needed, axis=-1)
    earlier = np.triu(np.ones_like(does), k=1)
    return does & (earlier | ((number == 1) & ~does.T))


def _billed_alike(found: Sequence[Machine], which: Iterable[int]) -> list[list[int]]:
    """Those of some machines that are billed by the same meters, by index."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index in which:
        groups[tuple(found[index].parts)].append(int(index))
    return [*groups.values()]
