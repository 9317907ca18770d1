"""What AppSync Events counts: operations in 5-KB steps, connects and subscribes, minutes."""

import pytest

import estimator as ws

ID = "aws.appsync_events"
OPERATIONS = "aws.appsync_events.operations"
MINUTES = "aws.appsync_events.connection_minutes"
PINGS = "aws.appsync_events.pings"


WITHOUT_WORK = {"application": "none"}
"""For what is counted whether or not the application has work of its own."""


def operations(bill: ws.Bill) -> float:
    lines = (item.usage for item in bill.items if item.rate.meter_id == OPERATIONS)
    return sum(float(line.quantity) for line in lines)


def test_a_publish_and_each_delivery_are_operations(make_demand, bill_of):
    # three publishes that reach four each
    bill = bill_of(ID, make_demand(1, to_server=3, to_client=12), options=WITHOUT_WORK)

    assert operations(bill) == pytest.approx((3 + 12) * 730)


@pytest.mark.parametrize(("payload", "steps"), [(1, 1), (5_120, 1), (5_121, 2), (20_480, 4)])
def test_each_started_5_kb_is_an_operation(make_demand, bill_of, payload, steps):
    bill = bill_of(ID, make_demand(1, to_client=1, payload=payload))

    assert operations(bill) == pytest.approx(steps * 730)


def test_what_the_server_publishes_counts_once_in_and_once_for_each_who_receives_it(steady):
    # each of 100 connections receives two an hour, which 50 share: 4 publications
    flow = {"direction": "server_to_client", "rate_per_hour": 2, "payload": 100, "fan_out": 50}
    bill = ws.estimate(steady({"news": flow}).replace(options={ID: WITHOUT_WORK}), ID)

    # and 100 connects and subscribes per hour
    assert operations(bill) == pytest.approx((4 + 200 + 2 * 100) * 730)


@pytest.mark.parametrize(("subscribes", "counted"), [(0, 1), (1, 2), (7, 8)])
def test_a_connect_and_its_subscribes_are_operations(make_demand, bill_of, subscribes, counted):
    options = WITHOUT_WORK | {"subscribes_per_connect": subscribes}
    bill = bill_of(ID, make_demand(1, new_connections=3), options=options)

    assert operations(bill) == pytest.approx(3 * counted * 730)


def test_event_handlers_are_operations(make_demand, bill_of):
    options = {"handler_calls_per_publication": 2, "handler_calls_per_subscribe": 1} | WITHOUT_WORK
    bill = bill_of(ID, make_demand(1, to_server=5, new_connections=3), options=options)

    # 5 publishes with two handlers each; 3 connects, 3 subscribes with a handler each
    assert operations(bill) == pytest.approx((5 * 3 + 3 * 3) * 730)


@pytest.mark.parametrize(
    ("kind", "answer", "per_hour"),
    [
        # AWS's list of operations names ping requests: one for each beat of a client
        ("protocol", "clients", 120),
        # the service sends its own each minute, whatever the profile says
        ("protocol", "service", 60),
        ("protocol", "free", 0),
        # messages there and back, which are operations whatever pings are
        ("application", "clients", 2 * 120),
        ("application", "free", 2 * 120),
    ],
)
def test_pings_count_as_the_question_is_answered(steady, kind, answer, per_hour):
    heartbeat = {"interval_seconds": 30, "kind": kind, "payload_bytes": 10}
    with_beats, without = (
        operations(ws.estimate(steady(heartbeat=beats).replace(assumptions={PINGS: each}), ID))
        for beats, each in ((heartbeat, answer), (None, "free"))
    )

    assert with_beats - without == pytest.approx(per_hour * 100 * 730)


@pytest.mark.parametrize(("answer", "seconds", "usd"), [("clients", 25, 534), ("service", 60, 223)])
def test_what_pings_add_to_a_workplace_chat(answer, seconds, usd):
    profile = {"extends": "workplace-chat", "weekly_shape": "workplace-worldwide"}
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=10_000)
    counted, free = (
        float(ws.estimate(scenario.replace(assumptions={PINGS: each}), ID).total)
        for each in (answer, "free")
    )
    # one dollar per million; on average about half of the peak is connected
    connected = float(ws.expected_demand(scenario).connections.mean)

    assert counted - free == pytest.approx(connected * 3600 / seconds * 730 / 1e6)
    assert counted - free == pytest.approx(usd, rel=0.01)


def test_a_subscriber_receives_240_kb_at_most(make_demand, bill_of, verdict):
    bill = bill_of(ID, make_demand(10, to_client=1, payload=2 * 245_760))

    assert float(verdict(bill, f"{ID}.delivery_max_bytes").share) == pytest.approx(2)


def test_connections_are_made_anew_after_a_day(make_demand, bill_of):
    # sessions of 60 hours are three connections, each with a subscribe
    demand = make_demand(1, new_connections=2, session_hours=60)
    bill = bill_of(ID, demand, options=WITHOUT_WORK)

    assert operations(bill) == pytest.approx(2 * 3 * 2 * 730)


def test_open_connections_count_by_the_minute(make_demand, bill_of, quantities):
    # sessions of 90 seconds are two started minutes
    demand = make_demand(50, new_connections=2000, session_hours=1.5 / 60)
    up, exact = (
        quantities(bill_of(ID, demand, answers={"minute_rounding": answer}))[MINUTES]
        for answer in ("up", "exact")
    )

    assert up == pytest.approx(2000 * 2 * 730)
    assert exact == pytest.approx(50 * 60 * 730)


# Quotas: https://docs.aws.amazon.com/general/latest/gr/appsync.html


@pytest.mark.parametrize(
    ("stated", "limit", "state"),
    [
        ({"new_connections": 1_999 * 3600}, "new_connections_per_second", "near a limit"),
        ({"new_connections": 2_001 * 3600}, "new_connections_per_second", "quota increase"),
        ({"to_server": 9_999 * 3600}, "inbound_events_per_second", "near a limit"),
        ({"to_server": 10_001 * 3600}, "inbound_events_per_second", "quota increase"),
        ({"to_client": 0.9e6 * 3600}, "outbound_messages_per_second", "near a limit"),
        # of two steps of 5 KB each
        (
            {"to_client": 0.6e6 * 3600, "payload": 6_000},
            "outbound_messages_per_second",
            "quota increase",
        ),
        ({"to_server": 1, "payload": 245_761}, "event_max_bytes", "over a hard limit"),
        ({"to_client": 1, "payload": 245_761}, "delivery_max_bytes", "over a hard limit"),
    ],
)
def test_quotas_of_an_api(make_demand, bill_of, verdict, stated, limit, state):
    bill = bill_of(ID, make_demand(1_000_000, **stated))

    assert verdict(bill, f"aws.appsync_events.{limit}").state == state


@pytest.mark.parametrize(("each", "state"), [(24, "near a limit"), (26, "over a hard limit")])
def test_a_connection_publishes_25_times_a_second(make_demand, bill_of, verdict, each, state):
    bill = bill_of(ID, make_demand(10, to_server=10 * each * 3600))

    assert verdict(bill, f"{ID}.publishes_per_second_per_connection").state == state


def test_a_connection_has_200_subscriptions(make_demand, bill_of, verdict):
    bill = bill_of(ID, make_demand(10), options={"subscribes_per_connect": 201})

    assert verdict(bill, f"{ID}.subscriptions_per_connection").state == "quota increase"
