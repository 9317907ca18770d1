"""What publish-subscribe services count: a message once when it is published, once per recipient.

Signing in and subscribing are commands of such a service and no messages (Pusher says so, the
others do not list them); what the server sends to a client after it connected is published by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments.base import spread
from estimator.units import SECONDS_PER_HOUR

_WORTH_A_NOTE = 1e-4


def from_clients(demand: Demand) -> tuple[MessageStream, ...]:
    """What clients publish."""
    return tuple(s for s in demand.messages("to_server") if s.kind != "at_connect")


def from_server(demand: Demand) -> tuple[MessageStream, ...]:
    """What the server publishes, once for all who receive it."""
    return tuple(
        # such a stream counts what recipients get
        replace(s, per_hour=s.per_hour.times(1 / np.maximum(s.copies, 1.0)))
        if s.kind == "published"
        else s
        for s in demand.messages("to_client")
        if s.kind != "passed_on"
    )


def publications(demand: Demand) -> tuple[MessageStream, ...]:
    """Every message once, however many receive it."""
    return from_clients(demand) + from_server(demand)


def deliveries(demand: Demand) -> tuple[MessageStream, ...]:
    """Every message once for each client that receives it; the echo to its sender is no part."""
    return demand.messages("to_client")


def in_steps(
    demand: Demand, streams: Iterable[MessageStream], step_bytes: int | None
) -> FloatArray:
    """Messages of a month in started steps of so many bytes, or as they are without a step."""
    parts = (s.steps_per_hour(step_bytes) if step_bytes else s.per_hour for s in streams)
    return demand.per_month(total(parts))


def millions(demand: Demand, streams: Iterable[MessageStream]) -> str:
    """Messages of a month, for a person."""
    return f"{spread(in_steps(demand, streams, None) / 1e6)} M"


def per_second(streams: Iterable[MessageStream]) -> FloatArray:
    """Messages per second in the busiest hour."""
    return total(s.per_hour for s in streams).peak / SECONDS_PER_HOUR


def audience(demand: Demand) -> FloatArray:
    """Most connections that share a message, its sender included; at least 1."""
    shared = (
        np.asarray(s.copies + 1.0 if s.kind == "sent" else s.copies)
        for s in demand.streams
        if s.kind in ("sent", "published")
    )
    return reduce(np.maximum, shared, np.ones(()))


def groups(connections: Weekly, size: FloatArray) -> Weekly:
    """Channels, rooms or objects that are open while connections are.

    As many as share the connections among them; but an open connection needs one, however few
    they are.

    >>> fifty = Weekly.of(np.array([100.0, 5.0, 0.5]), np.ones(168))
    >>> groups(fifty, np.asarray(50.0)).peak
    array([2. , 1. , 0.5])
    """
    hourly = connections.hourly
    return from_hours(np.maximum(hourly / size[..., None], np.minimum(hourly, 1.0)))


def group_size(given: float | None, demand: Demand) -> tuple[FloatArray, str]:
    """Connections of each channel, room or object, and in words where the figure comes from."""
    if given is not None:
        return np.asarray(given), f"{spread(given)} connections each, as given"
    size = audience(demand)
    return size, (
        f"{spread(size)} connections each, the most that share a message, its sender included"
    )


def size_notes(streams: Iterable[MessageStream], most_bytes: float, unit: str) -> Iterator[str]:
    """Which messages are larger than the service lets through."""
    for name, shares in {s.name: s.payload.share_above(most_bytes) for s in streams}.items():
        if (share := float(np.max(shares))) > _WORTH_A_NOTE:
            yield (
                f"Messages end at {unit}: {share:.2%} of '{name}' must be split or sent another "
                "way, which is not counted."
            )
