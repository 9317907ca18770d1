"""Who gets in? The limits of a moment, decided for many attempts at once.

Units follow the connections, and faults may take some of them: that gives the rate of new
connections and the connection slots of a moment. The token bucket and the slots are walks that are
held between barriers, one step for each attempt. Held at one barrier, a walk is its free course
less its running maximum beyond the barrier (Skorokhod's reflection). Held at two, each step is a
function x -> min(max(x + a, low), high), and such functions composed are of that form again: blocks
of steps are composed side by side, then block follows block. So no attempt is looked at by itself,
and the answer is still exact.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from estimator.arrays import BoolArray, FloatArray, IntArray
from estimator.demand.admission_limits import AdmissionLimits, Autoscaling
from estimator.simulation.model import Model

_NO_END = np.iinfo(np.int64).max // 4
_NOISE = 1e-9


@dataclass(slots=True)
class TokenBucket:
    """Lets in ``rate_per_second`` and, once it is full, ``burst`` at once.

    Tokens fall one by one, at regular times; an attempt that finds none is refused. The tokens that
    have fallen are always counted from the same moment, so that the time at which one falls, to the
    last digit, does not depend on how often the bucket is looked at.
    """

    rate_per_second: float
    burst: int
    since_s: float = 0.0
    """The moment from which tokens are counted."""
    missing: int = 0
    """Tokens that were missing from a full bucket after the last attempt."""
    _fallen: int = 0
    """Tokens that had fallen by then."""
    _part: float = 0.0
    """Part of the next token that had come at ``since_s``."""

    def admit(self, times_s: FloatArray) -> tuple[BoolArray, int]:
        """Decide attempts without yet taking their tokens.

        Args:
            times_s: of the attempts, rising, none before those that ``take`` was told of; shape
                (attempts,).

        Returns:
            Which attempts are let in, and the tokens missing after the last of them.

        >>> TokenBucket(rate_per_second=1, burst=2).admit(np.array([0.1, 0.2, 0.3, 1.0]))[0]
        array([ True,  True, False,  True])
        """
        if not np.isfinite(self.rate_per_second) or times_s.size == 0:
            return np.ones(times_s.shape, dtype=np.bool_), self.missing
        fallen = self._fallen_by(times_s) - self._fallen
        free = self.missing + np.arange(times_s.size) - fallen
        # were all let in, so many tokens would be missing before each attempt
        missing = free - np.minimum(np.minimum.accumulate(free), 0)
        if missing.max() < self.burst:
            return np.ones(times_s.shape, dtype=np.bool_), int(missing[-1]) + 1
        gained = np.diff(np.concatenate([[0], fallen]))
        after = _held(self.missing, 1 - gained, 1, self.burst)
        before = np.maximum(np.concatenate([[self.missing], after[:-1]]) - gained, 0)
        return before < self.burst, int(after[-1])

    def take(self, last_s: float, missing: int) -> None:
        """Take the tokens of attempts.

        Args:
            last_s: time of the last attempt that was decided.
            missing: tokens missing after it, as ``admit`` said.
        """
        if np.isfinite(self.rate_per_second):
            self.missing = missing
            self._fallen = int(self._fallen_by(np.array(last_s)))

    def change(self, now_s: float, rate_per_second: float, burst: int) -> None:
        """Go on with another rate; tokens beyond the new burst are lost."""
        if np.isfinite(self.rate_per_second):
            fallen = int(self._fallen_by(np.array(now_s)))
            self.missing = max(0, self.missing - (fallen - self._fallen))
            self._fallen = fallen
        self.missing = max(0, burst - max(0, self.burst - self.missing))
        self.burst = burst
        if rate_per_second != self.rate_per_second:
            passed = 0.0
            if np.isfinite(self.rate_per_second):
                passed = (now_s - self.since_s) * self.rate_per_second + self._part
            self._part, self._fallen = passed - np.floor(passed), 0
            self.since_s, self.rate_per_second = now_s, rate_per_second

    def _fallen_by(self, times_s: FloatArray) -> IntArray:
        """Tokens that have fallen since ``since_s``."""
        fallen = np.floor((times_s - self.since_s) * self.rate_per_second + self._part)
        return fallen.astype(np.int64)


def _held(start: int, steps: IntArray, low: int, high: int) -> IntArray:
    """Positions after each step of a walk that is held between ``low`` and ``high``."""
    length = max(int(np.sqrt(steps.size)), 1)
    blocks = -(-steps.size // length)
    padding = blocks * length - steps.size
    moves = np.pad(steps, (0, padding)).reshape(blocks, length).T.copy()
    lows, highs = np.full_like(moves, low), np.full_like(moves, high)
    if padding:
        lows[length - padding :, -1], highs[length - padding :, -1] = -_NO_END, _NO_END
    # compose the steps of all blocks side by side
    for row in range(1, length):
        step_low, step_high = lows[row].copy(), highs[row].copy()
        lows[row] = np.minimum(np.maximum(lows[row - 1] + moves[row], step_low), step_high)
        highs[row] = np.minimum(np.maximum(highs[row - 1] + moves[row], step_low), step_high)
        moves[row] += moves[row - 1]
    # then block follows block
    starts = np.empty(blocks, dtype=np.int64)
    at = start
    for block, (move, lowest, highest) in enumerate(
        zip(moves[-1].tolist(), lows[-1].tolist(), highs[-1].tolist(), strict=True)
    ):
        starts[block] = at
        at = min(max(at + move, lowest), highest)
    held = np.minimum(np.maximum(starts + moves, lows), highs)
    return held.T.ravel()[: steps.size]


def take_slots(closed: IntArray, free: int) -> BoolArray:
    """Which attempts find a free connection slot.

    Args:
        closed: connections that close before each attempt, rising, shape (attempts,).
        free: slots that are free at the beginning; negative if there are too many connections
            already, which then do not free a slot when they close.

    >>> take_slots(np.array([0, 0, 1]), free=1)
    array([ True, False,  True])
    """
    if free >= closed.size:
        return np.ones(closed.shape, dtype=np.bool_)
    # before each attempt, were all let in; those in excess give no slot back
    beyond = np.arange(1, closed.size + 1) - np.maximum(closed + min(free, 0), 0) - max(free, 0)
    refused = np.maximum.accumulate(np.concatenate([[0], beyond]))
    return refused[1:] == refused[:-1]


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
        if admission.autoscaling is None:
            return cls(admission, 1.0 if admission.units is None else admission.units)
        per_unit = admission.connections_per_unit
        return cls(admission, units_wanted(admission.autoscaling, per_unit, connections))

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
        stopped = 1.0 - most / self.running
        self.running = most
        return 0.0 if scaling.keeps_connections else stopped

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


def allowed(model: Model, now_s: float, units: float) -> Allowed:
    """What is let in with so many units, while faults may take a part of them."""
    active = [each for each in model.throttles if each.from_s <= now_s < each.until_s]
    left = float(np.prod([each.units_share for each in active]))
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
    )


def change_times(model: Model) -> FloatArray:
    """Moments at which faults begin or end to change what is allowed, rising."""
    times = {each.from_s for each in model.throttles} | {each.until_s for each in model.throttles}
    return np.array(sorted(times), dtype=np.float64)
