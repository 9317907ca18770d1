"""How many nodes of which machine does a WebSocket server need, and which resource decides?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from estimator.arrays import BoolArray, FloatArray, spread
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, largest, total
from estimator.deployments.base import MINIMUM, Request, Sizing, shared_once
from estimator.deployments.fleet.backplane import Redis, RedisPlan
from estimator.deployments.fleet.choice import Choice, Idle, Prices
from estimator.deployments.fleet.derived_figures import assumed_work, stand_ins
from estimator.deployments.fleet.exchange import Exchange, exchange_of
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.machine import (
    CONSTRAINTS,
    Candidates,
    Caps,
    Kind,
    Machine,
    candidates,
    flat_and_not,
    usd_of,
)
from estimator.deployments.fleet.machine_words import about
from estimator.deployments.fleet.month import Month, course_of
from estimator.deployments.fleet.needs import Needs, what_is_heard
from estimator.deployments.fleet.placement import (
    Placement,
    kept_words,
    placement,
)
from estimator.deployments.fleet.scaling import WHEN
from estimator.deployments.fleet.server import (
    Load,
    advised_connections,
    arrival_byte_core_seconds,
    arrival_core_seconds,
    late_bursts,
    most_connection_core_seconds,
    server_load,
    sockets_per_client,
    subscribes_by_channel,
    traffic_mbps,
)
from estimator.deployments.fleet.server_figures import find_server
from estimator.format import range_text
from estimator.pricing.contract import Role
from estimator.pricing.lines import Usage
from estimator.units import BITS_PER_BYTE, BITS_PER_MEGABIT, SECONDS_PER_HOUR

_NOISE = 1e-9
APPLICATION = "the application's own work"
"""What a part of the nodes runs for, on a bill."""
_ASKED = "the connections per node that were asked for"


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
    nodes_in_all: FloatArray | float = np.inf
    """The same of any machine, behind all balancers, shape (*many,)."""
    beside: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units of meters that each node takes besides its machine if it is there all month, such as
    its disk."""
    hourly: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units of meters that each node takes per hour besides its machine, such as its address."""
    balancer: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units of meters that each balancer takes per hour, if nodes may need several."""
    nodes_per_balancer: float = np.inf
    in_zone: bool = False
    """Whether the balancer sends clients of a zone to nodes of that zone only."""
    idle_meters: Mapping[str, str] = field(default_factory=dict[str, str])
    """What counts a node that runs all week while nobody is connected to it, by the meter in whose
    place it does."""
    among: tuple[str, ...] | None = None
    """Names of machines to choose the cheapest from; all if None."""
    redis: Redis | None = None
    """Where Redis runs that passes messages between nodes; None if there is none."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Nodes of the chosen machines; for many scenarios several machines may be chosen."""

    spec: NodeSpec
    machines: tuple[Machine, ...]
    chosen: tuple[BoolArray, ...]
    """Which scenarios run on each of them, shape (*many,)."""
    sizing: Sizing
    """How many run; whole ones, unless the demand says how many ran."""
    placement: Placement
    """How many run for those that carry the peak."""
    needed: Weekly
    """Nodes that carry each hour, or the busiest one, not yet whole."""
    texts: tuple[str, ...]
    """What runs of each machine, in words."""
    connections_each: FloatArray
    """Connections of a node of which nothing is left, shape (*many,)."""
    application_share: FloatArray
    """Part of what nodes cost that only the application's own work makes them cost, shape
    (*many,)."""
    redis: RedisPlan | None = None
    """What passes messages between nodes; None if they have nothing to say to each other."""
    heard_share: FloatArray | None = None
    """Where no number of nodes suffices, what each has to hear, as a share of what it can; None
    where some number does, shape (*many,)."""
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
            by_hour = partial(Month.of(demand).by_hour, nodes)
            for meter, quantity in machine.parts.items():
                each = "" if quantity == 1 else f", {quantity:g} units per hour each"
                usage = Usage(
                    meter,
                    hours * quantity,
                    f"{machine.title}: {text}{each}",
                    role=_role(self.spec),
                    by_hour=by_hour,
                )
                yield from split_usage(usage, self.application_share)

    def beside(self, demand: Demand) -> Iterator[Usage]:
        """What stands beside the machines as long as they run: boot disks, and what has hours."""
        if not self.spec.beside and not self.spec.hourly:
            return
        hours = demand.per_month(self.nodes)
        months = np.asarray(hours / demand.hours_per_month)
        for meter, quantity in self.spec.hourly.items():
            each = f"{quantity:g} for each {self.spec.unit} as long as it runs"
            usage = Usage(meter, np.asarray(hours * quantity), each)
            yield from split_usage(usage, self.application_share)
        for meter, quantity in self.spec.beside.items():
            usage = Usage(
                meter,
                months * quantity,
                f"boot disks of {range_text(months, unit=f'{self.spec.unit}s')} on average, "
                f"{quantity:g} units per month each",
            )
            yield from split_usage(usage, self.application_share)


