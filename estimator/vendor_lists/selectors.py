"""What identifies the price of a meter in its vendor's list?

``selectors.csv`` of each cloud holds it as data. A meter without an entry in any list is read by
hand, and its row names the page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from estimator.errors import PricingDataError
from estimator.files import Entry, load_rows
from estimator.pricing.price_files import CLOUDS, FOLDERS, Words, load_price_files

_BETWEEN = "|"


def _parted(cell: object) -> object:
    return tuple(part.strip() for part in cell.split(_BETWEEN)) if isinstance(cell, str) else cell


def _fields(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    parts = (part.strip().partition("=") for part in cell.split(_BETWEEN))
    return {name: value for name, _, value in parts}


Phrases = Annotated[tuple[str, ...], BeforeValidator(_parted)]
"""Several texts in one cell, separated by |."""
Fields = Annotated[dict[str, str], BeforeValidator(_fields)]
"""Names and values in one cell: ``productName=Functions | meterName=Standard Execution Time``."""


class Selector(Entry):
    """What finds the price of one meter, or of one of its tiers, in a vendor's list."""

    meter: str
    offer: str | None = None
    """The list that has it: a map of AWS, a service name of Azure, a service id of Google Cloud,
    ``products`` of OCI; None if the price is read by hand."""
    regions: Words | None = None
    """Those of our regions that it is about; those that the list names, if None."""
    tier_from: Annotated[Decimal, Field(ge=0)] | None = None
    """Where the tier begins, in a list that names each tier by itself; None if the list says."""
    ids: Words = ()
    """The vendor's own ids, which survive a new name."""
    where: Fields = Field(default_factory=dict)
    """What else the entry says of itself: what an entry without a known id must say to be taken,
    and what is reported if an entry with a known id says something else."""
    without: Phrases = ()
    """Words that no field of the entry may hold, such as Spot."""
    units: Phrases = ()
    """Spellings of the unit that are understood; none where the list has no units."""
    divide_by: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    """How many units of ours are one of the list's."""
    seen_on: dt.date | None = None
    """The day of a vendor's answer in which it found exactly its entry. What never did reports, and
    writes nothing."""
    page: str | None = None
    """What a person reads instead, if there is no list."""
    evidence: str
    """Where that answer is, or why there is none."""

    @model_validator(mode="after")
    def _a_list_or_a_page(self) -> Self:
        if (self.offer is None) == (self.page is None):
            raise ValueError("a selector names either an offer or, if read by hand, a page")
        if self.offer is not None and not (self.ids or self.where):
            raise ValueError("a selector of an offer needs ids, or what the entry says (where)")
        return self

    @property
    def vendor(self) -> str:
        """The cloud, by the first part of the meter's id."""
        return self.meter.partition(".")[0]

    @property
    def may_write(self) -> bool:
        """Whether it has found its entry in a real answer."""
        return self.seen_on is not None


@cache
def load_selectors() -> tuple[Selector, ...]:
    """The selectors of all clouds; of SaaS, whose prices are read by hand, the pages.

    Raises:
        PricingDataError: a file breaks its rules, or names a meter that there is not.
    """
    found = tuple(
        row for folder in FOLDERS for row in load_rows(f"{folder}/selectors.csv", Selector)
    )
    unknown = {row.meter for row in found} - {row.meter for row in load_price_files().meters}
    if unknown:
        raise PricingDataError(
            f"selectors.csv names meters that are not in meters.csv: {', '.join(sorted(unknown))}"
        )
    return found


def offer_title(vendor: str, offer: str) -> str:
    """A list of a vendor, for people: what it is of, where its name is an id (Google's).

    >>> offer_title("azure", "SignalR"), offer_title("gcp", "152E-C115-5142")
    ('Azure, SignalR', 'Google Cloud, Cloud Run (152E-C115-5142)')
    """
    if vendor != "gcp":
        return f"{CLOUDS[vendor]}, {offer}"
    service_of = {row.meter: row.service for row in load_price_files().meters}
    of_offer = by_offer(load_selectors()).get((vendor, offer), [])
    services = ", ".join(dict.fromkeys(service_of[one.meter] for one in of_offer))
    return f"{CLOUDS[vendor]}, {services} ({offer})"


def by_offer(selectors: tuple[Selector, ...]) -> Mapping[tuple[str, str], list[Selector]]:
    """Selectors by vendor and offer, without those that are read by hand."""
    found: dict[tuple[str, str], list[Selector]] = {}
    for one in selectors:
        if one.offer is not None:
            found.setdefault((one.vendor, one.offer), []).append(one)
    return found
