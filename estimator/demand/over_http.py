"""What do requests, streams and polls make of a demand that WebSockets would carry?

The clients and their messages stay the same; what differs is what travels. All of it follows in
closed form from how many messages per second a client receives in each hour, d, which come at
random (``polls_per_second``), and from how long a service lets an answer last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.http_messages import (
    COMMENT_BYTES,
    EVENT_BYTES,
    HeaderBytes,
    header_bytes,
)
from estimator.demand.streams import Direction, Form, MessageKind, MessageStream
from estimator.demand.weekly import ALWAYS, Weekly, total, worked
from estimator.scenario.sizes import FixedSize
from estimator.scenario.transport import (
    HttpTransport,
    LongPolling,
    MqttOverWebSocket,
    Polling,
    ServerSentEvents,
)
from estimator.units import MS_PER_SECOND, SECONDS_PER_HOUR

_NO_BODY = FixedSize(bytes=0)
_EMPTY_LIST_BYTES = len("[]")
_WITH_MESSAGES, _WITHOUT_MESSAGES = "polls with messages", "polls without messages"
"""What answers to polls are called after."""
_MQTT_LENGTH_BYTES = 2
"""Of the length of a topic, which stands before it: MQTT 3.1.1, section 1.5.3."""


@dataclass(frozen=True, slots=True)
class HttpTerms:
    """What a service makes of requests and answers."""

    stream_seconds: float = np.inf
    """Age at which it ends an answer, however busy."""
    keep_alive_seconds: float = np.inf
    """Time without a request after which it closes a connection."""
    looks_every_seconds: FloatArray | float = 0.0
    """Time between two looks for messages by who answers, beside those of clients, of shape
    (*many,) if it differs; 0 where a server is told of them."""


def over_http(demand: Demand, transport: HttpTransport, terms: HttpTerms) -> Demand:
    """The demand when its messages travel in requests and answers.

    Nothing keeps connections open but what the transport itself needs: heartbeats are left out.

    Args:
        demand: as WebSockets would carry it.
        transport: how requests are made.
        terms: what the service makes of them.

    Returns:
        A demand whose connections are those of TCP, with what is known of its requests
        (``Demand.requests``, ``Demand.in_flight``).

    >>> from estimator import Scenario, expected_demand
    >>> scenario = Scenario(
    ...     profile="market-data",
    ...     location="virginia",
    ...     mean_connections=1000,
    ...     transport={"kind": "polling", "every_seconds": 5},
    ... )
    >>> polled = over_http(expected_demand(scenario), scenario.transport, HttpTerms())
    >>> round(float(polled.requests.mean / 3600), 6)
    200.0
    """
    return demand.changed(lambda kind: _of_kind(kind, transport, terms))


def _of_kind(demand: Demand, transport: HttpTransport, terms: HttpTerms) -> Demand:
    sent = [s for s in demand.messages("to_server") if s.kind != "heartbeat"]
    received = _received(demand)
    posts = total(s.per_hour for s in sent)
    if isinstance(transport, ServerSentEvents):
        asked, waiting, streams = _stream(demand, transport, terms, received)
    elif isinstance(transport, LongPolling):
        asked, waiting, streams = _long_polls(demand, transport, received)
    else:
        asked, waiting, streams = _polls(demand, transport, received)
    opened, opens = _sockets(demand, transport, terms, posts)
    ratio = _part(opened, demand.connections)
    peak = worked(np.multiply, demand.connections_peak, ratio)
    is_same = opened is demand.connections
    streams = (*streams, *_posted(sent, transport))
    answering = posts.times(transport.answer_ms / MS_PER_SECOND / SECONDS_PER_HOUR)
    return replace(
        demand,
        connections=opened,
        connections_peak=demand.connections_peak if is_same else peak,
        peak_within_hour=demand.peak_within_hour if is_same else None,
        new_connections=opens,
        streams=(*streams, *_first_headers(opens, transport)),
        requests=total((asked, posts)),
        in_flight=total((waiting, answering)),
        quiet_seconds=_quiet_seconds(transport),
        uncut=demand.sessions,
    )


def _quiet_seconds(transport: HttpTransport) -> FloatArray | float:
    """Longest time in which nothing comes of an answer that is awaited."""
    if isinstance(transport, ServerSentEvents):
        return transport.comment_seconds
    if isinstance(transport, LongPolling):
        return transport.timeout_seconds
    return transport.answer_ms / MS_PER_SECOND


def _stream(
    demand: Demand,
    transport: ServerSentEvents,
    terms: HttpTerms,
    received: Iterable[MessageStream],
) -> tuple[Weekly, Weekly, tuple[MessageStream, ...]]:
    """An answer that lasts as long as the session, or as the service lets it, and events in it."""
    streams = streams_opened(demand, terms.stream_seconds)
    request, response = _exchanged(transport)
    event: Form = "event" if transport.http == "2" else "chunked_event"
    comments = demand.connections.times(SECONDS_PER_HOUR / np.asarray(transport.comment_seconds))
    return (
        streams,
        demand.connections,
        (
            *_asked("streams", "poll", streams, request, transport),
            *_answered("streams", streams, response, transport),
            *(replace(s, form=event, header_bytes=EVENT_BYTES) for s in received),
            MessageStream(
                "comments",
                "to_client",
                "comment",
                comments,
                _NO_BODY,
                form=event,
                header_bytes=COMMENT_BYTES,
            ),
        ),
    )


def streams_opened(demand: Demand, stream_seconds: float) -> Weekly:
    """Streams of events per hour: one for each session, and one more each time one is ended."""
    if not np.isfinite(stream_seconds):
        return demand.sessions
    return demand.cut_after(stream_seconds / SECONDS_PER_HOUR).new_connections


def asked_again(demand: Demand, every_seconds: float) -> Weekly:
    """Times per hour that a session goes on after so many seconds of a stream or a connection."""
    return worked(
        lambda opened, begun: np.maximum(opened - begun, 0.0),
        streams_opened(demand, every_seconds),
        demand.sessions,
    )


def _long_polls(
    demand: Demand, transport: LongPolling, received: Iterable[MessageStream]
) -> tuple[Weekly, Weekly, tuple[MessageStream, ...]]:
    """Requests that wait for messages; one that ends without any is asked again."""
    received = tuple(received)
    turnaround = transport.turnaround_seconds
    asked = long_polls(demand, transport)

    def empty(asked: FloatArray, rate: FloatArray, timeout: FloatArray) -> FloatArray:
        return asked * np.exp(-rate * (timeout + turnaround))

    nothing = worked(empty, asked, _received_each(demand), _all_week(transport.timeout_seconds))
    return (
        asked,
        worked(
            lambda clients, polls: clients - polls * (turnaround / SECONDS_PER_HOUR),
            demand.connections,
            asked,
        ),
        tuple(_polled(asked, nothing, transport, received)),
    )


def long_polls(demand: Demand, transport: LongPolling) -> Weekly:
    """Long polls per hour of clients of one kind (``polls_per_second``)."""
    turnaround = transport.turnaround_seconds

    def polls(clients: FloatArray, rate: FloatArray, timeout: FloatArray) -> FloatArray:
        return clients * SECONDS_PER_HOUR * polls_per_second(rate, timeout, turnaround)

    timeout = _all_week(transport.timeout_seconds)
    return worked(polls, demand.connections, _received_each(demand), timeout)


def _polls(
    demand: Demand, transport: Polling, received: Iterable[MessageStream]
) -> tuple[Weekly, Weekly, tuple[MessageStream, ...]]:
    """Requests at an interval; those before which nothing came are answered with nothing."""
    received = tuple(received)
    asked = demand.connections.times(SECONDS_PER_HOUR / np.asarray(transport.every_seconds))

    def empty(asked: FloatArray, rate: FloatArray, every: FloatArray) -> FloatArray:
        return asked * np.exp(-rate * every)

    nothing = worked(empty, asked, _received_each(demand), _all_week(transport.every_seconds))
    return (
        asked,
        asked.times(transport.answer_ms / MS_PER_SECOND / SECONDS_PER_HOUR),
        tuple(_polled(asked, nothing, transport, received)),
    )


def empty_share(demand: Demand) -> float:
    """Of the polls of a demand over HTTP, the share that brings nothing; 0 if there are none.

    >>> from estimator import Scenario, expected_demand
    >>> scenario = Scenario(profile="market-data", location="virginia", mean_connections=1000)
    >>> empty_share(expected_demand(scenario))
    0.0
    """
    empty, full = (
        sum(
            float(demand.per_month(s.per_hour))
            for s in demand.streams
            if s.name == _answers_to(name)
        )
        for name in (_WITHOUT_MESSAGES, _WITH_MESSAGES)
    )
    return empty / (empty + full) if empty else 0.0


def _received(demand: Demand) -> list[MessageStream]:
    """What clients receive but heartbeats, which nothing over HTTP needs."""
    return [s for s in demand.messages("to_client") if s.kind != "heartbeat"]


def _received_each(demand: Demand) -> Weekly:
    """Messages per second that one client receives, in each hour."""
    received = total(s.per_hour for s in _received(demand))
    return worked(messages_per_client, received, demand.connections)


def _polled(
    asked: Weekly,
    nothing: Weekly,
    transport: LongPolling | Polling,
    received: tuple[MessageStream, ...],
) -> Iterator[MessageStream]:
    """Polls, their answers with and without messages, and the messages in them."""
    request, _ = _exchanged(transport)
    yield from _asked("polls", "poll", asked, request, transport, _burst(transport, received))
    some = worked(lambda all_, none: np.maximum(all_ - none, 0.0), asked, nothing)
    # of one message; how many there are changes a digit of the length
    body = max((int(np.max(s.payload.mean)) for s in received), default=0)
    yield from _answered(_WITH_MESSAGES, some, "poll_response", transport, _EMPTY_LIST_BYTES, body)
    if isinstance(transport, Polling) and transport.conditional:
        yield from _answered(_WITHOUT_MESSAGES, nothing, "not_modified_response", transport)
    else:
        yield from _answered(
            _WITHOUT_MESSAGES, nothing, "poll_response", transport, _EMPTY_LIST_BYTES
        )
    yield from (replace(s, form="within") for s in received)


def _burst(
    transport: LongPolling | Polling, received: tuple[MessageStream, ...]
) -> MessageStream | None:
    """The messages at one moment after which most clients ask again at once, if they wait."""
    if isinstance(transport, Polling) or not received:
        return None
    return max(received, key=lambda s: float(np.max(s.at_once)) + 1e12 * s.synchronized)


def _asked(
    name: str,
    kind: MessageKind,
    per_hour: Weekly,
    message: str,
    transport: HttpTransport,
    burst: MessageStream | None = None,
) -> Iterator[MessageStream]:
    """Requests without a body."""
    size = header_bytes(message, transport.http, _token_bytes(transport)).later
    made = MessageStream(
        name, "to_server", kind, per_hour, _NO_BODY, form="request", header_bytes=size
    )
    yield (
        made
        if burst is None
        else replace(
            made,
            at_once=burst.at_once,
            synchronized=burst.synchronized,
            moments_per_hour=burst.moments_per_hour,
        )
    )


def _exchanged(transport: HttpTransport) -> tuple[str, str]:
    """Names of the request that asks for messages, and of the response with them."""
    if isinstance(transport, ServerSentEvents):
        return "event_stream_request", "event_stream_response"
    if isinstance(transport, Polling) and transport.conditional:
        return "conditional_poll_request", "poll_response"
    return "poll_request", "poll_response"


def _answered(
    name: str,
    per_hour: Weekly,
    message: str,
    transport: HttpTransport,
    body_bytes: int = 0,
    within_bytes: int = 0,
) -> Iterator[MessageStream]:
    """Answers to requests, without the messages of so many bytes that may be in them."""
    size = header_bytes(message, transport.http, body_bytes=body_bytes + within_bytes).later
    yield MessageStream(
        _answers_to(name),
        "to_client",
        "answer",
        per_hour,
        FixedSize(bytes=body_bytes),
        form="answer",
        header_bytes=size,
    )


def _answers_to(name: str) -> str:
    return f"answers to {name}"


def is_of_polls(stream: MessageStream) -> bool:
    """Whether it is a poll, the answer to one, or a message in such an answer."""
    answers = (_answers_to(_WITH_MESSAGES), _answers_to(_WITHOUT_MESSAGES))
    is_carried = stream.form == "within" and stream.is_message
    return stream.kind == "poll" or stream.name in answers or is_carried


def _posted(sent: Iterable[MessageStream], transport: HttpTransport) -> Iterator[MessageStream]:
    """Messages of clients, each in a request of its own, and the answers to them."""
    for stream in sent:
        body = int(np.max(stream.payload.mean)) or 1
        size = header_bytes("upload_request", transport.http, _token_bytes(transport), body).later
        yield replace(stream, form="request", header_bytes=size)
        yield from _answered(stream.name, stream.per_hour, "upload_response", transport)


def _first_headers(opens: Weekly, transport: HttpTransport) -> Iterator[MessageStream]:
    """What HTTP/2 sends once on each connection and refers to from then on."""
    request, response = _exchanged(transport)
    ways: tuple[tuple[Direction, HeaderBytes], ...] = (
        ("to_server", header_bytes(request, transport.http, _token_bytes(transport))),
        ("to_client", header_bytes(response, transport.http)),
    )
    for way, size in ways:
        if size.first > size.later:
            yield MessageStream(
                "headers that stay the same",
                way,
                "answer",
                opens,
                FixedSize(bytes=size.first - size.later),
                form="within",
            )


def _token_bytes(transport: HttpTransport) -> int:
    return round(transport.token_bytes)


def _sockets(
    demand: Demand, transport: HttpTransport, terms: HttpTerms, posts: Weekly
) -> tuple[Weekly, Weekly]:
    """Connections of TCP that are open, and those that are made in each hour.

    Over HTTP/2 a client has one. Over HTTP/1.1 one that waits for an answer carries nothing else,
    so that messages of the client take a second one; at u messages per second, it is open for a
    share 1 - exp(-u k) of the time if it is closed after k quiet seconds, and is made anew
    u exp(-u k) times per second. One that is polled over each T seconds, and T > k, is open unless
    neither a poll nor a message came for k seconds, 1 - (1 - k / T) exp(-u k), and is made by
    (1 / T + u (1 - k / T)) exp(-u k) of them per second.
    """
    kept = terms.keep_alive_seconds

    def unposted(clients: FloatArray, posts: FloatArray) -> FloatArray:
        """Share of the time before which a client sent nothing for so long."""
        rate = messages_per_client(posts, clients)
        # without messages that is always, even if connections are kept for ever
        return np.exp(-np.multiply(rate, kept, out=np.zeros(rate.shape), where=rate > 0))

    if isinstance(transport, Polling):
        every = _all_week(transport.every_seconds)
        if np.all(every.peak <= kept):
            return demand.connections, demand.sessions

        def open_(clients: FloatArray, posts: FloatArray, every: FloatArray) -> FloatArray:
            unpolled = np.maximum(1 - kept / every, 0.0)
            return clients * (1 - unpolled * unposted(clients, posts))

        def made(
            begun: FloatArray, clients: FloatArray, posts: FloatArray, every: FloatArray
        ) -> FloatArray:
            polls = np.where(every > kept, SECONDS_PER_HOUR / every, 0.0)
            anew = polls * clients + posts * np.maximum(1 - kept / every, 0.0)
            return np.maximum(begun, anew * unposted(clients, posts))

        return (
            worked(open_, demand.connections, posts, every),
            worked(made, demand.sessions, demand.connections, posts, every),
        )
    if transport.http == "2":
        return demand.connections, demand.sessions

    def second(clients: FloatArray, posts: FloatArray) -> FloatArray:
        return clients * (1 - unposted(clients, posts))

    def seconds_made(clients: FloatArray, posts: FloatArray) -> FloatArray:
        return posts * unposted(clients, posts)

    return (
        total((demand.connections, worked(second, demand.connections, posts))),
        total((demand.sessions, worked(seconds_made, demand.connections, posts))),
    )


def _part(some: Weekly, whole: Weekly) -> Weekly:
    """One quantity as a multiple of another, in each hour."""
    return worked(
        lambda part, all_: np.divide(part, all_, out=np.zeros(part.shape), where=all_ > 0),
        some,
        whole,
    )


def _all_week(figure: FloatArray | float) -> Weekly:
    """A figure of each scenario that is the same in all hours."""
    return Weekly.of(np.asarray(figure, dtype=np.float64), ALWAYS)


def messages_per_client(messages: FloatArray, clients: FloatArray) -> FloatArray:
    """Messages per second of one client, of so many per hour of all of them; 0 without clients."""
    per_hour = np.divide(messages, clients, out=np.zeros(np.shape(messages)), where=clients > 0)
    return per_hour / SECONDS_PER_HOUR


def polls_per_second(
    messages_per_second: FloatArray, timeout_seconds: FloatArray, turnaround_seconds: float
) -> FloatArray:
    """Long polls of one client whose messages come at random.

    A poll waits for the first message, for the timeout at most, and not at all if one came in the
    turnaround before it. With d messages per second, a timeout T and a turnaround r, a poll
    follows another after r + exp(-d r) (1 - exp(-d T)) / d seconds on average: 1 / (r + T) polls
    per second without messages, and 1 / r at most.

    >>> round(float(polls_per_second(np.array(1e-12), np.array(24.9), 0.1)), 6)
    0.04
    >>> round(float(polls_per_second(np.array(1e6), np.array(24.9), 0.1)), 6)
    10.0
    """
    return 1 / (
        turnaround_seconds
        + np.exp(-messages_per_second * turnaround_seconds)
        * _mean_wait_seconds(messages_per_second, timeout_seconds)
    )


def _mean_wait_seconds(rate: FloatArray, timeout: FloatArray) -> FloatArray:
    """E[min(X, T)] of an exponential X: (1 - exp(-d T)) / d, which is T where d is 0."""
    expected = rate * timeout
    share = np.divide(
        -np.expm1(-expected), expected, out=np.ones(np.shape(expected)), where=expected > 0
    )
    return share * timeout


def as_mqtt(demand: Demand, transport: MqttOverWebSocket) -> Demand:
    """The demand when each message is an MQTT packet with the name of its topic, at QoS 0."""
    more = _MQTT_LENGTH_BYTES + transport.topic_bytes

    def packed(stream: MessageStream) -> MessageStream:
        return replace(stream, header_bytes=more) if stream.is_message else stream

    return demand.changed(
        lambda kind: replace(kind, streams=tuple(packed(stream) for stream in kind.streams))
    )
