"""Azure Container Apps: replicas that hold the connections, always at the active rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.weekly import total
from estimator.deployments.azure.nodes import (
    EVIDENCE_BYTES,
    NOT_MODELLED,
    AzureFleetOptions,
    inter_zone,
    priced,
)
from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    one_line_per_meter,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet.admission import CONTAINER_APPS, Room, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.sizing import Fleet, build_fleet, scaling_choice
from estimator.deployments.limits import Check, admission_at, check, idle_checks, limit_value
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import SECONDS_PER_HOUR

_SERVICE = "azure.container_apps"
_TIMEOUT = f"{_SERVICE}.request_timeout"


def _scaling() -> Assumption:
    """The service scales by itself, so following the hours comes first."""
    choice = scaling_choice()
    return replace(choice, choices=dict(reversed([*choice.choices.items()])))


class ContainerApps(Deployment):
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
                "idle": "a connection on which nothing was sent for so long",
                "age": "every connection of that age; clients then connect again",
            },
            evidence="The page on ingress does not say how the timeout applies to a WebSocket. "
            "The premium ingress has the same 4 minutes as its default and calls them idle time.",
        ),
        _scaling(),
        traffic_assumption("ip", EVIDENCE_BYTES),
    )
    not_modeled = (
        *NOT_MODELLED,
        "dedicated workload profiles and premium ingress",
        "the idle rate of replicas in hours without any connection",
    )

    def meter(self, request: Request) -> Metered:
        """Active processor time and memory of replicas, requests, Redis, outbound traffic."""
        front = AdmissionLimits()
        if request.answers["request_timeout"] == "age":
            front = admission_at(age_most_seconds=_TIMEOUT)
            hours = front.age_most_seconds / SECONDS_PER_HOUR
            request = replace(request, demand=request.demand.cut_after(hours))
        demand, options = request.demand, request.options
        priced(request, "container")
        scaling = request.answers["scaling"]
        fleet = build_fleet(request, "azure", "container", scaling)
        redis = backplane(request, "azure", fleet, options.redis_machine)
        requests = Usage(
            f"{_SERVICE}.requests",
            demand.per_month(demand.new_connections),
            "one for each connect, which stays in progress while the socket is open",
        )
        usage = one_line_per_meter(
            fleet.usage(demand),
            (requests,),
            redis.usage,
            (
                inter_zone(request, redis.other_zones_gib),
                self.data_out(request, demand, "azure.egress.internet"),
            ),
        )
        checks = (*_checks(fleet), *idle_checks(demand, _TIMEOUT))
        most = f"{_SERVICE}.max_replicas"
        admission = fleet_admission(
            request,
            fleet,
            CONTAINER_APPS,
            scaling,
            front=front,
            unit_name="replica",
            nodes_room=Room(limit_value(most), most),
        )
        return Metered(usage, (*fleet.notes, *_notes(request, fleet)), checks, admission)


def _checks(fleet: Fleet) -> Iterator[Check]:
    yield check(f"{_SERVICE}.max_replicas", fleet.nodes)
    cores = total(
        nodes.times(machine.vcpus)
        for machine, nodes in zip(fleet.machines, fleet.nodes_by_machine, strict=True)
    )
    yield check(
        f"{_SERVICE}.cores_per_environment", cores, "ask Azure support for a quota of {used} vCPU"
    )


def _notes(request: Request, fleet: Fleet) -> Iterator[str]:
    sockets = request.demand.peak_connections / fleet.nodes.peak
    rule = limit_value(f"{_SERVICE}.default_concurrent_requests")
    yield (
        f"The HTTP scale rule must be set to about {spread(sockets)} requests in progress a "
        f"replica; untouched it adds a replica for every {rule:g} sockets."
    )
    replicas = limit_value(f"{_SERVICE}.default_max_replicas")
    if (fleet.nodes.peak > replicas).any():
        yield f"The maximum of replicas must be set above its default of {replicas:g}."
