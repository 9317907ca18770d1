"""What does a quantity cost in tiers? The arithmetic, for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from estimator.arrays import FloatArray

_PARTS_PER_USD = 10.0 ** np.arange(13)
_ROUNDING_NOISE = 1e-15


@dataclass(frozen=True)
class Tariff:
    """A graduated price: each unit costs what the tier costs into which it falls."""

    tier_from: FloatArray
    """Lower edge of each tier in units, ascending from 0, shape (tiers,)."""
    usd_per_unit: FloatArray
    """Price within each tier, shape (tiers,)."""

    @property
    def flat(self) -> bool:
        """Whether there is one tier, so that every unit costs the same."""
        return self.tier_from.size == 1

    def with_edges(self, edges: Sequence[float]) -> Tariff:
        """The same prices, with tiers that begin at some more edges.

        >>> Tariff(np.array([0.0, 100.0]), np.array([2.0, 1.0])).with_edges([0, 50]).usd_per_unit
        array([2., 2., 1.])
        """
        starts = np.unique(np.concatenate([self.tier_from, np.asarray(edges, dtype=np.float64)]))
        if starts.size == self.tier_from.size:
            return self
        mine = np.searchsorted(self.tier_from, starts, side="right") - 1
        return Tariff(starts, self.usd_per_unit[mine])

    def scaled(self, factor: float) -> Tariff:
        """All prices multiplied."""
        return Tariff(self.tier_from, self.usd_per_unit * factor)

    def split(self, quantity: FloatArray) -> FloatArray:
        """Units of ``quantity`` that fall into each tier, shape (tiers, *many).

        >>> Tariff(np.array([0.0, 100.0]), np.array([2.0, 1.0])).split(np.array(130.0))
        array([100.,  30.])
        """
        edges = np.append(self.tier_from, np.inf)
        shape = (-1, *(1,) * np.ndim(quantity))
        lower, upper = edges[:-1].reshape(shape), edges[1:].reshape(shape)
        return np.clip(quantity, lower, upper) - lower

    def between(self, start: FloatArray, end: FloatArray) -> FloatArray:
        """Units in each tier if use goes on from ``start`` to ``end``, shape (tiers, *many).

        >>> Tariff(np.array([0.0, 100.0]), np.array([2.0, 1.0])).between(20.0, 130.0)
        array([80., 30.])
        """
        if self.flat:
            return np.asarray(end - start)[None]
        start, end = np.broadcast_arrays(start, end)
        return self.split(end) - self.split(start)

    def cost(self, units_by_tier: FloatArray) -> FloatArray:
        """USD for units already split over the tiers, shape (*many,).

        >>> float(Tariff(np.array([0.0]), np.array([0.000001])).cost(np.array([200_000.0])))
        0.2
        """
        prices, per_usd = self._in_whole_numbers
        # not by BLAS, which adds up many in another order than one
        parts = (price * units for price, units in zip(prices, units_by_tier, strict=True))
        return np.asarray(reduce(np.add, parts) / per_usd)

    @cached_property
    def _in_whole_numbers(self) -> tuple[FloatArray, float]:
        """The prices in a decimal part of a dollar of which they are whole numbers, if any is.

        No float is 0.000001, and 200,000 times the nearest one would print as 0.19999999999999998.
        """
        in_parts = np.multiply.outer(_PARTS_PER_USD, self.usd_per_unit)
        whole = np.rint(in_parts)
        fitting = np.all(np.abs(in_parts - whole) <= _ROUNDING_NOISE * whole, axis=1)
        found = int(np.argmax(fitting))
        return (whole[found], _PARTS_PER_USD[found]) if fitting[found] else (self.usd_per_unit, 1.0)
