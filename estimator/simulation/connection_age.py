"""Which connections reach the age at which they are cut? In groups, by when they opened."""

from __future__ import annotations

from typing import Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.scenario.sessions import SessionLength
from estimator.simulation.model import Model, Stream
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR

_MOST_AGES: Final = 64
"""Ages of one session that are told apart; who stays longer is taken as memoryless."""
_MOST_PAST_S: Final = 26 * HOURS_PER_WEEK * SECONDS_PER_HOUR
_MOST_AGES_BEFORE: Final = 20_000
"""What came before that is spread evenly over the week by now."""
_NOBODY: Final = 1e-9
_BYTES: Final = 8
"""Of a number."""
_BLOCK_S: Final = 60
_SLICES: Final = 50
"""Of the clients of a surge, by when they came."""


class Ageing:
    """What opened within the last age, by law of sessions and how often it has been cut before.

    Different shares of clients are left an age later: of those who opened when they came, by the
    law of their sessions; and of those who opened again after a fault or a refusal, who may be
    anyone, as many as are left of all who were expected to be there at that moment. Each law has
    rows, one for each age that a session of it can reach, and so have the latter; the last of
    these rows holds all who have been cut so often or more. Arrays have shape (rows, seconds).
    """

    def __init__(self, model: Model, seconds: int) -> None:
        """Take the stationary state at the start of a run of so many seconds."""
        self._model = model
        self.age_s = max(round(model.admission.age_most_seconds), 1)
        self._laws = list(dict.fromkeys(stream.session for stream in model.streams))
        left_after = [_left_after(law, self.age_s) for law in self._laws]
        usual = _left_of_all(model, self.age_s)
        left_after.append(usual[1:] / usual[:-1])
        self._left_after = np.concatenate(left_after)[:, None]
        rows = np.cumsum([left.size for left in left_after])
        self._first, self._last = np.concatenate([[0], rows[:-1]]), rows - 1
        self._opened = np.zeros((int(rows[-1]), self.age_s))
        for stream in model.streams:
            if stream.arrivals.periodic:
                self._came_before(stream)
        self._shares_from, self._shares = -1, np.ones((len(self._laws), self.age_s))
        # of those who were there at a moment, by its block of seconds
        self._left_of_all = np.tile(usual, (seconds // _BLOCK_S + 1, 1))
        self._known = np.zeros(len(self._left_of_all), dtype=np.bool_)
        # logarithm of the share that no fault has cut, summed up
        self._uncut = np.zeros(seconds + 1)

    @property
    def rows(self) -> int:
        """How many are looked at in each second."""
        return len(self._opened)

    def longest_stretch(self, second: int) -> int:
        """Seconds that can be looked at in one step from here."""
        return self.age_s - second % self.age_s

    def due(self, second: int, count: int) -> FloatArray:
        """Connections cut at their age in each of some seconds, shape (1, rows, count)."""
        at = slice(second % self.age_s, second % self.age_s + count)
        opened_after = np.maximum(np.arange(second, second + count) - self.age_s + 1, 0)
        uncut = np.exp(self._uncut[second] - self._uncut[opened_after])
        due = self._opened[:, at] * self._left_after
        if self._known.any():
            anyone = slice(self._first[-1], None)
            due[anyone] = self._opened[anyone, at] * self._anyone_left_after(second, count)
        return (due * uncut)[None]

    def opened(self, second: int, first: FloatArray, again: FloatArray) -> None:
        """Note what opened in each of some seconds.

        Args:
            second: the first of them.
            first: connections that were not cut at an age before: of clients who came, and of
                those who were lost or refused before, shape (2, count).
            again: connections that were, as ``due`` said, as far as they were let in at once.
        """
        at = slice(second % self.age_s, second % self.age_s + first.shape[1])
        came, lost_before = first
        self._opened[1:, at] = again[0, :-1]
        self._opened[self._first[:-1], at] = came * self._shares_of_laws(second)[:, at]
        self._opened[self._first[-1], at] = lost_before
        if lost_before.any():
            self._look_who_is_there(second, lost_before.size)
        self._opened[self._last, at] += again[0, self._last]

    def passed(self, second: int, cut_share: FloatArray) -> None:
        """Note the shares of connections that faults took in some seconds, shape (count,)."""
        after = slice(second + 1, second + 1 + cut_share.size)
        self._uncut[after] = self._uncut[second] + np.cumsum(np.log1p(-cut_share))

    def _came_before(self, stream: Stream) -> None:
        """Put those who came before the start to the second in which they opened last."""
        law, age_s, arrivals = stream.session, self.age_s, stream.arrivals
        at = self._laws.index(law)
        row, last = int(self._first[at]), int(self._last[at])
        told_apart = last - row
        before = int(np.clip(_MOST_PAST_S // age_s, _MOST_AGES, _MOST_AGES_BEFORE))
        left = law.survival(_hours(before, age_s))
        left = left[: int(np.count_nonzero(left > _NOBODY))]
        opened_s = self._model.start_s - age_s
        for age in range(told_apart):
            came = arrivals.means_in(opened_s - age * age_s, 1.0, age_s)
            self._opened[row + age] += came * left[age]
        # of the others it is enough to know where in the period of the arrivals they came
        period_s = arrivals.period_s
        ages = np.arange(min(told_apart, left.size), left.size)
        before_s, which = np.unique(ages * age_s % period_s, return_inverse=True)
        for back_s, share in zip(before_s, np.bincount(which, left[ages]), strict=True):
            came = arrivals.means_in(opened_s - float(back_s), 1.0, age_s)
            self._opened[last] += came * share
        long_ago = max(law.mean_steps(age_s / SECONDS_PER_HOUR) - float(left.sum()), 0.0)
        self._opened[last] += arrivals.means_in(0.0, period_s, 1) / period_s * long_ago

    def _look_who_is_there(self, second: int, count: int) -> None:
        """Note how many of those expected to be there in some seconds are left ages later."""
        for block in range(second // _BLOCK_S, (second + count - 1) // _BLOCK_S + 1):
            if not self._known[block]:
                now_s = self._model.start_s + (block + 0.5) * _BLOCK_S
                ages = self._left_of_all.shape[1] - 1
                there = np.sum(
                    [_still_there(each, now_s, self.age_s, ages) for each in self._model.streams],
                    axis=0,
                )
                if there[0] > 0:
                    self._left_of_all[block] = np.maximum(there / there[0], _NOBODY)
                self._known[block] = True

    def _anyone_left_after(self, second: int, count: int) -> FloatArray:
        """Share of those who opened again that is still there an age later, (ages, count)."""
        ages = np.arange(self._left_of_all.shape[1] - 1)[:, None]
        opened = np.arange(second, second + count) - (ages + 1) * self.age_s
        block = np.maximum(opened, 0) // _BLOCK_S
        return self._left_of_all[block, ages + 1] / self._left_of_all[block, ages]

    def _shares_of_laws(self, second: int) -> FloatArray:
        """Of whom comes within the same age, the share of each law, shape (laws, seconds)."""
        begins = second - second % self.age_s
        if len(self._laws) > 1 and begins != self._shares_from:
            coming = np.zeros_like(self._shares)
            for stream in self._model.streams:
                since = self._model.start_s + begins
                means = stream.arrivals.means_in(since, 1.0, self.age_s)
                coming[self._laws.index(stream.session)] += np.maximum(means, 0.0)
            together = coming.sum(axis=0)
            even = np.full_like(coming, 1.0 / len(self._laws))
            self._shares = np.divide(coming, together, out=even, where=together > 0)
            self._shares_from = begins
        return self._shares


def ageing_bytes(model: Model) -> float:
    """Memory that the ages of a model take, as far as it is not that of each second of a run."""
    if not np.isfinite(model.admission.age_most_seconds):
        return 0.0
    age_s = max(round(model.admission.age_most_seconds), 1)
    laws = dict.fromkeys(stream.session for stream in model.streams)
    ages = sum(_ages(law.survival(_hours(_MOST_AGES, age_s))) for law in laws) + _MOST_AGES
    # they are looked at in arrays of the same shape
    return 3.0 * ages * age_s * _BYTES


def stream_weights(model: Model) -> FloatArray:
    """How many clients of each stream come in the week, or one each if nobody comes at all."""
    clients = [s.arrivals.means_in(0.0, float(model.horizon_s), 1)[0] for s in model.streams]
    weights = np.maximum(clients, 0.0)
    return weights if weights.any() else np.ones(weights.size)


def _left_after(law: SessionLength, age_s: int) -> FloatArray:
    """Share of clients still there an age after 0, 1, 2, ... ages, shape (ages,)."""
    left = law.survival(_hours(_MOST_AGES, age_s))
    ages = _ages(left)
    shares = left[1 : ages + 1] / left[:ages]
    # of those in the last row as many stay that it holds as many as there are in the long run
    in_the_last = law.mean_steps(age_s / SECONDS_PER_HOUR) - float(left[: ages - 1].sum())
    shares[-1] = np.clip(1.0 - left[ages - 1] / in_the_last, 0.0, 1.0)
    return shares


def _left_of_all(model: Model, age_s: int) -> FloatArray:
    """Share of clients there at any moment of the week who still are after 0, 1, 2, ... ages."""
    hours = _hours(_MOST_AGES, age_s)
    laws = [stream.session for stream in model.streams]
    to_come = [law.mean - law.integrated_survival(1, hours) for law in laws]
    left = np.average(to_come, axis=0, weights=stream_weights(model))
    left = np.maximum(left / left[0], _NOBODY)
    return left[: _ages(left) + 1]


def _ages(left: FloatArray) -> int:
    """Ages that anybody reaches, of those told apart."""
    return int(np.clip(np.count_nonzero(left > _NOBODY), 1, _MOST_AGES))


def _still_there(stream: Stream, now_s: float, age_s: int, ages: int) -> FloatArray:
    """Clients of a stream expected now who still are there after 0, 1, 2, ... ages."""
    law, arrivals = stream.session, stream.arrivals
    hours = _hours(ages, age_s)
    if arrivals.periodic:
        mean_s = float(law.mean) * SECONDS_PER_HOUR
        per_second = arrivals.means_in(now_s - mean_s, mean_s, 1) / mean_s
        to_come = law.mean - law.integrated_survival(1, hours)
        return per_second * SECONDS_PER_HOUR * np.maximum(to_come, 0.0)
    since_s, until_s = arrivals.knots_s[0], min(now_s, arrivals.knots_s[-1])
    if until_s <= since_s:
        return np.zeros(ages + 1)
    width_s = float(until_s - since_s) / _SLICES
    came = arrivals.means_in(float(since_s), width_s, _SLICES)
    stayed_s = now_s - since_s - (np.arange(_SLICES) + 0.5) * width_s
    return came @ law.survival(stayed_s[:, None] / SECONDS_PER_HOUR + hours)


def _hours(ages: int, age_s: int) -> FloatArray:
    """After 0, 1, 2, ... ages, shape (ages + 1,)."""
    return np.arange(ages + 1, dtype=np.float64) * age_s / SECONDS_PER_HOUR
