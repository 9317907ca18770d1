"""Break-even points are where hand calculation on published prices puts them."""

import json

import numpy as np
import pytest

import estimator as ws

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5000)
PAIR = ["aws.api_gateway", "aws.alb_ec2"]


def single(value, deployment, **changes):
    return float(ws.estimate(CHAT.replace(peak_connections=value, **changes), deployment).total)


def test_both_cost_the_same_where_their_bills_meet():
    found = ws.break_even(CHAT, "peak_connections", 100, 1e6, PAIR)
    [crossover] = found.crossovers

    assert (crossover.below, crossover.above, crossover.kind) == (
        "aws.api_gateway",
        "aws.alb_ec2",
        "meets",
    )
    assert single(crossover.at, PAIR[0]) == pytest.approx(single(crossover.at, PAIR[1]), rel=1e-7)


def test_each_crossover_was_checked_one_percent_to_both_sides():
    worldwide = CHAT.replace(
        profile={"extends": "workplace-chat", "weekly_shape": "workplace-worldwide"}
    )
    # below, Redis lets Cloud Run's bill step for less than one percent of the audience
    found = ws.break_even(worldwide, "peak_connections", 700, 1e6, [*PAIR, "gcp.cloud_run"])

    assert len(found.crossovers) > 1
    for crossover in found.crossovers:
        assert crossover.confirmed
        for usd, share in ((crossover.below_usd, 0.99), (crossover.above_usd, 1.01)):
            again = [
                single(crossover.at * share, name, profile=worldwide.profile)
                for name in (crossover.below, crossover.above)
            ]
            assert usd == pytest.approx(again, rel=1e-9)
        assert crossover.below_usd[0] < crossover.below_usd[1]
        assert crossover.above_usd[0] > crossover.above_usd[1]


def test_a_dense_grid_finds_no_other_winner(in_full):
    # a hundred turns or so for each factor of ten
    low, high = (100, 1e7) if in_full else (5_000, 50_000)
    found = ws.break_even(CHAT, "peak_connections", low, high)
    grid = np.geomspace(1.01 * low, 0.99 * high, round(600 * np.log10(high / low)))
    swept = ws.sweep(CHAT, {"peak_connections": grid})
    at = np.array([crossover.at for crossover in found.crossovers])
    winners = [name for *_, name in found.ranges]

    def winner(value: float) -> str | None:
        bills = ws.compare(CHAT.replace(peak_connections=value)).within_limits
        return bills[0].deployment

    step = found.traced.resolution
    for value, name in zip(grid, swept.cheapest["deployment"], strict=True):
        if np.min(np.abs(at / value - 1)) > step:
            # who wins for less than a step between two values of the trace is not found
            found_there = winners[int(np.searchsorted(at, value, side="right"))]
            if found_there != name:
                assert found_there in (winner(value * (1 + step)), winner(value * (1 - step)))


def test_engineer_hours_at_which_a_fleet_stops_paying():
    # the fleet is cheaper by a fixed sum; every hour costs 80 dollars of it
    scenario = CHAT.replace(
        peak_connections=50_000,
        engineering={"engineer_hours_per_month": 0, "usd_per_engineer_hour": 80},
    )
    managed, fleet = (float(ws.estimate(scenario, name).total) for name in PAIR)
    found = ws.break_even(scenario, "engineer_hours_per_month", 0, 200, PAIR)

    assert [crossover.at for crossover in found.crossovers] == pytest.approx(
        [(managed - fleet) / 80], rel=1e-6
    )
    assert (found.crossovers[0].below, found.crossovers[0].above) == (PAIR[1], PAIR[0])


def test_a_discount_at_which_the_more_expensive_one_wins():
    # only the discounted part of API Gateway's bill shrinks: egress is another meter
    scenario = CHAT.replace(peak_connections=20_000)
    managed, fleet = (ws.estimate(scenario, name) for name in PAIR)
    discounted = managed.by_driver["messages"] + managed.by_driver["connection time"]
    percent = 100 * (managed.total - fleet.total) / discounted
    found = ws.break_even(scenario, "percent_off.aws.api_gateway.*", 0, 99, PAIR)

    assert 0 < percent < 99
    assert [crossover.at for crossover in found.crossovers] == pytest.approx([percent], rel=1e-4)


def test_a_deployment_that_stops_holding_gives_way():
    # Cloud Run's largest concurrency x the instances it may have is a setting; units of Web PubSub
    # end at a hard edge
    found = ws.break_even(CHAT, "peak_connections", 1e5, 1e7, ["azure.web_pubsub", "azure.signalr"])
    for low, high, winner in found.ranges:
        middle = float(np.sqrt(low * high))
        bills = ws.compare(CHAT.replace(peak_connections=middle), found.deployments).within_limits
        assert winner == (bills[0].deployment if bills else None)


def test_the_answer_is_told_in_words_and_turns_are_summed_up():
    names = ["aws.alb_ec2", "aws.nlb_ec2"]
    found = ws.break_even(CHAT, "peak_connections", 1e5, 1e7, names)

    assert len(found.crossovers) > 10
    assert len(found.sentences) < 5
    assert any(
        f"the cheapest alternates {len(found.crossovers)} times" in each for each in found.sentences
    )


def test_without_a_crossover_the_whole_range_has_one_winner():
    found = ws.break_even(CHAT, "peak_connections", 100, 200, PAIR)

    assert found.ranges == [(100, 200, "aws.api_gateway")]
    assert found.sentences == [
        "API Gateway WebSocket API is the cheapest from 100 to 200 (peak connections)."
    ]


def test_data_for_machines_is_json():
    found = ws.break_even(CHAT, "peak_connections", 100, 1e6, PAIR)
    data = json.loads(json.dumps(found.as_data(), allow_nan=False))

    assert [crossover["at"] for crossover in data["crossovers"]] == [
        crossover.at for crossover in found.crossovers
    ]
    assert list(found.table["at"]) == [crossover.at for crossover in found.crossovers]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("peak_connections", 10, 10, PAIR), "must ascend"),
        (("peak_connections", 100, 10, PAIR), "must ascend"),
        (("peak_connections", 1, 10, PAIR[:1]), "two deployments"),
        (("peak_connections", -1, 10, PAIR), "negative"),
        (("hours_per_day", 1, 30, PAIR), "at most 24"),
        (("peak_connectons", 1, 10, PAIR), "did you mean 'peak_connections'"),
    ],
)
def test_bad_ranges_are_refused(arguments, told):
    with pytest.raises(ws.EstimatorError, match=told):
        ws.break_even(CHAT, *arguments)


def test_a_deployment_that_was_asked_for_does_not_vanish():
    wrong = CHAT.replace(options={"aws.nlb_ec2": {"machine": "no-such"}})
    with pytest.raises(ws.ScenarioError, match=r"aws\.nlb_ec2, machine: unknown machine 'no-such'"):
        ws.break_even(wrong, "peak_connections", 10, 20, ["aws.nlb_ec2", "aws.api_gateway"])
