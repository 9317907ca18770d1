"""EC2 instances behind a Network Load Balancer, which ends TLS or passes it through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
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
from estimator.deployments.limits import Check, idle_checks, limit_value, per_second

_NLB = "aws.nlb"


class NlbOptions(AwsFleetOptions):
    """Choices for instances behind a Network Load Balancer."""

    tls: Literal["balancer", "node"] = "node"
    """Where TLS ends: in a TLS listener of the balancer, or on the nodes, behind a TCP listener
    whose capacity units hold far more connections. Assumption: on the nodes."""
    tcp_idle_timeout_seconds: Annotated[float, Field(ge=60)] = Field(
        default_factory=lambda: limit_value(f"{_NLB}.tcp_idle_timeout")
    )
    """Silence after which a TCP listener drops a connection; the vendor's default if left out.
    That of TLS listeners cannot be set."""
    cross_zone: bool = False
    """Whether the balancer spreads connections over nodes of all zones; off, as by default, each
    zone serves the clients whose address it has."""
    client_ip_preservation: bool = True
    """Whether nodes see the addresses of clients; without, a node takes fewer connections."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        most = limit_value(f"{_NLB}.tcp_idle_timeout_max")
        if self.tcp_idle_timeout_seconds > most:
            raise ValueError(f"tcp_idle_timeout_seconds: the balancer takes {most:,g} at most")
        return self


class NlbEc2(Deployment):
    """EC2 instances behind a Network Load Balancer.

    Prices and capacity units: https://aws.amazon.com/elasticloadbalancing/pricing/
    """

    options = NlbOptions
    questions = (
        gigabyte_question("NLCU"),
        cross_zone_question(
            charged=True,
            evidence="Only matters if the option cross_zone is on. Several public notes say that a "
            "Network Load Balancer pays for traffic between zones; no page of AWS was read that "
            "says it.",
        ),
        scaling_choice(),
        traffic_assumption("ip", "No statement was found on which bytes count as transfer."),
    )
    not_modeled = (*NOT_MODELLED, BOOT_DISKS, "certificates on the nodes, where TLS ends there")

    def meter(self, request: Request) -> Metered:
        """Balancer hours, capacity units, addresses, nodes, Redis, zones, outbound traffic."""
        options, answers, demand = request.options, request.answers, request.demand
        without_client_ip = f"{_NLB}.connections_per_target_without_client_ip"
        preserved = options.client_ip_preservation
        fleet = build_fleet(
            request,
            "aws",
            "vm",
            answers["scaling"],
            tls=options.tls == "node",
            node_mbps_most=limit_value("aws.ec2.internet_bandwidth_mbps"),
            node_connections_most=np.inf if preserved else limit_value(without_client_ip),
        )
        redis = backplane(request, "aws", fleet, options.redis_machine)
        targets = _targets(options)
        balancers = count_balancers(fleet, float(targets.most))
        charged = options.cross_zone and answers["cross_zone_traffic"] == "yes"
        usage = one_line_per_meter(
            (
                *balancer_usage(
                    request, balancers, f"{_NLB}.hours", f"{_NLB}.nlcu_hours", _dimensions(request)
                ),
                *fleet.usage(demand),
                *redis.usage,
                *zone_usage(request, redis, cross_zone=charged),
                self.data_out(request, demand, "aws.egress.internet"),
                *log_usage(request, demand),
            )
        )
        notes = (*fleet.notes, *processor_notes(request, fleet, redis, "vm"))
        admission = fleet_admission(
            request,
            fleet,
            AWS,
            answers["scaling"],
            tls=options.tls == "node",
            nodes_room=Room(targets.most * balancers, targets.limit_id),
            node_limit_id=None if preserved else without_client_ip,
        )
        return Metered(usage, notes, tuple(_checks(request, fleet, balancers)), admission)


def _dimensions(request: Request) -> dict[str, tuple[Weekly, float]]:
    """Use of each hour by the dimensions of a capacity unit, of which the largest counts."""
    demand = request.demand
    listener = "tls" if request.options.tls == "balancer" else "tcp"
    # the balancer counts bytes with their TCP/IP headers:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-cloudwatch-metrics.html
    gigabytes = both_ways(demand, "ip").times(1 / gigabyte_bytes(request))
    return {
        "new connections per second": (
            per_second(demand.new_connections),
            limit_value(f"{_NLB}.nlcu_{listener}_new_connections_per_second"),
        ),
        "active connections": (
            demand.connections,
            limit_value(f"{_NLB}.nlcu_{listener}_active_connections"),
        ),
        "GB in and out": (gigabytes, limit_value(f"{_NLB}.nlcu_gb_per_hour")),
    }


def _targets(options: NlbOptions) -> Room:
    """Nodes that one balancer may have in all its zones."""
    in_zone, in_all = f"{_NLB}.targets_per_zone", f"{_NLB}.targets"
    zones = limit_value(in_zone) * options.zones
    most = limit_value(in_all)
    return Room(zones, in_zone) if zones < most else Room(most, in_all)


def _checks(request: Request, fleet: Fleet, balancers: FloatArray) -> Iterator[Check]:
    demand, options = request.demand, request.options
    in_zone = f"{_NLB}.targets_per_zone"
    yield Check(
        in_zone,
        fleet.nodes.peak / options.zones,
        limit_value(in_zone) * balancers,
        "larger nodes, or more load balancers",
    )
    if options.tls == "balancer":
        yield from idle_checks(demand, f"{_NLB}.tls_idle_timeout")
    else:
        yield idle_check(
            demand,
            f"{_NLB}.tcp_idle_timeout",
            options.tcp_idle_timeout_seconds,
            limit_value(f"{_NLB}.tcp_idle_timeout_max"),
        )
