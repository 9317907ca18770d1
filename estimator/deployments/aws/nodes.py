"""Nodes on AWS and what stands beside them: Redis, traffic between zones, quotas of processors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.demand.wire import Layer
from estimator.deployments.aws.logs import LogOptions
from estimator.deployments.base import Request, spread
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.machine import find_machine
from estimator.deployments.fleet.server import APPLICATION_WORK
from estimator.deployments.fleet.sizing import Fleet, FleetOptions
from estimator.deployments.limits import limit_value
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import GIB

_INTER_ZONE = "aws.inter_zone.gb"
_METERED_IN_ZONES = 2
"""Out of one and into the other."""

NOT_MODELLED = (
    APPLICATION_WORK,
    "a database",
    "a NAT gateway: clients come in through the balancer, and only what nodes in private subnets "
    "call on their own needs one",
    "storage of logs, and metrics",
    "a web application firewall",
    "the work of running the fleet",
)
"""By any deployment of nodes behind a balancer."""
BOOT_DISKS = "boot disks (EBS)"


class AwsFleetOptions(LogOptions, FleetOptions):
    """Choices for nodes on AWS."""

    redis_machine: str = "m7g.large"
    """Where Redis runs that passes messages between nodes. Assumption: a small machine that does
    not burst."""


def cross_zone_question(*, charged: bool, evidence: str) -> Assumption:
    """Whether traffic between a balancer and nodes in other zones is charged."""
    meanings = {
        "no": "it is free",
        "yes": "it is metered as traffic between zones, in both of them",
    }
    default = "yes" if charged else "no"
    return Assumption(
        id="cross_zone_traffic",
        question="Is traffic between the balancer and nodes in other zones charged?",
        choices={default: meanings[default], **meanings},
        evidence=evidence,
    )


def both_ways(demand: Demand, layer: Layer) -> Weekly:
    """Bytes per hour with clients, in and out."""
    return total(demand.traffic(way, layer) for way in ("to_client", "to_server"))


def zone_usage(request: Request, redis: Backplane, *, cross_zone: bool) -> Iterator[Usage]:
    """Traffic between zones, metered in both; no line if there is none by design.

    Args:
        request: demand and ``FleetOptions``.
        redis: what passes messages between nodes.
        cross_zone: whether what balancer and nodes exchange across zones is charged.
    """
    demand, options = request.demand, request.options
    elsewhere = 1 - 1 / options.zones
    parts: list[str] = []
    gib: FloatArray = np.zeros(())
    if redis.usage:
        gib = gib + redis.other_zones_gib
        parts.append("between nodes and Redis in other zones")
    if cross_zone:
        gib = gib + demand.per_month(both_ways(demand, "ip")) * elsewhere / GIB
        parts.append(f"between balancer and nodes, {elsewhere:.0%} of it across zones")
    if parts and options.zones > 1:
        bytes_per_unit = request.catalog.meter(_INTER_ZONE).bytes_per_unit or GIB
        yield Usage(
            _INTER_ZONE,
            gib * (_METERED_IN_ZONES * GIB / bytes_per_unit),
            f"{' and '.join(parts)}, metered out of one zone and into the other",
        )


def processor_notes(
    request: Request, fleet: Fleet, redis: Backplane, kind: Literal["vm", "container"]
) -> Iterator[str]:
    """Quotas of processors that new accounts start with; they grow with use, or are asked for.

    Notes and not checks: they say more of the age of an account than of a deployment.
    """
    of_nodes = total(
        nodes.times(machine.vcpus)
        for machine, nodes in zip(fleet.machines, fleet.nodes_by_machine, strict=True)
    ).peak
    of_redis = redis.machines * find_machine("aws", "vm", request.options.redis_machine).vcpus
    if kind == "vm":
        yield from _processor_note("aws.ec2.standard_vcpus", of_nodes + of_redis, "EC2")
    else:
        yield from _processor_note("aws.fargate.vcpus", of_nodes, "Fargate")
        yield from _processor_note("aws.ec2.standard_vcpus", np.asarray(of_redis), "EC2")


def _processor_note(limit_id: str, vcpus: FloatArray, service: str) -> Iterator[str]:
    quota = limit_value(limit_id)
    if np.any(vcpus > quota):
        yield (
            f"Needs a quota of {spread(vcpus)} vCPU of {service}; new accounts start with "
            f"{quota:g}."
        )
