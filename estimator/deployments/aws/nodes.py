"""Nodes on AWS behind its load balancers: capacity units, addresses, zones, quotas."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import most_in_month, over_month
from estimator.demand.weekly import Weekly
from estimator.demand.wire import Layer
from estimator.deployments.aws.messaging import WIRE_BYTES, LogOptions, log_usage
from estimator.deployments.base import Request, both_ways
from estimator.deployments.fleet.backplane import Backplane, Redis, ZoneTraffic
from estimator.deployments.fleet.behind_balancer import AWS, FLEET_NOT_MODELED, BehindBalancer
from estimator.deployments.fleet.choice import whole
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.sizing import Fleet, NodeSpec, size
from estimator.deployments.limits import default_of, limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import GB, GIB

_INTER_ZONE = "aws.inter_zone.gb"
_ADDRESSES = "aws.public_ipv4.hours"
_EC2_QUOTA = ("aws.ec2.standard_vcpus", "EC2")
_METERED_IN_ZONES = 2
"""Out of one and into the other."""
ZONE_TRAFFIC = ZoneTraffic(_INTER_ZONE, sides=_METERED_IN_ZONES, managed_sides=1)
"""Of ElastiCache only what the nodes send and receive is metered:
https://aws.amazon.com/elasticache/pricing/"""

NOT_MODELED = (
    *FLEET_NOT_MODELED,
    "VPC endpoints",
    "log storage and metrics",
    "a web application firewall, and CloudFront in front of the balancer",
)
ASKED_OF_ALL = (WIRE_BYTES,)
"""What is open about every fleet on AWS."""


class AwsFleetOptions(LogOptions, FleetOptions):
    """Choices for nodes on AWS."""

    boot_disk_gb: float = default_of("aws.ec2.boot_disk_gb", ge=1, le=65_536)
    """Boot disk (gp3) of each virtual machine, those of Redis included; a GB is 2^30 bytes here.
    Default: that of the vendor's own image of Linux."""
    outbound: Literal["public_addresses", "nat_gateway", "none"] = "public_addresses"
    """How nodes, and machines that run Redis, reach what is outside, such as images of containers,
    updates and APIs. public_addresses: each has a public IPv4 address, as in the default VPC;
    nat_gateway: none has, and a NAT gateway in each zone passes on what they ask for; none: they
    reach nothing outside."""
    nat_gb_per_node: Annotated[float, Field(ge=0)] = 1
    """What a node gets and sends through a NAT gateway in a month, in GB of 2^30 bytes, besides
    logs. Assumption: one, for images and updates; calls of your own code to APIs come on top."""


def gigabyte_question(unit: str) -> Assumption:
    """Which GB a capacity unit is."""
    return Assumption(
        id="capacity_gigabyte",
        question=f"Is the GB of a capacity unit ({unit}) 10^9 or 2^30 bytes?",
        choices={
            "1000": "one GB is 1,000,000,000 bytes",
            "1024": "one GB is 1,073,741,824 bytes",
        },
        evidence="The worked example on AWS's load balancer price page turns 300 KB per second "
        "into 1.08 GB per hour, so its GB is 1,000 MB; the GB of data transfer is 1,024 MB.",
    )


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


