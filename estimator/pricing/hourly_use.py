"""How is a month's use spread over its hours? Levels of use, and how long each of them lasts.

What is committed per hour, and what costs less the longer it runs, depends on the hours and not
only on their sum. Both ask the same: for how much of the month is at least so much in use?
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from estimator.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class HourlyUse:
    """How much is in use in parts of the month."""

    units: FloatArray
    """In each part, shape (*many, parts); of use whose sum is known, only the shape counts."""
    shares: FloatArray
    """How much of the month each part is, shape (parts,) or (*many, parts); they add up to 1."""
    constant: bool = False
    """Whether nothing is known but the sum, which is taken as spread evenly; one part then."""

    @property
    def mean(self) -> FloatArray:
        """Mean over the month, shape (*many,)."""
        return np.asarray((self.units * self.shares).sum(axis=-1))

    def with_mean(self, mean: FloatArray) -> HourlyUse:
        """The same shape with another mean; as much in all hours where nothing was in use.

        >>> HourlyUse(np.array([1.0, 3.0]), np.array([0.5, 0.5])).with_mean(np.array(6.0)).units
        array([3., 9.])
        """
        if self.units.shape[-1] == 1:
            return HourlyUse(np.asarray(mean)[..., None], self.shares, self.constant)
        before = self.mean[..., None]
        level = np.divide(self.units, before, out=np.ones_like(self.units), where=before > 0)
        return HourlyUse(np.asarray(np.asarray(mean)[..., None] * level), self.shares)

    def in_parts_of(self, other: HourlyUse) -> HourlyUse:
        """The same in the parts that another use has, if it is the same in all hours."""
        if self.units.shape[-1] != 1 or other.units.shape[-1] == 1:
            return self
        parts = (*np.shape(self.units)[:-1], other.units.shape[-1])
        return HourlyUse(np.broadcast_to(self.units, parts), other.shares)


ALL_MONTH = HourlyUse(np.ones(1), np.ones(1), constant=True)
"""As much in every hour."""
ByHour = Callable[[], HourlyUse]
"""What tells the hours when somebody asks for them: of many scenarios they are many numbers."""


def together(parts: Iterable[tuple[FloatArray, ByHour | None]]) -> ByHour:
    """The hours of several quantities at once, each spread in its own way."""
    given = tuple(parts)

    def of_all() -> HourlyUse:
        found = [(by_hour or _all_month)().with_mean(quantity) for quantity, by_hour in given]
        shares = max((use.shares for use in found), key=lambda each: each.shape[-1])
        return HourlyUse(np.asarray(sum(use.units for use in found)), shares)

    return of_all


def _all_month() -> HourlyUse:
    return ALL_MONTH


def levels(use: HourlyUse) -> tuple[FloatArray, FloatArray]:
    """Use cut into levels, the lowest first.

    Returns:
        How many units each level is, and for what share of the month at least so much is in use,
        both of shape (*many, parts).

    >>> heights, lasting = levels(HourlyUse(np.array([5.0, 2.0]), np.array([0.25, 0.75])))
    >>> heights, lasting
    (array([2., 3.]), array([1.  , 0.25]))
    """
    units, shares = np.broadcast_arrays(use.units, use.shares)
    order = np.argsort(units, axis=-1)
    units, shares = (np.take_along_axis(each, order, axis=-1) for each in (units, shares))
    lasting = np.cumsum(shares[..., ::-1], axis=-1)[..., ::-1]
    return np.diff(units, axis=-1, prepend=0.0), np.clip(lasting, 0.0, 1.0)
