"""Nodes on Azure and what stands beside them: traffic between zones and to clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from estimator.deployments.base import Request, both_ways
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import AZURE, FLEET_NOT_MODELED, BehindBalancer
from estimator.deployments.fleet.sizing import Fleet, FleetOptions
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
        yield self.data_out(request, "azure.egress.internet")
