"""How long a client stays connected: laws of the session length.

A law is known through its partial moments E[S^k; S <= x]. They give its survival function, the
repeated integrals of it that the occupancy relation needs, and the mean number of steps or
forced cuts in a session, so that a new law is one formula.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy import special

from estimator.arrays import FloatArray, most
from estimator.scenario.model import (
    LONGEST_HOURS,
    MOST_OBSERVED,
    Hours,
    Law,
    ManyHours,
    Sigma,
    Weight,
    shares_of,
)

_NEGLIGIBLE = 1e-12
_ROUNDING_NOISE = 1e-12
_MOST_STEPS = 200_000


class _Sessions(Law):
    """A law of session lengths in hours.

    Means and steps are those of each of many scenarios, and all else is of a single one.
    """

    @property
    @abstractmethod
    def mean(self) -> float | FloatArray:
        """Mean session length in hours, shape (*many,)."""

    @abstractmethod
    def partial_moment(self, order: int, hours: FloatArray) -> FloatArray:
        """E[S^order; S <= hours]; order 0 is the distribution function."""

    @abstractmethod
    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Lengths in hours of ``count`` sessions drawn by chance, shape (count,)."""

    @abstractmethod
    def draw_length_biased(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Lengths in hours of ``count`` sessions met open at a random moment, shape (count,).

        A session is open in proportion to its length, so such lengths have the density
        x f(x) / E[S] and the mean E[S^2] / E[S]. Of each, an evenly drawn part is over already.
        """

    def survival(self, hours: FloatArray) -> FloatArray:
        """Share of sessions longer than ``hours``."""
        # shares that are added up may be more than 1 in the last digit
        return np.maximum(1.0 - self.partial_moment(0, hours), 0.0)

    def integrated_survival(self, times: int, hours: FloatArray) -> FloatArray:
        """Survival function integrated ``times`` times from 0, at ``hours`` (zero before 0).

        Equals (x^n - E[(x - S)+^n]) / n!, which the binomial theorem turns into partial moments.

        >>> law = DeterministicSession(hours=2.0)
        >>> law.integrated_survival(1, np.array([1.0, 5.0]))
        array([1., 2.])
        """
        x = np.maximum(np.asarray(hours, dtype=np.float64), 0.0)
        shortfall = sum(
            math.comb(times, k) * (-1) ** k * x ** (times - k) * self.partial_moment(k, x)
            for k in range(times + 1)
        )
        return np.asarray((x**times - shortfall) / math.factorial(times))

    def mean_steps(self, step_hours: float) -> float | FloatArray:
        """E[ceil(S / step)]: started steps, or connections when each is cut at ``step_hours``.

        Shape (*many,).

        >>> DeterministicSession(hours=3.5).mean_steps(2.0)
        2.0
        """
        return self.of_each(_mean_steps, step_hours)


@lru_cache(maxsize=256)
def _mean_steps(law: _Sessions, step: float) -> float:
    total, first, chunk = 0.0, 0, 256
    while first < _MOST_STEPS:
        # a session that ends on a mark starts no further step, whatever the last digit says
        marks = np.arange(first, first + chunk, dtype=np.float64) * step * (1 + _ROUNDING_NOISE)
        survivors = law.survival(marks)
        total += float(survivors.sum())
        if survivors[-1] < _NEGLIGIBLE:
            return total
        first, chunk = first + chunk, chunk * 2
    # so many steps into the tail the sum is an integral
    reached = np.array([step * first])
    beyond = float(law.mean) - float(law.integrated_survival(1, reached)[0])
    return total + beyond / step + float(law.survival(reached)[0]) / 2


class ExponentialSession(_Sessions):
    """Memoryless sessions."""

    scale: ClassVar[str | None] = "mean_hours"

    law: Literal["exponential"] = "exponential"
    mean_hours: ManyHours
    """Mean session length."""

    @property
    def mean(self) -> float | FloatArray:
        """Mean session length in hours, shape (*many,)."""
        return self.mean_hours

    def partial_moment(self, order: int, hours: FloatArray) -> FloatArray:
        """Incomplete gamma function."""
        moment = self.mean_hours**order * math.factorial(order)
        return moment * special.gammainc(order + 1, hours / self.mean_hours)

    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Exponential variates."""
        return rng.standard_exponential(count) * self.mean_hours

    def draw_length_biased(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Gamma(2) variates: the part over and the part to come are both exponential."""
        return (rng.standard_exponential(count) + rng.standard_exponential(count)) * self.mean_hours


class LognormalSession(_Sessions):
    """Many short sessions and a long tail."""

    scale: ClassVar[str | None] = "mean_hours"

    law: Literal["lognormal"] = "lognormal"
    mean_hours: ManyHours
    """Mean session length."""
    sigma: Sigma
    """Standard deviation of the logarithm."""

    @property
    def mean(self) -> float | FloatArray:
        """Mean session length in hours, shape (*many,)."""
        return self.mean_hours

    def partial_moment(self, order: int, hours: FloatArray) -> FloatArray:
        """Normal distribution function, shifted by the order."""
        location = math.log(self.mean_hours) - self.sigma**2 / 2
        moment = math.exp(order * location + (order * self.sigma) ** 2 / 2)
        with np.errstate(divide="ignore"):
            logs = np.log(hours)
        return moment * special.ndtr((logs - location) / self.sigma - order * self.sigma)

    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Exponentials of normal variates."""
        return self._draw(-(self.sigma**2) / 2, count, rng)

    def draw_length_biased(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Lognormal again: the weight x moves the logarithm up by its variance."""
        return self._draw(self.sigma**2 / 2, count, rng)

    def _draw(self, shift: float, count: int, rng: np.random.Generator) -> FloatArray:
        logs = rng.standard_normal(count)
        logs *= self.sigma
        logs += math.log(self.mean_hours) + shift
        return np.exp(logs, out=logs)


class WeibullSession(_Sessions):
    """Sessions more likely to end while young (shape below 1), as games show."""

    scale: ClassVar[str | None] = "scale_hours"

    law: Literal["weibull"] = "weibull"
    shape: float = Field(gt=0.1, le=20)
    """Below 1: the longer it has lasted, the longer it will."""
    scale_hours: ManyHours
    """63.2% of sessions end before this."""

    @model_validator(mode="after")
    def _mean_within_bounds(self) -> Self:
        longest = most(self.mean)
        if longest > LONGEST_HOURS:
            raise ValueError(
                f"sessions last {longest:,.0f} hours on average, which must be at most "
                f"{LONGEST_HOURS:,}: scale_hours or the tail (a small shape) is too large"
            )
        return self

    @property
    def mean(self) -> float | FloatArray:
        """Mean session length in hours, shape (*many,)."""
        return self.scale_hours * math.gamma(1 + 1 / self.shape)

    def partial_moment(self, order: int, hours: FloatArray) -> FloatArray:
        """Incomplete gamma function."""
        power = 1 + order / self.shape
        moment = self.scale_hours**order * math.gamma(power)
        reached = (hours / self.scale_hours) ** self.shape
        return np.asarray(moment * special.gammainc(power, reached), dtype=np.float64)

    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Powers of exponential variates."""
        return rng.standard_exponential(count) ** (1 / self.shape) * self.scale_hours

    def draw_length_biased(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Powers of gamma variates: with y = (x / scale)^shape, x f(x) is y^(1/shape) exp(-y)."""
        return rng.standard_gamma(1 + 1 / self.shape, count) ** (1 / self.shape) * self.scale_hours


class DeterministicSession(_Sessions):
    """Every session lasts the same time."""

    scale: ClassVar[str | None] = "hours"

    law: Literal["deterministic"] = "deterministic"
    hours: ManyHours
    """Length of every session."""

    @property
    def mean(self) -> float | FloatArray:
        """Mean session length in hours, shape (*many,)."""
        return self.hours

    def partial_moment(self, order: int, hours: FloatArray) -> FloatArray:
        """A single step."""
        return np.where(hours >= self.hours, self.hours**order, 0.0)

    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:  # noqa: ARG002 - no chance
        """The same length each time."""
        return np.full(count, self.hours)

    def draw_length_biased(self, count: int, rng: np.random.Generator) -> FloatArray:
        """The same length each time: there is no longer one to meet more often."""
        return self.draw(count, rng)


class EmpiricalSession(_Sessions):
    """Session lengths as they were observed."""

    law: Literal["empirical"] = "empirical"
    lengths_hours: tuple[Hours, ...] = Field(min_length=1, max_length=MOST_OBSERVED)
    """The lengths seen."""
    counts: tuple[Weight, ...] | None = None
    """How often each was seen; once each if left out."""

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if self.counts is not None and len(self.counts) != len(self.lengths_hours):
            raise ValueError(f"{len(self.lengths_hours)} lengths but {len(self.counts)} counts")
        return self

    @property
    def shares(self) -> FloatArray:
        """Share of the sessions that has each length; shape (lengths,), sum 1."""
        return shares_of(self.counts or (1.0,) * len(self.lengths_hours))

    @property
    def mean(self) -> float:
        """Mean session length in hours."""
        return float(self.shares @ np.array(self.lengths_hours))

    def partial_moment(self, order: int, hours: FloatArray) -> FloatArray:
        """A staircase with one step per length seen."""
        lengths = np.array(self.lengths_hours)
        rising = np.argsort(lengths)
        reached = np.cumsum((self.shares * lengths**order)[rising])
        steps = np.searchsorted(lengths[rising], np.asarray(hours), side="right")
        return np.concatenate([[0.0], reached])[steps]

    def draw(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Lengths seen, as often as they were seen."""
        return self._draw(self.shares, count, rng)

    def draw_length_biased(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Lengths seen, each as often as it was seen times its length."""
        return self._draw(self.shares * np.array(self.lengths_hours), count, rng)

    def _draw(self, weights: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
        # how often each comes, then their order: several times faster than one search a draw
        times = rng.multinomial(count, weights / weights.sum())
        lengths = np.repeat(np.array(self.lengths_hours), times)
        rng.shuffle(lengths)
        return lengths


SessionLength = Annotated[
    ExponentialSession
    | LognormalSession
    | WeibullSession
    | DeterministicSession
    | EmpiricalSession,
    Field(discriminator="law"),
]
"""Any law of session lengths."""
