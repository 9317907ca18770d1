"""Which arrivals make these open connections? The M_t/G/infinity relation, in both directions.

Clients arrive at a rate that moves with the hour and stay for a random time, so the mean number
of open connections is m(t) = integral of rate(u) P(S > t - u) du (Eick, Massey and Whitt 1993,
https://doi.org/10.1287/mnsc.39.2.241). In a moving hour that is not arrivals times session
length: connections lag behind arrivals and are smoother.

The rate is taken as a line between the middles of neighboring steps, periodic over the whole.
The integral then is exact for any law of session lengths, through the repeated integrals of its
survival function.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from estimator.arrays import FloatArray
from estimator.runtime import one_thread
from estimator.scenario.sessions import SessionLength

_NEGLIGIBLE = 1e-10
_MOST_PERIODS = 26
_SMOOTHING = 0.005
"""Weight of the curvature of the arrival rate against the misfit of the connections.

It keeps sessions of hours from turning reading errors of the curve into spikes of arrivals. With
sessions of half an hour on the workplace curve it moves new connections by 0.2% of their mean and
open connections by 0.05%.
"""
_LOOKS_PER_HOUR = 12
_ROUNDING_NOISE = 1e-12
_MOST_EXCHANGES = 20


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The arrivals behind a periodic curve of open connections of mean 1."""

    per_hour: FloatArray
    """New connections per hour in each step, shape (steps,)."""
    connections_peak: FloatArray
    """Most open connections within each step, shape (steps,)."""
    misfit: float
    """Largest difference between the curve asked for and the one these arrivals produce,
    relative to the mean: above zero if connections must end faster than sessions do."""


def response(law: SessionLength, steps: int, step_hours: float, offset: float) -> FloatArray:
    """Open connections at one moment of each step, per unit of arrival rate in step 0.

    Args:
        law: how long sessions last.
        steps: steps in one period.
        step_hours: length of a step.
        offset: the moment, from 0 (start of the step) to 1 (its end).

    Returns:
        Shape (steps,); its sum is the mean session length in hours.
    """
    return _periodic(law, steps, step_hours, 2, np.array([offset - 0.5]))


def mean_response(law: SessionLength, steps: int, step_hours: float) -> FloatArray:
    """Open connections averaged over each step, per unit of arrival rate in step 0.

    Returns:
        Shape (steps,); its sum is the mean session length in hours.
    """
    return _periodic(law, steps, step_hours, 3, np.array([0.5, -0.5]))


def _periodic(
    law: SessionLength, steps: int, step_hours: float, times: int, ends: FloatArray
) -> FloatArray:
    """Fold the response at all lags into one period.

    A line between the middles is a sum of hats, a hat is a second difference of ramps, and an
    average is a first difference of integrals: each takes one more integral of the survival.
    """
    lags = np.arange(-1, steps * _MOST_PERIODS)
    alive = law.survival(np.maximum(lags - 2, 0) * step_hours) > _NEGLIGIBLE
    lags = lags[: max(int(np.argmin(alive)) if not alive.all() else lags.size, 4)]

    def integral(at: FloatArray) -> FloatArray:
        return law.integrated_survival(times, at * step_hours)

    values = [
        integral(lags + end + 1) - 2 * integral(lags + end) + integral(lags + end - 1)
        for end in ends
    ]
    by_lag = (values[0] - sum(values[1:])) / step_hours ** (times - 1)
    folded = np.zeros(steps)
    np.add.at(folded, lags % steps, by_lag)
    # what lives on past the last lag is spread evenly by then
    return folded + (law.mean - folded.sum()) / steps


@lru_cache(maxsize=64)
def arrivals_behind(levels: tuple[float, ...], law: SessionLength) -> Arrivals:
    """Find the arrivals whose sessions make the given hourly curve of open connections.

    Args:
        levels: open connections in each hour, periodic, mean 1.
        law: how long sessions last.

    The rate that fits best without being negative is found by least squares. A curve that falls
    faster than sessions end cannot be met; ``misfit`` then says by how much it is missed.

    >>> from estimator.scenario.sessions import ExponentialSession
    >>> flat = arrivals_behind((1.0,) * 168, ExponentialSession(mean_hours=0.5))
    >>> round(float(flat.per_hour[0]), 9)
    2.0
    """
    with one_thread():
        return _arrivals_behind(np.array(levels), law)


def _arrivals_behind(wanted: FloatArray, law: SessionLength) -> Arrivals:
    steps = wanted.size
    to_mean = _around(mean_response(law, steps, 1.0)) / law.mean
    bend = np.bincount([0, 1, steps - 1], [2.0, -1.0, -1.0], steps)
    curvature = _SMOOTHING * _around(bend.astype(np.float64))
    sessions = closest_nonnegative(
        np.vstack([to_mean, curvature]), np.concatenate([wanted, np.zeros(steps)])
    )
    per_hour = sessions / law.mean
    looks = np.linspace(0, 1, _LOOKS_PER_HOUR, endpoint=False)
    within = [_around(response(law, steps, 1.0, look)) @ per_hour for look in looks]
    within.append(np.roll(within[0], -1))
    produced = to_mean @ sessions
    # the curve asked for stands; only its course within the hour is taken from the fit
    peak = np.maximum(wanted, wanted + np.max(within, axis=0) - produced)
    return Arrivals(per_hour, peak, float(np.max(np.abs(produced - wanted))))


def _around(response_to_first: FloatArray) -> FloatArray:
    """The matrix of what each step makes of each, from what the first one does."""
    at = np.arange(response_to_first.size)
    return response_to_first[at[:, None] - at]


def closest_nonnegative(matrix: FloatArray, wanted: FloatArray) -> FloatArray:
    """The x >= 0 for which ``matrix @ x`` is closest to ``wanted``: least squares.

    Numbers are either free or held at zero. Solving for the free ones tells which of them want to
    be negative, and which of those held would be better off above zero; both sorts change sides
    until nobody wants to (block principal pivoting, Júdice and Pires 1994,
    https://doi.org/10.1016/0305-0548(94)90106-6). That takes a few exchanges where it ends at all.

    Args:
        matrix: shape (rows, columns), with columns that do not depend on each other.
        wanted: shape (rows,).

    >>> closest_nonnegative(np.eye(2), np.array([3.0, -1.0]))
    array([3., 0.])
    """
    gram, right = matrix.T @ matrix, matrix.T @ wanted
    noise = _ROUNDING_NOISE * float(np.max(np.abs(right), initial=0.0))
    free = np.ones(right.size, dtype=np.bool_)
    for _ in range(_MOST_EXCHANGES):
        x = np.zeros(right.size)
        x[free] = np.linalg.solve(gram[np.ix_(free, free)], right[free])
        astray = np.where(free, x < 0, right - gram @ x > noise)
        if not astray.any():
            return x
        free = free ^ astray
    # imported here, since it takes longer than all else that a bill needs
    from scipy.optimize import nnls

    found, _ = nnls(matrix, wanted)
    return found
