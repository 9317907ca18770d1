"""Azure App Service: plans whose instances hold the connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.weekly import Weekly, total
from estimator.deployments.azure.nodes import (
    BYTES_EVIDENCE,
    NOT_MODELED,
    AzureFleetOptions,
    AzureNodes,
)
from estimator.deployments.base import Request, billed_bytes_question
from estimator.deployments.fleet.behind_balancer import Room
from estimator.deployments.fleet.machine import CHEAPEST, Machine, machines, priced
from estimator.deployments.fleet.sizing import SCALING, Fleet, NodeSpec
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


class AppService(AzureNodes):
    """App Service, priced by the instances of its plan.

    Limits: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
    """

    options = AppServiceOptions
    questions = (SCALING, billed_bytes_question("ip", BYTES_EVIDENCE))
    not_modeled = (*NOT_MODELED, "certificates, and a gateway in front")

    def nodes(self, request: Request) -> NodeSpec:
        """Instances of the cheapest plan that may have as many of them as it needs.

        If no plan may, of the cheapest of all; the check of its instances then says so.
        """
        plans: tuple[str, ...] | None = None
        if request.options.machine == CHEAPEST:
            # Basic plans are scaled by hand only
            by_hand = "B" if request.answers["scaling"] == "autoscaled" else "-"
            ending = f"-{request.options.operating_system}"
            listed = tuple(name for name in machines("azure", _KIND) if name.endswith(ending))
            found = priced(request.catalog, request.region, "azure", _KIND, listed)
            plans = tuple(name for name in found if not name.startswith(by_hand))
        return NodeSpec(
            kind=_KIND,
            unit="instance",
            connections_most=_websockets_most,
            nodes_most=_instances_most,
            among=plans,
        )

    def targets(self, request: Request, fleet: Fleet) -> Room:
        """Instances that the plan may have."""
        plan = fleet.machines[0]
        return Room(_instances_limit(plan), _instances_most(plan))

    def node_limit_id(self, request: Request, fleet: Fleet) -> str:
        """Sockets of an instance of the plan."""
        return _websockets_limit(fleet.machines[0])

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Instances and sockets of each plan, and the idle timeout of the front end."""
        instances: dict[str, list[Weekly]] = defaultdict(list)
        sockets: dict[str, list[FloatArray]] = defaultdict(list)
        for plan, chosen, nodes in zip(
            fleet.machines, fleet.chosen, fleet.nodes_by_machine, strict=True
        ):
            instances[_instances_limit(plan)].append(nodes)
            sockets[_websockets_limit(plan)].append(chosen.astype(np.float64))
        for limit_id, parts in instances.items():
            yield check(limit_id, total(parts))
        for limit_id, parts in sockets.items():
            mine = np.sum(parts, axis=0)
            room = limit_value(limit_id) * fleet.nodes.peak * mine
            # where no plan of the kind was chosen, nothing is used and one instance's room stands
            allowed = np.where(room > 0, room, limit_value(limit_id))
            yield Check(limit_id, request.demand.connections_peak.times(mine), allowed)
        yield from idle_checks(request.demand, f"{_SERVICE}.idle_timeout")


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
