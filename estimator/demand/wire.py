"""How many bytes does a message put on the wire, once it is framed, encrypted and sent?

Sizes of headers are those of RFC 6455 (WebSocket), RFC 8446 (TLS 1.3 with AES-GCM or ChaCha20)
and TCP over IPv4 with timestamps, as Linux sends them. The sums reproduce bytes measured with
TCP_INFO on a sending socket: 124 bytes of payload leave as 200.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.files import Figure, load_mapping
from estimator.scenario.sizes import LARGEST_DRAWN_BYTES, PayloadLaw

Layer = Literal["payload", "websocket", "ip"]
"""What is counted: application data only; with the headers of WebSocket frames or of HTTP; or
everything the network carries, down to the IP header."""

Body = Literal["chunk", "data_frames"]
"""In what a part of the body of an HTTP response is sent on its own: a chunk of HTTP/1.1 (RFC 9112,
section 7.1), or DATA frames of HTTP/2 (RFC 9113, section 6.1)."""

ACK_BYTES = 52
"""A TCP segment without data: IPv4 20, TCP 20, timestamps 12."""
_SEGMENT_HEADER_BYTES = ACK_BYTES
_SEGMENT_PAYLOAD_BYTES = 1448
_TLS_RECORD_PAYLOAD_BYTES = 16_384
_TLS_RECORD_OVERHEAD_BYTES = 22
_CHUNK_ENDS_BYTES = len("\r\n\r\n")
"""Of a chunk, behind its length in hexadecimal digits and behind its data."""
HTTP2_FRAME_HEADER_BYTES = 9
"""RFC 9113, section 4.1."""
_CHUNK_BASE, _MOST_CHUNK_DIGITS = 16, 8
_MQTT_BASE, _MOST_MQTT_DIGITS = 128, 4
"""Of the length of a packet: MQTT 3.1.1, section 2.2.3."""
_HTTP2_FRAME_PAYLOAD_BYTES = 16_384
"""The most until a receiver allows more: RFC 9113, section 6.5.2."""


def websocket_header_bytes(payload_bytes: FloatArray, *, masked: bool) -> FloatArray:
    """Header of one WebSocket frame (RFC 6455, section 5.2); clients mask what they send.

    >>> websocket_header_bytes(np.array([125, 126, 65_535, 65_536]), masked=False)
    array([ 2.,  4.,  4., 10.])
    """
    header = np.where(payload_bytes <= 125, 2.0, np.where(payload_bytes <= 65_535, 4.0, 10.0))
    return header + (4.0 if masked else 0.0)


@dataclass(frozen=True, slots=True)
class WireLayers:
    """Bytes on the wire, by what put them there; the layers add up to all of them."""

    payload: FloatArray | float
    """Application data."""
    websocket: FloatArray | float
    """Headers and masks of frames; headers of HTTP, also of the upgrade of a new connection."""
    tls: FloatArray | float
    """Headers and tags of records; the handshake of a new connection."""
    tcp_ip: FloatArray | float
    """Headers of segments."""

    def mapped(self, change: Callable[[FloatArray | float], FloatArray | float]) -> WireLayers:
        """The layers, each changed in the same way."""
        return WireLayers(*map(change, (self.payload, self.websocket, self.tls, self.tcp_ip)))

    @property
    def total(self) -> FloatArray | float:
        """Everything the network carries."""
        return self.payload + self.websocket + self.tls + self.tcp_ip


def message_layers(
    payload_bytes: FloatArray,
    *,
    masked: bool = False,
    tls: bool = True,
    header_bytes: float | None = None,
    mqtt_bytes: float | None = None,
    body: Body | None = None,
) -> WireLayers:
    """What each layer adds to a message that is sent on its own, in its own direction.

    Each TLS record is written separately, so a record ends its last segment. The
    acknowledgement that travels the other way is ``ACK_BYTES``.

    Args:
        payload_bytes: application data of each message.
        masked: sent by a client.
        tls: encrypted; False for a connection behind a proxy that ends TLS.
        header_bytes: what stands before the data, if that is not a frame of a WebSocket.
        mqtt_bytes: variable header of an MQTT packet in the frame, if it holds one.
        body: what header and data travel in, as a part of the body of an HTTP response.

    >>> one = message_layers(np.array(124.0))
    >>> [float(layer) for layer in (one.payload, one.websocket, one.tls, one.tcp_ip)]
    [124.0, 2.0, 22.0, 52.0]
    """
    payload = np.asarray(payload_bytes, dtype=np.float64)
    header = _header_bytes(payload, Framing(masked, header_bytes, mqtt_bytes, body))
    framed = payload + header
    if not tls:
        segments = np.ceil(framed / _SEGMENT_PAYLOAD_BYTES)
        return WireLayers(payload, header, 0.0 * framed, _SEGMENT_HEADER_BYTES * segments)
    full_records = np.floor(framed / _TLS_RECORD_PAYLOAD_BYTES)
    rest = framed - full_records * _TLS_RECORD_PAYLOAD_BYTES
    full_record = _TLS_RECORD_PAYLOAD_BYTES + _TLS_RECORD_OVERHEAD_BYTES
    last_record = np.where(rest > 0, rest + _TLS_RECORD_OVERHEAD_BYTES, 0.0)
    segments = full_records * np.ceil(full_record / _SEGMENT_PAYLOAD_BYTES) + np.ceil(
        last_record / _SEGMENT_PAYLOAD_BYTES
    )
    records = full_records + np.where(rest > 0, 1.0, 0.0)
    return WireLayers(
        payload, header, _TLS_RECORD_OVERHEAD_BYTES * records, _SEGMENT_HEADER_BYTES * segments
    )


def _header_bytes(payload: FloatArray, framing: Framing) -> FloatArray:
    if framing.header_bytes is not None:
        data = payload + framing.header_bytes
        return framing.header_bytes + _around(data, framing.body)
    if framing.mqtt_bytes is None:
        return websocket_header_bytes(payload, masked=framing.masked)
    remaining = framing.mqtt_bytes + payload
    fixed = 1.0 + _digits(remaining, _MQTT_BASE, _MOST_MQTT_DIGITS)
    header = websocket_header_bytes(fixed + remaining, masked=framing.masked)
    return header + fixed + framing.mqtt_bytes


def _digits(number: FloatArray, base: int, most: int) -> FloatArray:
    """Digits of a number, at most so many; without a logarithm, which rounds."""
    return np.sum([number >= float(base) ** power for power in range(1, most)], axis=0) + 1.0


def _around(data_bytes: FloatArray, body: Body | None) -> FloatArray:
    """Bytes around a part of the body of an HTTP response.

    >>> _around(np.array([15.0, 16.0, 255.0, 256.0]), "chunk")
    array([5., 6., 6., 7.])
    """
    if body == "chunk":
        return _digits(data_bytes, _CHUNK_BASE, _MOST_CHUNK_DIGITS) + _CHUNK_ENDS_BYTES
    if body == "data_frames":
        return HTTP2_FRAME_HEADER_BYTES * np.ceil(data_bytes / _HTTP2_FRAME_PAYLOAD_BYTES)
    return 0.0 * data_bytes


def message_bytes(
    payload_bytes: FloatArray,
    layer: Layer,
    *,
    masked: bool = False,
    tls: bool = True,
    header_bytes: float | None = None,
    mqtt_bytes: float | None = None,
    body: Body | None = None,
) -> FloatArray:
    """Bytes that one message, sent on its own, puts on the wire in its own direction.

    Args:
        payload_bytes: application data of each message.
        layer: what to count.
        masked: sent by a client.
        tls: encrypted; False for a connection behind a proxy that ends TLS.
        header_bytes: what stands before the data, if that is not a frame of a WebSocket.
        mqtt_bytes: variable header of an MQTT packet in the frame, if it holds one.
        body: what header and data travel in, as a part of the body of an HTTP response.

    >>> message_bytes(np.array([124, 342, 16_384]), "ip")
    array([  200.,   420., 17108.])
    """
    payload = np.asarray(payload_bytes, dtype=np.float64)
    if layer == "payload":
        return payload
    if layer == "websocket":
        framing = Framing(masked, header_bytes, mqtt_bytes, body)
        return payload + _header_bytes(payload, framing)
    layers = message_layers(
        payload,
        masked=masked,
        tls=tls,
        header_bytes=header_bytes,
        mqtt_bytes=mqtt_bytes,
        body=body,
    )
    return np.asarray(layers.total)


@dataclass(frozen=True, slots=True)
class Framing:
    """What stands before the payload of a message."""

    masked: bool
    """Whether a client sends it."""
    header_bytes: float | None = None
    """What stands there, if that is not a frame of a WebSocket."""
    mqtt_bytes: float | None = None
    """Variable header of an MQTT packet in the frame, if it holds one."""
    body: Body | None = None
    """What header and payload travel in, as a part of the body of an HTTP response."""


def mean_message_bytes(sizes: PayloadLaw, layer: Layer, framing: Framing) -> float | FloatArray:
    """Mean of ``message_bytes`` over a law of sizes, over TLS, shape (*many,)."""
    # what many scenarios have is as large as an array of them, and is kept by law
    mean = _mean_message_bytes.__wrapped__ if sizes.many else _mean_message_bytes
    return sizes.of_each(mean, layer, framing)


@lru_cache(maxsize=256)
def _mean_message_bytes(sizes: PayloadLaw, layer: Layer, framing: Framing) -> float | FloatArray:
    said = asdict(framing)
    return sizes.expect(lambda payload: message_bytes(payload, layer, **said), _jumps(framing))


@lru_cache(maxsize=256)
def mean_message_layers(sizes: PayloadLaw, framing: Framing) -> WireLayers:
    """Mean of ``message_layers`` over a law of sizes of a single scenario, over TLS."""
    payload, shares = sizes.parted(_jumps(framing))
    layers = message_layers(payload, **asdict(framing))
    return layers.mapped(lambda layer: float(np.einsum("i,i->", shares, np.asarray(layer))))


def carried_layers(payload_bytes: float | FloatArray) -> WireLayers:
    """What each layer adds, on average, to data that shares records and segments with other data.

    >>> float(carried_layers(1448.0).tcp_ip)
    52.0
    """
    payload = np.asarray(payload_bytes, dtype=np.float64)
    return WireLayers(
        payload,
        0.0 * payload,
        payload * (_TLS_RECORD_OVERHEAD_BYTES / _TLS_RECORD_PAYLOAD_BYTES),
        payload * (_SEGMENT_HEADER_BYTES / _SEGMENT_PAYLOAD_BYTES),
    )


@lru_cache(maxsize=64)
def _jumps(framing: Framing) -> FloatArray:
    """Payloads above which a header grows, or a record or segment begins, in ascending order.

    Between two of them each layer is linear. Of records and segments they are those with a header
    of any length, which are more than there are.
    """
    records = np.arange(0, LARGEST_DRAWN_BYTES, _TLS_RECORD_PAYLOAD_BYTES)
    segments = np.arange(0, _TLS_RECORD_PAYLOAD_BYTES, _SEGMENT_PAYLOAD_BYTES)
    within = np.maximum(segments - _TLS_RECORD_OVERHEAD_BYTES, 0)
    framed = np.add.outer(records, within)
    if framing.header_bytes is not None:
        return np.unique(_http_jumps(framed, framing.body) - framing.header_bytes)
    edges = np.array([125.0, 65_535.0])
    headers = websocket_header_bytes(np.array([0.0, 126.0, 65_536.0]), masked=framing.masked)
    jumps = np.append(np.subtract.outer(framed, headers), edges)
    if framing.mqtt_bytes is None:
        return np.unique(jumps)
    fixed = np.arange(_MOST_MQTT_DIGITS) + 2.0
    longer = float(_MQTT_BASE) ** np.arange(1, _MOST_MQTT_DIGITS) - 1
    return np.unique(np.append(np.subtract.outer(jumps, fixed), longer) - framing.mqtt_bytes)


def _http_jumps(framed: FloatArray, body: Body | None) -> FloatArray:
    """Sizes of header and payload at which a record or a segment begins, or more is put around."""
    if body is None:
        return framed
    if body == "chunk":
        edges = float(_CHUNK_BASE) ** np.arange(1, _MOST_CHUNK_DIGITS) - 1
        around = np.arange(1, _MOST_CHUNK_DIGITS + 1) + _CHUNK_ENDS_BYTES
        return np.append(np.subtract.outer(framed, around), edges)
    edges = np.arange(0.0, LARGEST_DRAWN_BYTES, _HTTP2_FRAME_PAYLOAD_BYTES)
    # frames are as long as records, so that as many of them began, or one more
    began = np.arange(framed.shape[0])[:, None] + np.arange(2)
    around = HTTP2_FRAME_HEADER_BYTES * began[:, None, :]
    return np.append(framed[:, :, None] - around, edges)


@lru_cache(maxsize=4)
def connect_layers(
    direction: Literal["to_server", "to_client"], *, upgrades: bool = True
) -> WireLayers:
    """What one new connection over TLS 1.3 puts on the wire before any message, by layer.

    The upgrade is of WebSocket; handshake and session tickets are of TLS. The measured sizes are in
    ``pricing_data/handshake.yaml``.

    Args:
        direction: which way.
        upgrades: whether it becomes a WebSocket; otherwise requests follow, which count themselves.

    >>> connect_layers("to_client").payload, 2_500 < connect_layers("to_client").total < 5_000
    (0.0, True)
    """
    measured = {name: item.value for name, item in load_mapping("handshake.yaml", Figure).items()}
    to_client = direction == "to_client"
    upgrade = "server_upgrade_response_bytes" if to_client else "client_upgrade_request_bytes"
    handshake = measured["server_tls_bytes" if to_client else "client_tls_bytes"]
    # each side adds one segment to open the connection, and one for its part of the upgrade
    segments = measured["server_segments"] + 1 + upgrades
    return WireLayers(
        payload=0.0,
        websocket=measured[upgrade] * upgrades,
        tls=handshake + _TLS_RECORD_OVERHEAD_BYTES * upgrades,
        tcp_ip=segments * _SEGMENT_HEADER_BYTES,
    )
