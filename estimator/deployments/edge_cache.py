"""Which polls do caches at the edge of a network answer, and which reach the origin?

A cache keeps an answer for a time, t, and asks the origin for the next request after that. Polls of
many clients come at random, so that a cache with r polls per second asks the origin once in
t + 1/r seconds, whatever the interval of a client (``polls_at_origin``). That takes answers which
are the same for all (``differing_flow``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, most_in_month
from estimator.demand.over_http import is_of_polls
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total, worked
from estimator.deployments.base import Options
from estimator.errors import NotCarriedError
from estimator.format import range_text
from estimator.units import SECONDS_PER_HOUR

_NONE = Weekly(())
_ROUNDING_NOISE = 1e-9


class EdgeCacheOptions(Options):
    """Choices for polls that caches answer."""

    cache_seconds: Annotated[float, Field(gt=0, le=86_400)] = 1
    """How long a cache keeps an answer (Cache-Control: max-age): by as much a message can come
    later. Assumption: the shortest that a header can say."""
    edge_caches: Annotated[float, Field(ge=1)] = 10
    """Caches that ask the origin, each for itself. Assumption: clients in one part of the world
    reach some ten sites; a cache between these and the origin makes them fewer."""


def refuse_differing(deployment_id: str, demand: Demand) -> None:
    """Refuse a demand whose answers to polls are not the same for all clients.

    Args:
        deployment_id: of who refuses.
        demand: as WebSockets would carry it.

    Raises:
        NotCarriedError: a flow is not; the message names it.
    """
    for kind in demand.kinds:
        if flow := differing_flow(kind):
            raise NotCarriedError(
                f"{deployment_id} answers polls from caches, and so carries only what is the same "
                f"for all clients; '{flow.name}' is not. If all receive the same, give that flow "
                "the direction server_to_client and a fan_out of all who are connected at the peak."
            )


def differing_flow(kind: Demand) -> MessageStream | None:
    """A flow to clients of one kind that does not reach all of them; None if each does.

    What a new client is greeted with is left out: it comes from the origin, one request each.
    """
    everybody = kind.peak_connections * (1 - _ROUNDING_NOISE)
    return next(
        (
            stream
            for stream in kind.messages("to_client")
            if stream.kind != "heartbeat"
            and not _is_greeting(stream)
            and np.any(np.maximum(stream.copies, 1.0) < everybody)
        ),
        None,
    )


def _is_greeting(stream: MessageStream) -> bool:
    return stream.kind == "at_connect" and not stream.tells_others


def polls_at_origin(polls: Weekly, options: EdgeCacheOptions) -> Weekly:
    """Polls per hour that caches pass on: of r per second in each cache, r / (1 + r t).

    It is the hit ratio r t / (1 + r t) of a cache that keeps answers for a time t when requests
    come at random (J. Jung, A. Berger and H. Balakrishnan, Modeling TTL-based Internet caches,
    IEEE INFOCOM 2003), and never more than one request in t for each cache. Requests that come
    while a cache waits for the origin are taken to wait with it.

    Args:
        polls: per hour, of all clients.
        options: how many caches there are, and how long they keep an answer.

    >>> from estimator.demand.weekly import ALWAYS
    >>> polls = Weekly.of(np.array(2_000.0 * 3_600), ALWAYS)
    >>> round(float(polls_at_origin(polls, EdgeCacheOptions()).mean / 3_600), 3)
    9.95
    """
    # of all caches together, an answer is asked for so many times an hour at most
    most = SECONDS_PER_HOUR * options.edge_caches / options.cache_seconds
    return worked(lambda asked: asked / (1 + asked / most), polls)


def cache_note(demand: Demand, options: EdgeCacheOptions) -> str:
    """How many polls reach the origin, what the caches must be told, and what that delays.

    Args:
        demand: as it reaches the caches.
        options: how many caches there are, and how long they keep an answer.
    """
    polls = total(s.per_hour for s in demand.streams if s.kind == "poll")
    reached = polls_at_origin(polls, options)
    asked, left = (
        range_text(most_in_month(demand, each.peak) / SECONDS_PER_HOUR) for each in (polls, reached)
    )
    return (
        f"Let caches keep answers for {options.cache_seconds:g} seconds (Cache-Control: max-age): "
        f"of {asked} polls per second in the busiest hour, {left} reach the origin, and a message "
        "comes later by as much at most."
    )


def at_origin(demand: Demand, options: EdgeCacheOptions) -> Demand:
    """What is left of a demand over polls behind the caches.

    Caches hold the connections of clients, and keep a few of their own to the origin: it knows
    requests that it answers, and no new connections. An answer holds what came in the interval of a
    client, so that messages in answers are left in proportion to the polls; each is published once
    at least. What a new client is greeted with takes one poll that no cache answers.

    Args:
        demand: as it reaches the caches.
        options: how many caches there are, and how long they keep an answer.
    """
    return demand.changed(lambda kind: _kind_at_origin(kind, options))


def _kind_at_origin(kind: Demand, options: EdgeCacheOptions) -> Demand:
    assert kind.requests is not None, "polls are requests"
    assert kind.in_flight is not None, "polls are answered"
    polls = total(s.per_hour for s in kind.streams if s.kind == "poll")
    greeted = kind.sessions if any(map(_is_greeting, kind.messages("to_client"))) else _NONE
    passed_on = worked(np.minimum, polls, total((polls_at_origin(polls, options), greeted)))
    share = worked(_part, passed_on, polls)
    others = worked(lambda all_, polls: np.maximum(all_ - polls, 0.0), kind.requests, polls)
    requests = total((passed_on, others))
    waiting = worked(
        lambda waiting, all_, left: waiting * _part(left, all_),
        kind.in_flight,
        kind.requests,
        requests,
    )
    return replace(
        kind,
        connections=waiting,
        connections_peak=waiting,
        peak_within_hour=None,
        new_connections=_NONE,
        streams=tuple(
            _stream_at_origin(s, share, options) for s in kind.streams if not _is_header(s)
        ),
        requests=requests,
        in_flight=waiting,
        uncut=kind.sessions,
    )


def _stream_at_origin(
    stream: MessageStream, share: Weekly, options: EdgeCacheOptions
) -> MessageStream:
    """A stream as far as it is of requests that caches pass on."""
    if not is_of_polls(stream) or _is_greeting(stream):
        return stream
    per_hour = worked(np.multiply, stream.per_hour, share)
    if stream.kind != "published":
        return replace(stream, per_hour=per_hour)
    once = stream.once_per_hour
    return replace(
        stream,
        per_hour=worked(np.maximum, per_hour, once),
        receivers=worked(lambda left, once: _part(left, once), per_hour, once),
        at_once=np.minimum(stream.at_once, options.edge_caches),
    )


def _is_header(stream: MessageStream) -> bool:
    """Whether it is what each connection of a client begins with."""
    return stream.kind == "answer" and stream.form == "within"


def _part(some: FloatArray, whole: FloatArray) -> FloatArray:
    """One quantity as a multiple of another, 0 where there is nothing of that."""
    some, whole = np.broadcast_arrays(some, whole)
    return np.divide(some, whole, out=np.zeros(whole.shape), where=whole > 0)
