"""How are figures of the hours added up to a month, for all scenarios or for some of them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import Course, Weekly
from estimator.pricing.hourly_use import HourlyUse
from estimator.units import HOURS_PER_WEEK

_COURSE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Month:
    """The hours of a billing month, of each week where weeks differ."""

    hours: float | FloatArray
    week_hours: FloatArray | None = None
    """Hours of each week, shape (weeks, *scenarios), of which the last ones may be 1."""

    @classmethod
    def of(cls, demand: Demand) -> Month:
        """That of a demand."""
        return cls(demand.hours_per_month, demand.week_hours)

    @property
    def has_weeks(self) -> bool:
        """Whether weeks differ, so that they are an axis before those of scenarios."""
        return self.week_hours is not None

    def total(self, each_hour: FloatArray) -> FloatArray:
        """Sum of what all hours of a week have alike, shape (..., *scenarios)."""
        if self.week_hours is None:
            return each_hour * self.hours
        return np.sum(each_hour * self.week_hours, axis=-self.week_hours.ndim)

    def most(self, of_week: FloatArray, many: tuple[int, ...]) -> FloatArray:
        """The largest of all weeks, shape (..., *scenarios)."""
        if self.week_hours is None:
            return of_week
        shape = np.broadcast_shapes(np.shape(of_week), many)
        return np.broadcast_to(of_week, shape).max(axis=-self.week_hours.ndim)

    def by_hour(self, quantity: Weekly) -> HourlyUse:
        """A quantity in the hours of the month, those of all its weeks in a row."""
        if self.week_hours is None and quantity.level:
            return HourlyUse(np.asarray(quantity.mean)[..., None], np.ones(1))
        hourly = quantity.hourly
        if self.week_hours is None:
            return HourlyUse(hourly, np.full(HOURS_PER_WEEK, 1 / HOURS_PER_WEEK))
        shape = np.broadcast_shapes(hourly.shape[:-1], self.week_hours.shape)
        share = self.week_hours / np.sum(self.week_hours, axis=-self.week_hours.ndim)
        each = share[..., None] / HOURS_PER_WEEK
        weeks = -self.week_hours.ndim - 1

        def in_a_row(figures: FloatArray) -> FloatArray:
            spread = np.broadcast_to(figures, (*shape, HOURS_PER_WEEK))
            last = np.moveaxis(spread, weeks, -2)
            return last.reshape(*last.shape[:-2], -1)

        return HourlyUse(in_a_row(hourly), in_a_row(each))

    def rows(self, many: tuple[int, ...], index: npt.NDArray[np.intp]) -> Rows:
        """Some of the scenarios.

        Args:
            many: shape of all figures, the weeks first.
            index: of the scenarios that are taken, as if they stood in a row.
        """
        return Rows(self, many, index)


def course_of(demand: Demand) -> tuple[float, ...]:
    """Connections of each hour, as those of the busiest; the mean of many scenarios.

    What follows demand runs about so: enough to compare machines whose price depends on how long
    they run.
    """
    hourly = demand.connections.hourly
    mean = hourly.reshape(-1, HOURS_PER_WEEK).mean(axis=0)
    most = mean.max()
    return tuple((mean / most if most else np.ones_like(mean)).round(_COURSE_DIGITS).tolist())


@dataclass(frozen=True, slots=True)
class Rows:
    """Some of many scenarios, in a row."""

    all: Month
    many: tuple[int, ...]
    index: npt.NDArray[np.intp]

    @property
    def month(self) -> Month:
        """Their month."""
        hours, week_hours = self.all.hours, self.all.week_hours
        if np.ndim(hours):
            scenarios = self.many[1:] if self.all.has_weeks else self.many
            hours = np.broadcast_to(hours, scenarios).reshape(-1)[self.index]
        return Month(hours, None if week_hours is None else self.figures(week_hours))

    def figures(self, figures: FloatArray | float) -> FloatArray:
        """Theirs of a figure, shape (*weeks, scenarios)."""
        if np.ndim(figures) == 0:
            return np.asarray(figures)
        weeks = self.many[:1] if self.all.has_weeks else ()
        return np.broadcast_to(figures, self.many).reshape(*weeks, -1)[..., self.index]

    def quantity(self, quantity: Weekly) -> Weekly:
        """Theirs of a quantity."""
        return Weekly(
            tuple((self.figures(scale), self._course(course)) for scale, course in quantity.terms)
        )

    def _course(self, course: Course) -> Course:
        if not course.many:
            return course
        weeks = self.many[:1] if self.all.has_weeks else ()
        hours = np.broadcast_to(course.hours, (*self.many, HOURS_PER_WEEK))
        return Course(hours.reshape(*weeks, -1, HOURS_PER_WEEK)[..., self.index, :])
