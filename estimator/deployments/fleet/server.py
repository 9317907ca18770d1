"""What a WebSocket server needs: memory for each connection, processor time for what happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import Options, both_ways, mbps
from estimator.deployments.limits import bursts_of, longest_burst, most_at_once
from estimator.errors import ScenarioError, UnknownNameError
from estimator.files import Entry, Figure, load_mapping
from estimator.format import capitalized
from estimator.scenario.model import ManyFromZero, ManyPositive, OrMany
from estimator.units import SECONDS_PER_HOUR

APPLICATION_WORK = (
    "the application's own work for each message: nodes are sized to hold sockets and pass "
    "messages on, while a full chat server was measured to need one vCPU per 1,250 users or so "
    "(Mattermost's reference architectures, docs.mattermost.com)"
)
"""What no benchmark of sockets can size."""

_HANDSHAKES = "derived-rsa-2048-full"
"""Entry of tls.yaml for servers of which no rate of handshakes was published."""
_TLS_SHARE_OF = "uwebsockets"
"""The server whose measured share of messages left under TLS stands for those without one."""
_TLS_MEMORY_OF = "dotnet-kestrel"
"""The server whose measured memory for TLS stands for those without one."""
_ZLIB_WINDOW_BITS, _ZLIB_MEMORY_LEVEL = 15, 8
"""MAX_WBITS and DEF_MEM_LEVEL of zlib, which servers use that set no default of their own."""


class Measured(Figure):
    """A figure that somebody measured."""

    checked_on: dt.date | None = None


class Server(Entry):
    """What a WebSocket server or proxy was measured to need."""

    title: str
    language: str
    role: Literal["server", "proxy"]
    memory_per_connection_bytes: Measured | None = None
    """User space, without TLS and compression."""
    kernel_memory_per_connection_bytes: Measured | None = None
    tls_memory_per_connection_bytes: Measured | None = None
    """More if TLS ends in this process."""
    compression_memory_bytes: Measured | None = None
    """More for each connection with permessage-deflate at this software's default."""
    window_bits: Measured | None = None
    """Its default window of compression, as a power of two."""
    memory_level: Measured | None = None
    idle_cpu_seconds_per_connection_second: Measured | None = None
    messages_per_core_second: Measured | None = None
    """Small messages, in and out together, without TLS."""
    tls_throughput_share: Measured | None = None
    """Part of that rate that is left with TLS."""
    handshakes_per_core_second: Measured | None = None
    connections_max_published: Measured | None = None
    """The largest count that was shown on one host."""


class TlsRate(Entry):
    """How many handshakes or signatures a core makes."""

    title: str
    key_type: str
    operation: str
    hardware: str
    per_core_second: Measured


class ServerOptions(Options):
    """Which server software runs, or what you measured of your own."""

    server: str = "centrifugo-go"
    """A server of servers.yaml."""
    memory_per_connection_bytes: ManyPositive | None = None
    """Your own figure for everything: user space, kernel, TLS and compression."""
    idle_cpu_seconds_per_connection_second: ManyFromZero | None = None
    """Your own figure for an open connection without messages."""
    messages_per_core_second: ManyPositive | None = None
    """Your own figure for messages in and out together, with the TLS that you use."""
    handshakes_per_core_second: ManyPositive | None = None
    """Your own figure for TLS handshakes, if TLS ends on the nodes."""
    compression: Literal["none", "permessage-deflate"] = "none"
    """Whether messages are compressed connection by connection."""
    window_bits: Annotated[int, Field(ge=9, le=15)] | None = None
    """Compression window, as a power of two. Default: the server's, or zlib's 15."""
    memory_level: Annotated[int, Field(ge=1, le=9)] | None = None
    """Compression memory level. Default: the server's, or zlib's 8."""
    headroom: Annotated[float | FloatArray, OrMany(Annotated[float, Field(ge=0.01, le=1)])] = 0.7
    """Share of each node to plan with. Assumption: the rest is for the operating system, bursts
    within the hour and uneven balancing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the demand asks of all nodes together in each hour."""

    memory_bytes: Weekly
    cores: Weekly


def find_server(name: str) -> Server:
    """A server of servers.yaml.

    Raises:
        UnknownNameError: there is no such server.
    """
    servers = load_mapping("servers.yaml", Server)
    if name not in servers:
        raise UnknownNameError("server", name, servers)
    return servers[name]


def deflate_bytes(window_bits: int, memory_level: int) -> float:
    """Memory that zlib takes to compress and decompress the messages of one connection.

    Formula of zlib's zconf.h: 2^(w+2) + 2^(m+9) to compress, 2^w to decompress.

    >>> deflate_bytes(15, 8) / 1024
    288.0
    """
    return float(2 ** (window_bits + 2) + 2 ** (memory_level + 9) + 2**window_bits)


def server_load(demand: Demand, options: ServerOptions, *, tls: bool = False) -> Load:
    """Memory and processor time of the demand on the chosen server.

    Args:
        demand: what clients do.
        options: the server, or own figures.
        tls: whether TLS ends on the nodes, and not on a balancer in front.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
        ScenarioError: a server without a published figure, and none given in the options.
    """
    server = find_server(options.server)
    _check_figures(server, options)
    idle = _figure(server, options, "idle_cpu_seconds_per_connection_second")
    per_core = message_rate(options, tls=tls)
    messages = total(s.per_hour for s in demand.streams if s.is_message)
    cores = [demand.connections.times(idle), messages.times(1 / (per_core * SECONDS_PER_HOUR))]
    if tls:
        rate = handshake_rate(options)
        cores.append(demand.new_connections.times(1 / (rate * SECONDS_PER_HOUR)))
    memory = connection_memory_bytes(options, tls=tls)
    return Load(demand.connections_peak.times(memory), total(cores))


