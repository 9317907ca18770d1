"""The answer of a comparison: the best of each group, and the hours that decide between them."""

import re

import pytest

import estimator as ws
from estimator.analysis.estimate.result import Estimate
from estimator.deployments.base import Sizing
from estimator.deployments.registry import GROUPS

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=30_000)


@pytest.fixture(scope="module")
def compared() -> ws.Comparison:
    return ws.compare(CHAT)


def sizing_of(bill: Estimate) -> Sizing:
    assert bill.sizing is not None
    return bill.sizing


def test_the_best_of_each_group_is_its_cheapest_within_limits(compared: ws.Comparison):
    best = {each.group: each.bill for each in compared.headline.best}

    assert tuple(best) == GROUPS
    for group, bill in best.items():
        assert bill is not None
        its = [each.total for each in compared.within_limits if each.group == group]
        assert bill.total == min(its)


def test_savings_are_differences_of_totals_and_hours_at_the_rate(compared: ws.Comparison):
    best = {each.group: each.bill.total for each in compared.headline.best if each.bill}
    saved = {own.group: usd for own, _, usd in compared.headline.savings}

    assert saved == pytest.approx(
        {group: best["managed"] - best[group] for group in ("serverless containers", "own servers")}
    )
    for each in compared.headline.as_data()["savings"]:
        assert each["hours"] == pytest.approx(each["usd"] / 100)


def test_dollars_come_first_and_the_rate_is_said():
    at_80 = CHAT.replace(engineering={"usd_per_engineer_hour": 80})
    compared = ws.compare(at_80, ["aws.api_gateway", "oci.load_balancer_vm"])
    [(own, managed, usd)] = compared.headline.savings
    [said] = compared.headline.decisions

    dollars, rate, hours = map(float, re.findall(r"[\d,.]*\d", said.replace(",", ""))[:3])
    assert dollars == pytest.approx(usd, abs=0.5)
    assert (rate, hours) == (80, pytest.approx(usd / 80, rel=0.05))
    assert managed.title in said
    assert own.total < managed.total


def test_with_hours_they_are_on_the_bills_and_not_in_the_sentence():
    hours = CHAT.replace(engineering={"engineer_hours_per_month": 10})
    said = ws.compare(hours, ["aws.api_gateway", "oci.load_balancer_vm"]).headline.decisions

    assert "hours that you state" in said[0]
    assert "that is" not in said[0]


def test_what_costs_less_without_anybodys_time_is_said():
    few = CHAT.replace(peak_connections=200)
    compared = ws.compare(few, ["azure.web_pubsub", "aws.alb_fargate"])
    [(_, managed, usd)] = compared.headline.savings

    assert usd < 0
    assert compared.headline.decisions[0].startswith(f"{managed.title} costs")


def test_what_costs_the_same_is_said():
    nobody = CHAT.replace(peak_connections=0)
    compared = ws.compare(nobody, ["aws.api_gateway", "gcp.cloud_run"])

    assert [bill.total for bill in compared.bills] == [0, 0]
    [said] = compared.headline.decisions
    assert said.startswith("API Gateway WebSocket API costs the same as serverless containers")


def test_a_large_factor_is_a_number_as_people_write_it():
    few = CHAT.replace(peak_connections=5)
    [said] = ws.compare(few, ["oci.load_balancer_vm"]).headline.audience

    assert re.search(r"audience \d+ times", said)


def test_one_unit_is_one():
    few = CHAT.replace(peak_connections=10)
    [said] = ws.compare(few, ["azure.web_pubsub"]).headline.audience

    assert said.startswith("Web PubSub: its 1 unit has room for an audience ")


def test_why_a_total_does_not_follow_the_audience_is_true():
    """What runs is the same until the audience is as many times as large as is said."""
    idle = CHAT.replace(peak_connections=500)
    compared = ws.compare(idle, ["oci.load_balancer_vm"])
    [said] = compared.headline.audience
    found = re.search(r"audience ([\d.]+) times", said)
    assert found is not None
    times, bill = float(found[1]), compared.bills[0]
    machine = sizing_of(bill).machines[0]

    def units(factor: float) -> float:
        larger = idle.replace(
            peak_connections=500 * factor,
            options={"oci.load_balancer_vm": {"machine": machine}},
        )
        return float(sizing_of(ws.estimate(larger, "oci.load_balancer_vm")).peak_units)

    assert times > 2
    assert units(times * 0.9) == sizing_of(bill).peak_units
    assert units(times * 1.2) > sizing_of(bill).peak_units


def test_a_group_without_any_within_limits_says_so():
    huge = CHAT.replace(peak_connections=50_000_000)
    compared = ws.compare(huge, ["aws.api_gateway", "azure.signalr", "aws.alb_ec2"])
    managed = compared.headline.best[0]

    assert managed.bill is None
    assert "none of 2 is within limits" in compared.headline.sentences[0]
    assert compared.headline.savings == ()


def test_many_scenarios_have_no_headline():
    many = ws.compare(CHAT.replace(peak_connections=[10.0, 20.0]), ["aws.api_gateway"])

    with pytest.raises(ws.EstimatorError, match="one scenario"):
        many.headline  # noqa: B018 (what is asked for is the error)
    assert many.as_data()["headline"] is None
