"""What API Gateway counts: messages both ways, minutes, cuts after two hours, a Lambda backend."""

import math
from typing import ClassVar

import numpy as np
import pytest

import estimator as ws

ID = "aws.api_gateway"
MESSAGES = "aws.api_gateway.messages"
MINUTES = "aws.api_gateway.connection_minutes"
EGRESS = "aws.egress.internet"
CONNECTS = "aws.api_gateway.new_connections_per_second"
REQUESTS = "aws.api_gateway.account_requests_per_second"
EXACT = {"minute_rounding": "exact"}
ALONE = {"backend": "none"}


def test_messages_count_in_both_directions(make_demand, bill_of, quantities):
    demand = make_demand(1, to_server=3, to_client=5)

    assert quantities(bill_of(ID, demand))[MESSAGES] == pytest.approx(8 * 730)


@pytest.mark.parametrize(
    ("payload", "counted"), [(1, 1), (32 * 1024, 1), (32 * 1024 + 1, 2), (128 * 1024, 4)]
)
def test_a_message_counts_once_for_every_started_32_kb(
    make_demand, bill_of, quantities, payload, counted
):
    demand = make_demand(1, to_client=1, payload=payload)

    assert quantities(bill_of(ID, demand))[MESSAGES] == pytest.approx(counted * 730)


def test_every_recipient_of_a_broadcast_counts():
    flow = {"direction": "client_to_server", "rate_per_hour": 1, "payload": 10, "fan_out": 20}
    scenario = ws.Scenario(
        profile={
            "title": "Rooms",
            "session": {"law": "exponential", "mean_hours": 1},
            "weekly_shape": "flat",
            "flows": {"posts": flow},
        },
        location="virginia",
        mean_connections=100,
    )
    [line] = [i for i in ws.estimate(scenario, ID).items if i.rate.meter_id == MESSAGES]

    # one from the sender and twenty to the others
    assert float(line.usage.quantity) == pytest.approx(100 * 730 * 21)


def test_open_connections_count_by_the_minute(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(500), answers=EXACT)

    assert quantities(bill)[MINUTES] == pytest.approx(500 * 60 * 730)


def test_a_started_minute_counts_in_full_unless_told_otherwise(make_demand, bill_of, quantities):
    # 2,000 sessions per hour of 1.5 minutes keep 50 connections open; each is billed two minutes
    demand = make_demand(50, new_connections=2000, session_hours=1.5 / 60)

    assert quantities(bill_of(ID, demand))[MINUTES] == pytest.approx(2000 * 2 * 730)
    assert quantities(bill_of(ID, demand, answers=EXACT))[MINUTES] == pytest.approx(50 * 60 * 730)


def test_sessions_of_whole_minutes_have_nothing_to_round_up(make_demand, bill_of, quantities):
    # 1,000 sessions per hour of 7 minutes
    demand = make_demand(1000 * 7 / 60, new_connections=1000, session_hours=7 / 60)

    assert quantities(bill_of(ID, demand))[MINUTES] == pytest.approx(7000 * 730)


@pytest.mark.parametrize(("hours", "connections"), [(1, 1), (2, 1), (2.5, 2), (5, 3), (12, 6)])
def test_connections_are_cut_after_two_hours(make_demand, bill_of, quantities, hours, connections):
    # each connection and each disconnection counts if the open question is answered so
    demand = make_demand(10, new_connections=4, session_hours=hours)
    bill = bill_of(ID, demand, answers={"connect_is_message": "yes"})

    assert quantities(bill)[MESSAGES] == pytest.approx(2 * 4 * connections * 730)


def test_connects_are_no_messages_unless_told_otherwise(make_demand, bill_of, quantities):
    assert quantities(bill_of(ID, make_demand(10, new_connections=4)))[MESSAGES] == 0


def test_a_cut_connection_is_greeted_anew():
    scenario = ws.Scenario(
        profile={
            "title": "Greeted",
            "session": {"law": "deterministic", "hours": 5},
            "weekly_shape": "flat",
            "at_connect": {"to_client": "1 KB"},
            "flows": {},
        },
        location="virginia",
        mean_connections=500,
    )
    [line] = [i for i in ws.estimate(scenario, ID).items if i.rate.meter_id == MESSAGES]

    # 100 sessions per hour, each of three connections
    assert float(line.usage.quantity) == pytest.approx(300 * 730)


@pytest.mark.parametrize(("keep_alives", "messages"), [("timer", 100 * 8 * 730), ("traffic", 0)])
def test_nobody_can_ping_so_clients_send_messages(steady, quantities, keep_alives, messages):
    # 100 clients send one each 7.5 minutes, three quarters of the timeout; nothing is sent to them
    scenario = steady(heartbeat={"interval_seconds": 25, "payload_bytes": 10}).replace(
        assumptions={f"{ID}.keep_alives": keep_alives, f"{ID}.billed_bytes": "payload"}
    )
    found = quantities(ws.estimate(scenario, ID))

    assert found[MESSAGES] == pytest.approx(messages)
    assert found[EGRESS] == 0


