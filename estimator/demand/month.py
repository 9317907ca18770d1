"""Which demand has a month whose weeks differ? The usual week, and those of the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, with_flows_between
from estimator.demand.expected import demand_by_kind, expected_demand
from estimator.demand.streams import MessageStream, streams_of
from estimator.demand.visits import NewConnections, Visit
from estimator.demand.weekly import Course, Weekly, total
from estimator.scenario.calendar import CalendarWeek
from estimator.scenario.clients import MAIN
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario
from estimator.scenario.sessions import SessionLength
from estimator.units import HOURS_PER_WEEK

_FLOWS = ("sent", "passed_on", "published")
"""Kinds of messages that a busy hour multiplies."""


def expected_month(scenario: Scenario) -> Demand:
    """Mean demand of a scenario in every hour of each week of the month.

    Without a calendar all weeks are the usual one, and this is ``expected_demand``. Otherwise the
    first axis of every quantity is the weeks: the usual one, then those of
    ``Scenario.calendar_weeks``.

    Args:
        scenario: who connects, from where, how often, and what happens sometimes.

    >>> launch = {"name": "Launch", "on": "Tue 14:00", "lasts_hours": 3, "connections": 5_000}
    >>> base = {"profile": "market-data", "location": "virginia", "peak_connections": 1_000}
    >>> month = expected_month(Scenario(**base, calendar=[launch]))
    >>> month.week_hours, month.connections.hourly.shape
    (array([562., 168.]), (2, 168))
    """
    weeks = scenario.calendar_weeks
    if not weeks:
        return expected_demand(scenario)
    usual = demand_by_kind(scenario.with_calendar(()))
    ones = (1,) * len(scenario.many)
    in_week = np.eye(1 + len(weeks))[1:].reshape(len(weeks), -1, *ones)
    session = scenario.profile.session
    # those of many laws are as large as an array of many scenarios
    more_in = _more.__wrapped__ if session.many else _more
    more = [more_in(week, session) for week in weeks]
    week_hours = _week_hours(scenario, weeks)
    by_kind = {name: replace(kind, week_hours=week_hours) for name, kind in usual.items()}

    def of_weeks(courses: Iterable[Course]) -> Weekly:
        return Weekly(tuple(zip(in_week, courses, strict=True)))

    by_kind[MAIN] = _joined(
        by_kind[MAIN],
        scenario.profile,
        of_weeks(one.connections for one in more),
        of_weeks(one.new_connections for one in more),
    )
    month = with_flows_between(by_kind, scenario.profiles)
    if len(by_kind) > 1:
        others = ", ".join(name for name in by_kind if name != MAIN)
        note = f"What is on the calendar brings clients of the main kind, and no more {others}."
        month = replace(month, notes=(*month.notes, note))
    factors = [
        (only, one.factor_beyond_1)
        for only, one in zip(in_week, more, strict=True)
        if one.factor_beyond_1.any()
    ]
    return month.changed(lambda kind: _busier(kind, factors)) if factors else month


def _joined(
    usual: Demand, profile: Profile, connections: Weekly, new_connections: Weekly
) -> Demand:
    """Clients, and those who come for the calendar and behave like them."""
    together = total((usual.connections, connections))
    new = total((usual.new_connections, new_connections))
    return replace(
        usual,
        connections=together,
        connections_peak=total((usual.connections_peak, connections)),
        new_connections=new,
        streams=tuple(streams_of(profile, together, new, together.peak.max(axis=0))),
        peak_within_hour=None,
    )


def _busier(usual: Demand, factors: Sequence[tuple[FloatArray, FloatArray]]) -> Demand:
    """Clients that send more in some hours.

    Args:
        usual: without that.
        factors: the week (1 there, 0 elsewhere), and by how much more than once all messages are
            sent in each of its hours.
    """
    by_hour = sum((only[..., None] * more for only, more in factors), np.ones(()))

    def with_more(stream: MessageStream) -> Iterator[MessageStream]:
        if stream.kind not in _FLOWS:
            yield stream
        elif stream.batched is not None:
            yield from stream.batched.at_factors(by_hour)
        else:
            more = (_multiplied(stream.per_hour, only, factor) for only, factor in factors)
            yield replace(stream, per_hour=total((stream.per_hour, *more)))

    streams = tuple(chain.from_iterable(map(with_more, usual.streams)))
    return replace(usual, streams=streams, rates_vary=True)


@dataclass(frozen=True, slots=True)
class _More:
    """What comes on top of the usual week in a week of the calendar."""

    connections: Course
    new_connections: NewConnections
    factor_beyond_1: FloatArray
    """By how much more than once all messages are carried in each hour, shape (168,)."""


@lru_cache(maxsize=256)
def _more(week: CalendarWeek, session: SessionLength) -> _More:
    connections, factor = np.zeros(HOURS_PER_WEEK), np.ones(HOURS_PER_WEEK)
    visits: list[Visit] = []
    for number, entry in enumerate(week.entries):
        hours, levels = week.hours_of(number), entry.levels * entry.connections
        visits.append(Visit(hours, tuple(levels.tolist())))
        connections[[*hours]] += levels
        factor[[*hours]] = np.maximum(factor[[*hours]], entry.messages_factor)
    return _More(
        Course(connections),
        NewConnections(tuple(visits), session),
        factor - 1,
    )


def _multiplied(usual: Weekly, only: FloatArray, factor: FloatArray) -> Weekly:
    """A quantity of the usual week times a factor for each hour, in one week."""
    return Weekly(
        tuple(
            (np.asarray(scale * only), Course(course.hours * factor))
            for scale, course in usual.terms
        )
    )


def _week_hours(scenario: Scenario, weeks: Sequence[CalendarWeek]) -> FloatArray:
    """Hours of the month that each week stands for, shape (1 + weeks, *many or ones)."""
    dimensions = len(scenario.many)
    month = np.asarray(scenario.hours_per_month, dtype=np.float64)
    month = month.reshape((1,) * (dimensions - month.ndim) + month.shape)
    each = [np.full(month.shape, week.times_per_month * HOURS_PER_WEEK) for week in weeks]
    return np.stack([np.maximum(month - sum(each), 0.0), *each])
