"""Who comes beside the weekly shape, which only knows how many are connected hour by hour."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from estimator.scenario.disruption_text import parse_sentence
from estimator.scenario.model import Clients, Model, Seconds, Share, WeekTime
from estimator.units import (
    SECONDS_PER_HOUR,
    duration_text,
    week_time_text,
)


class FlashCrowd(Model):
    """Additional clients come at once, most of them first: a link on television, an alarm.

    >>> FlashCrowd(at="Sat 20:15", clients=20_000, over="5 min").words
    'flash crowd on Sat 20:15: 20,000 clients more come within 5 min'
    """

    surge: Literal["flash_crowd"] = "flash_crowd"
    at: WeekTime
    """When the first of them comes."""
    clients: Clients
    """How many come besides those who come anyway."""
    over: Seconds
    """They come within this time, at a rate that falls in a straight line to zero; they stay as
    long as others do."""

    @property
    def words(self) -> str:
        """The surge as a sentence."""
        return (
            f"flash crowd on {week_time_text(self.at)}: {self.clients:,.6g} clients more come "
            f"within {duration_text(self.over)}"
        )


class TopOfHour(Model):
    """Many of those who come in an hour come when it begins: meetings, reminders, timers.

    Slack tells of such small peaks at each full and half hour in its report on the outage of 4
    January 2021.

    >>> TopOfHour(share=0.2, within="2 min", half_hours=True).words
    'top of hour: 20 % of arrivals come within 2 min of each full and half hour'
    """

    surge: Literal["top_of_hour"] = "top_of_hour"
    share: Share
    """Share of the arrivals of each hour that come right after it has begun."""
    within: Seconds = 120.0
    """They come within this time, evenly."""
    half_hours: bool = False
    """Whether half hours begin like full ones, each with this share of its own arrivals."""

    @model_validator(mode="after")
    def _shorter_than_the_hour(self) -> Self:
        if self.within >= self.every_seconds:
            raise ValueError(f"within must be below {duration_text(self.every_seconds)}")
        return self

    @property
    def every_seconds(self) -> int:
        """From one small peak to the next."""
        return SECONDS_PER_HOUR // 2 if self.half_hours else SECONDS_PER_HOUR

    @property
    def words(self) -> str:
        """The surge as a sentence."""
        hours = "each full and half hour" if self.half_hours else "each full hour"
        return (
            f"top of hour: {100 * self.share:.4g} % of arrivals come within "
            f"{duration_text(self.within)} of {hours}"
        )


class Broadcast(Model):
    """Additional clients gather for an event and leave together when it is over.

    >>> Broadcast(at="Sun 20:00", clients=50_000, gather="15 min", lasts="90 min").words
    'broadcast on Sun 20:00: 50,000 clients gather within 15 min before and stay for 90 min'
    """

    surge: Literal["broadcast"] = "broadcast"
    at: WeekTime
    """When the event begins."""
    clients: Clients
    """How many come besides those who come anyway."""
    gather: Seconds
    """They come within this time before it begins, at a rate that rises in a straight line from
    zero."""
    lasts: Seconds
    """Length of the event; all stay until it ends."""
    messages_factor: Annotated[float, Field(ge=1, le=1e6)] = 1.0
    """By how much the messages from the server to each client multiply during the event."""

    @model_validator(mode="after")
    def _within_the_week(self) -> Self:
        if self.at * SECONDS_PER_HOUR < self.gather:
            raise ValueError(
                "they would gather before Monday 00:00 UTC, where the simulated week begins"
            )
        return self

    @property
    def words(self) -> str:
        """The surge as a sentence."""
        more = f", with {self.messages_factor:.4g} times the messages"
        return (
            f"broadcast on {week_time_text(self.at)}: {self.clients:,.6g} clients gather within "
            f"{duration_text(self.gather)} before and stay for {duration_text(self.lasts)}"
            f"{more if self.messages_factor > 1 else ''}"
        )


Surge = Annotated[FlashCrowd | TopOfHour | Broadcast, Field(discriminator="surge")]
"""Anybody who comes beside the weekly shape."""


def parse_surge(text: str) -> Surge:
    """Read a surge from one line, as the command line takes it.

    Raises:
        UnknownNameError: no such surge, or no such field of it.
        ScenarioError: a field is missing, given twice, or has a value that it cannot have.

    >>> parse_surge("flash crowd at Sat 20:15 clients 20,000 over 5 min").words
    'flash crowd on Sat 20:15: 20,000 clients more come within 5 min'
    """
    return parse_sentence(text, "surge", (FlashCrowd, TopOfHour, Broadcast))