def test_heartbeats_of_the_application_are_sent_as_they_are(steady, quantities):
    beats = {"interval_seconds": 25, "kind": "application"}
    found = quantities(ws.estimate(steady(heartbeat=beats), ID))

    assert found[MESSAGES] == pytest.approx(2 * 100 * 144 * 730)


def test_clients_that_keep_their_connections_alive_are_never_silent_too_long(steady, verdict):
    beats = {"interval_seconds": 900}
    bill = ws.estimate(steady(heartbeat=beats), ID)

    assert float(verdict(bill, f"{ID}.idle_timeout").used) == pytest.approx(450)
    assert bill.state == "within limits"
    assert "messages of the clients" in " ".join(bill.notes)


@pytest.mark.parametrize("layer", ["payload", "websocket", "ip_without_acks"])
def test_traffic_is_counted_down_to_the_layer_answered(make_demand, bill_of, quantities, layer):
    demand = make_demand(1, to_client=1e6, to_server=1e6, payload=124)
    bill = bill_of(ID, demand, answers={"billed_bytes": layer})

    # 124 bytes of payload, 126 with the WebSocket header, 200 as measured on the wire
    each = {"payload": 124, "websocket": 126, "ip_without_acks": 200}[layer]
    assert quantities(bill)[EGRESS] == pytest.approx(1e6 * 730 * each / 2**30)


def test_acknowledgements_of_inbound_messages_leave_too(make_demand, bill_of, quantities):
    demand = make_demand(1, to_client=1e6, to_server=1e6, payload=124)
    bill = bill_of(ID, demand, answers={"billed_bytes": "ip"})

    assert quantities(bill)[EGRESS] == pytest.approx(1e6 * 730 * (200 + 52) / 2**30)


def test_a_gigabyte_of_traffic_is_2_to_the_30_bytes(make_demand, bill_of, quantities):
    demand = make_demand(1, to_client=1024, payload=1024**2)

    bill = bill_of(ID, demand, answers={"billed_bytes": "payload"})

    assert quantities(bill)[EGRESS] == pytest.approx(730)


class TestLambdaBackend:
    OPTIONS: ClassVar = {
        "lambda_memory_mb": 512,
        "lambda_ms": 100,
        "lambda_ms_per_push": 0,
    }

    def test_the_function_runs_for_each_message_connect_and_disconnect(
        self, make_demand, bill_of, quantities
    ):
        demand = make_demand(1, to_server=10, to_client=500, new_connections=3, session_hours=1)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        assert quantities(bill)["aws.lambda.requests"] == pytest.approx((10 + 2 * 3) * 730)

    def test_its_time_is_memory_in_gb_of_1024_mb_times_seconds(
        self, make_demand, bill_of, quantities
    ):
        demand = make_demand(1, to_server=10)
        bill = bill_of(ID, demand, options=self.OPTIONS | {"application": "none"})

        assert quantities(bill)["aws.lambda.gb_seconds"] == pytest.approx(10 * 730 * 0.1 * 0.5)

    def test_each_push_adds_its_time(self, make_demand, bill_of, quantities):
        demand = make_demand(1, to_client=1000)
        options = self.OPTIONS | {"lambda_ms_per_push": 5, "lambda_memory_mb": 1024}
        bill = bill_of(ID, demand, options=options)

        assert quantities(bill)["aws.lambda.gb_seconds"] == pytest.approx(1000 * 730 * 0.005)

    def test_the_table_is_written_on_connect_and_on_disconnect(
        self, make_demand, bill_of, quantities
    ):
        demand = make_demand(1, new_connections=3, session_hours=1)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        assert quantities(bill)["aws.dynamodb.write_units"] == pytest.approx(2 * 3 * 730)

    @pytest.mark.parametrize(("item", "units"), [(200, 1), (1024, 1), (1025, 2)])
    def test_a_write_counts_started_kilobytes(self, make_demand, bill_of, quantities, item, units):
        demand = make_demand(1, new_connections=1, session_hours=1)
        bill = bill_of(ID, demand, options=self.OPTIONS | {"connection_item_bytes": item})

        assert quantities(bill)["aws.dynamodb.write_units"] == pytest.approx(2 * units * 730)

    def test_a_query_takes_half_a_unit_for_each_4_kb_it_finds(
        self, make_demand, bill_of, quantities
    ):
        # 100 messages per hour to 2,048 connections of 200 bytes: 100 KB, 25 x 4 KB, half of it
        demand = make_demand(1, to_server=100, to_client=100 * 2048)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        assert quantities(bill)["aws.dynamodb.read_units"] == pytest.approx(100 * 730 * 100 / 2)

    def test_without_a_backend_there_is_none_on_the_bill(self, make_demand, bill_of, quantities):
        found = quantities(bill_of(ID, make_demand(1), options=ALONE))

        assert set(found) == {MINUTES, MESSAGES, EGRESS}


