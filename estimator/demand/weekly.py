"""Which algebra do quantities of a week follow? Courses of 168 hours, and scaled sums of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from itertools import chain

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
    def shape(self) -> tuple[int, ...]:
        """Shape of the scenarios that have a course of their own; () if all share it."""
        return self.hours.shape[:-1]

    @property
    def many(self) -> bool:
        """Whether each scenario has a course of its own."""
        return bool(self.shape)

    @cached_property
    def mean(self) -> FloatArray:
        """Mean over the week, shape () or (*many,)."""
        return self.hours.mean(axis=-1)

    @cached_property
    def peak(self) -> FloatArray:
        """Largest hour, shape () or (*many,)."""
        return self.hours.max(axis=-1)

    @cached_property
    def trough(self) -> FloatArray:
        """Smallest hour, shape () or (*many,)."""
        return self.hours.min(axis=-1)

    @cached_property
    def daily(self) -> FloatArray:
        """Sum over each day, shape (7,) or (*many, 7)."""
        return self.hours.reshape(*self.hours.shape[:-1], DAYS_PER_WEEK, -1).sum(axis=-1)

    @cached_property
    def level(self) -> bool:
        """Whether all hours are alike, for all scenarios the same."""
        return not self.many and bool(np.all(self.hours == self.hours[0]))

    @property
    def bases(self) -> tuple[Course, ...]:
        """Courses that it is worked out from: itself."""
        return (self,)

    def reader(self, shape: tuple[int, ...], at: Hours) -> Callable[[slice], FloatArray]:
        """What gives hours of some of so many scenarios in a row, shape (some, hours).

        They are not to be written to; of shape (hours,) if all scenarios share them.
        """
        if not self.many:
            mine = self.hours[at]
            return lambda _: mine
        hours = np.broadcast_to(self.hours, (*shape, HOURS_PER_WEEK)).reshape(-1, HOURS_PER_WEEK)
        return lambda rows: hours[rows][:, at]


ALWAYS = Course(np.ones(HOURS_PER_WEEK))
"""All hours alike."""
_AT_ONCE = 96
"""Scenarios whose hours are worked out at once, so that these stay in the cache."""
Hours = slice | npt.NDArray[np.intp]
_ALL = slice(None)


class Worked(Course):
    """What follows from some quantities, week by week of each scenario.

    Hours of many scenarios take much memory, so the mean, the peak and the trough are found without
    keeping them, and from one hour of those that are alike.
    """

    def __init__(
        self,
        of: Callable[..., FloatArray],
        parts: tuple[Weekly, ...],
        around: int = 0,
        peak_of: Callable[[], FloatArray] | None = None,
    ) -> None:
        """Take what is made of the hours of all parts.

        Args:
            of: given hours of all parts, shape (some, hours), to which it may write.
            parts: the quantities.
            around: of how many hours before and after as well the most is taken.
            peak_of: what gives the largest hour, if it is known without a look at the hours.
        """
        self.of = of
        self.peak_of = peak_of
        self.parts = parts
        self.around = around

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the scenarios."""
        return self._shape

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(part.shape for part in self.parts))

    @property
    def many(self) -> bool:
        """Whether each scenario has a course of its own."""
        return bool(self.shape)

    @cached_property
    def hours(self) -> FloatArray:  # type: ignore[override]  # held by Course, found when asked
        """Shape (168,) or (*many, 168)."""
        found = np.empty((self._number, HOURS_PER_WEEK))
        for rows, block in self._blocks():
            found[rows] = block
        return found.reshape(*self.shape, HOURS_PER_WEEK)

    @cached_property
    def mean(self) -> FloatArray:
        """Mean over the week, shape () or (*many,)."""

        def mean(block: FloatArray, number: FloatArray | None) -> FloatArray:
            if number is None:
                return np.add.reduce(block, axis=-1) / HOURS_PER_WEEK
            return block @ (number / HOURS_PER_WEEK)

        return self._over(mean)

    @cached_property
    def peak(self) -> FloatArray:
        """Largest hour, shape () or (*many,)."""
        if self.peak_of is not None:
            return self.peak_of()
        return self._over(lambda block, _: np.maximum.reduce(block, axis=-1))

    @cached_property
    def trough(self) -> FloatArray:
        """Smallest hour, shape () or (*many,)."""
        return self._over(lambda block, _: np.minimum.reduce(block, axis=-1))

    def _over(self, figure: Callable[[FloatArray, FloatArray | None], FloatArray]) -> FloatArray:
        """A figure of the hours, given for how many each of them stands."""
        if self._number == 1 or "hours" in self.__dict__:
            return np.asarray(figure(self.hours, None))
        at, number = self._distinct
        found = np.empty(self._number)
        for rows, block in self._blocks(at):
            found[rows] = figure(block, number)
        return found.reshape(self.shape)

    @cached_property
    def _number(self) -> int:
        return math.prod(self.shape)

    @cached_property
    def bases(self) -> tuple[Course, ...]:  # type: ignore[override]  # kept once found
        """Courses that it is worked out from."""
        courses = (course.bases for part in self.parts for _, course in part.terms)
        return tuple(dict.fromkeys(chain.from_iterable(courses)))

    @cached_property
    def _near(self) -> bool:
        """Whether an hour follows from those around it."""
        courses = (course for part in self.parts for _, course in part.terms)
        return self.around > 0 or any(isinstance(one, Worked) and one._near for one in courses)

    @property
    def _distinct(self) -> tuple[Hours, FloatArray | None]:
        """Hours that stand for all, and for how many each; None if all are taken."""
        if any(course.many for course in self.bases):
            return _ALL, None
        at, number = _distinct(self.bases)
        return (_ALL, None) if self._near and len(at) > 1 else (at, number)

    def _blocks(self, at: Hours = _ALL) -> Iterator[tuple[slice, FloatArray]]:
        """Hours of some scenarios, which are written over by those of the next."""
        block_of = self.reader(self.shape, at)
        at_once = _at_once(at)
        for start in range(0, self._number, at_once):
            rows = slice(start, min(start + at_once, self._number))
            yield rows, block_of(rows)

    def reader(self, shape: tuple[int, ...], at: Hours) -> Callable[[slice], FloatArray]:
        """What gives hours of some of so many scenarios in a row, to be read at once."""
        if "hours" in self.__dict__ or shape != self.shape:
            return super().reader(shape, at)
        readers = [part.reader(shape, at) for part in self.parts]

        def read(rows: slice) -> FloatArray:
            return _most_around(self.of(*(each(rows) for each in readers)), self.around)

        return read


