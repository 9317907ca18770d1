"""What the clients do, hour by hour over a week: the one form all springs of demand share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.weekly import Course, Weekly, total
from estimator.demand.wire import ACK_BYTES, Layer, connect_bytes, mean_message_bytes
from estimator.format import range_text
from estimator.scenario.sessions import SessionLength
from estimator.scenario.sizes import SizeDistribution
from estimator.shown import Shown
from estimator.units import HOURS_PER_WEEK


@dataclass(frozen=True, slots=True)
class MessageStream:
    """Messages of one kind in one direction, seen from the server."""

    name: str
    direction: Literal["to_server", "to_client"]
    kind: Literal["sent", "passed_on", "published", "at_connect", "heartbeat", "ping"]
    """sent: by a client; passed_on: a client's message, to others; published: by the server;
    ping: WebSocket control frames, which are traffic but not messages."""
    per_hour: Weekly
    """Messages per hour; a broadcast to n connections is n messages."""
    payload: SizeDistribution
    copies: FloatArray | float = 0.0
    """sent: connections it is passed on to; published: connections that share it."""

    @property
    def is_message(self) -> bool:
        """Whether services that meter messages could count it."""
        return self.kind != "ping"

    def bytes_per_hour(self, layer: Layer) -> Weekly:
        """Traffic in the direction of the stream."""
        masked = self.direction == "to_server"
        return self.per_hour.times(mean_message_bytes(self.payload, layer, masked=masked))

    def steps_per_hour(self, step_bytes: float) -> Weekly:
        """Messages counted in started steps of ``step_bytes`` (size by size, not by the mean)."""
        return self.per_hour.times(self.payload.steps(step_bytes))


@dataclass(frozen=True, slots=True, repr=False)
class Demand(Shown):
    """Everything a deployment can be asked to carry, hour by hour and by the month.

    >>> from estimator import Scenario, expected_demand
    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> round(float(expected_demand(scenario).peak_connections), 6)
    1000.0
    """

    connections: Weekly
    """Open connections averaged over each hour."""
    connections_peak: Weekly
    """Most connections open at once within each hour."""
    new_connections: Weekly
    """Connections made in each hour; one per session unless a service cuts them (``cut_hours``)."""
    session: SessionLength
    """How long they would last."""
    streams: tuple[MessageStream, ...]
    """All messages, in both directions."""
    hours_per_month: float | FloatArray
    """Length of the billing month, of shape (*many,) if it differs."""
    notes: tuple[str, ...] = ()
    """What a reader should know about how the demand came to be."""
    units: Weekly | None = None
    """Units (nodes, instances) that ran, averaged over each hour, where that was simulated or
    measured; None where a deployment must work them out."""
    cut_hours: float | None = None
    """Age at which connections are cut, if connects and what is sent at them already include
    those after cuts."""

    @property
    def audience(self) -> str:
        """Connections at the peak and on average, for people."""
        peak = range_text(self.peak_connections, unit="connections at the peak")
        return f"{peak}, {range_text(self.connections.mean)} on average"

    def __repr__(self) -> str:
        return f"<Demand: {self.audience}>"

    @property
    def sessions(self) -> Weekly:
        """Sessions begun in each hour: connects without those after cuts.

        Exact for the week as a whole; within it, connects after cuts come later than the sessions
        they belong to.
        """
        if self.cut_hours is None:
            return self.new_connections
        return self.new_connections.times(1 / self.session.mean_steps(self.cut_hours))

    @property
    def peak_connections(self) -> FloatArray:
        """Most connections open at once in the week, shape (*many,)."""
        return self.connections_peak.peak

    @property
    def weeks_per_month(self) -> float | FloatArray:
        """Weeks in the billing month."""
        return self.hours_per_month / HOURS_PER_WEEK

    def per_month(self, quantity: Weekly) -> FloatArray:
        """Sum of an hourly quantity over the billing month, shape (*many,)."""
        return quantity.mean * self.hours_per_month

    def messages(self, direction: Literal["to_server", "to_client"]) -> tuple[MessageStream, ...]:
        """The streams in one direction that are messages, not control frames."""
        return tuple(s for s in self.streams if s.direction == direction and s.is_message)

    def cut_after(self, hours: float) -> Demand:
        """The demand when a service cuts connections at that age and clients come back at once.

        Each session then is several connections, E[ceil(S / hours)] on average: one when it
        begins, and one more after each further ``hours`` that it lasts. Each opens and greets
        anew. A demand whose connects include those after cuts at that age stays as it is; if they
        include cuts at another age, every hour changes in the proportion of the two.
        """
        if self.cut_hours is not None and math.isclose(self.cut_hours, hours):
            return self

        def made(begun: Weekly) -> Weekly:
            if self.cut_hours is None:
                return _repeated(begun, self.session, hours)
            steps = self.session.mean_steps
            return begun.times(steps(hours) / steps(self.cut_hours))

        streams = (
            replace(s, per_hour=made(s.per_hour)) if s.kind == "at_connect" else s
            for s in self.streams
        )
        return replace(
            self,
            new_connections=made(self.new_connections),
            streams=tuple(streams),
            cut_hours=hours,
        )

    def traffic(
        self,
        direction: Literal["to_server", "to_client"],
        layer: Layer,
        *,
        acknowledgements: bool = True,
    ) -> Weekly:
        """Bytes per hour in one direction.

        Args:
            direction: ``to_client`` is what leaves the cloud.
            layer: what is counted; handshakes and acknowledgements only exist at ``ip``.
            acknowledgements: count the TCP acknowledgements of the opposite direction.
        """
        parts = [s.bytes_per_hour(layer) for s in self.streams if s.direction == direction]
        if layer == "ip":
            handshake = getattr(connect_bytes(), direction)
            parts.append(self.new_connections.times(handshake))
            if acknowledgements:
                answered = (s for s in self.streams if s.direction != direction)
                parts += [s.per_hour.times(ACK_BYTES) for s in answered]
        return total(parts)


def _repeated(begun: Weekly, session: SessionLength, every_hours: float) -> Weekly:
    """What happens when sessions begin, and again each so many hours while they last."""
    return Weekly(
        tuple(
            (scale, _repeated_course(course, session, every_hours)) for scale, course in begun.terms
        )
    )


@lru_cache(maxsize=64)
def _repeated_course(course: Course, session: SessionLength, every_hours: float) -> Course:
    response = np.fft.rfft(_repeats_by_lag(session, every_hours))
    return Course(np.fft.irfft(np.fft.rfft(course.hours) * response, HOURS_PER_WEEK))


def _repeats_by_lag(session: SessionLength, every_hours: float) -> FloatArray:
    """Mean repetitions so many hours after the beginning, folded into one week, shape (168,).

    Their sum is E[ceil(S / every_hours)]. A lag between two hours is shared by both.
    """
    weeks_looked_at = 4
    count = int(np.ceil(weeks_looked_at * HOURS_PER_WEEK / every_hours))
    lags = np.arange(count, dtype=np.float64) * every_hours
    alive = session.survival(lags)
    hours = np.floor(lags)
    late = lags - hours
    by_lag = np.zeros(HOURS_PER_WEEK)
    np.add.at(by_lag, hours.astype(int) % HOURS_PER_WEEK, alive * (1 - late))
    np.add.at(by_lag, (hours.astype(int) + 1) % HOURS_PER_WEEK, alive * late)
    # what lasts longer than that is spread evenly by then
    return by_lag + (session.mean_steps(every_hours) - by_lag.sum()) / HOURS_PER_WEEK
