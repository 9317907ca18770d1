"""What does the shell offer for a word that is being typed?

Names are read where they are kept, as text: neither YAML nor any numerical library is loaded, so
that an answer is there before a person looks up. Each function takes the letters typed so far and
gives names with a few words on each, which zsh and fish show.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Final

from estimator.deployments import registry
from estimator.exports.formats import FORMATS

Offer = tuple[str, str]
"""A name, and a few words on it."""

_TITLE = re.compile(r"^ *title: *(.+)$", re.MULTILINE)
_LOCATION = re.compile(r"^(\w+):\n  title: *(.+)$", re.MULTILINE)
_YAML = (".yaml", ".yml")


def deployments(incomplete: str) -> Iterator[Offer]:
    """Deployments on the clouds, then realtime SaaS."""
    return _starting(incomplete, ((entry.id, entry.title) for entry in registry.ENTRIES))


def locations(incomplete: str) -> Iterator[Offer]:
    """Where users can be served from: named locations, then regions by city and by id.

    With nothing typed yet, the named ones only: there are many regions.
    """
    text = files("pricing_data").joinpath("locations.yaml").read_text(encoding="utf-8")
    named = _LOCATION.findall(text)
    return _starting(incomplete, chain(named, _regions()) if incomplete else named)


def profiles(incomplete: str) -> Iterator[Offer]:
    """The shipped profiles."""
    return _starting(incomplete, _titles(files("estimator.scenario").joinpath("profiles")))


def contracts(incomplete: str) -> Iterator[Offer]:
    """The shipped contracts, and files of one's own."""
    yield from _starting(incomplete, _titles(files("pricing_data").joinpath("contracts")))
    yield from yaml_files(incomplete)


LAYERS: Final[Mapping[str, str]] = {
    "messaging": "what carries the messages",
    "application": "what answers them: functions, servers, your own code's part of nodes",
    "engineering": "people's time, if the scenario states hours",
}
"""What a bill adds up."""


def layers(incomplete: str) -> Iterator[Offer]:
    """Layers of a bill."""
    return _starting(incomplete, LAYERS.items())


def formats(incomplete: str) -> Iterator[Offer]:
    """Formats of files that other programs read."""
    return _starting(incomplete, ((name, each.title) for name, each in FORMATS.items()))


def clouds(incomplete: str) -> Iterator[Offer]:
    """Clouds and SaaS vendors with prices."""
    services = _services()
    vendors = dict.fromkeys(vendor for vendor, _, _ in services)
    # a vendor's services are few: they say best what it sells
    offers = (
        (vendor, ", ".join(dict.fromkeys(title for of, _, title in services if of == vendor)))
        for vendor in vendors
    )
    return _starting(incomplete, offers)


def services(incomplete: str) -> Iterator[Offer]:
    """Services with prices."""
    return _starting(incomplete, {service: title for _, service, title in _services()}.items())


def quantities(incomplete: str) -> Iterator[Offer]:
    """Meters with prices, up to the sign after which their quantity follows."""
    return _starting(incomplete, ((f"{meter}=", about) for meter, about in meters("")))


def meters(incomplete: str) -> Iterator[Offer]:
    """Meters with prices."""
    offers = {row["meter"]: f"{row['unit']}: {row['title']}" for row in _rows("meters")}
    return _starting(incomplete, offers.items())


def regions(incomplete: str) -> Iterator[Offer]:
    """The vendors' own ids of regions."""
    return _starting(incomplete, ((row["region"], row["title"]) for row in _rows("regions")))


def yaml_files(incomplete: str) -> Iterator[Offer]:
    """Files that could hold a scenario or a contract, and the folders on the way to them."""
    # what is typed may end in a slash, which a path forgets
    folder = re.sub(r"[^/\\]*$", "", incomplete)
    try:
        found = sorted(Path(folder or ".").iterdir())
    except OSError:
        return
    for each in found:
        if each.name.startswith("."):
            continue
        if each.is_dir():
            yield from _starting(incomplete, [(f"{folder}{each.name}/", "folder")])
        elif each.suffix in _YAML:
            yield from _starting(incomplete, [(f"{folder}{each.name}", "file")])


def _regions() -> Iterator[Offer]:
    """Regions that can be a location, by what people call their cities and by their ids."""
    table = files("pricing_data").joinpath("region_cities.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(table)))
    cities = {name: row["title"] for row in reversed(rows) for name in row["names"].split()}
    yield from sorted(cities.items())
    yield from ((row["region"], row["title"]) for row in rows)


def _starting(incomplete: str, offers: Iterable[Offer]) -> Iterator[Offer]:
    return (offer for offer in offers if offer[0].startswith(incomplete))


def _titles(folder: Traversable) -> Iterator[Offer]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(_YAML):
            title = _TITLE.search(entry.read_text(encoding="utf-8"))
            yield entry.name.removesuffix(".yaml"), title[1].strip("\"'") if title else ""


def _services() -> list[tuple[str, str, str]]:
    """Vendor, second part of the meters' ids and name of each service."""
    found: dict[tuple[str, str], str] = {}
    for row in _rows("meters"):
        vendor, service, *_ = row["meter"].split(".")
        found.setdefault((vendor, service), row["service"])
    return [(vendor, service, title) for (vendor, service), title in found.items()]


def _rows(table: str) -> Iterator[dict[str, str]]:
    """The rows of the price files of that name."""
    for folder in sorted(files("pricing_data").iterdir(), key=lambda entry: entry.name):
        file = folder.joinpath(f"{table}.csv")
        if file.is_file():
            yield from csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
