"""What the message services of AWS ask of a demand: sizes, rates of a connection, publications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, MessageStream
from estimator.demand.weekly import Weekly
from estimator.deployments.limits import Check, limit_value

_RARE_SHARE = 1e-6
"""Larger messages than this share of a stream decide no limit: laws of sizes have endless tails.
Assumption."""


def published_once(streams: Iterable[MessageStream]) -> tuple[MessageStream, ...]:
    """What the server publishes, each message once and not once for each who receives it."""
    return tuple(_published_once(streams))


def _published_once(streams: Iterable[MessageStream]) -> Iterator[MessageStream]:
    for stream in streams:
        if stream.direction != "to_client":
            continue
        if stream.kind == "published":
            yield replace(stream, per_hour=stream.per_hour.times(1 / np.maximum(stream.copies, 1)))
        elif stream.kind == "at_connect":
            yield stream


def large_bytes(streams: Iterable[MessageStream]) -> FloatArray:
    """The size that all but a millionth of the messages of every stream stay within, (*many,)."""
    sizes = (s.payload.stay_within(_RARE_SHARE) for s in streams if s.is_message)
    return reduce(np.maximum, sizes, np.zeros(()))


def per_connection(demand: Demand, quantity: Weekly) -> FloatArray:
    """Mean of an hourly quantity for one open connection, an hour; 0 if none is open."""
    connections, amount = np.broadcast_arrays(demand.connections.mean, quantity.mean)
    return np.divide(
        amount, connections, out=np.zeros(connections.shape), where=np.asarray(connections > 0)
    )


def size_check(limit_id: str, streams: Iterable[MessageStream]) -> Check:
    """Whether messages are small enough."""
    return Check(limit_id, large_bytes(streams), limit_value(limit_id))
