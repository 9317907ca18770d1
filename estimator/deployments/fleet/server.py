"""What a WebSocket server needs: memory for each connection, processor time for what happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from estimator.arrays import FloatArray, most, spread
from estimator.demand.demand import Demand
from estimator.demand.streams import Form, MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import both_ways, mbps
from estimator.deployments.fleet.exchange import Copies
from estimator.deployments.fleet.server_figures import (
    Server,
    figure_under_tls,
    find_server,
    handshakes_of,
)
from estimator.deployments.fleet.server_options import ApplicationOptions, ServerOptions
from estimator.deployments.limits import (
    LongBurst,
    bursts_of,
    comes_in_bursts,
    longest_burst,
    most_at_once,
)
from estimator.format import capitalized
from estimator.scenario.application import ApplicationWork, work_of
from estimator.units import MS_PER_SECOND, SECONDS_PER_HOUR

_ZLIB_WINDOW_BITS, _ZLIB_MEMORY_LEVEL = 15, 8
"""MAX_WBITS and DEF_MEM_LEVEL of zlib, which servers use that set no default of their own."""
_OF_A_PROXY = 2
"""Connections for each client: with the client, and with the server behind the proxy."""
OWN_WORK = tuple(f"application_{name}" for name in ApplicationWork.__dataclass_fields__)
"""Options that replace the assumed work of the application altogether."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the demand asks of all nodes together in each hour."""

    memory_bytes: Weekly
    cores: Weekly
    """Cores of the reference speed that the server takes: for idle connections, messages, their
    bytes and new connections, with TLS where it ends on the nodes."""
    application_cores: Weekly
    """Cores of the reference speed that the application's own work takes."""


def server_load(demand: Demand, options: ServerOptions, *, tls: bool = False) -> Load:
    """Memory and processor time of the demand on the chosen server.

    Args:
        demand: what clients do.
        options: the server, or own figures.
        tls: whether TLS ends on the nodes, and not on a balancer in front.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    by_form, each_byte = _core_seconds(options, tls=tls), _byte_core_seconds(options, tls=tls)
    cores = [
        demand.connections.times(idle_core_seconds(options)),
        demand.new_connections.times(_accept_core_seconds(options, tls=tls) / SECONDS_PER_HOUR),
        *(
            stream.per_hour.times(
                (by_form.get(stream.form, 0.0) + each_byte * stream.payload.mean) / SECONDS_PER_HOUR
            )
            for stream in demand.streams
            if stream.kind != "ping"
        ),
    ]
    memory = demand.connections_peak.times(connection_memory_bytes(options, tls=tls))
    return Load(memory, total(cores), application_cores(demand, options))


def _core_seconds(options: ServerOptions, *, tls: bool) -> Mapping[Form, FloatArray | float]:
    """Processor time of one message, besides that of its bytes.

    That of an answer is part of its request's, and what is within an answer only adds its bytes.
    """
    message = _message_core_seconds(options, tls=tls)
    request = request_core_seconds(options, tls=tls)
    return {"frame": message, "event": message, "chunked_event": message, "request": request}


def request_core_seconds(options: ServerOptions, *, tls: bool) -> float | FloatArray:
    """Processor time of a request over HTTP and its answer, without the application's own work.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    if options.requests_per_core_second is not None:
        return 1 / options.requests_per_core_second
    figure = find_server(options.server).http_requests_per_core_second
    clear = options.request_factor / figure.value
    return clear / figure_under_tls(options.server, "tls_throughput_share").value if tls else clear


def application_cores(demand: Demand, options: ApplicationOptions) -> Weekly:
    """Cores of the reference speed that the application's own work takes in each hour."""
    return total(_application_cores(demand, options))


def in_progress(
    demand: Demand, options: ApplicationOptions, core_speed: FloatArray | float
) -> Demand:
    """The demand as requests in progress, each until the application has done its own work.

    Args:
        demand: of all clients; one of WebSockets is in progress as long as they are open.
        options: own figures, or another entry of application.yaml.
        core_speed: cores of the reference speed that a request has at a time, shape (*many,).
    """
    if demand.requests is None:
        return demand
    held = demand.of_requests
    busy = application_cores(demand, options).times(1 / core_speed)
    waiting = total((held.connections, busy))
    return replace(held, connections=waiting, connections_peak=waiting)


