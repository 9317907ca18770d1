"""Nodes on Compute Engine and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator

from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.machine import find_machine
from estimator.deployments.fleet.server import APPLICATION_WORK
from estimator.deployments.fleet.sizing import Fleet, FleetOptions
from estimator.deployments.gcp.sustained_use import sustained_use_notes


class GcpFleetOptions(FleetOptions):
    """Choices for virtual machines on Compute Engine."""

    redis_machine: str = "e2-standard-2"
    """Where Redis runs that passes messages between nodes."""


NODES_NOT_MODELLED = (
    APPLICATION_WORK,
    "persistent disks of nodes and Redis, of which the catalogue has no price",
    "Cloud NAT: nodes have no external address and answer clients without it, but what they fetch "
    "from the internet themselves would need it",
    "a database",
    "logs and monitoring",
    "Cloud Armor",
    "the work of running the fleet",
)


def node_notes(fleet: Fleet, redis: Backplane, options: GcpFleetOptions) -> Iterator[str]:
    """What a reader should know about the nodes and the machines of Redis."""
    yield from fleet.notes
    beside = [find_machine("gcp", "vm", options.redis_machine)] if redis.usage else []
    yield from sustained_use_notes([*fleet.machines, *beside])
