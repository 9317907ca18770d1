"""Nodes on AWS behind its load balancers: capacity units, addresses, zones, quotas."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.weekly import Weekly
from estimator.demand.wire import Layer
from estimator.deployments.aws.messaging import LogOptions, log_usage
from estimator.deployments.base import Request
from estimator.deployments.fleet.admission import AWS
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import (
    FLEET_NOT_MODELED,
    BehindBalancer,
    both_ways,
)
from estimator.deployments.fleet.machine import find_machine
from estimator.deployments.fleet.sizing import Fleet, FleetOptions, size, whole
from estimator.deployments.limits import limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import GB, GIB

_INTER_ZONE = "aws.inter_zone.gb"
_EC2_QUOTA = ("aws.ec2.standard_vcpus", "EC2")
_METERED_IN_ZONES = 2
"""Out of one and into the other."""

NOT_MODELED = (
    *FLEET_NOT_MODELED,
    "a NAT gateway: clients come in through the balancer, and only calls that nodes in private "
    "subnets make on their own need one",
    "log storage and metrics",
    "a web application firewall",
)
BOOT_DISKS = "boot disks (EBS)"


class AwsFleetOptions(LogOptions, FleetOptions):
    """Choices for nodes on AWS."""

    redis_machine: str = "m7g.large"
    """Machine for Redis, which passes messages between nodes. Assumption: a small machine that
    does not burst."""


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

    @abstractmethod
    def dimensions(self, request: Request) -> Mapping[str, tuple[Weekly, float]]:
        """What is used in each hour and what a capacity unit holds; the largest counts."""

    def crosses_zones(self, request: Request) -> bool:
        """Whether traffic between the balancer and nodes in other zones is charged."""
        return request.answers["cross_zone_traffic"] == "yes"

    def balancer_usage(
        self, request: Request, balancers: FloatArray, hours_meter: str, units_meter: str
    ) -> Iterator[Usage]:
        """Hours, capacity units and addresses of load balancers.

        Args:
            request: demand and ``FleetOptions``.
            balancers: how many.
            hours_meter: what their hours are billed as.
            units_meter: what their capacity units are billed as.
        """
        demand, zones = request.demand, request.options.zones
        dimensions = self.dimensions(request)
        hours = balancers * demand.hours_per_month
        sized = size(dimensions)
        held = ", ".join(f"{name} / {each:,g}" for name, (_, each) in dimensions.items())
        yield Usage(hours_meter, hours, f"balancers ({range_text(balancers)}) x hours of the month")
        yield Usage(
            units_meter,
            demand.per_month(sized.units),
            f"in each hour the largest of {held}; up to "
            f"{range_text(sized.peak_units, unit='units')}, decided by {sized.binding_of_largest}",
        )
        yield Usage(
            "aws.public_ipv4.hours",
            hours * zones,
            f"an address in each of {zones} zones for each balancer, all hours of the month",
        )

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """Traffic between zones, traffic out, logs."""
        yield from _zone_usage(request, redis, cross_zone=self.crosses_zones(request))
        yield self.data_out(request, request.demand, "aws.egress.internet")
        yield from log_usage(request, request.demand)

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """Quotas of processors that new accounts start with; they grow with use or on request.

        Notes and not checks: they say more of the age of an account than of a deployment.
        """
        yield from fleet.notes
        of_redis = redis.machines * find_machine("aws", "vm", request.options.redis_machine).vcpus
        needed = {self.processor_quota: fleet.vcpus.peak}
        # Redis runs on EC2, whatever the nodes run on
        needed[_EC2_QUOTA] = np.asarray(needed.get(_EC2_QUOTA, 0.0) + of_redis)
        for (limit_id, service), vcpus in needed.items():
            quota = limit_value(limit_id)
            if np.any(vcpus > quota):
                yield (
                    f"Needs a quota of {range_text(vcpus)} vCPU of {service}; new accounts start "
                    f"with {quota:g}."
                )


def count_balancers(fleet: Fleet, targets_most: float) -> FloatArray:
    """As many balancers as the nodes need as targets."""
    return np.maximum(whole(fleet.nodes.peak / targets_most), 1.0)


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
    gib: FloatArray = np.zeros(())
    if redis.usage:
        gib = gib + redis.other_zones_gib
        parts.append("between nodes and Redis in other zones")
    if cross_zone:
        gib = gib + demand.per_month(both_ways(demand)) * elsewhere / GIB
        parts.append(f"between balancer and nodes, {elsewhere:.0%} of it across zones")
    if parts and options.zones > 1:
        yield Usage(
            _INTER_ZONE,
            gib * (_METERED_IN_ZONES * GIB / request.bytes_per_unit(_INTER_ZONE)),
            f"{' and '.join(parts)}, metered out of one zone and into the other",
        )
