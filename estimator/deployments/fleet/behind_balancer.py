"""Nodes behind a balancer: what all such deployments share, whatever the cloud.

A deployment says what its nodes are, what its balancer bills, checks and lets in, and what its
vendor leaves open. A cloud says what stands beside nodes: disks, traffic between zones and out.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import (
    AdmissionLimits,
    Autoscaling,
    Balancing,
    ConnectWork,
)
from estimator.demand.demand import over_month
from estimator.demand.weekly import total
from estimator.deployments.base import Deployment, Metered, Request
from estimator.deployments.duties import Component
from estimator.deployments.fleet.backplane import Backplane, Redis, backplane
from estimator.deployments.fleet.connect_work import Capacity, connect_work, sign_in_stage
from estimator.deployments.fleet.host_limits import host_checks
from estimator.deployments.fleet.machine import CHEAPEST, Kind, machines
from estimator.deployments.fleet.redis_nodes import redis_nodes
from estimator.deployments.fleet.server import sockets_per_client
from estimator.deployments.fleet.server_figures import server_names
from estimator.deployments.fleet.sizing import Fleet, NodeSpec, build_fleet, exchange_between
from estimator.deployments.limits import Check, check, limit_value
from estimator.format import range_text
from estimator.pricing.catalog import Catalog
from estimator.pricing.hourly_use import together
from estimator.pricing.lines import Usage
from estimator.units import SECONDS_PER_MINUTE

FLEET_NOT_MODELED = ("a database",)
"""By any fleet."""
MORE_ROOM = "use larger nodes, or more load balancers"
"""What helps where nodes outnumber the targets of the balancers."""
MEAN_IS_OLD_BY = 0.5
"""Of a window: a mean over it tells what was in its middle."""
ROLES = {
    "nodes": "nodes",
    "containers": "containers",
    "redis": "Redis",
    "application_servers": "application servers",
}
"""What machines are there for, as a part of a line."""
HEARD = "system.backplane.heard_share"
"""The limit of what a node hears from others."""
_OPEN_FILES = "system.linux.open_files_hard_max"


@dataclass(frozen=True, slots=True)
class ScalingClock:
    """Limits that tell when an autoscaler looks, at what, and how long it waits."""

    autoscaler: str
    """How the ids of the limits begin."""
    every: str
    """The time between two looks."""
    lag: str
    """The time until a change is seen, or over which a mean is taken."""
    cool_down: str
    """The time until units stop."""
    lag_share: float = 1.0
    """Part of that time by which what is seen is old."""

    @property
    def cool_down_limit(self) -> str:
        """Id of the limit of the time until units stop."""
        return f"{self.autoscaler}.{self.cool_down}"

    def times(self, autoscaling: Autoscaling) -> Autoscaling:
        """An autoscaler, with the times of this clock."""
        names = (self.every, self.lag, self.cool_down)
        every, lag, cool_down = (limit_value(f"{self.autoscaler}.{name}") for name in names)
        return replace(
            autoscaling,
            every_seconds=every,
            lag_seconds=lag * self.lag_share,
            cool_down_seconds=cool_down,
        )


AWS = ScalingClock("aws.autoscaling", "metric_period", "scale_out_window", "scale_in_window")
AZURE = ScalingClock(
    "azure.autoscale", "evaluation_period", "duration", "cool_down", MEAN_IS_OLD_BY
)
CONTAINER_APPS = ScalingClock(
    "azure.container_apps",
    "http_rule_period",
    "http_rule_period",
    "scale_in_window",
    MEAN_IS_OLD_BY,
)
CLOUD_RUN = ScalingClock(
    "gcp.cloud_run", "autoscaler_period", "autoscaler_window", "idle_kept", MEAN_IS_OLD_BY
)
GCP = ScalingClock("gcp.autoscaling", "metric_period", "metric_delay", "stabilization_period")
OCI = ScalingClock("oci.autoscaling", "metric_period", "scale_out_window", "cool_down")


@dataclass(frozen=True, slots=True)
class Room:
    """How many nodes there may be, and what bounds them."""

    limit_id: str
    most: FloatArray | float
    """Shape (*many,)."""


class BehindBalancer(Deployment):
    """Nodes behind a balancer; a subclass is a cloud, a subclass of that a deployment."""

    kind: ClassVar[Kind] = "vm"
    """What kind of machines its nodes are."""
    clock: ClassVar[ScalingClock]
    """When the cloud's autoscaler looks, and how long it waits."""
    merges_lines: ClassVar[bool] = True
    """Whether a meter that nodes and Redis share stands on one line of the bill."""
    targets_limit: ClassVar[str | None] = None
    """The limit of the nodes behind one balancer, if there is one."""
    balancing: ClassVar[Balancing] = "pooled"
    """Which node a new connection goes to unless the balancer is told otherwise; pooled where the
    vendor does not say."""

    @property
    def names(self) -> Mapping[str, Collection[str]]:
        """Servers, and machines of the cloud for nodes, and sizes of Redis."""
        return {
            "server": server_names(),
            "machine": (CHEAPEST, *machines(self.cloud, self.kind)),
            "redis_machine": (CHEAPEST, *redis_nodes(self.cloud), *machines(self.cloud, "vm")),
        }

    @abstractmethod
    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """What nodes and balancer are asked for."""

    @abstractmethod
    def disk(self, request: Request) -> Mapping[str, float]:
        """Units of meters that the boot disk of a virtual machine takes per month."""

    @abstractmethod
    def redis(self, request: Request) -> Redis:
        """Where Redis runs that passes messages between nodes."""

    @abstractmethod
    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """What the cloud bills besides balancer, nodes and Redis: zones, traffic, logs."""

    def nodes(self, request: Request) -> NodeSpec:
        """What the nodes are; without TLS unless a deployment says otherwise.

        Virtual machines have a boot disk; containers and plans bring a disk of their own.
        """
        beside = self.disk(request) if self.kind == "vm" else {}
        room = self.room(request)
        return NodeSpec(
            kind=self.kind,
            beside=beside,
            nodes_in_all=room.most * self.balancers_needed(request) if room else np.inf,
            redis=self.redis(request),
        )

    def node_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """What the nodes are billed as."""
        return fleet.usage(request.demand)

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterable[Usage]:
        """What the balancer bills; a service's own costs nothing."""
        return ()

    def balancer_hours(self, request: Request, fleet: Fleet, meter_id: str) -> Usage:
        """All hours of the balancers."""
        balancers = fleet.balancers
        text = f"balancers ({range_text(balancers)}) x hours of the month"
        return Usage(meter_id, over_month(request.demand, balancers), text)

    def front(self, request: Request, fleet: Fleet) -> AdmissionLimits:
        """What the balancer lets in besides the age of a connection, for one scenario."""
        return AdmissionLimits()

    def balancers_needed(self, request: Request) -> FloatArray | float:
        """How many the clients need, however many nodes stand behind."""
        return 1.0

    def balancers(self, request: Request, fleet: Fleet) -> FloatArray | float:
        """How many stand in front of the nodes."""
        return self.balancers_needed(request)

    def room(self, request: Request) -> Room | None:
        """Nodes that there may be behind one balancer, if something bounds them."""
        limit_id = self.targets_limit
        return None if limit_id is None else Room(limit_id, limit_value(limit_id))

    def targets(self, request: Request, fleet: Fleet) -> Room | None:
        """The same for a fleet."""
        return self.room(request)

    def targets_checks(self, request: Request, fleet: Fleet, fix: str = "") -> Iterator[Check]:
        """Whether the balancers take the nodes."""
        if room := self.targets(request, fleet):
            most = room.most * fleet.balancers
            yield Check(room.limit_id, fleet.nodes.peak, most, fix)

    def node_limit_id(self, request: Request, fleet: Fleet) -> str | None:
        """A limit of connections of a node, besides that of open files."""

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """What a reader should know."""
        yield from fleet.notes

    def age_limit(self, request: Request) -> str | None:
        """The limit of the age of a connection, if the balancer has one."""

    def age_seconds(self, request: Request) -> float:
        """The age at which the balancer closes connections, if it does: the limit as it stands."""
        age = self.age_limit(request)
        return np.inf if age is None else limit_value(age)

    def _sized(self, request: Request) -> tuple[Request, Fleet]:
        """The request with connections cut at their age, and nodes and balancers for it."""
        if np.isfinite(seconds := self.age_seconds(request)):
            request = request.cut_after(seconds)
        fleet = build_fleet(request, self.cloud, self.nodes(request))
        return request, replace(fleet, balancers=np.asarray(self.balancers(request, fleet)))

    def core_families(self, request: Request) -> Collection[str]:
        """Those of the machines that are chosen."""
        return {machine.family for machine in self._sized(request)[1].machines}

    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        """What nodes and balancer are asked for."""
        return self._all_checks(*self._sized(request))

    def _all_checks(self, request: Request, fleet: Fleet) -> tuple[Check, ...]:
        heard = fleet.heard_share
        backplane_checks = () if heard is None else (check(HEARD, heard),)
        return (
            *backplane_checks,
            *self.checks(request, fleet),
            *self.transport_checks(request),
            *host_checks(request, fleet),
        )

    def meter(self, request: Request) -> Metered:
        """Balancer, nodes, Redis between nodes, what stands beside them, traffic out."""
        request, fleet = self._sized(request)
        redis = backplane(fleet.redis, request.demand, self.cloud)
        usage = (
            *self.balancer_usage(request, fleet),
            *self.node_usage(request, fleet),
            *fleet.beside(request.demand),
            *redis.usage,
            *self.beside(request, fleet, redis),
        )
        return Metered(
            one_line_per_meter(usage, request.catalog) if self.merges_lines else usage,
            (*redis.notes, *self.notes(request, fleet, redis)),
            self._all_checks(request, fleet),
            AdmissionLimits if request.many else partial(self._admission, request, fleet),
            fleet.sizing,
            runs=frozenset[Component](
                [
                    "virtual_machines" if self.kind == "vm" else "containers",
                    *(["node_tls"] if fleet.spec.ends_tls else []),
                ]
            )
            | redis.runs,
        )

    def _admission(self, request: Request, fleet: Fleet) -> AdmissionLimits:
        """What balancer and nodes let in, and how the number of nodes follows; for one scenario.

        A node holds what it can before something of it is used up, not only what it is planned for.
        """
        options, [machine] = request.options, fleet.machines
        each, front = float(fleet.connections_each), self.front(request, fleet)
        limits = dict(front.limits)
        if age := self.age_limit(request):
            front = replace(front, age_most_seconds=self.age_seconds(request))
            if front.age_most_seconds == limit_value(age):
                limits["age_most_seconds"] = age
        # files and flows of a proxy are two for each client
        held = (each, each * sockets_per_client(options))
        for limit_id in filter(None, (_OPEN_FILES, self.node_limit_id(request, fleet))):
            if limit_value(limit_id) in held:
                limits["connections_per_unit"] = limit_id
        admission = replace(
            front,
            connections_per_unit=each,
            unit_name=fleet.spec.unit,
            connect_work=_connect_work(request, fleet),
            stages=(*front.stages, *sign_in_stage(options)),
            balancing=options.balancing or self.balancing,
            slow_start_seconds=options.slow_start_seconds,
            zone_share=_zone_share(float(fleet.nodes.peak), options.zones),
            limits=limits,
            options={"machine": machine.machine},
        )
        if not options.by_hour:
            return replace(admission, units=float(fleet.nodes.peak))
        most = np.inf
        if room := self.targets(request, fleet):
            most = float(room.most * fleet.balancers)
            limits["most_units"] = room.limit_id
        autoscaling = Autoscaling(
            target_share=float(options.headroom) * fleet.placement.carrying_share,
            # a connection that finds none starts the first one
            least_units=max(float(fleet.sizing.least_units) - fleet.placement.extra, 1),
            group_size=fleet.placement.group_size,
            spare_units=fleet.placement.extra,
            most_units=most,
            start_seconds=options.node_start_minutes * SECONDS_PER_MINUTE,
            stops_when_empty=fleet.sizing.least_units == 0,
            schedule=tuple(fleet.nodes.hourly.tolist()) if options.scaling == "scheduled" else (),
        )
        return replace(admission, autoscaling=self.clock.times(autoscaling))


