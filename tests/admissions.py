"""What tests of admission share: plain options, and what deployments hand to simulations."""

from typing import Any

import estimator as ws
from estimator.demand.admission_limits import AdmissionLimits
from estimator.deployments.base import WORLDWIDE, Deployment, Request
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.registry import find_deployment
from estimator.pricing.catalog import load_catalog

# plain figures of a node: 10 KB, 10 us per second, 1,000 messages per second and core
PLAIN: dict[str, Any] = {
    "memory_per_connection_bytes": 10_000,
    "idle_cpu_seconds_per_connection_second": 1e-5,
    "messages_per_core_second": 1_000,
    "headroom": 0.5,
    "min_nodes": 1,
    "survives": "none",
    "zones": 1,
    "application": "none",
    "machine": "m7i.large",
}
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=9_000)
FLEETS = [
    id_
    for id_, deployment in ws.DEPLOYMENTS.items()
    if issubclass(deployment.options, FleetOptions)
]


def admission_of(
    deployment: str | Deployment, scenario: ws.Scenario = SCENARIO, demand: ws.Demand | None = None
) -> AdmissionLimits:
    """The admission limits that a deployment hands over for a scenario, or for a stated demand."""
    found = find_deployment(deployment) if isinstance(deployment, str) else deployment
    return found.meter(
        Request(
            demand=demand or ws.expected_demand(scenario),
            destinations=scenario.destinations,
            options=found.check_options(scenario.options.get(found.id, {})),
            answers=found.check_answers(scenario.assumptions),
            catalog=load_catalog(),
            region=scenario.found_location.regions.get(found.cloud, WORLDWIDE),
            free_allowances=scenario.free_allowances,
            regions={
                cloud: tuple(scenario.found_location.choices(cloud))
                for cloud in scenario.found_location.regions
            },
        )
    ).admission


def asked(deployment: str, options: dict[str, Any], scaling: str = "static") -> ws.Scenario:
    if deployment in FLEETS:
        options = {"scaling": scaling} | options
    return SCENARIO.replace(options={deployment: options})
