"""Where are users served from? Locations, and the region of each cloud that serves them.

Ten locations have names of their own. Every other region that the price list knows is one too, by
the vendor's id (``us-east-2``) and by what people call its city (``seoul``); of the clouds without
a region there, the nearest one serves it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import Field

from estimator.arguments import checks_arguments
from estimator.errors import UnknownNameError, close_names
from estimator.files import Entry, load_mapping
from estimator.scenario.local_time import TimeZone
from estimator.scenario.region_cities import Area as Area, RegionCity, region_cities

_OWNERS = {"aws": "AWS's", "azure": "Azure's", "gcp": "Google's", "oci": "Oracle's"}


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
    next_regions: dict[str, str] = Field(default_factory=dict)
    """Where the price list knows only some prices of the region of a cloud: the nearest region of
    which it knows all. It serves what the first one has no price for."""
    next_stand_ins: dict[str, str] = Field(default_factory=dict)
    """The same in words."""

    def choices(self, cloud: str) -> Iterator[tuple[str, str | None]]:
        """Regions that may serve the location, the nearest first, and what they stand in for.

        >>> [region for region, _ in find_location("seoul").choices("gcp")]
        ['asia-northeast3', 'asia-northeast1']
        """
        if cloud in self.regions:
            yield self.regions[cloud], self.stand_ins.get(cloud)
        if cloud in self.next_regions:
            yield self.next_regions[cloud], self.next_stand_ins[cloud]


@checks_arguments
def locations(*, regions: bool = False) -> dict[str, Location]:
    """The named locations, or all that a scenario takes.

    Args:
        regions: whether the regions of the clouds follow, by their cities and by their own ids.

    Returns:
        Title, part of the world, and region of each cloud, by the name that a scenario takes.

    >>> locations()["virginia"].regions["aws"]
    'us-east-1'
    >>> locations(regions=True)["us-east-2"].regions["oci"]
    'us-chicago-1'
    """
    return {**_named(), **(_of_cities() | _of_regions() if regions else {})}


def find_location(name: str) -> Location:
    """The location of that name.

    Raises:
        UnknownNameError: there is no such location.

    >>> find_location("stockholm").regions["aws"]
    'eu-north-1'
    """
    if name in _named():
        return _named()[name]
    if name in region_cities():
        return _of_region(name)
    if name in _cities():
        return _of_city(name)
    others = [*_cities(), *region_cities()]
    examples = close_names(name, others) or ["seoul", "us-east-2"]
    also = f", or a region by its city or the vendor's id, such as {', '.join(examples)}"
    raise UnknownNameError("location", name, _named(), others, also)


def _named() -> Mapping[str, Location]:
    return load_mapping("locations.yaml", Location)


@cache
def _cities() -> Mapping[str, tuple[RegionCity, ...]]:
    """The regions of each city; without names of which a cloud has two regions."""
    found: dict[str, list[RegionCity]] = {}
    for city in region_cities().values():
        for name in city.names:
            found.setdefault(name, []).append(city)
    return {
        name: tuple(here)
        for name, here in sorted(found.items())
        if len({city.cloud for city in here}) == len(here)
    }


def _of_cities() -> dict[str, Location]:
    return {name: _of_city(name) for name in _cities()}


def _of_regions() -> dict[str, Location]:
    return {name: _of_region(name) for name in region_cities()}


@cache
def _of_city(name: str) -> Location:
    here = _cities()[name]
    alike = (city.title for city in here if _plain(city.title) == name)
    # no two titles are alike, for lists that people choose from
    return _around(next(alike, f"{name.capitalize()} ({here[0].title})"), here)


@cache
def _of_region(region: str) -> Location:
    city = region_cities()[region]
    return _around(f"{city.title} ({region})", (city,))


def _around(title: str, here: tuple[RegionCity, ...]) -> Location:
    """A location with these regions, and those of the other clouds that are nearest to the first.

    Where they belong to a named location, its regions serve, as if it had been named.
    """
    own = {city.cloud: city.region for city in here}
    first = here[0]
    named = next((each for each in _named().values() if _belongs(own, each)), None)
    regions, stand_ins = (named.regions, named.stand_ins) if named else ({}, {})
    regions, stand_ins = {**regions, **own}, dict(stand_ins)
    next_regions, next_stand_ins = dict[str, str](), dict[str, str]()
    for cloud, owner in _OWNERS.items():
        if cloud not in regions:
            near = _nearest(first, cloud)
            regions[cloud] = near.region
            if not {*near.names} & {*first.names}:
                stand_ins[cloud] = f"{owner} nearest region with prices, {_stands_in(near, first)}"
        near = region_cities()[regions[cloud]]
        if near.coverage == "part":
            far = _nearest(first, cloud, whole=True)
            next_regions[cloud] = far.region
            next_stand_ins[cloud] = (
                f"The price list knows some prices of {near.region} ({near.title}) only. {owner} "
                f"nearest region with all prices, {_stands_in(far, first)}"
            )
    return Location(
        title=title,
        area=first.area,
        time_zone=first.time_zone,
        regions={cloud: regions[cloud] for cloud in _OWNERS},
        stand_ins=stand_ins,
        next_regions=next_regions,
        next_stand_ins=next_stand_ins,
    )


def _belongs(own: Mapping[str, str], named: Location) -> bool:
    """Whether regions are those of a named location, and do not only stand in there."""
    return all(
        named.regions[cloud] == region and cloud not in named.stand_ins
        for cloud, region in own.items()
    )


def _nearest(here: RegionCity, cloud: str, *, whole: bool = False) -> RegionCity:
    """The nearest region of a cloud that the price list knows, or knows as a whole."""
    known = (city for city in region_cities().values() if city.cloud == cloud)
    fitting = (city for city in known if city.coverage == "full" or not whole)
    return min(fitting, key=here.km_to)


def _stands_in(city: RegionCity, here: RegionCity) -> str:
    return f"{city.region} ({city.title}), {_km_text(here.km_to(city))} km away, stands in."


def _km_text(km: float) -> str:
    """A distance between cities, of which the last digit says nothing."""
    return f"{max(round(km, -1), 10):,.0f}"


def _plain(title: str) -> str:
    """A title as the name of a location: small letters without accents and blanks."""
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum() and letter.isascii())