def build_fleet(request: Request, cloud: str, spec: NodeSpec = NodeSpec()) -> Fleet:
    """Size a fleet, with the machine asked for or the one that makes the cheapest bill.

    If the demand says how many units ran, so many nodes run, of the machine that is chosen without
    that knowledge.

    Args:
        request: demand and ``FleetOptions``.
        cloud: whose machines.
        spec: what the nodes are.

    Raises:
        UnknownNameError: no such machine, server or Redis.
        MissingRateError: no machine has a price in the region.
        ScenarioError: no machine of the architecture asked for.
    """
    options, demand = request.options, request.demand
    load = server_load(demand, options, tls=spec.ends_tls)
    choice = _choice(request, cloud, spec, load)
    made = choice.made()
    # the same machine in all weeks
    chosen = np.broadcast_to(made.chosen, choice.many)
    used = np.flatnonzero(np.bincount(np.ravel(made.chosen))).tolist()
    mine = tuple(np.asarray(chosen == index) for index in used)
    machines = tuple(choice.candidates.machines[index] for index in used)
    nodes = demand.units or made.nodes
    least = choice.placement.placed(np.array(float(options.min_nodes)))
    sizing = Sizing(
        spec.unit,
        tuple(machine.machine for machine in machines),
        nodes,
        dict(zip(_names(options), shares_of(made.by_constraint, nodes.peak), strict=True)),
        float(least),
        "" if demand.units else _kept(options),
        choice.placement.carrying_share,
    )
    cores = sum(
        (one.cores * run for one, run in zip(machines, mine, strict=True)), start=np.zeros(())
    )
    needed = made.by_constraint[: len(CONSTRAINTS)].max(axis=0)
    most = choice.candidates.each[:, CONSTRAINTS.index("connections")][chosen]
    return Fleet(
        spec,
        machines=machines,
        chosen=mine,
        sizing=sizing,
        placement=choice.placement,
        needed=made.needed,
        texts=tuple(_in_words(request, sizing, mine)),
        connections_each=_connections_each(demand, needed, options, most),
        application_share=made.application_share,
        redis=made.plan if demand.units is None else _plan_of(choice, nodes),
        heard_share=made.heard_share,
        notes=(
            *assumed_work(options, [kind.application for kind in demand.kinds]),
            *no_line(load, made.application_share, f"{spec.unit}s"),
            *left_alone(request, nodes),
            *stand_ins(options, tls=spec.ends_tls, over_http=demand.requests is not None),
            *_more_than_shown(demand, made.peak, options),
            *late_bursts(
                demand, options, nodes.peak * cores * options.core_speed_factor, tls=spec.ends_tls
            ),
            *filter(None, map(about, machines)),
        ),
    )


def _plan_of(choice: Choice, nodes: Weekly) -> RedisPlan | None:
    """What passes messages between so many nodes."""
    return choice.redis and choice.redis.plan(nodes, nodes.peak)


def _role(spec: NodeSpec) -> Role:
    """What the machines of nodes are, where a contract tells them apart."""
    return "nodes" if spec.kind == "vm" else "containers"


def _names(options: FleetOptions) -> tuple[str, ...]:
    """Of what a node offers."""
    return CONSTRAINTS if options.connections_per_node is None else (*CONSTRAINTS, _ASKED)