# Quotas: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html


@pytest.mark.parametrize(
    ("rate", "state"), [(399, "within limits"), (401, "near a limit"), (501, "quota increase")]
)
def test_500_new_connections_per_second_are_the_default_quota(
    make_demand, bill_of, verdict, rate, state
):
    found = verdict(bill_of(ID, make_demand(1, new_connections=rate * 3600)), CONNECTS)

    assert found.state == state


def test_forced_reconnects_count_as_connects(make_demand, bill_of, verdict):
    # 200 sessions per second of five hours are 600 connections of two hours at most
    demand = make_demand(1, new_connections=200 * 3600, session_hours=5)
    found = verdict(bill_of(ID, demand), CONNECTS)

    assert float(found.used) == pytest.approx(600)
    # 600 are 80% of 750, and so near it
    assert "a quota of 760 new connections per second" in found.explain()


def test_the_busiest_hour_decides_and_is_named(make_demand, bill_of, verdict):
    hours = np.full(168, 3600.0)
    hours[24 + 14] = 700 * 3600
    found = verdict(bill_of(ID, make_demand(1, new_connections=hours)), CONNECTS)

    assert found.when == "Tue 09:00 (14:00 UTC)"  # in Virginia
    assert found.state == "quota increase"


@pytest.mark.parametrize(
    ("received", "state"), [(5_000, "near a limit"), (5_002, "quota increase")]
)
def test_messages_in_and_pushes_share_10000_requests_a_second(
    make_demand, bill_of, verdict, received, state
):
    demand = make_demand(1, to_server=received * 3600, to_client=4_999 * 3600)

    assert verdict(bill_of(ID, demand), REQUESTS).state == state


@pytest.mark.parametrize(
    ("connections", "state"), [(3.5e6, "near a limit"), (3.7e6, "quota increase")]
)
def test_500_connects_for_two_hours_imply_3_6_million_connections(
    make_demand, bill_of, verdict, connections, state
):
    bill = bill_of(ID, make_demand(connections))

    assert verdict(bill, "aws.api_gateway.implied_open_connections").state == state


@pytest.mark.parametrize(
    ("payload", "message", "frame"),
    [
        (20 * 1024, "within limits", "within limits"),
        (32 * 1024, "within limits", "near a limit"),
        (32 * 1024 + 1, "within limits", "over a hard limit"),
        (128 * 1024, "near a limit", "over a hard limit"),
        (128 * 1024 + 1, "over a hard limit", "over a hard limit"),
    ],
)
def test_messages_end_at_128_kb_and_frames_at_32(
    make_demand, bill_of, verdict, payload, message, frame
):
    bill = bill_of(ID, make_demand(1, to_server=1, payload=payload))

    assert verdict(bill, "aws.api_gateway.message_max_bytes").state == message
    assert verdict(bill, "aws.api_gateway.frame_max_bytes").state == frame


def test_frames_end_at_32_kb_for_what_the_back_end_pushes_too(make_demand, bill_of, verdict):
    # the quotas page: messages beyond 32 KB must be split into frames, by @connections commands too
    bill = bill_of(ID, make_demand(1, to_client=1, payload=64 * 1024))

    assert float(verdict(bill, "aws.api_gateway.frame_max_bytes").share) == pytest.approx(2)


def test_a_size_rarer_than_one_message_in_a_million_decides_nothing(steady, verdict):
    # a lognormal law of mean 300 and sigma 1 is above 300 e^(-1/2 + 4.7534) = 21.1 KB once in a
    # million, and above 128 KB with a probability of 10^-11
    sizes = {"law": "lognormal", "mean_bytes": 300, "sigma": 1}
    flow = {"direction": "client_to_server", "rate_per_hour": 1, "payload": sizes}
    found = verdict(ws.estimate(steady({"posts": flow}), ID), "aws.api_gateway.message_max_bytes")

    assert float(found.used) == pytest.approx(300 * math.exp(-0.5 + 4.7534), rel=1e-3)


@pytest.mark.parametrize(
    ("seconds", "state"), [(25, "within limits"), (540, "near a limit"), (601, "over a hard limit")]
)
def test_ten_silent_minutes_end_a_connection(steady, verdict, seconds, state):
    beats = {"interval_seconds": seconds, "kind": "application"}
    bill = ws.estimate(steady(heartbeat=beats), ID)

    assert verdict(bill, "aws.api_gateway.idle_timeout").state == state


