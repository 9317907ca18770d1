"""What can be said of the server that nodes run, and of the application on it?"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from estimator.arrays import FloatArray
from estimator.deployments.base import Options
from estimator.deployments.fleet.server_figures import Subscribes
from estimator.scenario.application import ApplicationName
from estimator.scenario.model import ManyFromZero, ManyPositive, OrMany


class ApplicationOptions(Options):
    """What the user's own code does, wherever it runs."""

    application: ApplicationName | None = None
    """What your own code does besides receiving and delivering messages: an entry of
    application.yaml, or none. Default: the profile's. What it takes has a line of its own on the
    bill."""
    application_cpu_ms_per_message: ManyFromZero | None = None
    """Your own figure for the application's work on a message from a client, in milliseconds of a
    core. If you give one such figure, those that you leave out are 0."""
    application_cpu_ms_per_delivery: ManyFromZero | None = None
    """Your own figure for the application's work on a message to one client, in milliseconds of a
    core."""
    application_cpu_ms_per_new_connection: ManyFromZero | None = None
    """Your own figure for the application's work on a new connection, such as a sign-in, in
    milliseconds of a core."""
    application_factor: ManyFromZero = 1.0
    """Multiple of the assumed work of the application; your own figures stay as they are."""


class ServerOptions(ApplicationOptions):
    """Which server software runs, or what you measured of your own."""

    server: str = "centrifugo-go"
    """A server of servers.yaml. Its figures are for a core of the reference speed, a vCPU of AWS's
    c7i; the machines count by what their cores do."""
    memory_per_connection_bytes: ManyPositive | None = None
    """Your own figure for all memory of a connection: user space, kernel, TLS and compression."""
    idle_cpu_seconds_per_connection_second: ManyFromZero | None = None
    """Your own figure for the processor time of an open connection without messages: seconds of a
    core per second."""
    messages_per_core_second: ManyPositive | None = None
    """Your own figure for messages in and out together, with the TLS that you use."""
    bytes_per_core_second: ManyPositive | None = None
    """Your own figure for payload in and out together, besides the count of messages, with the TLS
    that you use."""
    requests_per_core_second: ManyPositive | None = None
    """Your own figure for HTTP requests with their answers, with the TLS that you use, where the
    transport is not a WebSocket."""
    new_connections_per_core_second: ManyPositive | None = None
    """Your own figure for new connections, without TLS, the application's sign-in, and what the
    profile sends at connect, which counts as messages."""
    handshakes_per_core_second: ManyPositive | None = None
    """Your own figure for TLS handshakes, if TLS ends on the nodes."""
    subscribes: Subscribes | None = None
    """Whether a node receives only the channels of its own clients from other nodes (channel), or
    everything (all). Default: as the server does."""
    idle_factor: ManyPositive = 1.0
    """Multiple of the processor time of idle connections in servers.yaml; your own figure stays."""
    message_factor: ManyPositive = 1.0
    """Multiple of the processor time of messages in servers.yaml; your own figure stays."""
    request_factor: ManyPositive = 1.0
    """Multiple of the processor time of HTTP requests in servers.yaml; your own figure stays."""
    byte_factor: ManyPositive = 1.0
    """Multiple of the processor time of payload in servers.yaml; your own figure stays."""
    new_connection_factor: ManyPositive = 1.0
    """Multiple of the processor time of new connections in servers.yaml; your own figure stays."""
    memory_factor: ManyPositive = 1.0
    """Multiple of the memory of a connection in user space in servers.yaml; your own figure
    stays."""
    core_speed_factor: ManyPositive = 1.0
    """Multiple of the speed of processors in families.csv, whatever machine runs the server. Redis
    runs on machines of its own and keeps theirs."""
    accept_backlog: Annotated[int, Field(ge=0)] | None = None
    """New connections that wait at a node until it has time for them; it refuses more. Default: the
    server's own, at most that of Linux (net.core.somaxconn). Only simulations look at it."""
    sign_in_per_second: Annotated[float, Field(gt=0)] | None = None
    """New connections per second that what stands behind sign-in accepts of all nodes together: a
    database, or an identity service. Default: no limit known. Only simulations look at it."""
    sign_in_queue: Annotated[int, Field(ge=0)] | None = None
    """New connections that wait for it; more are refused. Default: any number."""
    compression: Literal["none", "permessage-deflate"] = "none"
    """Whether messages are compressed connection by connection."""
    window_bits: Annotated[int, Field(ge=9, le=15)] | None = None
    """Compression window, as a power of two. Default: the server's, or zlib's 15."""
    memory_level: Annotated[int, Field(ge=1, le=9)] | None = None
    """Compression memory level. Default: the server's, or zlib's 8."""
    headroom: Annotated[float | FloatArray, OrMany(Annotated[float, Field(ge=0.01, le=1)])] = 0.7
    """Share of each node, and of Redis, that the busiest hour uses at most, 0.7 for 70%.
    Assumption: the rest is for the operating system, bursts within the hour and uneven balancing.
    """
