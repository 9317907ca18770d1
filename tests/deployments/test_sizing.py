"""What must run, in numbers: units per hour, what binds, how much each resource asks for."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import estimator as ws
from admissions import PLAIN
from estimator.demand.weekly import Weekly
from estimator.deployments.base import WORLDWIDE, Metered, Request, Sizing
from estimator.deployments.registry import find_deployment
from estimator.pricing.catalog import load_catalog

ALL_WEEK = np.ones(168)
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1)


def metered(deployment: str, demand: ws.Demand, **options: Any) -> Metered:
    """What a deployment meters of a stated demand in Virginia."""
    found = find_deployment(deployment)
    location = ws.locations()["virginia"]
    return found.meter(
        Request(
            demand=demand,
            destinations=SCENARIO.destinations,
            options=found.check_options(options),
            answers=found.check_answers({}),
            catalog=load_catalog(),
            region=location.regions.get(found.cloud, WORLDWIDE),
            free_allowances="none",
        )
    )


def sizing_of(deployment: str, demand: ws.Demand, **options: Any) -> Sizing:
    """What must run."""
    sizing = metered(deployment, demand, **options).sizing
    assert sizing is not None
    return sizing


def test_nodes_of_a_fleet_by_hand(make_demand):
    # m7i.large has 8 GiB, 2 vCPU of the reference speed and 781 Mbps, of which half is planned
    # with: 400,000 connections of 10 kB take 0.931 nodes of memory, and 4 cores 4 nodes
    found = sizing_of("aws.alb_ec2", make_demand(400_000), **PLAIN)

    assert (found.unit, found.machines) == ("node", ("m7i.large",))
    assert float(found.peak_units) == 4
    assert np.ravel(found.units.hourly).tolist() == [4] * 168
    assert float(found.shares["processor"]) == pytest.approx(1)
    assert float(found.shares["memory"]) == pytest.approx(400_000 * 10_000 / (2**32) / 4)
    # 1,048,576 open files, of which half is planned with
    assert float(found.shares["connections"]) == pytest.approx(400_000 / 524_288 / 4)
    assert found.shares["network"] == 0
    assert str(found.binding) == "processor"


def test_a_minimum_binds_where_no_resource_does(make_demand):
    found = sizing_of("aws.alb_fargate", make_demand(1))

    assert found.unit == "task"
    # two, and a spare one
    assert float(found.peak_units) == found.least_units == 3
    assert str(found.binding) == "minimum"
    assert max(float(share) for share in found.shares.values()) < 0.01


def test_a_fleet_that_follows_demand_tells_each_hour(make_demand):
    hours = np.tile([100_000.0] * 12 + [400_000.0] * 12, 7)
    found = sizing_of(
        "aws.nlb_ec2",
        make_demand(hours),
        **PLAIN | {"scaling": "autoscaled", "scaling_lag_hours": 0, "tls": "balancer"},
    )

    assert np.ravel(found.units.hourly).tolist() == ([1] * 12 + [4] * 12) * 7


def test_units_of_a_service_by_hand(make_demand):
    # 1,000 connections per unit, of which 80% are planned with: 5,000 take 6.25, and 7 exist
    found = sizing_of("azure.web_pubsub", make_demand(5_000, to_client=1))

    assert (found.unit, found.machines) == ("unit", ("standard",))
    assert float(found.peak_units) == 7
    assert float(found.shares["connections"]) == pytest.approx(5_000 / 5_600)
    assert str(found.binding) == "connections"
    messages = [name for name in found.shares if name.startswith("messages out")]
    assert 0 < float(found.shares[messages[0]]) < 0.01


def test_instances_of_cloud_run_by_hand(make_demand):
    # a concurrency of 1,000 is filled to 60%: 6,000 connections take 10 instances
    found = sizing_of("gcp.cloud_run", make_demand(6_000))

    assert (found.unit, found.machines) == ("instance", ("1 vCPU, 0.5 GiB",))
    assert float(found.peak_units) == 10
    assert float(found.shares["connections"]) == pytest.approx(1)
    assert str(found.binding) == "connections"


def test_minimum_instances_lower_the_shares(make_demand):
    found = sizing_of("gcp.cloud_run", make_demand(6_000), min_instances=20)

    assert float(found.peak_units) == 20
    assert float(found.shares["connections"]) == pytest.approx(0.5)
    assert str(found.binding) == "minimum"


def test_many_scenarios_have_each_their_own(make_demand):
    demands = [make_demand(1), make_demand(400_000)]
    alone = [sizing_of("aws.alb_ec2", one, **PLAIN) for one in demands]
    many = ws.expected_demand(
        ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=[10, 1e6])
    )
    together = sizing_of("aws.alb_ec2", many, **PLAIN)

    assert [str(one.binding) for one in alone] == ["minimum", "processor"]
    assert np.shape(together.binding) == (2,)
    assert together.binding[0] == "minimum"
    assert together.binding[1] == together.binding_of_largest != "minimum"


def test_what_ran_is_what_is_told(make_demand):
    ran = Weekly.of(np.array(7.5), ALL_WEEK)
    found = sizing_of("aws.alb_ec2", replace(make_demand(400_000), units=ran), **PLAIN)

    assert float(found.peak_units) == 7.5
    assert float(found.shares["processor"]) == pytest.approx(4 / 7.5)


@pytest.mark.parametrize("deployment", ["aws.api_gateway", "aws.iot_core", "pusher.channels"])
def test_services_without_units_have_none(make_demand, deployment):
    assert metered(deployment, make_demand(10)).sizing is None
