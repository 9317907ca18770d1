"""Nodes behind a balancer: what all such deployments share, whatever the cloud.

A deployment says what its nodes are, what its balancer bills, checks and lets in, and what its
vendor leaves open. A cloud says what stands beside nodes: traffic between zones and out, disks.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.demand.wire import Layer
from estimator.deployments.base import Deployment, Metered, Request
from estimator.deployments.fleet.admission import Room, ScalingClock, fleet_admission
from estimator.deployments.fleet.backplane import Backplane, backplane
from estimator.deployments.fleet.server import APPLICATION_WORK
from estimator.deployments.fleet.sizing import Fleet, NodeSpec, build_fleet
from estimator.deployments.limits import Check, limit_value
from estimator.pricing.lines import Usage
from estimator.units import SECONDS_PER_HOUR

FLEET_NOT_MODELED = (APPLICATION_WORK, "a database", "the work of running the fleet")
"""By any fleet."""


@dataclass(frozen=True, slots=True)
class Balancer:
    """What stands in front of the nodes."""

    usage: tuple[Usage, ...] = ()
    checks: tuple[Check, ...] = ()
    front: AdmissionLimits | None = None
    """What it lets in besides the age of a connection, if one scenario was asked."""
    nodes_room: Room | None = None
    """Most nodes that it takes."""
    node_limit_id: str | None = None
    """A limit of connections of a node, besides that of open files."""


class BehindBalancer(Deployment):
    """Nodes behind a balancer; a subclass is a cloud, a subclass of that a deployment."""

    clock: ClassVar[ScalingClock]
    """When the cloud's autoscaler looks, and how long it waits."""
    merges_lines: ClassVar[bool] = True
    """Whether a meter that nodes and Redis share stands on one line of the bill."""

    @abstractmethod
    def balancer(self, request: Request, fleet: Fleet) -> Balancer:
        """What the balancer bills, checks and lets in."""

    @abstractmethod
    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """What the cloud bills besides balancer, nodes and Redis: zones, disks, traffic, logs."""

    def nodes(self, request: Request) -> NodeSpec:
        """What the nodes are; virtual machines without TLS unless a deployment says otherwise."""
        return NodeSpec()

    def node_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """What the nodes are billed as."""
        return fleet.usage(request.demand)

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """What a reader should know."""
        yield from fleet.notes

    def age_limit(self, request: Request) -> str | None:
        """The limit of the age of a connection, if the balancer has one."""

    def meter(self, request: Request) -> Metered:
        """Balancer, nodes, Redis between nodes, what stands beside them, traffic out."""
        age = self.age_limit(request)
        if age:
            cut_hours = limit_value(age) / SECONDS_PER_HOUR
            request = replace(request, demand=request.demand.cut_after(cut_hours))
        spec = self.nodes(request)
        fleet = build_fleet(request, self.cloud, spec)
        redis = backplane(request, self.cloud, fleet.nodes, request.options.redis_machine)
        balancer = self.balancer(request, fleet)
        front = balancer.front or AdmissionLimits()
        if age:
            limits = {**front.limits, "age_most_seconds": age}
            front = replace(front, age_most_seconds=limit_value(age), limits=limits)
        usage = (
            *balancer.usage,
            *self.node_usage(request, fleet),
            *redis.usage,
            *self.beside(request, fleet, redis),
        )
        return Metered(
            one_line_per_meter(usage) if self.merges_lines else usage,
            tuple(self.notes(request, fleet, redis)),
            balancer.checks,
            fleet_admission(
                request,
                fleet,
                self.clock,
                spec,
                front=front,
                nodes_room=balancer.nodes_room,
                node_limit_id=balancer.node_limit_id,
            ),
            fleet.sizing,
        )


def both_ways(demand: Demand, layer: Layer = "ip") -> Weekly:
    """Bytes per hour with clients, in and out."""
    return total(demand.traffic(way, layer) for way in ("to_client", "to_server"))


def one_line_per_meter(usage: Iterable[Usage]) -> tuple[Usage, ...]:
    """Lines of a bill; a meter that several parts use, such as nodes and Redis, stands on one.

    >>> nodes, redis = Usage("m", np.array(2.0), "nodes"), Usage("m", np.array(1.0), "Redis")
    >>> [line] = one_line_per_meter([nodes, redis])
    >>> float(line.quantity), line.formula
    (3.0, 'nodes; and Redis')
    """
    lines: dict[str, Usage] = {}
    for one in usage:
        before = lines.get(one.meter_id)
        lines[one.meter_id] = (
            one
            if before is None
            else Usage(
                one.meter_id,
                np.asarray(before.quantity + one.quantity),
                f"{before.formula}; and {one.formula}",
            )
        )
    return tuple(lines.values())