def _connect_work(request: Request, fleet: Fleet) -> ConnectWork:
    """What the nodes of one scenario do for each new connection."""
    options, spec, [machine] = request.options, fleet.spec, fleet.machines
    exchange = exchange_between(request, spec)
    heard = exchange.copies_by_hour(fleet.nodes)
    return connect_work(
        request.demand,
        options,
        Capacity(
            machine.vcpus,
            machine.cores * float(options.core_speed_factor),
            min(machine.network_mbps, spec.mbps_most),
        ),
        tls=spec.ends_tls,
        heard=heard,
        exchanged_bytes=total((heard.bytes, exchange.bytes_in)),
    )


def _zone_share(nodes: float, zones: int) -> float | None:
    """Part of so many nodes that stand in the largest of so many zones; None of no nodes.

    >>> _zone_share(7, zones=3) == 3 / 7
    True
    """
    return float(np.ceil(nodes / zones)) / nodes if nodes else None


def one_line_per_meter(usage: Iterable[Usage], catalog: Catalog | None = None) -> tuple[Usage, ...]:
    """Lines of a bill; a meter that nodes and Redis use stands on one, each part of it on its own.

    Where a contract tells what machines are there for, so do the lines.

    >>> nodes, redis = Usage("m", np.array(2.0), "nodes"), Usage("m", np.array(1.0), "Redis")
    >>> [line] = one_line_per_meter([nodes, redis])
    >>> float(line.quantity), line.formula
    (3.0, 'nodes; and Redis')
    """
    lines: dict[tuple[str, str, str | None], Usage] = {}
    contract = catalog and catalog.contract
    for one in usage:
        role = one.role
        if role in ROLES and contract and contract.tells_roles_apart(one.meter_id):
            one = replace(one, part=one.part or ROLES[role])
        else:
            role = None
        key = one.meter_id, one.part, role
        before = lines.get(key)
        lines[key] = (
            one
            if before is None
            else replace(
                one,
                quantity=np.asarray(before.quantity + one.quantity),
                formula=f"{before.formula}; and {one.formula}",
                role=before.role if before.role == one.role else "other",
                by_hour=together((each.quantity, each.by_hour) for each in (before, one)),
            )
        )
    return tuple(lines.values())
