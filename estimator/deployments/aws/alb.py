"""Nodes behind an Application Load Balancer: EC2 instances, or Fargate tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.demand.weekly import Weekly
from estimator.deployments.aws.balancers import (
    balancer_usage,
    count_balancers,
    gigabyte_bytes,
    gigabyte_question,
    idle_check,
)
from estimator.deployments.aws.logs import log_usage
from estimator.deployments.aws.nodes import (
    BOOT_DISKS,
    NOT_MODELLED,
    AwsFleetOptions,
    both_ways,
    cross_zone_question,
    processor_notes,
    zone_usage,
)
from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    one_line_per_meter,
    traffic_assumption,
)
from estimator.deployments.fleet.admission import AWS, Room, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.sizing import Fleet, build_fleet, scaling_choice
from estimator.deployments.limits import Check, limit_value, per_second
from estimator.pricing.price_files import Assumption

_ALB = "aws.alb"


class AlbOptions(AwsFleetOptions):
    """Choices for nodes behind an Application Load Balancer."""

    idle_timeout_seconds: Annotated[float, Field(ge=1)] = Field(
        default_factory=lambda: limit_value(f"{_ALB}.idle_timeout")
    )
    """Silence after which the balancer cuts a connection; the vendor's default if left out."""
    rules: Annotated[int, Field(ge=1)] = 1
    """Rules of the listener. They are evaluated when a connection is upgraded, not for messages."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        most = limit_value(f"{_ALB}.idle_timeout_max")
        if self.idle_timeout_seconds > most:
            raise ValueError(f"idle_timeout_seconds: the balancer takes {most:,g} at most")
        return self


def _questions() -> tuple[Assumption, ...]:
    return (
        Assumption(
            id="active_connections",
            question="Which side's connections does a capacity unit count?",
            choices={
                "clients": "connections of clients, new and active",
                "both_sides": "connections of clients and those to nodes, twice as many",
            },
            evidence="CloudWatch's ActiveConnectionCount and NewConnectionCount add both sides; "
            "whether capacity units are counted the same way is not stated. AWS's worked example "
            "has one new connection per second that lasts two minutes, and counts 120.",
        ),
        gigabyte_question("LCU"),
        cross_zone_question(
            charged=False,
            evidence="Several public notes say that an Application Load Balancer reaches nodes in "
            "other zones for free; no page of AWS was read that says it.",
        ),
        scaling_choice(),
        traffic_assumption("ip", "No statement was found on which bytes count as data transfer."),
    )


class _BehindAlb(Deployment):
    """Nodes behind Application Load Balancers, where TLS ends."""

    options = AlbOptions
    unit_name: ClassVar[str]

    def _meter(
        self, request: Request, kind: Literal["vm", "container"], node_mbps_most: float
    ) -> Metered:
        options, answers, demand = request.options, request.answers, request.demand
        fleet = build_fleet(
            request,
            "aws",
            kind,
            answers["scaling"],
            node_mbps_most=node_mbps_most,
        )
        redis = backplane(request, "aws", fleet, options.redis_machine)
        balancers = count_balancers(fleet, limit_value(f"{_ALB}.targets"))
        usage = one_line_per_meter(
            (
                *balancer_usage(
                    request,
                    balancers,
                    f"{_ALB}.hours",
                    f"{_ALB}.lcu_hours",
                    self._dimensions(request),
                ),
                *fleet.usage(demand),
                *redis.usage,
                *zone_usage(request, redis, cross_zone=answers["cross_zone_traffic"] == "yes"),
                self.data_out(request, demand, "aws.egress.internet"),
                *log_usage(request, demand),
            )
        )
        notes = (*fleet.notes, *processor_notes(request, fleet, redis, kind))
        targets = f"{_ALB}.targets"
        admission = fleet_admission(
            request,
            fleet,
            AWS,
            answers["scaling"],
            unit_name=self.unit_name,
            nodes_room=Room(limit_value(targets) * balancers, targets),
        )
        return Metered(usage, notes, tuple(_checks(request, fleet, balancers)), admission)

    def _dimensions(self, request: Request) -> dict[str, tuple[Weekly, float]]:
        """Use of each hour by the dimensions of a capacity unit, of which the largest counts."""
        demand = request.demand
        sides = 2 if request.answers["active_connections"] == "both_sides" else 1
        paid_rules = max(request.options.rules - limit_value(f"{_ALB}.lcu_free_rules"), 0)
        new_connections = per_second(demand.new_connections)
        # the balancer counts HTTP and WebSocket data, without TLS and TCP:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        gigabytes = both_ways(demand, "websocket").times(1 / gigabyte_bytes(request))
        return {
            "new connections per second": (
                new_connections.times(sides),
                limit_value(f"{_ALB}.lcu_new_connections_per_second"),
            ),
            "active connections": (
                demand.connections.times(sides),
                limit_value(f"{_ALB}.lcu_active_connections"),
            ),
            "GB in and out": (gigabytes, limit_value(f"{_ALB}.lcu_gb_per_hour")),
            "rule evaluations per second at upgrades": (
                new_connections.times(paid_rules),
                limit_value(f"{_ALB}.lcu_rule_evaluations_per_second"),
            ),
        }


def _checks(request: Request, fleet: Fleet, balancers: FloatArray) -> Iterator[Check]:
    demand = request.demand
    targets = f"{_ALB}.targets"
    yield Check(
        targets,
        fleet.nodes.peak,
        limit_value(targets) * balancers,
        "larger nodes, or more load balancers",
    )
    yield Check(f"{_ALB}.per_region", balancers, limit_value(f"{_ALB}.per_region"))
    yield idle_check(
        demand,
        f"{_ALB}.idle_timeout",
        request.options.idle_timeout_seconds,
        limit_value(f"{_ALB}.idle_timeout_max"),
    )


class AlbEc2(_BehindAlb):
    """EC2 instances behind an Application Load Balancer, where TLS ends.

    Prices and capacity units: https://aws.amazon.com/elasticloadbalancing/pricing/
    """

    unit_name = "node"
    questions = _questions()
    not_modeled = (*NOT_MODELLED, BOOT_DISKS, "mutual TLS, which halves a unit's connections")

    def meter(self, request: Request) -> Metered:
        """Balancer hours, capacity units, addresses, nodes, Redis, zones, outbound traffic."""
        # whether traffic through a balancer is internet traffic of the node is not stated
        most = limit_value("aws.ec2.internet_bandwidth_mbps")
        return self._meter(request, "vm", most)


class AlbFargate(_BehindAlb):
    """Fargate tasks behind an Application Load Balancer, where TLS ends.

    Prices of tasks: https://aws.amazon.com/fargate/pricing/
    """

    unit_name = "task"
    questions = _questions()
    not_modeled = (
        *NOT_MODELLED,
        "more than the 20 GB of disk that a task brings, and the boot disks of Redis",
        "bandwidth of tasks, of which no figure is published",
        "storage of container images",
        "mutual TLS, which halves a unit's connections",
    )

    def meter(self, request: Request) -> Metered:
        """Balancer hours, capacity units, addresses, tasks, Redis, zones, outbound traffic."""
        return self._meter(request, "container", float("inf"))
