"""Which algebra do quantities of a week follow? Courses of 168 hours, and scaled sums of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
_AT_ONCE = 96
"""Scenarios whose hours are worked out at once, so that these stay in the cache."""


class Largest(Course):
    """The largest of several quantities in each hour, and what follows from that hour by hour.

    Hours of many scenarios take much memory, so the mean and the peak are found without keeping
    them.
    """

    def __init__(
        self,
        rivals: tuple[Weekly, ...],
        then: Callable[[FloatArray], FloatArray] | None = None,
    ) -> None:
        """Take the quantities, and what is made of the largest, which may write to it."""
        self.rivals = rivals
        self.then = then

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        scales = (np.shape(scale) for rival in self.rivals for scale, _ in rival.terms)
        hours = (c.many and c.hours.shape[:-1] for rival in self.rivals for _, c in rival.terms)
        return np.broadcast_shapes(*scales, *(shape or () for shape in hours))

    @property
    def many(self) -> bool:
        """Whether each scenario has a course of its own."""
        return bool(self._shape)

    @cached_property
    def hours(self) -> FloatArray:  # type: ignore[override]
        """Shape (168,) or (*many, 168)."""
        found = np.empty((max(int(np.prod(self._shape)), 1), HOURS_PER_WEEK))
        for rows, block in self._blocks():
            found[rows] = block
        return found.reshape(*self._shape, HOURS_PER_WEEK)

    @cached_property
    def mean(self) -> FloatArray:
        """Mean over the week, shape () or (*many,)."""
        return self._over(lambda block: block.mean(axis=-1))

    @cached_property
    def peak(self) -> FloatArray:
        """Largest hour, shape () or (*many,)."""
        return self._over(lambda block: block.max(axis=-1))

    def _over(self, hours: Callable[[FloatArray], FloatArray]) -> FloatArray:
        if "hours" in self.__dict__:
            return np.asarray(hours(self.hours))
        found = np.empty(max(int(np.prod(self._shape)), 1))
        for rows, block in self._blocks():
            found[rows] = hours(block)
        return found.reshape(self._shape)

    def _blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Hours of some scenarios, which are written over by those of the next."""
        number = max(int(np.prod(self._shape)), 1)
        rivals = [
            [
                (self._rows(scale, number), _course_rows(course, self._shape))
                for scale, course in r.terms
            ]
            for r in self.rivals
        ]
        first, other, term = np.empty((3, min(number, _AT_ONCE), HOURS_PER_WEEK))
        for start in range(0, number, _AT_ONCE):
            rows = slice(start, min(start + _AT_ONCE, number))
            count = rows.stop - start
            most = first[:count]
            for index, terms in enumerate(rivals):
                sum_ = other[:count] if index else most
                _add_up(terms, rows, sum_, term[:count])
                if index:
                    np.maximum(most, sum_, out=most)
            yield rows, most if self.then is None else self.then(most)

    def _rows(self, scale: FloatArray, number: int) -> FloatArray:
        return np.broadcast_to(scale, self._shape).reshape(number, 1)


def _course_rows(course: Course, shape: tuple[int, ...]) -> FloatArray:
    """Hours of a course for scenarios in a row; of shape (168,) if they share it."""
    if not course.many:
        return course.hours
    return np.broadcast_to(course.hours, (*shape, HOURS_PER_WEEK)).reshape(-1, HOURS_PER_WEEK)


def _add_up(
    terms: list[tuple[FloatArray, FloatArray]], rows: slice, into: FloatArray, room: FloatArray
) -> None:
    """Sum of scaled courses for some scenarios."""
    if not terms:
        into[:] = 0.0
    for index, (scale, hours) in enumerate(terms):
        mine = hours if hours.ndim == 1 else hours[rows]
        np.multiply(scale[rows], mine, out=room if index else into)
        if index:
            np.add(into, room, out=into)


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
    found = np.flatnonzero(~np.any(as_much & (~as_much.T | earlier), axis=0))
    return _on_the_hull(found, table) if len(courses) == 2 else found


def _on_the_hull(hours: npt.NDArray[np.intp], table: FloatArray) -> npt.NDArray[np.intp]:
    """Of hours that no other dominates, those in which a sum of two scaled courses can peak.

    These are the corners of the convex hull, whatever the scales.
    """
    corners: list[int] = []
    for hour in hours[np.argsort(table[hours, 0], kind="stable")].tolist():
        while len(corners) > 1:
            before, last = table[corners[-2]], table[corners[-1]]
            to_last, to_hour = last - before, table[hour] - before
            if to_last[0] * to_hour[1] < to_last[1] * to_hour[0]:
                break
            corners.pop()
        corners.append(hour)
    return np.sort(np.array(corners, dtype=np.intp))


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


def largest(
    parts: Iterable[Weekly], then: Callable[[FloatArray], FloatArray] | None = None
) -> Weekly:
    """The largest of several quantities in each hour, and what follows from that hour by hour.

    Args:
        parts: the quantities.
        then: what is made of the largest, hour by hour; it may write to what it is given.

    >>> flat = Weekly.of(np.array(2.0), np.ones(168))
    >>> largest([flat, flat.times(3)]).peak
    array(6.)
    >>> largest([flat, flat.times(1.2)], np.ceil).mean
    array(3.)
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
    rivals = [rival for rival in rivals if not any(_is_less(rival, o) for o in rivals)]
    if len(rivals) == 1 and then is None:
        return rivals[0]
    return Weekly(((_ONCE, Largest(tuple(rivals), then)),))


def _is_less(quantity: Weekly, other: Weekly) -> bool:
    """Whether another quantity is larger in all hours, which is seen if it has the same courses."""
    scales = {course: scale for scale, course in other.terms}
    return quantity is not other and all(
        course in scales and bool(np.all(scale < scales[course]))
        for scale, course in quantity.terms
    )


def _room(mine: FloatArray, other: FloatArray) -> FloatArray | None:
    return mine if mine.shape == other.shape else None


def from_hours(hourly: FloatArray) -> Weekly:
    """A quantity given hour by hour, shape (*many, 168)."""
    return Weekly(((_ONCE, Course(hourly)),))
