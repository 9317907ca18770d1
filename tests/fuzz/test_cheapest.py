"""The machine that is chosen makes the cheapest bill: no other one, named, makes a cheaper one."""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.behind_balancer import BehindBalancer
from estimator.deployments.fleet.machine import CHEAPEST, machines
from estimator.deployments.registry import find_deployment
from estimator.errors import EstimatorError

FLEETS = sorted(name for name, found in ws.DEPLOYMENTS.items() if isinstance(found, BehindBalancer))
CHOICES: dict[str, tuple[Any, ...]] = {
    "server": ("centrifugo-go", "socketio-node", "uwebsockets"),
    "survives": ("zone", "node", "none"),
    "redis": ("cheapest", "managed", "self_run", "none"),
    "application": ("collaboration", "none", "request"),
    "processes_per_node": (1, 2, 3),
    "zones": (2, 3),
    "spare_nodes": (0, 0, 1),
}

BOUNDED = (
    "azure.app_service",
    "azure.application_gateway_vm",
    "azure.container_apps",
    "azure.load_balancer_vm",
    "oci.load_balancer_container_instances",
    "oci.load_balancer_vm",
    "oci.network_load_balancer_vm",
)
"""Where the most nodes are known before a machine is chosen."""
INEXACT = {"azure.container_apps": 1e-4}
"""Where replicas are billed by the second, while machines are compared by those of whole hours."""


def some_fleet(seed: int) -> tuple[str, ws.Scenario]:
    """A deployment and a scenario of it."""
    rng = np.random.default_rng([seed, 16])

    def one_of(among: tuple[Any, ...]) -> Any:
        return among[rng.integers(len(among))]

    deployment = FLEETS[seed % len(FLEETS)]
    scenario = ws.Scenario(
        profile=one_of(tuple(ws.profile_names())),
        location=one_of(("virginia", "frankfurt", "mumbai")),
        peak_connections=float(10 ** rng.uniform(2, 6.7)),
        options={
            deployment: {
                **{name: one_of(among) for name, among in CHOICES.items()},
                "scaling": one_of(("static", "static", "autoscaled")),
            }
        },
    )
    return deployment, scenario


def with_machine(deployment: str, scenario: ws.Scenario, name: str) -> ws.Estimate | None:
    """Its bill with a machine; None if that is not sold there."""
    options = {deployment: scenario.options[deployment] | {"machine": name}}
    try:
        return ws.estimate(scenario.replace(options=options), deployment)
    except EstimatorError:
        return None


def can_be_chosen(name: str) -> bool:
    """Whether a machine is compared: of App Service those with Linux."""
    return not name.endswith("-windows")


def test_no_machine_named_makes_a_cheaper_bill(seeds):
    compared = 0
    for seed in seeds(24, 240):
        deployment, scenario = some_fleet(seed)
        chosen = with_machine(deployment, scenario, CHEAPEST)
        if chosen is None:
            continue  # nothing is sold there
        found = find_deployment(deployment)
        assert isinstance(found, BehindBalancer)
        for name in machines(found.cloud, found.kind):
            if not can_be_chosen(name):
                continue
            bill = with_machine(deployment, scenario, name)
            if bill is not None and bill.is_within_limits:
                compared += 1
                assert chosen.is_within_limits or deployment not in BOUNDED, (seed, name)
                assert bill.total >= chosen.total * (1 - INEXACT.get(deployment, 1e-9)), (
                    seed,
                    deployment,
                    name,
                )
    assert compared > 100


@pytest.mark.parametrize(
    ("deployment", "work"),
    [
        ("oci.load_balancer_vm", 2_000),
        ("oci.load_balancer_container_instances", 2_000),
        ("azure.container_apps", 250),
    ],
)
def test_fewer_larger_nodes_are_chosen_where_there_may_be_no_more(deployment, work):
    # so much work that the machine whose nodes cost least would be more nodes than there may be
    options = {deployment: {"application_cpu_ms_per_message": work}}
    scenario = ws.Scenario(
        profile="workplace-chat", location="virginia", peak_connections=1e6, options=options
    )
    chosen = with_machine(deployment, scenario, CHEAPEST)
    assert chosen is not None
    assert chosen.is_within_limits
    found = find_deployment(deployment)
    assert isinstance(found, BehindBalancer)
    bills = [
        bill
        for name in machines(found.cloud, found.kind)
        if (bill := with_machine(deployment, scenario, name)) is not None
    ]
    assert min(bill.total for bill in bills) < chosen.total
    within = min(bill.total for bill in bills if bill.is_within_limits)
    assert chosen.total == pytest.approx(within, rel=1e-4)
    # among others the choice is the same
    together = ws.estimate(scenario.replace(peak_connections=np.array([1e3, 1e6])), deployment)
    assert np.asarray(together.total)[1] == pytest.approx(chosen.total, rel=1e-9)


@pytest.mark.parametrize("deployment", FLEETS)
def test_many_at_once_choose_as_each_alone(deployment, seeds):
    for seed in seeds(1, 20):
        _, scenario = some_fleet(FLEETS.index(deployment) + seed * len(FLEETS))
        rng = np.random.default_rng([seed, 17])
        audience = np.concatenate([[0.0], 10 ** rng.uniform(0, 7, size=9)])
        try:
            together = ws.estimate(scenario.replace(peak_connections=audience), deployment)
        except EstimatorError:
            continue  # nothing is sold there
        alone = [
            float(ws.estimate(scenario.replace(peak_connections=float(one)), deployment).total)
            for one in audience
        ]
        np.testing.assert_allclose(together.total, alone, rtol=1e-9, err_msg=f"{seed}")
