"""Every number has a least and a most; what lies between them makes a bill that can be added up."""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.scenario.sessions import EmpiricalSession
from estimator.scenario.weekly_shape import WeeklyShape

MS = 1 / 3_600_000
MONTHS = 87_600
LARGE = 1e12
FLOW = {"direction": "client_to_server", "rate_per_hour": 1, "payload": 100, "fan_out": 2}


def scenario(**changes: Any) -> ws.Scenario:
    said = {"profile": "market-data", "location": "virginia", "peak_connections": 10}
    return ws.Scenario(**{**said, **changes})


def with_profile(**changes: Any) -> ws.Scenario:
    return scenario(profile={"extends": "market-data", **changes})


def with_flow(**changes: Any) -> ws.Scenario:
    return with_profile(flows={"own": {**FLOW, **changes}})


def session(law: str, field: str, **others: float) -> Any:
    return lambda value: with_profile(session={"law": law, field: value, **others})


def size(field: str, **others: Any) -> Any:
    law = {"law": "lognormal", "mean_bytes": 100, "sigma": 1, **others}
    return lambda value: with_flow(payload={**law, field: value})


def options(deployment: str, option: str) -> Any:
    def checked(value: Any) -> Any:
        made = scenario(options={deployment: {option: value}})
        return made, ws.estimate(made, deployment)

    return checked


