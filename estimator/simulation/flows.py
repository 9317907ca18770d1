"""What happened second by second in one replication: the form that both engines fill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from estimator.errors import EstimatorError
from estimator.scenario.model import FloatArray

CountArray = FloatArray
"""Counts of events; the cohort engine follows its groups by their mean, so in parts too."""
_NOBODY: Final = 0.5
"""Of groups that are followed by their mean, less than this is nobody."""
COUNTED = (
    "arrivals",
    "attempts",
    "new_connections",
    "refused_by_rate",
    "refused_full",
    "ended",
    "cut",
    "aged",
    "gave_up",
    "left_waiting",
)


class SimulationError(EstimatorError):
    """A run that contradicts itself: a defect of this package, never of a scenario."""


@dataclass(slots=True)
class Flows:
    """Counts of each second, shape (seconds,); by fault, shape (faults, seconds)."""

    open_at_start: float
    waiting_at_start: float
    arrivals: CountArray
    """Clients that come."""
    attempts: CountArray
    """Knocks at the door, the first of each client and all others."""
    new_connections: CountArray
    """Attempts let in."""
    refused_by_rate: CountArray
    """Attempts refused by the limit of new connections per second."""
    refused_full: CountArray
    """Attempts refused because there was no place."""
    ended: CountArray
    """Connections closed since the session was over."""
    cut: CountArray
    """Connections lost through faults, and through units that stopped."""
    aged: CountArray
    """Connections cut at their age."""
    gave_up: CountArray
    """Clients that gave up."""
    left_waiting: CountArray
    """Clients whose session was over before they were let in."""
    lost_by_fault: CountArray
    """Connections each fault took."""
    back_by_fault: CountArray
    """Clients that came back from it, gave up, or whose session was over."""
    units: FloatArray
    """Units that run."""
    slots: FloatArray
    """Open connections that the doors allow; infinite without such a door."""
    attempts_needed: CountArray
    """Clients let in after so many attempts, index 0 for one attempt; the last index holds all
    that needed more; without a warm-up; shape (levels,)."""
    connection_seconds: float
    """Sum of the lengths of all connections within the run, counted connection by connection."""

    @classmethod
    def empty(cls, seconds: int, faults: int, levels: int) -> Flows:
        """Nothing has happened yet."""
        counts = {name: np.zeros(seconds) for name in COUNTED}
        return cls(
            open_at_start=0.0,
            waiting_at_start=0.0,
            lost_by_fault=np.zeros((faults, seconds)),
            back_by_fault=np.zeros((faults, seconds)),
            units=np.zeros(seconds),
            slots=np.full(seconds, np.inf),
            attempts_needed=np.zeros(levels),
            connection_seconds=0.0,
            **counts,
        )

    @property
    def open_after(self) -> FloatArray:
        """Open connections at the end of each second."""
        change = self.new_connections - self.ended - self.cut - self.aged
        return self.open_at_start + np.cumsum(change)

    @property
    def waiting_after(self) -> FloatArray:
        """Clients that want to be connected and are not, at the end of each second."""
        change = (
            self.arrivals
            + self.cut
            + self.aged
            - self.new_connections
            - self.gave_up
            - self.left_waiting
        )
        return self.waiting_at_start + np.cumsum(change)

    def check(self) -> None:
        """Refuse a run that lost or invented clients, or breaks Little's law.

        Little's law for a stretch of time is an identity: the area below the number of open
        connections is the sum of the lengths of the connections within it. The left side comes
        from the counts of the seconds, the right side from the connections themselves; they may
        differ by what happens within a second.

        Raises:
            SimulationError: the run contradicts itself.
        """
        open_after, waiting = self.open_after, self.waiting_after
        noise = 1e-6 * (1 + float(np.max(open_after, initial=0.0)))
        refused = self.attempts - self.new_connections - self.refused_by_rate - self.refused_full
        # what is no number would pass every comparison
        numbers = np.concatenate([open_after, waiting, refused, [self.connection_seconds]])
        if not np.isfinite(numbers).all():
            raise SimulationError("a number of clients is not finite")
        least = min(np.min(open_after, initial=0.0), np.min(waiting, initial=0.0))
        if least < -noise - _NOBODY:
            raise SimulationError("a number of clients became negative")
        if np.max(np.abs(refused), initial=0.0) > noise:
            raise SimulationError("attempts are neither let in nor refused")
        area = _area(self.open_at_start, open_after)
        events = float((self.new_connections + self.ended + self.cut + self.aged).sum())
        if abs(area - self.connection_seconds) > 0.5 * events + noise * open_after.size:
            raise SimulationError(
                f"Little's law is broken: connections add up to {self.connection_seconds:,.0f} "
                f"seconds, but the number of open ones to {area:,.0f}"
            )

    def after(self, seconds: int) -> Flows:
        """Without the first seconds, a warm-up."""
        if not seconds:
            return self
        changed = {
            name: value[..., seconds:]
            for name in self.__slots__
            if name != "attempts_needed" and isinstance(value := getattr(self, name), np.ndarray)
        }
        warming_up = self.open_after[:seconds]
        return replace(
            self,
            open_at_start=float(warming_up[-1]),
            waiting_at_start=float(self.waiting_after[seconds - 1]),
            connection_seconds=self.connection_seconds - _area(self.open_at_start, warming_up),
            **changed,
        )


def _area(before: float, after: FloatArray) -> float:
    """Area below a number that is known before and after each second."""
    return float(np.trapezoid(np.concatenate([[before], after])))
