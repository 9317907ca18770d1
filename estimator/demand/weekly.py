"""Which algebra do quantities of a week follow? Courses of 168 hours, and scaled sums of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.units import DAYS_PER_WEEK, HOURS_PER_WEEK


class Course:
    """How something goes over the week, hour by hour, for one scenario or for many.

    What follows from the hours alone is worked out once. Courses are told apart by identity, so
    that quantities which share one can be added without a look at their hours.
    """

    def __init__(self, hours: FloatArray) -> None:
        """Take ``hours`` of shape (168,) or (*many, 168), Monday 00:00 UTC first."""
        self.hours = hours

    @property
    def many(self) -> bool:
        """Whether each scenario has a course of its own."""
        return self.hours.ndim > 1

    @cached_property
    def mean(self) -> FloatArray:
        """Mean over the week, shape () or (*many,)."""
        return self.hours.mean(axis=-1)

    @cached_property
    def peak(self) -> FloatArray:
        """Largest hour, shape () or (*many,)."""
        return self.hours.max(axis=-1)

    @cached_property
    def daily(self) -> FloatArray:
        """Sum over each day, shape (7,) or (*many, 7)."""
        return self.hours.reshape(*self.hours.shape[:-1], DAYS_PER_WEEK, -1).sum(axis=-1)

    @cached_property
    def level(self) -> bool:
        """Whether all hours are alike, for all scenarios the same."""
        return not self.many and bool(np.all(self.hours == self.hours[0]))


ALWAYS = Course(np.ones(HOURS_PER_WEEK))
"""All hours alike."""


@dataclass(frozen=True)
class Weekly:
    """A quantity in each of the 168 hours of a week, Monday 00:00 UTC first.

    Kept as a sum of terms ``scale x course``: scenarios that share the course of the week need
    one number each instead of 168, until something asks for the hours.

    >>> Weekly.of(np.array([2.0, 3.0]), np.ones(168)).peak
    array([2., 3.])
    """

    terms: tuple[tuple[FloatArray, Course], ...]
    """Scales, one number per scenario, of shape (*many,) and never negative; and courses."""

    @classmethod
    def of(cls, scale: FloatArray, course: Course | FloatArray) -> Weekly:
        """A quantity that follows one course of the week."""
        found = course if isinstance(course, Course) else Course(course)
        return cls(((np.asarray(scale), found),))

    @property
    def hourly(self) -> FloatArray:
        """The quantity in each hour, shape (*many, 168); not to be written to."""
        if len(self.terms) == 1 and self.terms[0][0] is _ONCE:
            return self.terms[0][1].hours
        hourly = np.zeros(HOURS_PER_WEEK)
        for index, (scale, course) in enumerate(self.terms):
            term = scale[..., None] * course.hours
            # the arrays are large, so the term becomes the sum where it can
            hourly = np.add(hourly, term, out=_room(term, hourly)) if index else term
        return hourly

    @property
    def daily(self) -> FloatArray:
        """Sum over each day, Monday first, shape (*many, 7)."""
        days = (scale[..., None] * course.daily for scale, course in self.terms)
        return sum(days, start=np.zeros(DAYS_PER_WEEK))

    @cached_property
    def mean(self) -> FloatArray:
        """Mean over the week, shape (*many,)."""
        means = (scale * course.mean for scale, course in self.terms)
        return sum(means, start=np.zeros(()))

    @cached_property
    def peak(self) -> FloatArray:
        """Largest hour of the week, shape (*many,)."""
        if len(self.terms) == 1:
            [(scale, course)] = self.terms
            return scale * course.peak
        courses = tuple(course for _, course in self.terms)
        scenarios = max((scale.size for scale, _ in self.terms), default=1)
        if scenarios < HOURS_PER_WEEK or any(course.many for course in courses):
            return self.hourly.max(axis=-1)
        return reduce(np.maximum, (self._at(int(hour)) for hour in _undominated(courses)))

    def _at(self, hour: int) -> FloatArray:
        """The quantity in one hour, shape (*many,), if scenarios share the courses."""
        there = (scale * course.hours[hour] for scale, course in self.terms)
        return reduce(np.add, there)

    def times(self, factor: FloatArray | float) -> Weekly:
        """The quantity multiplied by one number per scenario, or by one number, from 0 on."""
        factors = np.asarray(factor, dtype=np.float64)
        return Weekly(tuple((np.asarray(s * factors), course) for s, course in self.terms))

    def mapped(self, change: Callable[[Course], Course]) -> Weekly:
        """The quantity with each of its courses changed."""
        return Weekly(tuple((scale, change(course)) for scale, course in self.terms))


_ONCE = np.ones(())
"""Scale of what is given hour by hour."""


@lru_cache(maxsize=256)
def _undominated(courses: tuple[Course, ...]) -> npt.NDArray[np.intp]:
    """Hours of which no other has as much of every course; the first of those that are alike.

    Scales are never negative, so a sum of scaled courses peaks in one of them. Of a usual week
    they are few, since open and new connections peak together.
    """
    table = np.stack([course.hours for course in courses], axis=-1)
    as_much = np.all(table[:, None] >= table, axis=-1)
    earlier = np.triu(np.ones_like(as_much), k=1)
    return np.flatnonzero(~np.any(as_much & (~as_much.T | earlier), axis=0))


def total(parts: Iterable[Weekly]) -> Weekly:
    """Sum of several quantities.

    >>> flat = Weekly.of(np.array(2.0), np.ones(168))
    >>> total([flat, flat]).peak
    np.float64(4.0)
    """
    scales: dict[Course, FloatArray] = {}
    for scale, course in (term for part in parts for term in part.terms):
        scales[course] = np.asarray(scales[course] + scale) if course in scales else scale
    return Weekly(tuple((scale, course) for course, scale in scales.items()))


def largest(parts: Iterable[Weekly]) -> Weekly:
    """The largest of several quantities in each hour.

    >>> flat = Weekly.of(np.array(2.0), np.ones(168))
    >>> largest([flat, flat.times(3)]).peak
    np.float64(6.0)
    """
    scales: dict[Course, FloatArray] = {}
    mixed: list[Weekly] = []
    for part in parts:
        if len(part.terms) != 1:
            mixed.append(part)
            continue
        [(scale, course)] = part.terms
        scales[course] = np.maximum(scales[course], scale) if course in scales else scale
    rivals = [*mixed, *(Weekly.of(scale, course) for course, scale in scales.items())]
    if len(rivals) == 1:
        return rivals[0]
    first, second, *others = (rival.hourly for rival in rivals)
    most = np.maximum(first, second)
    for other in others:
        most = np.maximum(most, other, out=_room(most, other))
    return from_hours(most)


def _room(mine: FloatArray, other: FloatArray) -> FloatArray | None:
    return mine if mine.shape == other.shape else None


def from_hours(hourly: FloatArray) -> Weekly:
    """A quantity given hour by hour, shape (*many, 168)."""
    return Weekly(((_ONCE, Course(hourly)),))