# what takes a number, the least and the most it takes, and what is below and above
BOUNDS = {
    "audience": (lambda n: scenario(peak_connections=n), 0, LARGE, -1, 1.1e12),
    "users": (lambda n: scenario(users_per_day=n, sessions_per_user_per_day=1), 0, LARGE, -1, 2e12),
    "share of users": (lambda n: scenario(users_in={"asia": n}), 5e-324, LARGE, 0, 1e13),
    "hours of the month": (lambda n: scenario(hours_per_month=n), MS, MONTHS, MS / 2, 90_000),
    "engineering": (
        lambda n: scenario(
            engineering={"engineer_hours_per_month": n, "usd_per_engineer_hour": 1}
        ), 0, LARGE, -1, 1e13,
    ),
    "mean session": (session("exponential", "mean_hours"), MS, MONTHS, 4e-300, 1e5),
    "sigma of sessions": (session("lognormal", "sigma", mean_hours=1), 0.001, 4, 5e-324, 4.1),
    "scale of sessions": (session("weibull", "scale_hours", shape=1), MS, MONTHS, 1e-12, 1e5),
    "length of sessions": (session("deterministic", "hours"), MS, MONTHS, 0, 1e300),
    "rate": (lambda n: with_flow(rate_per_hour=n), 0, LARGE, -1, 1e13),
    "fan-out": (lambda n: with_flow(fan_out=n), 0, LARGE, -1, 1e300),
    "active share": (lambda n: with_flow(active_share=n), 1e-9, 1, 5e-324, 1.1),
    "batch window": (lambda n: with_flow(batch={"window": n}), 0.001, 86_400, 1e-4, 86_401),
    "payload": (lambda n: with_flow(payload=n), 0, LARGE, 1e-10, 1e13),
    "mean payload": (size("mean_bytes"), 1e-9, 1_000_000, 1e-10, 2_000_000),
    "sigma of payloads": (size("sigma"), 0.001, 4, 1e-300, 5),
    "cut of payloads": (size("max_bytes", mean_bytes=0.5), 1, 1_048_576, 0.9, 1_048_577),
    "parts of greetings": (
        lambda n: with_profile(at_connect={"message_bytes": n}), 1000, LARGE, 999, 1e13,
    ),
    "heartbeat": (
        lambda n: with_profile(heartbeat={"interval_seconds": n}), 0.001, 3.1536e8, 1e-4, 3.2e8,
    ),
    "option": (options("aws.iot_core", "topic_bytes"), 0, LARGE, 1e-10, 1e13),
    "option of time": (options("gcp.cloud_run", "timeout_minutes"), 0.02, 60, 0.01, 61),
    "whole option": (options("aws.alb_ec2", "min_nodes"), 1, 10**12, 0, 10**13),
    "option of an array": (
        options("aws.alb_ec2", "messages_per_core_second"), 1e-9, LARGE, 0, 1e13,
    ),
    "contract price": (
        lambda n: ws.Contract(title="x", rates=[{"meters": ["aws.*"], "usd_per_unit": n}]),
        0, 1e9, -1, 1e300,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("take", "least", "most", "below", "above"), BOUNDS.values(), ids=BOUNDS)
def test_a_number_has_a_least_and_a_most(
    take: Any, least: float, most: float, below: float, above: float
):
    take(least)
    take(most)
    for beyond in (below, above, float("inf"), float("nan")):
        with pytest.raises(ws.EstimatorError):
            take(beyond)


def test_an_array_is_bounded_like_a_number():
    for wrong in ([0, 1e-10], [1, 1e13]):
        with pytest.raises(ws.ScenarioError):
            with_flow(payload=wrong)


def test_a_session_of_a_long_tail_lasts_ten_years_on_average_at_most():
    # the mean of a Weibull law of shape 0.11 is its scale times gamma(1 + 1/0.11), some 500,000
    session("weibull", "scale_hours", shape=0.11)(0.1)
    with pytest.raises(ws.ScenarioError, match="at most 87,600"):
        session("weibull", "scale_hours", shape=0.11)(1)


COUNTED = {
    "sizes": (lambda n: with_flow(payload={"law": "empirical", "sizes": [1] * n}), 1000),
    "lengths of sessions": (
        lambda n: with_profile(session={"law": "empirical", "lengths_hours": [1] * n}), 1000,
    ),
    "flows": (lambda n: with_profile(flows={f"own{i}": FLOW for i in range(n - 3)}), 50),
    "rates of a contract": (
        lambda n: ws.Contract(title="x", rates=[{"meters": ["aws.*"], "percent_off": 1}] * n), 1000,
    ),
    "names in a rate": (
        lambda n: ws.Contract(title="x", rates=[{"meters": ["aws.*"] * n, "percent_off": 1}]), 100,
    ),
    "letters of a name": (lambda n: scenario(name="x" * n), 200),
    "letters of a description": (lambda n: with_profile(description="x" * n), 4000),
    "faults": (
        lambda n: scenario(faults=[{"fault": "outage", "at": 5}] * n), 100,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("take", "most"), COUNTED.values(), ids=COUNTED)
def test_there_are_so_many_and_no_more(take: Any, most: int):
    take(most)
    with pytest.raises(ws.EstimatorError, match=rf"at most {most}\b"):
        take(most + 1)


@pytest.mark.parametrize("weight", [5e-324, 1e-300, 1e12])
def test_only_the_proportions_of_shares_and_levels_count(weight: float):
    halves = scenario(users_in={"europe": weight, "americas": weight})
    lengths = EmpiricalSession(lengths_hours=(1, 3), counts=(weight, weight))
    shape = WeeklyShape(hours_of_day=(weight,) * 24, days_of_week=(weight, 0, 0, 0, 0, 0, 0))

    assert halves.destinations == {"americas": 0.5, "europe": 0.5}
    assert lengths.mean == 2
    assert shape.levels == pytest.approx([7] * 24 + [0] * 144)


def test_the_order_of_areas_moves_no_share():
    shares = {"europe": 0.1, "asia": 0.2, "americas": 1e9}
    turned = dict(reversed(shares.items()))

    found = [list(scenario(users_in=each).destinations.items()) for each in (shares, turned)]
    assert found[0] == found[1]


@pytest.mark.parametrize("connections", [5e-324, 1e12])
def test_the_least_and_the_largest_audience_have_bills(connections: float):
    compared = ws.compare(scenario(peak_connections=connections, users_in={"europe": 5e-324}))

    totals = np.array([bill.total for bill in compared.bills])
    assert len(totals) == len(ws.DEPLOYMENTS)
    assert np.all(np.isfinite(totals) & (totals >= 0))


def test_more_scenarios_than_can_be_written_out_have_bills_but_no_json():
    many = scenario(peak_connections=np.arange(501.0))
    bill = ws.estimate(many, "aws.api_gateway")

    assert np.shape(bill.total) == (501,)
    with pytest.raises(ws.EstimatorError, match=r"501 scenarios .* more than .* 500"):
        bill.to_json()
