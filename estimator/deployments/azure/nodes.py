"""Nodes on Azure and what stands beside them: Redis, traffic between zones, idle timeouts."""

from __future__ import annotations

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import Request
from estimator.deployments.fleet.machine import Kind, Machine, machines
from estimator.deployments.fleet.server import APPLICATION_WORK
from estimator.deployments.fleet.sizing import FleetOptions
from estimator.errors import MissingRateError
from estimator.pricing.lines import Usage

_INTER_ZONE = "azure.inter_zone.gb"
NOT_MODELLED = (
    APPLICATION_WORK,
    "a database",
    "logs and monitoring",
    "a NAT gateway for what nodes fetch from the internet (what they send to clients needs none)",
    "the work of running the fleet",
)
"""What no fleet's bill has here."""
DISKS = "managed disks of the machines, of which the catalogue has no price"
EVIDENCE_BYTES = (
    "No statement was found on which bytes count as data out; the network sees all of them."
)


class AzureFleetOptions(FleetOptions):
    """Choices for nodes on Azure."""

    redis_machine: str = "Standard_D2as_v5"
    """Where Redis runs that passes messages between nodes."""


def both_ways(demand: Demand) -> Weekly:
    """Traffic with clients, in and out, in bytes per hour."""
    return total(demand.traffic(way, "ip") for way in ("to_client", "to_server"))


def inter_zone(request: Request, redis_gib: FloatArray, *, balanced: bool = False) -> Usage:
    """Traffic between zones, which the price list counts where it leaves and where it arrives.

    Args:
        request: demand and ``FleetOptions``.
        redis_gib: from Redis to nodes in other zones in a month.
        balanced: whether a balancer in several zones passes traffic on to nodes in all of them.
    """
    demand, zones = request.demand, request.options.zones
    bytes_per_unit = request.catalog.meter(_INTER_ZONE).bytes_per_unit
    assert bytes_per_unit is not None, f"{_INTER_ZONE} does not count bytes"
    elsewhere = 1 - 1 / zones
    crossover = demand.per_month(both_ways(demand)) / bytes_per_unit * elsewhere * balanced
    parts = ["Redis to nodes"]
    if balanced:
        parts.insert(0, "balancer to nodes and back")
    return Usage(
        _INTER_ZONE,
        np.asarray(2 * (crossover + redis_gib)),
        f"{' and '.join(parts)} in other zones ({elsewhere:.0%} of it with {zones} zones), "
        "counted where it leaves and where it arrives",
    )


def priced(request: Request, kind: Kind, ending: str = "") -> dict[str, Machine]:
    """Machines of a kind that have a price in the region.

    Raises:
        MissingRateError: none has.
    """
    found: dict[str, Machine] = {}
    missing: MissingRateError | None = None
    for name, machine in machines("azure", kind).items():
        if not name.endswith(ending):
            continue
        try:
            machine.usd_per_hour(request.catalog, request.region)
        except MissingRateError as error:
            missing = error
        else:
            found[name] = machine
    if not found and missing is not None:
        raise missing
    return found
