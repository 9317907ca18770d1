"""Which region of a vendor is meant? Its own name of one; other names are told what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from estimator.deployments.base import WORLDWIDE
from estimator.errors import EstimatorError, MissingRateError, close_names
from estimator.pricing.catalog import Catalog
from estimator.pricing.price_files import CLOUDS, Region
from estimator.scenario.locations import locations


def priced_region(meter_id: str, given: str, catalog: Catalog) -> str:
    """The region in which a meter is priced.

    Args:
        meter_id: a meter of ``catalog``.
        given: the vendor's own name of a region; SaaS has one price wherever its clients are.
        catalog: the prices.

    Raises:
        EstimatorError: none is given.
        MissingRateError: the vendor has no region of that name.

    >>> from estimator.pricing.catalog import load_catalog
    >>> priced_region("ably.per_minute.messages", "", load_catalog())
    'global'
    >>> priced_region("azure.web_pubsub.standard_messages", "East US", load_catalog())
    Traceback (most recent call last):
    estimator.errors.MissingRateError: ...in region 'East US': Azure's own name is 'eastus'. ...
    """
    vendor = meter_id.partition(".")[0]
    if vendor not in CLOUDS:
        return WORLDWIDE
    known = catalog.regions_of_vendor(meter_id)
    if given in known:
        return given
    if not given.strip():
        example = locations()["virginia"].regions[vendor]
        raise EstimatorError(
            f"'{meter_id}' has no region: give {CLOUDS[vendor]}'s own name of one, such as "
            f"region='{example}'"
        )
    if meant := dict.fromkeys(_meant(vendor, given, known)):
        reason = f"{CLOUDS[vendor]}'s own name is {' or '.join(map(repr, meant))}"
    else:
        reason = "".join(f"did you mean '{name}'?" for name in close_names(given, known)[:1])
    raise MissingRateError(meter_id, given, catalog.regions(meter_id), catalog.as_of, reason)


def _meant(vendor: str, given: str, known: Mapping[str, Region]) -> Iterator[str]:
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
