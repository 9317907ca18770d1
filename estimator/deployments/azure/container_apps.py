"""Azure Container Apps: replicas that hold the connections, always at the active rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from estimator.deployments.azure.nodes import (
    BYTES_EVIDENCE,
    NOT_MODELED,
    AzureFleetOptions,
    AzureNodes,
)
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import CONTAINER_APPS
from estimator.deployments.fleet.sizing import SCALING, Fleet, NodeSpec
from estimator.deployments.limits import Check, check, idle_checks, limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption

_SERVICE = "azure.container_apps"
_REPLICAS = f"{_SERVICE}.max_replicas"
_TIMEOUT = f"{_SERVICE}.request_timeout"


class ContainerApps(AzureNodes):
    """Container Apps on the Consumption plan.

    An open WebSocket is a request in progress, so a replica that holds one never falls to the
    idle rate: https://learn.microsoft.com/azure/container-apps/billing
    """

    options = AzureFleetOptions
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
        "the idle rate of replicas in hours without any connection",
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
        """Active processor time and memory of replicas, and requests."""
        demand = request.demand
        yield from fleet.usage(demand)
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
        sockets = request.demand.peak_connections / fleet.nodes.peak
        rule = limit_value(f"{_SERVICE}.default_concurrent_requests")
        yield (
            f"Set the HTTP scale rule to about {range_text(sockets)} concurrent requests per "
            f"replica; its default adds a replica for every {rule:g} sockets."
        )
        replicas = limit_value(f"{_SERVICE}.default_max_replicas")
        if (fleet.nodes.peak > replicas).any():
            yield f"Raise the maximum number of replicas above its default of {replicas:g}."
