"""What is known of a WebSocket server or proxy? Published figures, and those derived from them."""

from __future__ import annotations

from functools import cache
from typing import Literal

from estimator.errors import UnknownNameError
from estimator.files import (
    Entry,
    Measured,
    Setting,
    Sourced,
    entry_names,
    load_entry,
    load_mapping,
)

_FILE = "servers.yaml"
_HANDSHAKES = "derived-rsa-2048-full"
"""Entry of tls.yaml for servers of which no rate of handshakes was published."""
_STAND_INS = {
    "tls_throughput_share": "uwebsockets",
    "tls_memory_per_connection_bytes": "dotnet-kestrel",
    "tls_bytes_per_core_second": "haproxy",
}
"""The servers whose figures under TLS stand for those without one."""
_BORROWED = {
    "tls_throughput_share": "share of messages left under TLS of {}",
    "tls_memory_per_connection_bytes": "memory for TLS of {}",
    "tls_bytes_per_core_second": "bytes encrypted per second of {}",
}

Subscribes = Literal["channel", "all"]
"""channel: a node receives from the other nodes only what clients of its own subscribe to; all: it
receives everything."""


class Subscription(Sourced):
    """Which messages of other nodes a server receives."""

    value: Subscribes


class Server(Entry):
    """What a WebSocket server or proxy was measured to need, or what is derived of it.

    Rates are those of a core of the reference speed, without TLS.
    """

    title: str
    language: str
    role: Literal["server", "proxy"]
    memory_per_connection_bytes: Measured
    """User space, without TLS and compression."""
    kernel_memory_per_connection_bytes: Measured | None = None
    """None if the figure for user space includes it."""
    tls_memory_per_connection_bytes: Measured | None = None
    """More if TLS ends in this process."""
    compression_memory_bytes: Measured | None = None
    """More for each connection with permessage-deflate at this software's default."""
    window_bits: Setting | None = None
    """Its default window of compression, as a power of two."""
    memory_level: Setting | None = None
    idle_cpu_seconds_per_connection_second: Measured
    """An open connection without messages, its pings included."""
    messages_per_core_second: Measured
    """Small messages, in and out together."""
    http_requests_per_core_second: Measured
    """Small requests over connections that are kept open, each with its answer."""
    bytes_per_core_second: Measured
    """Payload, in and out together, besides the count of messages."""
    new_connections_per_core_second: Measured
    """Accept, upgrade, the server's own protocol at the start, and the end of the connection. What
    a profile sends at connect counts as messages besides."""
    tls_throughput_share: Measured | None = None
    """Part of the rate of messages that is left with TLS."""
    tls_bytes_per_core_second: Measured | None = None
    """Payload that a core encrypts and decrypts, in and out together."""
    handshakes_per_core_second: Measured | None = None
    subscribes: Subscription
    listen_backlog: Setting | None = None
    """New connections that its listening socket keeps waiting until they are accepted; None if it
    asks for as many as the system allows, or if nobody published it."""
    advised_connections_per_node: Measured | None = None
    """The most that its makers advise."""
    connections_max_published: Measured | None = None
    """The largest count that was shown on one host."""

    @property
    def figures(self) -> dict[str, Measured]:
        """Its figures by the names of their fields."""
        known = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: figure for name, figure in known if isinstance(figure, Measured)}


class TlsRate(Entry):
    """How many handshakes or signatures a core makes."""

    title: str
    key_type: str
    operation: str
    hardware: str
    per_core_second: Measured


def servers() -> dict[str, Server]:
    """All servers and proxies, by name."""
    return load_mapping(_FILE, Server)


def server_names() -> tuple[str, ...]:
    """Their names alone."""
    return entry_names(_FILE)


def find_server(name: str) -> Server:
    """A server of servers.yaml.

    Raises:
        UnknownNameError: there is no such server.
    """
    if name not in server_names():
        raise UnknownNameError("server", name, server_names())
    return load_entry(_FILE, name, Server)


@cache
def figure_under_tls(server: str, name: str) -> Measured:
    """The figure of a server, or that of another which stands for it."""
    own = getattr(find_server(server), name)
    return own or getattr(find_server(_STAND_INS[name]), name)


@cache
def handshakes_of(server: str) -> Measured:
    """TLS handshakes per core and second of a server, or of a core of today."""
    own = find_server(server).handshakes_per_core_second
    return own or load_mapping("tls.yaml", TlsRate)[_HANDSHAKES].per_core_second


def borrowed_words(server: str, name: str) -> str | None:
    """Whose figure stands for one that a server does not have; None if it has one."""
    if getattr(find_server(server), name):
        return None
    if name in _STAND_INS:
        return _BORROWED[name].format(find_server(_STAND_INS[name]).title)
    rate = load_mapping("tls.yaml", TlsRate)[_HANDSHAKES]
    return f"{rate.title.lower()} ({rate.key_type})"
