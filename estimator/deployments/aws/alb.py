"""Nodes behind an Application Load Balancer: EC2 instances, or Fargate tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

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
from estimator.pricing.price_files import Assumption

_ALB = "aws.alb"
_MUTUAL_TLS = "mutual TLS, which halves the connections of a capacity unit"


class AlbOptions(AwsFleetOptions):
    """Choices for nodes behind an Application Load Balancer."""

    idle_timeout_seconds: Annotated[float, Field(ge=1)] = Field(
        default_factory=lambda: limit_value(f"{_ALB}.idle_timeout")
    )
    """Silence after which the balancer cuts a connection. Default: the vendor's."""
    rules: Annotated[int, Field(ge=1)] = 1
    """Rules of the listener. They are evaluated when a connection is upgraded, not for messages."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        most = limit_value(f"{_ALB}.idle_timeout_max")
        if self.idle_timeout_seconds > most:
            raise ValueError(f"idle_timeout_seconds: the balancer takes {most:,g} at most")
        return self


class _BehindAlb(AwsNodes):
    """Nodes behind Application Load Balancers, where TLS ends."""

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
            evidence="Several public notes say that an Application Load Balancer reaches nodes in "
            "other zones for free; no AWS page that says so was found.",
        ),
        SCALING,
        billed_bytes_question(
            "ip", "No statement was found on which bytes count as data transfer."
        ),
    )

    def balancer(self, request: Request, fleet: Fleet) -> Balancer:
        """Hours, capacity units and addresses; targets and the idle timeout."""
        targets, region = f"{_ALB}.targets", f"{_ALB}.per_region"
        balancers = count_balancers(fleet, limit_value(targets))
        room = Room(limit_value(targets) * balancers, targets)
        checks = (
            Check(targets, fleet.nodes.peak, room.most, "use larger nodes, or more load balancers"),
            Check(region, balancers, limit_value(region)),
            *idle_checks(
                request.demand,
                f"{_ALB}.idle_timeout",
                seconds=request.options.idle_timeout_seconds,
                seconds_most=limit_value(f"{_ALB}.idle_timeout_max"),
            ),
        )
        usage = self.balancer_usage(request, balancers, f"{_ALB}.hours", f"{_ALB}.lcu_hours")
        return Balancer(tuple(usage), checks, nodes_room=room)

    def dimensions(self, request: Request) -> Mapping[str, tuple[Weekly, float]]:
        """Connections of one side or both, HTTP and WebSocket data, rules at upgrades."""
        sides = 2 if request.answers["active_connections"] == "both_sides" else 1
        paid_rules = max(request.options.rules - limit_value(f"{_ALB}.lcu_free_rules"), 0)
        new_connections = per_second(request.demand.new_connections)
        return {
            "new connections per second": (
                new_connections.times(sides),
                limit_value(f"{_ALB}.lcu_new_connections_per_second"),
            ),
            "active connections": (
                request.demand.connections.times(sides),
                limit_value(f"{_ALB}.lcu_active_connections"),
            ),
            # the balancer counts HTTP and WebSocket data, without TLS and TCP:
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
            "GB in and out": (
                gigabytes(request, "websocket"),
                limit_value(f"{_ALB}.lcu_gb_per_hour"),
            ),
            "rule evaluations per second at upgrades": (
                new_connections.times(paid_rules),
                limit_value(f"{_ALB}.lcu_rule_evaluations_per_second"),
            ),
        }


class AlbEc2(_BehindAlb):
    """EC2 instances behind an Application Load Balancer, where TLS ends.

    Prices and capacity units: https://aws.amazon.com/elasticloadbalancing/pricing/
    """

    not_modeled = (*NOT_MODELED, BOOT_DISKS, _MUTUAL_TLS)

    def nodes(self, request: Request) -> NodeSpec:
        """Instances, of which AWS caps internet traffic.

        Whether traffic through a balancer is internet traffic of the node is not stated.
        """
        return NodeSpec(mbps_most=limit_value("aws.ec2.internet_bandwidth_mbps"))


class AlbFargate(_BehindAlb):
    """Fargate tasks behind an Application Load Balancer, where TLS ends.

    Prices of tasks: https://aws.amazon.com/fargate/pricing/
    """

    not_modeled = (
        *NOT_MODELED,
        "disk beyond the 20 GB that a task includes, and the boot disks of Redis",
        "bandwidth of tasks, for which no figure is published",
        "storage of container images",
        _MUTUAL_TLS,
    )
    processor_quota = ("aws.fargate.vcpus", "Fargate")

    def nodes(self, request: Request) -> NodeSpec:
        """Tasks."""
        return NodeSpec(kind="container", unit="task")
