"""How many units run, and what they and the doors allow at a moment."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from estimator.demand.doors import Autoscaling, Doors
from estimator.scenario.model import FloatArray
from estimator.simulation.model import Model

_NOISE = 1e-9


def units_wanted(scaling: Autoscaling, connections_per_unit: float, connections: float) -> float:
    """Units for so many open connections: rounded up to a count that exists, spare ones added.

    >>> steps = Autoscaling(target_share=0.8, counts=(1, 2, 5, 10))
    >>> units_wanted(steps, connections_per_unit=1000, connections=2000)
    5.0
    """
    needed = connections / (connections_per_unit * scaling.target_share)
    needed = max(np.ceil(needed - _NOISE * max(needed, 1.0)), scaling.least_units)
    if scaling.counts:
        above = [count for count in scaling.counts if count >= needed]
        needed = above[0] if above else scaling.counts[-1]
    return float(min(needed + scaling.spare_units, scaling.most_units))


@dataclass(slots=True)
class Scaler:
    """The units of one run."""

    doors: Doors
    running: float = 1.0
    _starting: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Time at which units are ready, and how many run then."""
    _seen: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])
    """Counts of connections that decisions have not seen yet, with their times."""
    _wanted: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])
    """What was wanted within the cool-down."""

    @classmethod
    def settled(cls, doors: Doors, connections: float) -> Scaler:
        """Units that have long followed a constant number of connections."""
        if doors.autoscaling is None:
            return cls(doors, 1.0 if doors.units is None else doors.units)
        return cls(doors, units_wanted(doors.autoscaling, doors.connections_per_unit, connections))

    @property
    def every_seconds(self) -> float:
        """Time between two decisions; infinite if there are none."""
        scaling = self.doors.autoscaling
        return np.inf if scaling is None else scaling.every_seconds

    def decide(self, now_s: float, connections: float) -> float:
        """Decide once.

        Returns:
            Share of the running units that stops now, and whose connections are cut.
        """
        scaling = self.doors.autoscaling
        if scaling is None:
            return 0.0
        while self._starting and self._starting[0][0] <= now_s + _NOISE:
            self.running = max(self.running, self._starting.pop(0)[1])
        self._seen.append((now_s, connections))
        if self._seen[0][0] > now_s - scaling.lag_seconds + _NOISE:
            return 0.0
        while len(self._seen) > 1 and self._seen[1][0] <= now_s - scaling.lag_seconds + _NOISE:
            self._seen.popleft()
        wanted = units_wanted(scaling, self.doors.connections_per_unit, self._seen[0][1])
        self._wanted.append((now_s, wanted))
        long_ago = now_s - scaling.cool_down_seconds + _NOISE
        while len(self._wanted) > 1 and self._wanted[1][0] <= long_ago:
            self._wanted.popleft()
        planned = max([self.running, *(units for _, units in self._starting)])
        if wanted > planned:
            self._starting.append((now_s + scaling.start_seconds, wanted))
            return 0.0
        most = max(units for _, units in self._wanted)
        if self._wanted[0][0] > long_ago or most >= self.running or self._starting:
            return 0.0
        stopped = 1.0 - most / self.running
        self.running = most
        return stopped


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the doors let in at a moment."""

    connects_per_second: float
    burst: float
    places: float
    """Open connections."""


def allowed(model: Model, now_s: float, units: float) -> Allowed:
    """What the doors let in with so many units, while faults may take a part of them."""
    active = [each for each in model.throttles if each.from_s <= now_s < each.until_s]
    left = float(np.prod([each.units_share for each in active]))
    if left <= 0:
        return Allowed(0.0, 0.0, 0.0)
    doors = model.doors
    rate = min(
        doors.connects_per_second_now(units * left),
        *(each.connects_per_second for each in active),
        np.inf,
    )
    # without a published one, the bucket holds what falls in a second
    burst = rate if doors.connects_burst is None else min(doors.connects_burst, rate)
    return Allowed(rate, max(np.ceil(burst), 1.0), doors.connections_most_now(units * left))


def change_times(model: Model) -> FloatArray:
    """Moments at which faults begin or end to change what is allowed, rising."""
    times = {each.from_s for each in model.throttles} | {each.until_s for each in model.throttles}
    return np.array(sorted(times))
