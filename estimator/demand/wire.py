"""How many bytes does a message put on the wire, once it is framed, encrypted and sent?

Sizes of headers are those of RFC 6455 (WebSocket), RFC 8446 (TLS 1.3 with AES-GCM or ChaCha20)
and TCP over IPv4 with timestamps, as Linux sends them. The sums reproduce bytes measured with
TCP_INFO on a sending socket: 124 bytes of payload leave as 200.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.files import Figure, load_mapping
from estimator.scenario.sizes import LARGEST_DRAWN_BYTES, PayloadLaw

Layer = Literal["payload", "websocket", "ip"]
"""What is counted: application data only; with the WebSocket header; or everything the network
carries, down to the IP header."""

ACK_BYTES = 52
"""A TCP segment without data: IPv4 20, TCP 20, timestamps 12."""
_SEGMENT_HEADER_BYTES = ACK_BYTES
_SEGMENT_PAYLOAD_BYTES = 1448
_TLS_RECORD_PAYLOAD_BYTES = 16_384
_TLS_RECORD_OVERHEAD_BYTES = 22


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
    """Headers and masks of frames; the HTTP upgrade of a new connection."""
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
    payload_bytes: FloatArray, *, masked: bool = False, tls: bool = True
) -> WireLayers:
    """What each layer adds to a message that is sent on its own, in its own direction.

    Each TLS record is written separately, so a record ends its last segment. The
    acknowledgement that travels the other way is ``ACK_BYTES``.

    Args:
        payload_bytes: application data of each message.
        masked: sent by a client.
        tls: encrypted; False for a connection behind a proxy that ends TLS.

    >>> one = message_layers(np.array(124.0))
    >>> [float(layer) for layer in (one.payload, one.websocket, one.tls, one.tcp_ip)]
    [124.0, 2.0, 22.0, 52.0]
    """
    payload = np.asarray(payload_bytes, dtype=np.float64)
    header = websocket_header_bytes(payload, masked=masked)
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


def message_bytes(
    payload_bytes: FloatArray, layer: Layer, *, masked: bool = False, tls: bool = True
) -> FloatArray:
    """Bytes that one message, sent on its own, puts on the wire in its own direction.

    Args:
        payload_bytes: application data of each message.
        layer: what to count.
        masked: sent by a client.
        tls: encrypted; False for a connection behind a proxy that ends TLS.

    >>> message_bytes(np.array([124, 342, 16_384]), "ip")
    array([  200.,   420., 17108.])
    """
    payload = np.asarray(payload_bytes, dtype=np.float64)
    if layer == "payload":
        return payload
    if layer == "websocket":
        return payload + websocket_header_bytes(payload, masked=masked)
    return np.asarray(message_layers(payload, masked=masked, tls=tls).total)


def mean_message_bytes(sizes: PayloadLaw, layer: Layer, *, masked: bool) -> float | FloatArray:
    """Mean of ``message_bytes`` over a law of sizes, over TLS, shape (*many,)."""
    # what many scenarios have is quick to work out and as large as an array of them
    mean = _mean_message_bytes.__wrapped__ if sizes.many else _mean_message_bytes
    return mean(sizes, layer, masked)


@lru_cache(maxsize=128)
def _mean_message_bytes(sizes: PayloadLaw, layer: Layer, masked: bool) -> float | FloatArray:
    return sizes.expect(
        lambda payload: message_bytes(payload, layer, masked=masked), _jumps(masked=masked)
    )


@lru_cache(maxsize=128)
def mean_message_layers(sizes: PayloadLaw, *, masked: bool) -> WireLayers:
    """Mean of ``message_layers`` over a law of sizes of a single scenario, over TLS."""
    payload, shares = sizes.parted(_jumps(masked=masked))
    layers = message_layers(payload, masked=masked)
    return layers.mapped(lambda layer: float(np.einsum("i,i->", shares, np.asarray(layer))))


@lru_cache(maxsize=2)
def _jumps(*, masked: bool) -> FloatArray:
    """Payloads above which a header grows, or a record or segment begins, in ascending order.

    Between two of them each layer is linear. Of records and segments they are those with a header
    of any length, which are more than there are.
    """
    payload_edges = np.array([125.0, 65_535.0])
    records = np.arange(0, LARGEST_DRAWN_BYTES, _TLS_RECORD_PAYLOAD_BYTES)
    segments = np.arange(0, _TLS_RECORD_PAYLOAD_BYTES, _SEGMENT_PAYLOAD_BYTES)
    within = np.maximum(segments - _TLS_RECORD_OVERHEAD_BYTES, 0)
    framed = np.add.outer(records, within)
    headers = websocket_header_bytes(np.array([0.0, 126.0, 65_536.0]), masked=masked)
    return np.unique(np.append(np.subtract.outer(framed, headers), payload_edges))


@lru_cache(maxsize=2)
def connect_layers(direction: Literal["to_server", "to_client"]) -> WireLayers:
    """What one new connection over TLS 1.3 puts on the wire before any message, by layer.

    The upgrade is of WebSocket; handshake and session tickets are of TLS. The measured sizes are in
    ``pricing_data/handshake.yaml``.

    >>> connect_layers("to_client").payload, 2_500 < connect_layers("to_client").total < 5_000
    (0.0, True)
    """
    measured = {name: item.value for name, item in load_mapping("handshake.yaml", Figure).items()}
    to_client = direction == "to_client"
    upgrade = "server_upgrade_response_bytes" if to_client else "client_upgrade_request_bytes"
    handshake = measured["server_tls_bytes" if to_client else "client_tls_bytes"]
    # each side adds one segment for its part of the upgrade, and one to open the connection
    segments = measured["server_segments"] + 2
    return WireLayers(
        payload=0.0,
        websocket=measured[upgrade],
        tls=handshake + _TLS_RECORD_OVERHEAD_BYTES,
        tcp_ip=segments * _SEGMENT_HEADER_BYTES,
    )
