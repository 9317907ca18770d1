"""Transports beside each other: the best in time, what cannot be, where the cheapest changes."""

import re
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.transports.message_rates import RateBreakEven, RateCrossover
from estimator.scenario.transport import Polling, ServerSentEvents

PAGE = ws.Scenario(
    name="Status page",
    profile={
        "title": "Status page",
        "session": {"law": "exponential", "mean_hours": 24},
        "weekly_shape": "flat",
        "heartbeat": {"interval_seconds": 86_400, "kind": "protocol"},
        "at_connect": {"to_client": 0, "from_client": 0},
        "flows": {
            "updates": {
                "direction": "server_to_client",
                "rate_per_hour": 5,
                "payload": "600 B",
            }
        },
    },
    location="virginia",
    mean_connections=5_000,
    free_allowances="none",
)
"""An update every 12 minutes, only downward, and nothing else."""
CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)
SERVICES = ["aws.api_gateway", "aws.http_api_lambda", "aws.alb_ec2", "azure.signalr"]


@pytest.fixture(scope="module")
def page() -> ws.Transports:
    return ws.transports(PAGE, SERVICES)


@pytest.fixture(scope="module")
def chat_in_time() -> ws.Transports:
    return ws.transports(CHAT, SERVICES, within_seconds=2)


def as_data(scenario: ws.Scenario) -> dict[str, Any]:
    """Its profile, as it is written in a file."""
    return scenario.as_data()["profile"]


def test_each_bill_is_that_of_the_same_scenario_over_that_transport(page, chat_in_time):
    for found in (page, chat_in_time):
        for option in found.options:
            alone = found.scenario.replace(transport=option.transport)
            bill = ws.estimate(alone, option.bill.deployment)
            assert (option.usd, option.bill.state) == (bill.total, bill.state), option.name


def test_every_transport_is_either_priced_or_refused_on_every_deployment(page):
    priced = [(option.transport, option.bill.deployment) for option in page.options]
    refused = [(each.transport, each.refusal.deployment) for each in page.not_carried]
    kinds = {transport for transport, _ in priced}

    assert len({*priced, *refused}) == len(priced) + len(refused) == len(kinds) * len(SERVICES)


def test_polls_wait_for_half_of_their_interval_and_for_95_hundredths_of_it(page):
    polls = [option for option in page.options if option.transport.kind == "polling"]

    assert {option.transport.every_seconds for option in polls} == {1, 2, 5, 10, 30, 60, 300}
    for option in polls:
        every = option.transport.every_seconds
        assert option.delay.mean_seconds == pytest.approx(every / 2)
        assert option.delay.p95_seconds == pytest.approx(0.95 * every)


def test_the_best_is_the_cheapest_within_limits_that_is_in_time(chat_in_time):
    within = [
        option
        for option in chat_in_time.options
        if option.bill.is_within_limits and option.delay.p95_seconds <= 2
    ]

    assert chat_in_time.best.usd == min(option.usd for option in within)
    assert {option.name for option in chat_in_time.allowed} == {option.name for option in within}
    # of polls every T, 95% wait for 0.95 T at most: the rarest that are in time come every 2.1 s
    [every] = {o.transport.every_seconds for o in within if o.transport.kind == "polling"}
    assert every == 2.1


def test_nothing_on_the_frontier_is_both_later_and_more_expensive(page):
    usd = [option.usd for option in page.frontier]
    late = [float(option.delay.p95_seconds) for option in page.frontier]

    assert usd == sorted(usd)
    assert late == sorted(late, reverse=True)
    for option in page.best_of_each:
        assert any(
            each.usd <= option.usd and each.delay.p95_seconds <= option.delay.p95_seconds
            for each in page.frontier
        )


