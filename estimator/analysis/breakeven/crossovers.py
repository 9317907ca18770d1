"""At which values does another of several curves become the least, also where curves jump?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray

IntArray = npt.NDArray[np.intp]
Curves = Callable[[FloatArray, IntArray], FloatArray]
"""Cost of some rivals, by their indices, shape (rivals, values), at values of shape (values,);
infinite where it is none."""
BoolArray = npt.NDArray[np.bool_]
Kind = Literal["meets", "steps", "stops", "starts"]
"""How the lead changes. meets: two curves cross; steps: one of them jumps over the other;
stops: the leader goes beyond a limit; starts: the new one comes within its limits here."""

NONE_WITHIN_LIMITS = -1
"""Instead of the index of a rival, where the cost of each is infinite."""
MAY_FALL = 0.02
"""Cost grows with what drives it, but for choices made for other reasons: the cheapest machine is
chosen without Redis beside it, which was seen to let a total fall by less than this share."""
_FIRST_VALUES = 65
_MOST_VALUES = 50_000
_SAME = 1e-6
_RATIO_OF_A_LOGARITHMIC_RANGE = 10.0


@dataclass(frozen=True, slots=True)
class LeadChange:
    """A value at which another curve becomes the least."""

    at: float
    """From here on the new one leads."""
    below: int
    """Index of the least just below; -1 if none is finite."""
    above: int
    """Index of the least from here on; -1 if none is finite."""
    kind: Kind


@dataclass(frozen=True, slots=True)
class Traced:
    """Curves, traced as closely as it takes to see which is the least."""

    values: FloatArray
    """Ascending, shape (values,)."""
    costs: FloatArray
    """Shape (rivals, values)."""
    changes: tuple[LeadChange, ...]
    """In ascending order."""
    resolution: float
    """A lead that changes twice within this share of a value (or of the range, where it starts at
    zero) may have been missed."""


def is_logarithmic(low: float, high: float) -> bool:
    """Whether a range is better divided by ratios than by differences."""
    return low > 0 and high / low > _RATIO_OF_A_LOGARITHMIC_RANGE


def trace(
    curves: Curves,
    rivals: int,
    low: float,
    high: float,
    *,
    resolution: float = 1e-3,
    precision: float = 1e-9,
    parts: int = 16,
) -> Traced:
    """Find every value at which the lead changes.

    The curves may jump, but each only rises, or only falls, by more than ``MAY_FALL``. Between two
    values a curve then lies between its costs at both. Where that leaves no doubt about the least,
    no other is the least in between; elsewhere the interval is halved, down to ``resolution``.

    Args:
        curves: the cost of every rival.
        rivals: how many there are.
        low: least value looked at.
        high: largest value looked at.
        resolution: share of a value within which a change back and forth may be missed.
        precision: share of a value to which a crossover is located.
        parts: into which an interval is cut at once to locate a crossover in it; two where every
            value costs a pass of its own.

    >>> found = trace(lambda x, rivals: np.stack([x, 2 + 0 * x])[rivals], 2, 0.1, 10)
    >>> [(round(each.at, 6), each.kind) for each in found.changes]
    [(2.0, 'meets')]
    """
    logarithmic = is_logarithmic(low, high)
    finest = resolution if logarithmic else resolution * (high - low)

    def values_at(positions: FloatArray) -> FloatArray:
        # rounding must not leave the range, whose ends may be the last values that are allowed
        return np.clip(np.exp(positions) if logarithmic else positions, low, high)

    first, last = np.log([low, high]) if logarithmic else (low, high)
    positions = np.linspace(first, last, _FIRST_VALUES)
    everyone = np.arange(rivals)
    costs = curves(values_at(positions), everyone)
    while True:
        doubtful = ~_settled(costs) & (np.diff(positions) > finest)
        halves = (positions[:-1] + positions[1:])[doubtful] / 2
        if not halves.size or positions.size + halves.size > _MOST_VALUES:
            break
        positions = np.concatenate([positions, halves])
        costs = np.concatenate([costs, curves(values_at(halves), everyone)], axis=1)
        order = np.argsort(positions)
        positions, costs = positions[order], costs[:, order]
    values = values_at(positions)
    widest_in_doubt = float(np.max(np.diff(positions), where=~_settled(costs), initial=finest))
    return Traced(
        values=values,
        costs=costs,
        changes=tuple(_located(curves, values, costs, precision, parts)),
        resolution=widest_in_doubt if logarithmic else widest_in_doubt / (high - low),
    )


def leaders(costs: FloatArray) -> IntArray:
    """Index of the least cost, shape (values,); -1 where none is finite."""
    return np.where(np.isfinite(costs.min(axis=0)), costs.argmin(axis=0), NONE_WITHIN_LIMITS)


def _between(left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least and the most that each may cost between two values, from its costs at both."""
    return np.minimum(left, right) * (1 - MAY_FALL), np.maximum(left, right) * (1 + MAY_FALL)


