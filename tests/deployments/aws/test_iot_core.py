"""What IoT Core counts: MQTT messages in 5-KB steps, minutes, rules and actions.

Rules: https://aws.amazon.com/iot-core/pricing/ and its page of additional metering details
"""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.estimate import resolve
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
    options = {"rules_per_message": 3, "actions_per_rule": 2}
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
        (499_000, {}, "open_connections", "at risk"),
        (501_000, {}, "open_connections", "broken"),
        (1, {"new_connections": 3_001 * 3600}, "new_connections_per_second", "broken"),
        (1e5, {"to_server": 20_001 * 3600}, "publishes_in_per_second", "broken"),
        (1e5, {"to_client": 19_999 * 3600}, "publishes_out_per_second", "at risk"),
        (1e5, {"to_client": 20_001 * 3600}, "publishes_out_per_second", "broken"),
        (1, {"to_client": 101 * 3600}, "publishes_per_second_per_connection", "broken"),
        # 60 messages of 10,000 bytes per second are above 512 KiB
        (1, {"to_client": 60 * 3600, "payload": 1e4}, "bandwidth_per_connection_mbps", "broken"),
        (1, {"to_server": 1, "payload": 131_073}, "message_max_bytes", "broken"),
    ],
)
def test_quotas_of_an_account(make_demand, bill_of, verdict, connections, stated, limit, state):
    bill = bill_of(ID, make_demand(connections, **stated))

    assert verdict(bill, f"aws.iot_core.{limit}").state == state


def test_rules_use_the_quota_of_messages_out(make_demand, bill_of, verdict):
    demand = make_demand(1e5, to_server=8_000 * 3600, to_client=8_000 * 3600)
    bill = bill_of(ID, demand, options={"rules_per_message": 2})

    found = verdict(bill, "aws.iot_core.publishes_out_per_second")
    assert float(found.used) == pytest.approx(8_000 + 2 * 8_000)
