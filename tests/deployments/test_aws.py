"""What API Gateway counts: messages both ways, minutes, cuts after two hours, a Lambda backend."""

import pytest

import estimator as ws

ID = "aws.api_gateway"
MESSAGES = "aws.api_gateway.messages"
MINUTES = "aws.api_gateway.connection_minutes"
EGRESS = "aws.egress.internet"
EXACT = {"minute_rounding": "exact"}


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
        place="virginia",
        mean_connections=100,
    )
    [line] = [i for i in ws.estimate(scenario, ID).items if i.rate.meter_id == MESSAGES]

    # one from the sender and twenty to the others
    assert float(line.usage.quantity) == pytest.approx(100 * 730 * 21)


def test_open_connections_count_by_the_minute(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(500), answers=EXACT)

    assert quantities(bill)[MINUTES] == pytest.approx(500 * 60 * 730)


def test_a_started_minute_counts_in_full_unless_told_otherwise(make_demand, bill_of, quantities):
    # 2,000 sessions an hour of 1.5 minutes keep 50 connections open; each is billed two minutes
    demand = make_demand(50, connects=2000, session_hours=1.5 / 60)

    assert quantities(bill_of(ID, demand))[MINUTES] == pytest.approx(2000 * 2 * 730)
    assert quantities(bill_of(ID, demand, answers=EXACT))[MINUTES] == pytest.approx(50 * 60 * 730)


def test_sessions_of_whole_minutes_have_nothing_to_round_up(make_demand, bill_of, quantities):
    # 1,000 sessions an hour of 7 minutes
    demand = make_demand(1000 * 7 / 60, connects=1000, session_hours=7 / 60)

    assert quantities(bill_of(ID, demand))[MINUTES] == pytest.approx(7000 * 730)


@pytest.mark.parametrize(("hours", "connections"), [(1, 1), (2, 1), (2.5, 2), (5, 3), (12, 6)])
def test_connections_are_cut_after_two_hours(make_demand, bill_of, quantities, hours, connections):
    # each connection and each disconnection counts if the open question is answered so
    demand = make_demand(10, connects=4, session_hours=hours)
    bill = bill_of(ID, demand, answers={"connect_is_message": "yes"})

    assert quantities(bill)[MESSAGES] == pytest.approx(2 * 4 * connections * 730)


def test_connects_are_no_messages_unless_told_otherwise(make_demand, bill_of, quantities):
    assert quantities(bill_of(ID, make_demand(10, connects=4)))[MESSAGES] == 0


def test_a_cut_connection_is_greeted_anew():
    scenario = ws.Scenario(
        profile={
            "title": "Greeted",
            "session": {"law": "deterministic", "hours": 5},
            "weekly_shape": "flat",
            "at_connect": {"to_client": "1 KB"},
            "flows": {},
        },
        place="virginia",
        mean_connections=500,
    )
    [line] = [i for i in ws.estimate(scenario, ID).items if i.rate.meter_id == MESSAGES]

    # 100 sessions an hour, each of three connections
    assert float(line.usage.quantity) == pytest.approx(300 * 730)


def test_control_frames_are_traffic_but_no_messages():
    silent = {
        "title": "Silent",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "heartbeat": {"interval_seconds": 25, "payload_bytes": 10},
        "flows": {},
    }
    scenario = ws.Scenario(profile=silent, place="virginia", mean_connections=100)
    lines = {i.rate.meter_id: i for i in ws.estimate(scenario, ID).items}

    assert float(lines[MESSAGES].usage.quantity) == 0
    assert float(lines[EGRESS].usage.quantity) > 0


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

    assert quantities(bill_of(ID, demand))[EGRESS] == pytest.approx(730)


class TestLambdaBackend:
    OPTIONS = {  # noqa: RUF012
        "backend": "lambda_dynamodb",
        "lambda_memory_mb": 512,
        "lambda_ms": 100,
        "lambda_ms_per_push": 0,
    }

    def test_the_function_runs_for_each_message_connect_and_disconnect(
        self, make_demand, bill_of, quantities
    ):
        demand = make_demand(1, to_server=10, to_client=500, connects=3, session_hours=1)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        assert quantities(bill)["aws.lambda.requests"] == pytest.approx((10 + 2 * 3) * 730)

    def test_its_time_is_memory_in_gb_of_1024_mb_times_seconds(
        self, make_demand, bill_of, quantities
    ):
        demand = make_demand(1, to_server=10)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        assert quantities(bill)["aws.lambda.gb_seconds"] == pytest.approx(10 * 730 * 0.1 * 0.5)

    def test_each_push_adds_its_time(self, make_demand, bill_of, quantities):
        demand = make_demand(1, to_client=1000)
        options = self.OPTIONS | {"lambda_ms_per_push": 5, "lambda_memory_mb": 1024}
        bill = bill_of(ID, demand, options=options)

        assert quantities(bill)["aws.lambda.gb_seconds"] == pytest.approx(1000 * 730 * 0.005)

    def test_the_table_is_written_on_connect_and_on_disconnect(
        self, make_demand, bill_of, quantities
    ):
        demand = make_demand(1, connects=3, session_hours=1)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        assert quantities(bill)["aws.dynamodb.write_units"] == pytest.approx(2 * 3 * 730)

    @pytest.mark.parametrize(("item", "units"), [(200, 1), (1024, 1), (1025, 2)])
    def test_a_write_counts_started_kilobytes(self, make_demand, bill_of, quantities, item, units):
        demand = make_demand(1, connects=1, session_hours=1)
        bill = bill_of(ID, demand, options=self.OPTIONS | {"connection_item_bytes": item})

        assert quantities(bill)["aws.dynamodb.write_units"] == pytest.approx(2 * units * 730)

    def test_a_query_takes_half_a_unit_for_each_4_kb_it_finds(
        self, make_demand, bill_of, quantities
    ):
        # 100 messages an hour to 2,048 connections of 200 bytes: 100 KB, 25 x 4 KB, half of it
        demand = make_demand(1, to_server=100, to_client=100 * 2048)
        bill = bill_of(ID, demand, options=self.OPTIONS)

        assert quantities(bill)["aws.dynamodb.read_units"] == pytest.approx(100 * 730 * 100 / 2)

    def test_without_a_backend_there_is_none_on_the_bill(self, make_demand, bill_of, quantities):
        assert set(quantities(bill_of(ID, make_demand(1)))) == {MINUTES, MESSAGES, EGRESS}


def test_more_than_500_connects_a_second_are_noted(make_demand, bill_of):
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
    below, above = (
        " ".join(bill_of(ID, make_demand(1, connects=rate * 3600)).notes) for rate in (499, 501)
    )

    assert "quota than 500 new connections a second" not in below
    assert "quota than 500 new connections a second" in above


def test_more_than_10000_pushes_a_second_are_noted(make_demand, bill_of):
    below, above = (
        " ".join(bill_of(ID, make_demand(1, to_client=rate * 3600)).notes)
        for rate in (9_999, 10_001)
    )

    assert "10,000 requests a second and must be raised" not in below
    assert "10,000 requests a second and must be raised" in above
