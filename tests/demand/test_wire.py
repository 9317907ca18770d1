"""Bytes on the wire against a measurement, and against the standards they come from.

The table was measured with TCP_INFO on a sending socket (Linux 6.18, IPv4 with timestamps, segments
of 1,448 bytes, TLS 1.3, messages 60 ms apart). Header sizes: RFC 6455, section 5.2,
https://www.rfc-editor.org/rfc/rfc6455#section-5.2
"""

import dataclasses

import numpy as np
import pytest

import estimator as ws
from estimator.demand.wire import (
    ACK_BYTES,
    Framing,
    _jumps,
    connect_layers,
    mean_message_bytes,
    message_bytes,
    websocket_header_bytes,
)
from estimator.scenario.sizes import EmpiricalSize

MEASURED = [
    # payload, plain, TLS 1.3
    (20, 74, 96),
    (100, 154, 176),
    (124, 178, 200),
    (342, 398, 420),
    (1_000, 1_056, 1_078),
    (2_048, 2_156, 2_178),
    (16_384, 17_012, 17_108),
]


def of(payload: float, **stated) -> float:
    return float(message_bytes(np.array(payload), "ip", **stated))


@pytest.mark.parametrize(("payload", "plain", "tls"), MEASURED)
def test_message_over_tls_is_as_measured(payload, plain, tls):
    assert of(payload) == tls


@pytest.mark.parametrize(("payload", "plain", "tls"), MEASURED)
def test_message_without_tls_is_as_measured(payload, plain, tls):
    assert of(payload, tls=False) == plain


@pytest.mark.parametrize(
    ("payload", "header"),
    [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10), (10_000_000, 10)],
)
def test_websocket_header_follows_rfc_6455(payload, header):
    assert websocket_header_bytes(np.array([payload]), masked=False) == header


@pytest.mark.parametrize("payload", [0, 125, 126, 65_535, 65_536])
def test_a_client_adds_four_bytes_of_mask(payload):
    server, client = (websocket_header_bytes(np.array([payload]), masked=m) for m in (False, True))

    assert client - server == 4


def test_payload_layer_counts_application_data_only():
    np.testing.assert_array_equal(message_bytes(np.array([0, 124, 1e6]), "payload"), [0, 124, 1e6])


def test_websocket_layer_counts_the_header_too():
    np.testing.assert_array_equal(
        message_bytes(np.array([124, 342, 70_000]), "websocket", masked=True), [130, 350, 70_014]
    )


def test_sizes_are_averaged_after_framing_not_before():
    # 20 bytes leave as 96 and 2,048 as 2,178; one message of their mean would leave as one segment
    sizes = EmpiricalSize(sizes=(20, 2_048))

    assert mean_message_bytes(sizes, "ip", Framing(masked=False)) == (96 + 2_178) / 2


@pytest.mark.parametrize(
    "framing",
    [
        Framing(masked=False),
        Framing(masked=True, mqtt_bytes=34.0),
        Framing(masked=False, mqtt_bytes=34.0),
        Framing(masked=True, header_bytes=606.0),
        Framing(masked=False, header_bytes=8.0, body="chunk"),
        Framing(masked=False, header_bytes=8.0, body="data_frames"),
    ],
)
def test_every_size_at_which_more_is_put_around_a_message_is_known(framing):
    # what means over laws of sizes are exact by: up to three records, one by one
    sizes = np.arange(1.0, 50_000.0)
    stated = dataclasses.asdict(framing)

    one_by_one = message_bytes(sizes, "ip", **stated)
    steps = sizes[:-1][np.abs(np.diff(one_by_one) - 1) > 1e-9]
    jumps = _jumps(framing)
    # where more than a byte is added, an edge is known
    known = jumps[np.searchsorted(jumps, steps)]
    assert np.all((known >= steps) & (known < steps + 1))


def test_a_heartbeat_sends_76_bytes_and_acknowledges_with_52():
    assert of(0) == 76
    assert ACK_BYTES == 52
    assert of(0, masked=True) == 80


def test_heartbeats_of_25_seconds_send_13_4_mb_a_month():
    # 128 bytes leave per cycle: the ping of 76 and the acknowledgement of the pong, 52
    silent = {
        "title": "Silent",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {},
    }
    out = {}
    for heartbeat in (None, {"interval_seconds": 25}):
        scenario = ws.Scenario(
            profile={**silent, "heartbeat": heartbeat},
            location="virginia",
            mean_connections=1,
            hours_per_month="30.4 d",
        )
        demand = ws.expected_demand(scenario)
        out[heartbeat is None] = float(demand.per_month(demand.traffic("to_client", "ip")))

    heartbeats = out[False] - out[True]
    cycles = 30.4 * 86_400 / 25
    assert heartbeats / cycles == pytest.approx(128, abs=1e-6)
    assert round(heartbeats / 1e6, 1) == 13.4


def test_a_connect_sends_two_and_a_half_to_five_kilobytes():
    # measured: 2,251 bytes of TLS, 129 of the minimal upgrade of RFC 6455, and their segments
    assert connect_layers("to_client").total > 2_251 + 129
    assert 2_500 <= connect_layers("to_client").total <= 5_000


def test_acknowledgements_of_what_clients_send_leave_the_cloud(make_demand):
    demand = make_demand(to_server=10)

    assert demand.traffic("to_client", "ip").mean == pytest.approx(10 * ACK_BYTES)
    assert demand.traffic("to_client", "ip", acknowledgements=False).mean == 0


def test_only_the_lowest_layer_has_handshakes(make_demand):
    demand = make_demand(new_connections=1)

    assert demand.traffic("to_client", "ip").mean == pytest.approx(
        connect_layers("to_client").total
    )
    assert demand.traffic("to_client", "payload").mean == 0
    assert demand.traffic("to_client", "websocket").mean == 0
