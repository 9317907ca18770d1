"""Nodes on OCI: virtual machines or container instances, behind either of its load balancers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import most_in_month, over_month
from estimator.demand.weekly import Weekly, from_hours
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import (
    FLEET_NOT_MODELED,
    MORE_ROOM,
    OCI,
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
_NLB_CONNECTIONS = f"{_NLB}.connections_per_availability_domain"
_STORAGE = "oci.block_volume.storage"
_PERFORMANCE = "oci.block_volume.performance"
_NOT_MODELED = (*FLEET_NOT_MODELED, "logs and monitoring")
_BYTES = billed_bytes_question(
    "ip", "No statement was found on which bytes count as outbound transfer."
)


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
        # a disk is there as long as its machine
        disks = over_month(request.demand, disks) / request.demand.hours_per_month
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
        yield self.data_out(request, "oci.egress.internet")


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
    targets_limit = f"{_LB}.backends"

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines, TLS on the balancer."""
        return replace(super().nodes(request), ends_tls=False)

    def _mbps(self, request: Request) -> Weekly:
        """Bandwidth that counts."""
        legs = 2 if request.answers["backend_leg"] == "yes" else 1
        return traffic_mbps(request.demand).times(legs)

    def balancers(self, request: Request, fleet: Fleet) -> FloatArray:
        """As many as the traffic needs."""
        needed = self._mbps(request).peak / limit_value(f"{_LB}.bandwidth_max_mbps")
        return np.maximum(whole(needed), 1.0)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Quotas of bandwidth and balancers, backends, the idle timeout."""
        yield check(
            f"{_LB}.bandwidth_per_region_mbps",
            self._mbps(request),
            "ask Oracle for a quota of {used} Mbps in the region",
        )
        yield check(f"{_LB}.per_region_universal_credits", fleet.balancers)
        yield from self.targets_checks(request, fleet, MORE_ROOM)
        yield from idle_checks(request.demand, f"{_LB}.http_idle_timeout", each_direction=True)

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Hours of the balancers, and their bandwidth."""
        demand, least = request.demand, request.options.min_mbps
        mbps, balancers = self._mbps(request), fleet.balancers
        billed = np.maximum(mbps.hourly, (balancers * least)[..., None])
        yield self.balancer_hours(request, fleet, f"{_LB}.hours")
        yield Usage(
            f"{_LB}.mbps_hours",
            demand.per_month(from_hours(billed)),
            f"in each hour the larger of {least:g} Mbps per balancer and the traffic in and out, "
            f"up to {range_text(most_in_month(demand, mbps.peak), unit='Mbps')}",
        )


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


class NetworkLoadBalancerVm(OciNodes):
    """Virtual machines behind network load balancers, which are free and leave TLS to the nodes.

    https://docs.oracle.com/iaas/Content/NetworkLoadBalancer/overview.htm
    """

    options = OciFleetOptions
    questions = (SCALING, _BYTES)
    not_modeled = (*_NOT_MODELED, "certificates on the nodes")
    targets_limit = f"{_NLB}.backends"

    def balancers(self, request: Request, fleet: Fleet) -> FloatArray:
        """As many as the connections need."""
        needed = request.demand.peak_connections / limit_value(_NLB_CONNECTIONS)
        return np.maximum(whole(needed), 1.0)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Connections, backends, the idle timeout."""
        most = limit_value(_NLB_CONNECTIONS) * fleet.balancers
        yield Check(_NLB_CONNECTIONS, request.demand.connections_peak, most)
        yield from self.targets_checks(request, fleet, MORE_ROOM)
        yield from idle_checks(request.demand, f"{_NLB}.tcp_idle_timeout")

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Hours of the balancers."""
        balancers = fleet.balancers
        yield Usage(
            f"{_NLB}.hours",
            over_month(request.demand, balancers),
            f"balancers ({range_text(balancers)}), one for each "
            f"{limit_value(_NLB_CONNECTIONS):,.0f} connections",
        )

    def front(self, request: Request, fleet: Fleet) -> AdmissionLimits:
        """Connections of all balancers."""
        return AdmissionLimits(
            connections_most=limit_value(_NLB_CONNECTIONS) * float(fleet.balancers),
            limits={"connections_most": _NLB_CONNECTIONS},
        )
