"""How many nodes of which machine a WebSocket server needs, and which constraint decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import ALWAYS, Course, Weekly, from_hours, largest
from estimator.deployments.base import Request, spread
from estimator.deployments.fleet.candidates import (
    CHEAPEST,
    CONSTRAINTS,
    Candidates,
    Caps,
    candidates,
)
from estimator.deployments.fleet.machine import Kind, Machine
from estimator.deployments.fleet.server import (
    ServerOptions,
    find_server,
    server_load,
    stand_ins,
    traffic_mbps,
)
from estimator.pricing.lines import Usage, price_usage
from estimator.pricing.price_files import Assumption

BoolArray = npt.NDArray[np.bool_]
_NOISE = 1e-9


class FleetOptions(ServerOptions):
    """Choices for nodes behind a load balancer."""

    machine: str = CHEAPEST
    """A machine of the cloud by its own name, or ``cheapest``: the one whose nodes cost least
    (burstable ones are left out)."""
    architecture: Literal["any", "x86_64", "arm64"] = "any"
    """Which processors may be chosen as the cheapest."""
    min_nodes: Annotated[int, Field(ge=1)] = 2
    """Fewest nodes, before the spare ones. Assumption: two, in two zones."""
    spare_nodes: Annotated[int, Field(ge=0)] = 1
    """Nodes that may fail in the busiest hour without harm."""
    zones: Annotated[int, Field(ge=1, le=6)] = 2
    """Zones over which the nodes are spread."""
    open_files: Annotated[float, Field(ge=1024)] = 1_048_576
    """Most connections a node may hold by its setting of open files."""
    scaling_lag_hours: Annotated[int, Field(ge=0, le=24)] = 1
    """Hours that nodes start before they are needed and stay after, if the fleet follows the
    hours. Assumption: one, since demand is known by the hour."""
    node_start_minutes: Annotated[float, Field(ge=0)] = 3
    """From the decision to start a node until it takes connections, if the fleet follows the hours
    and is simulated. Assumption: three, to boot, to start the server and to pass health checks;
    containers often take less."""
    backplane: bool = True
    """Whether nodes pass messages to each other through Redis on machines of its own."""


@dataclass(frozen=True, slots=True)
class Sized:
    """How many nodes each hour needs."""

    nodes: Weekly
    """Not yet rounded up to whole nodes."""
    peak: FloatArray
    """In the busiest hour, shape (*many,)."""
    binding: str
    """The constraint that needs most nodes in the busiest hour (of the largest scenario)."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Nodes of the chosen machines; for many scenarios several machines may be chosen."""

    machines: tuple[Machine, ...]
    chosen: tuple[BoolArray, ...]
    """Which scenarios run on each of them, shape (*many,)."""
    nodes: Weekly
    """Nodes in each hour, spare ones included; whole ones, unless the demand says how many ran."""
    binding: str
    """The constraint that needs most nodes, in the scenario of most nodes."""
    texts: tuple[str, ...]
    """What runs of each machine, in words."""
    connections_each: FloatArray
    """Connections of a node of which nothing is left, shape (*many,)."""
    notes: tuple[str, ...] = ()
    """What a reader should know about the figures behind it."""

    @property
    def nodes_by_machine(self) -> tuple[Weekly, ...]:
        """Nodes of each machine in each hour; 0 where another one was chosen."""
        return tuple(self.nodes.times(mine.astype(np.float64)) for mine in self.chosen)

    @property
    def text(self) -> str:
        """What runs, in words."""
        if len(self.machines) == 1:
            return self.texts[0]
        pairs = zip(self.machines, self.texts, strict=True)
        return "; ".join(f"{machine.title}: {text}" for machine, text in pairs)

    def usage(self, demand: Demand) -> Iterator[Usage]:
        """What the machines are billed as in a month."""
        for machine, nodes, text in zip(
            self.machines, self.nodes_by_machine, self.texts, strict=True
        ):
            hours = demand.per_month(nodes)
            for meter, quantity in machine.parts.items():
                each = "" if quantity == 1 else f", {quantity:g} units per hour each"
                yield Usage(meter, hours * quantity, f"{machine.title}: {text}{each}")


def scaling_choice() -> Assumption:
    """Whether a fleet is sized for the busiest hour or follows the hours: yours to choose."""
    return Assumption(
        id="scaling",
        question="Does the fleet keep the nodes of its busiest hour, or follow the hours?",
        choices={
            "static": "as many nodes all week as the busiest hour needs",
            "autoscaled": "nodes start before they are needed and stop after, hour by hour",
        },
        evidence="Yours to choose. Autoscaling cuts connections when nodes stop, and their clients "
        "connect again; sizes by the hour hide shorter peaks.",
    )


