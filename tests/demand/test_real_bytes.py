"""Bytes that other programs write to a socket, and what Linux counts of them, against the model.

h11 writes requests, responses and chunks, websockets writes frames; both ends are on this machine,
with segments of 1,448 bytes as on the internet.
"""

import socket
import struct
import sys
from contextlib import contextmanager

import h11
import numpy as np
import pytest
from websockets.frames import Frame, Opcode

from estimator.demand.http_messages import EVENT_BYTES, http_messages
from estimator.demand.over_http import HttpTerms, over_http
from estimator.demand.wire import message_bytes, message_layers
from estimator.scenario.transport import LongPolling, Polling, ServerSentEvents

SEGMENT_BYTES = 1_448
SIZES = (1, 7, 8, 124, 125, 126, 247, 248, 342, 1_000, 2_048, 4_087, 4_088, 16_384, 65_536)
_TIMESTAMPS_BYTES = 12
_TCP_INFO_BYTES = 256
_DATA_SEGMENTS_OUT, _BYTES_SENT = 156, 200
"""Where they stand in struct tcp_info of linux/tcp.h: tcpi_data_segs_out and tcpi_bytes_sent."""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is that of Linux")


@contextmanager
def connection():
    """Both ends of a connection of TCP over loopback: the client's, and the server's."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        for end in (listener, client):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES + _TIMESTAMPS_BYTES)
        client.settimeout(10)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            server.settimeout(10)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield client, server


def arrived(sender, receiver, data):
    """Send it; the bytes that came out at the other end."""
    sender.sendall(data)
    got = b""
    while len(got) < len(data):
        got += receiver.recv(1 << 20)
    assert got == data
    return len(got)


def counted(end):
    """What Linux counted so far: bytes sent, and segments with data."""
    info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    if len(info) < _BYTES_SENT + 8:
        pytest.skip("this Linux counts no bytes sent")
    [segments], [sent] = (
        struct.unpack_from(form, info, at)
        for form, at in (("I", _DATA_SEGMENTS_OUT), ("Q", _BYTES_SENT))
    )
    return np.array([sent, segments])


def fields(name, **values):
    """Path and header fields of a message that ships, filled in."""
    values = {"token": "t" * 400, "id": "10000", **values}
    message = http_messages()[name]
    return (message.path or "/").format(**values), [
        (each.name, each.value.format(**values)) for each in message.headers
    ]


def each_bytes(demand, name):
    """Bytes that one message of a stream takes on a connection without TLS."""
    [stream] = [s for s in demand.streams if s.name == name]
    whole = stream.bytes_per_hour("websocket").mean
    return float(whole / stream.per_hour.mean)


def ends():
    return h11.Connection(h11.CLIENT), h11.Connection(h11.SERVER)


@pytest.mark.parametrize("payload", [124, 5_000])
def test_a_poll_and_its_answer_are_as_long_as_the_model_says(make_demand, payload):
    # one message in each answer
    demand = make_demand(1, to_client=3600, payload=payload)
    polled = over_http(demand, LongPolling(http="1.1"), HttpTerms())
    body = b"[" + b"x" * payload + b"]"
    asking, answering = ends()
    path, headers = fields("poll_request")
    request = asking.send(h11.Request(method="GET", target=path, headers=headers))
    request += asking.send(h11.EndOfMessage())

    with connection() as (client, server):
        assert arrived(client, server, request) == each_bytes(polled, "polls")
        answering.receive_data(request)
        answering.next_event()
        answering.next_event()
        _, headers = fields("poll_response", length=len(body))
        answer = answering.send(h11.Response(status_code=200, headers=headers, reason="OK"))
        answer += answering.send(h11.Data(body))
        answer += answering.send(h11.EndOfMessage())
        of_answer = each_bytes(polled, "answers to polls with messages")
        assert arrived(server, client, answer) == of_answer + each_bytes(polled, "down")


def test_an_answer_without_news_is_as_long_as_the_model_says(make_demand):
    demand = make_demand(1, to_client=1)
    polled = over_http(demand, Polling(every_seconds=5, http="1.1"), HttpTerms())
    asking, answering = ends()
    path, headers = fields("conditional_poll_request")
    request = asking.send(h11.Request(method="GET", target=path, headers=headers))
    request += asking.send(h11.EndOfMessage())

    with connection() as (client, server):
        assert arrived(client, server, request) == each_bytes(polled, "polls")
        answering.receive_data(request)
        answering.next_event()
        _, headers = fields("not_modified_response")
        answer = answering.send(
            h11.Response(status_code=304, headers=headers, reason="Not Modified")
        )
        answer += answering.send(h11.EndOfMessage())
        assert arrived(server, client, answer) == each_bytes(
            polled, "answers to polls without messages"
        )


def test_a_message_of_a_client_is_a_request_as_long_as_the_model_says(make_demand):
    demand = make_demand(1, to_server=1, payload=342)
    polled = over_http(demand, Polling(every_seconds=5, http="1.1"), HttpTerms())
    asking, _ = ends()
    path, headers = fields("upload_request", length=342)
    request = asking.send(h11.Request(method="POST", target=path, headers=headers))
    request += asking.send(h11.Data(b"x" * 342)) + asking.send(h11.EndOfMessage())

    with connection() as (client, server):
        assert arrived(client, server, request) == each_bytes(polled, "up")


@on_linux
def test_a_stream_of_events_is_as_long_as_the_model_says(make_demand):
    demand = make_demand(1, new_connections=1, to_client=1)
    streamed = over_http(demand, ServerSentEvents(http="1.1"), HttpTerms())
    asking, answering = ends()
    path, headers = fields("event_stream_request")
    request = asking.send(h11.Request(method="GET", target=path, headers=headers))
    request += asking.send(h11.EndOfMessage())

    with connection() as (client, server):
        assert arrived(client, server, request) == each_bytes(streamed, "streams")
        answering.receive_data(request)
        answering.next_event()
        _, headers = fields("event_stream_response")
        begun = answering.send(h11.Response(status_code=200, headers=headers, reason="OK"))
        assert arrived(server, client, begun) == each_bytes(streamed, "answers to streams")
        comment = answering.send(h11.Data(b":\n\n"))
        assert arrived(server, client, comment) == each_bytes(streamed, "comments")

        for size in SIZES:
            before = counted(server)
            event = answering.send(h11.Data(b"data: " + b"x" * size + b"\n\n"))
            on_wire = message_layers(
                np.array(size), tls=False, header_bytes=EVENT_BYTES, body="chunk"
            )
            modeled = on_wire.payload + on_wire.websocket
            assert arrived(server, client, event) == modeled
            # beyond what a congestion window holds, segments need not be full
            if size <= 10 * SEGMENT_BYTES:
                np.testing.assert_array_equal(
                    counted(server) - before, [modeled, on_wire.tcp_ip / 52]
                )


@on_linux
@pytest.mark.parametrize("masked", [False, True])
def test_a_message_of_a_websocket_is_as_long_as_the_model_says(masked):
    with connection() as (client, server):
        sender, receiver = (client, server) if masked else (server, client)
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for size in SIZES:
            before = counted(sender)
            frame = Frame(Opcode.BINARY, b"x" * size).serialize(mask=masked)
            modeled = message_bytes(np.array(size), "websocket", masked=masked)
            assert arrived(sender, receiver, frame) == modeled
            if size <= 10 * SEGMENT_BYTES:
                on_wire = message_layers(np.array(size), masked=masked, tls=False)
                np.testing.assert_array_equal(
                    counted(sender) - before, [modeled, on_wire.tcp_ip / 52]
                )


@pytest.mark.parametrize("size", SIZES)
def test_an_event_of_http_2_has_a_frame_for_each_16_kib(size):
    # RFC 9113, sections 4.1 and 6.5.2
    framed = size + len("data: \n\n")
    frames = -(-framed // 16_384)

    assert message_bytes(
        np.array(size), "websocket", header_bytes=EVENT_BYTES, body="data_frames"
    ) == (framed + 9 * frames)
