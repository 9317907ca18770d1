"""Nodes on Azure and what stands beside them: traffic between zones and to clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from estimator.deployments.base import Request
from estimator.deployments.fleet.admission import AZURE
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import (
    FLEET_NOT_MODELED,
    BehindBalancer,
    both_ways,
)
from estimator.deployments.fleet.machine import Kind, machines
from estimator.deployments.fleet.sizing import Fleet, FleetOptions
from estimator.errors import MissingRateError
from estimator.pricing.lines import Usage

_INTER_ZONE = "azure.inter_zone.gb"
NOT_MODELED = (
    *FLEET_NOT_MODELED,
    "logs and monitoring",
    "a NAT gateway for what nodes fetch from the internet (what they send to clients needs none)",
)
DISKS = "managed disks of the machines, for which the price files have no price"
BYTES_EVIDENCE = (
    "No statement was found on which bytes count as data out; the network sees all of them."
)


class AzureFleetOptions(FleetOptions):
    """Choices for nodes on Azure."""

    redis_machine: str = "Standard_D2as_v5"
    """Machine for Redis, which passes messages between nodes."""


class AzureNodes(BehindBalancer):
    """Nodes on Azure, behind a balancer of one's own or of the service."""

    clock = AZURE
    crosses_zones: ClassVar[bool] = False
    """Whether the balancer stands in several zones and passes traffic on to nodes in all."""

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """Traffic between zones, which counts where it leaves and where it arrives; traffic out."""
        demand, zones = request.demand, request.options.zones
        elsewhere = 1 - 1 / zones
        gigabytes = redis.other_zones_gib
        if self.crosses_zones:
            through = demand.per_month(both_ways(demand)) / request.bytes_per_unit(_INTER_ZONE)
            gigabytes = through * elsewhere + gigabytes
        parts = ["balancer to nodes and back"] * self.crosses_zones + ["Redis to nodes"]
        yield Usage(
            _INTER_ZONE,
            np.asarray(2 * gigabytes),
            f"{' and '.join(parts)} in other zones ({elsewhere:.0%} of it with {zones} zones), "
            "counted where it leaves and where it arrives",
        )
        yield self.data_out(request, demand, "azure.egress.internet")


def priced(request: Request, kind: Kind, ending: str = "") -> tuple[str, ...]:
    """Names of the machines of a kind that have a price in the region.

    Raises:
        MissingRateError: none has.
    """
    found: list[str] = []
    missing: MissingRateError | None = None
    for name, machine in machines("azure", kind).items():
        if name.endswith(ending):
            try:
                machine.usd_per_hour(request.catalog, request.region)
                found.append(name)
            except MissingRateError as error:
                missing = error
    if not found and missing is not None:
        raise missing
    return tuple(found)
