"""Nodes on OCI: virtual machines or container instances, behind either of its load balancers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.weekly import Weekly
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.admission import OCI, Room
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import (
    FLEET_NOT_MODELED,
    Balancer,
    BehindBalancer,
)
from estimator.deployments.fleet.server import traffic_mbps
from estimator.deployments.fleet.sizing import SCALING, Fleet, FleetOptions, NodeSpec, whole
from estimator.deployments.limits import Check, check, idle_checks, limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption

_LB = "oci.load_balancer"
_NLB = "oci.network_load_balancer"
_STORAGE = "oci.block_volume.storage"
_PERFORMANCE = "oci.block_volume.performance"
_NOT_MODELED = (*FLEET_NOT_MODELED, "logs and monitoring")
_BYTES = billed_bytes_question(
    "ip", "No statement was found on which bytes count as outbound transfer."
)
_MORE_ROOM = "use larger nodes, or more load balancers"


class OciFleetOptions(FleetOptions):
    """Choices for nodes on OCI."""

    redis_machine: str = "VM.Standard.E5.Flex/1/8"
    """Machine for Redis, which passes messages between nodes."""
    boot_volume_gb: Annotated[float, Field(ge=50)] = 50
    """Boot disk of each virtual machine, those of Redis included."""
    boot_volume_vpu_per_gb: Annotated[float, Field(ge=10, le=120)] = 10
    """Performance units for each GB of boot disk. The default of 10 is called balanced."""


class FlexibleBalancerOptions(OciFleetOptions):
    """Choices for nodes behind the Flexible Load Balancer."""

    min_mbps: Annotated[float, Field(ge=10, le=8000)] = 10
    """Bandwidth that is always reserved on each load balancer."""


class OciNodes(BehindBalancer):
    """Nodes on OCI, with the boot disks of virtual machines."""

    clock = OCI
    merges_lines = False
    have_boot_disks = True
    """Whether nodes need a boot disk; container instances bring a disk of their own."""

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines with a boot disk each."""
        options = request.options
        gb = options.boot_volume_gb / request.demand.hours_per_month
        return NodeSpec(
            ends_tls=True, beside={_STORAGE: gb, _PERFORMANCE: gb * options.boot_volume_vpu_per_gb}
        )

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """Traffic between availability domains, which is free; boot disks; traffic out."""
        options = request.options
        if redis.usage:
            yield Usage(
                "oci.inter_ad.gb",
                redis.other_zones_gib,
                "messages on their way to nodes and a replica in other availability domains",
            )
        disks = np.asarray(
            redis.machines + (whole(fleet.nodes.peak) if self.have_boot_disks else 0.0)
        )
        if np.any(disks):
            yield Usage(
                _STORAGE,
                disks * options.boot_volume_gb,
                f"a boot disk of {options.boot_volume_gb:g} GB on "
                f"{range_text(disks, unit='virtual machines')}",
            )
            yield Usage(
                _PERFORMANCE,
                disks * options.boot_volume_gb * options.boot_volume_vpu_per_gb,
                f"{options.boot_volume_vpu_per_gb:g} performance units for each GB of boot disk",
            )
        yield self.data_out(request, request.demand, "oci.egress.internet")


