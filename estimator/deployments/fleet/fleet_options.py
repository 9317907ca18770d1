"""What can be chosen for nodes behind a load balancer?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from estimator.demand.admission_limits import Balancing
from estimator.deployments.fleet.backplane import RedisOptions
from estimator.deployments.fleet.machine import CHEAPEST
from estimator.deployments.fleet.placement import PlacementOptions
from estimator.deployments.fleet.scaling import ScalingOptions
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.deployments.limits import default_of
from estimator.scenario.model import ManyPositive


class FleetOptions(ServerOptions, PlacementOptions, RedisOptions, ScalingOptions):
    """Choices for nodes behind a load balancer."""

    machine: str = CHEAPEST
    """A machine of the cloud by its own name, or ``cheapest``: the one that makes the lowest bill,
    with Redis, disks and traffic between zones."""
    architecture: Literal["any", "x86_64", "arm64"] = "any"
    """Processors to choose the cheapest machine from."""
    connections_per_node: ManyPositive | None = None
    """Most connections that a node holds in the busiest hour, if you size by them; ``headroom`` is
    not taken off. Memory, processor or network may still need more nodes."""
    processes_per_node: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Server processes or pods on each node. Each subscribes to Redis for itself and gets copies of
    its own."""
    open_files: float = default_of("system.linux.open_files_hard_max", ge=1)
    """Most connections that a node's limit of open files allows. Default: the highest setting of
    Linux."""
    scaling_lag_hours: Annotated[int, Field(ge=0, le=24)] = 1
    """Hours by which nodes start before they are needed and stay after, unless scaling is static.
    Assumption: one, since demand is known by the hour."""
    balancing: Balancing | None = None
    """Which node a new connection goes to: any that has room, as if there were one (pooled), the
    next one (round_robin), the one with the fewest connections (least_connections), any (random),
    or always the same for a client (sticky). Default: as the balancer does unless told otherwise.
    Only simulations look at it."""
    slow_start_seconds: Annotated[float, Field(ge=0)] = 0
    """Time in which the balancer sends a node that has come more and more of the new connections,
    if it is set so. Only simulations look at it."""
    node_start_minutes: Annotated[float, Field(ge=0)] = 3
    """Time from the decision to start a node until it takes connections, unless scaling is static.
    Only simulations look at it. Assumption: three, to boot, start the server and pass health
    checks; containers often take less."""
