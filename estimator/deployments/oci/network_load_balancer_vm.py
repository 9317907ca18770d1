"""Virtual machines behind the network load balancer, which is free and leaves TLS to them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet.admission import OCI, Room, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.server import APPLICATION_WORK
from estimator.deployments.fleet.sizing import Fleet, build_fleet, scaling_choice, whole
from estimator.deployments.limits import Check, idle_checks, limit_value
from estimator.deployments.oci.nodes import OciFleetOptions, boot_disks, disk_of_a_node, redis_usage
from estimator.pricing.lines import Usage

_NLB = "oci.network_load_balancer"


class NetworkLoadBalancerVm(Deployment):
    """Virtual machines behind network load balancers, TLS on the nodes.

    https://docs.oracle.com/iaas/Content/NetworkLoadBalancer/overview.htm
    """

    options = OciFleetOptions
    questions = (
        scaling_choice(),
        traffic_assumption(
            "ip", "No statement was found on which bytes count as outbound transfer."
        ),
    )
    not_modeled = (
        APPLICATION_WORK,
        "a database",
        "logs and monitoring",
        "certificates on the nodes",
        "the work of running the fleet",
    )

    def meter(self, request: Request) -> Metered:
        """Balancers, nodes with TLS, disks, Redis between nodes, outbound traffic."""
        demand, options = request.demand, request.options
        scaling = request.answers["scaling"]
        fleet = build_fleet(
            request,
            "oci",
            "vm",
            scaling,
            tls=True,
            beside_each_node=disk_of_a_node(options, demand.hours_per_month),
        )
        redis = backplane(request, "oci", fleet, options.redis_machine)
        balancers = _balancers(demand)
        usage = (
            Usage(
                f"{_NLB}.hours",
                balancers * demand.hours_per_month,
                f"balancers ({spread(balancers)}), one for each "
                f"{limit_value(f'{_NLB}.connections_per_availability_domain'):,.0f} connections",
            ),
            *fleet.usage(demand),
            *redis_usage(redis),
            *boot_disks(np.asarray(whole(fleet.nodes.peak) + redis.machines), options),
            self.data_out(request, demand, "oci.egress.internet"),
        )
        backends = f"{_NLB}.backends"
        admission = fleet_admission(
            request,
            fleet,
            OCI,
            scaling,
            front=AdmissionLimits() if request.many else _front(balancers),
            tls=True,
            nodes_room=Room(limit_value(backends) * balancers, backends),
        )
        return Metered(usage, fleet.notes, tuple(_checks(demand, fleet, balancers)), admission)


def _front(balancers: FloatArray) -> AdmissionLimits:
    most = f"{_NLB}.connections_per_availability_domain"
    return AdmissionLimits(
        connections_most=limit_value(most) * float(balancers), limits={"connections_most": most}
    )


def _balancers(demand: Demand) -> FloatArray:
    most = limit_value(f"{_NLB}.connections_per_availability_domain")
    return np.maximum(whole(demand.peak_connections / most), 1.0)


def _checks(demand: Demand, fleet: Fleet, balancers: FloatArray) -> Iterator[Check]:
    connections = limit_value(f"{_NLB}.connections_per_availability_domain")
    yield Check(
        f"{_NLB}.connections_per_availability_domain",
        demand.connections_peak,
        connections * balancers,
    )
    yield Check(
        f"{_NLB}.backends",
        fleet.nodes.peak,
        limit_value(f"{_NLB}.backends") * balancers,
        "larger nodes, or more load balancers",
    )
    yield from idle_checks(demand, f"{_NLB}.tcp_idle_timeout")
