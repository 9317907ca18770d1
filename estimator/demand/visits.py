"""Who comes for a few hours, and which connections do they make? Arrivals that begin and end.

The arrivals of a usual week repeat week after week (``arrivals``). Those who come for something
find nobody there when it begins: so many come at once as the curve starts with, others take the
places of those whose sessions end, and whoever is beyond the curve when it falls leaves then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.weekly import Course
from estimator.scenario.sessions import SessionLength
from estimator.units import HOURS_PER_WEEK

_STEPS_PER_HOUR = 60
_NEVER_HOURS = np.inf


@dataclass(frozen=True, slots=True)
class Visit:
    """Connections over some hours, none before and none after."""

    hours: tuple[int, ...]
    """Hours of the week, one after the other; 0 is Monday 00:00 UTC."""
    connections: tuple[float, ...]
    """Open in each of them."""


class NewConnections(Course):
    """New connections of visits, in each hour of the week."""

    def __init__(self, visits: tuple[Visit, ...], session: SessionLength) -> None:
        """Take the visits, and how long sessions last that nothing ends before."""
        super().__init__(_by_hour(visits, session, _NEVER_HOURS))
        self._visits, self._session = visits, session

    def cut_after(self, hours: float) -> Course:
        """The same if connections are cut at that age and those who are still there come back."""
        return Course(_by_hour(self._visits, self._session, hours))


def _by_hour(visits: tuple[Visit, ...], session: SessionLength, cut_hours: float) -> FloatArray:
    made = np.zeros((*session.many, HOURS_PER_WEEK))
    for visit in visits:
        made[..., [*visit.hours]] += session.of_each(_made_of, visit.connections, cut_hours)
    return made


def _made_of(
    session: SessionLength, connections: tuple[float, ...], cut_hours: float
) -> FloatArray:
    return connections_made(connections, session, cut_hours)


@lru_cache(maxsize=256)
def connections_made(
    connections: tuple[float, ...], session: SessionLength, cut_hours: float = _NEVER_HOURS
) -> FloatArray:
    """Connections made in each hour, so that as many are open as the curve says.

    A step function of arrivals is worked out minute by minute: those of a minute come at its start,
    as many as are missing from its mean. For exponential sessions of mean s and a plateau of k over
    T hours that is k (1 + T / s) but for the minute.

    Args:
        connections: open in each hour, none before.
        session: how long sessions last that nothing ends before.
        cut_hours: age at which connections are cut, and made again by who is still there.

    Returns:
        Shape (hours,).

    >>> from estimator.scenario.sessions import DeterministicSession
    >>> connections_made((100.0, 100.0, 100.0), DeterministicSession(hours=8)).tolist()
    [100.0, 0.0, 0.0]
    """
    wanted = np.repeat(connections, _STEPS_PER_HOUR)
    ages = np.arange(wanted.size + 1) / _STEPS_PER_HOUR
    open_by_age = np.diff(session.integrated_survival(1, ages)) * _STEPS_PER_HOUR
    made_by_age = _made_by_age(session, wanted.size, cut_hours)
    came, made = np.zeros(wanted.size), np.zeros(wanted.size)
    for now, most in enumerate(wanted.tolist()):
        there = float(came[:now] @ open_by_age[now:0:-1])
        if there > most:
            came[:now] *= most / there
        else:
            came[now] = (most - there) / open_by_age[0]
        made[now] = came[: now + 1] @ made_by_age[now::-1]
    return made.reshape(-1, _STEPS_PER_HOUR).sum(axis=1)


def _made_by_age(session: SessionLength, steps: int, cut_hours: float) -> FloatArray:
    """Connections that somebody makes so many steps after coming, the first at once."""
    if not np.isfinite(cut_hours):
        return np.eye(1, steps)[0]
    ages = np.arange(0, steps / _STEPS_PER_HOUR, cut_hours)
    at = (ages * _STEPS_PER_HOUR).astype(int)
    made = np.zeros(steps + 1)
    np.add.at(made, at, session.survival(ages))
    return made[:-1]
