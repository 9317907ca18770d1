"""What the note of a meter lists is counted in code, or named among what is not modeled."""

import re
from typing import Any

import pytest

import estimator as ws
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.catalog import load_catalog

POST = {"direction": "client_to_server", "rate_per_hour": 1, "payload": 100}
NEWS = {"direction": "server_to_client", "rate_per_hour": 1, "payload": 100, "fan_out": 10}
BEATS = {"interval_seconds": 60, "kind": "protocol"}
Change = dict[str, Any] | str
"""What makes more of something, or the words for it among what is not modeled."""

LISTED: dict[str, dict[str, Change]] = {
    "aws.appsync_events.operations": {
        "Published events": {"flows": {"posts": POST}},
        "deliveries": {"flows": {"posts": POST | {"fan_out": 5}}},
        "event handler calls": {
            "flows": {"posts": POST},
            "options": {"handler_calls_per_publication": 3},
        },
        "new connections": {"hours": 0.5},
        "subscribes": {"options": {"subscribes_per_connect": 5}},
        "pings": {"heartbeat": BEATS},
    },
    "aws.iot_core.messages": {
        "CONNECT": {"hours": 0.5},
        "SUBSCRIBE": {"options": {"topics_per_client": 20}},
        "PUBLISH in and out": {"flows": {"posts": POST | {"fan_out": 5}}},
        "PUBACK from the device": {"flows": {"news": NEWS}, "options": {"qos": 1}},
        "retained messages": "retained messages",
    },
    "ably.per_minute.messages": {
        "A publish counts once": {"flows": {"posts": POST}},
        "each delivery once": {"flows": {"news": NEWS}},
        "the echo to the sender too": {"flows": {"posts": POST}},
    },
    "pubnub.transactions.edge": {
        "each delivery to a subscriber": {"flows": {"news": NEWS}},
        "history": "history",
        "push": "push",
    },
    "cloudflare.durable_objects.requests": {
        "Opening a WebSocket is one request": {"hours": 0.5},
        "incoming WebSocket messages count": {"flows": {"posts": POST}},
    },
    "supabase.realtime.messages": {
        "once sent": {"flows": {"posts": POST}},
        "once for each client that receives it": {"flows": {"news": NEWS}},
        "a database change": "database changes",
        "presence counts": "presence",
    },
}
CASES = [
    pytest.param(meter, words, change, id=f"{meter}: {words}")
    for meter, listed in LISTED.items()
    for words, change in listed.items()
]


def counted(meter: str, change: dict[str, Any]) -> float:
    """How much the meter counts of 100 connections that do little else."""
    service = meter.rsplit(".", 1)[0]
    profile = {
        "title": "Listed",
        "session": {"law": "deterministic", "hours": change.get("hours", 1)},
        "weekly_shape": "flat",
        "flows": change.get("flows", {}),
        "heartbeat": change.get("heartbeat"),
    }
    scenario = ws.Scenario(
        profile=profile,
        location="virginia",
        mean_connections=100,
        options={service: change.get("options", {})},
    )
    # what the application's own work takes of it stands on a line of its own
    lines = (i.usage for i in ws.estimate(scenario, service).items if i.rate.meter_id == meter)
    return sum(float(line.quantity) for line in lines)


@pytest.mark.parametrize(("meter", "words", "change"), CASES)
def test_what_a_note_lists_is_counted(meter, words, change):
    assert words in load_catalog().meter(meter).note
    if isinstance(change, str):
        assert change in " ".join(ALL_DEPLOYMENTS[meter.rsplit(".", 1)[0]].not_modeled)
        return
    several = [name for name in ("options", "flows") if name in change]
    # of an option that counts only with messages, what it adds to them
    less = {name: change[name] for name in several[1:]}

    assert counted(meter, change) > counted(meter, less)


@pytest.mark.parametrize("meter", ["aws.appsync_events.operations", "aws.iot_core.messages"])
def test_all_that_a_note_lists_is_in_the_table(meter):
    note = load_catalog().meter(meter).note
    [found] = re.findall(r"(?:^|; )([^;.]*?) (?:each )?count[;.]", f"{note};")[:1]
    items = re.split(r", | and (?!out)", found)

    assert items == [*LISTED[meter]]
