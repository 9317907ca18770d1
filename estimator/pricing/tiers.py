"""What does a quantity cost in tiers? The arithmetic, for many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from estimator.arrays import FloatArray


@dataclass(frozen=True, slots=True)
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
        """USD for units already split over the tiers, shape (*many,)."""
        if self.flat:
            return np.asarray(self.usd_per_unit[0] * units_by_tier[0])
        return np.tensordot(self.usd_per_unit, units_by_tier, axes=1)
