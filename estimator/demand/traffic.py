"""Of what is the traffic made? Each stream of messages, how often, how large, and by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from estimator.demand.demand import Demand
from estimator.demand.streams import Direction, MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.demand.wire import ACK_BYTES, WireLayers, connect_layers
from estimator.scenario.sizes import PayloadLaw
from estimator.units import HOURS_PER_WEEK

DIRECTIONS: tuple[Direction, ...] = ("to_client", "to_server")


@dataclass(frozen=True, slots=True)
class Carried:
    """What travels in one direction for one reason, at every layer."""

    name: str
    direction: Direction
    kind: str
    """Kind of the stream of messages, or ``acknowledgement``, or ``connect``."""
    times_per_hour: Weekly
    """Messages, acknowledgements or new connections in each hour."""
    each: WireLayers
    """Mean bytes of one of them."""
    payload: PayloadLaw | None = None
    """The law of its payloads; None for what carries none."""

    def bytes_per_month(self, demand: Demand) -> WireLayers:
        """Bytes of the billing month by layer, each of shape (*many,)."""
        times = demand.per_month(self.times_per_hour)
        return self.each.mapped(lambda layer: times * layer)


def traffic_breakdown(demand: Demand) -> tuple[Carried, ...]:
    """Everything on the wire: together what ``Demand.traffic`` counts at the IP layer."""
    return tuple(
        part
        for direction in DIRECTIONS
        for part in (
            *(_messages(s) for s in demand.streams if s.direction == direction),
            _acknowledgements(demand, direction),
            Carried(
                "opening connections",
                direction,
                "connect",
                demand.new_connections,
                connect_layers(direction, upgrades=demand.requests is None),
            ),
        )
    )


def _messages(stream: MessageStream) -> Carried:
    return Carried(
        stream.name,
        stream.direction,
        stream.kind,
        stream.per_hour,
        stream.layers,
        stream.payload,
    )


def _acknowledgements(demand: Demand, direction: Direction) -> Carried:
    """One for each message of the other direction."""
    others = (s for s in demand.streams if s.direction != direction)
    answered = [s.per_hour for s in others if s.is_acknowledged]
    times = total(answered) if answered else demand.new_connections.times(0.0)
    each = WireLayers(payload=0.0, websocket=0.0, tls=0.0, tcp_ip=float(ACK_BYTES))
    return Carried("acknowledgements", direction, "acknowledgement", times, each)


def busiest_hour(demand: Demand) -> int:
    """Hour of the week with most messages in both directions; of connections, if there are none.

    Hour 0 is Monday 00:00 UTC. For a single scenario.
    """
    messages = [s.per_hour for s in demand.streams if s.is_message]
    hourly = total(messages).hourly if messages else demand.connections_peak.hourly
    return int(np.argmax(np.reshape(hourly, (-1, HOURS_PER_WEEK))[0]))
