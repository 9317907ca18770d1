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

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np

from estimator.arrays import FloatArray
from estimator.runtime import one_thread
from estimator.scenario.local_time import UTC, Clock
from estimator.scenario.sessions import SessionLength

_NEGLIGIBLE = 1e-10
_MOST_PERIODS = 26
_SMOOTHING = 1 / 16
"""Weight of the curvature of the arrival rate against the misfit of the connections.

Of a wave in the curve of which sessions let the share k through, and whose second difference is b
times itself, arrivals follow k / (k^2 + (weight b)^2) times, at most 1 / (2 weight b). A zigzag
from hour to hour has b = 4: it is enlarged twice at most, where arrivals that fit exactly enlarge
it without end. A wave of a day has b = 0.07 and passes but for some hundred-thousandths.
"""
_NOISE = 0.05
"""Second difference of a curve of mean 1 up to which it may be an error of reading. What bends more
is meant: near it the weight is as many times less, so that arrivals can make it."""
_LEAST_SMOOTHING = 0.005
"""What keeps arrivals finite where sessions let nothing of a wave through."""
_LOOKS_PER_HOUR = 12
_ROUNDING_NOISE = 1e-12
_MOST_EXCHANGES = 20
_WEIGHT_OF_SUM = 1e4
_DIGITS = 11
"""What follows is noise of rounding, by which one of seven equal days would be the busiest."""
_CONTRADICTION = 0.1
"""A curve that is missed by more, relative to the mean, is worth a note."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The arrivals behind a periodic curve of open connections of mean 1.

    Of many scenarios they have the shape (*many, steps); of one, (steps,).
    """

    per_hour: FloatArray
    """New connections per hour in each step; their mean is 1 / mean session."""
    peak_within_hour: FloatArray
    """Most connections that these arrivals have open at one moment of each step, less what they
    make too many in that step; at least the curve asked for."""
    misfits: FloatArray
    """By how much the connections that these arrivals make exceed the curve asked for in each
    step, relative to the mean: far from zero where the curve changes faster than sessions let
    connections follow."""

    @property
    def worst(self) -> tuple[int, ...]:
        """Where the curve is missed by most: in which scenario, and the step."""
        at = np.unravel_index(np.argmax(np.abs(self.misfits)), self.misfits.shape)
        return tuple(map(int, at))

    @property
    def worst_step(self) -> int:
        """The step in which the curve is missed by most."""
        return self.worst[-1]

    @property
    def misfit(self) -> float:
        """What the curve is missed by in the worst step, relative to the mean; at least 0."""
        return float(np.abs(self.misfits[self.worst]))

    @property
    def contradicts(self) -> bool:
        """Whether curve and sessions contradict each other by so much that a bill tells it."""
        return self.misfit > _CONTRADICTION


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

    around = np.arange(lags[0] - 1, lags[-1] + 2)
    values = [
        np.diff(law.integrated_survival(times, (around + end) * step_hours), 2) for end in ends
    ]
    by_lag = (values[0] - sum(values[1:])) / step_hours ** (times - 1)
    folded = np.zeros(steps)
    np.add.at(folded, lags % steps, by_lag)
    # what lives on past the last lag is spread evenly by then
    return folded + (law.mean - folded.sum()) / steps


def arrivals_of_each(levels: FloatArray, law: SessionLength) -> Arrivals:
    """The arrivals behind the curve of each of many scenarios, which are of shape (*many, steps).

    Args:
        levels: open connections, shape (*many, steps), or (steps,) if all share the curve.
        law: how long sessions last, of a single scenario or of each of many.
    """
    curves = levels.reshape(-1, levels.shape[-1])
    rows = np.arange(len(curves)).reshape(levels.shape[:-1])
    pairs = np.stack(np.broadcast_arrays(rows, law.which), axis=-1)
    some, at = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
    found = [arrivals_behind(tuple(curves[row].tolist()), law.singles[one]) for row, one in some]
    shape = (*pairs.shape[:-1], -1)
    return Arrivals(
        *(
            np.array(each)[at.ravel()].reshape(shape)
            for each in zip(*map(astuple, found), strict=True)
        )
    )


