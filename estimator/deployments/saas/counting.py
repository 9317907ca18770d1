"""What publish-subscribe services count, and what is asked of their limits.

A message counts once when it is published and once per recipient. Signing in and subscribing are
commands of such a service and no messages (Pusher says so, the others do not list them); what the
server sends to a client after it connected is published by it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments.base import Deployment, Request, from_clients, from_server
from estimator.deployments.limits import Check, busiest_second, limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.scenario.sizes import PayloadLaw

_LEAST_SHOWN = 1e-4
"""Share of messages that two digits of a percentage can show."""


class SaasService(Deployment):
    """A managed service."""

    @abstractmethod
    def checks(self, request: Request) -> Iterator[Check]:
        """What is asked of the service's limits, and of those of the plan that is taken."""

    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        """What is asked of the limits there are, without counting usage."""
        return tuple(self.checks(request))

    def size_notes(
        self, streams: Iterable[MessageStream], unit_bytes: float, unit: str
    ) -> Iterator[str]:
        """Which messages are larger than the service lets through."""
        most_bytes = limit_value(f"{self.id}.message_max_bytes")
        return size_notes(streams, most_bytes, f"{most_bytes / unit_bytes:,g} {unit}")


def plan_month(meter_id: str) -> Usage:
    """One month of the plan that everybody needs."""
    text = "one month, whatever its length; comes with the amounts that are included"
    return Usage(meter_id, np.ones(()), text)


def publications(demand: Demand) -> tuple[MessageStream, ...]:
    """Every message once, however many receive it."""
    return from_clients(demand) + from_server(demand)


def before_batching(demand: Demand) -> Demand:
    """The demand as it is published where the service puts messages together, and not a client."""
    return replace(
        demand, streams=tuple(s.batched.messages if s.batched else s for s in demand.streams)
    )


def echoes(demand: Demand) -> tuple[MessageStream, ...]:
    """Clients' own messages that come back to them, of flows that do not have them already."""
    return tuple(s for s in from_clients(demand) if not s.echo)


def in_steps(
    demand: Demand, streams: Iterable[MessageStream], step_bytes: int | None
) -> FloatArray:
    """Messages per month in started steps of so many bytes, or as they are without a step."""
    parts = (s.steps_per_hour(step_bytes) if step_bytes else s.per_hour for s in streams)
    return demand.per_month(total(parts))


def messages_count(demand: Demand, streams: Iterable[MessageStream]) -> str:
    """Messages per month, for a person."""
    return range_text(in_steps(demand, streams, None))


def audience(demand: Demand) -> FloatArray:
    """Most connections that share a message, its sender included; at least 1."""
    shared = (
        np.asarray(s.copies if s.kind == "published" else s.copies + 1.0)
        for s in demand.streams
        if s.kind in ("sent", "published", "at_connect")
    )
    return reduce(np.maximum, shared, np.ones(()))


def groups(connections: Weekly, size: FloatArray) -> Weekly:
    """Channels, rooms or objects that are open while connections are, on average in each hour.

    As many as share the connections among them; but an open connection needs one, however few they
    are. Of a mean of m connections some is open for 1 - exp(-m) of the time (M/G/infinity).

    >>> fifty = Weekly.of(np.array([100.0, 5.0, 0.5]), np.ones(168))
    >>> groups(fifty, np.asarray(50.0)).peak.round(3)
    array([2.   , 0.993, 0.393])
    """
    return from_hours(_open_groups(connections.hourly, size[..., None]))


def most_groups(connections: Weekly, size: FloatArray) -> FloatArray:
    """Channels, rooms or objects that are open in the hour with most of them, shape (*many,)."""
    return _open_groups(connections.peak, size)


def _open_groups(mean: FloatArray, size: FloatArray) -> FloatArray:
    found = np.asarray(mean / size)
    few = found < 1
    if np.any(few):
        some_open = -np.expm1(-np.broadcast_to(mean, found.shape)[few])
        found[few] = np.maximum(found[few], some_open)
    return found


def group_size(given: float | None, demand: Demand) -> tuple[FloatArray, str]:
    """Connections of each channel, room or object, and in words where the figure comes from."""
    if given is not None:
        return np.asarray(given), f"{range_text(given)} connections each, as given"
    size = audience(demand)
    return size, (
        f"{range_text(size)} connections each, the most that share a message, its sender included"
    )


def per_channel(
    demand: Demand, streams: Iterable[MessageStream], channels: FloatArray
) -> FloatArray:
    """Messages in the busiest second of one channel, room or object, shape (*many,).

    They are taken to be spread evenly over so many that are open at the peak.
    """
    return busiest_second(demand, streams).used.peak / np.maximum(channels, 1.0)


def size_notes(streams: Iterable[MessageStream], most_bytes: float, unit: str) -> Iterator[str]:
    """Which messages are larger than the service lets through."""
    sizes: dict[str, tuple[float, PayloadLaw]] = {}
    for stream in streams:
        largest = float(np.max(stream.payload.largest))
        if largest > sizes.get(stream.name, (0.0, None))[0]:
            sizes[stream.name] = largest, stream.payload
    for name, (largest, payload) in sizes.items():
        if largest > most_bytes:
            share = float(np.max(payload.share_above(most_bytes)))
            shown = f"{share:.2%}" if share >= _LEAST_SHOWN else f"less than {_LEAST_SHOWN:.2%}"
            yield (
                f"Messages are limited to {unit}: {shown} of '{name}' must be split or sent "
                f"another way, which is not counted; the largest have {largest:,.0f} bytes."
            )
