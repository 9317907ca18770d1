"""Polls that are answered from CloudFront's caches: what reaches servers, and what is billed."""

from typing import Any

import pytest

import estimator as ws

CLOUDFRONT, ALONE = "aws.cloudfront_alb_ec2", "aws.alb_ec2"
REQUESTS = "aws.cloudfront.https_requests"
EVERY_5_S: dict[str, Any] = {"kind": "polling", "every_seconds": 5}
NEWS: dict[str, Any] = {
    "direction": "server_to_client",
    "rate_per_hour": 60,
    "payload": 1_000,
    "fan_out": 1_000_000,
}
SAID: dict[str, Any] = {"direction": "client_to_server", "rate_per_hour": 6, "payload": 1_000}


def test_all_polls_are_billed_and_few_reach_the_balancer(steady):
    # 100,000 clients, 20,000 polls per second; two caches fetch an answer each second or so
    scenario = steady({"news": NEWS, "said": SAID}, connections=100_000).replace(
        transport=EVERY_5_S, options={CLOUDFRONT: {"edge_caches": 2, "cache_seconds": 1}}
    )
    bill = ws.estimate(scenario, CLOUDFRONT)

    assert float(bill[REQUESTS].usage.quantity) == pytest.approx(100_000 * 730 * (720 + 6))
    # each cache asks once a second and once per mean gap of its polls, of 1 / 10,000 s
    [note] = [each for each in bill.notes if "reach the origin" in each]
    assert "of 20,000 polls per second in the busiest hour, 2 reach the origin" in note


def test_the_fleet_is_sized_by_what_reaches_it(steady):
    scenario = steady({"news": NEWS}, connections=300_000).replace(transport=EVERY_5_S)
    cached, alone = (ws.estimate(scenario, each).sizing for each in (CLOUDFRONT, ALONE))

    assert cached is not None
    assert alone is not None
    assert float(cached.peak_units) == cached.least_units
    assert float(alone.peak_units) > alone.least_units


def test_an_answer_that_is_fresh_for_longer_is_fetched_less_often(steady):
    scenario = steady({"news": NEWS}, connections=100_000).replace(transport=EVERY_5_S)

    def shares(seconds: float) -> float:
        asked = scenario.replace(options={CLOUDFRONT: {"cache_seconds": seconds}})
        sizing = ws.estimate(asked, CLOUDFRONT).sizing
        assert sizing is not None
        return float(sizing.shares["processor"])

    assert shares(10) < shares(1) < shares(0.1)


@pytest.mark.parametrize(
    ("flow", "named"),
    [
        (NEWS | {"fan_out": 50}, "news"),
        (SAID | {"fan_out": 20}, "said"),
    ],
)
def test_what_differs_from_client_to_client_is_refused(steady, flow, named):
    scenario = steady({named: flow}).replace(transport=EVERY_5_S)

    with pytest.raises(ws.EstimatorError, match=f"'{named}' is not"):
        ws.estimate(scenario, CLOUDFRONT)
    [refusal] = ws.compare(scenario, [CLOUDFRONT, ALONE]).refusals
    assert refusal.deployment == CLOUDFRONT


@pytest.mark.parametrize("transport", ["server_sent_events", "long_polling", "websocket"])
def test_other_transports_are_refused(steady, transport):
    scenario = steady({"news": NEWS}).replace(transport=transport)

    with pytest.raises(ws.EstimatorError, match=r"It carries polling\.$"):
        ws.estimate(scenario, CLOUDFRONT)


def test_traffic_leaves_from_the_edge_alone(steady, quantities):
    scenario = steady({"news": NEWS}, connections=10_000).replace(transport=EVERY_5_S)
    cached, alone = (quantities(ws.estimate(scenario, each)) for each in (CLOUDFRONT, ALONE))

    assert "aws.egress.internet" not in cached
    assert cached["aws.cloudfront.egress"] == pytest.approx(alone["aws.egress.internet"], rel=0.01)
