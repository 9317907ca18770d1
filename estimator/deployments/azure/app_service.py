"""Azure App Service: plans whose instances hold the connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from estimator.demand.demand import Demand, Weekly, total
from estimator.deployments.azure.nodes import (
    EVIDENCE_BYTES,
    NOT_MODELLED,
    AzureFleetOptions,
    inter_zone,
    priced,
)
from estimator.deployments.backplane import backplane
from estimator.deployments.deployment import (
    Deployment,
    Metered,
    Request,
    one_line_per_meter,
    traffic_assumption,
)
from estimator.deployments.fleet import CHEAPEST, Fleet, build_fleet, scaling_choice
from estimator.deployments.fleet_doors import AZURE, Room, fleet_doors
from estimator.deployments.limits import Check, check, idle_checks, limit_value
from estimator.deployments.machine import Machine, find_machine
from estimator.scenario.model import FloatArray

_ID = "azure.app_service"
_KIND = "app_service"
_FAMILIES = {"B": "basic", "S": "standard", "P": "premium_v2_v3"}
"""First letter of a plan, and the name of its limits; Premium v4 is taken to have those of v3."""
_SIZES = {1: "small", 2: "medium"}
"""Processors of an instance, and the name of its limit of requests; more are large."""


class AppServiceOptions(AzureFleetOptions):
    """Choices for App Service."""

    operating_system: Literal["linux", "windows"] = "linux"
    """Of the plans to choose the cheapest from."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Instances of one plan, and which scenarios run on it."""

    machine: Machine
    fleet: Fleet
    chosen: npt.NDArray[np.bool_]


class AppService(Deployment):
    """App Service, priced by the instances of its plan.

    Limits: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
    """

    id = _ID
    title = "App Service"
    cloud = "azure"
    options = AppServiceOptions
    assumptions = (
        scaling_choice(_ID),
        traffic_assumption(_ID, "ip", EVIDENCE_BYTES),
    )
    not_modelled = (*NOT_MODELLED, "certificates and a gateway in front")

    def meter(self, request: Request) -> Metered:
        """Instances of the plan, Redis between them, outbound traffic."""
        demand, options = request.demand, request.options
        scaling = request.answers[f"{_ID}.scaling"]
        plans = _choose(request, scaling)
        fleet = _together(plans)
        redis = backplane(request, "azure", fleet, options.redis_machine)
        usage = one_line_per_meter(
            fleet.usage(demand),
            redis.usage,
            (
                inter_zone(request, redis.other_zones_gib),
                self.data_out(request, demand, "azure.egress.internet"),
            ),
        )
        checks = (*_checks(demand, plans), *idle_checks(demand, f"{_ID}.idle_timeout"))
        instances = _instances_limit(plans[0].machine)
        doors = fleet_doors(
            request,
            fleet,
            AZURE,
            scaling,
            unit_name="instance",
            nodes_room=Room(limit_value(instances), instances),
            node_limit_id=_websockets_limit(plans[0].machine),
        )
        return Metered(usage, fleet.notes, checks, doors)


def _websockets_limit(machine: Machine) -> str:
    """What bounds the connections of an instance of a plan."""
    if machine.machine.startswith("B"):
        return f"{_ID}.basic_websockets"
    return f"{_ID}.{_SIZES.get(int(machine.vcpus), 'large')}_requests"


def _instances_limit(machine: Machine) -> str:
    return f"{_ID}.{_FAMILIES[machine.machine[0]]}_max_instances"


def _choose(request: Request, scaling: str) -> list[_Plan]:
    """For each scenario the cheapest plan that may have as many instances as it needs.

    If no plan may, the cheapest of all; the check of its instances then says so.
    """
    options = request.options
    if options.machine == CHEAPEST:
        plans = priced(request, _KIND, f"-{options.operating_system}").values()
        # Basic plans are scaled by hand only
        by_hand = "B" if scaling == "autoscaled" else "-"
        candidates = [one for one in plans if not one.machine.startswith(by_hand)]
    else:
        candidates = [find_machine("azure", _KIND, options.machine)]
    # nodes that ran do not tell which plan is cheapest for the demand
    planned = replace(request, demand=replace(request.demand, units=None))
    fleets = [_on(one, planned, scaling) for one in candidates]
    usd, beyond = (
        np.stack(np.broadcast_arrays(*figures))
        for figures in (
            [
                fleet.nodes.mean * one.usd_per_hour(request.catalog, request.region)
                for one, fleet in zip(candidates, fleets, strict=True)
            ],
            [
                fleet.nodes.peak > limit_value(_instances_limit(one))
                for one, fleet in zip(candidates, fleets, strict=True)
            ],
        )
    )
    allowed = np.where(beyond, np.inf, usd)
    chosen = np.argmin(np.where(np.all(beyond, axis=0), usd, allowed), axis=0)
    return [
        _Plan(
            candidates[index],
            _on(candidates[index], request, scaling) if request.demand.units else fleets[index],
            np.asarray(chosen == index),
        )
        for index in np.unique(chosen)
    ]


def _on(plan: Machine, request: Request, scaling: str) -> Fleet:
    """The instances of one plan."""
    options = request.options.model_copy(update={"machine": plan.machine})
    return build_fleet(
        replace(request, options=options),
        "azure",
        _KIND,
        scaling,
        node_connections_most=limit_value(_websockets_limit(plan)),
    )


def _together(plans: list[_Plan]) -> Fleet:
    """The instances of all plans, each in the scenarios that chose it."""
    by_machine = tuple(one.fleet.nodes.times(one.chosen.astype(np.float64)) for one in plans)
    return replace(
        plans[0].fleet,
        machines=tuple(one.machine for one in plans),
        nodes_by_machine=by_machine,
        nodes=total(by_machine),
        texts=tuple(one.fleet.text for one in plans),
        connections_each=np.sum([one.fleet.connections_each * one.chosen for one in plans], axis=0),
        notes=tuple(dict.fromkeys(note for one in plans for note in one.fleet.notes)),
    )


def _checks(demand: Demand, plans: list[_Plan]) -> Iterator[Check]:
    instances: dict[str, list[Weekly]] = defaultdict(list)
    sockets: dict[str, list[tuple[Weekly, FloatArray]]] = defaultdict(list)
    for plan in plans:
        mine, fleet = plan.chosen.astype(np.float64), plan.fleet
        instances[_instances_limit(plan.machine)].append(fleet.nodes.times(mine))
        limit_id = _websockets_limit(plan.machine)
        room = np.asarray(limit_value(limit_id) * fleet.nodes.peak)
        sockets[limit_id].append((demand.connections_peak.times(mine), room * mine))
    for limit_id, parts in instances.items():
        yield check(limit_id, total(parts))
    for limit_id, pairs in sockets.items():
        room = np.sum(np.broadcast_arrays(*(room for _, room in pairs)), axis=0)
        # where no plan of the kind was chosen, nothing is used and one instance's room stands
        allowed = np.where(room > 0, room, limit_value(limit_id))
        yield Check(limit_id, total(used for used, _ in pairs), allowed)
