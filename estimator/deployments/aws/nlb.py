"""EC2 instances behind a Network Load Balancer, which ends TLS or passes it through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.demand.weekly import Weekly
from estimator.deployments.aws.nodes import (
    BOOT_DISKS,
    NOT_MODELED,
    AwsFleetOptions,
    AwsNodes,
    count_balancers,
    cross_zone_question,
    gigabyte_question,
    gigabytes,
)
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.admission import Room
from estimator.deployments.fleet.behind_balancer import Balancer
from estimator.deployments.fleet.sizing import SCALING, Fleet, NodeSpec
from estimator.deployments.limits import Check, idle_checks, limit_value, per_second

_NLB = "aws.nlb"
_WITHOUT_CLIENT_IP = f"{_NLB}.connections_per_target_without_client_ip"


class NlbOptions(AwsFleetOptions):
    """Choices for instances behind a Network Load Balancer."""

    tls: Literal["balancer", "node"] = "node"
    """Where TLS ends: in a TLS listener of the balancer, or on the nodes, behind a TCP listener
    whose capacity units hold far more connections. Assumption: on the nodes."""
    tcp_idle_timeout_seconds: Annotated[float, Field(ge=60)] = Field(
        default_factory=lambda: limit_value(f"{_NLB}.tcp_idle_timeout")
    )
    """Silence after which a TCP listener drops a connection. Default: the vendor's. The timeout of
    TLS listeners cannot be set."""
    cross_zone: bool = False
    """Whether the balancer spreads connections over nodes of all zones. Off, as by default, each
    zone serves the clients that resolve to its address."""
    client_ip_preservation: bool = True
    """Whether nodes see the addresses of clients; if not, a node takes fewer connections."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        most = limit_value(f"{_NLB}.tcp_idle_timeout_max")
        if self.tcp_idle_timeout_seconds > most:
            raise ValueError(f"tcp_idle_timeout_seconds: the balancer takes {most:,g} at most")
        return self


class NlbEc2(AwsNodes):
    """EC2 instances behind a Network Load Balancer.

    Prices and capacity units: https://aws.amazon.com/elasticloadbalancing/pricing/
    """

    options = NlbOptions
    questions = (
        gigabyte_question("NLCU"),
        cross_zone_question(
            charged=True,
            evidence="Only matters if the option cross_zone is on. Several public notes say that "
            "traffic between zones is charged behind a Network Load Balancer; no AWS page that "
            "says so was found.",
        ),
        SCALING,
        billed_bytes_question(
            "ip", "No statement was found on which bytes count as data transfer."
        ),
    )
    not_modeled = (*NOT_MODELED, BOOT_DISKS, "certificates on the nodes, where TLS ends there")

    def nodes(self, request: Request) -> NodeSpec:
        """Instances, with fewer connections each if the balancer hides the clients' addresses."""
        preserved = request.options.client_ip_preservation
        return NodeSpec(
            ends_tls=request.options.tls == "node",
            mbps_most=limit_value("aws.ec2.internet_bandwidth_mbps"),
            connections_most=np.inf if preserved else limit_value(_WITHOUT_CLIENT_IP),
        )

    def crosses_zones(self, request: Request) -> bool:
        """Only if the balancer is set to, and charged if that is what was answered."""
        return request.options.cross_zone and super().crosses_zones(request)

    def balancer(self, request: Request, fleet: Fleet) -> Balancer:
        """Hours, capacity units and addresses; targets and idle timeouts."""
        options, demand = request.options, request.demand
        in_zone, in_all = f"{_NLB}.targets_per_zone", f"{_NLB}.targets"
        targets = min(
            Room(limit_value(in_all), in_all),
            Room(limit_value(in_zone) * options.zones, in_zone),
            key=lambda room: float(room.most),
        )
        balancers = count_balancers(fleet, float(targets.most))
        room = Check(
            in_zone,
            fleet.nodes.peak / options.zones,
            limit_value(in_zone) * balancers,
            "use larger nodes, or more load balancers",
        )
        if options.tls == "balancer":
            silence = idle_checks(demand, f"{_NLB}.tls_idle_timeout")
        else:
            silence = idle_checks(
                demand,
                f"{_NLB}.tcp_idle_timeout",
                seconds=options.tcp_idle_timeout_seconds,
                seconds_most=limit_value(f"{_NLB}.tcp_idle_timeout_max"),
            )
        usage = self.balancer_usage(request, balancers, f"{_NLB}.hours", f"{_NLB}.nlcu_hours")
        return Balancer(
            tuple(usage),
            (room, *silence),
            nodes_room=Room(targets.most * balancers, targets.limit_id),
            node_limit_id=None if options.client_ip_preservation else _WITHOUT_CLIENT_IP,
        )

    def dimensions(self, request: Request) -> Mapping[str, tuple[Weekly, float]]:
        """Connections of clients, and bytes with their TCP/IP headers."""
        listener = "tls" if request.options.tls == "balancer" else "tcp"
        return {
            "new connections per second": (
                per_second(request.demand.new_connections),
                limit_value(f"{_NLB}.nlcu_{listener}_new_connections_per_second"),
            ),
            "active connections": (
                request.demand.connections,
                limit_value(f"{_NLB}.nlcu_{listener}_active_connections"),
            ),
            # the balancer counts bytes with their TCP/IP headers:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html
            "GB in and out": (gigabytes(request, "ip"), limit_value(f"{_NLB}.nlcu_gb_per_hour")),
        }