def build_fleet(
    request: Request,
    cloud: str,
    kind: Kind,
    scaling: str,
    *,
    tls: bool = False,
    node_mbps_most: float = np.inf,
    node_connections_most: float | Callable[[Machine], float] = np.inf,
    nodes_most: Callable[[Machine], float] | None = None,
    beside_each_node: Mapping[str, float | FloatArray] | None = None,
    among: tuple[str, ...] | None = None,
) -> Fleet:
    """Size a fleet, with the machine asked for or the one whose fleet costs least.

    If the demand says how many units ran, so many nodes run, of the machine that is chosen without
    that knowledge.

    Args:
        request: demand and ``FleetOptions``.
        cloud: whose machines.
        kind: what kind of machines.
        scaling: ``static`` or ``autoscaled``.
        tls: whether TLS ends on the nodes.
        node_mbps_most: a cap of the cloud on the traffic of a node, besides that of its size.
        node_connections_most: a cap on the connections of a node, for all or by its machine.
        nodes_most: most nodes there may be of a machine; one that would need more is only chosen
            if all would.
        beside_each_node: units of meters that each node takes an hour besides its machine, such as
            its disk; they count when machines are compared, not in ``Fleet.usage``.
        among: names of machines to choose the cheapest from; all that do not burst if None.

    Raises:
        UnknownNameError: no such machine or server.
        MissingRateError: no machine has a price in the region.
        ScenarioError: no figure for the server, or no machine of the architecture asked for.
    """
    options, demand = request.options, request.demand
    load = server_load(demand, options, tls=tls)
    whole_nodes = (load.memory_bytes, load.cores, traffic_mbps(demand), demand.connections_peak)
    beside = sum(
        quantity * float(request.catalog.rate(meter, request.region).tariff.usd_per_unit[0])
        for meter, quantity in (beside_each_node or {}).items()
    )
    choice = _Choice(
        request,
        tuple(need.times(1 / options.headroom) for need in whole_nodes),
        candidates(
            request.catalog,
            request.region,
            cloud,
            kind,
            options.machine,
            options.architecture,
            among,
            Caps(node_mbps_most, options.open_files, node_connections_most, nodes_most),
            # the more stands beside each node, the less several stand for one
            float(np.max(beside)),
        ),
        scaling,
        beside,
    )
    chosen = choice.cheapest
    used = np.flatnonzero(np.bincount(np.ravel(chosen))).tolist()
    mine = tuple(np.asarray(chosen == index) for index in used)
    nodes = demand.units or choice.nodes_of(chosen)
    needed = choice.needed_by_constraint(chosen)
    binding = np.asarray(np.argmax(needed, axis=0))
    most_nodes = int(np.argmax(nodes.peak))
    connections_most = choice.candidates.each[:, CONSTRAINTS.index("connections of a node")][chosen]
    return Fleet(
        machines=tuple(choice.candidates.machines[index] for index in used),
        chosen=mine,
        nodes=nodes,
        binding=CONSTRAINTS[int(np.ravel(binding)[most_nodes])],
        texts=tuple(_in_words(request, nodes, scaling, binding, mine)),
        connections_each=_connections_each(
            demand, needed.max(axis=0), options.headroom, connections_most
        ),
        notes=(*stand_ins(options, tls=tls), *_more_than_shown(demand, nodes, options)),
    )


