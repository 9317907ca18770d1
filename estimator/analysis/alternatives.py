"""What would other choices cost? A vendor's starting values, and what would make rivals equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from estimator.deployments.base import Deployment, Difference
from estimator.deployments.vendor_defaults import vendor_defaults
from estimator.errors import MissingRateError, ScenarioError, UnknownNameError
from estimator.format import signed_dollars
from estimator.pricing.bill import Bill
from estimator.pricing.price_files import EVERYWHERE
from estimator.units import HALF_A_CENT_USD


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a bill would be under other options, or what no option changes."""

    words: str
    """What differs, for people."""
    options: Mapping[str, Any]
    """Those that would change it; none if nothing does."""
    change_usd: float | None
    """Change of the total under them, in USD per month; None without options."""
    source: str | None = None
    """Where the vendor says so."""

    def __str__(self) -> str:
        if self.change_usd is None or abs(self.change_usd) < HALF_A_CENT_USD:
            return self.words
        return f"{self.words}, {signed_dollars(self.change_usd)}"

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {
            "words": self.words,
            "options": dict(self.options),
            "change_usd": self.change_usd,
            "source": self.source,
        }


BillUnder = Callable[[Mapping[str, Any]], Bill]
"""The bill under some options."""


def starting_values(
    deployment: Deployment, given: Mapping[str, Any], bill: Bill, bill_under: BillUnder
) -> Iterator[Alternative]:
    """Options that the vendor starts with other values of, and what they would change.

    Args:
        deployment: whose.
        given: options that the scenario states; what it states is nobody's default.
        bill: as it is, of a single scenario.
        bill_under: the bill under some other options.
    """
    for row in vendor_defaults(deployment.cloud):
        if row.deployment in (deployment.id, EVERYWHERE) and row.option and row.option not in given:
            words = f"{row.subject} (vendor: {row.vendors}; here: {row.ours})"
            options = {row.option: row.vendors_option}
            with suppress(ScenarioError, UnknownNameError, MissingRateError):
                change = _change(bill, bill_under(options))
                yield Alternative(words, options, change, row.source)


def unequal(
    differences: tuple[Difference, ...], bill: Bill, bill_under: BillUnder
) -> Iterator[Alternative]:
    """What cannot be made equal with rivals, and what the options that come closest would cost.

    Args:
        differences: as the deployment states them.
        bill: as it is, of a single scenario.
        bill_under: the bill under some other options.
    """
    for each in differences:
        options = each.options or {}
        change: float | None = None
        if options:
            with suppress(ScenarioError, MissingRateError):
                change = _change(bill, bill_under(options))
        yield Alternative(each.text, options, change)


def _change(bill: Bill, other: Bill) -> float:
    return float(other.total) - float(bill.total)
