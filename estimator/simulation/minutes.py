"""A replication minute by minute: what is kept of its seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.scenario.model import FloatArray
from estimator.simulation.flows import Flows
from estimator.simulation.model import Model
from estimator.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

RECOVERY_SHARES: Final = (0.5, 0.95, 0.99, 1.0)
_NOBODY: Final = 0.5
_CLOSE_UP_BEFORE_S: Final = 60
_CLOSE_UP_LEAST_S: Final = 300
_CLOSE_UP_MOST_S: Final = 4 * SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class CloseUp:
    """The seconds around one fault, shape (seconds,) each."""

    from_s: int
    """Second of the week in which it begins."""
    open: FloatArray
    waiting: FloatArray
    attempts: FloatArray
    new_connections: FloatArray
    refused: FloatArray


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What one fault did in one replication."""

    fault: str
    """In words."""
    at_s: float
    """Second of the week in which it took the first connection."""
    lost: float
    """Connections it took."""
    recovery_s: tuple[float, ...]
    """Started seconds after the last connection was taken until 50, 95, 99 and 100 % of the
    clients were back, had given up, or would have left; infinite if that was not before the end."""
    close_up: CloseUp


@dataclass(frozen=True, slots=True)
class Replication:
    """One replication; arrays of shape (minutes,)."""

    open_mean: FloatArray
    """Open connections averaged over each minute."""
    open_most: FloatArray
    """Most open connections at the end of a second."""
    waiting: FloatArray
    """Clients that want to be connected and are not, averaged over each minute."""
    arrivals: FloatArray
    attempts: FloatArray
    new_connections: FloatArray
    refused_by_rate: FloatArray
    refused_full: FloatArray
    retries: FloatArray
    """Attempts after a refusal, a loss or a cut: all but the first of each client."""
    cut: FloatArray
    """Connections lost through faults and units that stopped."""
    aged: FloatArray
    """Connections cut at their age."""
    gave_up: FloatArray
    left_waiting: FloatArray
    """Clients whose session was over before they were let in."""
    units: FloatArray
    slots: FloatArray
    """Open connections that the doors allow, the least in each minute."""
    places_used: FloatArray
    """Most of them that were taken at the end of a second, as a share; 0 where there is no end of
    places, or none."""
    attempts_per_second: FloatArray
    """Most attempts in a second."""
    new_connections_per_second: FloatArray
    """Most attempts let in in a second."""
    attempts_needed: FloatArray
    """Clients let in after 1, 2, ... attempts, shape (levels,)."""
    aftermaths: tuple[Aftermath, ...]
    """Of the faults that took a connection."""


def by_minute(flows: Flows, model: Model) -> Replication:
    """Sum a replication up by the minute; a part of a minute at its end is left out."""
    open_after, waiting_after = flows.open_after, flows.waiting_after
    used = np.divide(open_after, flows.slots, out=np.zeros_like(open_after), where=flows.slots > 0)

    def of_minutes(values: FloatArray) -> FloatArray:
        minutes = values.size // SECONDS_PER_MINUTE
        return values[: minutes * SECONDS_PER_MINUTE].reshape(minutes, SECONDS_PER_MINUTE)

    def sums(values: FloatArray) -> FloatArray:
        return of_minutes(values).sum(axis=1)

    return Replication(
        open_mean=of_minutes(open_after).mean(axis=1),
        open_most=of_minutes(open_after).max(axis=1),
        waiting=of_minutes(waiting_after).mean(axis=1),
        arrivals=sums(flows.arrivals),
        attempts=sums(flows.attempts),
        new_connections=sums(flows.new_connections),
        refused_by_rate=sums(flows.refused_by_rate),
        refused_full=sums(flows.refused_full),
        retries=sums(flows.attempts - flows.arrivals),
        cut=sums(flows.cut),
        aged=sums(flows.aged),
        gave_up=sums(flows.gave_up),
        left_waiting=sums(flows.left_waiting),
        units=of_minutes(flows.units).mean(axis=1),
        slots=of_minutes(flows.slots).min(axis=1),
        places_used=of_minutes(used).max(axis=1),
        attempts_per_second=of_minutes(flows.attempts).max(axis=1),
        new_connections_per_second=of_minutes(flows.new_connections).max(axis=1),
        attempts_needed=flows.attempts_needed,
        aftermaths=tuple(
            _aftermath(flows, open_after, waiting_after, number, words)
            for number, words in enumerate(model.faults)
            if flows.lost_by_fault[number].any()
        ),
    )


def _aftermath(
    flows: Flows, open_after: FloatArray, waiting_after: FloatArray, number: int, words: str
) -> Aftermath:
    lost, back = flows.lost_by_fault[number], flows.back_by_fault[number]
    seconds = np.flatnonzero(lost)
    first, last = int(seconds[0]), int(seconds[-1])
    total = float(lost.sum())
    away = np.cumsum(lost - back)[last:]
    recovery_s = tuple(
        _first_at_most(away, max((1 - share) * total, _NOBODY)) for share in RECOVERY_SHARES
    )
    after_s = (
        last
        - first
        + np.clip(
            np.nan_to_num(recovery_s[-1] * 1.25, posinf=_CLOSE_UP_MOST_S),
            _CLOSE_UP_LEAST_S,
            _CLOSE_UP_MOST_S,
        )
    )
    near = slice(max(first - _CLOSE_UP_BEFORE_S, 0), first + int(after_s))
    refused = flows.refused_by_rate[near] + flows.refused_full[near]
    close_up = CloseUp(
        near.start,
        open_after[near],
        waiting_after[near],
        flows.attempts[near],
        flows.new_connections[near],
        refused,
    )
    return Aftermath(words, float(first), total, recovery_s, close_up)


def _first_at_most(values: FloatArray, level: float) -> float:
    """Seconds until values are at most a level, and infinity if they never are.

    Values are those at the end of each second, so that the first one is one second old.
    """
    below = values <= level
    return float(np.argmax(below)) + 1.0 if below.any() else np.inf
