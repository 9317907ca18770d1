"""Nodes on OCI: virtual machines or container instances, behind either of its load balancers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import LEAST_SHARE, AdmissionLimits, Stage
from estimator.demand.demand import most_in_month, over_month
from estimator.demand.weekly import ALWAYS, Weekly, largest
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.backplane import Backplane, Redis, ZoneTraffic
from estimator.deployments.fleet.behind_balancer import (
    FLEET_NOT_MODELED,
    MORE_ROOM,
    OCI,
    BehindBalancer,
)
from estimator.deployments.fleet.choice import whole
from estimator.deployments.fleet.connect_work import (
    megabits_per_connection,
    without_new_connections,
)
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.server import traffic_mbps
from estimator.deployments.fleet.sizing import Fleet, NodeSpec
from estimator.deployments.limits import Check, check, default_of, idle_checks, limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption

_LB = "oci.load_balancer"
_NLB = "oci.network_load_balancer"
_NLB_CONNECTIONS = f"{_NLB}.connections_per_availability_domain"
_STORAGE = "oci.block_volume.storage"
_PERFORMANCE = "oci.block_volume.performance"
_ON_DEMAND = "oci.compute."
_PREEMPTIBLE = "oci.preemptible."
"""How meters of the same machines begin, on demand and preemptible."""
_ZONE_TRAFFIC = ZoneTraffic("oci.inter_ad.gb", sides=1, managed_sides=1)
_NOT_MODELED = (*FLEET_NOT_MODELED, "logs and monitoring")
_BYTES = billed_bytes_question(
    "ip", "No statement was found on which bytes count as outbound transfer."
)


class OciFleetOptions(FleetOptions):
    """Choices for nodes on OCI."""

    boot_disk_gb: float = default_of("oci.compute.boot_disk_gb", ge=50, le=65_536)
    """Boot disk of each virtual machine, those of Redis included. Default: the smallest."""
    boot_disk_vpu_per_gb: Annotated[float, Field(ge=10, le=120)] = 10
    """Performance units for each GB of boot disk. The default of 10 is called balanced."""
    preemptible_share: Annotated[float, Field(ge=0, le=1)] = 0
    """Part of the nodes' hours on preemptible capacity, at half price, which Oracle may take back
    at any time; machines that run Redis are none of them. Only virtual machines can be."""


class FlexibleBalancerOptions(OciFleetOptions):
    """Choices for nodes behind the Flexible Load Balancer."""

    min_mbps: float = default_of(f"{_LB}.bandwidth_min_mbps")
    """Bandwidth that is always reserved on each load balancer."""
    provisioned_by: Literal["yourself", "oke"] = "yourself"
    """yourself: with the largest bandwidth, or through annotations of a Kubernetes service that
    say so; oke: by Kubernetes without annotations, which sets a small bandwidth."""
    account: Literal["pay_as_you_go", "universal_credits"] = "pay_as_you_go"
    """Which service limits your tenancy starts with."""
    idle_timeout_seconds: float = default_of(f"{_LB}.http_idle_timeout", ge=1)
    """Idle timeout of the listener. Default: Oracle's."""

    @model_validator(mode="after")
    def _can_be_set(self) -> Self:
        least, most = (limit_value(f"{_LB}.bandwidth_{end}_mbps") for end in ("min", "max"))
        if not least <= self.min_mbps <= most:
            raise ValueError(f"min_mbps is {least:g} to {most:g}")
        if self.idle_timeout_seconds > (longest := limit_value(f"{_LB}.idle_timeout_max")):
            raise ValueError(f"idle_timeout_seconds is at most {longest:g}")
        return self


class ContainerInstancesOptions(FlexibleBalancerOptions):
    """Choices for container instances behind the Flexible Load Balancer."""

    @model_validator(mode="after")
    def _are_on_demand(self) -> Self:
        if self.preemptible_share:
            raise ValueError(
                "preemptible_share is 0: Oracle offers preemptible capacity for virtual machines, "
                "and names no container instances; oci.load_balancer_vm takes it"
            )
        return self


class NetworkBalancerOptions(OciFleetOptions):
    """Choices for nodes behind network load balancers."""

    idle_timeout_seconds: float = default_of(f"{_NLB}.tcp_idle_timeout", ge=1)
    """Idle timeout of the listener. Default: Oracle's, whose maximum is not published."""