def test_a_refusal_says_why_and_what_it_carries(page):
    told = {
        (each.transport.kind, each.refusal.deployment): each.refusal.reason
        for each in page.not_carried
    }

    assert re.search(
        r"HTTP APIs take requests only.* It carries long_polling, polling\.",
        told["websocket", "aws.http_api_lambda"],
    )
    assert "only REST APIs stream" in told["server_sent_events", "aws.http_api_lambda"]
    with pytest.raises(ws.ScenarioError, match="HTTP APIs take requests only"):
        page.bill("aws.http_api_lambda")
    assert page.bill("aws.http_api_lambda", "polling").total > 0


def test_each_reason_is_told_once(page):
    reasons = [(each.deployment, each.why) for each in page.cannot]
    [gateway] = [e for e in page.cannot if (e.deployment, len(e.kinds)) == ("aws.api_gateway", 3)]

    assert len(reasons) == len(set(reasons))
    assert gateway.kinds == ("server_sent_events", "long_polling", "polling")
    # a deployment that carries something is no refusal
    assert page.refusals == ()


def test_the_transport_of_the_scenario_is_among_those_compared():
    own = {"kind": "polling", "every_seconds": 7, "http": "1.1", "conditional": False}
    found = ws.transports(PAGE.replace(transport=own), "aws.alb_ec2")
    compared = [option.transport for option in found.options]
    polls = [each for each in compared if isinstance(each, Polling)]
    [events] = [each for each in compared if isinstance(each, ServerSentEvents)]

    assert 7 in [each.every_seconds for each in polls]
    assert {(each.http, each.conditional) for each in polls} == {("1.1", False)}
    assert events.http == "1.1"


def test_no_poll_is_rarer_than_a_session_lasts():
    brief = ws.Scenario(
        profile={
            **as_data(PAGE),
            "session": {"law": "exponential", "mean_hours": "20 s"},
        },
        location="virginia",
        mean_connections=100,
    )
    found = ws.transports(brief, "aws.nlb_ec2")

    kinds = [option.transport for option in found.options]
    polls = [each.every_seconds for each in kinds if isinstance(each, Polling)]
    assert sorted(map(float, polls)) == [1, 2, 5, 10]
    assert "long_polling" not in {each.kind for each in kinds}


def test_a_freshness_that_nothing_meets_says_what_comes_closest():
    found = ws.transports(CHAT, "aws.http_api_lambda", within_seconds=0.01)

    assert found.best is None
    assert found.allowed == ()
    assert found.sentences[1].startswith("Nothing brings 95% of the messages within 0.01 s; ")
    assert "closest" in found.sentences[1]


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_time_that_cannot_be_is_refused(seconds):
    with pytest.raises(ws.EstimatorError):
        ws.transports(CHAT, "aws.nlb_ec2", within_seconds=seconds)


def test_a_scenario_of_arrays_is_refused():
    with pytest.raises(ws.ScenarioError, match="compared for a single one"):
        ws.transports(CHAT.replace(peak_connections=[10, 100]), "aws.nlb_ec2")


def test_the_advice_says_what_the_app_does(page, chat_in_time):
    assert page.sentences[0].startswith("Updates reach a client every 12 min, and only downward.")
    assert "One-way: " in " ".join(page.sentences)
    assert re.match(
        r"Updates reach a client [\d.]+ times per minute, and it sends a message every [\d.]+ min: "
        r"\d+% of the messages go up\.",
        chat_in_time.sentences[0],
    )
    assert "Two-way: " in " ".join(chat_in_time.sentences)


def test_the_advice_gives_the_figures_of_the_bills(page):
    shown = " ".join(page.sentences)
    best = page.best

    assert page.sentences[1].startswith(f"Choose {best.name}: ${best.usd:,.2f} per month")
    for kind in ("websocket", "server_sent_events", "long_polling", "polling"):
        least = min(o.usd for o in page.allowed if o.transport.kind == kind)
        assert f"${least:,.2f}" in shown or f"${least:,.0f}" in shown, kind
    assert "requests only: API Gateway HTTP API and Lambda (AWS)" in shown


def test_polls_between_messages_at_random_find_nothing_with_probability_exp(page):
    """Of a Poisson process, P(none in T) = exp(-rate x T)."""
    for option in page.options:
        if option.transport.kind == "polling":
            every_hours = option.transport.every_seconds / 3600
            assert option.empty_share == pytest.approx(np.exp(-5 * every_hours))
        elif option.transport.kind != "long_polling":
            assert option.empty_share == 0


