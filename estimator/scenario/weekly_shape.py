"""When in the week are people connected? The weekly shape."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Annotated, Final, Self

import numpy as np
from pydantic import AfterValidator, model_validator

from estimator.arrays import FloatArray
from estimator.errors import UnknownNameError
from estimator.scenario.local_time import Clock, time_zones
from estimator.scenario.model import Level, Model, load_shipped, names_of
from estimator.units import DAYS_PER_WEEK, HOURS_PER_DAY, HOURS_PER_WEEK
from estimator.validation import Prose

_LOCAL: Final = "local"


def _local_or_known(time_zone: str) -> str:
    if time_zone != _LOCAL and time_zone not in time_zones():
        raise UnknownNameError("time zone", time_zone, (_LOCAL, *time_zones()))
    return time_zone


class WeeklyShape(Model):
    """Relative number of open connections in each hour of the week, Monday 00:00 first.

    Give either 168 hourly levels, or 24 levels of a day with 7 levels of the days. Only the
    proportions count. The hours are those of ``time_zone``; an hour of UTC takes the level of the
    local hour in which it begins.

    >>> nine_to_five = WeeklyShape(hours_of_day=[0] * 9 + [1] * 8 + [0] * 7, days_of_week=[1] * 7)
    >>> nine_to_five.levels_on(Clock("Asia/Tokyo"))[:10]
    array([3., 3., 3., 3., 3., 3., 3., 3., 0., 0.])
    """

    title: Prose = ""
    """What it is, and where it was measured."""
    time_zone: Annotated[str, AfterValidator(_local_or_known)] = _LOCAL
    """Whose hours these are: local is the time of the scenario's location; or a name of the IANA
    database, such as America/New_York for an exchange there, or UTC."""
    hourly: tuple[Level, ...] | None = None
    """168 levels, one for each hour."""
    hours_of_day: tuple[Level, ...] | None = None
    """24 levels, one for each hour of every day."""
    days_of_week: tuple[Level, ...] | None = None
    """7 levels, Monday first."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        whole_week = self.hourly is not None
        by_day = self.hours_of_day is not None and self.days_of_week is not None
        partly = self.hours_of_day is not None or self.days_of_week is not None
        if whole_week == by_day or (whole_week and partly):
            raise ValueError("give either hourly, or hours_of_day together with days_of_week")
        for name, expected in (
            ("hourly", HOURS_PER_WEEK),
            ("hours_of_day", HOURS_PER_DAY),
            ("days_of_week", DAYS_PER_WEEK),
        ):
            levels = getattr(self, name)
            if levels is not None and len(levels) != expected:
                raise ValueError(f"{name} needs {expected} numbers, but has {len(levels)}")
        if not np.any(self._levels() > 0):
            raise ValueError("at least one hour of the week must be above zero")
        return self

    def _levels(self) -> FloatArray:
        if self.hourly is not None:
            return _relative(self.hourly)
        return np.outer(
            _relative(self.days_of_week or ()), _relative(self.hours_of_day or ())
        ).ravel()

    @property
    def levels(self) -> FloatArray:
        """The shape with mean 1, one number per hour of its own clock, shape (168,)."""
        levels = self._levels()
        return levels / levels.mean()

    def clock_at(self, location: Clock) -> Clock:
        """The clock whose hours these are, at a location with that clock."""
        if self.time_zone == _LOCAL:
            return location
        return Clock(self.time_zone, location.week_of)

    def levels_on(self, clock: Clock) -> FloatArray:
        """The shape with mean 1, one number per hour of UTC, shape (168,).

        Args:
            clock: what ``clock_at`` returned.

        Raises:
            ValueError: the clock is changed in that week and skips all hours above zero.
        """
        return _levels_on(self, clock)


@lru_cache(maxsize=256)
def _levels_on(shape: WeeklyShape, clock: Clock) -> FloatArray:
    levels = shape.levels[clock.hours_of_week]
    if not levels.any():
        raise ValueError(
            f"no hour of the weekly shape above zero is in the week of {clock.week_of}, in which "
            f"the clock of {clock.time_zone} is changed: choose another week_of"
        )
    levels /= levels.mean()
    levels.flags.writeable = False
    return levels


def _relative(levels: Sequence[float]) -> FloatArray:
    """Levels of which the highest is near 1, so that no sum or product leaves floating point.

    They are multiplied by a power of two, which changes none of their digits.
    """
    return np.ldexp(np.array(levels), -np.frexp(max(levels))[1])


def shape_names() -> list[str]:
    """The shapes that ship with the package."""
    return names_of("shapes")


@cache
def load_shape(name: str) -> WeeklyShape:
    """A shape that ships with the package.

    Raises:
        UnknownNameError: there is no such shape.

    >>> load_shape("flat").levels.max()
    np.float64(1.0)
    """
    return load_shipped("shapes", name, WeeklyShape)
