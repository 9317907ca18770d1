"""How do quiet connections stay open on a managed service, and does it count what keeps them?"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.files import Sourced, load_mapping
from estimator.units import SECONDS_PER_HOUR

_KEEP_ALIVE = "keep-alive"
"""Name of the stream of messages that take the place of pings."""
_SHARE_OF_TIMEOUT = 0.75


class HeartbeatRule(Sourced):
    """What a heartbeat of kind protocol becomes on a managed service."""

    sent_by: Literal["service", "client"]
    """Who sends it first."""
    counted: bool
    """Whether it is a message that is billed."""
    words: str
    """What it is, for people; fits after "Heartbeats are"."""


def heartbeat_rule(deployment_id: str) -> HeartbeatRule | None:
    """The rule of a managed service; None where servers of your own send WebSocket pings.

    >>> heartbeat_rule("aws.api_gateway").counted, heartbeat_rule("aws.alb_ec2")
    (True, None)
    """
    return load_mapping("heartbeats.yaml", HeartbeatRule).get(deployment_id)


def keep_alive_seconds(timeout_seconds: float) -> float:
    """Time between two messages of a client that outlive an idle timeout for sure.

    Three quarters of the timeout: browsers delay the timers of hidden pages by up to a minute
    (https://developer.chrome.com/blog/timer-throttling-in-chrome-88), and a use of 80% of a limit
    is a risk. Assumption.

    >>> keep_alive_seconds(600)
    450.0
    """
    return _SHARE_OF_TIMEOUT * timeout_seconds


def without_pings(demand: Demand) -> Demand:
    """The demand of clients that nobody pings."""
    return replace(demand, streams=tuple(s for s in demand.streams if s.kind != "ping"))


def as_client_messages(demand: Demand, every_seconds: float) -> Demand:
    """The demand when each client sends a message where it would have been pinged.

    Args:
        demand: unchanged if there are no pings.
        every_seconds: time between two such messages of a client.
    """
    pings = [stream for stream in demand.streams if stream.kind == "ping"]
    if not pings:
        return demand
    beats = demand.connections.times(SECONDS_PER_HOUR / every_seconds)
    keep_alive = MessageStream(_KEEP_ALIVE, "to_server", "heartbeat", beats, pings[0].payload)
    others = without_pings(demand).streams
    return replace(demand, streams=(*others, keep_alive))


def is_keep_alive(stream: MessageStream) -> bool:
    """Whether messages took the place of pings, of whichever kind of clients."""
    return stream.kind == "heartbeat" and stream.name.endswith(_KEEP_ALIVE)


def no_faster(demand: Demand, least_seconds: float) -> Demand:
    """The demand when pings of a connection are at least so many seconds apart."""

    def slowed(stream: MessageStream) -> MessageStream:
        beats, most = np.broadcast_arrays(
            stream.per_hour.mean, demand.connections.mean * SECONDS_PER_HOUR / least_seconds
        )
        if not np.any(beats > most):
            return stream
        share = np.divide(most, beats, out=np.ones(beats.shape), where=beats > most)
        return replace(stream, per_hour=stream.per_hour.times(share))

    streams = (slowed(s) if s.kind == "ping" else s for s in demand.streams)
    return replace(demand, streams=tuple(streams))
