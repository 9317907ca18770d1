"""Nodes on Azure and what stands beside them: traffic between zones and to clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from estimator.deployments.base import Request, both_ways
from estimator.deployments.fleet.backplane import Backplane, Redis, ZoneTraffic
from estimator.deployments.fleet.behind_balancer import AZURE, FLEET_NOT_MODELED, BehindBalancer
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.sizing import Fleet
from estimator.pricing.lines import Usage

_INTER_ZONE = "azure.inter_zone.gb"
NOT_MODELED = (
    *FLEET_NOT_MODELED,
    "logs and monitoring",
    "a NAT gateway for what nodes fetch from the internet (what they send to clients needs none)",
)
DISK_OPERATIONS = "operations of disks, billed by 10,000"
BYTES_EVIDENCE = (
    "No statement was found on which bytes count as data out; the network sees all of them."
)


_ZONE_TRAFFIC = ZoneTraffic(_INTER_ZONE, sides=2, managed_sides=2)
"""Counted where it leaves and where it arrives."""


class AzureFleetOptions(FleetOptions):
    """Choices for nodes on Azure."""


class AzureNodes(BehindBalancer):
    """Nodes on Azure, behind a balancer of one's own or of the service."""

    clock = AZURE
    crosses_zones: ClassVar[bool] = False
    """Whether the balancer stands in several zones and passes traffic on to nodes in all."""

    def redis(self, request: Request) -> Redis:
        """Azure Managed Redis, or virtual machines."""
        return Redis("azure", _ZONE_TRAFFIC, self.disk(request), self.kind == "vm")

    def disk(self, request: Request) -> Mapping[str, float]:
        """The smallest standard SSD that the usual images of Linux fit on."""
        return {"azure.disks.standard_ssd_e4_months": 1.0}

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """Traffic between zones, which counts where it leaves and where it arrives; traffic out."""
        demand, zones = request.demand, request.options.zones
        elsewhere = 1 - 1 / zones
        gigabytes = redis.zone_units
        if self.crosses_zones:
            through = demand.per_month(both_ways(demand)) / request.bytes_per_unit(_INTER_ZONE)
            gigabytes = through * elsewhere * _ZONE_TRAFFIC.sides + gigabytes
        parts = ["balancer to nodes and back"] * self.crosses_zones + ["Redis to nodes"]
        yield Usage(
            _INTER_ZONE,
            np.asarray(gigabytes),
            f"{' and '.join(parts)} in other zones ({elsewhere:.0%} of it with {zones} zones), "
            "counted where it leaves and where it arrives",
        )
        yield self.data_out(request, "azure.egress.internet")