def _choice(request: Request, cloud: str, spec: NodeSpec, load: Load) -> Choice:
    """What is chosen from, for what."""
    options, region = request.options, request.region
    by_hour = options.by_hour
    catalog = request.catalog.for_choosing(cloud, _role(spec))
    if by_hour and catalog.is_for_choosing:
        catalog = request.catalog.for_choosing(cloud, _role(spec), course_of(request.demand))
    # the more stands beside each node, the less several stand for one; most in the shortest month
    hours = float(np.min(request.demand.hours_per_month))
    beside_usd = usd_of(catalog, region, spec.beside) / hours + usd_of(catalog, region, spec.hourly)
    listed = candidates(
        catalog,
        region,
        cloud,
        spec.kind,
        options.machine,
        options.architecture,
        spec.among,
        Caps(
            spec.mbps_most,
            options.open_files / sockets_per_client(options),
            spec.connections_most,
            spec.nodes_most,
        ),
        beside_usd,
    )
    exchange = exchange_between(request, spec)
    own = None
    if np.any(load.application_cores.peak):
        own = load.cores.times(1 / options.headroom / options.core_speed_factor)
    return Choice(
        _needs(request, spec, load, exchange),
        listed,
        placement(options, options.spare_nodes, in_zone=spec.in_zone),
        options.min_nodes,
        options.scaling_lag_hours if options.by_hour else None,
        Prices(
            catalog,
            region,
            request.free_allowances,
            *flat_and_not(catalog, region, spec.beside),
            usd_of(catalog, region, spec.balancer),
            spec.nodes_per_balancer,
            spec.hourly,
        ),
        Month.of(request.demand),
        spec.redis.choice(request, exchange) if spec.redis and exchange else None,
        spec.nodes_in_all,
        own,
        None if options.by_hour else _idle(request, spec, listed),
    )


def _idle(request: Request, spec: NodeSpec, listed: Candidates) -> Idle | None:
    """What nodes cost less while nobody is connected to them, if they do."""
    if not spec.idle_meters:
        return None
    [(active, idle)] = spec.idle_meters.items()
    return Idle(
        request.demand.connections,
        np.array([machine.parts[active] for machine in listed.machines]),
        *flat_and_not(request.catalog, request.region, {active: -1.0, idle: 1.0}),
    )


def _needs(request: Request, spec: NodeSpec, load: Load, exchange: Exchange) -> Needs:
    """What all nodes together must offer."""
    options, demand = request.options, request.demand
    planned = 1 / options.headroom
    on_cores = planned / options.core_speed_factor
    work = most_connection_core_seconds(demand, options, tls=spec.ends_tls)
    traffic = traffic_mbps(demand).times(planned)
    by_constraint = [
        load.memory_bytes.times(planned),
        total((load.cores, load.application_cores)).times(on_cores),
        traffic,
        demand.connections_peak.times(planned),
        demand.new_connections.times(work / SECONDS_PER_HOUR * on_cores),
    ]
    if options.connections_per_node is not None:
        by_constraint.append(demand.connections_peak.times(1 / options.connections_per_node))
    per_byte = BITS_PER_BYTE / BITS_PER_MEGABIT * planned / SECONDS_PER_HOUR
    cores_per_hour = on_cores / SECONDS_PER_HOUR
    return Needs(
        tuple(by_constraint),
        total((traffic, exchange.bytes_in.times(per_byte))),
        what_is_heard(
            exchange,
            arrival_core_seconds(options) * cores_per_hour,
            arrival_byte_core_seconds(options) * cores_per_hour,
            per_byte,
        ),
        exchange.processes,
    )


def exchange_between(request: Request, spec: NodeSpec) -> Exchange:
    """What nodes say to each other; nothing, if no Redis passes it on."""
    options = request.options
    if spec.redis is None or options.redis == "none":
        return Exchange(())
    return exchange_of(
        request.demand,
        by_channel=subscribes_by_channel(options),
        processes=options.processes_per_node,
    )


def split_usage(usage: Usage, application_share: FloatArray) -> Iterator[Usage]:
    """Usage of what runs, and that part of it which only the application's own work takes."""
    if not np.any(application_share > 0):
        yield usage
        return
    yield replace(usage, quantity=np.asarray(usage.quantity * (1 - application_share)))
    yield replace(
        usage,
        quantity=np.asarray(usage.quantity * application_share),
        formula=f"what the application's own work takes more of: {usage.formula}",
        part=APPLICATION,
        layer="application",
    )


