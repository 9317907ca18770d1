"""Where are users served from? Locations, and the region of each cloud that serves them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from estimator.arguments import checks_arguments
from estimator.errors import UnknownNameError
from estimator.files import Entry, load_mapping
from estimator.scenario.local_time import TimeZone

Area = Literal["americas", "europe", "asia", "australia", "middle_east_africa", "south_america"]
"""A part of the world that a cloud may price apart as the destination of traffic."""


class Location(Entry):
    """A city or area that every cloud can serve from one of its regions."""

    title: str
    """Name for people."""
    area: Area
    """Where its users are, unless the scenario says otherwise."""
    time_zone: TimeZone
    """Whose clock its users go by, as the IANA database names it."""
    regions: dict[str, str]
    """The region that serves the location, by cloud."""
    stand_ins: dict[str, str] = Field(default_factory=dict)
    """Clouds without a region of their own here, and which one stands in, by cloud."""


@checks_arguments
def locations() -> dict[str, Location]:
    """All locations, by name.

    Returns:
        Title, part of the world, and region of each cloud, by the name that a scenario takes.

    >>> locations()["virginia"].regions["aws"]
    'us-east-1'
    """
    return load_mapping("locations.yaml", Location)


def find_location(name: str) -> Location:
    """The location of that name.

    Raises:
        UnknownNameError: there is no such location.
    """
    known = load_mapping("locations.yaml", Location)
    if name not in known:
        raise UnknownNameError("location", name, known)
    return known[name]