def message_rate(options: ServerOptions, *, tls: bool) -> float | FloatArray:
    """Messages that a core takes in or sends out per second.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
        ScenarioError: a server without a published figure, and none given in the options.
    """
    server = find_server(options.server)
    _check_figures(server, options, "messages_per_core_second")
    per_core = _figure(server, options, "messages_per_core_second")
    if tls and options.messages_per_core_second is None:
        return per_core * _or_of(server, _TLS_SHARE_OF, "tls_throughput_share")
    return per_core


def late_bursts(
    demand: Demand, options: ServerOptions, vcpus: FloatArray, *, tls: bool = False
) -> Iterator[str]:
    """How long the largest burst keeps all processors busy, if that is more than a second.

    Nodes refuse nothing of a burst; what they have no time for waits.

    Args:
        demand: what is sent at one moment.
        options: the server, or own figures.
        vcpus: processors of all nodes in the busiest hour, shape (*many,).
        tls: whether TLS ends on the nodes.
    """
    rate = message_rate(options, tls=tls) * vcpus
    least = float(np.min(rate))
    large = (s for s in demand.streams if s.is_message and most_at_once(demand, s) > least)
    if burst := longest_burst(bursts_of(demand, large), rate):
        yield f"{capitalized(str(burst))}, which is what all nodes together pass on."


def handshake_rate(options: ServerOptions) -> float | FloatArray:
    """TLS handshakes that a core makes per second.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    own = find_server(options.server).handshakes_per_core_second
    published = own or load_mapping("tls.yaml", TlsRate)[_HANDSHAKES].per_core_second
    given = options.handshakes_per_core_second
    return published.value if given is None else given


def connection_memory_bytes(options: ServerOptions, *, tls: bool) -> float | FloatArray:
    """Memory of one open connection: user space, kernel, TLS and compression.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
        ScenarioError: a server without a published figure, and none given in the options.
    """
    if options.memory_per_connection_bytes is not None:
        return options.memory_per_connection_bytes
    server = find_server(options.server)
    _check_figures(server, options, "memory_per_connection_bytes")
    kernel = server.kernel_memory_per_connection_bytes
    return (
        _figure(server, options, "memory_per_connection_bytes")
        # a server whose one figure holds both gives none for the kernel
        + (0.0 if kernel is None else kernel.value)
        + (_or_of(server, _TLS_MEMORY_OF, "tls_memory_per_connection_bytes") if tls else 0.0)
        + (_compression(server, options) if options.compression == "permessage-deflate" else 0.0)
    )


def stand_ins(options: ServerOptions, *, tls: bool) -> Iterator[str]:
    """Which figures were measured with another server than the chosen one."""
    server = find_server(options.server)
    if not tls:
        return
    borrowed: list[str] = []
    given = {name for name in ServerOptions.model_fields if getattr(options, name) is not None}
    if not ("memory_per_connection_bytes" in given or server.tls_memory_per_connection_bytes):
        borrowed.append(f"memory for TLS of {find_server(_TLS_MEMORY_OF).title}")
    if not ("messages_per_core_second" in given or server.tls_throughput_share):
        borrowed.append(f"share of messages left under TLS of {find_server(_TLS_SHARE_OF).title}")
    if not ("handshakes_per_core_second" in given or server.handshakes_per_core_second):
        rate = load_mapping("tls.yaml", TlsRate)[_HANDSHAKES]
        borrowed.append(f"{rate.title.lower()} ({rate.key_type})")
    if borrowed:
        figures = ", ".join(borrowed)
        yield f"No figures were published for {server.title}; these stand in: {figures}."


_NEEDED = (
    "memory_per_connection_bytes",
    "idle_cpu_seconds_per_connection_second",
    "messages_per_core_second",
)
"""Figures without which no node can be sized; options of the same names replace them."""


def _check_figures(server: Server, options: ServerOptions, *names: str) -> None:
    """Name everything at once that neither was published nor is given."""
    missing = [
        name
        for name in names or _NEEDED
        if getattr(options, name) is None and getattr(server, name) is None
    ]
    if missing:
        raise ScenarioError(
            f"no figure was published for {' and '.join(missing)} of {server.title}: give your "
            f"own as the option {' and '.join(map(repr, missing))}, or choose another server"
        )


def _figure(server: Server, options: ServerOptions, name: str) -> float | FloatArray:
    """Your own figure, or the published one."""
    own = getattr(options, name)
    return own if own is not None else getattr(server, name).value


def _or_of(server: Server, stand_in: str, name: str) -> float:
    """The published figure of the server, or that of another."""
    own = getattr(server, name) or getattr(find_server(stand_in), name)
    return own.value


def _compression(server: Server, options: ServerOptions) -> float:
    """What zlib takes, and what the server was measured to take around it."""
    window = _ZLIB_WINDOW_BITS if server.window_bits is None else int(server.window_bits.value)
    level = _ZLIB_MEMORY_LEVEL if server.memory_level is None else int(server.memory_level.value)
    measured = server.compression_memory_bytes
    around = 0.0 if measured is None else measured.value - deflate_bytes(window, level)
    return around + deflate_bytes(options.window_bits or window, options.memory_level or level)


def traffic_mbps(demand: Demand) -> Weekly:
    """Traffic with clients, in and out, in megabits (10^6 bits) per second."""
    return mbps(both_ways(demand))
