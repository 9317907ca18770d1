"""How many nodes of which machine a WebSocket server needs, and which constraint decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from estimator.demand.demand import (
    Demand,
    Weekly,
    from_hours,
    largest,
    total,
)
from estimator.deployments.deployment import Request, spread
from estimator.deployments.machine import Kind, Machine, find_machine, machines
from estimator.deployments.server import (
    ServerOptions,
    find_server,
    server_load,
    stand_ins,
    traffic_mbps,
)
from estimator.errors import MissingRateError, ScenarioError
from estimator.pricing.assumption import Assumption
from estimator.pricing.line import Usage, price_usage
from estimator.scenario.model import FloatArray
from estimator.units import (
    HOURS_PER_WEEK,
)

CHEAPEST = "cheapest"
BoolArray = npt.NDArray[np.bool_]
_ALWAYS = np.ones(HOURS_PER_WEEK)
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
    binding: str
    """The constraint that needs most nodes in the busiest hour (of the largest scenario)."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Nodes of the chosen machines; for many scenarios several machines may be chosen."""

    machines: tuple[Machine, ...]
    nodes_by_machine: tuple[Weekly, ...]
    """Nodes in each hour, spare ones included; 0 where another machine was chosen. Whole ones,
    unless the demand says how many ran."""
    nodes: Weekly
    """Of all machines together."""
    binding: str
    """The constraint that needs most nodes, in the scenario of most nodes."""
    texts: tuple[str, ...]
    """What runs of each machine, in words."""
    connections_each: FloatArray
    """Connections of a node of which nothing is left, shape (*many,)."""
    notes: tuple[str, ...] = ()
    """What a reader should know about the figures behind it."""

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
                each = "" if quantity == 1 else f", {quantity:g} units an hour each"
                yield Usage(meter, hours * quantity, f"{machine.title}: {text}{each}")


