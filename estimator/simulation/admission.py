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

    Tokens fall one by one, at regular times; an attempt that finds none is refused.
    """

    rate_per_second: float
    burst: int
    taken: int = 0
    """Tokens that are missing from a full bucket."""
    phase: float = 0.0
    """Part of the next token that has come already."""

    def change_rate(self, rate_per_second: float, burst: int) -> None:
        """Go on with another rate; tokens beyond the new burst are lost."""
        self.taken = max(0, burst - max(0, self.burst - self.taken))
        self.rate_per_second, self.burst = rate_per_second, burst

    def admit(self, waited_s: FloatArray) -> tuple[BoolArray, int]:
        """Decide attempts without yet taking their tokens.

        Args:
            waited_s: seconds since ``advance`` of each attempt, rising, shape (attempts,).

        Returns:
            Which attempts are let in, and the tokens missing after the last of them.

        >>> TokenBucket(rate_per_second=1, burst=2).admit(np.array([0.1, 0.2, 0.3, 1.0]))[0]
        array([ True,  True, False,  True])
        """
        if not np.isfinite(self.rate_per_second) or waited_s.size == 0:
            return np.ones(waited_s.shape, dtype=np.bool_), self.taken
        fallen = np.floor(waited_s * self.rate_per_second + self.phase).astype(np.int64)
        free = self.taken + np.arange(waited_s.size) - fallen
        # were all let in, so many tokens would be missing before each attempt
        missing = free - np.minimum(np.minimum.accumulate(free), 0)
        if missing.max() < self.burst:
            return np.ones(waited_s.shape, dtype=np.bool_), int(missing[-1]) + 1
        gained = np.diff(fallen, prepend=0)
        after = _held(self.taken, 1 - gained, 1, self.burst)
        before = np.maximum(np.concatenate([[self.taken], after[:-1]]) - gained, 0)
        return before < self.burst, int(after[-1])

    def advance(self, passed_s: float, taken: int, since_s: float) -> None:
        """Move on in time.

        Args:
            passed_s: seconds since the last call.
            taken: tokens missing after the last attempt, as ``admit`` said.
            since_s: seconds from the last call to that attempt; 0 if there was none.
        """
        if not np.isfinite(self.rate_per_second):
            return
        until = passed_s * self.rate_per_second + self.phase
        at_last = np.floor(since_s * self.rate_per_second + self.phase)
        self.taken = max(0, taken - int(np.floor(until) - at_last))
        self.phase = float(until - np.floor(until))


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


def take_places(attempts_s: FloatArray, closings_s: FloatArray, free: int) -> BoolArray:
    """Which attempts find a free place.

    Args:
        attempts_s: times of the attempts, rising, shape (attempts,).
        closings_s: times at which a place becomes free, rising, shape (closings,).
        free: places that are free at the beginning; negative if there are too many connections
            already, which then do not make a place free when they close.

    >>> take_places(np.array([1.0, 2.0, 4.0]), np.array([3.0]), free=1)
    array([ True, False,  True])
    """
    if free >= attempts_s.size:
        return np.ones(attempts_s.shape, dtype=np.bool_)
    freed = np.searchsorted(closings_s, attempts_s, side="right")
    # before each attempt, were all let in; those in excess give no place back
    beyond = np.arange(1, attempts_s.size + 1) - np.maximum(freed + min(free, 0), 0) - max(free, 0)
    refused = np.maximum.accumulate(np.maximum(beyond, 0))
    return np.diff(refused, prepend=0) == 0
