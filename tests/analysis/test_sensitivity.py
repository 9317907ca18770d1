"""What moves a bill: swings by hand, and shares of the variance where mathematics knows them."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.uncertainty.inputs import Uncertain, open_questions, uncertain_quantities
from estimator.analysis.uncertainty.sensitivity import swings, variance_shares

GATEWAY = "aws.api_gateway"
EVENTS = "aws.api_gateway.connect_is_message"
ALWAYS = {"title": "All hours alike", "hours_of_day": [1.0] * 24, "days_of_week": [1.0] * 7}


def flow(rate: float):
    return {"direction": "server_to_client", "rate_per_hour": rate, "payload": 0}


LEVEL = ws.Scenario(
    profile={
        "title": "Level",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": ALWAYS,
        "flows": {"fast": flow(200), "slow": flow(150)},
    },
    location="virginia",
    peak_connections=1000,
    free_allowances="none",
    # the gateway alone, whose messages cost a dollar a million
    options={"aws.api_gateway": {"backend": "none"}},
    assumptions={"aws.api_gateway.billed_bytes": "payload"},
)
"""API Gateway bills 1 USD for a million messages in us-east-1 (of the first thousand million) and
0.25 USD for a million connection minutes; nothing is sent but these messages."""


def inputs(scenario=LEVEL, questions=(), **ranges) -> list[Uncertain]:
    named = {name.replace("__", "."): spread for name, spread in ranges.items()}
    bills = estimate_all(scenario, [GATEWAY])[0]
    return [
        *uncertain_quantities(scenario, named, evidence=False),
        *open_questions(scenario, bills, questions),
    ]


def test_swings_are_what_the_prices_say():
    moving = inputs(
        questions=[EVENTS], fast__rate_per_hour="100..300", slow__rate_per_hour="140..160"
    )
    fast, slow, events = swings(LEVEL, moving, GATEWAY)

    # P10 and P90 of a range are a tenth of it from its ends; a million messages cost a dollar
    per_rate = 1000 * 730 / 1e6
    assert (fast.low, fast.high) == ("120", "280")
    assert fast.swing_usd == pytest.approx(160 * per_rate, rel=0.02)
    assert slow.swing_usd == pytest.approx(16 * per_rate, rel=0.02)
    # a session of an hour's mean begins each hour for each connection, and is cut every two hours:
    # 1 / (1 - exp(-2)) connections, each of which would be a message when it begins and ends
    assert (events.low, events.high) == ("no", "yes")
    assert events.swing_usd == pytest.approx(2 * per_rate / (1 - np.exp(-2)))
    assert fast.middle_usd == pytest.approx(ws.estimate(LEVEL, GATEWAY).total)
    assert fast.low_usd < fast.middle_usd < fast.high_usd
    assert events.low_usd == pytest.approx(events.middle_usd)


def test_shares_of_a_sum_are_those_of_its_parts_variances():
    # the variance of a range is a twelfth of its square: 200 and 100 squared are as 4 to 1
    moving = inputs(fast__rate_per_hour="100..300", slow__rate_per_hour="100..200")
    found = variance_shares(LEVEL, swings(LEVEL, moving, GATEWAY), GATEWAY, samples=1024, seed=0)

    assert [each.uncertain.name.split(".")[2] for each in found] == ["fast", "slow"]
    for each, share in zip(found, (0.8, 0.2), strict=True):
        assert each.first == pytest.approx(share, abs=0.02)
        assert each.total == pytest.approx(share, abs=0.02)
        assert each.first_interval[0] <= share <= each.first_interval[1]
        assert each.total_interval[0] <= share <= each.total_interval[1]


def test_shares_of_a_product_hold_what_inputs_do_together():
    # messages are connections x rate: two ranges of half and one and a half times their mean, so
    # with v = 1/12 for either, first is v / (2 v + v^2) and total (v + v^2) / (2 v + v^2)
    one = LEVEL.replace(profile={**LEVEL.as_data()["profile"], "flows": {"fast": flow(20_000)}})
    moving = inputs(one, peak_connections="5..15", fast__rate_per_hour="10000..30000")
    found = variance_shares(one, swings(one, moving, GATEWAY), GATEWAY, samples=4096, seed=0)

    v = 1 / 12
    for each in found:
        assert each.first == pytest.approx(v / (2 * v + v**2), abs=0.02)
        assert each.total == pytest.approx((v + v**2) / (2 * v + v**2), abs=0.02)


def test_answers_share_the_variance_with_numbers():
    # an answer that is as likely as the other, and a difference d between them: variance d^2 / 4
    moving = inputs(questions=[EVENTS], fast__rate_per_hour="199..201")
    widths = {each.uncertain.name: each.swing_usd for each in swings(LEVEL, moving, GATEWAY)}
    found = variance_shares(LEVEL, swings(LEVEL, moving, GATEWAY), GATEWAY, samples=2048, seed=0)

    answer = widths[EVENTS] ** 2 / 4
    rate = (widths["profile.flows.fast.rate_per_hour"] / 0.8) ** 2 / 12
    shares = {each.uncertain.name: each for each in found}
    assert shares[EVENTS].total == pytest.approx(answer / (answer + rate), abs=0.1)
    low, high = shares[EVENTS].total_interval
    assert low <= answer / (answer + rate) <= high


def test_what_hardly_moves_is_left_out_and_one_alone_has_it_all():
    moving = inputs(fast__rate_per_hour="100..300", slow__rate_per_hour="149..151")
    [found] = variance_shares(LEVEL, swings(LEVEL, moving, GATEWAY), GATEWAY, samples=128, seed=0)

    assert found.uncertain.name == "profile.flows.fast.rate_per_hour"
    assert (found.first, found.total) == (1, 1)


def test_inputs_of_another_deployment_do_not_count():
    name = "options.aws.alb_ec2.messages_per_core_second"
    moving = [*uncertain_quantities(LEVEL, {name: "1000..9000"}, evidence=False)]

    assert swings(LEVEL, moving, GATEWAY) == []
    assert variance_shares(LEVEL, [], GATEWAY, samples=128, seed=0) == []


def test_intervals_cover_the_true_share_about_as_often_as_they_say():
    moving = inputs(fast__rate_per_hour="100..300", slow__rate_per_hour="100..200")
    wide = swings(LEVEL, moving, GATEWAY)
    covered = []
    for seed in range(12):
        [first, _] = variance_shares(LEVEL, wide, GATEWAY, samples=128, seed=seed)
        low, high = first.total_interval
        covered.append(low <= 0.8 <= high)

    # draws of a sequence are more even than those that a bootstrap has in mind: rather too wide
    assert np.mean(covered) >= 0.9
