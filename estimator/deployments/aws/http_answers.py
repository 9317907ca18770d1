"""How large are the answers to polls and streams, and how many steps of a meter are they?

Messages that a poll finds come in one answer, and a meter counts the steps of the whole. How the
sizes of such answers vary is not known, so each step is counted at the mean size of an hour, and
not below what the messages by themselves would be.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total, worked
from estimator.deployments.limits import largest_bytes
from estimator.units import SECONDS_PER_HOUR


def requests(demand: Demand) -> tuple[MessageStream, ...]:
    """Requests of all kinds: polls or streams, and messages of clients."""
    return tuple(s for s in demand.streams if s.form == "request")


def asked(demand: Demand) -> Weekly:
    """Requests for messages per hour: polls, or streams."""
    return total(s.per_hour for s in demand.streams if s.kind == "poll")


def waiting(demand: Demand, answer_seconds: float) -> Weekly:
    """Requests that wait for messages, averaged over each hour.

    Args:
        demand: over HTTP.
        answer_seconds: time in which a message of a client is answered.
    """
    assert demand.in_flight is not None, "only requests wait"
    posts = total(s.per_hour for s in demand.messages("to_server"))
    return worked(
        lambda all_, answering: np.maximum(all_ - answering, 0.0),
        demand.in_flight,
        posts.times(answer_seconds / SECONDS_PER_HOUR),
    )


def stream_bytes(demand: Demand) -> Weekly:
    """Mean bytes of a stream that begins in an hour, with what stands around its events."""
    events = (s.bytes_per_hour("websocket") for s in demand.streams if s.form == "event")
    return worked(_each, total(events), asked(demand))


def stream_steps(demand: Demand, step_bytes: float) -> Weekly:
    """Started steps of streams per hour, one at least for each, by their mean bytes."""
    return total(
        worked(
            lambda streams, size: streams * np.maximum(np.ceil(size / step_bytes), 1.0),
            asked(kind),
            stream_bytes(kind),
        )
        for kind in demand.kinds
    )


def bytes_beyond(demand: Demand, free_bytes: float) -> Weekly:
    """Bytes per hour of streams that are beyond the first so many of each, by their mean bytes."""
    return total(
        worked(
            lambda streams, size: streams * np.maximum(size - free_bytes, 0.0),
            asked(kind),
            stream_bytes(kind),
        )
        for kind in demand.kinds
    )


def per_client(demand: Demand, amount: Weekly) -> Weekly:
    """An amount for each open connection, in each hour."""
    return worked(_each, amount, demand.connections)


def answer_bytes(demand: Demand) -> Weekly:
    """Mean bytes of the answer to a poll that finds messages, without its header.

    Those polls are no more than there are polls, and no more than there are messages.
    """
    found = _found(demand)
    messages, size = total(s.per_hour for s in found), _bytes(found)
    return worked(
        lambda size, polls, messages: _each(size, np.minimum(polls, messages)),
        size,
        asked(demand),
        messages,
    )


def more_steps(demand: Demand, step_bytes: float) -> Weekly:
    """Steps per hour that started beyond the first one of each answer to a poll."""
    return total(_more_steps(kind, step_bytes) for kind in demand.kinds)


def more_steps_alone(messages: Iterable[MessageStream], step_bytes: float) -> Weekly:
    """Steps per hour that started beyond the first one of each message."""
    return total(s.per_hour.times(s.payload.steps(step_bytes) - 1) for s in messages)


def _more_steps(kind: Demand, step_bytes: float) -> Weekly:
    found = _found(kind)
    alone = more_steps_alone(found, step_bytes)

    def more(
        polls: FloatArray, messages: FloatArray, size: FloatArray, alone: FloatArray
    ) -> FloatArray:
        together = np.maximum(np.ceil(size / step_bytes) - 1, 0.0) * np.minimum(polls, messages)
        return np.maximum(together, alone)

    return worked(more, asked(kind), total(s.per_hour for s in found), answer_bytes(kind), alone)


def largest_body(demand: Demand) -> FloatArray:
    """The largest request, or answer to one, without headers, shape (*many,).

    That of an answer with many messages is the mean one of the busiest hour; what is sent in a
    stream is no answer by itself.
    """
    found = [answer_bytes(kind).peak for kind in demand.kinds]
    bodies = (*demand.messages("to_server"), *_found(demand))
    return reduce(np.maximum, found, largest_bytes(bodies))


def _found(demand: Demand) -> list[MessageStream]:
    """Messages in the answers to polls."""
    return [s for s in demand.messages("to_client") if s.form == "within"]


def _bytes(messages: Iterable[MessageStream]) -> Weekly:
    return total(s.bytes_per_hour("payload") for s in messages)


def _each(amount: FloatArray, of: FloatArray) -> FloatArray:
    """An amount divided by what it is of; 0 of none."""
    amount, of = np.broadcast_arrays(amount, of)
    return np.divide(amount, of, out=np.zeros(amount.shape), where=of > 0)
