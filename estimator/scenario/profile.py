"""How does one client behave? Sessions, messages and heartbeat; what it does when it is cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WrapSerializer,
    model_validator,
)

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.errors import EstimatorError
from estimator.format import given_text, range_text
from estimator.scenario import model
from estimator.scenario.application import DEFAULT_APPLICATION, ApplicationName
from estimator.scenario.sessions import SessionLength
from estimator.scenario.sizes import FixedSize, SizeDistribution
from estimator.scenario.weekly_shape import WeeklyShape, load_shape, shape_names
from estimator.shown import Shown
from estimator.units import HOURS_PER_DAY, KIB, SECONDS_PER_HOUR
from estimator.validation import Name, Prose

_MOST_FLOWS = 50
"""Kinds of message: more than anybody tells apart."""
_MOST_EVIDENCE = 500
_PART_BYTES = 30.0 * KIB
_LEAST_PART_BYTES = 1000.0
_UpToADay = Annotated[model.Seconds, model.Within(HOURS_PER_DAY * SECONDS_PER_HOUR)]
_BatchWindow = Annotated[float | FloatArray, model.OrMany(_UpToADay)]


class Reconnect(model.Model):
    """How a client comes back.

    After a connection is lost it waits once before its first attempt, and again after each
    attempt that is refused. The waits are those of
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, with k the refusals
    since the connection was lost.

    >>> Reconnect(backoff="equal_jitter", base="500 ms", cap="30 s").cap
    30.0
    """

    backoff: Literal["none", "exponential", "equal_jitter", "full_jitter", "decorrelated"] = (
        "full_jitter"
    )
    """none: at once; exponential: min(cap, base 2^k); equal_jitter: half of that and up to half
    more; full_jitter: anything from nothing to that; decorrelated: min(cap, anything from base to
    three times the wait before)."""
    base: model.Seconds = 1.0
    """The first wait, before it grows."""
    cap: _UpToADay = 60.0
    """The longest wait, a day at most."""
    give_up_after: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Refusals after which a client gives up; never if left out."""
    answer: _UpToADay = 0.2
    """Until a client knows that it was refused, a day at most."""
    timeout: _UpToADay = 20.0
    """A client that is not connected by then goes away and tries again later; what a server does
    for it is done all the same. Above ``answer``, a day at most. Default: that of Socket.IO
    (https://socket.io/docs/v4/client-options/#timeout)."""

    @model_validator(mode="after")
    def _cap_above_base(self) -> Self:
        if self.cap < self.base:
            raise ValueError("cap must be at least base")
        return self

    @model_validator(mode="after")
    def _waits_for_an_answer(self) -> Self:
        if self.timeout <= self.answer:
            raise ValueError(
                f"timeout must be above answer, but is {self.timeout:g} s of {self.answer:g} s: a "
                "client would go away before any answer can reach it"
            )
        return self


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


class Evidence(model.Model):
    """Why a default is what it is."""

    grade: Literal["published", "assumption"]
    """published: somebody measured or stated it; assumption: our judgment, to be replaced."""
    source: Prose | None = None
    """Where it was published."""
    note: Prose
    """What the source says, or why the assumption was chosen."""

    @model_validator(mode="after")
    def _published_has_source(self) -> Self:
        if self.grade == "published" and not self.source:
            raise ValueError("a published default needs its source")
        return self


def _shape(value: object) -> object:
    return load_shape(value) if isinstance(value, str) else value


def _shape_name(shape: WeeklyShape, serialize: SerializerFunctionWrapHandler) -> object:
    shipped = (name for name in shape_names() if load_shape(name) is shape)
    return next(shipped, None) or serialize(shape)


