"""Tiers and allowances: the arithmetic between a quantity and its price, for many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tariff:
    """A graduated price: each unit costs what the tier costs into which it falls."""

    tier_from: FloatArray
    """Lower edge of each tier in units, ascending from 0, shape (tiers,)."""
    usd_per_unit: FloatArray
    """Price within each tier, shape (tiers,)."""

    def split(self, quantity: FloatArray) -> FloatArray:
        """Units of ``quantity`` that fall into each tier, shape (tiers, *many).

        >>> Tariff(np.array([0.0, 100.0]), np.array([2.0, 1.0])).split(np.array(130.0))
        array([100.,  30.])
        """
        edges = np.append(self.tier_from, np.inf)
        shape = (-1, *(1,) * np.ndim(quantity))
        lower, upper = edges[:-1].reshape(shape), edges[1:].reshape(shape)
        return np.clip(quantity, lower, upper) - lower

    def cost(self, units_by_tier: FloatArray) -> FloatArray:
        """USD for units already split over the tiers, shape (*many,)."""
        return np.tensordot(self.usd_per_unit, units_by_tier, axes=1)


def billed_units(
    tariff: Tariff,
    quantity: FloatArray,
    free: float,
    tiers: Literal["beyond", "including"],
) -> FloatArray:
    """Units to pay in each tier once a free quantity is taken off, shape (tiers, *many).

    Args:
        tariff: the tiers.
        quantity: units used, shape (*many,).
        free: units that cost nothing.
        tiers: whether the tiers count only what is used ``beyond`` the free units (AWS), or all
            use ``including`` them (Azure, Google Cloud and OCI), the free ones being the first.

    >>> ladder = Tariff(np.array([0.0, 100.0]), np.array([2.0, 1.0]))
    >>> billed_units(ladder, np.array(130.0), 20.0, "beyond")
    array([100.,  10.])
    >>> billed_units(ladder, np.array(130.0), 20.0, "including")
    array([80., 30.])
    """
    if tiers == "beyond":
        return tariff.split(np.maximum(quantity - free, 0.0))
    return tariff.split(quantity) - tariff.split(np.minimum(quantity, free))
