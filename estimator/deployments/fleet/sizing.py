"""How many nodes of which machine does a WebSocket server need, and which resource decides?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from estimator.arrays import BoolArray, FloatArray
from estimator.demand.demand import Demand, most_in_month, over_month
from estimator.demand.weekly import ALWAYS, Course, Weekly, from_hours, largest, total
from estimator.deployments.base import MINIMUM, Request, Sizing
from estimator.deployments.fleet.machine import (
    CHEAPEST,
    CONSTRAINTS,
    Candidates,
    Caps,
    Kind,
    Machine,
    candidates,
)
from estimator.deployments.fleet.server import (
    ServerOptions,
    find_server,
    late_bursts,
    server_load,
    stand_ins,
    traffic_mbps,
)
from estimator.format import range_text
from estimator.pricing.lines import Usage, price_usage
from estimator.pricing.price_files import Assumption

_NOISE = 1e-9


class FleetOptions(ServerOptions):
    """Choices for nodes behind a load balancer."""

    machine: str = CHEAPEST
    """A machine of the cloud by its own name, or ``cheapest``: the one whose nodes cost least
    (burstable machines are not considered)."""
    architecture: Literal["any", "x86_64", "arm64"] = "any"
    """Processors to choose the cheapest machine from."""
    min_nodes: Annotated[int, Field(ge=1)] = 2
    """Fewest nodes, not counting spare ones. Assumption: two, in two zones."""
    spare_nodes: Annotated[int, Field(ge=0)] = 1
    """Nodes that may fail in the busiest hour without harm."""
    zones: Annotated[int, Field(ge=1, le=6)] = 2
    """Zones over which nodes are spread."""
    open_files: Annotated[float, Field(ge=1024)] = 1_048_576
    """Most connections that a node's limit of open files allows."""
    scaling_lag_hours: Annotated[int, Field(ge=0, le=24)] = 1
    """Hours by which nodes start before they are needed and stay after, if the fleet follows
    demand. Assumption: one, since demand is known by the hour."""
    node_start_minutes: Annotated[float, Field(ge=0)] = 3
    """Time from the decision to start a node until it takes connections, if the fleet follows
    demand and is simulated. Assumption: three, to boot, start the server and pass health checks;
    containers often take less."""
    backplane: bool = True
    """Whether nodes pass messages to each other through Redis on its own machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """What the nodes of a deployment are, and what it lets a node have besides its machine."""

    kind: Kind = "vm"
    unit: str = "node"
    """What a node is called."""
    ends_tls: bool = False
    """Whether TLS ends on the nodes."""
    mbps_most: float = np.inf
    """A cap of the cloud on the traffic of a node, besides that of its size."""
    connections_most: float | Callable[[Machine], float] = np.inf
    """A cap on the connections of a node, for all or by its machine."""
    nodes_most: Callable[[Machine], float] | None = None
    """Most nodes there may be of a machine; one that needs more is only chosen if all do."""
    beside: Mapping[str, float | FloatArray] = field(default_factory=dict[str, float | FloatArray])
    """Units of meters that each node takes per hour besides its machine, such as its disk; they
    count when machines are compared, not in ``Fleet.usage``."""
    among: tuple[str, ...] | None = None
    """Names of machines to choose the cheapest from; all that do not burst if None."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Nodes of the chosen machines; for many scenarios several machines may be chosen."""

    spec: NodeSpec
    machines: tuple[Machine, ...]
    chosen: tuple[BoolArray, ...]
    """Which scenarios run on each of them, shape (*many,)."""
    sizing: Sizing
    """How many run; whole ones, unless the demand says how many ran."""
    needed: Weekly
    """Nodes that the demand needs in each hour, or in the busiest one, not yet whole."""
    texts: tuple[str, ...]
    """What runs of each machine, in words."""
    connections_each: FloatArray
    """Connections of a node of which nothing is left, shape (*many,)."""
    notes: tuple[str, ...] = ()
    """What a reader should know about the figures behind it."""
    balancers: FloatArray = field(default_factory=lambda: np.ones(()))
    """Balancers in front, shape (*many,)."""

    @property
    def nodes(self) -> Weekly:
        """Nodes in each hour, spare ones included."""
        return self.sizing.units

    @property
    def nodes_by_machine(self) -> tuple[Weekly, ...]:
        """Nodes of each machine in each hour; 0 where another one was chosen."""
        return tuple(self.nodes.times(mine.astype(np.float64)) for mine in self.chosen)

    @property
    def vcpus(self) -> Weekly:
        """Processors of all nodes."""
        pairs = zip(self.machines, self.nodes_by_machine, strict=True)
        return total(nodes.times(machine.vcpus) for machine, nodes in pairs)

    def usage(self, demand: Demand) -> Iterator[Usage]:
        """What the machines are billed as per month."""
        for machine, nodes, text in zip(
            self.machines, self.nodes_by_machine, self.texts, strict=True
        ):
            hours = demand.per_month(nodes)
            for meter, quantity in machine.parts.items():
                each = "" if quantity == 1 else f", {quantity:g} units per hour each"
                yield Usage(meter, hours * quantity, f"{machine.title}: {text}{each}")


