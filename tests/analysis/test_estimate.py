"""Estimates: names are checked, refusals told, conventions stated, plain quantities priced."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

import estimator as ws
from estimator.format import percent

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)


def test_an_unknown_deployment_lists_those_there_are():
    with pytest.raises(ws.UnknownNameError) as caught:
        ws.estimate(SCENARIO, "aws.api_gatway")

    assert "unknown deployment 'aws.api_gatway': did you mean 'aws.api_gateway'?" in str(
        caught.value
    )
    assert "Valid: aws.api_gateway" in str(caught.value)


@pytest.mark.parametrize("ask", [ws.compare, lambda s: ws.estimate(s, "gcp.cloud_run")])
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"options": {"aws.mainframe": {}}},
            "unknown deployment 'aws.mainframe': Valid: ably.per_minute, aws.alb_ec2.* more$",
        ),
        (
            {"assumptions": {"aws.api_gateway.connects": "yes"}},
            "unknown assumption 'aws.api_gateway.connects'.*Valid: aws.api_gateway",
        ),
        (
            {"assumptions": {"azure.web_pubsub.kilobyte": 1023}},
            "answer to azure.web_pubsub.kilobyte '1023'.*Valid: 1000, 1024",
        ),
        ({"as_of": dt.date(2999, 1, 1)}, "as_of: 2999-01-01 lies in the future"),
    ],
    ids=["deployment of options", "assumption", "answer", "future"],
)
def test_unknown_names_are_refused_for_whatever_deployment_they_are_meant(ask, changes, fault):
    with pytest.raises(ws.EstimatorError, match=fault):
        ask(SCENARIO.replace(**changes))


@pytest.mark.parametrize(
    ("deployment", "options", "fault"),
    [
        ("azure.web_pubsub", {"tier": "gold"}, "tier: .*'auto', 'free', 'standard'.*'gold'"),
        ("azure.web_pubsub", {"headroom": 0}, "headroom: .*greater than or equal to 0.01"),
        ("azure.web_pubsub", {"headroom": 1.2}, "headroom: .*less than or equal to 1"),
        ("aws.api_gateway", {"lambda_ms": -1}, "lambda_ms: .*greater than 0"),
        ("aws.api_gateway", {"backend": None}, "backend"),
        ("gcp.cloud_run", {"concurrency": 80.5}, "concurrency: .*integer"),
        ("oci.load_balancer_vm", {"min_nodes": 0}, "min_nodes: .*greater than or equal to 1"),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(deployment, options, fault):
    scenario = SCENARIO.replace(options={deployment: options})

    with pytest.raises(ws.ScenarioError, match=f"^options of {deployment}, {fault}"):
        ws.estimate(scenario, deployment)
    with pytest.raises(ws.ScenarioError, match=f"^options of {deployment}, {fault}"):
        ws.compare(scenario)


@pytest.mark.parametrize(
    ("line", "text", "field"),
    [
        (4, "options: {aws.api_gatway: {}}", "options"),
        (4, "options: {azure.web_pubsub: {tier: gold}}", "tier"),
        (4, "assumptions: {azure.web_pubsub.kilo: 1000}", "assumptions"),
        (4, "assumptions: {azure.web_pubsub.kilobyte: 1023}", "kilobyte"),
    ],
    ids=["deployment", "option", "assumption", "answer"],
)
def test_names_in_a_file_are_refused_with_file_and_line(line, text, field, tmp_path: Path):
    file = tmp_path / "team.yaml"
    file.write_text(f"profile: market-data\nlocation: virginia\npeak_connections: 1\n{text}\n")

    with pytest.raises(ws.EstimatorError) as caught:
        ws.compare(ws.Scenario.load(file))

    assert f"{file}, line {line}" in str(caught.value)
    assert field in str(caught.value)


def test_a_deployment_without_a_price_is_refused_alone():
    # what a day of Cloud Run in Virginia cost before October 2026 was not seen
    comparison = ws.compare(SCENARIO.replace(as_of=dt.date(2026, 9, 30)))

    refused = {refusal.deployment: refusal.reason for refusal in comparison.refusals}
    assert refused.keys() == {"gcp.cloud_run", "gcp.application_lb_cloud_run"}
    assert "no price for meter 'gcp.cloud_run.cpu_instance_based'" in refused["gcp.cloud_run"]
    assert len(comparison.bills) == len(ws.DEPLOYMENTS) - 2
    with pytest.raises(ws.ScenarioError, match=r"gcp\.cloud_run could not be priced: no price for"):
        comparison.bill("gcp.cloud_run")


def test_estimating_what_has_no_price_is_refused():
    with pytest.raises(
        ws.MissingRateError,
        match=r"region 'us-east4' in force on 2026-09-30: the earliest known price is from 2026",
    ):
        ws.estimate(SCENARIO.replace(as_of=dt.date(2026, 9, 30)), "gcp.cloud_run")


def test_prices_of_a_past_day_can_be_asked_for():
    # API Gateway's prices are known since June 2025, DynamoDB's since November 2024
    past = SCENARIO.replace(as_of=dt.date(2025, 12, 1))

    assert ws.estimate(past, "aws.api_gateway").as_of == dt.date(2025, 12, 1)
    with pytest.raises(ws.MissingRateError, match="in force on 2020-01-01"):
        ws.estimate(SCENARIO.replace(as_of=dt.date(2020, 1, 1)), "aws.api_gateway")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "US dollars per month of 730 hours, before tax; free allowances of every account"),
        ({"hours_per_month": "30 d"}, "month of 720 hours"),
        ({"free_allowances": "none"}, "free allowances ignored"),
        ({"free_allowances": "all"}, "free allowances of new accounts deducted as well"),
        ({"as_of": dt.date(2026, 10, 2)}, "prices in force on 2026-10-02"),
    ],
)
def test_a_bill_states_its_conventions(changes, said):
    bill = ws.estimate(SCENARIO.replace(**changes), "aws.api_gateway")

    assert said in bill.conventions
    assert bill.conventions in bill.explain()


def test_a_bill_says_how_much_of_its_dollars_was_checked_lately():
    bill = ws.estimate(SCENARIO, "aws.api_gateway")
    newest = ws.prices()["checked_on"].max().date()
    fresh = bill.lines["checked"] >= newest - dt.timedelta(days=90)
    share = float(bill.lines.loc[fresh, "cost_usd"].sum() / bill.total)

    said = f"{percent(share)} of these dollars were checked within 90 days of {newest}"
    assert said in bill.conventions


def test_a_bill_of_nothing_says_nothing_of_the_age_of_its_prices():
    bill = ws.price({"aws.api_gateway.messages": 0}, region="us-east-1")

    assert "checked" not in bill.conventions


def test_a_given_demand_is_priced_instead_of_the_expected_one(make_demand):
    demand = make_demand(connections=100)
    bill = ws.estimate(
        SCENARIO.replace(assumptions={"aws.api_gateway.minute_rounding": "exact"}),
        "aws.api_gateway",
        demand=demand,
    )

    [minutes] = [i for i in bill.items if i.rate.meter_id == "aws.api_gateway.connection_minutes"]
    assert float(minutes.usage.quantity) == pytest.approx(100 * 60 * 730)


def test_a_bill_of_a_given_demand_states_the_month_that_was_counted(make_demand):
    bill = ws.estimate(SCENARIO, "aws.api_gateway", demand=make_demand(1, hours_per_month=720))

    assert "month of 720 hours" in bill.conventions


def test_the_total_of_one_scenario_is_a_plain_number():
    assert type(ws.estimate(SCENARIO, "aws.api_gateway").total) is float
    assert type(ws.price({"aws.api_gateway.messages": 1}, region="us-east-1").total) is float


def test_no_quantities_make_an_empty_bill():
    bill = ws.price({}, region="us-east-1")

    assert bill.total == 0
    assert len(bill.lines) == 0
    assert "us-east-1" in bill._repr_html_()
    assert "us-east-1" in bill.explain()


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_no_bill_holds_what_is_no_number(deployment):
    audience = np.array([0, 1e-9, 1, 1e9, 1e12])
    bill = ws.estimate(SCENARIO.replace(peak_connections=audience), deployment)

    assert np.all(np.isfinite(bill.total))
    assert np.all(np.isfinite(bill.lines[["quantity", "free", "cost_usd"]]))


def test_an_estimate_says_what_must_run_and_which_resource_decides():
    sizing = ws.estimate(SCENARIO.replace(peak_connections=200_000), "aws.alb_ec2").sizing

    assert sizing is not None
    assert sizing.peak_units == sizing.units.hourly.max()
    assert sizing.shares[str(sizing.binding)] == max(sizing.shares.values())


def test_the_sizing_of_many_scenarios_is_that_of_each():
    audiences = [100, 200_000]
    together = ws.estimate(SCENARIO.replace(peak_connections=audiences), "aws.alb_ec2").as_data()
    alone = [
        ws.estimate(SCENARIO.replace(peak_connections=count), "aws.alb_ec2").as_data()
        for count in audiences
    ]

    for name in ("peak_units", "binding", "units_per_hour"):
        assert together["sizing"][name] == [each["sizing"][name] for each in alone]
    for name, shares in together["sizing"]["resource_shares"].items():
        assert shares == pytest.approx([each["sizing"]["resource_shares"][name] for each in alone])
    for way, counts in together["messages_per_day"].items():
        assert counts == pytest.approx([each["messages_per_day"][way] for each in alone])


def test_messages_per_day_add_up_to_those_of_the_month():
    demand = ws.expected_demand(SCENARIO)
    found = ws.estimate(SCENARIO, "aws.api_gateway")

    for way in ("to_client", "to_server"):
        per_day = found.messages_per_day[way]
        per_month = sum(demand.per_month(each.per_hour) for each in demand.messages(way))
        assert per_day * demand.hours_per_month / 24 == pytest.approx(per_month)


def test_what_has_no_units_has_no_sizing():
    assert ws.estimate(SCENARIO, "aws.api_gateway").sizing is None
    assert ws.price({}).as_data()["sizing"] is None


def test_a_bill_shows_its_sizing_on_one_line():
    said = str(ws.estimate(SCENARIO.replace(peak_connections=100), "azure.web_pubsub"))

    assert "Sizing 1 unit (standard) in the busiest hour, decided by connections" in said
