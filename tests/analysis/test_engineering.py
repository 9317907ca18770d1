"""People's time stands on the bill of who runs servers, as it was stated, and on no other."""

import numpy as np
import pytest

import estimator as ws


def scenario(**engineering) -> ws.Scenario:
    return ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=1000,
        engineering=engineering or None,
    )


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_who_runs_servers_or_containers_takes_it(deployment):
    asked = scenario(engineer_hours_per_month=20, usd_per_engineer_hour=90)
    more = ws.estimate(asked, deployment).total - ws.estimate(scenario(), deployment).total

    # behind SignalR run servers with hubs
    without = {"aws.api_gateway", "aws.appsync_events", "aws.iot_core", "azure.web_pubsub"}
    assert more == pytest.approx(0 if deployment in without else 1800)


def test_it_is_a_line_of_its_own_that_says_whose_figures_they_are():
    asked = scenario(engineer_hours_per_month=20, usd_per_engineer_hour=90)
    bill = ws.estimate(asked, "aws.alb_ec2")
    [line] = [item for item in bill.items if item.rate.meter.driver == "engineering"]

    assert line.cost_usd == 1800
    assert bill.by_driver["engineering"] == 1800
    assert "20 x $90" in line.explain()
    assert "your own figure" in line.explain()


def test_a_contract_leaves_it_as_it_is():
    rates = {"title": "Half of everything", "rates": [{"meters": ["*"], "percent_off": 50}]}
    asked = scenario(engineer_hours_per_month=20, usd_per_engineer_hour=90)
    bill = ws.estimate(asked.replace(contract=rates), "aws.alb_ec2")

    assert bill.by_driver["engineering"] == 1800


def test_hours_and_their_price_may_be_arrays():
    hours, usd = np.array([0.0, 10.0, 40.0]), np.array([50.0, 60.0, 70.0])
    together = scenario(engineer_hours_per_month=hours, usd_per_engineer_hour=usd)
    without = ws.estimate(scenario(), "aws.alb_ec2").total

    np.testing.assert_allclose(ws.estimate(together, "aws.alb_ec2").total - without, hours * usd)


@pytest.mark.parametrize("hours", [-1, "many", None])
def test_hours_that_are_none_are_refused(hours):
    with pytest.raises(ws.ScenarioError, match=r"engineering\.engineer_hours_per_month"):
        scenario(engineer_hours_per_month=hours, usd_per_engineer_hour=90)
