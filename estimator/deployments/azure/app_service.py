"""Azure App Service: plans whose instances hold the connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
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
    traffic_assumption,
)
from estimator.deployments.fleet.admission import AZURE, Room, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.candidates import CHEAPEST
from estimator.deployments.fleet.machine import Machine
from estimator.deployments.fleet.sizing import Fleet, build_fleet, scaling_choice
from estimator.deployments.limits import Check, check, idle_checks, limit_value

_SERVICE = "azure.app_service"
_KIND = "app_service"
_FAMILIES = {"B": "basic", "S": "standard", "P": "premium_v2_v3"}
"""First letter of a plan, and the name of its limits; Premium v4 is taken to have those of v3."""
_SIZES = {1: "small", 2: "medium"}
"""Processors of an instance, and the name of its limit of requests; more are large."""


class AppServiceOptions(AzureFleetOptions):
    """Choices for App Service."""

    operating_system: Literal["linux", "windows"] = "linux"
    """Of the plans to choose the cheapest from."""


class AppService(Deployment):
    """App Service, priced by the instances of its plan.

    Limits: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
    """

    options = AppServiceOptions
    questions = (
        scaling_choice(),
        traffic_assumption("ip", EVIDENCE_BYTES),
    )
    not_modeled = (*NOT_MODELLED, "certificates and a gateway in front")

    def meter(self, request: Request) -> Metered:
        """Instances of the plan, Redis between them, outbound traffic."""
        demand, options = request.demand, request.options
        scaling = request.answers["scaling"]
        fleet = _instances(request, scaling)
        redis = backplane(request, "azure", fleet, options.redis_machine)
        usage = one_line_per_meter(
            fleet.usage(demand),
            redis.usage,
            (
                inter_zone(request, redis.other_zones_gib),
                self.data_out(request, demand, "azure.egress.internet"),
            ),
        )
        checks = (*_checks(demand, fleet), *idle_checks(demand, f"{_SERVICE}.idle_timeout"))
        instances = _instances_limit(fleet.machines[0])
        admission = fleet_admission(
            request,
            fleet,
            AZURE,
            scaling,
            unit_name="instance",
            nodes_room=Room(limit_value(instances), instances),
            node_limit_id=_websockets_limit(fleet.machines[0]),
        )
        return Metered(usage, fleet.notes, checks, admission)


def _websockets_limit(machine: Machine) -> str:
    """What bounds the connections of an instance of a plan."""
    if machine.machine.startswith("B"):
        return f"{_SERVICE}.basic_websockets"
    return f"{_SERVICE}.{_SIZES.get(int(machine.vcpus), 'large')}_requests"


def _instances_limit(machine: Machine) -> str:
    return f"{_SERVICE}.{_FAMILIES[machine.machine[0]]}_max_instances"


def _websockets_most(machine: Machine) -> float:
    return limit_value(_websockets_limit(machine))


def _instances_most(machine: Machine) -> float:
    return limit_value(_instances_limit(machine))


def _instances(request: Request, scaling: str) -> Fleet:
    """For each scenario the cheapest plan that may have as many instances as it needs.

    If no plan may, the cheapest of all; the check of its instances then says so.
    """
    options = request.options
    plans: tuple[str, ...] | None = None
    if options.machine == CHEAPEST:
        found = priced(request, _KIND, f"-{options.operating_system}")
        # Basic plans are scaled by hand only
        by_hand = "B" if scaling == "autoscaled" else "-"
        plans = tuple(name for name in found if not name.startswith(by_hand))
    return build_fleet(
        request,
        "azure",
        _KIND,
        scaling,
        node_connections_most=_websockets_most,
        nodes_most=_instances_most,
        among=plans,
    )


def _checks(demand: Demand, fleet: Fleet) -> Iterator[Check]:
    instances: dict[str, list[Weekly]] = defaultdict(list)
    sockets: dict[str, list[FloatArray]] = defaultdict(list)
    for plan, chosen in zip(fleet.machines, fleet.chosen, strict=True):
        mine = chosen.astype(np.float64)
        instances[_instances_limit(plan)].append(fleet.nodes.times(mine))
        sockets[_websockets_limit(plan)].append(mine)
    for limit_id, parts in instances.items():
        yield check(limit_id, total(parts))
    for limit_id, parts in sockets.items():
        mine = np.sum(parts, axis=0)
        room = limit_value(limit_id) * fleet.nodes.peak * mine
        # where no plan of the kind was chosen, nothing is used and one instance's room stands
        allowed = np.where(room > 0, room, limit_value(limit_id))
        yield Check(limit_id, demand.connections_peak.times(mine), allowed)
