"""Many points from a few axes, and how much memory their bills take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from estimator.analysis.points import POINTS_AT_ONCE
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.pricing.price_files import DRIVERS

MOST_BYTES = 2 * 10**9
"""Memory that the bills of one sweep may take: a laptop has four times that."""
_BYTES_PER_NUMBER = 8
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


@dataclass(frozen=True, slots=True)
class Grid:
    """Points that are each with each of some axes, or one by one along them.

    >>> grid = Grid({"peak_connections": np.array([1.0, 2.0]), "hours": np.array([5.0, 6.0, 7.0])})
    >>> grid.shape, grid.points["hours"]
    ((2, 3), array([5., 6., 7., 5., 6., 7.]))
    """

    axes: Mapping[str, FloatArray]
    """Values by the name of each field."""
    together: bool = False
    """Whether all fields change at once, point by point, and not each with each."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Values along each axis; a single axis if all fields change together.

        Raises:
            ScenarioError: fields that change together have unequal numbers of values.
        """
        lengths = {name: len(values) for name, values in self.axes.items()}
        if not self.together:
            return tuple(lengths.values())
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length:,}" for name, length in lengths.items())
            raise ScenarioError(
                f"fields that change together need equally many values, but {told}; without "
                "together=True each value of one meets each value of the others"
            )
        return (next(iter(lengths.values())),)

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    @property
    def points(self) -> dict[str, FloatArray]:
        """The value of each field at every point, shape (points,)."""
        return self.part(0, self.size)

    def part(self, start: int, stop: int) -> dict[str, FloatArray]:
        """The value of each field at the points from ``start`` to before ``stop``."""
        if self.together:
            return {name: values[start:stop] for name, values in self.axes.items()}
        indices = np.unravel_index(np.arange(start, stop), self.shape)
        return {
            name: values[index]
            for (name, values), index in zip(self.axes.items(), indices, strict=True)
        }

    def parts(self) -> Iterator[dict[str, FloatArray]]:
        """All points in batches that memory and caches can hold."""
        for start in range(0, self.size, POINTS_AT_ONCE):
            yield self.part(start, min(start + POINTS_AT_ONCE, self.size))

    def check_memory(self, deployments: int) -> None:
        """Refuse what would not fit.

        Raises:
            ScenarioError: bills at so many points take more than ``MOST_BYTES``.
        """
        numbers = len(self.axes) + deployments * (len(DRIVERS) + 2)
        needed = self.size * numbers * _BYTES_PER_NUMBER
        if needed > MOST_BYTES:
            lengths = " x ".join(f"{length:,}" for length in self.shape)
            raise ScenarioError(
                f"{lengths} points on {deployments} deployments would take "
                f"{_memory(needed)} of memory, more than {_memory(MOST_BYTES)}. Take fewer values "
                "or deployments, or go through them part by part: "
                "for table in estimator.sweep_parts(...)"
            )


def _memory(count: float) -> str:
    """An amount of memory for people.

    >>> _memory(2e9)
    '2 GB'
    """
    power = min(int(math.log10(max(count, 1)) // 3), len(_UNITS) - 1)
    return f"{count / 1000**power:,.3g} {_UNITS[power]}"
