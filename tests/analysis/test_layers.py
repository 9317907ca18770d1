"""What a bill is for: carrying messages, answering them, people's time."""

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.price_files import LAYERS, CostLayer
from estimator.scenario.scenario import Scenario
from transports import carried_scenario

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
HOURS = CHAT.replace(engineering={"engineer_hours_per_month": 12, "usd_per_engineer_hour": 90})


def test_the_scenario_and_the_bill_know_the_same_layers():
    assert Scenario.model_fields["layers"].default == LAYERS


@pytest.mark.parametrize("deployment", ALL_DEPLOYMENTS)
def test_layers_add_up_to_the_total(deployment: str):
    bill = ws.estimate(carried_scenario(HOURS, deployment), deployment)

    assert sum(bill.by_layer.values()) == pytest.approx(bill.total, rel=1e-12)
    assert bill.lines.groupby("layer")["cost_usd"].sum().to_dict() == pytest.approx(
        {layer: usd for layer, usd in bill.by_layer.items() if usd}
    )


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("deployment", ["aws.api_gateway", "aws.alb_ec2", "gcp.cloud_run"])
def test_a_layer_by_itself_costs_what_it_does_beside_the_others(deployment: str, layer: CostLayer):
    whole = ws.estimate(HOURS, deployment)
    part = ws.estimate(HOURS.replace(layers=[layer]), deployment)

    assert part.total == pytest.approx(whole.by_layer[layer], rel=1e-12)
    assert part.state == whole.state
    assert f"{layer} only" in part.conventions
    assert "only" not in whole.conventions


def test_what_runs_does_not_depend_on_what_is_added_up():
    whole = ws.estimate(CHAT, "aws.alb_ec2")
    part = ws.estimate(CHAT.replace(layers=["messaging"]), "aws.alb_ec2")

    assert part.sizing == whole.sizing


def test_layers_are_columns_of_a_comparison():
    table = ws.compare(CHAT, ["aws.api_gateway", "aws.alb_ec2"]).table

    layers = table[[f"{layer}_usd" for layer in LAYERS]]
    np.testing.assert_allclose(layers.sum(axis=1), table["total_usd"])
    assert table.set_index("deployment")["group"].to_dict() == {
        "aws.api_gateway": "managed",
        "aws.alb_ec2": "own servers",
    }


@pytest.mark.parametrize("layers", [["people"], [], ["messaging", "messaging"], "messaging"])
def test_other_layers_are_refused(layers: object):
    with pytest.raises(ws.EstimatorError, match="layers"):
        CHAT.replace(layers=layers)


class TestEngineering:
    def test_hours_are_paid_by_whoever_holds_connections_on_servers(self):
        for bill in ws.compare(HOURS).bills:
            servers = any(duty.servers for duty in bill.duties.values())
            paid = 12 * 90 if servers else 0
            assert servers == (bill.group != "managed" or bill.deployment == "azure.signalr")
            assert bill.by_layer["engineering"] == pytest.approx(paid)

    def test_a_duty_is_paid_by_every_deployment_that_has_it(self):
        """Cloud Run with a Redis of its own, too."""
        hours = CHAT.replace(
            engineering={"duties": {"run_redis": 5}, "usd_per_engineer_hour": 80},
            options={name: {"redis": "self_run"} for name in ("gcp.cloud_run", "aws.alb_ec2")},
        )
        paid = {bill.deployment: bill.by_layer["engineering"] for bill in ws.compare(hours).bills}

        assert paid["gcp.cloud_run"] == paid["aws.alb_ec2"] == pytest.approx(5 * 80)
        assert paid["aws.api_gateway"] == 0
        managed = {name: {"redis": "managed"} for name in ("gcp.cloud_run", "aws.alb_ec2")}
        bills = ws.compare(hours.replace(options=managed), list(managed)).bills
        assert [bill.by_layer["engineering"] for bill in bills] == [0, 0]

    def test_a_duty_that_does_not_exist_is_an_error_that_names_a_close_one(self):
        hours = CHAT.replace(engineering={"duties": {"run_rediss": 5}})

        with pytest.raises(ws.EstimatorError, match="run_redis"):
            ws.estimate(hours, "aws.alb_ec2")

    def test_hours_may_be_many(self):
        many = CHAT.replace(engineering={"duties": {"run_redis": [0.0, 10.0]}})
        bill = ws.estimate(
            many.replace(options={"aws.alb_ec2": {"redis": "self_run"}}), "aws.alb_ec2"
        )

        np.testing.assert_allclose(np.diff(bill.total), 10 * 100)

    def test_an_hour_without_a_price_costs_what_is_assumed(self):
        without = ws.estimate(CHAT, "aws.alb_ec2").total
        with_hours = CHAT.replace(engineering={"engineer_hours_per_month": 3})

        assert ws.estimate(with_hours, "aws.alb_ec2").total == pytest.approx(without + 300)

    def test_every_deployment_leaves_some_work_with_a_source(self):
        for deployment in ALL_DEPLOYMENTS:
            bill = ws.estimate(carried_scenario(CHAT, deployment), deployment)
            assert bill.duties
            assert all(duty.source.startswith("https://") for duty in bill.duties.values())


@pytest.mark.parametrize(
    "deployment",
    ["aws.alb_ec2", "aws.alb_fargate", "azure.app_service", "azure.load_balancer_vm"],
)
def test_messaging_is_what_it_would_cost_without_the_users_code(deployment: str):
    alone = CHAT.replace(options={deployment: {"application": "none"}})
    messaging = ws.estimate(CHAT, deployment).by_layer["messaging"]

    assert messaging == pytest.approx(ws.estimate(alone, deployment).total, rel=0.01)


def test_unused_commitments_are_of_the_layers_that_they_are_for():
    contract = {
        "title": "Too much",
        "commitments": [{"meters": ["aws.ec2.*"], "percent_off": 17, "covers_usd_per_hour": 3}],
    }
    bill = ws.estimate(CHAT.replace(contract=contract), "aws.alb_ec2")
    unused = [item for item in bill.items if "unused" in item.rate.meter_id]

    # most of the machines' hours are for the user's code
    assert [item.usage.layer for item in unused] == ["messaging", "application"]
    assert float(unused[1].cost_usd) > float(unused[0].cost_usd) > 0
    paid = 3 * 0.83 * 730
    on_machines = [item for item in bill.items if item.rate.meter_id.startswith("aws.ec2.")]
    assert sum(float(item.cost_usd) for item in (*on_machines, *unused)) == pytest.approx(paid)