class OciNodes(BehindBalancer):
    """Nodes on OCI, with the boot disks of virtual machines."""

    clock = OCI
    merges_lines = False

    def disk(self, request: Request) -> Mapping[str, float]:
        """Space of a boot volume, and its performance."""
        gb, vpu_per_gb = request.options.boot_disk_gb, request.options.boot_disk_vpu_per_gb
        return {_STORAGE: gb, _PERFORMANCE: gb * vpu_per_gb}

    def redis(self, request: Request) -> Redis:
        """OCI Cache, or virtual machines with a boot disk each."""
        return Redis("oci", _ZONE_TRAFFIC, self.disk(request), self.kind == "vm")

    def node_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """What the nodes are billed as, on demand and on preemptible capacity."""
        share = request.options.preemptible_share
        for usage in super().node_usage(request, fleet):
            if share < 1:
                yield replace(usage, quantity=np.asarray(usage.quantity * (1 - share)))
            if share > 0:
                yield _preemptible(usage, share)

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """Traffic between availability domains, which is free; traffic out."""
        if redis.usage:
            yield Usage(
                _ZONE_TRAFFIC.meter_id,
                np.asarray(redis.zone_units),
                "messages on their way to nodes and a replica in other availability domains",
            )
        yield self.data_out(request, "oci.egress.internet")

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """What is known of the nodes, and what takes them away: a zone, or Oracle itself."""
        yield from super().notes(request, fleet, redis)
        if request.options.preemptible_share > 0:
            yield (
                f"Oracle may take back {request.options.preemptible_share:.0%} of the nodes "
                "(preemptible_share) after a short notice, all of them at once, and their "
                "connections close: nodes that are kept for a failure do not cover that. Instance "
                "pools take no preemptible capacity; node pools of Kubernetes do. Machines are "
                "compared at the price on demand."
            )
        region = request.catalog.regions_of_vendor(_STORAGE).get(request.region)
        if request.options.survives == "zone" and region and region.availability_domains == 1:
            yield (
                f"{request.region} has one availability domain: nodes that are kept for a zone "
                "stand in another of its fault domains, which survives the loss of one of these "
                "and not of the data center."
            )


def _preemptible(usage: Usage, share: float) -> Usage:
    """The part of a machine's use that is on preemptible capacity.

    >>> used = Usage("oci.compute.e5_ocpu_hours", np.array(1460.0), "two nodes")
    >>> part = _preemptible(used, 0.25)
    >>> part.meter_id, float(part.quantity)
    ('oci.preemptible.e5_ocpu_hours', 365.0)
    """
    return replace(
        usage,
        meter_id=usage.meter_id.replace(_ON_DEMAND, _PREEMPTIBLE, 1),
        quantity=np.asarray(usage.quantity * share),
        formula=f"{share:.0%} on preemptible capacity: {usage.formula}",
    )