def _application_cores(demand: Demand, options: ApplicationOptions) -> Iterator[Weekly]:
    for kind in demand.kinds:
        work = application_work(options, kind.application)
        parts = [(kind.sign_ins, work.cpu_ms_per_new_connection)]
        parts += [(stream.per_hour, _ms_of(stream, work)) for stream in kind.streams]
        for per_hour, milliseconds in parts:
            if most(milliseconds) > 0:
                yield per_hour.times(milliseconds / (MS_PER_SECOND * SECONDS_PER_HOUR))


def _ms_of(stream: MessageStream, work: ApplicationWork) -> float | FloatArray:
    """The application's work on a message; that on a greeting is part of a new connection's."""
    if stream.kind == "sent":
        return work.cpu_ms_per_message
    delivers = stream.kind in ("passed_on", "published") or stream.tells_others
    return work.cpu_ms_per_delivery if delivers else 0.0


def application_work(options: ApplicationOptions, assumed: str) -> ApplicationWork:
    """What the application does for one kind of clients, own figures first.

    Args:
        options: own figures, or another entry of application.yaml.
        assumed: the entry that the profile names (``Demand.application``).

    >>> application_work(ServerOptions(application_cpu_ms_per_message=3), "request")
    ApplicationWork(cpu_ms_per_message=3.0, cpu_ms_per_delivery=0.0, cpu_ms_per_new_connection=0.0)
    """
    own = [getattr(options, name) for name in OWN_WORK]
    if any(given is not None for given in own):
        return ApplicationWork(*(0.0 if given is None else given for given in own))
    work, factor = work_of(options.application or assumed), options.application_factor
    return ApplicationWork(
        work.cpu_ms_per_message * factor,
        work.cpu_ms_per_delivery * factor,
        work.cpu_ms_per_new_connection * factor,
    )


def idle_core_seconds(options: ServerOptions) -> float | FloatArray:
    """Processor time per second of an open connection without messages.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    own = options.idle_cpu_seconds_per_connection_second
    if own is not None:
        return own
    figure = find_server(options.server).idle_cpu_seconds_per_connection_second
    return figure.value * options.idle_factor


def arrival_core_seconds(options: ServerOptions) -> float | FloatArray:
    """Processor time of one message that arrives from the backplane, in clear.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    return _message_core_seconds(options, tls=False)


def arrival_byte_core_seconds(options: ServerOptions) -> float | FloatArray:
    """Processor time of each byte that arrives from the backplane, in clear.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    return _byte_core_seconds(options, tls=False)


def hearing_cores(options: ServerOptions, copies: Copies) -> Weekly:
    """Cores for what nodes hear from others.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    per_hour = 1 / SECONDS_PER_HOUR
    messages = copies.messages.times(arrival_core_seconds(options) * per_hour)
    return total((messages, copies.bytes.times(arrival_byte_core_seconds(options) * per_hour)))


def most_connection_core_seconds(
    demand: Demand, options: ServerOptions, *, tls: bool
) -> FloatArray | float:
    """Seconds of a core for a new connection; the most of those of several kinds of clients.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    return max(
        (_connection_core_seconds(kind, options, tls=tls) for kind in demand.kinds),
        key=lambda seconds: float(np.max(seconds)),
    )


def _connection_core_seconds(
    kind: Demand, options: ServerOptions, *, tls: bool
) -> FloatArray | float:
    """Processor time of one new connection: accept, TLS, the application's sign-in, the greeting.

    Args:
        kind: the demand of one kind of clients.
        options: the server, or own figures.
        tls: whether TLS ends on the nodes.
    """
    sign_in = application_work(options, kind.application).cpu_ms_per_new_connection / MS_PER_SECOND
    accept = _accept_core_seconds(options, tls=tls) + sign_in
    greetings = [stream for stream in kind.streams if stream.kind == "at_connect"]
    if not greetings:
        return accept
    message, byte = _message_core_seconds(options, tls=tls), _byte_core_seconds(options, tls=tls)
    each = (s.per_hour.mean * (message + byte * s.payload.mean) for s in greetings)
    return accept + per_new_connection(kind, sum(each, start=np.zeros(())))


def per_new_connection(demand: Demand, mean: FloatArray) -> FloatArray:
    """A mean over the week for each new connection; 0 where there is none."""
    amount, made = spread(mean, demand.new_connections.mean)
    return np.divide(amount, made, out=np.zeros(made.shape), where=made > 0)


def refusal_core_seconds(options: ServerOptions, *, tls: bool) -> FloatArray | float:
    """Processor time that a new connection has taken before a node finds that it has no slot.

    Nobody publishes it. A rule stands for it: where TLS ends on the node, the handshake comes
    before anything that could be refused; elsewhere, it is what the server takes to accept it. One
    that finds the backlog full costs nothing: the operating system drops it.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    return 1 / handshake_rate(options) if tls else _accept_core_seconds(options, tls=False)


