"""How much later does a message arrive than over a connection that is always open?

Every transport has pauses, in which a server cannot send to a client: between two polls, while a
client asks anew, until a connection that was closed is made again. A message that comes in one
waits for its end. With n pauses per second of a client, each of a length W, and messages that come
at random,

    P(delay > x) = n E[(W - x)+],    E[delay] = n E[W^2] / 2,

since messages at random see what time sees on average (Wolff 1982, "Poisson arrivals see time
averages", https://doi.org/10.1287/opre.30.2.223) and a cycle has (W - x)+ seconds that are more
than x before the end of its pause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.over_http import HttpTerms, asked_again, long_polls
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total, worked
from estimator.scenario.reconnect import Reconnect, wait_bounds
from estimator.scenario.transport import LongPolling, Polling, ServerSentEvents, Transport
from estimator.units import SECONDS_PER_HOUR

_P95 = 0.95


@dataclass(frozen=True, slots=True)
class Pause:
    """How long a server cannot send to a client: anything between two bounds, evenly, or less.

    >>> float(Pause(np.array(1.0), np.array(3.0)).mean_seconds)
    2.0
    >>> float(Pause(np.array(1.0), np.array(3.0), cap_seconds=2.0).mean_seconds)
    1.75
    """

    least_seconds: FloatArray
    most_seconds: FloatArray
    cap_seconds: FloatArray | float = np.inf
    """What is longer takes so long instead."""

    @property
    def longest_seconds(self) -> FloatArray:
        """The longest there is."""
        return np.minimum(self.most_seconds, self.cap_seconds)

    @property
    def mean_seconds(self) -> FloatArray:
        """E[W]."""
        return self.beyond(0.0)

    @property
    def half_square(self) -> FloatArray:
        """E[W^2] / 2 in square seconds: the integral of E[(W - x)+] over all x."""
        cap = self.longest_seconds
        return self._excess(2, 0.0) - self._excess(2, cap) - cap * self._excess(1, cap)

    def beyond(self, seconds: FloatArray | float) -> FloatArray:
        """E[(W - x)+]: mean seconds of a pause beyond its first x seconds."""
        cap = self.longest_seconds
        uncapped = self._excess(1, np.minimum(seconds, cap))
        return uncapped - self._excess(1, cap)

    def with_beyond(self, mean_seconds: FloatArray) -> FloatArray:
        """The x with that E[(W - x)+]; 0 where it is less at any."""
        least, most, cap = self.least_seconds, self.most_seconds, self.longest_seconds
        uncapped = mean_seconds + self._excess(1, cap)
        # a straight line up to the least, and a parabola from there on
        line = (least + most) / 2 - uncapped
        parabola = most - np.sqrt(2 * (most - least) * np.minimum(uncapped, (most - least) / 2))
        x = np.where(uncapped >= (most - least) / 2, line, parabola)
        return np.clip(x, 0.0, cap)

    def _excess(self, order: int, seconds: FloatArray | float) -> FloatArray:
        """E[(W - x)+^order] / order! without the cap."""
        above_least, above_most = (
            np.maximum(bound - seconds, 0.0) for bound in (self.least_seconds, self.most_seconds)
        )
        width = self.most_seconds - self.least_seconds
        even = above_most ** (order + 1) - above_least ** (order + 1)
        return np.where(
            width > 0,
            even / np.where(width > 0, width * math.factorial(order + 1), 1.0),
            above_most**order / math.factorial(order),
        )


@dataclass(frozen=True, slots=True)
class AddedDelay:
    """What a transport adds to the way of a message to a client; figures of shape (*many,)."""

    pause: Pause
    pauses_per_second: FloatArray
    """Of one client, on average over messages."""
    messages_per_month: FloatArray
    """Those to clients that come at any time; not what is sent when a client connects."""
    is_replayed: bool
    """Whether those that come in a pause are delivered at its end, as transports over HTTP do,
    whose clients say what they have already."""

    @property
    def mean_seconds(self) -> FloatArray:
        """Mean over all messages."""
        return np.asarray(self.pauses_per_second * self.pause.half_square)

    @property
    def p95_seconds(self) -> FloatArray:
        """What 95% of the messages stay within."""
        return self.quantile_seconds(_P95)

    @property
    def longest_seconds(self) -> FloatArray:
        """What all messages stay within."""
        return np.where(self.pauses_per_second > 0, self.pause.longest_seconds, 0.0)

    def quantile_seconds(self, share: float) -> FloatArray:
        """What a share of the messages stays within, the share below 1."""
        often = self.pauses_per_second > 0
        beyond = (1 - share) / np.where(often, self.pauses_per_second, 1.0)
        return np.where(often, self.pause.with_beyond(beyond), 0.0)

    def share_within(self, seconds: FloatArray | float) -> FloatArray:
        """Share of the messages that are delayed by no more than so many seconds."""
        later = self.pauses_per_second * self.pause.beyond(seconds)
        return np.clip(1 - later, 0.0, 1.0)

    @property
    def replayed_per_month(self) -> FloatArray:
        """Messages that a server keeps until the pause is over in which they came.

        Of plain polling these are all messages.
        """
        return self._in_pauses if self.is_replayed else np.zeros(np.shape(self._in_pauses))

    @property
    def missed_per_month(self) -> FloatArray:
        """Messages that come in a pause and are not sent again, but by the application itself."""
        return np.zeros(np.shape(self._in_pauses)) if self.is_replayed else self._in_pauses

    @property
    def _in_pauses(self) -> FloatArray:
        return self.messages_per_month * (1 - self.share_within(0.0))


def added_delay(
    demand: Demand, transport: Transport, terms: HttpTerms, reconnect: Reconnect | None = None
) -> AddedDelay:
    """What a transport adds to the way of messages to clients.

    A poll ends a pause of the whole interval; so does each look of a server that nobody tells of
    messages (``terms.looks_every_seconds``), beside which other pauses are not counted. A long poll
    follows a pause of the turnaround. A stream of events pauses for ``reconnect_seconds`` each time
    the service ends it before the session is over. A WebSocket that the service closes pauses for
    the first wait of ``reconnect`` and the time of one attempt; WebSockets and MQTT at QoS 0 send
    nothing again, so that the delay of what came meanwhile is that of an application which does.

    Args:
        demand: as WebSockets would carry it.
        transport: how messages travel.
        terms: what the service makes of it: ``stream_seconds`` is the age at which it ends streams
            and WebSockets.
        reconnect: how clients come back whose WebSocket was closed; as the default of profiles, if
            left out.

    Returns:
        Means over the messages of all hours and kinds of clients; over the time of connections, if
        there are no messages.

    >>> from estimator import Scenario, expected_demand
    >>> scenario = Scenario(
    ...     profile="market-data",
    ...     location="virginia",
    ...     mean_connections=1000,
    ...     transport={"kind": "polling", "every_seconds": 5},
    ... )
    >>> added = added_delay(expected_demand(scenario), scenario.transport, HttpTerms())
    >>> [round(float(s), 6) for s in (added.mean_seconds, added.p95_seconds)]
    [2.5, 4.75]
    >>> round(float(added.share_within(2)), 6)
    0.4
    """
    pause = _pause(transport, terms, reconnect or Reconnect())
    messages, clients, seen, met = (
        np.zeros(np.shape(np.asarray(demand.hours_per_month) * pause.longest_seconds))
        for _ in range(4)
    )
    for kind in demand.kinds:
        received = total(s.per_hour for s in kind.messages("to_client") if comes_any_time(s))
        pauses = _pauses(kind, transport, terms, pause)
        messages = messages + kind.per_month(received)
        clients = clients + kind.per_month(kind.connections)
        seen = seen + kind.per_month(worked(_seen, received, pauses, kind.connections))
        met = met + kind.per_month(pauses)
    of = np.where(messages > 0, messages, clients)
    number = np.where(messages > 0, seen, met)
    per_hour = np.divide(number, of, out=np.zeros(np.shape(of)), where=of > 0)
    is_replayed = isinstance(transport, ServerSentEvents | LongPolling | Polling)
    return AddedDelay(pause, per_hour / SECONDS_PER_HOUR, messages, is_replayed)


def comes_any_time(stream: MessageStream) -> bool:
    """Whether messages are news, and not what a client gets as it connects."""
    return stream.kind != "heartbeat" and (stream.kind != "at_connect" or stream.tells_others)


def _seen(messages: FloatArray, pauses: FloatArray, clients: FloatArray) -> FloatArray:
    """Pauses per hour of one client, once for each message."""
    each = np.divide(pauses, clients, out=np.zeros(np.shape(pauses)), where=clients > 0)
    return messages * each


def _looks_every(transport: Transport, terms: HttpTerms) -> FloatArray | float:
    """Time between two looks for messages, by a client or a server; 0 if nobody has to look.

    Where both look, a message may wait for one and then for the other: together that is taken as
    one look after the sum of both times, whose mean is exact and whose 95% are on the safe side.
    """
    if isinstance(transport, Polling):
        return np.asarray(transport.every_seconds) + terms.looks_every_seconds
    is_over_http = isinstance(transport, ServerSentEvents | LongPolling)
    return terms.looks_every_seconds if is_over_http else 0.0


def _pause(transport: Transport, terms: HttpTerms, reconnect: Reconnect) -> Pause:
    """How long the pauses of a transport are."""
    if np.any(looks_every := _looks_every(transport, terms)):
        seconds = np.asarray(looks_every, dtype=np.float64)
        return Pause(seconds, seconds)
    if isinstance(transport, LongPolling):
        seconds = np.asarray(transport.turnaround_seconds, dtype=np.float64)
        return Pause(seconds, seconds)
    if isinstance(transport, ServerSentEvents):
        seconds = np.asarray(transport.reconnect_seconds, dtype=np.float64)
        return Pause(seconds, seconds)
    least, most = (
        # an attempt that succeeds is taken to last as long as one that is refused
        np.asarray(bound + reconnect.answer)
        for bound in wait_bounds(reconnect, reconnect.base)
    )
    return Pause(least, most, reconnect.cap + reconnect.answer)


def _pauses(demand: Demand, transport: Transport, terms: HttpTerms, pause: Pause) -> Weekly:
    """Pauses per hour of clients of one kind."""
    if np.any(_looks_every(transport, terms)):
        return demand.connections.times(SECONDS_PER_HOUR / pause.mean_seconds)
    if isinstance(transport, LongPolling):
        return long_polls(demand, transport)
    age = terms.stream_seconds
    if demand.cut_hours is not None and not isinstance(transport, ServerSentEvents):
        age = min(age, demand.cut_hours * SECONDS_PER_HOUR)
    return asked_again(demand, age + float(pause.mean_seconds))
