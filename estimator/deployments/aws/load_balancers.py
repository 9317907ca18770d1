"""Nodes on AWS behind either of its load balancers: EC2 instances, or Fargate tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.demand.weekly import Weekly
from estimator.deployments import limits
from estimator.deployments.aws.nodes import (
    ASKED_OF_ALL,
    NOT_MODELED,
    AwsFleetOptions,
    AwsNodes,
    cross_zone_question,
    gigabyte_question,
    gigabytes,
)
from estimator.deployments.base import Request
from estimator.deployments.fleet.behind_balancer import MORE_ROOM, Room
from estimator.deployments.fleet.sizing import Fleet, NodeSpec
from estimator.pricing.price_files import Assumption

_ALB = "aws.alb"
_NLB = "aws.nlb"
_IN_ZONE = f"{_NLB}.targets_per_zone"
_CROSS_ZONE = f"{_NLB}.targets_cross_zone"
_WITHOUT_CLIENT_IP = f"{_NLB}.connections_per_target_without_client_ip"
_MUTUAL_TLS = "mutual TLS, which halves the connections of a capacity unit"


class AlbOptions(AwsFleetOptions):
    """Choices for nodes behind an Application Load Balancer."""

    idle_timeout_seconds: float = limits.default_of(f"{_ALB}.idle_timeout", ge=1)
    """Silence after which the balancer cuts a connection. Default: the vendor's."""
    rules: Annotated[int, Field(ge=1)] = 1
    """Rules of the listener. They are evaluated when a connection is upgraded, not for messages."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        most = limits.limit_value(f"{_ALB}.idle_timeout_max")
        if self.idle_timeout_seconds > most:
            raise ValueError(f"idle_timeout_seconds: the balancer takes {most:,g} at most")
        return self


class _BehindAlb(AwsNodes):
    """Nodes behind Application Load Balancers, where TLS ends."""

    service = "aws.alb"
    options = AlbOptions
    questions = (
        Assumption(
            id="active_connections",
            question="Which side's connections does a capacity unit count?",
            choices={
                "clients": "connections of clients, new and active",
                "both_sides": "connections of clients and those to nodes, twice as many",
            },
            evidence="CloudWatch's ActiveConnectionCount and NewConnectionCount add both sides; "
            "AWS does not say whether capacity units count the same way. Its worked example has "
            "one new connection per second that lasts two minutes, and counts 120.",
        ),
        gigabyte_question("LCU"),
        cross_zone_question(
            charged=False,
            evidence="AWS's price page of EC2 says that data to and from an Application Load "
            "Balancer is free between private addresses of the same VPC.",
        ),
        *ASKED_OF_ALL,
    )
    balancer = _ALB
    # "The default is round_robin", of the attribute load_balancing.algorithm.type:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
    balancing = "round_robin"
    targets_limit = f"{_ALB}.targets"
    capacity_unit = "lcu"

    def keep_alive_seconds(self, request: Request) -> float:
        """The idle timeout, which is shorter than the time for which a connection is kept."""
        return request.options.idle_timeout_seconds

    def checks(self, request: Request, fleet: Fleet) -> Iterator[limits.Check]:
        """Targets, balancers and the idle timeout."""
        yield from self.targets_checks(request, fleet, MORE_ROOM)
        yield limits.check(f"{_ALB}.per_region", fleet.balancers)
        yield limits.check(f"{_ALB}.rules", request.options.rules)
        yield from limits.idle_checks(
            request.demand,
            f"{_ALB}.idle_timeout",
            seconds=request.options.idle_timeout_seconds,
            ceiling_id=f"{_ALB}.idle_timeout_max",
        )

    def dimensions(self, request: Request) -> Mapping[str, tuple[Weekly, float]]:
        """Connections of one side or both, HTTP and WebSocket data, rules at upgrades."""
        sides = 2 if request.answers["active_connections"] == "both_sides" else 1
        paid_rules = max(request.options.rules - limits.limit_value(f"{_ALB}.lcu_free_rules"), 0)
        new_connections = limits.per_second(request.demand.new_connections)
        return {
            "new connections per second": (
                new_connections.times(sides),
                limits.limit_value(f"{_ALB}.lcu_new_connections_per_second"),
            ),
            "active connections": (
                request.demand.connections.times(sides),
                limits.limit_value(f"{_ALB}.lcu_active_connections"),
            ),
            # the balancer counts HTTP and WebSocket data, without TLS and TCP:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
            "GB in and out": (
                gigabytes(request, "websocket"),
                limits.limit_value(f"{_ALB}.lcu_gb_per_hour"),
            ),
            "rule evaluations per second at upgrades": (
                new_connections.times(paid_rules),
                limits.limit_value(f"{_ALB}.lcu_rule_evaluations_per_second"),
            ),
        }


class AlbEc2(_BehindAlb):
    """EC2 instances behind an Application Load Balancer, where TLS ends.

    Prices and capacity units: https://aws.amazon.com/elasticloadbalancing/pricing/
    """

    not_modeled = (*NOT_MODELED, _MUTUAL_TLS)

    def nodes(self, request: Request) -> NodeSpec:
        """Instances, of which AWS caps internet traffic.

        Whether traffic through a balancer is internet traffic of the node is not stated.
        """
        return replace(
            super().nodes(request), mbps_most=limits.limit_value("aws.ec2.internet_bandwidth_mbps")
        )


class AlbFargate(_BehindAlb):
    """Fargate tasks behind an Application Load Balancer, where TLS ends.

    Prices of tasks: https://aws.amazon.com/fargate/pricing/
    """

    kind = "container"
    not_modeled = (
        *NOT_MODELED,
        "disk beyond the 20 GB that a task includes",
        "storage of container images",
        _MUTUAL_TLS,
    )
    processor_quota = ("aws.fargate.vcpus", "Fargate")

    def nodes(self, request: Request) -> NodeSpec:
        """Tasks."""
        return replace(super().nodes(request), unit="task")


class NlbOptions(AwsFleetOptions):
    """Choices for instances behind a Network Load Balancer."""

    tls: Literal["balancer", "node"] = "node"
    """Where TLS ends: in a TLS listener of the balancer, or on the nodes, behind a TCP listener
    whose capacity units hold far more connections. Assumption: on the nodes."""
    tcp_idle_timeout_seconds: float = limits.default_of(f"{_NLB}.tcp_idle_timeout", ge=60)
    """Silence after which a TCP listener drops a connection. Default: the vendor's. The timeout of
    TLS listeners cannot be set."""
    cross_zone: bool = False
    """Whether the balancer spreads connections over nodes of all zones. Off, as by default, each
    zone serves the clients that resolve to its address."""
    client_ip_preservation: bool = True
    """Whether nodes see the addresses of clients; if not, a node takes fewer connections."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        most = limits.limit_value(f"{_NLB}.tcp_idle_timeout_max")
        if self.tcp_idle_timeout_seconds > most:
            raise ValueError(f"tcp_idle_timeout_seconds: the balancer takes {most:,g} at most")
        return self


