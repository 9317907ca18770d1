"""Azure App Service: plans whose instances hold the connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
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
from estimator.deployments.base import Difference, Metered, Request, billed_bytes_question
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.behind_balancer import Room
from estimator.deployments.fleet.host_limits import carrying_nodes
from estimator.deployments.fleet.machine import CHEAPEST, Machine, machines, priced
from estimator.deployments.fleet.sizing import Fleet, NodeSpec
from estimator.deployments.limits import Check, check, idle_checks, limit_value
from estimator.errors import ScenarioError
from estimator.pricing.price_files import Assumption
from estimator.scenario.transport import Polling

_SERVICE = "azure.app_service"
_IDLE = {
    "linux": f"{_SERVICE}.linux_idle_timeout",
    "windows": f"{_SERVICE}.windows_idle_timeout",
}
"""Limits of silence, by operating system."""
_FAMILIES = {"B": "basic", "S": "standard", "P": "premium_v2_v3"}
"""First letter of a plan, and the name of its limits; Premium v4 is taken to have those of v3."""
_SIZES = {1: "small", 2: "medium"}
"""Processors of an instance on Windows, and the name of its limit of requests; more are large."""


class AppServiceOptions(AzureFleetOptions):
    """Choices for App Service."""

    operating_system: Literal["linux", "windows"] = "linux"
    """Of the plans to choose the cheapest from."""


class AppService(AzureNodes):
    """App Service, priced by the instances of its plan.

    Limits: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
    """

    kind = "app_service"
    options = AppServiceOptions
    questions = (
        Assumption(
            id="windows_requests",
            question="Do open WebSockets count as the requests in progress of which Windows' web "
            "server has a maximum per processor?",
            choices={
                "counted": "an instance holds 7,500, 15,000 or 75,000, by its size",
                "not_counted": "an instance holds what its memory and processors hold",
            },
            evidence="The page of limits gives no limit of WebSockets from Standard plans on, and "
            "names that setting of IIS (maxConcurrentRequestsPerCpu) as an example of what can "
            "bound them. Linux plans have no IIS, and a limit of their own.",
        ),
        billed_bytes_question("ip", BYTES_EVIDENCE),
    )
    websocket_questions = frozenset({"windows_requests"})
    not_modeled = (*NOT_MODELED, "certificates, and a gateway in front")

    def meter(self, request: Request) -> Metered:
        """What nodes behind a balancer are billed, and which plans stay in one zone."""
        metered = super().meter(request)
        assert metered.sizing is not None
        if all(plan.startswith("P") for plan in metered.sizing.machines):
            return metered
        in_zones = Difference(
            "one zone only; Premium plans of two instances or more are zone-redundant",
            {"machine": CHEAPEST, "survives": "zone"},
        )
        return replace(metered, differs=(*metered.differs, in_zones))

    def nodes(self, request: Request) -> NodeSpec:
        """Instances of the cheapest plan that may have as many of them as it needs.

        If no plan may, of the cheapest of all; the check of its instances then says so.

        Raises:
            ScenarioError: a plan was named that cannot do what is asked of it.
        """
        plans: tuple[str, ...] | None = None
        if (named := request.options.machine) == CHEAPEST:
            ending = f"-{request.options.operating_system}"
            listed = tuple(name for name in machines("azure", self.kind) if name.endswith(ending))
            found = priced(request.catalog, request.region, "azure", self.kind, listed)
            plans = tuple(name for name in found if _unable(name, request) is None)
        elif reason := _unable(named, request):
            raise ScenarioError(f"machine: {named} {reason}")
        return replace(
            super().nodes(request),
            unit="instance",
            connections_most=_websockets_most(_bound_by(request)),
            nodes_most=_instances_most,
            among=plans,
        )

    def targets(self, request: Request, fleet: Fleet) -> Room:
        """Instances that the plan may have."""
        plan = fleet.machines[0]
        return Room(_instances_limit(plan), _instances_most(plan))

    def node_limit_id(self, request: Request, fleet: Fleet) -> str | None:
        """Sockets of an instance of the plan."""
        return _websockets_limit(fleet.machines[0], _bound_by(request))

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """Who changes the number of instances."""
        yield from super().notes(request, fleet, redis)
        basic = any(plan.machine.startswith("B") for plan in fleet.machines)
        if request.options.scaling == "scheduled" and basic:
            yield (
                "The instances of a Basic plan are changed by a script of your own on a timer; "
                "Azure Monitor's schedules begin with Standard."
            )

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Instances and sockets of each plan, and the idle timeout of the front end."""
        instances: dict[str, list[Weekly]] = defaultdict(list)
        sockets: dict[str, list[FloatArray]] = defaultdict(list)
        for plan, chosen, nodes in zip(
            fleet.machines, fleet.chosen, fleet.nodes_by_machine, strict=True
        ):
            instances[_instances_limit(plan)].append(nodes)
            if limit_id := _websockets_limit(plan, _bound_by(request)):
                sockets[limit_id].append(chosen.astype(np.float64))
        for limit_id, parts in instances.items():
            yield check(limit_id, total(parts))
        for limit_id, parts in sockets.items():
            mine = np.sum(parts, axis=0)
            room = limit_value(limit_id) * carrying_nodes(request, fleet).peak * mine
            # where no plan of the kind was chosen, nothing is used and one instance's room stands
            allowed = np.where(room > 0, room, limit_value(limit_id))
            yield Check(limit_id, request.demand.connections_peak.times(mine), allowed)
        for system in dict.fromkeys(map(_operating_system, fleet.machines)):
            yield from idle_checks(request.demand, _IDLE[system])


