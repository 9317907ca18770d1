"""Azure Container Apps: replicas, billed at the active rate while they hold a connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, mean_in_month, most_in_month, over_month
from estimator.demand.weekly import most_around
from estimator.deployments.azure.nodes import (
    ADDRESS,
    BYTES_EVIDENCE,
    NOT_MODELED,
    AzureFleetOptions,
    AzureNodes,
)
from estimator.deployments.base import Request, billed_bytes_question, both_ways
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import CONTAINER_APPS
from estimator.deployments.fleet.expected_units import mean_empty_units, mean_units
from estimator.deployments.fleet.month import Month
from estimator.deployments.fleet.server import in_progress
from estimator.deployments.fleet.sizing import Fleet, NodeSpec, split_usage
from estimator.deployments.limits import Check, check, idle_checks, limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import SECONDS_PER_HOUR

_SERVICE = "azure.container_apps"
_REPLICAS = f"{_SERVICE}.max_replicas"
_TIMEOUT = f"{_SERVICE}.request_timeout"
_ACTIVE = f"{_SERVICE}.vcpu_active_seconds"
_IDLE = f"{_SERVICE}.vcpu_idle_seconds"


class ContainerAppsOptions(AzureFleetOptions):
    """Choices for Container Apps."""

    min_nodes: Annotated[int, Field(ge=0)] = 1
    """Fewest replicas that carry the peak, not counting those kept for a failure and spare ones;
    with none of them, the app scales to zero. Assumption: one."""
    own_network: bool = False
    """Whether the environment stands in a virtual network of your own even if nothing needs it.
    Zone redundancy needs one, and so does Redis that only the network reaches."""


class ContainerApps(AzureNodes):
    """Container Apps on the Consumption plan.

    An open WebSocket is a request in progress, so a replica that holds one is billed at the active
    rate, as all are while more than the minimum run. A replica of the minimum without a connection
    is idle: https://learn.microsoft.com/azure/container-apps/billing
    """

    kind = "container"
    options = ContainerAppsOptions
    questions = (
        Assumption(
            id="request_timeout",
            question="What do the 240 seconds of the ingress's request timeout end?",
            choices={
                "idle": "a connection on which nothing was sent for that long",
                "age": "every connection of that age; clients then connect again",
            },
            evidence="The page on ingress does not say how the timeout applies to a WebSocket. "
            "The premium ingress has the same 4 minutes as its default and calls them idle time.",
        ),
        Assumption(
            id="load_balancer_data",
            question="Which data does the load balancer of an environment in your own network bill "
            "as processed?",
            choices={
                "all": "everything with clients, in and out",
                "management": "management operations only, whose amount is not published",
            },
            evidence="The page on virtual networks: a standard load balancer is billed to you, and "
            "the cost of data processed includes ingress and egress for management operations. It "
            "excludes no other data, and a load balancer bills what it processes. All of it is the "
            "more expensive reading.",
        ),
        billed_bytes_question("ip", BYTES_EVIDENCE),
    )
    not_modeled = (
        *NOT_MODELED,
        "dedicated workload profiles and premium ingress",
        "what of its own lets a replica without a connection use 0.01 vCPU, or receive 1,000 bytes "
        "per second, and so pay the active rate",
    )

    websocket_questions = frozenset({"request_timeout"})
    clock = CONTAINER_APPS
    targets_limit = _REPLICAS

    def age_limit(self, request: Request) -> str | None:
        """The request timeout, if that is what it ends."""
        return _TIMEOUT if request.answers["request_timeout"] == "age" else None

    def nodes(self, request: Request) -> NodeSpec:
        """Replicas, of a size of which there may be as many as are needed."""
        return replace(
            super().nodes(request),
            unit="replica",
            idle_meters={_ACTIVE: _IDLE},
        )

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """What an environment in a network of one's own has there: a balancer, and two addresses.

        https://learn.microsoft.com/azure/container-apps/custom-virtual-networks#managed-resources
        """
        demand, balancer = request.demand, "azure.load_balancer"
        needed = np.asarray(float(request.options.own_network or _spread_over_zones(request)))
        if fleet.redis is not None:
            needed = np.maximum(needed, fleet.redis.several)
        if not np.any(needed):
            return
        hours = over_month(demand, needed)
        yield Usage(
            f"{balancer}.first_five_rules_hours",
            hours,
            "the balancer of an environment in your own network x hours of the month",
        )
        yield Usage(ADDRESS, 2 * hours, "its addresses for what comes in and what goes out")
        if request.answers["load_balancer_data"] == "all":
            data = f"{balancer}.processed_gb"
            through = demand.per_month(both_ways(demand).times(needed))
            yield Usage(
                data,
                through / request.bytes_per_unit(data),
                "all bytes with clients, in and out, down to the IP header",
            )

    def node_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Active and idle processor time and memory of replicas, and requests."""
        demand = request.demand
        running = _running(request, fleet)
        busy = _in_progress(request, fleet).connections
        empty = mean_empty_units(busy, _least(request, fleet))
        idle = np.asarray(np.minimum(empty, running), dtype=np.float64)
        for machine, mine, text in zip(fleet.machines, fleet.chosen, fleet.texts, strict=True):
            for meter, quantity in machine.parts.items():
                per_replica = mine.astype(np.float64) * quantity
                active = np.asarray(running - idle if meter == _ACTIVE else running)
                usage = Usage(
                    meter,
                    over_month(demand, active * per_replica),
                    f"{machine.title}: {text}; {range_text(mean_in_month(demand, active))} on "
                    f"average, {quantity:g} units per hour each",
                    role="containers",
                    by_hour=partial(Month.of(demand).by_hour, fleet.nodes),
                )
                yield from split_usage(usage, fleet.application_share)
                if meter == _ACTIVE and np.any(idle * mine > 0):
                    yield Usage(
                        _IDLE,
                        over_month(demand, idle * per_replica),
                        f"{machine.title}: {range_text(mean_in_month(demand, idle))} of the "
                        f"minimum are without a connection on average, {quantity:g} units per hour "
                        "each",
                    )
        text = "polls, streams and messages of clients"
        if demand.requests is None:
            text = "one for each new connection, in progress for as long as the socket is open"
        yield Usage(f"{_SERVICE}.requests", demand.per_month(demand.all_requests), text)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Replicas and the ingress's timeout; of cores no figure is published."""
        yield check(_REPLICAS, fleet.nodes)
        yield from idle_checks(request.demand, _TIMEOUT)

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """How the scale rule and the maximum of replicas must be set."""
        yield from fleet.notes
        demand = request.demand
        most = most_in_month(demand, fleet.nodes.peak)
        held = most_in_month(demand, demand.of_requests.peak_connections) / np.maximum(most, 1)
        each = "sockets" if demand.requests is None else "requests"
        rule = limit_value(f"{_SERVICE}.default_concurrent_requests")
        if not request.options.by_hour:
            yield (
                f"Set the minimum and the maximum number of replicas to {range_text(most)}; unless "
                f"told otherwise, the app scales by itself, a replica for every {rule:g} {each}."
            )
        else:
            yield (
                f"Set the HTTP scale rule to about {range_text(held)} concurrent requests per "
                f"replica; its default adds a replica for every {rule:g} {each}."
            )
        replicas = limit_value(f"{_SERVICE}.default_max_replicas")
        if (most > replicas).any():
            yield f"Raise the maximum number of replicas above its default of {replicas:g}."
        cores = range_text(most_in_month(demand, fleet.vcpus.peak))
        yield (
            f"The environment needs a quota of {cores} Consumption cores; how many a subscription "
            "starts with is not published."
        )


