"""Which messages does a client send and receive? Flows, heartbeat, and what is said at connect."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, model_validator

from estimator.arrays import FloatArray
from estimator.format import given_text, range_text
from estimator.scenario import model
from estimator.scenario.reconnect import UpToADay
from estimator.scenario.sizes import FixedSize, SizeDistribution
from estimator.units import KIB
from estimator.validation import Name

_PART_BYTES = 30.0 * KIB
_LEAST_PART_BYTES = 1000.0
_BatchWindow = Annotated[float | FloatArray, model.OrMany(UpToADay)]


class Batch(model.Model):
    """Messages of a flow that the server holds back, so that a client gets one at most per window.

    Windows follow each other whether messages come or not, as in https://ably.com/docs/messages/batch
    and https://ably.com/docs/messages#conflation. ``demand.batches`` has the formulas.

    >>> Batch(window="500 ms").window
    0.5
    """

    window: _BatchWindow
    """Length of a window, from 1 ms to a day."""
    keep: Literal["all", "latest"] = "all"
    """all: one delivery carries all messages of the window, and its size is their sum (batching);
    latest: it carries the last one (conflation)."""


def _window(value: object) -> object:
    plain = isinstance(value, int | float | str | list | np.ndarray) and not isinstance(value, bool)
    return {"window": value} if plain else value


class MessageFlow(model.Model):
    """One kind of message that a connection sends or receives.

    A connection sends or receives ``rate_per_hour x active_share`` messages per hour on average. Of
    what clients send, each message is delivered to ``fan_out`` others, and to its sender if there
    is an ``echo``; a ``batch`` makes fewer deliveries of them.

    >>> ticks = MessageFlow(
    ...     direction="server_to_client",
    ...     rate_per_hour="10 / s",
    ...     payload="200 B",
    ...     timing="synchronized",
    ...     batch={"window": "500 ms", "keep": "latest"},
    ...     active_share="25%",
    ... )
    >>> ticks.batch.window, ticks.active_share
    (0.5, 0.25)
    """

    direction: Literal["client_to_server", "server_to_client"]
    """Who sends it first."""
    rate_per_hour: model.RatePerHour
    """Messages per open connection while the flow runs: sent (client_to_server) or received
    (server_to_client)."""
    payload: SizeDistribution
    """Bytes of application data in each message."""
    fan_out: model.Count = 0.0
    """client_to_server: open connections to which the server passes each message on (0: none).
    server_to_client: open connections that receive the same message (0 counts as 1)."""
    to: Name | None = None
    """client_to_server: the kind of clients that the server passes messages on to, by its name in
    ``other_clients``, or ``main``; clients of the same kind if left out. Of another kind no more
    receive a message than are connected."""
    timing: Literal["spread", "synchronized"] = "spread"
    """spread: messages come at random, from many independent senders; synchronized: those of all
    open connections come at the same moments, at regular intervals, as ticks and announcements."""
    batch: (
        Annotated[Batch, BeforeValidator(_window, json_schema_input_type=_BatchWindow | Batch)]
        | None
    ) = None
    """What the server puts together before it delivers, or just the window, such as 500 ms; every
    message is delivered if left out."""
    echo: bool = False
    """client_to_server: whether the sender receives its own message too."""
    active_share: model.ManyShare = 1.0
    """Part of a session in which the flow runs, such as the part in which a person types. Clients
    are active independently of each other."""

    @property
    def delivery(self) -> str:
        """When and how messages are delivered, for people.

        >>> MessageFlow(
        ...     direction="client_to_server",
        ...     rate_per_hour=60,
        ...     payload=50,
        ...     fan_out=4,
        ...     batch="500 ms",
        ...     echo=True,
        ...     active_share=0.1,
        ... ).delivery
        'spread, all of 0.5 s together, with an echo, in 10% of a session'
        """
        parts = [self.timing]
        if self.batch is not None:
            kept = "all" if self.batch.keep == "all" else "the latest"
            window = range_text(self.batch.window, given_text)
            parts.append(f"{kept} of {window} s{' together' if kept == 'all' else ''}")
        if self.echo:
            parts.append("with an echo")
        if np.any(np.less(self.active_share, 1.0)):
            share = range_text(self.active_share, lambda part: f"{100 * part:.3g}%")
            parts.append(f"in {share} of a session")
        return ", ".join(parts)

    @model_validator(mode="after")
    def _passed_on(self) -> Self:
        if self.to is not None and self.direction != "client_to_server":
            raise ValueError(
                "to is for client_to_server: what the server sends itself (server_to_client) goes "
                "to the clients whose profile it stands in"
            )
        if self.to is not None and not np.all(np.asarray(self.fan_out) > 0):
            raise ValueError(f"fan_out must be above 0: how many of {self.to} receive each message")
        return self

    @model_validator(mode="after")
    def _echo_has_a_sender(self) -> Self:
        if self.echo and self.direction == "server_to_client":
            raise ValueError(
                "echo goes with client_to_server: no client sends what the server sends first"
            )
        return self

    @model_validator(mode="after")
    def _batch_is_delivered(self) -> Self:
        if self.batch is None:
            return self
        if self.direction == "client_to_server" and not (self.echo or np.any(self.fan_out)):
            raise ValueError(
                "batch needs somebody to whom messages are delivered: give the flow a fan_out "
                "or an echo, or leave batch out"
            )
        numbers = (self.rate_per_hour, self.fan_out, self.active_share, self.batch.window)
        if self.batch.keep == "all" and (self.payload.many or any(map(np.ndim, numbers))):
            raise ValueError(
                "a batch that keeps all messages takes one number for each field of its flow and "
                "no list of many scenarios; lists go with keep: latest"
            )
        return self


class Heartbeat(model.Model):
    """What keeps an idle connection open: one message each way per interval."""

    interval_seconds: model.ManySeconds
    """Time between two heartbeats of a connection."""
    kind: Literal["protocol", "application"] = "protocol"
    """protocol: whatever the platform offers, such as WebSocket ping and pong of your own servers,
    which nobody counts as messages; messages of the clients where it offers nothing (API Gateway);
    application: ordinary messages both ways, which are counted."""
    payload_bytes: model.ManyBytes = 0.0
    """Application data in each ping and each pong."""


class AtConnect(model.Model):
    """What flows right after a connection is open, before anything happens.

    >>> AtConnect(to_client="10 KB", tells=50, tells_payload="100 B").tells
    50.0
    """

    to_client: SizeDistribution = FixedSize(bytes=0)
    """State sent to the client: teams, channels, boards, order books, and the history that it
    fetches. What your code does to find all that is ``cpu_ms_per_new_connection`` of the
    application."""
    from_client: SizeDistribution = FixedSize(bytes=0)
    """Sign-in and subscriptions sent by the client."""
    message_bytes: Annotated[model.Bytes, model.Within(model.LARGEST, _LEAST_PART_BYTES)] = (
        _PART_BYTES
    )
    """What is larger is sent in several messages, all but the last of this size. State as much as
    the greeting has if your application sends it in one message: only then can a limit on the size
    of messages refuse it. Default: 30 KiB, a whole number of the steps of 2 and 5 KiB in which
    clouds bill, and below the 32 KiB that the smallest frame of a cloud holds. Assumption."""
    tells: model.Count = 0.0
    """Open connections of the same kind of clients to which the server says that this one is there,
    such as presence (0: none). No more than are connected are told at one moment."""
    tells_payload: SizeDistribution | None = None
    """Bytes that each of them is told; needed if there are any."""

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if np.any(np.asarray(self.tells) > 0) and self.tells_payload is None:
            raise ValueError(
                "tells needs tells_payload: the size of the message that each of them gets, such "
                "as 100 B"
            )
        return self