def _accept_core_seconds(options: ServerOptions, *, tls: bool) -> float | FloatArray:
    """Processor time that a server takes for a new connection, its handshake included."""
    own = options.new_connections_per_core_second
    figure = find_server(options.server).new_connections_per_core_second
    accept = options.new_connection_factor / figure.value if own is None else 1 / own
    return accept + 1 / handshake_rate(options) if tls else accept


def _message_core_seconds(options: ServerOptions, *, tls: bool) -> float | FloatArray:
    if options.messages_per_core_second is not None:
        return 1 / options.messages_per_core_second
    clear = options.message_factor / find_server(options.server).messages_per_core_second.value
    return clear / figure_under_tls(options.server, "tls_throughput_share").value if tls else clear


def _byte_core_seconds(options: ServerOptions, *, tls: bool) -> float | FloatArray:
    if options.bytes_per_core_second is not None:
        return 1 / options.bytes_per_core_second
    clear = 1 / find_server(options.server).bytes_per_core_second.value
    if tls:
        clear += 1 / figure_under_tls(options.server, "tls_bytes_per_core_second").value
    return clear * options.byte_factor


def sockets_per_client(options: ServerOptions) -> int:
    """Connections that a node holds for each client: a proxy has one to the server behind it too.

    >>> sockets_per_client(ServerOptions(server="haproxy"))
    2
    """
    return _OF_A_PROXY if find_server(options.server).role == "proxy" else 1


def advised_connections(options: ServerOptions) -> float:
    """Most connections of a node that the makers of the server advise; inf if they advise none.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    advised = find_server(options.server).advised_connections_per_node
    return np.inf if advised is None else advised.value


def subscribes_by_channel(options: ServerOptions) -> bool:
    """Whether a node receives only what its own clients subscribe to from other nodes.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    return (options.subscribes or find_server(options.server).subscribes.value) == "channel"


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
    message, byte = _message_core_seconds(options, tls=tls), _byte_core_seconds(options, tls=tls)
    late: list[LongBurst] = []
    for stream in demand.streams:
        if not (stream.is_message and comes_in_bursts(stream)):
            continue
        work = application_work(options, demand.clients_of(stream).application)
        each = message + byte * stream.payload.mean + _ms_of(stream, work) / MS_PER_SECOND
        rate = np.asarray(vcpus / each)
        if most_at_once(demand, stream) > float(np.min(rate)):
            burst = longest_burst(bursts_of(demand, (stream,)), rate)
            late += [] if burst is None else [burst]
    if late:
        longest = max(late, key=lambda burst: burst.seconds)
        yield f"{capitalized(str(longest))}, which is what all nodes together pass on."


def handshake_rate(options: ServerOptions) -> float | FloatArray:
    """TLS handshakes that a core makes per second.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    given = options.handshakes_per_core_second
    return handshakes_of(options.server).value if given is None else given


def connection_memory_bytes(options: ServerOptions, *, tls: bool) -> float | FloatArray:
    """Memory of one open connection: user space, kernel, TLS and compression.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    if options.memory_per_connection_bytes is not None:
        return options.memory_per_connection_bytes
    server = find_server(options.server)
    kernel = server.kernel_memory_per_connection_bytes
    memory = server.memory_per_connection_bytes.value * options.memory_factor
    # a server whose one figure holds both gives none for the kernel
    memory = memory + (0.0 if kernel is None else kernel.value)
    if tls:
        memory = memory + figure_under_tls(options.server, "tls_memory_per_connection_bytes").value
    if options.compression == "permessage-deflate":
        memory = memory + _compression(server, options)
    return memory


def deflate_bytes(window_bits: int, memory_level: int) -> float:
    """Memory that zlib takes to compress and decompress the messages of one connection.

    Formula of zlib's zconf.h: 2^(w+2) + 2^(m+9) to compress, 2^w to decompress.

    >>> deflate_bytes(15, 8) / 1024
    288.0
    """
    return float(2 ** (window_bits + 2) + 2 ** (memory_level + 9) + 2**window_bits)


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