def _spread_over_zones(request: Request) -> bool:
    """Whether the environment is zone-redundant, which takes a network of one's own.

    https://learn.microsoft.com/azure/reliability/reliability-container-apps
    """
    return request.options.survives == "zone"


def _least(request: Request, fleet: Fleet) -> FloatArray | float:
    """The minimum of replicas: what runs all week, those kept for a failure included."""
    if not request.options.by_hour and request.demand.units is None:
        return fleet.nodes.peak
    return fleet.sizing.least_units


def _in_progress(request: Request, fleet: Fleet) -> Demand:
    """Requests that keep a replica active, each on one core at most."""
    each = (
        mine * min(machine.vcpus, 1.0) * machine.core_speed
        for machine, mine in zip(fleet.machines, fleet.chosen, strict=True)
    )
    speed = sum(each, start=np.zeros(())) * request.options.core_speed_factor
    return in_progress(request.demand, request.options, speed)


def _running(request: Request, fleet: Fleet) -> FloatArray:
    """Replicas on average over the week: those that ran, if that is known, or are expected to.

    Without a minimum, the last ones stop some minutes after the last connection. Replicas run in
    groups, one more in each than carry its connections if a zone may fail.
    """
    demand, options, placed = request.demand, request.options, fleet.placement
    if demand.units is not None or options.scaling != "autoscaled":
        return fleet.nodes.mean
    demand = _in_progress(request, fleet)
    ahead = most_around(demand.connections, options.scaling_lag_hours)
    scaled_for = replace(demand, connections=ahead)
    kept = 0.0 if placed.extra else limit_value(CONTAINER_APPS.cool_down_limit)
    groups = mean_units(
        scaled_for,
        fleet.needed.times(1 / placed.group_carries),
        np.ceil(options.min_nodes / placed.group_carries),
        kept / SECONDS_PER_HOUR,
    )
    return groups * placed.group_size + placed.extra
