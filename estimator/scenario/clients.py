"""How many clients of one kind are there? Their number, in whichever way it is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from estimator.arrays import FloatArray
from estimator.format import given_text, range_text

MAIN = "main"
"""What flows call the kind of clients that the scenario itself describes."""


class Audience(Protocol):
    """How many clients of one kind there are, in one way or several."""

    @property
    def peak_connections(self) -> float | FloatArray | None:
        """Most connections open at once in the week."""

    @property
    def mean_connections(self) -> float | FloatArray | None:
        """Open connections averaged over the week."""

    @property
    def users_per_day(self) -> float | FloatArray | None:
        """People who connect on the busiest day of the week."""

    @property
    def sessions_per_user_per_day(self) -> float | FloatArray | None:
        """Sessions of each of them on that day."""


def check_audience(audience: Audience, *others: str) -> None:
    """Refuse an audience that is not given, or by half.

    Args:
        audience: what was said of it.
        others: further ways to give it.

    Raises:
        ValueError: for pydantic.
    """
    if (audience.users_per_day is None) != (audience.sessions_per_user_per_day is None):
        raise ValueError("users_per_day and sessions_per_user_per_day go together")
    ways = (audience.peak_connections, audience.mean_connections, audience.users_per_day)
    if all(given is None for given in ways):
        more = "".join(f"{other}, " for other in others)
        raise ValueError(
            f"no audience: give peak_connections, mean_connections, {more}"
            "or users_per_day with sessions_per_user_per_day"
        )


def audience_arrays(audience: Audience) -> Iterator[Any]:
    """Each number that was given, or array of many."""
    given = (
        audience.peak_connections,
        audience.mean_connections,
        audience.users_per_day,
        audience.sessions_per_user_per_day,
    )
    return (each for each in given if each is not None)


def audience_text(audience: Audience) -> str:
    """How many there are, for people, as they were given."""
    said = {
        "at the peak": audience.peak_connections,
        "on average": audience.mean_connections,
        "users per day": audience.users_per_day,
        "sessions per user and day": audience.sessions_per_user_per_day,
    }
    given = ((words, number) for words, number in said.items() if number is not None)
    return ", ".join(range_text(number, given_text, words) for words, number in given)
