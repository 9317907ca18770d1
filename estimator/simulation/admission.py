"""Who gets in: a token bucket and a number of places, decided for many attempts at once.

Both doors are walks that are held between barriers, one step for each attempt. Held at one
barrier, a walk is its free course less its running maximum beyond the barrier (Skorokhod's
reflection). Held at two, each step is a function x -> min(max(x + a, low), high), and such
functions composed are of that form again: blocks of steps are composed side by side, then block
follows block. So no attempt is looked at by itself, and the answer is still exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from estimator.scenario.model import FloatArray

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

_NO_END = np.iinfo(np.int64).max // 4


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
    """Which attempts find a free place.

    Args:
        closed: connections that close before each attempt, rising, shape (attempts,).
        free: places that are free at the beginning; negative if there are too many connections
            already, which then do not make a place free when they close.

    >>> take_places(np.array([0, 0, 1]), free=1)
    array([ True, False,  True])
    """
    if free >= closed.size:
        return np.ones(closed.shape, dtype=np.bool_)
    # before each attempt, were all let in; those in excess give no place back
    beyond = np.arange(1, closed.size + 1) - np.maximum(closed + min(free, 0), 0) - max(free, 0)
    refused = np.maximum.accumulate(np.concatenate([[0], beyond]))
    return refused[1:] == refused[:-1]