class LoadBalancerVm(OciNodes):
    """Virtual machines behind the Flexible Load Balancer, which ends TLS.

    Prices: https://www.oracle.com/cloud/price-list/ ; behavior of the balancer:
    https://docs.oracle.com/en-us/iaas/Content/Balance/Concepts/balanceoverview.htm
    """

    service = _LB
    keep_alive_limit = f"{_LB}.keep_alive_timeout"
    options = FlexibleBalancerOptions
    questions = (
        Assumption(
            id="backend_leg",
            question="Does the balancer's bandwidth count the traffic to its backends as well?",
            choices={
                "yes": "traffic with clients and with backends",
                "no": "only traffic with clients, in and out",
            },
            evidence="The interface says that bandwidth is ingress plus egress of the balancer; "
            "whether the backend side is part of that is not stated. All that comes in from "
            "clients goes out to backends, and back.",
        ),
        _BYTES,
    )
    not_modeled = (*_NOT_MODELED, "a web application firewall")
    targets_limit = f"{_LB}.backends"
    # "Round Robin is the default load balancer policy", in proportion to weights, which are equal:
    # https://docs.oracle.com/en-us/iaas/compute-cloud-at-customer/topics/lbaas/load-balancing-policies.htm
    balancing = "round_robin"

    def _mbps(self, request: Request) -> Weekly:
        """Bandwidth that counts."""
        return traffic_mbps(request.demand).times(self._legs(request))

    def _legs(self, request: Request) -> int:
        """How often bytes count that pass through the balancer."""
        return 2 if request.answers["backend_leg"] == "yes" else 1

    def balancers_needed(self, request: Request) -> FloatArray:
        """As many as the traffic needs."""
        needed = self._mbps(request).peak / limit_value(f"{_LB}.bandwidth_max_mbps")
        return np.maximum(whole(needed), 1.0)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Quotas of bandwidth and balancers, backends, the idle timeout."""
        yield check(
            f"{_LB}.bandwidth_per_region_mbps",
            self._mbps(request),
            "ask Oracle for a quota of {raised} Mbps in the region",
        )
        if request.options.provisioned_by == "oke":
            each = self._mbps(request).times(1 / fleet.balancers)
            yield check(f"{_LB}.oke_default_bandwidth_mbps", each)
        yield check(f"{_LB}.per_region_{request.options.account}", fleet.balancers)
        yield from self.targets_checks(request, fleet, MORE_ROOM)
        yield from idle_checks(
            request.demand,
            f"{_LB}.http_idle_timeout",
            "send heartbeats in both directions more often than every {allowed} seconds",
            each_direction=True,
            seconds=request.options.idle_timeout_seconds,
            ceiling_id=f"{_LB}.idle_timeout_max",
        )

    def front(self, request: Request, fleet: Fleet) -> AdmissionLimits:
        """The bandwidth that the balancers' planned traffic leaves in the busiest hour.

        What a new connection brings, in and out, has to pass through it.
        """
        options = request.options
        shape = "oke_default_bandwidth" if options.provisioned_by == "oke" else "bandwidth_max"
        mbps = limit_value(f"{_LB}.{shape}_mbps") * float(fleet.balancers)
        legs = self._legs(request)
        planned = traffic_mbps(without_new_connections(request.demand)).times(legs)
        left = max(mbps - float(planned.peak), LEAST_SHARE * mbps)
        each = megabits_per_connection(request.demand, both_ways=True) * legs
        if not each:
            return AdmissionLimits()
        return AdmissionLimits(
            stages=(Stage(name="the balancer's bandwidth", per_second=left / each),)
        )

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Hours of the balancers, and their bandwidth."""
        demand, least = request.demand, request.options.min_mbps
        mbps, balancers = self._mbps(request), fleet.balancers
        billed = largest([mbps, Weekly.of(balancers * least, ALWAYS)])
        yield self.balancer_hours(request, fleet, f"{_LB}.hours")
        yield Usage(
            f"{_LB}.mbps_hours",
            demand.per_month(billed),
            f"in each hour the larger of {least:g} Mbps per balancer and the traffic in and out, "
            f"up to {range_text(most_in_month(demand, mbps.peak), unit='Mbps')}",
        )


class LoadBalancerContainerInstances(LoadBalancerVm):
    """Container instances behind the Flexible Load Balancer.

    They are billed by the same parts as virtual machines and bring their own small disk:
    https://www.oracle.com/cloud/cloud-native/container-instances/pricing/
    """

    options = ContainerInstancesOptions
    kind = "container"
    not_modeled = (
        *LoadBalancerVm.not_modeled,
        "disk beyond the 15 GB that an instance includes",
    )

    def nodes(self, request: Request) -> NodeSpec:
        """Container instances."""
        return replace(super().nodes(request), unit="container instance")

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """Who starts and stops container instances."""
        yield from super().notes(request, fleet, redis)
        if request.options.by_hour:
            yield (
                "Oracle's autoscaling knows pools of virtual machines only: container instances "
                "are started and stopped by functions of your own, at an alarm or on a schedule "
                "(https://docs.oracle.com/en/solutions/autoscale-oracle-container-instances/)."
            )


class NetworkLoadBalancerVm(OciNodes):
    """Virtual machines behind network load balancers, which are free and leave TLS to the nodes.

    https://docs.oracle.com/iaas/Content/NetworkLoadBalancer/overview.htm
    """

    service = _NLB
    options = NetworkBalancerOptions
    questions = (_BYTES,)
    not_modeled = (*_NOT_MODELED, "certificates on the nodes")
    targets_limit = f"{_NLB}.backends"
    # the default policy hashes both addresses, both ports and the protocol:
    # https://docs.oracle.com/en-us/iaas/compute-cloud-at-customer/topics/nlb/nlb-frontend-configuration.htm
    balancing = "random"

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines where TLS ends."""
        return replace(super().nodes(request), ends_tls=True)

    def balancers_needed(self, request: Request) -> FloatArray:
        """As many as the connections need."""
        needed = request.demand.peak_connections / limit_value(_NLB_CONNECTIONS)
        return np.maximum(whole(needed), 1.0)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Connections, backends, the idle timeout."""
        most = limit_value(_NLB_CONNECTIONS) * fleet.balancers
        yield Check(_NLB_CONNECTIONS, request.demand.connections_peak, most)
        yield from self.targets_checks(request, fleet, MORE_ROOM)
        yield from idle_checks(
            request.demand,
            f"{_NLB}.tcp_idle_timeout",
            seconds=request.options.idle_timeout_seconds,
        )

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