@lru_cache(maxsize=256)
def arrivals_behind(levels: tuple[float, ...], law: SessionLength) -> Arrivals:
    """Find the arrivals whose sessions make the given hourly curve of open connections.

    Args:
        levels: open connections in each hour, periodic, mean 1.
        law: how long sessions last.

    They are as many as the curve means: over the whole, connections / mean session (Little's law).
    Among rates that are not negative, the one found has the least squares of what it misses the
    curve by and, weighted, of its curvature: it is smooth where the curve is straight or level, and
    bends where the curve bends. A curve that falls faster than sessions end cannot be met;
    ``misfits`` then says by how much it is missed.

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
    second_difference = _around(bend.astype(np.float64))
    bends = np.abs(second_difference @ wanted)
    nearby = np.max([np.roll(bends, shift) for shift in (-1, 0, 1)], axis=0)
    weights = np.maximum(_SMOOTHING / np.maximum(nearby / _NOISE, 1), _LEAST_SMOOTHING)
    curvature = weights[:, None] * second_difference
    sessions = closest_nonnegative(
        np.vstack([to_mean, curvature]), np.concatenate([wanted, np.zeros(steps)]), wanted.sum()
    ).round(_DIGITS)
    per_hour = sessions / law.mean
    looks = np.linspace(0, 1, _LOOKS_PER_HOUR, endpoint=False)
    within = [_around(response(law, steps, 1.0, look)) @ per_hour for look in looks]
    within.append(np.roll(within[0], -1))
    misfits = (to_mean @ sessions - wanted).round(_DIGITS)
    most = np.maximum(wanted, np.max(within, axis=0) - np.maximum(misfits, 0))
    return Arrivals(per_hour, most, misfits)


def _around(response_to_first: FloatArray) -> FloatArray:
    """The matrix of what each step makes of each, from what the first one does."""
    at = np.arange(response_to_first.size)
    return response_to_first[at[:, None] - at]


def contradiction_note(found: Arrivals, law: SessionLength, clock: Clock = UTC) -> Iterator[str]:
    """Where a curve of open connections contradicts the session length: by how much, and when.

    Args:
        found: arrivals behind the weekly curves of one or more scenarios; the worst is told.
        law: how long sessions last.
        clock: of those who read it.

    Yields:
        One sentence or two for the reader of a bill; nothing where connections can follow.
    """
    if not found.contradicts:
        return
    off = found.misfits[found.worst]
    means = np.broadcast_to(law.mean, found.misfits.shape[:-1])
    length = f"{means[found.worst[:-1]]:,.3g}"
    yield (
        f"Open connections change faster in this week than sessions of {length} "
        f"hour{'' if length == '1' else 's'} on average, begun at a rate that moves steadily from "
        f"hour to hour, let them: the closest possible arrivals make {abs(off):,.0%} of the mean "
        f"too "
        f"{'many' if off > 0 else 'few'} on {clock.text(found.worst_step)}. Connections "
        f"follow the week as it was given; new connections are those of the closest arrivals, in "
        f"total as many as connections and sessions mean."
    )


def closest_nonnegative(matrix: FloatArray, wanted: FloatArray, total: float) -> FloatArray:
    """The x >= 0 with this sum for which ``matrix @ x`` is closest to ``wanted``: least squares.

    Numbers are either free or held at zero. Solving for the free ones tells which of them want to
    be negative, and which of those held would be better off above zero; both sorts change sides
    until nobody wants to (block principal pivoting, Júdice and Pires 1994,
    https://doi.org/10.1016/0305-0548(94)90106-6). That takes a few exchanges where it ends at all.
    The price of the sum, its Lagrange multiplier, moves with them.

    Args:
        matrix: shape (rows, columns), with columns that do not depend on each other.
        wanted: shape (rows,).
        total: the sum of x, above 0.

    >>> closest_nonnegative(np.eye(2), np.array([3.0, -1.0]), total=2.5)
    array([2.5, 0. ])
    """
    gram, right = matrix.T @ matrix, matrix.T @ wanted
    noise = _ROUNDING_NOISE * float(np.max(np.abs(right), initial=0.0))
    free = np.ones(right.size, dtype=np.bool_)
    for _ in range(_MOST_EXCHANGES):
        sides = np.stack([right[free], np.ones(np.count_nonzero(free))], axis=-1)
        unpriced, per_price = np.linalg.solve(gram[np.ix_(free, free)], sides).T
        price = (unpriced.sum() - total) / per_price.sum()
        x = np.zeros(right.size)
        x[free] = unpriced - price * per_price
        astray = np.where(free, x < 0, right - price - gram @ x > noise)
        if not astray.any():
            return x
        free = free ^ astray
    return _with_sum(matrix, wanted, total)


def _with_sum(matrix: FloatArray, wanted: FloatArray, total: float) -> FloatArray:
    """The same by a slower way that always ends: the sum is one more row, and weighs most."""
    # imported here, since it takes longer than all else that a bill needs
    from scipy.optimize import nnls

    weight = _WEIGHT_OF_SUM * float(np.linalg.norm(matrix, 2))
    row = np.full((1, matrix.shape[1]), weight)
    found, _ = nnls(np.vstack([matrix, row]), np.append(wanted, weight * total))
    return found * (total / found.sum())