class Profile(Shown, model.Model):
    """How one client behaves: its sessions, messages, heartbeat and hours of the week.

    >>> profile = load_profile("workplace-chat")
    >>> profile.session.law
    'lognormal'
    """

    title: Name
    """Name for people."""
    description: Prose = ""
    """What kind of product this is."""
    session: SessionLength
    """How long a client stays connected if nothing cuts the connection."""
    weekly_shape: Annotated[
        WeeklyShape,
        BeforeValidator(_shape, json_schema_input_type=str | WeeklyShape),
        WrapSerializer(_shape_name),
    ]
    """When in the week clients are connected: the name of a shipped shape, or your own."""
    flows: Annotated[dict[Name, MessageFlow], Field(max_length=_MOST_FLOWS)]
    """The messages, by a name of your choice."""
    heartbeat: Heartbeat | None = None
    """None if the client sends none."""
    at_connect: AtConnect = AtConnect()
    """Bytes exchanged on every new connection."""
    reconnect: Reconnect = Reconnect()
    """How a client comes back when its connection is lost or refused."""
    application: ApplicationName = DEFAULT_APPLICATION
    """What your own code does with messages and new connections, on servers of your own: the name
    of a kind of application ('estimator list applications'), or none."""
    evidence: dict[Name, Evidence] = Field(default_factory=dict, max_length=_MOST_EVIDENCE)
    """Where each default comes from, by its path, such as session.mean_hours."""

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios that its figures stand for; () if they are single ones."""
        greeting = self.at_connect
        shapes = [greeting.to_client.many, greeting.from_client.many, np.shape(greeting.tells)]
        shapes += [] if greeting.tells_payload is None else [greeting.tells_payload.many]
        for flow in self.flows.values():
            shapes += [np.shape(flow.rate_per_hour), np.shape(flow.fan_out), flow.payload.many]
            shapes.append(np.shape(flow.active_share))
            shapes += [] if flow.batch is None else [np.shape(flow.batch.window)]
        if self.heartbeat is not None:
            beat = self.heartbeat
            shapes += [np.shape(beat.interval_seconds), np.shape(beat.payload_bytes)]
        return np.broadcast_shapes(*shapes)

    def __repr__(self) -> str:
        law, hours = self.session.law, self.session.mean
        return f"<Profile {self.title!r}: {law} sessions of {hours:g} h, {', '.join(self.flows)}>"


@checks_arguments
def profile_names() -> list[str]:
    """The profiles that ship with the package.

    Returns:
        Names for ``load_profile`` and for the profile of a scenario.

    >>> "workplace-chat" in profile_names()
    True
    """
    return model.names_of("profiles")


@checks_arguments
@cache
def load_profile(name: str) -> Profile:
    """A profile that ships with the package.

    Args:
        name: one of ``profile_names``.

    Returns:
        The profile; its rates are messages per hour of an open connection.

    Raises:
        UnknownNameError: there is no such profile.

    >>> load_profile("workplace-chat").flows["posts"].rate_per_hour
    2.3
    """
    return model.load_shipped("profiles", name, Profile)


def resolve_profile(value: object) -> object:
    """Turn what a scenario says of its profile into a profile or its content.

    A text names a shipped profile. A mapping is a profile of its own; with ``extends`` it only
    states what differs from a shipped one, down to a single number.
    """
    if isinstance(value, str):
        return load_profile(value)
    if not (isinstance(value, Mapping) and "extends" in value):
        return value
    changes = {key: item for key, item in value.items() if key != "extends"}
    base = model.read_shipped("profiles", str(value["extends"])).content
    evidence = base.get("evidence", {})
    changed = [path for path in evidence if _states(changes, base, path.split("."))]
    kept = {path: item for path, item in evidence.items() if path not in changed}
    return _merge({**base, "evidence": kept}, changes)


@lru_cache(maxsize=64)
def as_changes(profile: Profile) -> Mapping[str, Any]:
    """What a scenario can say of a profile in the fewest characters.

    Returns:
        What differs from a shipped profile, or all of it.

    >>> own = resolve_profile({"extends": "market-data", "title": "Ticks"})
    >>> as_changes(Profile.model_validate(own))
    {'extends': 'market-data', 'title': 'Ticks'}
    """
    said = _said(profile)
    found = [said]
    for name in profile_names():
        written = model.read_shipped("profiles", name).content
        changes = {"extends": name, **_differences(written, _said(load_profile(name)), said)}
        with suppress(ValueError, EstimatorError):
            if Profile.model_validate(resolve_profile(changes)) == profile:
                found.append(changes)
    return min(found, key=lambda each: len(json.dumps(each)))


def _said(profile: Profile) -> dict[str, Any]:
    return profile.model_dump(mode="json", exclude_unset=True)


def _differences(
    written: Mapping[str, Any], base: Mapping[str, Any], said: Mapping[str, Any]
) -> dict[str, Any]:
    """What is said otherwise, down to single numbers; whole where no mapping is written."""
    return {
        key: _differences(written[key], base[key], value)
        if _adds_to(written.get(key), value)
        else value
        for key, value in said.items()
        if key not in base or base[key] != value
    }


def _profile_name(profile: Profile, serialize: SerializerFunctionWrapHandler) -> object:
    shipped = (name for name in profile_names() if load_profile(name) is profile)
    return next(shipped, None) or serialize(profile)


ProfileGiven = Annotated[
    Profile,
    BeforeValidator(resolve_profile, json_schema_input_type=Profile | str),
    WrapSerializer(_profile_name),
]
"""A profile as people give it: by name, in full, or as changes to a shipped one."""


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old: Any = merged.get(key)
        merged[key] = _merge(old, value) if _adds_to(old, value) else value
    return merged


def _adds_to(old: object, value: object) -> bool:
    """Whether what is said of a part leaves the rest of it; another law has other fields."""
    if not (isinstance(old, Mapping) and isinstance(value, Mapping)):
        return False
    return value.get("law") in (None, old.get("law"))


def _states(changes: Mapping[str, Any], base: Mapping[str, Any], path: list[str]) -> bool:
    """Whether changes say something of what is at a path."""
    key, *rest = path
    if key not in changes:
        return False
    value, old = changes[key], base.get(key, {})
    return not rest or not _adds_to(old, value) or _states(value, old, rest)
