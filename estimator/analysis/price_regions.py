"""Which region of a vendor is meant? Its own name of one; other names are told what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from estimator.deployments.base import WORLDWIDE
from estimator.errors import EstimatorError, UnknownNameError, echo
from estimator.pricing.price_files import CLOUDS, Region, load_price_files
from estimator.scenario.locations import locations


def priced_region(meter_id: str, given: str) -> str:
    """The region in which a meter is priced.

    Args:
        meter_id: a meter there is.
        given: the vendor's own name of a region; SaaS has one price wherever its clients are.

    Raises:
        EstimatorError: none is given, or what is given is the name of something else.
        UnknownNameError: the vendor has no such region.

    >>> priced_region("aws.alb.hours", "us-east-1"), priced_region("ably.messages", "")
    ('us-east-1', 'global')
    >>> priced_region("azure.web_pubsub.messages", "East US")
    Traceback (most recent call last):
    estimator.errors.EstimatorError: 'East US' is not a region of Azure, for 'azure...'eastus'
    """
    vendor = meter_id.partition(".")[0]
    if vendor not in CLOUDS:
        return WORLDWIDE
    known = (load_price_files().regions or {})[vendor]
    if given in known:
        return given
    if not given.strip():
        example = locations()["virginia"].regions[vendor]
        raise EstimatorError(
            f"'{meter_id}' has no region: give {CLOUDS[vendor]}'s own name of one, such as "
            f"region='{example}'"
        )
    meant = dict.fromkeys(_meant(vendor, given, known))
    if meant:
        raise EstimatorError(
            f"{echo(given)} is not a region of {CLOUDS[vendor]}, for '{meter_id}': write its own "
            f"name, {' or '.join(map(repr, meant))}"
        )
    raise UnknownNameError(f"region of {CLOUDS[vendor]}", given, known)


def _meant(vendor: str, given: str, known: dict[str, Region]) -> Iterator[str]:
    """Regions with such a title, or that serve a location of such a name."""
    said = _spelled(given)
    for name, location in locations().items():
        if said in (_spelled(name), _spelled(location.title)):
            yield location.regions[vendor]
    for name, region in known.items():
        # "US East (N. Virginia)" is said in full, or either part of it
        parts = re.split(r"[(),]", region.title)
        if said in map(_spelled, (name, region.title, *parts)):
            yield name


def _spelled(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
