"""Nodes on Azure and what stands beside them: traffic between zones and to clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np

from estimator.deployments.base import Request, both_ways
from estimator.deployments.fleet.backplane import Backplane, Redis, ZoneTraffic
from estimator.deployments.fleet.behind_balancer import AZURE, FLEET_NOT_MODELED, BehindBalancer
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.sizing import Fleet
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.scenario.model import ManyFromZero

_INTER_ZONE = "azure.inter_zone.gb"
_EGRESS = "azure.egress.internet"
ADDRESS = "azure.public_ipv4.hours"
NOT_MODELED = (*FLEET_NOT_MODELED, "logs and monitoring")
OF_MACHINES_NOT_MODELED = (
    "operations of disks, billed by 10,000",
    "an internal load balancer: its rules and data cost the same, and its address nothing, but "
    "what brings clients to it (VPN, ExpressRoute, peering) has prices of its own",
)
"""What virtual machines and their balancers leave out besides."""
BYTES_EVIDENCE = (
    "No statement was found on which bytes count as data out; the network sees all of them."
)


_ZONE_TRAFFIC = ZoneTraffic(_INTER_ZONE, sides=2, managed_sides=2)
"""Counted where it leaves and where it arrives."""


class AzureFleetOptions(FleetOptions):
    """Choices for nodes on Azure."""


class AzureMachineOptions(AzureFleetOptions):
    """Choices for virtual machines on Azure."""

    routing: Literal["microsoft_network", "internet"] = "microsoft_network"
    """Routing preference of the public address: Microsoft's own network up to near the clients, the
    vendor's default, or the internet from the region on, which costs less."""
    outbound_gb_per_month: ManyFromZero = 0.0
    """GB that nodes themselves send to the internet per month, besides what clients get.
    Assumption: nothing that counts; calls to services of the same region stay inside."""


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
        yield self.data_out(request, self.egress_meter(request))

    def egress_meter(self, request: Request) -> str:
        """What counts data that leaves for the internet: the default routing."""
        return _EGRESS


class AzureMachines(AzureNodes):
    """Virtual machines on Azure, and their way out of a network of one's own."""

    def egress_meter(self, request: Request) -> str:
        """By the routing preference of the public address.

        https://learn.microsoft.com/azure/virtual-network/ip-services/routing-preference-overview
        """
        internet = request.options.routing == "internet"
        return "azure.egress.routing_preference_internet" if internet else _EGRESS

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """What all nodes have, and how these reach the internet.

        https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access
        """
        yield from super().beside(request, fleet, redis)
        options, demand = request.options, request.demand
        sent, hours = np.asarray(options.outbound_gb_per_month), np.asarray(demand.hours_per_month)
        text = "what nodes themselves send to the internet (outbound_gb_per_month)"
        if options.outbound == "nat_gateway":
            yield Usage("azure.nat_gateway.hours", hours, "one gateway x hours of the month")
            yield Usage(ADDRESS, hours, "the NAT gateway's address x hours of the month")
            yield Usage("azure.nat_gateway.gb", sent, text)
        elif options.outbound == "public_addresses":
            count = range_text(fleet.nodes.peak, unit="nodes")
            addresses = demand.per_month(fleet.nodes)
            yield Usage(ADDRESS, addresses, f"an address of each of {count} while it runs")
        if options.outbound != "none" and np.any(sent > 0):
            yield Usage(self.egress_meter(request), sent, text)
