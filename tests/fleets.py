"""What tests of fleets share: plain options, fleets of made-up demands, weeks with a course."""

from typing import Any

import numpy as np

import estimator as ws
from estimator.deployments.base import Request
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.sizing import Fleet, NodeSpec, build_fleet
from estimator.pricing.catalog import load_catalog

REGIONS = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-east4", "oci": "us-ashburn-1"}
KINDS = [
    ("aws", "vm"),
    ("aws", "container"),
    ("azure", "vm"),
    ("azure", "container"),
    ("azure", "app_service"),
    ("gcp", "vm"),
    ("oci", "vm"),
    ("oci", "container"),
]
# 10 KB and 10 us for a connection, 1,000 messages per second and core: plain numbers to reckon with
PLAIN: dict[str, Any] = {
    "memory_per_connection_bytes": 10_000,
    "idle_cpu_seconds_per_connection_second": 1e-5,
    "messages_per_core_second": 1_000,
    "new_connections_per_core_second": 1e12,
    "bytes_per_core_second": 1e12,
    "application": "none",
    "headroom": 0.5,
    "survives": "none",
}
# two cores of the reference speed, 8 GiB and 781 Mbps (machines.csv, families.csv)
LARGE: dict[str, Any] = PLAIN | {"machine": "m7i.large"}


def request(
    demand: ws.Demand,
    cloud: str = "aws",
    region: str = "",
    options: Any = None,
    scaling: str = "static",
) -> Request:
    return Request(
        demand=demand,
        destinations={},
        options=FleetOptions.model_validate({"scaling": scaling} | (options or {})),
        answers={},
        catalog=load_catalog(),
        region=region or REGIONS[cloud],
        free_allowances="none",
    )


def fleet_of(
    demand: ws.Demand,
    cloud: str = "aws",
    kind: Any = "vm",
    *,
    scaling: str = "static",
    region: str = "",
    caps: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Fleet:
    asked = request(demand, cloud, region, options, scaling)
    return build_fleet(asked, cloud, NodeSpec(kind=kind, **caps or {}))


def text_of(fleet: Fleet) -> str:
    """What runs, in words, behind each machine if there are several."""
    if len(fleet.machines) == 1:
        return fleet.texts[0]
    pairs = zip(fleet.machines, fleet.texts, strict=True)
    return "; ".join(f"{machine.title}: {text}" for machine, text in pairs)


def courses(*daily: float) -> np.ndarray:
    """A week whose hours rise from one figure of the day to the next."""
    return np.tile(np.interp(np.arange(24), np.linspace(0, 23, len(daily)), daily), 7)


def chat(audience: object) -> ws.Demand:
    return ws.expected_demand(
        ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=audience)
    )