def _unable(plan: str, request: Request) -> str | None:
    """Why a plan cannot be what is asked for, if it cannot.

    Zones: https://learn.microsoft.com/azure/reliability/reliability-app-service
    """
    if request.options.survives == "zone" and not plan.startswith("P"):
        return "is not spread over zones: name a Premium plan, or survives: node"
    if request.options.scaling == "autoscaled" and plan.startswith("B"):
        return "is scaled by hand only: name a larger plan, or scaling: static or scheduled"
    return None


def _operating_system(machine: Machine) -> str:
    """The end of a plan's name."""
    return machine.machine.rpartition("-")[2]


_Bound = Literal["websockets", "websockets_and_requests", "requests", "nothing"]
"""What of the connections with clients a plan may bound."""


def _bound_by(request: Request) -> _Bound:
    """WebSockets, requests in progress (of Windows' web server), or both.

    Polls are in progress for so short a time that they bound nothing.
    """
    if request.demand.requests is not None:
        return "nothing" if isinstance(request.transport, Polling) else "requests"
    counted = request.answers["windows_requests"] == "counted"
    return "websockets_and_requests" if counted else "websockets"


def _websockets_limit(machine: Machine, bound: _Bound) -> str | None:
    """What bounds the connections of an instance of a plan, if something does."""
    is_windows = _operating_system(machine) != "linux"
    if "requests" in bound and is_windows and not machine.machine.startswith("B"):
        return f"{_SERVICE}.{_SIZES.get(int(machine.vcpus), 'large')}_requests"
    if "websockets" not in bound:
        return None
    if machine.machine.startswith("B"):
        return f"{_SERVICE}.basic_websockets"
    if _operating_system(machine) == "linux":
        return f"{_SERVICE}.linux_websockets"
    return None


def _instances_limit(machine: Machine) -> str:
    return f"{_SERVICE}.{_FAMILIES[machine.machine[0]]}_max_instances"


@cache  # since the machines worth comparing are kept by it
def _websockets_most(bound: _Bound) -> Callable[[Machine], float]:
    """Clients of an instance of a plan."""

    def most(machine: Machine) -> float:
        limit_id = _websockets_limit(machine, bound)
        return np.inf if limit_id is None else limit_value(limit_id)

    return most


def _instances_most(machine: Machine) -> float:
    return limit_value(_instances_limit(machine))
