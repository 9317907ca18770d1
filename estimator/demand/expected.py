"""Which demand is expected of a scenario? In closed form, hour by hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.demand.arrivals import Arrivals, arrivals_of_each, contradiction_note
from estimator.demand.demand import Demand, with_flows_between
from estimator.demand.streams import streams_of
from estimator.demand.weekly import Course, Weekly
from estimator.format import range_text
from estimator.scenario.profile import OtherClients
from estimator.scenario.scenario import Scenario
from estimator.scenario.sessions import SessionLength

_WORTH_A_NOTE = 0.1


@checks_arguments
def expected_demand(scenario: Scenario) -> Demand:
    """Mean demand of a scenario in every hour of the usual week.

    Open connections, and their peak, follow the weekly shape exactly, scaled to the audience. New
    connections are the arrivals that produce them (``arrivals``): per week the open connections
    over the mean session. Messages follow the open connections.

    Args:
        scenario: who connects, from where, how often; of arrays, if there are many.

    Returns:
        Open connections, new connections and messages per hour, shape (*many, 168), Monday 00:00
        UTC first.

    >>> from estimator.scenario.scenario import Scenario
    >>> demand = expected_demand(
    ...     Scenario(profile="market-data", location="virginia", mean_connections=1000)
    ... )
    >>> round(float(demand.connections.mean), 6)
    1000.0
    """
    demand = with_flows_between(demand_by_kind(scenario), scenario.profiles)
    if not scenario.calendar:
        return demand
    note = "This is the usual week; what is on the calendar comes on top of it."
    return replace(demand, notes=(*demand.notes, note))


def demand_by_kind(scenario: Scenario) -> dict[str, Demand]:
    """Mean demand of each kind of clients in the usual week, without what others send them."""
    return {name: _of_kind(scenario, kind) for name, kind in scenario.kinds.items()}


def _of_kind(scenario: Scenario, kind: Scenario | OtherClients) -> Demand:
    """Demand of one kind of clients, without what others send them."""
    profile = kind.profile
    levels = tuple(scenario.weekly_levels(kind).tolist())
    arrivals = arrivals_of(scenario, kind)
    scales = _mean_connections(scenario, kind, arrivals)
    scale = np.broadcast_to(next(iter(scales.values())), scenario.many)
    # those of many laws are as large as an array of many scenarios
    courses = _courses.__wrapped__ if profile.session.many else _courses
    connections, new_connections, peak_within_hour = (
        Weekly.of(scale, course) for course in courses(levels, profile.session)
    )
    return Demand(
        connections=connections,
        connections_peak=connections,
        new_connections=new_connections,
        session=profile.session,
        streams=tuple(streams_of(profile, connections, new_connections)),
        hours_per_month=scenario.hours_per_month,
        notes=(
            *_disagreements(scales),
            *contradiction_note(arrivals, profile.session, scenario.clock),
        ),
        peak_within_hour=peak_within_hour,
        application=profile.application,
    )


@lru_cache(maxsize=64)
def _courses(levels: tuple[float, ...], law: SessionLength) -> tuple[Course, Course, Course]:
    """Open and new connections, and most within the hour: what all audiences of a profile share."""
    arrivals = arrivals_of_each(np.array(levels), law)
    return Course(np.array(levels)), Course(arrivals.per_hour), Course(arrivals.peak_within_hour)


def audiences(scenario: Scenario) -> dict[str, FloatArray]:
    """Peak connections by each way in which the audience was given; the first one is used.

    >>> from estimator.scenario.scenario import Scenario
    >>> audiences(Scenario(profile="market-data", location="virginia", peak_connections=1000))
    {'peak_connections': array(1000.)}
    """
    peak = scenario.weekly_levels(scenario).max()
    scales = _mean_connections(scenario, scenario, arrivals_of(scenario, scenario))
    return {name: np.asarray(scale * peak) for name, scale in scales.items()}


def arrivals_of(scenario: Scenario, kind: Scenario | OtherClients) -> Arrivals:
    """The arrivals behind the weekly shape of a kind of clients, per connection on average."""
    return arrivals_of_each(scenario.weekly_levels(kind), kind.profile.session)


def _mean_connections(
    scenario: Scenario, kind: Scenario | OtherClients, arrivals: Arrivals
) -> dict[str, FloatArray]:
    """Mean open connections by each way the audience was given; the first one counts."""
    levels = scenario.weekly_levels(kind)
    if isinstance(kind, OtherClients) and kind.per_main_connection is not None:
        peak = next(iter(audiences(scenario).values())) * kind.per_main_connection
        return {"per_main_connection": np.asarray(peak / levels.max())}
    scales: dict[str, FloatArray] = {}
    if kind.peak_connections is not None:
        scales["peak_connections"] = kind.peak_connections / levels.max()
    if kind.mean_connections is not None:
        scales["mean_connections"] = np.asarray(kind.mean_connections)
    if kind.users_per_day is not None and kind.sessions_per_user_per_day is not None:
        sessions = np.asarray(kind.users_per_day) * kind.sessions_per_user_per_day
        daily = scenario.shape_clock(kind).daily(arrivals.per_hour)
        scales["users_per_day x sessions_per_user_per_day"] = sessions / daily.max(axis=-1)
    return scales


def _disagreements(scales: dict[str, FloatArray]) -> Iterator[str]:
    (first, used), *others = scales.items()
    for other, implied in others:
        if np.any(np.abs(implied - used) > _WORTH_A_NOTE * np.maximum(implied, used)):
            means, meant = (
                range_text(each, lambda edge: f"{edge:,.5g}") for each in (implied, used)
            )
            yield (
                f"The audience was given twice and disagrees: {other} means {means} "
                f"open connections on average, {first} {meant}; {first} was used."
            )
