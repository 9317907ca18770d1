"""Connections that are cut at their age, followed in groups by the second in which they opened."""

from __future__ import annotations

from typing import Final

import numpy as np

from estimator.scenario.model import FloatArray
from estimator.simulation.model import Model
from estimator.units import SECONDS_PER_HOUR

_MOST_AGES: Final = 64
"""Ages of one session that are followed; who stays longer is taken as memoryless."""
_NOBODY: Final = 1e-9


class Ageing:
    """What opened within the last age, by how often it has been cut at its age before.

    Two kinds of clients are told apart, since different shares of them are left an age later:
    those who opened when they came, by the law of sessions; and those who opened again after a
    fault or a refusal, of whom a random moment of the session is all that is known, by the law of
    what is left of a session then. Arrays of both have shape (kinds, ages, seconds).
    """

    def __init__(self, model: Model, seconds: int) -> None:
        """Take the stationary state at the start of a run of so many seconds."""
        self.age_s = max(round(model.doors.age_most_seconds), 1)
        left = _left_at_ages(model, self.age_s)
        kinds, ages = left.shape[0], left.shape[1] - 1
        self._left_after = (left[:, 1:] / left[:, :-1])[:, :, None]
        self._opened = np.zeros((kinds, ages, self.age_s))
        for age in range(ages):
            since = model.start_s - (age + 1) * self.age_s
            for stream in model.streams:
                if stream.arrivals.periodic:
                    came = stream.arrivals.means_in(since, 1.0, self.age_s)
                    self._opened[0, age] += came * left[0, age]
        # logarithm of the share that no fault has cut, summed up
        self._uncut = np.zeros(seconds + 1)

    def longest_stretch(self, second: int) -> int:
        """Seconds that can be looked at in one step from here."""
        return self.age_s - second % self.age_s

    def due(self, second: int, count: int) -> FloatArray:
        """Connections cut at their age in each of some seconds."""
        at = slice(second % self.age_s, second % self.age_s + count)
        opened_after = np.maximum(np.arange(second, second + count) - self.age_s + 1, 0)
        uncut = np.exp(self._uncut[second] - self._uncut[opened_after])
        return self._opened[:, :, at] * self._left_after * uncut

    def opened(self, second: int, first: FloatArray, again: FloatArray) -> None:
        """Note what opened in each of some seconds.

        Args:
            second: the first of them.
            first: connections of either kind that were not cut at an age before, shape
                (kinds, count).
            again: connections that were, as ``due`` said, as far as they were let in at once.
        """
        at = slice(second % self.age_s, second % self.age_s + first.shape[1])
        self._opened[:, 0, at] = first
        self._opened[:, 1:, at] = again[:, :-1]
        self._opened[:, -1, at] += again[:, -1]

    def passed(self, second: int, cut_share: FloatArray) -> None:
        """Note the shares of connections that faults took in some seconds, shape (count,)."""
        after = slice(second + 1, second + 1 + cut_share.size)
        self._uncut[after] = self._uncut[second] + np.cumsum(np.log1p(-cut_share))


def stream_weights(model: Model) -> FloatArray:
    """How many clients of each stream come in the week, or one each if nobody comes at all."""
    clients = [s.arrivals.means_in(0.0, float(model.horizon_s), 1)[0] for s in model.streams]
    weights = np.maximum(clients, 0.0)
    return weights if weights.any() else np.ones(weights.size)


def _left_at_ages(model: Model, age_s: int) -> FloatArray:
    """Share of clients still there after 0, 1, 2, ... ages, shape (kinds, ages + 1)."""
    hours = np.arange(_MOST_AGES + 1) * age_s / SECONDS_PER_HOUR
    weights = stream_weights(model)
    laws = [stream.session for stream in model.streams]
    means = np.array([law.mean for law in laws])
    whole = np.average([law.survival(hours) for law in laws], axis=0, weights=weights)
    rest = np.average(
        [law.mean - law.integrated_survival(1, hours) for law in laws], axis=0, weights=weights
    ) / np.average(means, weights=weights)
    left = np.maximum([whole, rest], _NOBODY)
    return left[:, : max(int(np.count_nonzero(left.max(axis=0) > _NOBODY)), 1) + 1]
