"""Azure Container Apps: replicas, billed at the active rate while they hold a connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import mean_in_month, most_in_month, over_month
from estimator.deployments.azure.nodes import (
    BYTES_EVIDENCE,
    NOT_MODELED,
    AzureFleetOptions,
    AzureNodes,
)
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import CONTAINER_APPS
from estimator.deployments.fleet.expected_units import mean_empty_units, mean_units
from estimator.deployments.fleet.sizing import SCALING, Fleet, NodeSpec, ahead_and_after
from estimator.deployments.limits import Check, check, idle_checks, limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import SECONDS_PER_HOUR

_SERVICE = "azure.container_apps"
_REPLICAS = f"{_SERVICE}.max_replicas"
_TIMEOUT = f"{_SERVICE}.request_timeout"
_ACTIVE = f"{_SERVICE}.vcpu_active_seconds"


class ContainerAppsOptions(AzureFleetOptions):
    """Choices for Container Apps."""

    min_nodes: Annotated[int, Field(ge=0)] = 2
    """Fewest replicas, not counting spare ones; with none of both, the app scales to zero.
    Assumption: two, in two zones."""


class ContainerApps(AzureNodes):
    """Container Apps on the Consumption plan.

    An open WebSocket is a request in progress, so a replica that holds one is billed at the active
    rate, as all are while more than the minimum run. A replica of the minimum without a connection
    is idle: https://learn.microsoft.com/azure/container-apps/billing
    """

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
        # the service scales by itself, so following demand comes first
        replace(SCALING, choices=dict(reversed([*SCALING.choices.items()]))),
        billed_bytes_question("ip", BYTES_EVIDENCE),
    )
    not_modeled = (
        *NOT_MODELED,
        "dedicated workload profiles and premium ingress",
        "what of its own lets a replica without a connection use 0.01 vCPU, or receive 1,000 bytes "
        "per second, and so pay the active rate",
    )

    clock = CONTAINER_APPS
    targets_limit = _REPLICAS

    def age_limit(self, request: Request) -> str | None:
        """The request timeout, if that is what it ends."""
        return _TIMEOUT if request.answers["request_timeout"] == "age" else None

    def nodes(self, request: Request) -> NodeSpec:
        """Replicas."""
        return NodeSpec(kind="container", unit="replica")

    def node_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Active and idle processor time and memory of replicas, and requests."""
        demand = request.demand
        running = _running(request, fleet)
        empty = mean_empty_units(demand, _least(request, fleet))
        idle = np.asarray(np.minimum(empty, running), dtype=np.float64)
        for machine, mine, text in zip(fleet.machines, fleet.chosen, fleet.texts, strict=True):
            for meter, quantity in machine.parts.items():
                per_replica = mine.astype(np.float64) * quantity
                active = np.asarray(running - idle if meter == _ACTIVE else running)
                yield Usage(
                    meter,
                    over_month(demand, active * per_replica),
                    f"{machine.title}: {text}; {range_text(mean_in_month(demand, active))} on "
                    f"average, {quantity:g} units per hour each",
                )
                if meter == _ACTIVE and np.any(idle * mine > 0):
                    yield Usage(
                        f"{_SERVICE}.vcpu_idle_seconds",
                        over_month(demand, idle * per_replica),
                        f"{machine.title}: {range_text(mean_in_month(demand, idle))} of the "
                        f"minimum are without a connection on average, {quantity:g} units per hour "
                        "each",
                    )
        yield Usage(
            f"{_SERVICE}.requests",
            demand.per_month(demand.new_connections),
            "one for each new connection, in progress for as long as the socket is open",
        )

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Replicas, cores, and the ingress's timeout."""
        cores = f"{_SERVICE}.cores_per_environment"
        yield check(_REPLICAS, fleet.nodes)
        yield check(cores, fleet.vcpus, "ask Azure support for a quota of {used} vCPU")
        yield from idle_checks(request.demand, _TIMEOUT)

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """How the scale rule and the maximum of replicas must be set."""
        yield from fleet.notes
        demand = request.demand
        most = most_in_month(demand, fleet.nodes.peak)
        sockets = most_in_month(demand, demand.peak_connections) / np.maximum(most, 1)
        rule = limit_value(f"{_SERVICE}.default_concurrent_requests")
        yield (
            f"Set the HTTP scale rule to about {range_text(sockets)} concurrent requests per "
            f"replica; its default adds a replica for every {rule:g} sockets."
        )
        replicas = limit_value(f"{_SERVICE}.default_max_replicas")
        if (most > replicas).any():
            yield f"Raise the maximum number of replicas above its default of {replicas:g}."


def _least(request: Request, fleet: Fleet) -> FloatArray | float:
    """The minimum of replicas: what runs all week, spare ones included."""
    options = request.options
    if request.answers["scaling"] == "static" and request.demand.units is None:
        return fleet.nodes.peak
    return options.min_nodes + options.spare_nodes


def _running(request: Request, fleet: Fleet) -> FloatArray:
    """Replicas on average over the week: those that ran, if that is known, or are expected to.

    Without a minimum, the last one stops some minutes after its last connection.
    """
    demand, options = request.demand, request.options
    if demand.units is not None or request.answers["scaling"] == "static":
        return fleet.nodes.mean
    ahead = ahead_and_after(
        (demand.connections, demand.connections_peak), options.scaling_lag_hours
    )
    scaled_for = replace(demand, connections=ahead[0], connections_peak=ahead[1])
    kept = 0.0 if options.spare_nodes else limit_value(CONTAINER_APPS.cool_down_limit)
    expected = mean_units(scaled_for, fleet.needed, options.min_nodes, kept / SECONDS_PER_HOUR)
    return expected + options.spare_nodes