def test_without_a_heartbeat_some_connection_is_silent_too_long(steady, verdict):
    found = verdict(ws.estimate(steady(), ID), "aws.api_gateway.idle_timeout")

    assert found.state == "over a hard limit"
    assert "heartbeat" in found.fix


class TestLimitsOfLambda:
    """Quotas: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

    # the application's own work comes on top, see TestOwnWork
    OPTIONS: ClassVar = {"application": "none", "lambda_ms": 500, "lambda_ms_per_push": 10}

    @pytest.mark.parametrize(
        ("rate", "state"), [(1_900, "near a limit"), (2_001, "quota increase")]
    )
    def test_run_time_times_rate_is_what_runs_at_once(
        self, make_demand, bill_of, verdict, rate, state
    ):
        # 2,000 a second of half a second each are the 1,000 of the default quota
        bill = bill_of(ID, make_demand(1, to_server=rate * 3600), options=self.OPTIONS)

        assert verdict(bill, "aws.lambda.concurrent_executions").state == state

    @pytest.mark.parametrize(("copies", "share"), [(1_000, 0.36), (5_750, 2)])
    def test_a_message_is_pushed_to_all_before_the_integration_times_out(
        self, make_demand, bill_of, verdict, copies, share
    ):
        # 0.5 s and 0.01 s for each recipient, of 29 s
        demand = make_demand(10_000, to_server=1, to_client=copies)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        found = verdict(bill, "aws.api_gateway.integration_timeout")
        assert float(found.share) == pytest.approx(share, rel=0.01)

    def test_a_publication_is_pushed_to_all_within_15_minutes(self, verdict):
        news = {"direction": "server_to_client", "rate_per_hour": 1, "payload": 1}
        scenario = ws.Scenario(
            profile={
                "title": "News",
                "session": {"law": "deterministic", "hours": 1},
                "weekly_shape": "flat",
                "flows": {"news": news | {"fan_out": 100_000}},
            },
            location="virginia",
            peak_connections=100_000,
            options={ID: self.OPTIONS},
        )
        found = verdict(ws.estimate(scenario, ID), "aws.lambda.timeout_max")

        assert float(found.share) == pytest.approx((0.5 + 100_000 * 0.01) / 900)

    def test_a_table_is_read_for_each_message_and_written_for_each_connection(
        self, make_demand, bill_of, verdict
    ):
        # 1,000 recipients of 200 bytes are 49 steps of 4 KB, half a unit each; items of 200 bytes
        # are one unit when a connection begins and one when it ends. A table has 40,000 of both.
        demand = make_demand(
            1, to_server=1_000 * 3600, to_client=1e6 * 3600, new_connections=300 * 3600
        )
        bill = bill_of(ID, demand, options=self.OPTIONS)

        reads, writes = (
            float(verdict(bill, f"aws.dynamodb.table_{way}_units_per_second").share)
            for way in ("read", "write")
        )
        assert reads == pytest.approx(1_000 * 24.5 / 40_000)
        assert writes == pytest.approx(300 * 2 / 40_000)

    def test_pushes_make_the_function_run_longer(self, make_demand, bill_of, verdict):
        # 100 a second of 0.5 s, and 4,000 pushes of 0.01 s
        demand = make_demand(1, to_server=100 * 3600, to_client=4_000 * 3600)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        found = verdict(bill, "aws.lambda.concurrent_executions")
        assert float(found.used) == pytest.approx(100 * 0.5 + 4_000 * 0.01)

    @pytest.mark.parametrize(
        ("rate", "state"), [(9_999, "near a limit"), (10_001, "over a hard limit")]
    )
    def test_1000_executions_answer_10000_requests_a_second_at_most(
        self, make_demand, bill_of, verdict, rate, state
    ):
        options = self.OPTIONS | {"lambda_ms": 1}
        bill = bill_of(ID, make_demand(1, to_server=rate * 3600), options=options)

        assert verdict(bill, "aws.lambda.requests_per_second_per_execution").state == state


class TestLogs:
    def test_they_are_counted_by_connect_and_message(self, make_demand, bill_of, quantities):
        demand = make_demand(1, to_server=10, to_client=90, new_connections=4)
        options = {"log_bytes_per_connect": 500, "log_bytes_per_message": 200}
        bill = bill_of(ID, demand, options=options)

        expected = (4 * 500 + 100 * 200) * 730 / 2**30
        assert quantities(bill)["aws.cloudwatch_logs.ingested_gb"] == pytest.approx(expected)

    def test_none_are_written_unless_asked_for(self, make_demand, bill_of, quantities):
        bill = bill_of(ID, make_demand(1, to_server=10))

        assert "aws.cloudwatch_logs.ingested_gb" not in quantities(bill)
