"""Bills and limits of a month with something on its calendar."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.demand.month import expected_month
from estimator.deployments.base import Deployment
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.registry import ALL_DEPLOYMENTS, find_deployment
from transports import carried_scenario

LAUNCH: dict[str, Any] = {
    "name": "Launch",
    "on": "Tue 14:00",
    "lasts_hours": 3,
    "connections": 200_000,
}
CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
every_deployment = pytest.mark.parametrize("deployment", ALL_DEPLOYMENTS)


def test_a_launch_on_api_gateway_by_hand():
    """10,000 clients all the time, and 200,000 more for three hours once per month.

    Each is sent 120 messages of 1,000 bytes per hour and sends 12. Sessions last a day, so each
    who comes connects once, and once more when connections are cut after two hours.
    """
    scenario = ws.Scenario(
        profile={
            "title": "quotes",
            "weekly_shape": "flat",
            "session": {"law": "deterministic", "hours": 24},
            "flows": {
                "quotes": {
                    "direction": "server_to_client",
                    "rate_per_hour": 120,
                    "payload": "1 KB",
                },
                "orders": {
                    "direction": "client_to_server",
                    "rate_per_hour": 12,
                    "payload": "300 B",
                    "fan_out": 0,
                },
            },
        },
        location="virginia",
        peak_connections=10_000,
        calendar=[LAUNCH],
        assumptions={
            "aws.api_gateway.connect_is_message": "yes",
            "aws.api_gateway.billed_bytes": "payload",
        },
    )
    bill = ws.estimate(scenario, "aws.api_gateway")

    connection_hours = 10_000 * 730 + 200_000 * 3
    assert connection_hours == 7_900_000
    # minutes at 0.25 per million; sessions of whole hours are not rounded up
    assert bill["aws.api_gateway.connection_minutes"].cost_usd == pytest.approx(
        7.9 * 60 * 0.25, rel=1e-9
    )
    # usual clients connect 12 times in 24 hours; those of the launch twice
    connects = 10_000 * 730 * 12 / 24 + 200_000 * 2
    messages = connection_hours * (120 + 12) + 2 * connects
    assert messages == pytest.approx(1_050_900_000)
    # the first billion at 1.00 per million, what is beyond at 0.80
    assert bill["aws.api_gateway.messages"].cost_usd == pytest.approx(1_000 + 50.9 * 0.80, rel=1e-6)
    # payload in units of 2^30 bytes at 0.09, 100 of them free
    gigabytes = connection_hours * 120 * 1_000 / 2**30
    assert bill["aws.egress.internet"].cost_usd == pytest.approx((gigabytes - 100) * 0.09)


@every_deployment
def test_an_entry_without_anybody_changes_no_bill_and_none_lowers_it(deployment: str):
    chat = carried_scenario(CHAT, deployment)
    nobody = chat.replace(calendar=[{**LAUNCH, "connections": 0, "times_per_month": 2}])
    somebody = chat.replace(calendar=[LAUNCH])
    without, bill = ws.estimate(chat, deployment), ws.estimate(nobody, deployment)

    assert bill.total == pytest.approx(without.total, rel=1e-12)
    assert bill.state == without.state
    # what a month has is added up from more weeks, which leaves rounding noise
    for each, other in zip(bill.verdicts, without.verdicts, strict=True):
        assert each.used == pytest.approx(other.used, rel=1e-12)
    assert not any(each.occasion for each in bill.verdicts)
    assert ws.estimate(somebody, deployment).total >= without.total


def fixed(deployment: Deployment) -> ws.Scenario:
    """The scenario with nothing left to choose by cost or size."""
    options: dict[str, Any] = {}
    chat = carried_scenario(CHAT, deployment.id)
    if issubclass(deployment.options, FleetOptions):
        sizing = ws.estimate(chat, deployment.id).sizing
        assert sizing is not None
        options = {"machine": sizing.machines[0]}
    if deployment.id in ("azure.web_pubsub", "azure.signalr"):
        options = {"tier": "premium_p2"}
    if deployment.id in ws.SAAS:
        # the machine of servers for your own code depends on the busiest week
        options = {"application": "none"}
    return chat.replace(options={deployment.id: options} if options else {}, calendar=[LAUNCH])


@every_deployment
def test_a_month_is_its_weeks_added_up(deployment: str):
    scenario = fixed(find_deployment(deployment))
    month = expected_month(scenario)

    def counted(*week_hours: float) -> dict[tuple[str, str], float]:
        part = replace(month, week_hours=np.array(week_hours), hours_per_month=sum(week_hours))
        bill = ws.estimate(scenario, deployment, demand=part)
        found: dict[tuple[str, str], float] = {}
        for item in bill.items:  # nodes, Redis and the application's own work may share a meter
            meter = item.rate.meter_id, item.rate.meter.unit
            found[meter] = found.get(meter, 0.0) + float(item.usage.quantity)
        return found

    both, usual, launch = counted(562, 168), counted(562, 0), counted(0, 168)

    for meter, unit in both:
        parts = usual[meter, unit], launch[meter, unit]
        expected = sum(parts)
        if unit in ("Months", "Users") or meter == "supabase.realtime.peak_connections":
            # a plan, and what is counted at its peak, are those of the whole month
            assert parts[0] == parts[1]
            expected = parts[0]
        elif "Month" in unit:
            # a disk is paid for the part of the month in which it is there
            expected = (562 * parts[0] + 168 * parts[1]) / 730
        assert both[meter, unit] == pytest.approx(expected, rel=1e-12), meter


@pytest.mark.parametrize("deployment", ["aws.alb_ec2", "oci.load_balancer_vm", "azure.app_service"])
@pytest.mark.parametrize("scaling", ["static", "autoscaled"])
def test_one_machine_runs_all_month_and_none_would_cost_less(deployment: str, scaling: str):
    scenario = CHAT.replace(
        calendar=[{**LAUNCH, "connections": 3_000_000}],
        options={deployment: {"scaling": scaling}},
    )
    bill = ws.estimate(scenario, deployment)

    assert bill.sizing is not None
    [machine] = bill.sizing.machines
    usual = ws.estimate(scenario.replace(calendar=[]), deployment).sizing
    assert usual is not None
    # of the whole bill: a public address of each node is no compute
    for other in (machine, *usual.machines):
        options = {deployment: {"machine": other, "scaling": scaling}}
        with_other = ws.estimate(scenario.replace(options=options), deployment)
        costs_less = bool(with_other.total < bill.total * (1 - 1e-9))
        # more nodes than a balancer takes are not chosen where fewer larger ones do
        assert not costs_less or (bill.is_within_limits and not with_other.is_within_limits)


def test_the_plan_of_the_month_holds_the_busiest_week():
    small = CHAT.replace(peak_connections=100)
    launched = small.replace(calendar=[{**LAUNCH, "connections": 1_500}])

    # https://pusher.com/channels/pricing: Startup holds 500 connections, Pro 2,000
    for scenario, plan in ((small, "startup"), (launched, "pro")):
        items = ws.estimate(scenario, "pusher.channels").items
        [fee] = [item for item in items if item.usage.layer == "messaging"]
        assert fee.rate.meter_id == f"pusher.channels.{plan}_months"
        assert float(fee.usage.quantity) == 1


def test_the_worst_week_decides_a_limit_and_is_named():
    scenario = CHAT.replace(
        peak_connections=5_000,
        calendar=[LAUNCH, {**LAUNCH, "name": "Match", "on": "Sat 20:00", "connections": 300_000}],
    )
    usual = ws.estimate(scenario.replace(calendar=[]), "aws.api_gateway")
    bill = ws.estimate(scenario, "aws.api_gateway")

    limit = "aws.api_gateway.account_requests_per_second"
    [verdict] = [each for each in bill.verdicts if each.limit.limit == limit]
    [before] = [each for each in usual.verdicts if each.limit.limit == limit]
    assert verdict.used > 300_000 / 5_000 * before.used
    assert verdict.when.endswith("UTC), in the week of Match")
    assert verdict.when.startswith("Sat 2")
    assert "on Sat 2" in verdict.explain()
    assert verdict.share_by_hour is not None
    assert verdict.share_by_hour.max() == pytest.approx(verdict.share)
    assert verdict.share_by_hour[: 5 * 24].max() == pytest.approx(float(before.share))
    assert bill.state == "quota increase"
    assert usual.state == "within limits"


def test_a_connection_is_judged_in_the_hours_in_which_it_sends_more():
    flow = {"direction": "client_to_server", "rate_per_hour": "30 / s", "payload": 100}
    session = {"law": "exponential", "mean_hours": 1}
    profile = {"title": "x", "session": session, "weekly_shape": "flat", "flows": {"x": flow}}
    busy = {**LAUNCH, "connections": 0, "messages_factor": 5}
    scenario = CHAT.replace(profile=profile, calendar=[busy])

    bill = ws.estimate(scenario, "aws.iot_core")
    limit = "aws.iot_core.publishes_per_second_per_connection"
    [verdict] = [each for each in bill.verdicts if each.limit.limit == limit]
    assert float(verdict.used) == pytest.approx(150)
    assert verdict.state == "over a hard limit"


@every_deployment
def test_many_scenarios_with_a_calendar_are_the_same_one_by_one(deployment: str):
    entries = [LAUNCH, {**LAUNCH, "on": "Sun 22:00", "messages_factor": 2, "times_per_month": 2}]
    audience = [0.0, 700.0, 900_000.0]
    many = carried_scenario(CHAT, deployment).replace(calendar=entries, peak_connections=audience)
    together = ws.estimate(many, deployment)
    apart = [ws.estimate(many.replace(peak_connections=one), deployment) for one in audience]

    np.testing.assert_allclose(together.total, [float(one.total) for one in apart], rtol=1e-9)
    assert together.states.tolist() == [one.state for one in apart]
    if together.sizing is not None:
        peaks = [float(one.sizing.peak_units) for one in apart if one.sizing is not None]
        np.testing.assert_allclose(np.broadcast_to(together.sizing.peak_units, 3), peaks)


def test_a_bill_says_what_each_entry_adds():
    match = {**LAUNCH, "name": "Match", "on": "Sat 20:00", "messages_factor": 2}
    scenario = CHAT.replace(calendar=[LAUNCH, match])
    bill = ws.estimate(scenario, "aws.alb_ec2")

    without = ws.estimate(CHAT.replace(calendar=[match]), "aws.alb_ec2").total
    launch, other = bill.calendar
    assert launch.adds_usd == pytest.approx(bill.total - without)
    assert launch.entry.words in bill.explain()
    assert "**Calendar" in bill.to_markdown() or "Calendar (2)" in bill.to_markdown()
    assert other.adds_usd > launch.adds_usd > 0
    assert any("raised in the weeks of the calendar only" in note for note in bill.notes)
    assert ws.estimate(CHAT, "aws.alb_ec2").calendar == ()


def test_a_simulated_week_is_a_usual_one_and_says_so():
    small = CHAT.replace(peak_connections=50)
    usual = ws.simulate(small, "aws.api_gateway", replications=1)
    found = ws.simulate(small.replace(calendar=[LAUNCH]), "aws.api_gateway", replications=1)

    assert found.expected_bill is not None
    assert usual.expected_bill is not None
    assert found.expected_bill.total == usual.expected_bill.total
    assert found.bill().total == usual.bill().total
    assert any("the calendar is in neither of the bills" in note for note in found.notes)
    assert any("the calendar is not on this bill" in note for note in found.bill().notes)


def test_a_sweep_over_who_comes_is_the_bill_of_each():
    scenario = CHAT.replace(calendar=[LAUNCH])
    sizes = [0, 1e5, 1e6]
    swept = ws.sweep(scenario, {"calendar.0.connections": sizes}, ["aws.api_gateway"])

    expected = [
        ws.estimate(scenario.replace(calendar=[{**LAUNCH, "connections": size}]), "aws.api_gateway")
        for size in sizes
    ]
    np.testing.assert_allclose(
        swept.total("aws.api_gateway"), [float(bill.total) for bill in expected]
    )


@every_deployment
def test_a_text_tells_one_figure_of_the_month_where_there_is_one(deployment: str):
    chat = carried_scenario(CHAT, deployment)
    bill = ws.estimate(chat.replace(calendar=[LAUNCH]), deployment)
    texts = " ".join([*(line.usage.formula for line in bill.items), *bill.notes])
    ranges = re.findall(r"\d[\d.,]*[kM]?–\d[\d.,]*[kM]? (.{0,40})", texts)

    # what runs differs from week to week, or from hour to hour
    assert [after for after in ranges if not re.match(r"[\w ]+ by the (week|hour),", after)] == []
