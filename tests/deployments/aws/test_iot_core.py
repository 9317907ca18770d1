"""What IoT Core counts: MQTT messages in 5-KB steps, minutes, rules and actions.

Rules: https://aws.amazon.com/iot-core/pricing/ and its page of additional metering details
"""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.simulate.findings import recoveries
from estimator.deployments.registry import DEPLOYMENTS

ID = "aws.iot_core"
MESSAGES = "aws.iot_core.messages"
MINUTES = "aws.iot_core.connection_minutes"


def test_publishes_in_and_out_are_messages(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(1, to_server=3, to_client=12))

    assert quantities(bill)[MESSAGES] == pytest.approx((3 + 12) * 730)


@pytest.mark.parametrize(("payload", "steps"), [(1, 1), (5_020, 1), (5_021, 2)])
def test_each_started_5_kb_of_payload_and_topic_is_a_message(
    make_demand, bill_of, quantities, payload, steps
):
    demand = make_demand(1, to_client=1, payload=payload)
    bill = bill_of(ID, demand, options={"topic_bytes": 100})

    assert quantities(bill)[MESSAGES] == pytest.approx(steps * 730)


def test_connect_and_subscribe_are_messages_and_disconnect_is_none(
    make_demand, bill_of, quantities
):
    bill = bill_of(ID, make_demand(1, new_connections=5), options={"subscribes_per_connect": 2})

    assert quantities(bill)[MESSAGES] == pytest.approx(5 * 3 * 730)


def test_a_day_ends_a_connection(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(1, new_connections=5, session_hours=36))

    assert quantities(bill)[MESSAGES] == pytest.approx(5 * 2 * 2 * 730)


def test_acknowledged_deliveries_count_twice(make_demand, bill_of, quantities):
    demand = make_demand(1, to_server=3, to_client=12, payload=6_000)
    bill = bill_of(ID, demand, options={"qos": 1})

    # two steps each, and one message for each PUBACK of a client; those of the service are free
    assert quantities(bill)[MESSAGES] == pytest.approx(((3 + 12) * 2 + 12) * 730)


def test_pings_are_free(steady):
    pinging, silent = (
        ws.estimate(steady(heartbeat=beats), ID)
        for beats in ({"interval_seconds": 30, "payload_bytes": 0}, None)
    )
    counted = [
        float(item.usage.quantity)
        for bill in (pinging, silent)
        for item in bill.items
        if item.rate.meter_id == MESSAGES
    ]

    assert counted[0] == counted[1]
    assert "MQTT pings of the clients" in " ".join(pinging.notes)


def test_pings_are_never_closer_than_30_seconds(steady):
    beats = {"interval_seconds": np.array([25, 30, 60])}
    scenario = steady(heartbeat=beats)
    # shorter keep-alive intervals are taken as 30 seconds
    request = resolve(scenario).request(DEPLOYMENTS[ID])
    [up, _] = [s.per_hour.mean for s in request.demand.streams if s.kind == "ping"]

    assert up == pytest.approx([100 * 120, 100 * 120, 100 * 60])


def test_a_started_minute_counts_in_full(make_demand, bill_of, quantities):
    # 2,000 sessions per hour of 90 seconds
    demand = make_demand(50, new_connections=2000, session_hours=1.5 / 60)

    assert quantities(bill_of(ID, demand))[MINUTES] == pytest.approx(2000 * 2 * 730)


def test_rules_and_actions_count_in_the_steps_of_what_clients_send(
    make_demand, bill_of, quantities
):
    demand = make_demand(1, to_server=10, to_client=70, payload=6_000)
    options = {"rules_per_message": 3, "actions_per_rule": 2, "backend": "none"}
    lines = quantities(bill_of(ID, demand, options=options))

    assert lines["aws.iot_core.rules"] == pytest.approx(10 * 2 * 3 * 730)
    assert lines["aws.iot_core.actions"] == pytest.approx(10 * 2 * 3 * 2 * 730)


def test_traffic_may_be_part_of_the_price_of_messages(make_demand, bill_of, quantities):
    demand = make_demand(1, to_client=1000)
    charged, free = (
        quantities(bill_of(ID, demand, answers={"internet_traffic": answer}))
        for answer in ("yes", "no")
    )

    assert set(charged) - set(free) == {"aws.egress.internet"}


# Quotas: https://docs.aws.amazon.com/general/latest/gr/iot-core.html