def shares_of(needed: FloatArray, units: FloatArray) -> FloatArray:
    """Units that something asks for, as a share of those that run; 0 where none runs."""
    needed, units = spread(needed, units)
    return np.divide(needed, units, out=np.zeros(units.shape), where=units > 0)


def _connections_each(
    demand: Demand, needed: FloatArray, options: FleetOptions, most: FloatArray
) -> FloatArray:
    """Connections of a node of which nothing is left, ``most`` at most, shape (*many,).

    A node is planned to have those of the busiest hour, divided by the nodes which that takes;
    what it is planned to have fills its share ``headroom``.
    """
    peak, needed = spread(demand.peak_connections, needed)
    # where nobody is connected, only what is published tells
    known = (peak > 0) & (needed > 0)
    planned = np.divide(peak, needed, out=np.full(peak.shape, np.inf), where=known)
    full = planned / options.headroom
    if options.connections_per_node is not None:
        most = np.minimum(most, options.connections_per_node)
    return np.where(full < most * (1 - _NOISE), full, most)


def _kept(options: FleetOptions) -> str:
    """What may fail of the nodes that run, in words."""
    return kept_words(options) + (
        f", {options.spare_nodes} of them spare" if options.spare_nodes else ""
    )


def _in_words(request: Request, sizing: Sizing, chosen: tuple[BoolArray, ...]) -> Iterator[str]:
    """What runs of each machine, in the scenarios for which it was chosen."""
    options, ran = request.options, request.demand.units is not None
    many, units = chosen[0].shape, sizing.units
    most = np.broadcast_to(units.peak, many)
    by_hour, when = ran or options.by_hour, WHEN[options.scaling]
    if not by_hour and request.demand.week_hours is not None:
        when = "by the week"
    least = np.broadcast_to(units.trough, many) if by_hour else most
    binding = np.broadcast_to(sizing.binding, many)
    asked = options.min_nodes > 1
    fewest = "the minimum that was asked for" if asked else "the fewest that there may be"
    for mine in chosen:
        ends = np.concatenate([least[mine], most[mine]])
        count = range_text(ends, unit=sizing.unit if np.max(ends) == 1 else f"{sizing.unit}s")
        if ran:
            yield f"{count}, as they ran hour by hour"
            continue
        decided = set(binding[mine].tolist())
        why = [name for name in sizing.shares if name in decided]
        why += [fewest] * (MINIMUM in decided)
        yield f"{count} {when}, {_kept(options)} (sized by {' or '.join(why)})"


def left_alone(request: Request, nodes: Weekly) -> Iterator[str]:
    """That recipients on other nodes are not reached, if there are any and no Redis."""
    alone = request.options.redis == "none" and np.any(nodes.peak > 1)
    if alone and any(True for _ in shared_once(request.demand)):
        yield (
            "Without Redis (redis: none), messages reach recipients on other nodes only if "
            "something else passes them on, which is not on this bill."
        )


def no_line(load: Load, application_share: FloatArray, units: str) -> Iterator[str]:
    """Why the application's own work is nowhere on the bill, although there is some."""
    if np.any(load.application_cores.peak) and not np.any(application_share > 0):
        yield (
            "The application's own work has no line of its own: something else than processors "
            f"decides how many {units} run, and it finds room on them."
        )


def _more_than_shown(demand: Demand, carrying: FloatArray, options: FleetOptions) -> Iterator[str]:
    """That nodes hold more connections than anybody published, or than is advised."""
    server = find_server(options.server)
    shown, advised = server.connections_max_published, advised_connections(options)
    held = np.max(demand.peak_connections / np.maximum(carrying, 1))
    if shown is not None and held > shown.value:
        yield (
            f"Nodes hold up to {range_text(held)} connections each in the busiest hour, more than "
            f"the {shown.value:,.0f} on one host that were published for {server.title}."
        )
    elif held > advised:
        yield (
            f"Nodes hold up to {range_text(held)} connections each in the busiest hour, more than "
            f"the {advised:,.0f} that are advised for {server.title}: give connections_per_node."
        )


def size(needs: Mapping[str, tuple[Weekly, FloatArray | float]], unit: str = "unit") -> Sizing:
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
