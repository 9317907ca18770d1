"""Bytes on the wire: what a message costs once it is framed, encrypted and sent.

Sizes of headers are those of RFC 6455 (WebSocket), RFC 8446 (TLS 1.3 with AES-GCM or ChaCha20)
and TCP over IPv4 with timestamps, as Linux sends them. The sums reproduce bytes measured with
TCP_INFO on a sending socket: 124 bytes of payload leave as 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from estimator.datafiles import Figure, load_mapping
from estimator.scenario.model import FloatArray
from estimator.scenario.sizes import SizeDistribution

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


def message_bytes(
    payload_bytes: FloatArray, layer: Layer, *, masked: bool = False, tls: bool = True
) -> FloatArray:
    """Bytes that one message, sent on its own, puts on the wire in its own direction.

    Each TLS record is written separately, so a record ends its last segment. The
    acknowledgement that travels the other way is ``ACK_BYTES``.

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
    framed = payload + websocket_header_bytes(payload, masked=masked)
    if layer == "websocket":
        return framed
    if not tls:
        return framed + _SEGMENT_HEADER_BYTES * np.ceil(framed / _SEGMENT_PAYLOAD_BYTES)
    full_records = np.floor(framed / _TLS_RECORD_PAYLOAD_BYTES)
    rest = framed - full_records * _TLS_RECORD_PAYLOAD_BYTES
    full_record = _TLS_RECORD_PAYLOAD_BYTES + _TLS_RECORD_OVERHEAD_BYTES
    last_record = np.where(rest > 0, rest + _TLS_RECORD_OVERHEAD_BYTES, 0.0)
    segments = full_records * np.ceil(full_record / _SEGMENT_PAYLOAD_BYTES) + np.ceil(
        last_record / _SEGMENT_PAYLOAD_BYTES
    )
    return full_records * full_record + last_record + _SEGMENT_HEADER_BYTES * segments


@lru_cache(maxsize=1024)
def mean_message_bytes(sizes: SizeDistribution, layer: Layer, *, masked: bool) -> float:
    """Mean of ``message_bytes`` over a law of sizes, over TLS."""
    return sizes.expect(lambda payload: message_bytes(payload, layer, masked=masked))


@dataclass(frozen=True, slots=True)
class ConnectBytes:
    """What one TLS 1.3 WebSocket connect costs before any message, in bytes on the wire."""

    to_client: float
    to_server: float


@lru_cache(maxsize=1)
def connect_bytes() -> ConnectBytes:
    """Handshake, session tickets, the HTTP upgrade and their segments.

    The measured sizes are in ``pricing_data/handshake.yaml``.

    >>> 2_500 < connect_bytes().to_client < 5_000
    True
    """
    measured = {name: item.value for name, item in load_mapping("handshake.yaml", Figure).items()}
    # each side adds one segment for its part of the upgrade, and one to open the connection
    segments = measured["server_segments"] + 2
    upgrade = measured["server_upgrade_response_bytes"] + _TLS_RECORD_OVERHEAD_BYTES
    request = measured["client_upgrade_request_bytes"] + _TLS_RECORD_OVERHEAD_BYTES
    return ConnectBytes(
        to_client=measured["server_tls_bytes"] + upgrade + segments * _SEGMENT_HEADER_BYTES,
        to_server=measured["client_tls_bytes"] + request + segments * _SEGMENT_HEADER_BYTES,
    )