SCALING = Assumption(
    id="scaling",
    question="Does the fleet keep the nodes of its busiest hour, or follow demand hour by hour?",
    choices={
        "static": "as many nodes all week as the busiest hour needs",
        "autoscaled": "nodes start before they are needed and stop after, hour by hour",
    },
    evidence="Yours to choose. When autoscaling stops a node, it cuts the node's connections and "
    "their clients connect again; sizes by the hour hide shorter peaks.",
)
"""Whether a fleet is sized for the busiest hour or follows demand."""


def build_fleet(request: Request, cloud: str, spec: NodeSpec = NodeSpec()) -> Fleet:
    """Size a fleet, with the machine asked for or the one whose fleet costs least.

    If the demand says how many units ran, so many nodes run, of the machine that is chosen without
    that knowledge.

    Args:
        request: demand, ``FleetOptions`` and the answer to ``SCALING``.
        cloud: whose machines.
        spec: what the nodes are.

    Raises:
        UnknownNameError: no such machine or server.
        MissingRateError: no machine has a price in the region.
        ScenarioError: no figure for the server, or no machine of the architecture asked for.
    """
    options, demand = request.options, request.demand
    load = server_load(demand, options, tls=spec.ends_tls)
    needs = (load.memory_bytes, load.cores, traffic_mbps(demand), demand.connections_peak)
    beside = sum(
        quantity * float(request.catalog.rate(meter, request.region).tariff.usd_per_unit[0])
        for meter, quantity in spec.beside.items()
    )
    choice = _Choice(
        request,
        tuple(need.times(1 / options.headroom) for need in needs),
        candidates(
            request.catalog,
            request.region,
            cloud,
            spec.kind,
            options.machine,
            options.architecture,
            spec.among,
            Caps(spec.mbps_most, options.open_files, spec.connections_most, spec.nodes_most),
            # the more stands beside each node, the less several stand for one
            float(np.max(beside)),
        ),
        beside,
    )
    chosen = choice.cheapest
    used = np.flatnonzero(np.bincount(np.ravel(chosen))).tolist()
    mine = tuple(np.asarray(chosen == index) for index in used)
    machines = tuple(choice.candidates.machines[index] for index in used)
    needed_in_week = choice.needed(chosen)
    nodes = demand.units or choice.whole(needed_in_week)
    needed = choice.needed_by_constraint(chosen)
    connections_most = choice.candidates.each[:, CONSTRAINTS.index("connections")][chosen]
    sizing = Sizing(
        spec.unit,
        tuple(machine.machine for machine in machines),
        nodes,
        dict(zip(CONSTRAINTS, shares_of(needed, nodes.peak), strict=True)),
        options.min_nodes + options.spare_nodes,
    )
    vcpus = sum(
        (one.vcpus * run for one, run in zip(machines, mine, strict=True)), start=np.zeros(())
    )
    return Fleet(
        spec,
        machines=machines,
        chosen=mine,
        sizing=sizing,
        needed=needed_in_week,
        texts=tuple(_in_words(request, sizing, mine)),
        connections_each=_connections_each(
            demand, needed.max(axis=0), options.headroom, connections_most
        ),
        notes=(
            *stand_ins(options, tls=spec.ends_tls),
            *_more_than_shown(demand, nodes, options),
            *late_bursts(demand, options, nodes.peak * vcpus, tls=spec.ends_tls),
        ),
    )


def shares_of(needed: FloatArray, units: FloatArray) -> FloatArray:
    """Units that something asks for, as a share of those that run; 0 where none runs."""
    needed, units = np.broadcast_arrays(needed, units)
    return np.divide(needed, units, out=np.zeros(units.shape), where=units > 0)