class AwsNodes(BehindBalancer):
    """Nodes behind a load balancer of AWS that bills capacity units."""

    clock = AWS
    processor_quota = _EC2_QUOTA
    """The limit of the nodes' processors, and what is limited."""
    balancer: ClassVar[str]
    """How the ids of the balancer's meters and limits begin."""
    capacity_unit: ClassVar[str]
    """What its meter calls a capacity unit."""

    @abstractmethod
    def dimensions(self, request: Request) -> Mapping[str, tuple[Weekly, float]]:
        """What is used in each hour and what a capacity unit holds; the largest counts."""

    def redis(self, request: Request) -> Redis:
        """ElastiCache, or EC2 instances."""
        beside, per_hour = self.disk(request), _addresses(request)
        return Redis("aws", ZONE_TRAFFIC, beside, self.kind == "vm", per_hour)

    def disk(self, request: Request) -> Mapping[str, float]:
        """General purpose SSD."""
        return {"aws.ebs.gp3_gb_months": request.options.boot_disk_gb}

    def nodes(self, request: Request) -> NodeSpec:
        """Nodes behind as many balancers as they need as targets."""
        room = self.room(request)
        return replace(
            super().nodes(request),
            nodes_in_all=np.inf,
            hourly=_addresses(request),
            balancer=self.per_balancer(request),
            nodes_per_balancer=float(room.most) if room else np.inf,
        )

    def per_balancer(self, request: Request) -> Mapping[str, float]:
        """What each balancer takes per hour besides its capacity units."""
        return {f"{self.balancer}.hours": 1.0, _ADDRESSES: self.balancer_addresses(request)}

    def balancer_addresses(self, request: Request) -> float:
        """Public addresses of each balancer: one in each zone."""
        return request.options.zones

    def balancers(self, request: Request, fleet: Fleet) -> FloatArray:
        """As many as the nodes need as targets."""
        room = self.room(request)
        return np.maximum(whole(fleet.nodes.peak / (room.most if room else np.inf)), 1.0)

    def crosses_zones(self, request: Request) -> bool:
        """Whether traffic between the balancer and nodes in other zones is charged."""
        return request.answers["cross_zone_traffic"] == "yes"

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Hours, capacity units and addresses of load balancers."""
        demand, addresses = request.demand, self.balancer_addresses(request)
        dimensions = self.dimensions(request)
        hours = self.balancer_hours(request, fleet, f"{self.balancer}.hours")
        sized = size(dimensions)
        most = most_in_month(demand, sized.peak_units)
        held = ", ".join(f"{name} / {each:,g}" for name, (_, each) in dimensions.items())
        yield hours
        yield Usage(
            f"{self.balancer}.{self.capacity_unit}_hours",
            demand.per_month(sized.units),
            f"in each hour the largest of {held}; up to "
            f"{range_text(most, unit='units')}, decided by {sized.binding_of_largest}",
        )
        if addresses:
            yield Usage(
                _ADDRESSES,
                hours.quantity * addresses,
                f"an address in each of {addresses:g} zones for each balancer, all hours of the "
                "month",
            )

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """NAT gateways, traffic between zones, traffic out, logs."""
        if request.options.outbound == "nat_gateway":
            yield from _nat_usage(request, fleet)
        yield from _zone_usage(request, redis, cross_zone=self.crosses_zones(request))
        yield from self.traffic_out(request)
        yield from log_usage(request)

    def traffic_out(self, request: Request) -> Iterator[Usage]:
        """What nodes send to clients."""
        yield self.data_out(request, "aws.egress.internet")

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """Quotas of processors that new accounts start with; they grow with use or on request.

        Notes and not checks: they say more of the age of an account than of a deployment.
        """
        yield from fleet.notes
        needed = {self.processor_quota: fleet.vcpus.peak}
        # Redis runs on EC2, whatever the nodes run on
        needed[_EC2_QUOTA] = np.asarray(needed.get(_EC2_QUOTA, 0.0) + redis.machine_vcpus)
        for (limit_id, service), of_week in needed.items():
            vcpus, quota = most_in_month(request.demand, of_week), limit_value(limit_id)
            if np.any(vcpus > quota):
                yield (
                    f"Needs a quota of {range_text(vcpus)} vCPU of {service}; new accounts start "
                    f"with {quota:g}."
                )


def _addresses(request: Request) -> Mapping[str, float]:
    """Public addresses of a virtual machine or task, per hour."""
    return {_ADDRESSES: 1.0} if request.options.outbound == "public_addresses" else {}


def _nat_usage(request: Request, fleet: Fleet) -> Iterator[Usage]:
    """A NAT gateway in each zone, its address, and what goes through them either way."""
    demand, options = request.demand, request.options
    hours = over_month(demand, np.asarray(float(options.zones)))
    each = f"a NAT gateway in each of {options.zones} zones, all hours of the month"
    yield Usage("aws.nat_gateway.hours", hours, each)
    yield Usage(_ADDRESSES, hours, f"an address of {each}")
    months = np.asarray(demand.per_month(fleet.nodes) / demand.hours_per_month)
    unit = fleet.spec.unit
    logs = sum((one.quantity for one in log_usage(request)), np.zeros(()))
    yield Usage(
        "aws.nat_gateway.gb",
        np.asarray(months * options.nat_gb_per_node + logs),
        f"{options.nat_gb_per_node:g} for each of {range_text(months, unit=f'{unit}s')}, and logs",
    )


def gigabytes(request: Request, layer: Layer) -> Weekly:
    """Traffic with clients, in and out, in the GB that was answered."""
    gigabyte = GB if request.answers["capacity_gigabyte"] == "1000" else GIB
    return both_ways(request.demand, layer).times(1 / gigabyte)


def _zone_usage(request: Request, redis: Backplane, *, cross_zone: bool) -> Iterator[Usage]:
    """Traffic between zones, metered in both; no line if there is none by design.

    Args:
        request: demand and ``FleetOptions``.
        redis: what passes messages between nodes.
        cross_zone: whether what balancer and nodes exchange across zones is charged.
    """
    demand, options = request.demand, request.options
    elsewhere = 1 - 1 / options.zones
    parts: list[str] = []
    units: FloatArray = np.zeros(())
    if redis.usage:
        units = units + redis.zone_units
        parts.append("between nodes and Redis in other zones")
    if cross_zone:
        gigabytes = demand.per_month(both_ways(demand)) / request.bytes_per_unit(_INTER_ZONE)
        units = units + gigabytes * elsewhere * _METERED_IN_ZONES
        parts.append(f"between balancer and nodes, {elsewhere:.0%} of it across zones")
    if parts and options.zones > 1:
        yield Usage(
            _INTER_ZONE,
            units,
            f"{' and '.join(parts)}, metered out of one zone and into the other",
        )
