"""Virtual machines behind Standard Load Balancer, which leaves TLS to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.deployments.azure.nodes import (
    BYTES_EVIDENCE,
    DISKS,
    NOT_MODELED,
    AzureFleetOptions,
    AzureNodes,
)
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.admission import Room
from estimator.deployments.fleet.behind_balancer import Balancer, both_ways
from estimator.deployments.fleet.sizing import SCALING, Fleet, NodeSpec
from estimator.deployments.limits import check, idle_checks, limit_value
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
    """Silence after which the balancer forgets a connection. Default: the vendor's."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        least, most = (
            limit_value(f"{_BALANCER}.{limit}") / SECONDS_PER_MINUTE
            for limit in ("idle_timeout", "idle_timeout_max")
        )
        if not least <= self.idle_timeout_minutes <= most:
            raise ValueError(f"idle_timeout_minutes is {least:g} to {most:g}")
        return self


class LoadBalancerVm(AzureNodes):
    """Virtual machines behind Standard Load Balancer, TLS on the nodes.

    Metering: https://azure.microsoft.com/pricing/details/load-balancer/
    """

    options = LoadBalancerOptions
    questions = (SCALING, billed_bytes_question("ip", BYTES_EVIDENCE))
    not_modeled = (*NOT_MODELED, DISKS, "certificates on the nodes")

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines where TLS ends."""
        return NodeSpec(ends_tls=True)

    def balancer(self, request: Request, fleet: Fleet) -> Balancer:
        """Rules and data of the balancer and its address; the pool and the idle timeout."""
        demand, pool = request.demand, f"{_BALANCER}.backend_pool_size"
        checks = (
            check(pool, fleet.nodes.peak),
            # a segment in either direction keeps the flow: what one sends the other acknowledges
            *idle_checks(
                demand,
                f"{_BALANCER}.idle_timeout",
                seconds=request.options.idle_timeout_minutes * SECONDS_PER_MINUTE,
            ),
        )
        room = Room(limit_value(pool), pool)
        return Balancer(tuple(_balancer_usage(request)), checks, nodes_room=room)


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
    yield Usage(
        data,
        demand.per_month(both_ways(demand)) / request.bytes_per_unit(data),
        "all bytes with clients, in and out, down to the IP header",
    )
    yield Usage("azure.public_ipv4.hours", hours, "the balancer's address x hours of the month")
