"""Requests, polls and streams on API Gateway and Lambda, with the arithmetic beside them.

Rules: https://aws.amazon.com/api-gateway/pricing/, https://aws.amazon.com/lambda/pricing/ and
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.demand.over_http import polls_per_second

HTTP, REST, URL = "aws.http_api_lambda", "aws.rest_api_lambda", "aws.lambda_url"
FARGATE = "aws.rest_api_alb_fargate"
HTTP_REQUESTS, REST_REQUESTS = "aws.http_api.requests", "aws.rest_api.requests"
INVOCATIONS, SECONDS = "aws.lambda.requests", "aws.lambda.gb_seconds"
WRITES, READS = "aws.dynamodb.write_units", "aws.dynamodb.read_units"
STREAMED = "aws.lambda.streamed_gb"
EVERY_5_S: dict[str, Any] = {"kind": "polling", "every_seconds": 5}
NEWS = {"direction": "server_to_client", "rate_per_hour": 60, "payload": 1_000, "fan_out": 100}
SAID = {"direction": "client_to_server", "rate_per_hour": 6, "payload": 1_000, "fan_out": 0}
# nothing but a clock and no work of one's own: 1,024 MB, so that a second is a GB-second
PLAIN = {"lambda_memory_mb": 1_024, "lambda_ms": 10, "application": "none"}


def over(scenario: ws.Scenario, transport: Any, deployment: str, **options: Any) -> ws.Scenario:
    """The scenario over a transport, with plain figures of a function."""
    return scenario.replace(transport=transport, options={deployment: {**PLAIN, **options}})


class TestOfTheResearch:
    """Acceptance vectors: 10,000 clients for 730 hours at the list prices of us-east-1."""

    def test_10_000_clients_that_poll_every_5_s_on_an_http_api(self, steady, cents):
        # 10,000 x 730 x 3,600 / 5 = 5,256 M requests: 300 M x 1.00 + 4,956 M x 0.90
        bill = ws.estimate(over(steady(connections=10_000), EVERY_5_S, HTTP), HTTP)

        assert cents(bill)[HTTP_REQUESTS] == 4_760.40

    @pytest.mark.parametrize("deployment", [REST, FARGATE])
    def test_10_000_streams_that_are_renewed_every_15_min_on_a_rest_api(
        self, steady, cents, deployment
    ):
        # 10,000 x 730 x 4 = 29.2 M streams at 3.50: sessions of an hour are four streams
        scenario = steady(connections=10_000).replace(transport="server_sent_events")
        bill = ws.estimate(scenario, deployment)

        assert cents(bill)[REST_REQUESTS] == 102.20

    def test_10_000_idle_websockets(self, steady, cents):
        # 438 M minutes at 0.25
        scenario = steady(connections=10_000)

        minutes = "aws.api_gateway.connection_minutes"
        assert cents(ws.estimate(scenario, "aws.api_gateway"))[minutes] == 109.50

    def test_team_chat_as_streams(self, quantities):
        # transports.md divides connection minutes by 15: 46.83 M streams, 163.90 USD. A session
        # that ends within a stream takes all of it, which is half a stream more on average.
        chat = ws.Scenario.load("examples/team-chat.yaml").replace(transport="server_sent_events")
        expected = ws.expected_demand(chat)
        sessions = float(expected.per_month(expected.sessions))
        minutes = float(expected.per_month(expected.connections)) * 60
        posts = sum(float(expected.per_month(s.per_hour)) for s in expected.messages("to_server"))
        streams = quantities(ws.estimate(chat, FARGATE))[REST_REQUESTS] - posts

        assert minutes / 15 == pytest.approx(46.83e6, rel=0.01)
        assert streams == pytest.approx(sessions * expected.session.mean_steps(0.25))
        assert streams == pytest.approx(minutes / 15 + sessions / 2, rel=0.001)


@pytest.mark.parametrize(
    ("deployment", "meter"), [(HTTP, HTTP_REQUESTS), (REST, REST_REQUESTS), (URL, None)]
)
def test_each_poll_and_each_message_of_a_client_is_a_request(steady, quantities, deployment, meter):
    scenario = over(steady({"said": SAID, "news": NEWS}), EVERY_5_S, deployment)
    lines = quantities(ws.estimate(scenario, deployment))

    requests = 100 * 730 * (720 + 6)
    # each of the 60 publications per client-hour reaches all 100 and is published once
    publications = 60 * 730
    assert meter is None or lines[meter] == pytest.approx(requests)
    assert lines[INVOCATIONS] == pytest.approx(requests + publications)
    assert lines[SECONDS] == pytest.approx((requests + publications) * 0.010)
    assert lines[WRITES] == pytest.approx(publications)
    assert lines[READS] == pytest.approx(100 * 730 * 720 * 0.5)


@pytest.mark.parametrize(
    ("payload", "rate", "more"),
    [
        # a message of 600 KB takes two steps of 512 KB
        ("600 KiB", 60, 60),
        # 300 KB each, seven and a half per poll: 2,250 KB are five steps, 720 polls per hour
        ("300 KiB", 5_400, 720 * 4),
        ("1 KiB", 60, 0),
    ],
)
def test_http_apis_count_answers_in_steps_of_512_kb(steady, quantities, payload, rate, more):
    flow = NEWS | {"payload": payload, "rate_per_hour": rate, "timing": "spread"}
    scenario = over(steady({"news": flow}), EVERY_5_S, HTTP)
    lines = quantities(ws.estimate(scenario, HTTP))

    assert lines[HTTP_REQUESTS] == pytest.approx(100 * 730 * (720 + more))


@pytest.mark.parametrize("deployment", [HTTP, REST, URL])
def test_a_function_is_billed_while_a_poll_waits(steady, quantities, deployment):
    # without messages a client waits 25 s of each 25.1
    transport = {"kind": "long_polling", "timeout_seconds": 25, "turnaround_seconds": 0.1}
    scenario = over(steady(), transport, deployment, table_query_seconds=5)
    lines = quantities(ws.estimate(scenario, deployment))

    client_seconds = 100 * 730 * 3_600
    polls = client_seconds / 25.1
    assert lines[INVOCATIONS] == pytest.approx(polls)
    assert lines[SECONDS] == pytest.approx(polls * (25 + 0.010))
    # a query when it is asked, and every 5 s after
    assert lines[READS] == pytest.approx(polls * (1 + 25 / 5) * 0.5)


def test_waiting_ends_with_a_message(steady, quantities):
    # one message per second at random: polls_per_second is held against a simulation elsewhere
    news = NEWS | {"rate_per_hour": 3_600, "fan_out": 1}
    scenario = over(steady({"news": news}), "long_polling", URL)
    lines = quantities(ws.estimate(scenario, URL))

    polls = float(polls_per_second(np.array(1.0), np.array(25.0), 0.1))
    waits = 1 - 0.1 * polls
    published = 1.0
    expected = 100 * 730 * 3_600 * (waits + (polls + published) * 0.010)
    assert lines[SECONDS] == pytest.approx(expected)


def test_a_function_is_billed_for_all_of_a_stream(steady, quantities):
    # 500 times the request: 900 s at 128 MB are 112.5 GB-s, 0.001875 USD beside 0.0000035
    scenario = over(steady(), "server_sent_events", REST, lambda_memory_mb=128, lambda_ms=1e-9)
    lines = quantities(ws.estimate(scenario, REST))
    streams = lines[REST_REQUESTS]

    assert streams == pytest.approx(100 * 730 * 4)
    assert lines[SECONDS] / streams == pytest.approx(112.5, rel=1e-6)


@pytest.mark.parametrize("deployment", [REST, URL])
def test_what_runs_at_once_are_all_requests_in_flight(steady, verdict, deployment):
    for transport, running in (("server_sent_events", 3_000), ("long_polling", 3_000 * 25 / 25.1)):
        bill = ws.estimate(over(steady(connections=3_000), transport, deployment), deployment)
        found = verdict(bill, "aws.lambda.concurrent_executions")

        assert float(found.used) == pytest.approx(running, rel=0.001)
        assert found.state == "quota increase"


@pytest.mark.parametrize(
    ("kib_per_second", "steps", "beyond_mib"),
    [
        # 900 s: 4.4 MB, within the first step and what Lambda streams for free
        (5, 1, 0.0),
        # 13.2 MB: two steps of 10 MB, and 7.2 MB beyond 6
        (15, 2, 15 * 900 / 1024 - 6),
        # 87.9 MB: nine steps
        (100, 9, 100 * 900 / 1024 - 6),
    ],
)
def test_a_stream_is_counted_in_started_steps_of_10_mb(
    steady, quantities, kib_per_second, steps, beyond_mib
):
    news = NEWS | {"rate_per_hour": 3_600, "payload": f"{kib_per_second} KiB"}
    scenario = over(steady({"news": news}), "server_sent_events", REST)
    lines = quantities(ws.estimate(scenario, REST))

    streams = 100 * 730 * 4
    assert lines[REST_REQUESTS] == pytest.approx(streams * steps)
    # framing adds 17 bytes to each event, and a comment each 15 s
    assert lines[STREAMED] == pytest.approx(streams * beyond_mib / 1024, rel=0.01)


@pytest.mark.parametrize(
    ("transport", "deployment", "limit", "state"),
    [
        ({"timeout_seconds": 40}, HTTP, "aws.http_api.integration_timeout", "over a hard limit"),
        ({"timeout_seconds": 40}, REST, "aws.rest_api.integration_timeout", "quota increase"),
        ({"timeout_seconds": 40}, FARGATE, "aws.rest_api.integration_timeout", "quota increase"),
        ({"timeout_seconds": 40}, URL, "aws.lambda.timeout_max", "within limits"),
        ({"timeout_seconds": 20}, HTTP, "aws.http_api.integration_timeout", "within limits"),
    ],
)
def test_a_long_poll_must_be_answered_in_time(steady, verdict, transport, deployment, limit, state):
    scenario = steady().replace(transport={"kind": "long_polling", **transport})
    found = verdict(ws.estimate(scenario, deployment), limit)

    assert found.state == state
    assert float(found.used) == transport["timeout_seconds"]


@pytest.mark.parametrize("deployment", [HTTP, REST, FARGATE])
def test_the_requests_of_an_account_are_bounded(steady, verdict, deployment):
    # 100,000 clients that ask every 5 s: 20,000 per second of 10,000
    scenario = steady(connections=100_000).replace(transport=EVERY_5_S)
    found = verdict(
        ws.estimate(scenario, deployment), "aws.api_gateway.account_requests_per_second"
    )

    assert float(found.used) == pytest.approx(20_000)


@pytest.mark.parametrize(
    ("comment_seconds", "state"), [(15, "within limits"), (600, "over a hard limit")]
)
@pytest.mark.parametrize("deployment", [REST, FARGATE])
def test_a_quiet_stream_needs_comments(steady, verdict, deployment, comment_seconds, state):
    transport = {"kind": "server_sent_events", "comment_seconds": comment_seconds}
    bill = ws.estimate(steady().replace(transport=transport), deployment)

    assert verdict(bill, "aws.rest_api.stream_idle_timeout").state == state


class TestBehindARestApi:
    """Fargate behind an internal balancer, which sees a connection for each open request."""

    def test_streams_cost_what_they_do_on_the_balancer_and_the_requests(self, steady):
        scenario = steady(connections=20_000).replace(transport="server_sent_events")
        behind, alone = (ws.estimate(scenario, each) for each in (FARGATE, "aws.alb_fargate"))
        differ = ["aws.rest_api.requests", "aws.public_ipv4.hours", "aws.egress.internet"]

        usd_of, alone_of = (
            bill.lines.groupby("meter")["cost_usd"].sum().drop(index=differ, errors="ignore")
            for bill in (behind, alone)
        )
        assert usd_of.to_dict() == pytest.approx(alone_of.to_dict())
        assert behind.sizing is not None
        assert alone.sizing is not None
        assert behind.sizing.units.peak == alone.sizing.units.peak
        # 20,000 x 730 x 4 streams at 3.50
        assert behind["aws.rest_api.requests"].cost_usd == pytest.approx(58.4 * 3.5)

    def test_the_balancer_is_internal(self, steady, quantities):
        scenario = steady().replace(transport=EVERY_5_S)
        addresses = "aws.public_ipv4.hours"
        behind, alone = (
            quantities(ws.estimate(scenario, each))[addresses]
            for each in (FARGATE, "aws.alb_fargate")
        )

        assert alone - behind == pytest.approx(3 * 730)

    def test_polls_hold_no_connection_of_the_nodes_between_them(self, steady):
        scenario = steady(connections=20_000).replace(transport=EVERY_5_S)
        [line] = [i for i in ws.estimate(scenario, FARGATE).items if "lcu" in i.rate.meter_id]

        # 4,000 polls per second of 20 ms: 80 at once, far below 3,000 of a capacity unit
        assert "decided by GB in and out" in line.usage.formula

    def test_a_connection_for_each_request_is_new_connections_of_the_balancer(
        self, steady, quantities
    ):
        # 4,000 per second, 25 of a capacity unit
        scenario = steady(connections=20_000).replace(
            transport=EVERY_5_S, assumptions={f"{FARGATE}.link_connections": "each"}
        )
        lines = quantities(ws.estimate(scenario, FARGATE))

        assert lines["aws.alb.lcu_hours"] == pytest.approx(730 * 4_000 / 25)