def test_what_comes_while_a_websocket_is_made_again_is_missed(page):
    sockets = [o for o in page.options if o.transport.kind == "websocket"]
    by_name = {option.bill.deployment: option.delay for option in sockets}

    # API Gateway ends a WebSocket after two hours, a load balancer never
    assert by_name["aws.api_gateway"].missed_per_month > 0
    assert by_name["aws.alb_ec2"].missed_per_month == 0


def test_the_rate_at_which_polls_cost_less_than_a_websocket_is_where_two_lines_cross():
    """By hand, per client and month of 730 hours, with prices of us-east-1.

    WebSocket API: 43,800 minutes x 0.25e-6 USD, and 1e-6 USD for each of 730 x (r + 16) messages, r
    of which are updates and 16 heartbeats each 450 s both ways; HTTP API: a request every 63 s,
    1e-6 USD each. All else is free here. They meet at r = 3,600 / 63 - 15 - 16 per hour.
    """
    alive = {"interval_seconds": 450, "kind": "application"}
    free = {"meters": ["aws.lambda.*", "aws.dynamodb.*", "aws.egress.*"], "usd_per_unit": 0}
    scenario = PAGE.replace(
        profile={**as_data(PAGE), "heartbeat": alive},
        mean_connections=1_000,
        layers=["messaging"],
        contract={"title": "All else is free", "rates": [free]},
    )
    found = ws.transports(scenario, ["aws.api_gateway", "aws.http_api_lambda"], within_seconds=60)
    rates = found.break_even
    [crossover] = rates.crossovers

    assert (crossover.below, crossover.above) == ("websocket", "polling")
    assert rates.per_minute == pytest.approx(5 / 60)
    assert crossover.per_minute == pytest.approx((3600 / 63 - 15 - 16) / 60, rel=0.01)
    assert rates.websocket_from == rates.lowest_per_minute
    assert found.with_break_even().by_rate == rates
    assert rates.sentences[0].startswith("WebSocket is the cheapest up to 0.43")


def test_what_is_the_cheapest_between_two_rates_is_so_up_to_the_second():
    found = RateBreakEven(
        1.0, 0.001, 1000.0, "websocket",
        (
            RateCrossover(2.0, 2.0, "websocket", "server_sent_events"),
            RateCrossover(40.0, 40.0, "server_sent_events", "polling"),
        ),
    )  # fmt: skip

    assert found.sentences == (
        "WebSocket is the cheapest up to 2 messages of a client per minute.",
        "Server-sent events is the cheapest from 2 to 40.",
        "Polling at an interval is the cheapest from 40 on.",
    )


def test_one_message_per_minute_is_once():
    flows = {"up": {"direction": "client_to_server", "rate_per_hour": 60, "payload": "1 B"}}
    found = ws.transports(PAGE.replace(profile={**as_data(PAGE), "flows": flows}), "aws.alb_ec2")

    assert found.sentences[0].startswith("A client sends a message once per minute, and receives")


def test_a_rate_is_asked_for_with_a_time_and_with_messages():
    with pytest.raises(ws.ScenarioError, match="give within_seconds"):
        ws.transports(PAGE, "aws.nlb_ec2").with_break_even()
    silent = PAGE.profile.model_copy(update={"flows": {}})
    quiet = PAGE.replace(profile=silent)
    with pytest.raises(ws.ScenarioError, match="no messages are sent"):
        ws.transports(quiet, "aws.nlb_ec2", within_seconds=2).with_break_even()


def test_the_table_holds_all_options_with_the_figures_of_json(page):
    data = page.as_data()["options"]
    table = page.table

    assert len(table) == len(page.options) == len(data)
    for name in ("total_usd", "p95_added_delay_seconds", "requests_per_month", "empty_share"):
        assert table[name].tolist() == [each[name] for each in data]
    assert table["in_time"].all()
