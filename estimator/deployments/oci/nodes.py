"""Nodes on OCI and what stands beside them: disks, Redis, bandwidth of a balancer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.weekly import Weekly
from estimator.deployments.base import Request, spread
from estimator.deployments.fleet.admission import Room
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.sizing import Fleet, FleetOptions, whole
from estimator.deployments.limits import Check, check, limit_value
from estimator.pricing.lines import Usage

_LB = "oci.load_balancer"


class OciFleetOptions(FleetOptions):
    """Choices for nodes on OCI."""

    redis_machine: str = "VM.Standard.E5.Flex/1/8"
    """Where Redis runs that passes messages between nodes."""
    boot_volume_gb: Annotated[float, Field(ge=50)] = 50
    """Boot disk of each virtual machine, those of Redis included."""
    boot_volume_vpu_per_gb: Annotated[float, Field(ge=10, le=120)] = 10
    """Performance units for each GB of boot disk; 10 is called balanced and is the default."""


class BalancerOptions(OciFleetOptions):
    """Choices for nodes behind the flexible load balancer."""

    min_mbps: Annotated[float, Field(ge=10, le=8000)] = 10
    """Bandwidth that is always reserved on each load balancer."""


def boot_disks(machines: FloatArray, options: OciFleetOptions) -> Iterator[Usage]:
    """A boot disk for each virtual machine that ever runs."""
    yield Usage(
        "oci.block_volume.storage",
        machines * options.boot_volume_gb,
        f"a boot disk of {options.boot_volume_gb:g} GB on {spread(machines, 'virtual machines')}",
    )
    yield Usage(
        "oci.block_volume.performance",
        machines * options.boot_volume_gb * options.boot_volume_vpu_per_gb,
        f"{options.boot_volume_vpu_per_gb:g} performance units for each GB of boot disk",
    )


def disk_of_a_node(
    options: OciFleetOptions, hours_per_month: float | FloatArray
) -> dict[str, float | FloatArray]:
    """Units of meters an hour that the boot disk of a node takes."""
    gb = options.boot_volume_gb / hours_per_month
    return {
        "oci.block_volume.storage": gb,
        "oci.block_volume.performance": gb * options.boot_volume_vpu_per_gb,
    }


def redis_usage(redis: Backplane) -> Iterator[Usage]:
    """Machines of Redis, and its traffic between availability domains, which is free."""
    yield from redis.usage
    if redis.usage:
        yield Usage(
            "oci.inter_ad.gb",
            redis.other_zones_gib,
            "messages on their way to nodes and a replica in other availability domains",
        )


def balancer_usage(used_mbps: Weekly, request: Request, min_mbps: float) -> Iterator[Usage]:
    """Hours and bandwidth of as many flexible load balancers as the traffic needs."""
    demand = request.demand
    balancers = _balancers(used_mbps)
    billed = np.maximum(used_mbps.hourly, (balancers * min_mbps)[..., None])
    yield Usage(
        f"{_LB}.hours",
        balancers * demand.hours_per_month,
        f"balancers ({spread(balancers)}) x hours of the month",
    )
    yield Usage(
        f"{_LB}.mbps_hours",
        billed.mean(axis=-1) * demand.hours_per_month,
        f"in each hour the larger of {min_mbps:g} Mbps a balancer and the traffic in "
        f"and out, up to {spread(used_mbps.peak, 'Mbps')}",
    )


def balancer_checks(used_mbps: Weekly, fleet: Fleet) -> Iterator[Check]:
    """Quotas of the region and edges of one balancer."""
    balancers = _balancers(used_mbps)
    yield Check(
        f"{_LB}.bandwidth_per_region_mbps",
        used_mbps,
        limit_value(f"{_LB}.bandwidth_per_region_mbps"),
        "ask Oracle for a quota of {used} Mbps in the region",
    )
    yield check(f"{_LB}.per_region_universal_credits", balancers)
    room = backends_room(used_mbps)
    yield Check(room.limit_id, fleet.nodes.peak, room.most, "larger nodes, or more load balancers")


def backends_room(used_mbps: Weekly) -> Room:
    """Nodes behind as many load balancers as the traffic needs."""
    backends = f"{_LB}.backends"
    return Room(limit_value(backends) * _balancers(used_mbps), backends)


def _balancers(used_mbps: Weekly) -> FloatArray:
    return np.maximum(whole(used_mbps.peak / limit_value(f"{_LB}.bandwidth_max_mbps")), 1.0)
