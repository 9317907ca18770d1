"""What do the clients do, hour by hour over a week? The form that every source of demand takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, Numbers
from estimator.demand.arrivals import arrivals_of_each, contradiction_note
from estimator.demand.streams import Direction, MessageStream, passed_to, streams_of
from estimator.demand.visits import NewConnections
from estimator.demand.weekly import Course, Weekly, from_hours, total
from estimator.demand.wire import ACK_BYTES, Layer, connect_layers
from estimator.errors import EstimatorError
from estimator.format import given_text, range_text
from estimator.scenario.application import DEFAULT_APPLICATION
from estimator.scenario.flows import AtConnect, Heartbeat, MessageFlow
from estimator.scenario.model import Hours, ManyHours
from estimator.scenario.profile import Profile
from estimator.scenario.sessions import SessionLength
from estimator.scenario.weekly_shape import load_shape
from estimator.shown import Look, Shown, renderer
from estimator.units import HOURS_PER_MONTH, HOURS_PER_WEEK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROUNDING_NOISE = 1e-9


@checks_arguments
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
    """Connections that limits and sizes are held against in each hour: of an expected week the
    same as ``connections``, of a simulated one the most that were open at once."""
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
    """Age at which connections are cut, if new connections and what is sent at them already include
    those after cuts."""
    by_kind: Mapping[str, Demand] = field(default_factory=dict[str, "Demand"])
    """The demand of each kind of clients by its name, if there are several; of all of them the
    figures are the sums, and ``session`` is that of the first."""
    peak_within_hour: Weekly | None = None
    """Most connections open at one moment of each hour, as far as their course within the hour is
    known from the arrivals; None where ``connections_peak`` is that."""
    uncut: Weekly | None = None
    """New connections before those after cuts were added, if they are known apart."""
    week_hours: FloatArray | None = None
    """Hours of the month that each of its weeks stands for, of shape (weeks, *many) or with ones
    for many, if weeks differ: the first axis of every quantity then is the weeks. None if all of
    them are alike."""
    rates_vary: bool = False
    """Whether an open connection carries more messages in some hours than in others."""
    application: str = DEFAULT_APPLICATION
    """The kind of application that runs on servers of the user's own (application.yaml); of several
    kinds of clients each has its own."""
    requests: Weekly | None = None
    """HTTP requests in each hour; None where a connection becomes a WebSocket, and is the only
    request there is."""
    in_flight: Weekly | None = None
    """Requests that wait for the end of their answer, averaged over each hour; None where that is
    every open connection, as of WebSockets."""
    quiet_seconds: FloatArray | float | None = None
    """Longest time in which nothing comes of an answer that is awaited, of shape (*many,) if it
    differs; None where it follows from messages and heartbeats."""

    @property
    def audience(self) -> str:
        """Connections at the peak and on average, for people."""
        peak = range_text(self.peak_connections, unit="connections at the peak")
        return f"{peak}, {range_text(self.connections.mean)} on average"

    @classmethod
    def of(
        cls,
        connections: Numbers,
        *,
        session: SessionLength | Mapping[str, Any],
        flows: Mapping[str, MessageFlow | Mapping[str, Any]],
        heartbeat: Heartbeat | Mapping[str, Any] | None = None,
        at_connect: AtConnect | Mapping[str, Any] | None = None,
        application: str = DEFAULT_APPLICATION,
        hours_per_month: ManyHours = HOURS_PER_MONTH,
    ) -> Demand:
        """A demand of your own, measured or made up, to be priced instead of the expected one.

        Args:
            connections: open connections averaged over each hour, Monday 00:00 UTC first, of shape
                (168,) or (*many, 168); a single number holds for all hours. Their largest hour is
                the peak.
            session: how long sessions last, as in a profile. New connections follow from it.
            flows: the messages of an open connection, by name, as in a profile: direction,
                rate_per_hour, payload, fan_out, timing, batch, echo and active_share.
            heartbeat: as in a profile; none if left out.
            at_connect: what is sent on every new connection, as in a profile; nothing if left out.
            application: the kind of application behind the server, as in a profile.
            hours_per_month: length of the billing month.

        Raises:
            EstimatorError: connections are not 168 numbers of at least 0, or all are 0.
            ScenarioError: another argument is not what a profile takes.

        >>> from estimator import Scenario, estimate
        >>> demand = Demand.of(
        ...     [200] * 84 + [1_000] * 84,
        ...     session={"law": "exponential", "mean_hours": 0.5},
        ...     flows={
        ...         "posts": {
        ...             "direction": "client_to_server",
        ...             "rate_per_hour": 12,
        ...             "payload": "300 B",
        ...             "fan_out": 20,
        ...         }
        ...     },
        ... )
        >>> [f"{float(demand.per_month(stream.per_hour)):,.0f}" for stream in demand.streams]
        ['5,256,000', '105,120,000']
        >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1_000)
        >>> estimate(scenario, "aws.api_gateway", demand=demand).total > 100
        True
        """
        hours = np.asarray(connections, dtype=np.float64)
        hours = np.full(HOURS_PER_WEEK, hours) if hours.ndim == 0 else hours
        if hours.shape[-1] != HOURS_PER_WEEK:
            raise EstimatorError(
                f"connections must be one number, or {HOURS_PER_WEEK} for the hours of a week, "
                f"but are of shape {hours.shape}"
            )
        if not np.all(np.isfinite(hours) & (hours >= 0)):
            raise EstimatorError(
                "connections must be finite and not negative, "
                f"but are from {hours.min():g} to {hours.max():g}"
            )
        mean = hours.mean(axis=-1, keepdims=True)
        if not np.all(mean > 0):
            raise EstimatorError("connections must be above 0 in at least one hour")
        behavior: dict[str, Any] = {
            "session": session,
            "flows": flows,
            "heartbeat": heartbeat,
            "at_connect": at_connect or {},
            "application": application,
        }
        profile = Profile(title="demand", weekly_shape=load_shape("flat"), **behavior)
        for name, flow in profile.flows.items():
            if flow.to is not None:
                raise EstimatorError(
                    f"flows: {name} goes to '{flow.to}', but this demand is of one kind of "
                    "clients: leave 'to' out"
                )
        try:
            np.broadcast_shapes(hours.shape[:-1], profile.many, np.shape(hours_per_month))
        except ValueError:
            raise EstimatorError(
                "connections, and arrays of the session, flows and month, have unequal lengths"
            ) from None
        found = arrivals_of_each(hours / mean, profile.session)
        opened, new = from_hours(hours), from_hours(found.per_hour * mean)
        return cls(
            connections=opened,
            connections_peak=opened,
            new_connections=new,
            session=profile.session,
            streams=tuple(streams_of(profile, opened, new)),
            hours_per_month=hours_per_month,
            notes=tuple(contradiction_note(found, profile.session)),
            peak_within_hour=from_hours(found.peak_within_hour * mean),
            application=profile.application,
        )

    def __repr__(self) -> str:
        return f"<Demand: {self.audience}>"

    def chart(self, look: Look | None = None) -> Figure:
        """Open connections over the week, of a single scenario.

        Args:
            look: colors and width; dark on white, if left out.
        """
        return renderer().draw("week", self, look)

    @classmethod
    def of_kinds(cls, by_kind: Mapping[str, Demand]) -> Demand:
        """What several kinds of clients do together.

        Args:
            by_kind: the demand of each by its name, over the same month.

        Raises:
            EstimatorError: there is no kind, or months or numbers of scenarios differ.
        """
        each = [*by_kind.values()]
        if not each:
            raise EstimatorError("by_kind must hold the demand of at least one kind of clients")
        if any(not np.array_equal(one.hours_per_month, each[0].hours_per_month) for one in each):
            raise EstimatorError("all kinds of clients need the same hours_per_month")
        try:
            np.broadcast_shapes(*(one.connections.mean.shape for one in each))
        except ValueError:
            raise EstimatorError(
                "all kinds of clients need one scenario, or the same number of them"
            ) from None
        return replace(
            each[0],
            connections=total(one.connections for one in each),
            connections_peak=total(one.connections_peak for one in each),
            new_connections=total(one.new_connections for one in each),
            streams=tuple(
                stream.of(name) for name, one in by_kind.items() for stream in one.streams
            ),
            notes=tuple(f"{name}: {note}" for name, one in by_kind.items() for note in one.notes),
            peak_within_hour=total(
                one.connections_peak if one.peak_within_hour is None else one.peak_within_hour
                for one in each
            ),
            by_kind=by_kind,
            requests=_total_of([one.requests for one in each]),
            in_flight=_total_of([one.in_flight for one in each]),
        )

    def changed(self, change: Callable[[Demand], Demand]) -> Demand:
        """The demand when each kind of clients does something else."""
        if not self.by_kind:
            return change(self)
        changed = self.of_kinds({name: change(one) for name, one in self.by_kind.items()})
        return replace(changed, notes=self.notes, units=self.units)

    @property
    def kinds(self) -> tuple[Demand, ...]:
        """The demand of each kind of clients."""
        return tuple(self.by_kind.values()) or (self,)

    def clients_of(self, stream: MessageStream) -> Demand:
        """The demand of those clients who send or receive a stream."""
        return self.by_kind[stream.clients] if stream.clients else self

    @property
    def sign_ins(self) -> Weekly:
        """How often a client says who it is, and is told what it has missed, in each hour.

        A WebSocket does at each new connection; over HTTP a session goes on whatever its
        connections do.
        """
        return self.new_connections if self.requests is None else self.sessions

    @property
    def all_requests(self) -> Weekly:
        """HTTP requests in each hour; a connection that becomes a WebSocket is one."""
        return self.new_connections if self.requests is None else self.requests

    @property
    def of_requests(self) -> Demand:
        """The demand as a service sees it that knows requests only, each open until answered.

        A WebSocket is a request that stays open, so of WebSockets it is the demand itself.
        """
        if self.requests is None or self.in_flight is None:
            return self
        if self.by_kind:
            return self.changed(lambda kind: kind.of_requests)
        return replace(
            self,
            connections=self.in_flight,
            connections_peak=self.in_flight,
            peak_within_hour=None,
            uncut=self.requests,
        )

    @property
    def sessions(self) -> Weekly:
        """Sessions begun in each hour: new connections without those after cuts.

        Where these are part of what was simulated or measured, it is exact for the week as a whole;
        within it, connections after cuts come later than the sessions they belong to.
        """
        if self.by_kind:
            return total(one.sessions for one in self.kinds)
        if self.uncut is not None:
            return self.uncut
        if self.cut_hours is None:
            return self.new_connections
        return self.new_connections.times(1 / self.session.mean_steps(self.cut_hours))

    @property
    def peak_connections(self) -> FloatArray:
        """The peak: the largest hour of ``connections_peak``, shape (*many,).

        Where weeks differ, shape (weeks, *many).
        """
        return self.connections_peak.peak

    def per_month(self, quantity: Weekly) -> FloatArray:
        """Sum of an hourly quantity over the billing month, shape (*many,)."""
        return over_month(self, quantity.mean)

    def messages(self, direction: Direction) -> tuple[MessageStream, ...]:
        """The streams in one direction that are messages, not control frames."""
        return tuple(s for s in self.streams if s.direction == direction and s.is_message)

    def cut_after(self, hours: Hours) -> Demand:
        """The demand when a service cuts connections at that age and clients come back at once.

        Each session then is several connections, E[ceil(S / hours)] on average: one when it
        begins, and one more after each further ``hours`` that it lasts. Each opens and greets
        anew. A demand whose new connections include those after cuts at that age stays as it is;
        if they include cuts at another age, every hour changes in the proportion of the two. One
        over HTTP stays as it is, too: there answers end, and not connections.
        """
        if self.requests is not None:
            return self
        if self.cut_hours is not None and math.isclose(self.cut_hours, hours):
            return self
        if self.by_kind:
            return self.changed(lambda kind: kind.cut_after(hours))

        def made(begun: Weekly) -> Weekly:
            if self.cut_hours is None:
                repeated = _repeated_of_many if self.session.many else _repeated
                return begun.mapped(lambda course: repeated(course, self.session, hours))
            steps = self.session.mean_steps
            return begun.times(steps(hours) / steps(self.cut_hours))

        streams = tuple(
            replace(s, per_hour=made(s.per_hour)) if s.kind == "at_connect" else s
            for s in self.streams
        )
        return replace(
            self,
            new_connections=made(self.new_connections),
            streams=streams,
            cut_hours=hours,
            uncut=self.new_connections if self.cut_hours is None else self.uncut,
        )

    def traffic(
        self,
        direction: Direction,
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
        # balancer, nodes, checks and bill all ask for the same
        asked = direction, layer, acknowledgements
        if asked not in self._traffic:
            self._traffic[asked] = self._traffic_of(*asked)
        return self._traffic[asked]

    @cached_property
    def _traffic(self) -> dict[tuple[Direction, Layer, bool], Weekly]:
        """What was asked for already."""
        return {}

    def _traffic_of(self, direction: Direction, layer: Layer, acknowledgements: bool) -> Weekly:
        parts = [s.bytes_per_hour(layer) for s in self.streams if s.direction == direction]
        if layer == "ip":
            opening = connect_layers(direction, upgrades=self.requests is None)
            parts.append(self.new_connections.times(opening.total))
            if acknowledgements:
                others = (s for s in self.streams if s.direction != direction)
                answered = (s for s in others if s.is_acknowledged)
                parts += [s.per_hour.times(ACK_BYTES) for s in answered]
        return total(parts)


def _total_of(parts: list[Weekly | None]) -> Weekly | None:
    """The sum; None if none of them is known."""
    known = [part for part in parts if part is not None]
    return total(known) if known else None


def over_month(demand: Demand, each_hour: FloatArray | float) -> FloatArray:
    """Sum over the billing month of what all hours of a week have alike, shape (..., *many).

    Args:
        demand: whose month.
        each_hour: shape (..., *many), or (..., weeks, *many) where weeks differ.
    """
    if demand.week_hours is None:
        return np.asarray(each_hour * demand.hours_per_month)
    return np.sum(each_hour * demand.week_hours, axis=-demand.week_hours.ndim)


def mean_in_month(demand: Demand, of_week: FloatArray) -> FloatArray:
    """The mean over the hours of the billing month, shape (..., *many).

    Args:
        demand: whose month.
        of_week: shape (..., *many), or (..., weeks, *many) where weeks differ.
    """
    return over_month(demand, of_week) / demand.hours_per_month


def most_in_month(demand: Demand, of_week: FloatArray) -> FloatArray:
    """The largest figure of all weeks of the billing month, shape (..., *many).

    Args:
        demand: whose month.
        of_week: shape (..., *many), or (..., weeks, *many) where weeks differ.
    """
    if demand.week_hours is None:
        return of_week
    shape = np.broadcast_shapes(np.shape(of_week), demand.week_hours.shape)
    return np.max(np.broadcast_to(of_week, shape), axis=-demand.week_hours.ndim)


@lru_cache(maxsize=64)
def _repeated(course: Course, session: SessionLength, every_hours: float) -> Course:
    """What happens when sessions begin, and again each so many hours while they last."""
    if isinstance(course, NewConnections):
        return course.cut_after(every_hours)
    response = np.fft.rfft(session.of_each(_repeats_by_lag, every_hours))
    hours = np.fft.irfft(np.fft.rfft(course.hours) * response, HOURS_PER_WEEK)
    # where next to nothing happens, rounding must not leave less
    return Course(np.maximum(hours, 0.0))


# They are as large as an array of many scenarios.
_repeated_of_many = lru_cache(maxsize=8)(_repeated.__wrapped__)


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


def with_flows_between(alone: Mapping[str, Demand], profiles: Mapping[str, Profile]) -> Demand:
    """What several kinds of clients do together, and send each other.

    Args:
        alone: the demand of each kind, without what it receives from others.
        profiles: their profiles; both by the names of the kinds.

    Returns:
        The sum, or the only demand there is.
    """
    alone = {
        name: replace(one, notes=(*one.notes, *_rooms(profiles[name], name, alone)))
        for name, one in alone.items()
    }
    if len(alone) == 1:
        [only] = alone.values()
        return only
    received: dict[str, list[MessageStream]] = {name: [] for name in alone}
    for sender, profile in profiles.items():
        for name, flow in profile.flows.items():
            if flow.to is not None:
                both = alone[flow.to].connections, alone[sender].connections
                received[flow.to].append(passed_to(*both, f"{name} from {sender}", flow))
    return Demand.of_kinds(
        {name: replace(one, streams=(*one.streams, *received[name])) for name, one in alone.items()}
    )


def _rooms(profile: Profile, kind: str, alone: Mapping[str, Demand]) -> Iterator[str]:
    """What is said of flows that would reach more than are connected at the peak."""
    for name, flow in profile.flows.items():
        there = most_in_month(alone[kind], alone[flow.to or kind].peak_connections)
        if np.any(np.asarray(flow.fan_out) > there * (1 + _ROUNDING_NOISE)):
            room, most = (range_text(each, given_text) for each in (flow.fan_out, there))
            yield (
                f"{name}: the fan-out is {room}, but at most {most} are connected; no more receive "
                "a message."
            )
