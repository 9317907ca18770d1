"""What happens only sometimes? A launch, a match: on a date, or so many times per month.

The weekly shape says what every week has. A calendar entry comes on top of it, in as many weeks of
the month as it happens in, and the bill counts these weeks beside the usual ones.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.format import given_text
from estimator.scenario import model
from estimator.scenario.local_time import UTC, Clock, moment_text
from estimator.units import HOURS_PER_DAY, HOURS_PER_WEEK
from estimator.validation import Name

MOST_ENTRIES = 31
"""As many as the longest month has days."""
_MOST_TIMES = 5
"""Weeks of which a month has days at most, but for one that begins on its last."""
_ROUNDING_NOISE = 1e-9


class CalendarEntry(model.Model):
    """Something that happens on a date, or so many times per month: a launch, a match.

    Limits per second see the mean of its busiest hour; a surge in a simulation shows minutes.

    >>> launch = CalendarEntry(
    ...     name="Launch", on="2026-11-27 14:00", lasts_hours=3, connections=200_000
    ... )
    >>> launch.words
    'Launch on Fri 2026-11-27 14:00 for 3 hours: 200,000 more connections'
    """

    name: Annotated[Name, Field(min_length=1)]
    """What it is called where it decides something."""
    on: model.Moment
    """When it begins: a date and time, or a day of the week and an hour. Demand is known by the
    hour, so it is taken to begin with the full hour."""
    lasts_hours: model.WholeHours
    """Whole hours until those who came for it have left; a week at most."""
    connections: model.ClientsOrNone
    """Connections on top of the weekly shape when most of them are open."""
    curve: Annotated[tuple[model.Level, ...], Field(max_length=HOURS_PER_WEEK)] | None = None
    """One level for each of its hours, of which only the proportions count; all alike if left
    out."""
    messages_factor: Annotated[float, Field(ge=1, le=1e6)] = 1.0
    """By how much the messages of all who are connected multiply in its hours."""
    times_per_month: Annotated[float, Field(ge=0.001, le=_MOST_TIMES)] = 1.0
    """In how many weeks of the month it happens, on average; what has a date happens once."""

    @model_validator(mode="after")
    def _a_level_for_each_hour(self) -> Self:
        if self.curve is not None and len(self.curve) != self.lasts_hours:
            raise ValueError(
                f"curve needs a level for each of the {self.lasts_hours} hours that it lasts, but "
                f"has {len(self.curve)}"
            )
        if self.curve is not None and not max(self.curve) > 0:
            raise ValueError("at least one level of curve must be above zero")
        return self

    @model_validator(mode="after")
    def _a_date_comes_once(self) -> Self:
        if isinstance(self.on, dt.datetime) and self.times_per_month != 1:
            raise ValueError(
                f"{moment_text(self.on)} comes once, so times_per_month cannot be "
                f"{self.times_per_month:g}: give a day of the week such as 'Tue 14:00' instead"
            )
        return self

    @property
    def hour_of_week(self) -> float:
        """When in its week it begins, in hours from Monday 00:00."""
        if isinstance(self.on, dt.datetime):
            return float(self.on.weekday() * HOURS_PER_DAY + self.on.hour)
        return self.on

    @property
    def levels(self) -> FloatArray:
        """Each of its hours as a share of the highest, shape (lasts_hours,)."""
        levels = np.array(self.curve or (1.0,) * self.lasts_hours)
        return levels / levels.max()

    @property
    def words(self) -> str:
        """The entry as a sentence."""
        hours = "1 hour" if self.lasts_hours == 1 else f"{self.lasts_hours} hours"
        dated = isinstance(self.on, dt.datetime)
        when = f"{self.on:%a} {moment_text(self.on)}" if dated else moment_text(self.on)
        times = f", {self.times_per_month:.4g} times per month" if self.times_per_month != 1 else ""
        more = f", with {self.messages_factor:.4g} times the messages"
        return (
            f"{self.name} on {when} for {hours}{times}: {given_text(self.connections)} more "
            f"connections{more if self.messages_factor > 1 else ''}"
        )


EXAMPLE: Final[Mapping[str, str]] = {
    "name": "Launch",
    "on": "Tue 14:00",
    "lasts_hours": "3",
    "connections": "200_000",
    "curve": "[1, 1, 0.5]",
    "messages_factor": "2",
    "times_per_month": "1",
}
"""An entry to start from, as it is written."""


@dataclass(frozen=True, slots=True)
class CalendarWeek:
    """A week with something of the calendar in it."""

    entries: tuple[CalendarEntry, ...]
    first_hours: tuple[int, ...]
    """The hour of the week in which each of them begins; 0 is Monday 00:00 UTC."""
    times_per_month: float
    """How many such weeks the month has, on average."""

    @property
    def name(self) -> str:
        """Its entries, for people."""
        return " and ".join(entry.name for entry in self.entries)

    def hours_of(self, number: int) -> tuple[int, ...]:
        """The hours of the week in which one of its entries goes on; Sunday meets Monday."""
        first, count = self.first_hours[number], self.entries[number].lasts_hours
        return tuple((first + later) % HOURS_PER_WEEK for later in range(count))


def weeks_of(calendar: Iterable[CalendarEntry], clock: Clock = UTC) -> tuple[CalendarWeek, ...]:
    """The weeks with something in them.

    Entries with dates in one week share it; each other entry has a week of its own, since nothing
    says that it comes together with another one.

    Args:
        calendar: the entries.
        clock: that their times are on, unless they say UTC.

    >>> [
    ...     week.name
    ...     for week in weeks_of(
    ...         [
    ...             CalendarEntry(name="a", on="2026-11-27 14:00", lasts_hours=3, connections=10),
    ...             CalendarEntry(name="b", on="Tue 14:00", lasts_hours=3, connections=10),
    ...             CalendarEntry(name="c", on="2026-11-23 09:00", lasts_hours=3, connections=10),
    ...         ]
    ...     )
    ... ]
    ['a and c', 'b']
    """
    weeks: dict[object, list[tuple[CalendarEntry, int]]] = defaultdict(list)
    for number, entry in enumerate(calendar):
        week = entry.on.isocalendar()[:2] if isinstance(entry.on, dt.datetime) else number
        weeks[week].append((entry, int(clock.to_utc(entry.hour_of_week))))
    return tuple(
        CalendarWeek(
            tuple(entry for entry, _ in there),
            tuple(first for _, first in there),
            # of those with dates there is one each
            there[0][0].times_per_month,
        )
        for there in weeks.values()
    )


def check_calendar(
    calendar: Iterable[CalendarEntry], weeks: Iterable[CalendarWeek], hours_per_month: float
) -> None:
    """Whether the month has room for all of it.

    Args:
        calendar: the entries.
        weeks: those in which they are.
        hours_per_month: of the shortest month that is billed.

    Raises:
        ValueError: dates of several months, or more weeks than the month has.
    """
    dates = (entry.on for entry in calendar if isinstance(entry.on, dt.datetime))
    months = sorted({f"{on:%Y-%m}" for on in dates})
    if len(months) > 1:
        raise ValueError(
            f"calendar has dates in {months[0]} and {months[1]}, but a bill is for one month: "
            "leave out those of the other months"
        )
    taken = sum(week.times_per_month for week in weeks)
    most = hours_per_month / HOURS_PER_WEEK
    if taken > most * (1 + _ROUNDING_NOISE):
        raise ValueError(
            f"calendar takes {taken:.4g} weeks, but a month of {hours_per_month:g} hours has "
            f"{most:.4g}: what happens every week belongs to the weekly shape; entries with dates "
            "in one week share it"
        )
