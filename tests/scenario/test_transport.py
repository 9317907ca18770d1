"""How messages travel: what can be said of it, and what is refused in words."""

import math

import numpy as np
import pytest

import estimator as ws
from estimator.scenario.transport import KINDS, Polling

# sessions of market-data last four hours on average
ASKED = {"profile": "market-data", "location": "virginia", "peak_connections": 1}


def polling(**settings):
    return {"kind": "polling", "every_seconds": 5, **settings}


@pytest.mark.parametrize(
    ("transport", "parts"),
    [
        ("polling", ["transport.every_seconds", "required field is missing"]),
        (polling(every_seconds=0), ["transport.every_seconds", "at least 1 ms", "is 0"]),
        (polling(every_seconds=-1), ["transport.every_seconds", "at least 1 ms", "is -1"]),
        (polling(every_seconds=math.nan), ["every_seconds", "finite", "nan"]),
        (polling(every_seconds=math.inf), ["every_seconds", "finite", "inf"]),
        (polling(every_seconds=[5, 0]), ["every_seconds", "at least 1 ms"]),
        (polling(every_seconds=[]), ["every_seconds", "empty list"]),
        (polling(every_seconds=True), ["every_seconds", "number"]),
        (polling(every_seconds="5 apples"), ["'5 apples' is not a time"]),
        (polling(every_seconds="2 d"), ["every_seconds", "86400"]),
        (polling(every_seconds="20 h"), ["every_seconds is 72,000 s", "14,400 s", "more often"]),
        (polling(every_seconds=[5, 20_000]), ["5–20,000 s", "longer than a mean session"]),
        (polling(every_seconds=0.01), ["0.01 s", "20 ms", "before it is answered"]),
        (polling(timeout_seconds=5), ["unknown field 'timeout_seconds'", "every_seconds"]),
        (polling(http="3"), ["transport.http", "'1.1' or '2'"]),
        (polling(token_bytes=-1), ["transport.token_bytes"]),
        (polling(token_bytes=10**6), ["transport.token_bytes", "8192"]),
        (polling(answer_ms=0), ["transport.answer_ms"]),
        (
            {"kind": "long_polling", "timeout_seconds": [25, 80_000]},
            ["timeout_seconds is 25–80,000 s", "longer than a mean session"],
        ),
        ({"kind": "long_polling", "turnaround_seconds": 0}, ["transport.turnaround_seconds"]),
        ({"kind": "server_sent_events", "comment_seconds": 0}, ["transport.comment_seconds"]),
        ({"kind": "server_sent_events", "reconnect_seconds": -1}, ["transport.reconnect_seconds"]),
        ({"kind": "mqtt_over_websocket", "topic_bytes": 0}, ["transport.topic_bytes"]),
        ("pigeon", ["unknown kind 'pigeon'", *KINDS]),
        ("Long polling", ["did you mean 'long_polling'"]),
        ({}, ["transport", "'kind' is missing"]),
        (5, ["transport: must be the name of a transport", *KINDS, "every_seconds: 5"]),
        (None, ["transport: must be the name"]),
        ([], ["transport: must be the name"]),
    ],
)
def test_a_transport_that_cannot_be_is_refused(transport, parts):
    with pytest.raises(ws.ScenarioError) as caught:
        ws.Scenario(**ASKED, transport=transport)

    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "polling"])
def test_a_name_is_a_transport_with_all_its_defaults(kind):
    named, written = (ws.Scenario(**ASKED, transport=each) for each in (kind, {"kind": kind}))

    assert named == written
    assert named.transport.kind == kind


def test_messages_travel_over_websockets_if_nothing_is_said():
    assert ws.Scenario(**ASKED).transport.kind == "websocket"


@pytest.mark.parametrize("version", ["1.1", 1.1, "2", 2])
def test_versions_can_be_written_as_numbers(version):
    scenario = ws.Scenario(**ASKED, transport=polling(http=version))

    assert isinstance(scenario.transport, Polling)
    assert scenario.transport.http == str(version)


def test_intervals_can_be_written_with_a_unit():
    assert ws.Scenario(**ASKED, transport=polling(every_seconds="2 min")).transport.words == (
        "polling every 120 s"
    )


def test_a_list_of_intervals_is_many_scenarios():
    scenario = ws.Scenario(**ASKED, transport=polling(every_seconds=[5, 10, 60]))

    assert scenario.many == (3,)
    assert scenario.transport.words == "polling every 5 or 10 or 60 s"
    assert ws.expected_demand(scenario).peak_connections.shape == (3,)


def test_intervals_and_audiences_of_unequal_lengths_are_refused():
    with pytest.raises(ws.ScenarioError, match="transport have unequal lengths"):
        ws.Scenario(
            **{**ASKED, "peak_connections": [1, 2]}, transport=polling(every_seconds=[5, 6, 7])
        )


@pytest.mark.parametrize("transport", ["long_polling", polling(http="1.1", conditional=False)])
def test_a_transport_survives_being_written_down(tmp_path, transport):
    scenario = ws.Scenario(**ASKED, transport=transport)
    path = tmp_path / "scenario.yaml"
    path.write_text(scenario.to_yaml())

    assert ws.Scenario.load(path) == scenario


def test_figures_of_a_transport_can_be_replaced():
    scenario = ws.Scenario(**ASKED, transport=polling())
    replaced = scenario.replace(transport=polling(every_seconds=np.array([1.0, 2.0])))

    assert replaced.many == (2,)
