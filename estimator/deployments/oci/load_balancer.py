"""Nodes behind the flexible load balancer: virtual machines, or container instances."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from estimator.deployments.base import Deployment, Metered, Request, traffic_assumption
from estimator.deployments.fleet.admission import OCI, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.machine import Kind
from estimator.deployments.fleet.server import APPLICATION_WORK, traffic_mbps
from estimator.deployments.fleet.sizing import build_fleet, scaling_choice, whole
from estimator.deployments.limits import idle_checks
from estimator.deployments.oci.nodes import (
    BalancerOptions,
    backends_room,
    balancer_checks,
    balancer_usage,
    boot_disks,
    disk_of_a_node,
    redis_usage,
)
from estimator.pricing.price_files import Assumption

_NOT_MODELLED = (
    APPLICATION_WORK,
    "a database",
    "logs and monitoring",
    "a web application firewall",
    "the work of running the fleet",
)


def _assumptions() -> tuple[Assumption, ...]:
    return (
        Assumption(
            id="backend_leg",
            question="Does the balancer's bandwidth count the traffic to its backends as well?",
            choices={
                "no": "only traffic with clients, in and out",
                "yes": "traffic with clients and with backends",
            },
            evidence="The interface says bandwidth is ingress plus egress of the balancer; "
            "whether the backend side is part of that is not stated.",
        ),
        scaling_choice(),
        traffic_assumption(
            "ip", "No statement was found on which bytes count as outbound transfer."
        ),
    )


class _BehindLoadBalancer(Deployment):
    """What both kinds of nodes share."""

    options = BalancerOptions
    nodes: ClassVar[Kind]

    def meter(self, request: Request) -> Metered:
        """Balancer hours and bandwidth, nodes, disks, Redis between nodes, outbound traffic."""
        demand, options, answers = request.demand, request.options, request.answers
        # container instances bring a disk of their own
        disk = disk_of_a_node(options, demand.hours_per_month) if self.nodes == "vm" else {}
        fleet = build_fleet(request, "oci", self.nodes, answers["scaling"], beside_each_node=disk)
        redis = backplane(request, "oci", fleet, options.redis_machine)
        legs = 2 if answers["backend_leg"] == "yes" else 1
        mbps = traffic_mbps(demand).times(legs)
        machines = redis.machines + (whole(fleet.nodes.peak) if disk else 0.0)
        usage = (
            *balancer_usage(mbps, request, options.min_mbps),
            *fleet.usage(demand),
            *redis_usage(redis),
            *(boot_disks(np.asarray(machines), options) if np.any(machines) else ()),
            self.data_out(request, demand, "oci.egress.internet"),
        )
        checks = (
            *balancer_checks(mbps, fleet),
            *idle_checks(demand, "oci.load_balancer.http_idle_timeout", each_direction=True),
        )
        admission = fleet_admission(
            request,
            fleet,
            OCI,
            answers["scaling"],
            unit_name="node" if self.nodes == "vm" else "container instance",
            nodes_room=backends_room(mbps),
        )
        return Metered(usage, fleet.notes, checks, admission)


class LoadBalancerVm(_BehindLoadBalancer):
    """Virtual machines behind the flexible load balancer.

    Prices: https://www.oracle.com/cloud/price-list/ ; behavior of the balancer:
    https://docs.oracle.com/en-us/iaas/Content/Balance/Concepts/balanceoverview.htm
    """

    nodes = "vm"
    questions = _assumptions()
    not_modeled = _NOT_MODELLED


class LoadBalancerContainerInstances(_BehindLoadBalancer):
    """Container instances behind the flexible load balancer.

    They are billed by the same parts as virtual machines and bring their own small disk:
    https://www.oracle.com/cloud/cloud-native/container-instances/pricing/
    """

    nodes = "container"
    questions = _assumptions()
    not_modeled = (*_NOT_MODELLED, "more than the 15 GB of disk that an instance brings")