def _at_once(at: Hours) -> int:
    """Scenarios of which so many hours stay in the cache."""
    return _AT_ONCE if isinstance(at, slice) else _AT_ONCE * HOURS_PER_WEEK // len(at)


@lru_cache(maxsize=256)
def _distinct(courses: tuple[Course, ...]) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """One hour of those in which all courses are alike, and for how many of a week it stands."""
    table = np.stack([course.hours for course in courses])
    _, at, number = np.unique(table, axis=1, return_index=True, return_counts=True)
    return at, number.astype(np.float64)


def _most_around(hourly: FloatArray, hours: int) -> FloatArray:
    """The most of each hour and its neighbors, so many to either side; Sunday meets Monday."""
    if not hours or hourly.shape[-1] == 1:
        # one hour stands for all
        return hourly
    around = np.concatenate([hourly[..., -hours:], hourly, hourly[..., :hours]], axis=-1)
    for later in range(1, hours + 1):
        for first in (hours - later, hours + later):
            np.maximum(hourly, around[..., first : first + HOURS_PER_WEEK], out=hourly)
    return hourly


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
        return cls(((_plain(scale), found),))

    @property
    def hourly(self) -> FloatArray:
        """The quantity in each hour, shape (*many, 168); not to be written to."""
        if len(self.terms) == 1 and self.terms[0][0] is _ONCE:
            return self.terms[0][1].hours
        if not self.terms:
            return np.zeros(HOURS_PER_WEEK)
        terms = (scale[..., None] * course.hours for scale, course in self.terms)
        hourly = next(terms)
        for term in terms:
            # the arrays are large, so the term becomes the sum where it can
            hourly = np.add(hourly, term, out=_room(term, hourly))
        return hourly

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the scenarios."""
        shapes = ((np.shape(scale), course.shape) for scale, course in self.terms)
        return np.broadcast_shapes(*chain.from_iterable(shapes))

    @property
    def level(self) -> bool:
        """Whether all hours are alike."""
        return all(course.level for _, course in self.terms)

    def reader(self, shape: tuple[int, ...], at: Hours) -> Callable[[slice], FloatArray]:
        """What gives hours of some of so many scenarios in a row, shape (some, hours).

        They may be written to, and are written over by those of the next.
        """
        hours_each = HOURS_PER_WEEK if isinstance(at, slice) else len(at)
        rooms = np.empty((2, min(int(np.prod(shape)), _at_once(at)), hours_each))
        terms = [
            (np.broadcast_to(scale, shape).reshape(-1, 1), course.reader(shape, at))
            for scale, course in self.terms
        ]

        def read(rows: slice) -> FloatArray:
            found, term = rooms[:, : rows.stop - rows.start]
            if not terms:
                found[:] = 0.0
            for index, (scale, hours) in enumerate(terms):
                np.multiply(scale[rows], hours(rows), out=term if index else found)
                if index:
                    np.add(found, term, out=found)
            return found

        return read

    @property
    def daily(self) -> FloatArray:
        """Sum over each day, Monday first, shape (*many, 7)."""
        days = (scale[..., None] * course.daily for scale, course in self.terms)
        return sum(days, start=np.zeros(DAYS_PER_WEEK))

    @cached_property
    def mean(self) -> FloatArray:
        """Mean over the week, shape (*many,)."""
        means = (scale * course.mean for scale, course in self.terms)
        return sum(means, start=_NONE)

    @cached_property
    def peak(self) -> FloatArray:
        """Largest hour of the week, shape (*many,)."""
        if len(self.terms) == 1:
            [(scale, course)] = self.terms
            return scale * course.peak
        courses = tuple(course for _, course in self.terms)
        scenarios = max((scale.size for scale, _ in self.terms), default=1)
        if scenarios <= _AT_ONCE:
            return self.hourly.max(axis=-1)
        if any(course.many for course in courses):
            return worked(lambda hours: hours, self).peak
        return reduce(np.maximum, (self._at(int(hour)) for hour in _undominated(courses)))

    @cached_property
    def trough(self) -> FloatArray:
        """Smallest hour of the week, shape (*many,)."""
        if len(self.terms) == 1:
            [(scale, course)] = self.terms
            return scale * course.trough
        return worked(lambda hours: hours, self).trough

    def _at(self, hour: int) -> FloatArray:
        """The quantity in one hour, shape (*many,), if scenarios share the courses."""
        there = (scale * course.hours[hour] for scale, course in self.terms)
        return reduce(np.add, there)

    def times(self, factor: FloatArray | float) -> Weekly:
        """The quantity multiplied by one number per scenario, or by one number, from 0 on."""
        factors = _plain(factor)
        return Weekly(tuple([(scale * factors, course) for scale, course in self.terms]))

    def mapped(self, change: Callable[[Course], Course]) -> Weekly:
        """The quantity with each of its courses changed."""
        return Weekly(tuple((scale, change(course)) for scale, course in self.terms))


def _plain(number: FloatArray | float) -> FloatArray:
    """A number, or those of many scenarios, with which numpy computes fastest.

    An array without dimensions takes it several times as long as a number of its own.
    """
    return np.asarray(number, dtype=np.float64)[()]


_NONE = _plain(0.0)
_ONCE = _plain(1.0)
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
    for part in parts:
        for scale, course in part.terms:
            scales[course] = scales[course] + scale if course in scales else scale
    return Weekly(tuple([(scale, course) for course, scale in scales.items()]))


def largest(
    parts: Iterable[Weekly],
    then: Callable[[FloatArray], FloatArray] | None = None,
    around: int = 0,
) -> Weekly:
    """The largest of several quantities in each hour, and what follows from that hour by hour.

    Args:
        parts: the quantities.
        then: what is made of the largest, hour by hour, which does not fall if that rises; it may
            write to what it is given.
        around: of how many hours before and after as well the most is taken.

    >>> flat = Weekly.of(np.array(2.0), np.ones(168))
    >>> largest([flat, flat.times(3)]).peak
    np.float64(6.0)
    >>> largest([flat, flat.times(1.2)], np.ceil).mean
    np.float64(3.0)
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
        return most_around(rivals[0], around)

    def most(first: FloatArray, *others: FloatArray) -> FloatArray:
        for other in others:
            first = np.maximum(first, other, out=_room(first, other))
        return first if then is None else then(np.asarray(first))

    def peak() -> FloatArray:
        return np.asarray(most(*(np.array(rival.peak) for rival in rivals)))

    return Weekly(((_ONCE, Worked(most, tuple(rivals), around, peak)),))


def worked(of: Callable[..., FloatArray], *parts: Weekly) -> Weekly:
    """What follows from some quantities, week by week of each scenario.

    Args:
        of: what is made of the hours of all parts, shape (some, 168); it may write to them.
        parts: the quantities.

    >>> flat = Weekly.of(np.array([6.0, 8.0]), np.ones(168))
    >>> worked(np.divide, flat, flat.times(0.5)).peak
    array([2., 2.])
    """
    return Weekly(((_ONCE, Worked(of, parts)),))


def most_around(quantity: Weekly, hours: int) -> Weekly:
    """The most of each hour and its neighbors, so many to either side.

    Sunday meets Monday.

    >>> once = from_hours(np.arange(168) == 0)
    >>> np.flatnonzero(most_around(once, 1).hourly).tolist()
    [0, 1, 167]
    """
    if not hours:
        return quantity
    if len(quantity.terms) == 1:
        # a scaled course moves with its course, of which there is one for many scenarios
        return quantity.mapped(lambda course: Course(_most_around(course.hours.copy(), hours)))
    return Weekly(((_ONCE, Worked(lambda all_: all_, (quantity,), hours, lambda: quantity.peak)),))


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