def scaling_choice(deployment_id: str) -> Assumption:
    """Whether a fleet is sized for the busiest hour or follows the hours: yours to choose."""
    return Assumption(
        id=f"{deployment_id}.scaling",
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
    node_connections_most: float = np.inf,
    beside_each_node: Mapping[str, float] | None = None,
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
        node_connections_most: a cap on the connections of a node.
        beside_each_node: units of meters that each node takes an hour besides its machine, such as
            its disk; they count when machines are compared, not in ``Fleet.usage``.

    Raises:
        UnknownNameError: no such machine or server.
        MissingRateError: no machine has a price in the region.
        ScenarioError: no figure for the server, or no machine of the architecture asked for.
    """
    options, demand = request.options, request.demand
    load = server_load(demand, options, tls=tls)
    connections_most = min(options.open_files, node_connections_most)
    needs = {
        "memory": load.memory_bytes,
        "processor": load.cores,
        "network": traffic_mbps(demand),
        "connections of a node": demand.connections_peak,
    }

    def offer(machine: Machine) -> dict[str, float]:
        whole_node = {
            "memory": machine.memory_bytes,
            "processor": machine.vcpus,
            "network": min(machine.network_mbps or np.inf, node_mbps_most),
            "connections of a node": connections_most,
        }
        return {name: amount * options.headroom for name, amount in whole_node.items()}

    beside = sum(
        quantity * float(request.catalog.rate(meter, request.region).tariff.usd_per_unit[0])
        for meter, quantity in (beside_each_node or {}).items()
    )
    offers = [
        (machine, usd + beside, offer(machine))
        for machine, usd in _candidates(request, cloud, kind)
    ]
    choices = [
        _Choice(machine, usd, {name: needs[name].times(1 / most[name]) for name in needs})
        for machine, usd, most in _undominated(offers, request)
    ]
    costs = np.stack(
        np.broadcast_arrays(
            *(one.cost(request, one.nodes(options, scaling), beside) for one in choices)
        )
    )
    # the first of those that cost the same but for rounding noise
    chosen = np.argmax(costs <= costs.min(axis=0) * (1 + _NOISE), axis=0)
    used = {choices[index]: np.asarray(chosen == index) for index in np.unique(chosen)}
    running = [demand.units or one.nodes(options, scaling) for one in used]
    by_machine = tuple(
        nodes.times(mine.astype(np.float64))
        for nodes, mine in zip(running, used.values(), strict=True)
    )
    nodes = total(by_machine)
    most_nodes = int(np.argmax(nodes.peak))
    deciding = choices[int(np.ravel(chosen)[most_nodes])].binding
    return Fleet(
        machines=tuple(one.machine for one in used),
        nodes_by_machine=by_machine,
        nodes=nodes,
        binding=list(needs)[int(np.ravel(deciding)[most_nodes])],
        texts=tuple(
            _in_words(one, nodes, mine, request, scaling)
            for (one, mine), nodes in zip(used.items(), running, strict=True)
        ),
        connections_each=np.sum(
            [
                one.connections_each(demand, options.headroom, connections_most) * mine
                for one, mine in used.items()
            ],
            axis=0,
        ),
        notes=(*stand_ins(options, tls=tls), *_more_than_shown(demand, nodes, options)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    """A machine that may be chosen, and how many of it the demand takes."""

    machine: Machine
    usd: float
    """For an hour."""
    needed: Mapping[str, Weekly]
    """Nodes that each constraint asks for, not yet whole."""

    @property
    def peaks(self) -> FloatArray:
        """Of each constraint, shape (constraints, *many)."""
        return np.stack(np.broadcast_arrays(*(need.peak for need in self.needed.values())))

    @property
    def binding(self) -> FloatArray:
        """Index of the constraint that asks for most, shape (*many,)."""
        return np.asarray(np.argmax(self.peaks, axis=0))

    def connections_each(self, demand: Demand, headroom: float, most: float) -> FloatArray:
        """Connections of a node of which nothing is left, ``most`` at most, shape (*many,).

        A node is planned to have those of the busiest hour, divided by the nodes which that takes;
        what it is planned to have fills its share ``headroom``.
        """
        peak, needed = np.broadcast_arrays(demand.peak_connections, self.peaks.max(axis=0))
        # where nobody is connected, only what is published tells
        known = (peak > 0) & (needed > 0)
        planned = np.divide(peak, needed, out=np.full(peak.shape, np.inf), where=known)
        full = planned / headroom
        return np.where(full < most * (1 - _NOISE), full, most)

    def cost(self, request: Request, nodes: Weekly, beside_usd: float) -> FloatArray:
        """USD of the nodes in a month, free allowances taken off, shape (*many,)."""
        hours = request.demand.per_month(nodes)
        parts = [Usage(meter, hours * each, "") for meter, each in self.machine.parts.items()]
        lines = price_usage(parts, request.region, request.catalog, request.free_allowances)
        return np.asarray(sum(line.cost_usd for line in lines) + beside_usd * hours)

    def nodes(self, options: FleetOptions, scaling: str) -> Weekly:
        """Whole nodes in each hour, spare ones included."""
        if scaling == "static":
            needed = whole(self.peaks.max(axis=0))
            return Weekly.of(np.maximum(needed, options.min_nodes) + options.spare_nodes, _ALWAYS)
        needed = whole(largest(self.needed.values()).hourly)
        needed = _ahead_and_after(needed, options.scaling_lag_hours)
        return from_hours(np.maximum(needed, options.min_nodes) + options.spare_nodes)


def _candidates(request: Request, cloud: str, kind: Kind) -> list[tuple[Machine, float]]:
    name = request.options.machine
    if name != CHEAPEST:
        machine = find_machine(cloud, kind, name)
        return [(machine, machine.usd_per_hour(request.catalog, request.region))]
    architecture = request.options.architecture
    found: list[tuple[Machine, float]] = []
    missing: MissingRateError | None = None
    for machine in machines(cloud, kind).values():
        try:
            if not machine.burstable and architecture in ("any", machine.architecture):
                found.append((machine, machine.usd_per_hour(request.catalog, request.region)))
        except MissingRateError as fault:
            missing = missing or fault  # what is not sold or not priced here is no candidate
    if not found and missing:
        raise missing
    if not found:
        of = "" if architecture == "any" else f" of architecture {architecture}"
        raise ScenarioError(f"no machine ({kind}{of}) of {cloud} has a price in {request.region}")
    return found


def _undominated(
    offers: list[tuple[Machine, float, dict[str, float]]], request: Request
) -> list[tuple[Machine, float, dict[str, float]]]:
    """Without machines than which another one offers as much of everything and costs no more.

    What is partly free stays, since its price does not tell what it costs.
    """
    table = np.array([(-usd, *offer.values()) for _, usd, offer in offers])
    as_good = np.all(table[:, None] >= table, axis=-1)
    earlier = np.triu(np.ones_like(as_good), k=1)
    worse = np.any(as_good & (~as_good.T | earlier), axis=0)
    return [
        one
        for one, out in zip(offers, worse, strict=True)
        if not out or any(request.catalog.allowances(meter) for meter in one[0].parts)
    ]


def _ahead_and_after(hourly: FloatArray, hours: int) -> FloatArray:
    """The most of each hour and its neighbours, so many to either side; Sunday meets Monday."""
    return np.max([np.roll(hourly, shift, axis=-1) for shift in range(-hours, hours + 1)], axis=0)


def _in_words(
    choice: _Choice, nodes: Weekly, mine: BoolArray, request: Request, scaling: str
) -> str:
    """What runs of a machine, in the scenarios for which it was chosen."""
    options = request.options
    most = np.broadcast_to(nodes.peak, mine.shape)[mine]
    if request.demand.units is not None:
        least = np.broadcast_to(nodes.hourly.min(axis=-1), mine.shape)[mine]
        return f"{spread(np.concatenate([least, most]), 'nodes')}, as they ran hour by hour"
    deciding = np.broadcast_to(choice.binding, mine.shape)[mine]
    # where the fewest nodes suffice, no constraint decides
    few = most <= options.min_nodes + options.spare_nodes
    why = [
        f"{name} binds"
        for index, name in enumerate(choice.needed)
        if np.any(~few & (deciding == index))
    ]
    why += ["the fewest that were asked for"] * bool(np.any(few))
    if scaling == "static":
        count, when = most, "all week"
    else:
        least = np.broadcast_to(nodes.hourly.min(axis=-1), mine.shape)[mine]
        count, when = np.concatenate([least, most]), "by the hour"
    return (
        f"{spread(count, 'nodes')} {when}, {options.spare_nodes} of them spare ({' or '.join(why)})"
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
    together = largest(nodes.values())
    biggest = int(np.argmax(together.peak))
    peaks = {name: float(need.of_scenario(biggest).peak) for name, need in nodes.items()}
    return Sized(together, max(peaks, key=lambda name: peaks[name]))


def whole(nodes: FloatArray) -> FloatArray:
    """Whole nodes; a billionth of a node, or of all nodes, is rounding noise and needs none.

    >>> whole(np.array([2.0000000001, 2.1]))
    array([2., 3.])
    """
    almost = np.asarray(nodes - _NOISE * np.maximum(nodes, 1.0))
    return np.ceil(almost, out=almost)
