"""What time is it where the users are? Hours of the week in UTC, and on a clock of theirs.

Everything behind a scenario counts the 168 hours from Monday 00:00 UTC. People think in local time;
this is the one module that converts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator

from estimator.arrays import FloatArray
from estimator.errors import UnknownNameError
from estimator.units import (
    DAYS_PER_WEEK,
    HOURS_PER_DAY,
    HOURS_PER_WEEK,
    MINUTES_PER_HOUR,
    week_time_text,
)

STANDARD_WEEK = dt.date(2026, 11, 9)
"""Monday of the week that counts if nobody names one, so that a result never depends on the day on
which it was made: standard time north of the equator, summer time in Sydney."""

_HOUR = dt.timedelta(hours=1)


class UtcHours(float):
    """Hours of the week on the clock of UTC, where plain numbers are hours of local time.

    >>> UtcHours(14.5) + 1
    15.5
    """


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zone database.

    >>> "Asia/Tokyo" in time_zones()
    True
    """
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def _zone(name: str) -> ZoneInfo:
    # the installed package, not the system's database: the same rules on every machine
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def known_time_zone(name: str) -> str:
    """The name of a time zone, if there is one.

    Raises:
        UnknownNameError: there is no such time zone.
    """
    if name not in time_zones():
        raise UnknownNameError("time zone", name, time_zones())
    return name


TimeZone = Annotated[str, AfterValidator(known_time_zone)]
"""A name of the IANA time zone database, such as ``America/New_York``."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock on the wall, in one week: the 168 hours from Monday 00:00 UTC.

    >>> tokyo = Clock("Asia/Tokyo")
    >>> tokyo.text(42.0), tokyo.to_utc(9.0)
    ('Wed 03:00 (Tue 18:00 UTC)', 0.0)
    """

    time_zone: str = "UTC"
    week_of: dt.date = STANDARD_WEEK
    """Any day of the week, from Monday to Sunday."""

    @property
    def hours_of_week(self) -> npt.NDArray[np.int64]:
        """The local hour of the week (0 is Monday 00:00) in which each UTC hour begins.

        Shape (168,). Where clocks are half an hour off, a UTC hour counts as the local hour in
        which it begins.

        >>> Clock("Europe/Berlin").hours_of_week[:3]
        array([1, 2, 3])
        """
        return _hours_of_week(self)

    def daily(self, hourly: FloatArray) -> FloatArray:
        """What adds up on each local day, shape (*many, 7), Monday first.

        Args:
            hourly: amounts by hour of UTC, shape (*many, 168).

        >>> Clock("Asia/Tokyo").daily(np.arange(168) < 24)  # Monday in UTC
        array([15.,  9.,  0.,  0.,  0.,  0.,  0.])
        """
        days = self.hours_of_week // HOURS_PER_DAY
        rows = hourly.reshape(-1, HOURS_PER_WEEK)
        found = np.array([np.bincount(days, row, DAYS_PER_WEEK) for row in rows], np.float64)
        return found.reshape(*hourly.shape[:-1], DAYS_PER_WEEK)

    def local(self, utc_hours: float) -> float:
        """The local time of the week at a UTC time of the week, both in hours from Monday 00:00.

        >>> Clock("Asia/Kolkata").local(0.0)
        5.5
        """
        then = (self._midnight_utc() + utc_hours * _HOUR).astimezone(_zone(self.time_zone))
        return (utc_hours + then.utcoffset() / _HOUR) % HOURS_PER_WEEK  # pyright: ignore[reportOptionalOperand]

    def to_utc(self, at: float) -> float:
        """The UTC time of the week at which the clock shows a time of the week.

        A time that occurs twice, as the clock is set back, is the first of both. A time that the
        clock skips counts as if it had not yet been set (RFC 5545, section 3.3.5): 01:30 becomes
        02:30. What the change pushes out of the week wraps around it.

        Args:
            at: hours from Monday 00:00, of this clock unless they are ``UtcHours``.

        Returns:
            Hours from Monday 00:00 UTC, from 0 to below 168.
        """
        if isinstance(at, UtcHours):
            return float(at)
        # the last local hours of the week before, or the first of the week after, may fall into it
        found = [at + shift - self._utc_offset(at + shift) for shift in _WEEKS]
        inside = (each for each in found if 0 <= each < HOURS_PER_WEEK)
        return next(inside, found[0] % HOURS_PER_WEEK)

    def text(self, utc_hours: float) -> str:
        """A UTC time of the week for people: on this clock, and in UTC if that differs.

        >>> Clock("Europe/Berlin").text(38.5), Clock("Europe/London").text(38.5)
        ('Tue 15:30 (14:30 UTC)', 'Tue 14:30 UTC')
        """
        here, utc = week_time_text(self.local(utc_hours)), week_time_text(utc_hours)
        if here == utc:
            return f"{utc} UTC"
        (day, _), (utc_day, utc_time) = here.split(), utc.split()
        return f"{here} ({utc_time if day == utc_day else utc} UTC)"

    @property
    def minutes_past_hour(self) -> float:
        """Minutes from a full hour of UTC to the next full hour of this clock, at the week's start.

        >>> Clock("Asia/Kolkata").minutes_past_hour, Clock("Asia/Kathmandu").minutes_past_hour
        (30.0, 15.0)
        """
        return -self.local(0.0) % 1 * MINUTES_PER_HOUR

    def _midnight_utc(self) -> dt.datetime:
        monday = self.week_of - dt.timedelta(days=self.week_of.weekday())
        return dt.datetime.combine(monday, dt.time(), dt.UTC)

    def _utc_offset(self, local_hours: float) -> float:
        """Hours that the clock is ahead of UTC when it shows a time."""
        shown = self._midnight_utc().replace(tzinfo=None) + local_hours * _HOUR
        return shown.replace(tzinfo=_zone(self.time_zone)).utcoffset() / _HOUR  # pyright: ignore[reportOptionalOperand]


UTC = Clock()
"""In the standard week."""
_WEEKS = (0, HOURS_PER_WEEK, -HOURS_PER_WEEK)


@lru_cache(maxsize=256)
def _hours_of_week(clock: Clock) -> npt.NDArray[np.int64]:
    hours = np.array([int(clock.local(hour)) for hour in range(HOURS_PER_WEEK)])
    hours.flags.writeable = False
    return hours


def moment_text(at: float | dt.datetime) -> str:
    """A time of the week, or of a date, as it was written: local, unless it says UTC.

    >>> moment_text(38.5), moment_text(UtcHours(38.5)), moment_text(dt.datetime(2026, 11, 27, 14))
    ('Tue 14:30', 'Tue 14:30 UTC', '2026-11-27 14:00')
    """
    if isinstance(at, dt.datetime):
        return at.isoformat(" ", "seconds" if at.second else "minutes")
    return week_time_text(at) + (" UTC" if isinstance(at, UtcHours) else "")
