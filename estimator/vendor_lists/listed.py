"""What is an entry of a vendor's price list, in one form for all vendors?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from estimator.errors import EstimatorError

Tiers = tuple[tuple[Decimal, Decimal], ...]
"""From how many units on, and USD per unit; ascending."""


class UnreadableAnswerError(EstimatorError):
    """An answer of a vendor that is no price list, or not a whole one.

    >>> issubclass(UnreadableAnswerError, EstimatorError)
    True
    """


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing with a price, as the vendor lists it."""

    region: str
    """The vendor's region, by our id of it; * if it holds everywhere."""
    ids: frozenset[str]
    """Whatever the vendor identifies it by."""
    fields: Mapping[str, str]
    """What the entry says of itself."""
    unit: str
    """As the vendor spells it; empty where the list has no units."""
    tiers: Tiers
    """In the vendor's units."""
    since: dt.date | None = None
    """When the vendor says that the price began."""


@dataclass(frozen=True, slots=True)
class VendorList:
    """What a vendor answered to one question."""

    vendor: str
    offer: str
    read_on: dt.date | None
    """The last day on which it is known to have been in force: that of the answer, or the vendor's
    own. None if neither says."""
    source: str
    """Where somebody else reads the same."""
    name: str
    """The file it was read from."""
    regions: frozenset[str]
    """The regions that it covers, * included."""
    entries: tuple[Listed, ...]
    published_on: dt.date | None = None
    """The day that the vendor put on it; None if it has none, as answers of an API."""

    @property
    def of_day(self) -> dt.date | None:
        """The day that it is of itself: the vendor's own, else that of the answer."""
        return self.published_on or self.read_on


def amount(value: object, what: str) -> Decimal:
    """A number of a vendor's answer, exact.

    Raises:
        UnreadableAnswerError: it is not a number, or less than 0.

    >>> amount("0.0000010000", "price")
    Decimal('0.0000010000')
    >>> amount("NaN", "price")
    Traceback (most recent call last):
    estimator.vendor_lists.listed.UnreadableAnswerError: price: 'NaN' is not an amount
    """
    # str gives the shortest digits of a float, which are those that the vendor wrote
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if isinstance(value, bool) or not found.is_finite() or found < 0:
        raise UnreadableAnswerError(f"{what}: {str(value)[:40]!r} is not an amount")
    return found


def day(text: object) -> dt.date | None:
    """The day of a vendor's time stamp; None if there is none.

    >>> day("2026-08-06T15:45:07.573Z")
    datetime.date(2026, 8, 6)
    """
    try:
        return dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