@dataclass(frozen=True, eq=False)
class _Choice:
    """Which machine each scenario takes; axes are machines, constraints and (*many,)."""

    request: Request
    needs: tuple[Weekly, ...]
    """What all nodes together need to offer, by constraint."""
    candidates: Candidates
    scaling: str
    beside_usd: FloatArray | float
    """What stands beside each node, an hour, shape (*many,)."""

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
        return _ahead_and_after(self.needs, self.request.options.scaling_lag_hours)

    @property
    def cheapest(self) -> npt.NDArray[np.intp]:
        """Index of the machine whose nodes cost least, shape (*many,)."""
        many = self._peaks.shape[1:]
        if len(self.candidates.machines) == 1:
            return np.zeros(many, dtype=np.intp)
        each_need = map(np.multiply.outer, self._parts.T, self._peaks)
        peaks = self._whole_with_spare(reduce(np.maximum, each_need))
        if self.scaling == "static":
            hours = peaks * self.request.demand.hours_per_month
        else:
            nodes = (
                self.nodes_of(np.array(index)) for index in range(len(self.candidates.machines))
            )
            hours = np.stack([self.request.demand.per_month(one) for one in nodes])
        costs = self._costs(hours)
        if np.isfinite(self.candidates.nodes_most).any():
            beyond = peaks > _along_first(self.candidates.nodes_most, peaks)
            costs = np.where(beyond & ~beyond.all(axis=0), np.inf, costs)
        # the first of those that cost the same but for rounding noise
        return np.argmax(costs <= costs.min(axis=0) * (1 + _NOISE), axis=0)

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

    def nodes_of(self, chosen: npt.NDArray[np.intp]) -> Weekly:
        """Whole nodes of the chosen machine in each hour, spare ones included."""
        if self.scaling == "static":
            needed = self.needed_by_constraint(chosen).max(axis=0)
            return Weekly.of(self._whole_with_spare(needed), ALWAYS)
        parts = np.moveaxis(self._parts[chosen], -1, 0)
        rivals = (need.times(each) for need, each in zip(self._ahead, parts, strict=True))
        return from_hours(self._whole_with_spare(largest(rivals).hourly))

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


def _ahead_and_after(needs: Iterable[Weekly], hours: int) -> tuple[Weekly, ...]:
    """The most of each hour and its neighbours, so many to either side; Sunday meets Monday."""

    def most(hourly: FloatArray) -> FloatArray:
        return reduce(
            np.maximum, (np.roll(hourly, shift, axis=-1) for shift in range(-hours, hours + 1))
        )

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


def _in_words(
    request: Request,
    nodes: Weekly,
    scaling: str,
    binding: npt.NDArray[np.intp],
    chosen: tuple[BoolArray, ...],
) -> Iterator[str]:
    """What runs of each machine, in the scenarios for which it was chosen."""
    options, ran = request.options, request.demand.units is not None
    many = binding.shape
    most = np.broadcast_to(nodes.peak, many)
    by_hour = ran or scaling != "static"
    least = np.broadcast_to(nodes.hourly.min(axis=-1), many) if by_hour else most
    # where the fewest nodes suffice, no constraint decides
    few = most <= options.min_nodes + options.spare_nodes
    for mine in chosen:
        count = spread(np.concatenate([least[mine], most[mine]]), "nodes")
        if ran:
            yield f"{count}, as they ran hour by hour"
            continue
        decided = np.bincount(binding[mine & ~few], minlength=len(CONSTRAINTS))
        why = [f"{name} binds" for name, times in zip(CONSTRAINTS, decided, strict=True) if times]
        why += ["the fewest that were asked for"] * bool(np.any(few & mine))
        yield (
            f"{count} {'by the hour' if by_hour else 'all week'}, {options.spare_nodes} of them "
            f"spare ({' or '.join(why)})"
        )


def _more_than_shown(demand: Demand, nodes: Weekly, options: FleetOptions) -> Iterator[str]:
    server = find_server(options.server)
    shown = server.connections_max_published
    held = np.max(demand.peak_connections / np.maximum(nodes.peak - options.spare_nodes, 1))
    if shown is not None and held > shown.value:
        yield (
            f"Nodes hold up to {spread(held)} connections each in the busiest hour, more than the "
            f"{shown.value:,.0f} on one host that were published for {server.title}."
        )


def size(needs: Mapping[str, tuple[Weekly, float]]) -> Sized:
    """Nodes needed in each hour, from what all need and what one node offers, by constraint.

    >>> flat = Weekly.of(np.array(10.0), np.ones(168))
    >>> size({"memory": (flat, 4.0), "processor": (flat, 2.0)}).binding
    'processor'
    """
    nodes = {name: need.times(1 / offer) for name, (need, offer) in needs.items()}
    peaks = np.stack(np.broadcast_arrays(*(need.peak for need in nodes.values())))
    together = peaks.max(axis=0)
    decides = np.argmax(peaks.reshape(len(nodes), -1)[:, int(np.argmax(together))])
    return Sized(largest(nodes.values()), together, list(nodes)[int(decides)])


def whole(nodes: FloatArray) -> FloatArray:
    """Whole nodes; a billionth of a node, or of all nodes, is rounding noise and needs none.

    >>> whole(np.array([2.0000000001, 2.1]))
    array([2., 3.])
    """
    almost = np.asarray(np.maximum(nodes, 1.0))
    np.multiply(almost, _NOISE, out=almost)
    np.subtract(nodes, almost, out=almost)
    return np.ceil(almost, out=almost)
