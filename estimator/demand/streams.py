"""Which messages does a profile mean? One stream for each kind and direction, batched or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray, most
from estimator.demand.batches import Batching
from estimator.demand.weekly import Course, Weekly, from_hours, total, worked
from estimator.demand.wire import (
    Body,
    Framing,
    Layer,
    WireLayers,
    carried_layers,
    mean_message_bytes,
    mean_message_layers,
)
from estimator.scenario.flows import AtConnect, MessageFlow
from estimator.scenario.profile import Profile
from estimator.scenario.sizes import FixedSize, LastPart, PayloadLaw, SizeDistribution
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR

Direction = Literal["to_client", "to_server"]
MessageKind = Literal[
    "sent", "passed_on", "published", "at_connect", "heartbeat", "ping", "poll", "answer", "comment"
]
Form = Literal["frame", "event", "chunked_event", "request", "answer", "within"]
"""What a message is on the wire: a frame of a WebSocket; an event of a stream of HTTP/2, or of
HTTP/1.1; an HTTP request or the answer to one; or a part of the body of such an answer."""
_BODIES: Mapping[Form, Body] = {"event": "data_frames", "chunked_event": "chunk"}
_CONTROL: tuple[MessageKind, ...] = ("ping", "poll", "answer", "comment")

_EVERY_HOUR = Course(np.ones(HOURS_PER_WEEK))


@dataclass(frozen=True)
class MessageStream:
    """Messages of one kind in one direction, seen from the server."""

    name: str
    direction: Direction
    kind: MessageKind
    """sent: by a client; passed_on: a client's message, to others; published: by the server;
    ping: WebSocket control frames, which are traffic but not messages, as are poll (a request that
    asks for messages), answer (the response to a request, but for messages in it) and comment (what
    keeps a stream of events open)."""
    per_hour: Weekly
    """Messages per hour; a broadcast to n connections is n messages."""
    payload: PayloadLaw
    copies: FloatArray | float = 0.0
    """sent: connections it is passed on to; published: connections that share it; passed_on from
    another kind of clients: connections that share it at most; at_connect: connections that are
    told of a new one, 0 for what the new one itself gets."""
    at_once: FloatArray | float = 1.0
    """Messages at one moment, shape (*many,): copies of one message, which go to no more than are
    connected; or, if synchronized, messages for each open connection. From another kind of clients,
    these are most messages at one moment for each connection of the peak."""
    synchronized: bool = False
    """Whether those of all open connections come at the same moments."""
    moments_per_hour: FloatArray | float = 0.0
    """If synchronized, how many such moments there are, shape (*many,)."""
    active_share: FloatArray | float = 1.0
    """Part of a session in which there are any, shape (*many,)."""
    echo: bool = False
    """sent: whether those passed on include one to the sender."""
    batched: Batched | None = None
    """What these deliveries were put together from; None if each message is delivered."""
    clients: str = ""
    """The kind of clients that sends or receives it, if there are several."""
    receivers: Weekly | None = None
    """published: the connections that are open, if fewer than copies are at times."""
    form: Form = "frame"
    """What each of them is on the wire."""
    header_bytes: float = 0.0
    """What stands before the payload in place of a frame of a WebSocket; in such a frame, the
    variable header of an MQTT packet, if it holds one."""

    @property
    def once_per_hour(self) -> Weekly:
        """Messages per hour, each once and not once for each connection that receives it."""
        copies = np.maximum(self.copies, 1.0)
        if self.receivers is None:
            return self.per_hour.times(1 / copies)
        return worked(
            lambda messages, there, most: messages / np.maximum(np.minimum(there, most), 1.0),
            self.per_hour,
            self.receivers,
            _all_week(copies),
        )

    @cached_property
    def once(self) -> MessageStream:
        """What the server publishes, each message once and not once for each who receives it."""
        part = 1 / np.maximum(self.copies, 1.0)
        return replace(self, per_hour=self.once_per_hour, at_once=self.at_once * part)

    def of(self, clients: str) -> MessageStream:
        """The stream of one kind of clients, among those of others."""
        batched = self.batched
        if batched is not None:
            batched = replace(batched, messages=batched.messages.of(clients))
        return replace(self, name=f"{clients}: {self.name}", clients=clients, batched=batched)

    @property
    def is_message(self) -> bool:
        """Whether services that meter messages could count it."""
        return self.kind not in _CONTROL

    @property
    def tells_others(self) -> bool:
        """Whether other clients are told of a new connection, and not the new one greeted."""
        return self.kind == "at_connect" and most(self.copies) > 0

    def bytes_per_hour(self, layer: Layer) -> Weekly:
        """Traffic in the direction of the stream."""
        if self.form == "within":
            layers = carried_layers(self.payload.mean)
            return self.per_hour.times(layers.total if layer == "ip" else layers.payload)
        return self.per_hour.times(mean_message_bytes(self.payload, layer, self._framing))

    @property
    def as_frame(self) -> MessageStream:
        """The same messages, each in a frame of a WebSocket or its like."""
        if self.form == "frame" and not self.header_bytes:
            return self
        return replace(self, form="frame", header_bytes=0.0)

    @property
    def layers(self) -> WireLayers:
        """Mean bytes of one of them by layer, of a single scenario."""
        if self.form == "within":
            return carried_layers(self.payload.mean)
        return mean_message_layers(self.payload, self._framing)

    @property
    def _framing(self) -> Framing:
        masked = self.direction == "to_server"
        if self.form == "frame":
            return Framing(masked, mqtt_bytes=self.header_bytes or None)
        return Framing(masked, self.header_bytes, body=_BODIES.get(self.form))

    @property
    def is_acknowledged(self) -> bool:
        """Whether a segment of its own acknowledges it.

        The acknowledgement of a request travels with its answer.
        """
        return self.form not in ("request", "within")

    def steps_per_hour(self, step_bytes: float) -> Weekly:
        """Messages counted in started steps of ``step_bytes`` (size by size, not by the mean)."""
        return self.per_hour.times(self.payload.steps(step_bytes))


@dataclass(frozen=True, slots=True)
class Batched:
    """Messages that a server puts together for each of the clients that receive them."""

    messages: MessageStream
    connections: Weekly
    """Of those who receive them."""
    batching: Batching

    @property
    def deliveries(self) -> MessageStream:
        """What is delivered of them."""
        windows, there = self.batching.windows, self.connections.hourly
        some, at_once = windows.count.some, self.messages.at_once
        moments = windows.per_hour if self.messages.synchronized else np.zeros(())
        if self.batching.by_hour:
            per_hour = from_hours(there * windows.deliveries_per_hour)
            some, moments = _at_the_peak(there * some, there), moments.max(axis=-1, initial=0.0)
        else:
            per_hour = self.connections.times(windows.deliveries_per_hour)
        return replace(
            self.messages,
            per_hour=per_hour,
            payload=self.batching.payload(there),
            at_once=some if self.messages.synchronized else at_once,
            moments_per_hour=moments,
            batched=self,
        )

    def at_factors(self, factors: FloatArray) -> Iterator[MessageStream]:
        """What is delivered where so many times as many messages come in some hours.

        The more messages come, the more of them a delivery carries, so that deliveries multiply by
        less; the hours of each factor are a stream of their own.

        Args:
            factors: of each hour, shape (*many, 168).
        """
        for factor in np.unique(factors).tolist():
            there = factors == factor
            messages = from_hours(self.messages.per_hour.hourly * there * factor)
            yield Batched(
                replace(self.messages, per_hour=messages),
                from_hours(self.connections.hourly * there),
                self.batching.times(factor),
            ).deliveries


def streams_of(
    profile: Profile,
    connections: Weekly,
    new_connections: Weekly,
    most: FloatArray | None = None,
) -> Iterator[MessageStream]:
    """The messages of so many open and new connections, whatever made them.

    Those that go to other kinds of clients are left out (``passed_to``).

    Args:
        profile: of the clients.
        connections: open connections.
        new_connections: those that are made.
        most: connections open at once in the month, shape (*many,); those of the week, if left out.
    """
    most = connections.peak if most is None else most
    for name, flow in profile.flows.items():
        yield from _flow_streams(name, flow, connections, most)
    greetings: tuple[tuple[Direction, SizeDistribution], ...] = (
        ("to_client", profile.at_connect.to_client),
        ("to_server", profile.at_connect.from_client),
    )
    for direction, payload in greetings:
        if np.any(payload.mean > 0):
            # of the scenarios in which something is sent at each new connection
            some = np.asarray(payload.mean > 0, dtype=np.float64)
            greeted = new_connections.times(some) if payload.many else new_connections
            yield from _greeting_streams(
                direction, greeted, payload, profile.at_connect.message_bytes
            )
    yield from _told_streams(profile.at_connect, connections, new_connections)
    if profile.heartbeat is not None:
        beats = connections.times(SECONDS_PER_HOUR / profile.heartbeat.interval_seconds)
        kind = "ping" if profile.heartbeat.kind == "protocol" else "heartbeat"
        payload = FixedSize(bytes=profile.heartbeat.payload_bytes)
        yield MessageStream("heartbeat", "to_client", kind, beats, payload)
        yield MessageStream("heartbeat", "to_server", kind, beats, payload)


def _greeting_streams(
    direction: Direction, greeted: Weekly, payload: SizeDistribution, part_bytes: float
) -> Iterator[MessageStream]:
    """One message for each greeting, and as many full parts before it as it takes."""
    if not np.any(payload.share_above(part_bytes) > 0):
        yield MessageStream("at connect", direction, "at_connect", greeted, payload)
        return
    full = greeted.times(payload.steps(part_bytes) - 1)
    part = FixedSize(bytes=part_bytes)
    yield MessageStream("at connect, full parts", direction, "at_connect", full, part)
    last = LastPart(whole=payload, part_bytes=part_bytes)
    yield MessageStream("at connect, last part", direction, "at_connect", greeted, last)


def _told_streams(
    at_connect: AtConnect, connections: Weekly, new_connections: Weekly
) -> Iterator[MessageStream]:
    """What the server tells others of each new connection: one message to so many of them."""
    told, payload = np.asarray(at_connect.tells), at_connect.tells_payload
    if payload is not None and np.any(told > 0):
        yield MessageStream(
            "new connections told to others",
            "to_client",
            "at_connect",
            _delivered(new_connections, connections, told),
            payload,
            copies=told,
            at_once=np.maximum(told, 1.0),
        )


def _flow_streams(
    name: str, flow: MessageFlow, connections: Weekly, most: FloatArray
) -> Iterator[MessageStream]:
    """What a flow sends and what is delivered, which for batches is less.

    What goes to other kinds of clients is left out.
    """
    messages = connections.times(flow.rate_per_hour * flow.active_share)
    stream = partial(_stream, name, flow)
    fan_out = np.asarray(flow.fan_out)
    # one at least, so that whether messages are passed on does not depend on the audience
    shared = np.minimum(fan_out, np.maximum(most, 1.0))
    if flow.direction == "server_to_client":
        copies = np.maximum(shared, 1.0)
        at_once = 1.0 if flow.timing == "synchronized" else copies
        published = stream("to_client", "published", messages, at_once, copies)
        if np.any(copies > 1) and _has_fewer(connections, copies):
            published = replace(published, receivers=connections)
        yield _batched(published, flow, connections, 1.0)
        return
    yield stream("to_server", "sent", messages, 1.0, fan_out if flow.to else shared)
    if flow.to or not _has_fewer(connections, fan_out):
        recipients = (0.0 if flow.to else fan_out) + flow.echo
        if np.any(recipients > 0):
            passed_on = stream("to_client", "passed_on", messages.times(recipients), recipients)
            yield _batched(passed_on, flow, connections, recipients)
        return
    yield _passed_on(connections, connections, name, flow, flow.echo)


def _stream(
    name: str,
    flow: MessageFlow,
    direction: Direction,
    kind: MessageKind,
    per_hour: Weekly,
    at_once: FloatArray | float,
    copies: FloatArray | float = 0.0,
) -> MessageStream:
    """Messages of a flow, of which so many come to (or from) a connection at one moment."""
    synchronized, active = flow.timing == "synchronized", flow.active_share
    return MessageStream(
        name,
        direction,
        kind,
        per_hour,
        flow.payload,
        copies,
        active * at_once if synchronized else at_once,
        synchronized,
        flow.rate_per_hour if synchronized else 0.0,
        active,
        flow.echo and kind == "sent",
    )


def _batched(
    stream: MessageStream, flow: MessageFlow, connections: Weekly, senders: FloatArray | float
) -> MessageStream:
    """The deliveries that a server makes of messages which each client gets from so many."""
    if flow.batch is None:
        return stream
    return Batched(stream, connections, Batching(flow, flow.batch, senders)).deliveries


def passed_to(receivers: Weekly, senders: Weekly, name: str, flow: MessageFlow) -> MessageStream:
    """What clients of one kind receive of a flow of another kind.

    Args:
        receivers: open connections of the kind that receives.
        senders: open connections of the kind that sends.
        name: of what they receive.
        flow: what is sent.
    """
    return replace(_passed_on(receivers, senders, name, flow), copies=flow.fan_out)


def _passed_on(
    receivers: Weekly, senders: Weekly, name: str, flow: MessageFlow, echo: float = 0.0
) -> MessageStream:
    """What is delivered of a flow, in each hour to no more than are connected.

    Of m connections on average, the sender of a message meets as many others, since those who are
    there are a Poisson variate (M/G/infinity): E[N (N - 1)] = m^2 in a room of all. Each of them
    has senders x recipients / receivers senders, which batches and bursts depend on.
    """
    fan_out = np.asarray(flow.fan_out)
    messages = senders.times(flow.rate_per_hour * flow.active_share)
    each = total((_delivered(messages, receivers, fan_out), messages.times(echo)))
    stream = partial(_stream, name, flow, "to_client", "passed_on", each)
    if flow.batch is None and flow.timing == "spread":
        return stream(fan_out + echo)
    reached = np.minimum(fan_out[..., None], receivers.hourly) + echo
    pairs, there = np.broadcast_arrays(senders.hourly * reached, receivers.hourly)
    passed_on = stream(
        _at_the_peak(pairs, there) if flow.timing == "synchronized" else fan_out + echo
    )
    if flow.batch is None:
        return passed_on
    senders_each = np.divide(pairs, there, out=np.zeros(pairs.shape), where=there > 0)
    batching = Batching(flow, flow.batch, senders_each, by_hour=True)
    return Batched(passed_on, receivers, batching).deliveries


def _has_fewer(connections: Weekly, recipients: FloatArray) -> bool:
    """Whether, in some hour, fewer are connected than would receive a message."""
    return bool(np.any(connections.trough < recipients))


def _delivered(messages: Weekly, connections: Weekly, recipients: FloatArray) -> Weekly:
    """Messages to so many recipients each, but to no more than are connected."""
    if not _has_fewer(connections, recipients):
        return messages.times(recipients)
    return worked(
        lambda sent, there, most: sent * np.minimum(there, most),
        messages,
        connections,
        _all_week(recipients),
    )


def _all_week(figure: FloatArray) -> Weekly:
    """A figure that is the same in all hours, shape (*many,)."""
    return Weekly.of(np.asarray(figure), _EVERY_HOUR)


def _at_the_peak(messages: FloatArray, connections: FloatArray) -> FloatArray:
    """Messages at one moment in the hour with most of them, per connection of the peak, (*many,).

    Args:
        messages: at one moment of each hour, shape (*many, 168).
        connections: in each hour.
    """
    most, peak = messages.max(axis=-1), connections.max(axis=-1)
    return np.divide(most, peak, out=np.zeros(most.shape), where=peak > 0)
