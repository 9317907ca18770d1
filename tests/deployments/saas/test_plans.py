"""Plans: one month of the smallest that holds everything, and what is said beyond the largest."""

import datetime as dt
from typing import get_args

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.limits import find_limit
from estimator.deployments.saas.plans import ChosenPlan, Need, find_plans
from estimator.pricing.catalog import load_catalog

PLANS = [
    ("sandbox", 100, 200_000),
    ("startup", 500, 1_000_000),
    ("pro", 2_000, 4_000_000),
    ("business", 5_000, 10_000_000),
    ("premium", 10_000, 20_000_000),
    ("growth", 15_000, 40_000_000),
    ("plus", 20_000, 60_000_000),
    ("growth_plus", 30_000, 90_000_000),
]
"""Pusher Channels: connections at once and messages per day."""


def chosen(connections, messages=0.0) -> ChosenPlan:
    return ChosenPlan(
        "pusher.channels",
        {
            "peak_connections": np.asarray(connections, dtype=float),
            "messages_per_day": np.asarray(messages, dtype=float),
        },
    )


def taken(connections, messages) -> dict[str, list[float]]:
    return {
        fee.meter_id.removeprefix("pusher.channels.").removesuffix("_months"): fee.quantity.tolist()
        for fee in chosen(connections, messages).fees
    }


@pytest.mark.parametrize(("plan", "connections", "messages"), PLANS)
def test_a_plan_holds_just_what_it_says(plan, connections, messages):
    assert taken(connections, messages) == {plan: 1}


@pytest.mark.parametrize("index", range(len(PLANS) - 1))
def test_one_more_of_either_takes_the_next_plan(index):
    _, connections, messages = PLANS[index]
    following = PLANS[index + 1][0]

    assert taken(connections + 1, messages) == {following: 1}
    assert taken(connections, messages + 1) == {following: 1}


def test_rounding_noise_is_no_connection():
    assert taken(2_000 * (1 + 1e-12), 0) == {"pro": 1}


def test_scenarios_take_their_own_plans_and_other_plans_are_no_lines():
    found = taken([50, 9_000, 60, 400], [0, 0, 900_000, 0])

    assert found == {"sandbox": [1, 0, 0, 0], "startup": [0, 0, 1, 1], "premium": [0, 1, 0, 0]}


def test_beyond_the_largest_plan_its_fee_stands_and_a_note_says_it_does_not_fit():
    plan = chosen(30_001)
    [note] = plan.notes

    assert [(fee.meter_id, float(fee.quantity)) for fee in plan.fees] == [
        ("pusher.channels.growth_plus_months", 1)
    ]
    assert "The workload does not fit any plan with a published price" in note
    assert "30,001 connections at once of 30,000" in note
    assert "messages per day" not in note
    assert "negotiated" in note


def test_a_note_tells_if_only_some_scenarios_do_not_fit():
    plan = chosen([10.0, 1e6])
    [note] = plan.notes

    assert len(plan.fees) == 2
    assert note.startswith("Some of the workloads do not fit")


@pytest.mark.parametrize("vendor", ["ably", "pusher"])
def test_plans_ascend_in_size_and_in_price(vendor):
    plans, catalog = find_plans(vendor), load_catalog()

    prices = [catalog.rate(plan.meter, "global").tariff.usd_per_unit[0] for plan in plans]
    assert prices == sorted(prices)
    for need in ("peak_connections", "messages_per_day", "messages_per_second", "peak_channels"):
        limits = [plan.limit(need) for plan in plans]
        assert limits == sorted(limits)


@pytest.mark.parametrize(
    ("service", "plans"), [("ably.per_minute", 2), ("pusher.channels", len(PLANS))]
)
def test_what_a_plan_holds_is_what_its_limits_say(service, plans):
    held = {
        need: tuple(plan.limit(need) for plan in find_plans(service.partition(".")[0]))
        for need in get_args(Need)
    }
    limited = {need: figures for need, figures in held.items() if np.isfinite(figures).all()}

    for need, figures in limited.items():
        assert find_limit(f"{service}.{need}").value == figures
        assert len(figures) == plans
    assert all(np.isinf(held[need]).all() for need in held if need not in limited)


@pytest.mark.parametrize("vendor", ["ably", "pusher", "pubnub"])
def test_every_plan_has_a_source_a_day_and_a_meter_with_a_price(vendor):
    catalog = load_catalog()

    for plan in find_plans(vendor):
        assert plan.source.startswith("https://")
        assert plan.checked_on <= dt.datetime.now(dt.UTC).date()
        assert catalog.rate(plan.meter, "global").tariff.usd_per_unit[0] >= 0


@pytest.mark.parametrize("hours", [672, 730, 744])
@pytest.mark.parametrize("service", ["ably.per_minute", "pusher.channels"])
def test_a_month_of_a_plan_is_a_month_however_long(workload, quantities, service, hours):
    bill = ws.estimate(workload(hours_per_month=hours), service)

    [fee] = [value for meter, value in quantities(bill).items() if meter.endswith("_months")]
    assert fee == 1