@dataclass(frozen=True, eq=False)
class _Choice:
    """Which machine each scenario takes; axes are machines, constraints and (*many,)."""

    request: Request
    needs: tuple[Weekly, ...]
    """What all nodes together need to offer, by constraint."""
    candidates: Candidates
    beside_usd: FloatArray | float
    """What stands beside each node, per hour, shape (*many,)."""

    @property
    def _parts(self) -> FloatArray:
        """Part of a node that one unit of each need takes, shape (machines, constraints)."""
        return 1 / self.candidates.each

    @cached_property
    def _peaks(self) -> FloatArray:
        """Of each need, shape (constraints, *many)."""
        return np.stack(np.broadcast_arrays(*(need.peak for need in self.needs)))

    @cached_property
    def _ahead(self) -> tuple[Weekly, ...]:
        """Each need, so early and so long that nodes can start before and stop after."""
        return ahead_and_after(self.needs, self.request.options.scaling_lag_hours)

    @property
    def cheapest(self) -> npt.NDArray[np.intp]:
        """Index of the machine whose nodes cost least in the month, shape (*many,)."""
        demand, many = self.request.demand, self._peaks.shape[1:]
        if len(self.candidates.machines) == 1:
            return np.zeros(many, dtype=np.intp)
        each_need = map(np.multiply.outer, self._parts.T, self._peaks)
        peaks = self._whole_with_spare(reduce(np.maximum, each_need))
        if self.request.answers["scaling"] == "static":
            hours = over_month(demand, peaks)
        else:
            nodes = (
                self.whole(self.needed(np.array(index)))
                for index in range(len(self.candidates.machines))
            )
            hours = np.stack([demand.per_month(one) for one in nodes])
        costs = self._costs(hours)
        if np.isfinite(self.candidates.nodes_most).any():
            most = most_in_month(demand, peaks)
            beyond = most > _along_first(self.candidates.nodes_most, most)
            costs = np.where(beyond & ~beyond.all(axis=0), np.inf, costs)
        # the first of those that cost the same but for rounding noise
        found = np.argmax(costs <= costs.min(axis=0) * (1 + _NOISE), axis=0)
        # the same in all weeks
        return np.broadcast_to(found, many)

    def _costs(self, hours: FloatArray) -> FloatArray:
        """USD of so many hours of each machine, allowances taken off, shape (machines, *many)."""
        request, listed = self.request, self.candidates
        costs = hours * (_along_first(listed.usd_per_hour, hours) + self.beside_usd)
        for group in listed.not_flat:
            parts = np.array([[*listed.machines[index].parts.values()] for index in group])
            usage = [
                Usage(meter, hours[group] * _along_first(each, hours), "")
                for meter, each in zip(listed.machines[group[0]].parts, parts.T, strict=True)
            ]
            lines = price_usage(usage, request.region, request.catalog, request.free_allowances)
            costs[group] = sum(line.cost_usd for line in lines) + self.beside_usd * hours[group]
        return costs

    def needed_by_constraint(self, chosen: npt.NDArray[np.intp]) -> FloatArray:
        """Nodes that each constraint asks for in its busiest hour, not yet whole."""
        return self._peaks * np.moveaxis(self._parts[chosen], -1, 0)

    def needed(self, chosen: npt.NDArray[np.intp]) -> Weekly:
        """Nodes of the chosen machine that are needed in each hour, not yet whole."""
        if self.request.answers["scaling"] == "static":
            return Weekly.of(self.needed_by_constraint(chosen).max(axis=0), ALWAYS)
        parts = np.moveaxis(self._parts[chosen], -1, 0)
        rivals = (need.times(each) for need, each in zip(self._ahead, parts, strict=True))
        return largest(rivals)

    def whole(self, needed: Weekly) -> Weekly:
        """Whole nodes in each hour, spare ones included."""
        if self.request.answers["scaling"] == "static":
            return Weekly.of(self._whole_with_spare(needed.peak), ALWAYS)
        return from_hours(self._whole_with_spare(needed.hourly))

    def _whole_with_spare(self, needed: FloatArray) -> FloatArray:
        options = self.request.options
        nodes = whole(needed)
        np.maximum(nodes, options.min_nodes, out=nodes)
        return np.add(nodes, options.spare_nodes, out=nodes)


def _along_first(figures: FloatArray, array: FloatArray) -> FloatArray:
    """Figures along the first axis of an array, ready to be multiplied with it."""
    return figures.reshape(-1, *(1,) * (array.ndim - 1))


