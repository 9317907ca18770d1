"""Virtual machines behind the network load balancer, which is free and leaves TLS to them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from estimator.demand.demand import Demand
from estimator.demand.doors import Doors
from estimator.deployments.backplane import backplane
from estimator.deployments.deployment import (
    Deployment,
    Metered,
    Request,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet import Fleet, build_fleet, scaling_choice, whole
from estimator.deployments.fleet_doors import OCI, Room, fleet_doors
from estimator.deployments.limits import Check, idle_checks, limit_value
from estimator.deployments.oci.nodes import OciFleetOptions, boot_disks, disk_of_a_node, redis_usage
from estimator.deployments.server import APPLICATION_WORK
from estimator.pricing.line import Usage
from estimator.scenario.model import FloatArray

_ID = "oci.network_load_balancer_fleet"
_NLB = "oci.network_load_balancer"


class NetworkLoadBalancerFleet(Deployment):
    """Virtual machines behind network load balancers, TLS on the nodes.

    https://docs.oracle.com/iaas/Content/NetworkLoadBalancer/overview.htm
    """

    id = _ID
    title = "Network load balancer and VMs"
    cloud = "oci"
    options = OciFleetOptions
    assumptions = (
        scaling_choice(_ID),
        traffic_assumption(
            _ID, "ip", "No statement was found on which bytes count as outbound transfer."
        ),
    )
    not_modelled = (
        APPLICATION_WORK,
        "a database",
        "logs and monitoring",
        "certificates on the nodes",
        "the work of running the fleet",
    )

    def meter(self, request: Request) -> Metered:
        """Balancers, nodes with TLS, disks, Redis between nodes, outbound traffic."""
        demand, options = request.demand, request.options
        scaling = request.answers[f"{self.id}.scaling"]
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
        doors = fleet_doors(
            request,
            fleet,
            OCI,
            scaling,
            front=Doors() if request.many else _front(balancers),
            tls=True,
            nodes_room=Room(limit_value(backends) * balancers, backends),
        )
        return Metered(usage, fleet.notes, tuple(_checks(demand, fleet, balancers)), doors)


def _front(balancers: FloatArray) -> Doors:
    most = f"{_NLB}.connections_per_availability_domain"
    return Doors(
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