class NlbEc2(AwsNodes):
    """EC2 instances behind a Network Load Balancer.

    Prices and capacity units: https://aws.amazon.com/elasticloadbalancing/pricing/
    """

    service = "aws.nlb"
    options = NlbOptions
    questions = (
        gigabyte_question("NLCU"),
        cross_zone_question(
            charged=True,
            evidence="Only matters if the option cross_zone is on. AWS's page on cross-zone load "
            "balancing of target groups says that EC2 data transfer charges apply then, and its "
            "networking blog that each GB is charged at both ends, the balancer's and the "
            "instance's.",
        ),
        *ASKED_OF_ALL,
    )
    not_modeled = (*NOT_MODELED, "certificates on the nodes, where TLS ends there")
    balancer = _NLB
    # a flow hash of protocol, addresses, ports and the TCP sequence number:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/introduction.html
    balancing = "random"
    capacity_unit = "nlcu"

    def nodes(self, request: Request) -> NodeSpec:
        """Instances, with fewer connections each if the balancer hides the clients' addresses."""
        preserved = request.options.client_ip_preservation
        return replace(
            super().nodes(request),
            in_zone=not request.options.cross_zone,
            ends_tls=request.options.tls == "node",
            mbps_most=limits.limit_value("aws.ec2.internet_bandwidth_mbps"),
            connections_most=np.inf if preserved else limits.limit_value(_WITHOUT_CLIENT_IP),
        )

    def crosses_zones(self, request: Request) -> bool:
        """Only if the balancer is set to, and charged if that is what was answered."""
        return request.options.cross_zone and super().crosses_zones(request)

    def node_limit_id(self, request: Request, fleet: Fleet) -> str | None:
        """That of nodes from which the balancer hides the clients' addresses."""
        return None if request.options.client_ip_preservation else _WITHOUT_CLIENT_IP

    def room(self, request: Request) -> Room:
        """What AWS lets one balancer have, in a zone, in all, and in its target group."""
        options = request.options
        for_all = [f"{_NLB}.targets", f"{_NLB}.targets_per_target_group"]
        rooms = [Room(limit_id, limits.limit_value(limit_id)) for limit_id in for_all]
        if options.cross_zone:
            rooms.append(Room(_CROSS_ZONE, limits.limit_value(_CROSS_ZONE)))
        else:
            rooms.append(Room(_IN_ZONE, limits.limit_value(_IN_ZONE) * options.zones))
        return min(rooms, key=lambda room: float(room.most))

    def checks(self, request: Request, fleet: Fleet) -> Iterator[limits.Check]:
        """Targets in a zone or in all, balancers, and the idle timeout of the listener."""
        options = request.options
        limit_id, zones = (_CROSS_ZONE, 1) if options.cross_zone else (_IN_ZONE, options.zones)
        room = limits.limit_value(limit_id) * fleet.balancers
        yield limits.Check(limit_id, fleet.nodes.peak / zones, room, MORE_ROOM)
        grouped = f"{_NLB}.targets_per_target_group"
        room = limits.limit_value(grouped) * fleet.balancers
        yield limits.Check(grouped, fleet.nodes.peak, room, MORE_ROOM)
        yield limits.check(f"{_NLB}.per_region", fleet.balancers)
        if options.tls == "balancer":
            yield from limits.idle_checks(request.demand, f"{_NLB}.tls_idle_timeout")
        else:
            yield from limits.idle_checks(
                request.demand,
                f"{_NLB}.tcp_idle_timeout",
                seconds=options.tcp_idle_timeout_seconds,
                ceiling_id=f"{_NLB}.tcp_idle_timeout_max",
            )

    def dimensions(self, request: Request) -> Mapping[str, tuple[Weekly, float]]:
        """Connections of clients, and bytes with their TCP/IP headers."""
        listener = "tls" if request.options.tls == "balancer" else "tcp"
        return {
            "new connections per second": (
                limits.per_second(request.demand.new_connections),
                limits.limit_value(f"{_NLB}.nlcu_{listener}_new_connections_per_second"),
            ),
            "active connections": (
                request.demand.connections,
                limits.limit_value(f"{_NLB}.nlcu_{listener}_active_connections"),
            ),
            # the balancer counts bytes with their TCP/IP headers:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html
            "GB in and out": (
                gigabytes(request, "ip"),
                limits.limit_value(f"{_NLB}.nlcu_gb_per_hour"),
            ),
        }