def _connections_each(
    demand: Demand, needed: FloatArray, headroom: FloatArray | float, most: FloatArray
) -> FloatArray:
    """Connections of a node of which nothing is left, ``most`` at most, shape (*many,).

    A node is planned to have those of the busiest hour, divided by the nodes which that takes;
    what it is planned to have fills its share ``headroom``.
    """
    peak, needed = np.broadcast_arrays(demand.peak_connections, needed)
    # where nobody is connected, only what is published tells
    known = (peak > 0) & (needed > 0)
    planned = np.divide(peak, needed, out=np.full(peak.shape, np.inf), where=known)
    full = planned / headroom
    return np.where(full < most * (1 - _NOISE), full, most)


def ahead_and_after(needs: Iterable[Weekly], hours: int) -> tuple[Weekly, ...]:
    """The most of each hour and its neighbors, so many to either side; Sunday meets Monday."""

    def most(hourly: FloatArray) -> FloatArray:
        found = hourly.copy()
        for lag in range(1, hours + 1):
            for later, earlier in (
                (np.s_[..., lag:], np.s_[..., :-lag]),
                (np.s_[..., :lag], np.s_[..., -lag:]),
            ):
                np.maximum(found[later], hourly[earlier], out=found[later])
                np.maximum(found[earlier], hourly[later], out=found[earlier])
        return found

    # a scaled course moves with its course, of which there is one for many scenarios
    courses: dict[Course, Course] = {}
    found: list[Weekly] = []
    for need in needs:
        if len(need.terms) == 1:
            [(scale, course)] = need.terms
            if course not in courses:
                courses[course] = Course(most(course.hours))
            found.append(Weekly.of(scale, courses[course]))
        else:
            found.append(from_hours(most(need.hourly)))
    return tuple(found)


def _in_words(request: Request, sizing: Sizing, chosen: tuple[BoolArray, ...]) -> Iterator[str]:
    """What runs of each machine, in the scenarios for which it was chosen."""
    options, ran = request.options, request.demand.units is not None
    many, units = chosen[0].shape, sizing.units
    most = np.broadcast_to(units.peak, many)
    by_hour = ran or request.answers["scaling"] != "static"
    when = "by the hour" if by_hour else "all week"
    if not by_hour and request.demand.week_hours is not None:
        when = "by the week"
    least = np.broadcast_to(units.hourly.min(axis=-1), many) if by_hour else most
    binding = np.broadcast_to(sizing.binding, many)
    for mine in chosen:
        ends = np.concatenate([least[mine], most[mine]])
        count = range_text(ends, unit=sizing.unit if np.max(ends) == 1 else f"{sizing.unit}s")
        if ran:
            yield f"{count}, as they ran hour by hour"
            continue
        decided = set(binding[mine].tolist())
        why = [name for name in CONSTRAINTS if name in decided]
        why += ["the minimum that was asked for"] * (MINIMUM in decided)
        yield (f"{count} {when}, {options.spare_nodes} of them spare (sized by {' or '.join(why)})")


def _more_than_shown(demand: Demand, nodes: Weekly, options: FleetOptions) -> Iterator[str]:
    server = find_server(options.server)
    shown = server.connections_max_published
    held = np.max(demand.peak_connections / np.maximum(nodes.peak - options.spare_nodes, 1))
    if shown is not None and held > shown.value:
        yield (
            f"Nodes hold up to {range_text(held)} connections each in the busiest hour, more than "
            f"the {shown.value:,.0f} on one host that were published for {server.title}."
        )


def size(needs: Mapping[str, tuple[Weekly, float]], unit: str = "unit") -> Sizing:
    """Units needed in each hour, not yet whole, from what all need and what one unit offers.

    >>> flat = Weekly.of(np.array(10.0), np.ones(168))
    >>> sized = size({"memory": (flat, 4.0), "processor": (flat, 2.0)})
    >>> str(sized.binding), float(sized.peak_units), float(sized.shares["memory"])
    ('processor', 5.0, 0.5)
    """
    units = {name: need.times(1 / offer) for name, (need, offer) in needs.items()}
    most = largest(units.values())
    shares = {name: shares_of(each.peak, most.peak) for name, each in units.items()}
    return Sizing(unit, (), most, shares)


def whole(nodes: FloatArray) -> FloatArray:
    """Whole nodes; a billionth of a node, or of all nodes, is rounding noise and needs none.

    >>> whole(np.array([2.0000000001, 2.1]))
    array([2., 3.])
    """
    almost = np.asarray(np.maximum(nodes, 1.0))
    np.multiply(almost, _NOISE, out=almost)
    np.subtract(nodes, almost, out=almost)
    return np.ceil(almost, out=almost)