class LoadBalancerVm(OciNodes):
    """Virtual machines behind the Flexible Load Balancer, which ends TLS.

    Prices: https://www.oracle.com/cloud/price-list/ ; behavior of the balancer:
    https://docs.oracle.com/en-us/iaas/Content/Balance/Concepts/balanceoverview.htm
    """

    options = FlexibleBalancerOptions
    questions = (
        Assumption(
            id="backend_leg",
            question="Does the balancer's bandwidth count the traffic to its backends as well?",
            choices={
                "no": "only traffic with clients, in and out",
                "yes": "traffic with clients and with backends",
            },
            evidence="The interface says that bandwidth is ingress plus egress of the balancer; "
            "whether the backend side is part of that is not stated.",
        ),
        SCALING,
        _BYTES,
    )
    not_modeled = (*_NOT_MODELED, "a web application firewall")

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines, TLS on the balancer."""
        return replace(super().nodes(request), ends_tls=False)

    def balancer(self, request: Request, fleet: Fleet) -> Balancer:
        """Hours and bandwidth of as many balancers as the traffic needs; quotas and backends."""
        region, backends = f"{_LB}.bandwidth_per_region_mbps", f"{_LB}.backends"
        legs = 2 if request.answers["backend_leg"] == "yes" else 1
        mbps = traffic_mbps(request.demand).times(legs)
        needed = whole(mbps.peak / limit_value(f"{_LB}.bandwidth_max_mbps"))
        balancers = np.maximum(needed, 1.0)
        room = Room(limit_value(backends) * balancers, backends)
        checks = (
            check(region, mbps, "ask Oracle for a quota of {used} Mbps in the region"),
            check(f"{_LB}.per_region_universal_credits", balancers),
            Check(backends, fleet.nodes.peak, room.most, _MORE_ROOM),
            *idle_checks(request.demand, f"{_LB}.http_idle_timeout", each_direction=True),
        )
        usage = _flexible_usage(request, mbps, balancers)
        return Balancer(tuple(usage), checks, nodes_room=room)


class LoadBalancerContainerInstances(LoadBalancerVm):
    """Container instances behind the Flexible Load Balancer.

    They are billed by the same parts as virtual machines and bring their own small disk:
    https://www.oracle.com/cloud/cloud-native/container-instances/pricing/
    """

    not_modeled = (
        *LoadBalancerVm.not_modeled,
        "disk beyond the 15 GB that an instance includes",
    )
    have_boot_disks = False

    def nodes(self, request: Request) -> NodeSpec:
        """Container instances."""
        return NodeSpec(kind="container", unit="container instance")


def _flexible_usage(request: Request, mbps: Weekly, balancers: FloatArray) -> Iterator[Usage]:
    demand, least = request.demand, request.options.min_mbps
    billed = np.maximum(mbps.hourly, (balancers * least)[..., None])
    yield Usage(
        f"{_LB}.hours",
        balancers * demand.hours_per_month,
        f"balancers ({range_text(balancers)}) x hours of the month",
    )
    yield Usage(
        f"{_LB}.mbps_hours",
        billed.mean(axis=-1) * demand.hours_per_month,
        f"in each hour the larger of {least:g} Mbps per balancer and the traffic in and out, up "
        f"to {range_text(mbps.peak, unit='Mbps')}",
    )


class NetworkLoadBalancerVm(OciNodes):
    """Virtual machines behind network load balancers, which are free and leave TLS to the nodes.

    https://docs.oracle.com/iaas/Content/NetworkLoadBalancer/overview.htm
    """

    options = OciFleetOptions
    questions = (SCALING, _BYTES)
    not_modeled = (*_NOT_MODELED, "certificates on the nodes")

    def balancer(self, request: Request, fleet: Fleet) -> Balancer:
        """As many balancers as the connections need; their connections, backends, timeout."""
        demand = request.demand
        most, backends = f"{_NLB}.connections_per_availability_domain", f"{_NLB}.backends"
        each = limit_value(most)
        balancers = np.maximum(whole(demand.peak_connections / each), 1.0)
        room = Room(limit_value(backends) * balancers, backends)
        hours = Usage(
            f"{_NLB}.hours",
            balancers * demand.hours_per_month,
            f"balancers ({range_text(balancers)}), one for each {each:,.0f} connections",
        )
        checks = (
            Check(most, demand.connections_peak, each * balancers),
            Check(backends, fleet.nodes.peak, room.most, _MORE_ROOM),
            *idle_checks(demand, f"{_NLB}.tcp_idle_timeout"),
        )
        front = None
        if not request.many:
            front = AdmissionLimits(
                connections_most=each * float(balancers), limits={"connections_most": most}
            )
        return Balancer((hours,), checks, front, room)
