"""Where are the regions of the clouds? Their cities, and how far they are from each other."""

from __future__ import annotations

from functools import cache
from math import asin, cos, radians, sin, sqrt
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from estimator.files import Entry, load_rows
from estimator.scenario.local_time import TimeZone

Area = Literal["americas", "europe", "asia", "australia", "middle_east_africa", "south_america"]
"""A part of the world that a cloud may price apart as the destination of traffic."""
_EARTH_RADIUS_KM = 6371.0
"""Mean radius."""
_Names = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda cell: tuple(cell.split()) if isinstance(cell, str) else cell),
]


class RegionCity(Entry):
    """Where a region of a cloud is."""

    cloud: str
    region: str
    """The cloud's own id."""
    title: str
    """The city or state that the vendor publishes."""
    names: _Names = ()
    """What people call the city or state, as names of a location."""
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    """Of the city, or of what the vendor publishes (Azure); in degrees north and east."""
    time_zone: TimeZone
    area: Area
    coverage: Literal["full", "part"]
    """Whether the price list knows what every deployment on the cloud needs there, or some."""
    source: str
    """Where the vendor says in which city the region is."""

    def km_to(self, other: RegionCity) -> float:
        """The great-circle distance.

        >>> tokyo, osaka = region_cities()["ap-northeast-1"], region_cities()["ap-osaka-1"]
        >>> round(tokyo.km_to(osaka), -1)
        400.0
        """
        here, there = radians(self.latitude), radians(other.latitude)
        east = radians(other.longitude - self.longitude)
        half = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * sin(east / 2) ** 2
        return 2 * _EARTH_RADIUS_KM * asin(sqrt(half))


@cache
def region_cities() -> dict[str, RegionCity]:
    """All regions that the price list knows, by the vendors' ids, of which no two are alike."""
    return {row.region: row for row in load_rows("region_cities.csv", RegionCity)}
