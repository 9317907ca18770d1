"""Who else connects? Kinds of clients beside the main one, and flows from one kind to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self

import numpy as np
from pydantic import model_validator

from estimator.arrays import FloatArray
from estimator.format import given_text, range_text
from estimator.scenario.model import Count, Model
from estimator.scenario.profile import Profile, ProfileGiven

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


def check_audience(audience: Audience) -> None:
    """Refuse an audience that is not given, or by half.

    Raises:
        ValueError: for pydantic.
    """
    if (audience.users_per_day is None) != (audience.sessions_per_user_per_day is None):
        raise ValueError("users_per_day and sessions_per_user_per_day go together")
    ways = (audience.peak_connections, audience.mean_connections, audience.users_per_day)
    if all(given is None for given in ways):
        raise ValueError(
            "no audience: give peak_connections, mean_connections, "
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


class OtherClients(Model):
    """One more kind of clients: how each of them behaves, and how many there are.

    >>> viewers = OtherClients(profile="board-collaboration", peak_connections=5)
    >>> viewers.peak_connections
    5.0
    """

    profile: ProfileGiven
    """As of the scenario: a shipped profile, one of your own, or changes to a shipped one. Its
    weekly shape says when these clients are connected."""
    peak_connections: Count | None = None
    """Most of them connected at once in the week."""
    mean_connections: Count | None = None
    """Their open connections averaged over the week."""
    users_per_day: Count | None = None
    """How many of them connect on the busiest day of the week."""
    sessions_per_user_per_day: Count | None = None
    """Sessions of each of them on that day."""

    @model_validator(mode="after")
    def _an_audience(self) -> Self:
        check_audience(self)
        return self

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios that its figures stand for."""
        return np.broadcast_shapes(self.profile.many, *map(np.shape, audience_arrays(self)))


def check_receivers(profiles: Mapping[str, Profile]) -> None:
    """Refuse flows to a kind of clients that does not exist, and clients that do nothing.

    Args:
        profiles: of each kind of clients, by its name.

    Raises:
        ValueError: for pydantic.
    """
    reached = set[str]()
    for name, profile in profiles.items():
        for flow_name, flow in profile.flows.items():
            if flow.to is not None and flow.to not in profiles:
                known = ", ".join(profiles)
                raise ValueError(
                    f"flow '{flow_name}' of {name} goes to '{flow.to}', which is no kind of "
                    f"clients of this scenario: write one of {known}"
                )
            reached.add(flow.to or name)
            reached.add(name)
    idle = [name for name in profiles if name not in reached and name != MAIN]
    if idle:
        raise ValueError(
            f"{idle[0]}: these clients neither send nor receive anything: give their profile a "
            f"flow, or let a flow of others go to them (to: {idle[0]})"
        )
