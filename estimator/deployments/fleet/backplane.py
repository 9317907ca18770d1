"""What passes messages between nodes: Redis on machines of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import over_month
from estimator.demand.weekly import Course, Weekly, total
from estimator.deployments.base import Request, mbps, shared_once
from estimator.deployments.fleet.machine import find_machine
from estimator.deployments.fleet.sizing import whole
from estimator.deployments.limits import limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.units import GIB, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Backplane:
    """Redis between the nodes, so that a message reaches recipients on other nodes."""

    usage: tuple[Usage, ...]
    other_zones_gib: FloatArray
    """Traffic to, from and within it that crosses zones per month, shape (*many,)."""
    machines: FloatArray | float = 0.0
    """Instances of Redis, replicas included, shape (*many,)."""


def backplane(request: Request, cloud: str, nodes: Weekly, machine: str) -> Backplane:
    """What passing messages between nodes takes: every message that others receive goes to all.

    Args:
        request: demand and ``FleetOptions``.
        cloud: whose machines.
        nodes: those that subscribe, in each hour.
        machine: the machine on which Redis runs, twice: it and a replica.
    """
    demand, options = request.demand, request.options
    published = tuple(shared_once(demand))
    several = nodes.peak > 1
    if not options.backplane or not published or not np.any(several):
        return Backplane((), np.zeros(()))
    found = find_machine(cloud, "vm", machine)
    each_node = _each_node(nodes)
    deliveries = each_node(total(s.per_hour for s in published))
    bytes_in = total(s.bytes_per_hour("ip") for s in published)
    bytes_out = each_node(bytes_in)
    per_second = limit_value("system.redis.deliveries_per_second")
    instances = np.maximum(
        whole(deliveries.peak / SECONDS_PER_HOUR / per_second),
        whole(mbps(bytes_out).peak / ((found.network_mbps or np.inf) * options.headroom)),
    )
    running = 2 * np.maximum(instances, 1) * several
    usage = tuple(
        Usage(
            meter,
            over_month(demand, running) * quantity,
            f"Redis on {found.title} ({range_text(running)} with replicas): every node must get "
            "every message",
        )
        for meter, quantity in found.parts.items()
    )
    # from nodes to Redis and from it to all nodes, and from it to a replica in another zone
    elsewhere = 1 - 1 / options.zones
    replica = float(options.zones > 1)
    crossover = total((bytes_out.times(elsewhere), bytes_in.times(elsewhere + replica)))
    crossover = crossover.times(several.astype(np.float64))
    return Backplane(usage, demand.per_month(crossover) / GIB, running)


def _each_node(nodes: Weekly) -> Callable[[Weekly], Weekly]:
    """What multiplies a quantity by the nodes there are, hour by hour."""
    if all(course.level for _, course in nodes.terms):
        return lambda quantity: quantity.times(nodes.peak)

    # messages and their bytes follow the same courses, of which each is multiplied once
    @cache
    def following(course: Course) -> Course:
        return Course(course.hours * nodes.hourly)

    def times_nodes(quantity: Weekly) -> Weekly:
        return Weekly(tuple((scale, following(course)) for scale, course in quantity.terms))

    return times_nodes
