"""Virtual machines behind Standard Load Balancer, which leaves TLS to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.demand.demand import Demand
from estimator.deployments.azure.nodes import (
    DISKS,
    EVIDENCE_BYTES,
    NOT_MODELLED,
    AzureFleetOptions,
    both_ways,
    inter_zone,
)
from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    one_line_per_meter,
    traffic_assumption,
)
from estimator.deployments.fleet.admission import AZURE, Room, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.sizing import Fleet, build_fleet, scaling_choice
from estimator.deployments.limits import (
    Check,
    check,
    limit_value,
    longest_silence_seconds,
)
from estimator.pricing.lines import Usage
from estimator.units import SECONDS_PER_MINUTE

_BALANCER = "azure.load_balancer"
_FIRST_RULES = 5
"""Rules that share one price; the meter says so in its name."""


class LoadBalancerOptions(AzureFleetOptions):
    """Choices for virtual machines behind Standard Load Balancer."""

    rules: Annotated[int, Field(ge=1)] = 1
    """Load-balancing and outbound rules; the first five cost as much as one."""
    idle_timeout_minutes: float = Field(
        default_factory=lambda: limit_value(f"{_BALANCER}.idle_timeout") / SECONDS_PER_MINUTE
    )
    """Silence after which the balancer forgets a connection; the vendor's default if left out."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        least, most = (
            limit_value(f"{_BALANCER}.{limit}") / SECONDS_PER_MINUTE
            for limit in ("idle_timeout", "idle_timeout_max")
        )
        if not least <= self.idle_timeout_minutes <= most:
            raise ValueError(f"idle_timeout_minutes is {least:g} to {most:g}")
        return self


class LoadBalancerVm(Deployment):
    """Virtual machines behind Standard Load Balancer, TLS on the nodes.

    Metering: https://azure.microsoft.com/pricing/details/load-balancer/
    """

    options = LoadBalancerOptions
    questions = (
        scaling_choice(),
        traffic_assumption("ip", EVIDENCE_BYTES),
    )
    not_modeled = (*NOT_MODELLED, DISKS, "certificates on the nodes")

    def meter(self, request: Request) -> Metered:
        """Rules and data of the balancer, its address, nodes with TLS, Redis, traffic out."""
        demand, options = request.demand, request.options
        scaling = request.answers["scaling"]
        fleet = build_fleet(request, "azure", "vm", scaling, tls=True)
        redis = backplane(request, "azure", fleet, options.redis_machine)
        usage = one_line_per_meter(
            _balancer_usage(request),
            fleet.usage(demand),
            redis.usage,
            (
                inter_zone(request, redis.other_zones_gib),
                self.data_out(request, demand, "azure.egress.internet"),
            ),
        )
        pool = f"{_BALANCER}.backend_pool_size"
        room = Room(limit_value(pool), pool)
        admission = fleet_admission(request, fleet, AZURE, scaling, tls=True, nodes_room=room)
        return Metered(usage, fleet.notes, tuple(_checks(demand, fleet, options)), admission)


def _balancer_usage(request: Request) -> Iterator[Usage]:
    demand, rules = request.demand, request.options.rules
    hours = np.asarray(demand.hours_per_month)
    yield Usage(f"{_BALANCER}.first_five_rules_hours", hours, "one balancer x hours of the month")
    if rules > _FIRST_RULES:
        yield Usage(
            f"{_BALANCER}.extra_rule_hours",
            hours * (rules - _FIRST_RULES),
            f"rules beyond the first five ({rules - _FIRST_RULES}) x hours of the month",
        )
    data = f"{_BALANCER}.processed_gb"
    bytes_per_unit = request.catalog.meter(data).bytes_per_unit
    assert bytes_per_unit is not None, f"{data} does not count bytes"
    yield Usage(
        data,
        demand.per_month(both_ways(demand)) / bytes_per_unit,
        "all bytes with clients, in and out, down to the IP header",
    )
    yield Usage("azure.public_ipv4.hours", hours, "the balancer's address x hours of the month")


def _checks(demand: Demand, fleet: Fleet, options: LoadBalancerOptions) -> Iterator[Check]:
    yield check(f"{_BALANCER}.backend_pool_size", fleet.nodes.peak)
    # a segment in either direction keeps the flow, and what one sends the other acknowledges
    silence = np.minimum(
        longest_silence_seconds(demand, "to_server"), longest_silence_seconds(demand, "to_client")
    )
    seconds = options.idle_timeout_minutes * SECONDS_PER_MINUTE
    yield Check(f"{_BALANCER}.idle_timeout", silence, seconds)
