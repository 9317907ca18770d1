"""What Functions bill that answer clients: executions, and their time while they wait."""

import pytest

import estimator as ws
from estimator.errors import NotCarriedError

ID = "azure.functions"
EXECUTIONS = f"{ID}.flex_executions"
GB_SECONDS = f"{ID}.flex_gb_seconds"
CONNECT_FREE = {"function_calls_per_connect": 0}


SESSION = {"law": "exponential", "mean_hours": 1}
ONE_HUNDRED = ws.Demand.of(100, session=SESSION, flows={})


def bill(transport, **options) -> ws.Estimate:
    scenario = ws.Scenario(
        profile="market-data",
        location="virginia",
        peak_connections=100,
        transport=transport,
        options={ID: CONNECT_FREE | {"application": "none"} | options},
        free_allowances="none",
    )
    return ws.estimate(scenario, ID, demand=ONE_HUNDRED)


def verdict(found: ws.Estimate, limit_id: str):
    [one] = [each for each in found.verdicts if each.limit.limit == limit_id]
    return one


def test_every_poll_is_an_execution(quantities):
    # 100 clients every 5 s are 20 per second, in 2,628,000 seconds of a month
    found = quantities(bill({"kind": "polling", "every_seconds": 5}))

    assert found[EXECUTIONS] == pytest.approx(20 * 2_628_000)


def test_polls_cost_to_the_cent():
    # 52.56 M executions at 0.40 USD per million
    [cost] = [
        item.cost_usd
        for item in bill({"kind": "polling", "every_seconds": 5}).items
        if item.usage.meter_id == EXECUTIONS
    ]

    assert round(float(cost), 2) == 21.02


def test_long_polls_are_billed_while_they_wait(quantities):
    # no messages: each waits 24.9 s, and 0.1 s pass until the next: 99.6 of 100 wait at a time,
    # and without sharing an instance each has 2,048 MB to itself
    transport = {"kind": "long_polling", "timeout_seconds": 24.9, "turnaround_seconds": 0.1}
    found = quantities(bill(transport, function_concurrency=1))

    assert found[EXECUTIONS] == pytest.approx(100 / 25 * 2_628_000)
    assert found[GB_SECONDS] == pytest.approx(99.6 * 2 * 2_628_000, rel=1e-3)


def test_streams_are_billed_while_they_are_open(quantities):
    found = quantities(bill("server_sent_events", function_concurrency=1))

    # sessions of an hour: 100 begin in an hour
    assert found[EXECUTIONS] == pytest.approx(100 * 730)
    assert found[GB_SECONDS] == pytest.approx(100 * 2 * 2_628_000, rel=1e-3)


def test_streams_end_after_ten_minutes_on_consumption(quantities):
    found = bill("server_sent_events", functions="consumption")
    executions = quantities(found)[f"{ID}.executions"]

    # E[ceil(6 S)] of exponential sessions of an hour: 1 / (1 - exp(-1/6)) = 6.5139
    assert executions == pytest.approx(6.5139 * 100 * 730, rel=1e-3)
    assert float(verdict(found, f"{ID}.consumption_timeout_max").used) <= 600 * 1.01


def test_a_long_poll_beyond_230_seconds_is_over_the_limit():
    transport = {"kind": "long_polling", "timeout_seconds": 240}
    found = verdict(bill(transport), f"{ID}.http_response_timeout")

    assert found.state == "over a hard limit"


def test_instances_of_a_busy_hour_share_answers_that_wait():
    found = bill("server_sent_events", function_concurrency=10)

    used = verdict(found, f"{ID}.flex_max_instances").used
    assert float(used) == pytest.approx(10, rel=0.01)


def test_functions_take_no_websockets_and_say_what_they_take():
    with pytest.raises(NotCarriedError, match="long_polling, polling"):
        bill("websocket")