def _may_lead(left: FloatArray, right: FloatArray) -> IntArray:
    """Indices of those that may be the least in one of the intervals.

    Args:
        left: costs where each interval begins, shape (rivals, intervals).
        right: costs where each ends.
    """
    least, most = _between(left, right)
    return np.flatnonzero((np.isfinite(least) & (least <= most.min(axis=0))).any(axis=1))


def _settled(costs: FloatArray) -> BoolArray:
    """Intervals in which only the leader of both ends can lead, shape (values - 1,)."""
    left, right = costs[:, :-1], costs[:, 1:]
    least, most = _between(left, right)
    first, last = leaders(left), leaders(right)
    columns = np.arange(first.size)
    rivals = least.copy()
    rivals[first, columns] = np.inf
    with np.errstate(invalid="ignore"):
        beyond_doubt = most[first, columns] <= rivals.min(axis=0)
    none = ~np.isfinite(least.min(axis=0))
    return none | ((first == last) & (first != NONE_WITHIN_LIMITS) & beyond_doubt)


def _located(
    curves: Curves, values: FloatArray, costs: FloatArray, precision: float, parts: int
) -> Iterator[LeadChange]:
    """Each change of the lead between neighbors, found by cutting all their intervals at once."""
    cuts = np.arange(1, parts)[:, None] / parts
    lead = leaders(costs)
    changes = np.flatnonzero(lead[:-1] != lead[1:])
    low, high = values[changes].copy(), values[changes + 1].copy()
    # most have no part in any change, and need not be priced to find it
    rivals = _may_lead(costs[:, changes], costs[:, changes + 1])
    low_costs, high_costs = costs[np.ix_(rivals, changes)], costs[np.ix_(rivals, changes + 1)]
    found: list[LeadChange] = []
    while low.size:
        end, end_costs = high.copy(), high_costs.copy()
        below = leaders(low_costs)
        while np.any(high - low > precision * np.maximum(np.abs(high), precision)):
            inner = low + (high - low) * cuts  # shape (parts - 1, changes)
            if np.all((inner[0] <= low) | (inner[0] >= high)):
                break
            inner_costs = curves(inner.ravel(), rivals).reshape(-1, *inner.shape)
            # the part in which the lead changes first
            same = leaders(inner_costs.reshape(len(inner_costs), -1)).reshape(inner.shape) == below
            part = np.where(same.all(axis=0), len(inner), np.argmin(same, axis=0))
            ends = np.concatenate([low[None], inner, high[None]])
            ends_costs = np.concatenate(
                [low_costs[:, None], inner_costs, high_costs[:, None]], axis=1
            )
            columns = np.arange(low.size)
            low, high = ends[part, columns], ends[part + 1, columns]
            low_costs, high_costs = ends_costs[:, part, columns], ends_costs[:, part + 1, columns]
        above = leaders(high_costs)
        found += [
            LeadChange(
                float(at),
                _index(rivals, was),
                _index(rivals, now),
                _kind(int(was), int(now), before, after),
            )
            for at, was, now, before, after in zip(
                high, below, above, low_costs.T, high_costs.T, strict=True
            )
        ]
        # a third one may have led in between
        more = above != leaders(end_costs)
        low, low_costs = high[more], high_costs[:, more]
        high, high_costs = end[more], end_costs[:, more]
    yield from sorted(found, key=lambda each: each.at)


def _index(rivals: IntArray, position: int) -> int:
    """Whom a position among some rivals stands for."""
    return NONE_WITHIN_LIMITS if position == NONE_WITHIN_LIMITS else int(rivals[position])


def _kind(was: int, now: int, before: FloatArray, after: FloatArray) -> Kind:
    if NONE_WITHIN_LIMITS in (was, now):
        return "starts" if was == NONE_WITHIN_LIMITS else "stops"
    if not np.isfinite(after[was]):
        return "stops"
    if not np.isfinite(before[now]):
        return "starts"
    gap = max(before[now] - before[was], after[was] - after[now])
    return "meets" if gap <= _SAME * before[was] else "steps"