@pytest.mark.parametrize(
    ("connections", "stated", "limit", "state"),
    [
        (499_000, {}, "open_connections", "near a limit"),
        (501_000, {}, "open_connections", "quota increase"),
        (1, {"new_connections": 3_001 * 3600}, "new_connections_per_second", "quota increase"),
        (1e5, {"to_server": 20_001 * 3600}, "publishes_in_per_second", "quota increase"),
        (1e5, {"to_client": 19_999 * 3600}, "publishes_out_per_second", "near a limit"),
        (1e5, {"to_client": 20_001 * 3600}, "publishes_out_per_second", "quota increase"),
        (1, {"to_client": 101 * 3600}, "publishes_per_second_per_connection", "over a hard limit"),
        # 60 messages of 10,000 bytes per second are above 512 KiB
        (
            1,
            {"to_client": 60 * 3600, "payload": 1e4},
            "bandwidth_per_connection_mbps",
            "over a hard limit",
        ),
        (1, {"to_server": 1, "payload": 131_073}, "message_max_bytes", "over a hard limit"),
    ],
)
def test_quotas_of_an_account(make_demand, bill_of, verdict, connections, stated, limit, state):
    bill = bill_of(ID, make_demand(connections, **stated))

    assert verdict(bill, f"aws.iot_core.{limit}").state == state


@pytest.mark.parametrize(
    ("topics", "requests", "counted"), [(0, None, 0), (8, None, 1), (28, None, 4), (28, 7, 7)]
)
def test_a_request_names_eight_topics(make_demand, bill_of, quantities, topics, requests, counted):
    options = {"topics_per_client": topics, "subscribes_per_connect": requests}
    bill = bill_of(ID, make_demand(1, new_connections=5), options=options)

    # each connection is a CONNECT and its SUBSCRIBE requests
    assert quantities(bill)[MESSAGES] == pytest.approx(5 * (1 + counted) * 730)


@pytest.mark.parametrize(
    ("demand", "options", "limit", "share"),
    [
        # 500 topics per second, 500,000 in all, 50 for each connection, 8 in each request
        ({"new_connections": 100 * 3600}, {}, "subscriptions_per_second", 100 * 28 / 500),
        ({"connections": 50_000}, {}, "subscriptions", 50_000 * 28 / 500_000),
        ({}, {}, "subscriptions_per_connection", 28 / 50),
        ({}, {"subscribes_per_connect": 2}, "topics_per_subscribe", 14 / 8),
        # each request names one topic at least
        ({}, {"subscribes_per_connect": 60}, "subscriptions_per_connection", 60 / 50),
        ({}, {"topic_bytes": 512}, "topic_max_bytes", 512 / 256),
        ({}, {"rules_per_message": 1, "actions_per_rule": 20}, "actions_per_rule", 20 / 10),
    ],
    ids=str,
)
def test_topics_are_subscriptions(make_demand, bill_of, verdict, demand, options, limit, share):
    options = {"topics_per_client": 28, **options}
    bill = bill_of(ID, make_demand(**{"connections": 10, **demand}), options=options)

    assert float(verdict(bill, f"{ID}.{limit}").share) == pytest.approx(share)


def test_clients_of_28_topics_recover_as_fast_as_they_may_subscribe():
    # 500 topics per second are 500 / 28 clients
    scenario = ws.Scenario(
        profile={"extends": "workplace-chat", "weekly_shape": "flat"},
        location="virginia",
        peak_connections=5_000,
        options={ID: {"topics_per_client": 28}},
    )
    found = ws.simulate(scenario, ID, faults="outage at Tue 14:00", replications=1)
    [recovery] = recoveries(found.run)
    [subscribing] = [
        each for each in found.limits if each.limit.limit == f"{ID}.subscriptions_per_second"
    ]

    assert recovery.lost == pytest.approx(5_000, rel=0.05)
    assert recovery.back_s[0.99] >= 0.99 * recovery.lost * 28 / 500
    assert subscribing.turned_away > 0
    assert subscribing.allowed == 500
    # attempts count with the topics of each
    assert subscribing.used > 500


def test_rules_use_the_quota_of_messages_out(make_demand, bill_of, verdict):
    demand = make_demand(1e5, to_server=8_000 * 3600, to_client=8_000 * 3600)
    bill = bill_of(ID, demand, options={"rules_per_message": 2, "backend": "none"})

    found = verdict(bill, "aws.iot_core.publishes_out_per_second")
    assert float(found.used) == pytest.approx(8_000 + 2 * 8_000)
