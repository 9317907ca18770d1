"""How what runs follows its clients is one option, with the same words wherever something runs."""

import numpy as np
import pytest

import estimator as ws
from admissions import admission_of
from estimator.deployments.base import Request
from estimator.deployments.fleet.application_servers import (
    ApplicationServerOptions,
    application_servers,
)
from estimator.deployments.fleet.scaling import ScalingOptions
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.catalog import load_catalog
from estimator.scenario.transport import TransportKind

HELD: tuple[TransportKind, ...] = ("websocket", "server_sent_events")
RUNS = [id_ for id_, each in ALL_DEPLOYMENTS.items() if "scaling" in each.options.model_fields]
HOLDS = {
    name: next(filter(lambda kind: ALL_DEPLOYMENTS[name].carriage(kind).is_carried, HELD))
    for name in RUNS
    if any(ALL_DEPLOYMENTS[name].carriage(kind).is_carried for kind in HELD)
}
"""Those whose nodes hold something for each client, and over which transport."""
SERVERLESS = {"gcp.cloud_run", "gcp.application_lb_cloud_run"}
"""What bills open connections, whatever runs."""
BY_DAY = np.tile([40_000.0] * 12 + [2_000.0] * 12, 7)


def test_all_that_runs_on_nodes_units_or_instances_has_it():
    fleets = {"aws.alb_ec2", "aws.alb_fargate", "azure.container_apps", "azure.app_service"}
    others = {"azure.web_pubsub", "azure.signalr", "oci.load_balancer_container_instances"}

    assert fleets | others | SERVERLESS <= set(RUNS)
    for deployment in RUNS:
        assert issubclass(ALL_DEPLOYMENTS[deployment].options, ScalingOptions)


@pytest.mark.parametrize("deployment", RUNS)
def test_rivals_start_alike_and_nobody_asks(deployment):
    # one has no advantage because its vendor scales of itself
    found = ALL_DEPLOYMENTS[deployment]
    options = found.default_options

    assert isinstance(options, ScalingOptions)
    assert options.scaling == ("autoscaled" if deployment in SERVERLESS else "static")
    assert "scaling" not in {each.id for each in found.questions}


@pytest.mark.parametrize(("deployment", "transport"), HOLDS.items())
def test_what_follows_its_clients_runs_as_little_as_they_need(
    make_demand, bill_of, deployment, transport
):
    demand = make_demand(BY_DAY)
    fields = ALL_DEPLOYMENTS[deployment].options.model_fields
    # so that nodes are many, however large they may be
    each = {"connections_per_node": 2_000} if "connections_per_node" in fields else {}
    units = {
        scaling: bill_of(
            deployment, demand, options={**each, "scaling": scaling}, transport=transport
        ).sizing.units
        for scaling in ("static", "autoscaled", "scheduled")
    }

    assert float(units["static"].mean) == float(units["static"].peak)
    for scaling in ("autoscaled", "scheduled"):
        assert float(units[scaling].mean) < float(units["static"].mean)
        assert float(units[scaling].peak) <= float(units["static"].peak) or deployment in SERVERLESS


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"scaling": "autoscaled", "tier": "standard"}, "autoscale is for Premium only"),
        ({"scaling": "autoscaled", "tier": "free"}, "autoscale is for Premium only"),
        ({"scaling": "scheduled", "tier": "free"}, "tier free has one unit"),
        ({"scaling": "autoscale"}, "'static', 'autoscaled' or 'scheduled'"),
    ],
)
@pytest.mark.parametrize("service", ["azure.web_pubsub", "azure.signalr"])
def test_a_tier_that_cannot_follow_is_an_error(make_demand, bill_of, service, options, reason):
    # https://learn.microsoft.com/azure/azure-web-pubsub/howto-scale-autoscale
    with pytest.raises(ws.ScenarioError, match=reason):
        bill_of(service, make_demand(10), options=options)


@pytest.mark.parametrize("service", ["azure.web_pubsub", "azure.signalr"])
@pytest.mark.parametrize("tier", ["standard", "premium"])
def test_a_schedule_of_units_is_what_is_simulated(make_demand, service, tier):
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=9_000,
        options={service: {"scaling": "scheduled", "tier": tier}},
    )
    demand = make_demand(BY_DAY)
    found = ws.estimate(scenario, service, demand=demand).sizing
    admission = admission_of(service, scenario, demand)

    assert found is not None
    assert admission.autoscaling is not None
    assert list(admission.autoscaling.schedule) == found.units.hourly.tolist()
    assert admission.autoscaling.most_units == 100


def test_a_container_instance_is_started_by_functions_of_ones_own(make_demand, bill_of):
    # https://docs.oracle.com/en/solutions/autoscale-oracle-container-instances/
    deployment = "oci.load_balancer_container_instances"
    static, autoscaled = (
        " ".join(bill_of(deployment, make_demand(10), options={"scaling": scaling}).notes)
        for scaling in ("static", "autoscaled")
    )

    assert "functions of your own" in autoscaled
    assert "functions of your own" not in static


@pytest.mark.parametrize(
    ("scaling", "lag", "hours"),
    [
        ("static", 1, 168 * 4),
        ("autoscaled", 0, 7 * (12 * 4 + 12 * 1)),
        ("scheduled", 0, 7 * (12 * 4 + 12 * 1)),
        ("autoscaled", 1, 7 * (14 * 4 + 10 * 1)),
    ],
)
def test_servers_beside_a_service_follow_its_work(make_demand, scaling, lag, hours):
    # 140 ms of a core for each message: 36,000 per hour take 1.4 cores, which is what is planned
    # with of the two of an m7i.large; four times as many by day
    day = np.tile([4.0] * 12 + [1.0] * 12, 7)
    demand = make_demand(1_000, to_server=day * 36_000)
    asked = Request(
        demand=demand,
        destinations={},
        options=ApplicationServerOptions(
            application_machine="m7i.large",
            application_cpu_ms_per_message=140,
            application_headroom=0.7,
            survives="none",
            application_scaling=scaling,
            application_scaling_lag_hours=lag,
        ),
        answers={},
        catalog=load_catalog(),
        region="us-east-1",
        free_allowances="none",
    )
    found = application_servers(asked, "aws", "us-east-1")
    [machine] = [one for one in found.usage if "disks" not in one.formula]

    assert float(machine.quantity) == pytest.approx(hours * demand.hours_per_month / 168)
    assert float(found.nodes) == 4
