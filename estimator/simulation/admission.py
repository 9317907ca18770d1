"""What is let in at a moment? Units follow the connections, and faults may take some of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits, Autoscaling, Stage
from estimator.simulation.model import Model, Throttle
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR

_NOISE = 1e-9


def units_wanted(scaling: Autoscaling, connections_per_unit: float, connections: float) -> float:
    """Units for so many open connections: rounded up to a count that exists, spare ones added.

    >>> steps = Autoscaling(target_share=0.8, counts=(1, 2, 5, 10))
    >>> units_wanted(steps, connections_per_unit=1000, connections=2000)
    5.0
    """
    needed = connections / (connections_per_unit * scaling.target_share)
    needed = max(np.ceil(needed - _NOISE * max(needed, 1.0)), scaling.least_units)
    needed = np.ceil(needed / scaling.group_size) * scaling.group_size
    if scaling.counts:
        above = [count for count in scaling.counts if count >= needed]
        needed = above[0] if above else scaling.counts[-1]
    return float(min(needed + scaling.spare_units, scaling.most_units))


@dataclass(slots=True)
class Scaler:
    """The units of one run."""

    admission: AdmissionLimits
    running: float = 1.0
    _starting: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Time at which units are ready, and how many run then."""
    _seen: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])
    """Counts of connections that decisions have not seen yet, with their times."""
    _wanted: deque[tuple[float, float]] = field(default_factory=deque[tuple[float, float]])
    """What was wanted within the cool-down, falling: less than what came later is forgotten."""
    _since_s: float = np.inf
    """When something was wanted for the first time."""

    @classmethod
    def settled(cls, admission: AdmissionLimits, connections: float) -> Scaler:
        """Units that have long followed a constant number of connections."""
        scaling = admission.autoscaling
        if scaling is None:
            return cls(admission, 1.0 if admission.units is None else admission.units)
        if scaling.schedule:
            return cls(admission, scaling.schedule[0])
        return cls(admission, units_wanted(scaling, admission.connections_per_unit, connections))

    @property
    def every_seconds(self) -> float:
        """Time between two decisions; infinite if there are none."""
        scaling = self.admission.autoscaling
        return np.inf if scaling is None else scaling.every_seconds

    @property
    def next_ready_s(self) -> float:
        """When the next units are ready; infinite if none are starting."""
        return self._starting[0][0] if self._starting else np.inf

    def copy(self) -> Scaler:
        """The same state, to try decisions on."""
        starting, seen, wanted = list(self._starting), deque(self._seen), deque(self._wanted)
        return Scaler(self.admission, self.running, starting, seen, wanted, self._since_s)

    def wake(self, now_s: float) -> None:
        """Let those units run that are ready."""
        while self._starting and self._starting[0][0] <= now_s + _NOISE:
            self.running = max(self.running, self._starting.pop(0)[1])

    def decide(self, now_s: float, connections: float) -> float:
        """Decide once.

        Returns:
            Share of the running units that stops now, and whose connections are cut.
        """
        scaling = self.admission.autoscaling
        if scaling is None:
            return 0.0
        self.wake(now_s)
        if scaling.schedule:
            return self._follow_schedule(now_s, scaling)
        self._seen.append((now_s, connections))
        if self._seen[0][0] > now_s - scaling.lag_seconds + _NOISE:
            return 0.0
        while len(self._seen) > 1 and self._seen[1][0] <= now_s - scaling.lag_seconds + _NOISE:
            self._seen.popleft()
        wanted = units_wanted(scaling, self.admission.connections_per_unit, self._seen[0][1])
        most, long_enough = self._most_wanted(now_s, wanted, scaling)
        planned = max([self.running, *(units for _, units in self._starting)])
        if wanted > planned:
            self._starting.append((now_s + scaling.start_seconds, wanted))
            self.wake(now_s)
            return 0.0
        if not long_enough or most >= self.running or self._starting:
            return 0.0
        return self._stop(most, scaling)

    def _stop(self, left: float, scaling: Autoscaling) -> float:
        """Go on with fewer units; returns the share of them that stops."""
        stopped = 1.0 - left / self.running
        self.running = left
        return 0.0 if scaling.keeps_connections else stopped

    def _follow_schedule(self, now_s: float, scaling: Autoscaling) -> float:
        """Start those ahead of their hour that it takes, and stop what is not in the schedule."""
        now, then = (
            scaling.schedule[hour_of_week(time_s)]
            for time_s in (now_s, now_s + scaling.start_seconds)
        )
        planned = max([self.running, *(units for _, units in self._starting)])
        if then > planned:
            self._starting.append((now_s + scaling.start_seconds, then))
            self.wake(now_s)
        return self._stop(now, scaling) if now < self.running and not self._starting else 0.0

    def _most_wanted(self, now_s: float, wanted: float, scaling: Autoscaling) -> tuple[float, bool]:
        """The most that was wanted within the cool-down, and whether that long was looked at."""
        cool_down_s = scaling.cool_down_seconds
        if scaling.keeps_connections:
            # a unit stops when its last connection has been cut at its age, if there is one
            age_s = self.admission.age_most_seconds
            cool_down_s = max(cool_down_s, age_s if np.isfinite(age_s) else 0.0)
        while self._wanted and self._wanted[-1][1] <= wanted:
            self._wanted.pop()
        self._wanted.append((now_s, wanted))
        self._since_s = min(self._since_s, now_s)
        long_ago = now_s - cool_down_s + _NOISE
        while self._wanted[0][0] <= long_ago - scaling.every_seconds:
            self._wanted.popleft()
        return self._wanted[0][1], self._since_s <= long_ago


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is let in at a moment."""

    new_connections_per_second: float
    burst: float
    slots: float
    """Open connections."""
    units: float = 0.0
    """Units that faults have left."""
    refused_share: float = 0.0
    """Part of all attempts that faults refuse."""


def allowed(model: Model, now_s: float, units: float) -> Allowed:
    """What is let in with so many units, while faults may take a part of them."""
    active = _active(model, now_s)
    left = _left(active)
    if left <= 0:
        return Allowed(0.0, 0.0, 0.0)
    admission = model.admission
    usual = admission.new_connections_per_second_now(units * left)
    rate = min(usual, *(each.new_connections_per_second for each in active), np.inf)
    burst = rate
    if admission.new_connections_burst is not None:
        # a fault that slows new connections down leaves as many seconds' worth
        burst = admission.new_connections_burst * (rate / usual if np.isfinite(usual) else 1.0)
    # the last digit neither makes a token nor takes a slot
    return Allowed(
        rate,
        max(np.ceil(burst * (1 - _NOISE)), 1.0),
        np.floor(admission.connections_most_now(units * left) * (1 + _NOISE)),
        units * left,
        1.0 - float(np.prod([1.0 - each.refused_share for each in active])),
    )


def _active(model: Model, now_s: float) -> list[Throttle]:
    return [each for each in model.throttles if each.from_s <= now_s < each.until_s]


def _left(active: Sequence[Throttle]) -> float:
    """Share of the units that faults leave: none is lost twice that is in the span of two."""
    left, reached = 1.0, 0.0
    for first, last in sorted(each.span for each in active if each.span and each.units_share < 1):
        left -= max(last - max(first, reached), 0.0)
        reached = max(reached, last)
    others = [each.units_share for each in active if not each.span]
    return max(left, 0.0) * float(np.prod(others)) if left > _NOISE else 0.0


def unit_parts(model: Model, now_s: float, units: float) -> FloatArray:
    """Which part of each unit is there, shape (units,); 0 of one that is lost.

    Pooled units, and where no fault says which, are all alike; otherwise each fault takes those in
    its span, and a part of one at its edge.
    """
    running = max(int(np.ceil(units * (1 - _NOISE))), 1)
    active = _active(model, now_s)
    if model.admission.balancing == "pooled":
        left = units * _left(active)
        serving = int(np.ceil(left * (1 - _NOISE)))
        return np.full(serving, left / max(serving, 1))
    starts = np.arange(running, dtype=np.float64)
    parts = np.full(running, units / running)
    for each in active:
        if each.units_share < 1:
            first, last = each.span or (each.units_share, 1.0)
            taken = np.minimum(last * running, starts + 1) - np.maximum(first * running, starts)
            parts *= 1.0 - np.clip(taken, 0.0, 1.0)
    return np.where(parts > _NOISE, parts, 0.0)


def stages_at(model: Model, now_s: float) -> tuple[Stage, ...]:
    """What new connections pass after their unit: stages of the deployment, and those of faults.

    There is one for each fault that may bring one; without a limit, while it does not.
    """
    brought = (
        each.stage
        if each.from_s <= now_s < each.until_s
        else replace(each.stage, per_second=np.inf)
        for each in model.throttles
        if each.stage is not None
    )
    return (*model.admission.stages, *brought)


def hour_of_week(now_s: float) -> int:
    """The hour of the week at a time, Monday 00:00 UTC first."""
    return int(now_s // SECONDS_PER_HOUR) % HOURS_PER_WEEK


def change_times(model: Model) -> FloatArray:
    """Moments at which what is allowed changes by itself, rising: with faults and hours."""
    times = {each.from_s for each in model.throttles} | {each.until_s for each in model.throttles}
    work = model.admission.connect_work
    if work is not None and work.busy_by_hour:
        first = np.ceil(model.start_s / SECONDS_PER_HOUR) * SECONDS_PER_HOUR
        times |= set(np.arange(first, model.horizon_s, SECONDS_PER_HOUR).tolist())
    return np.array(sorted(times), dtype=np.float64)
