"""Invoices as vendors write them, made of an estimate: one row for each tier, free units apart."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

import estimator as ws
from estimator.invoices.invoice import LINE_COLUMNS, UNMAPPED_COLUMNS, Invoice
from estimator.pricing.lines import LineItem

FIRST, END = dt.date(2026, 10, 1), dt.date(2026, 11, 1)
HOURS = 744.0
APART = pd.DataFrame({"category": ["tax", "credit"], "usd": [100.0, -50.0], "rows": [1, 1]})


def of_month(scenario: ws.Scenario, **changes: Any) -> ws.Scenario:
    """A scenario in the month of the invoices."""
    return scenario.replace(hours_per_month=HOURS, as_of=END - dt.timedelta(days=1), **changes)


def invoice_of(
    bill: ws.Bill,
    off: Callable[[LineItem], float] = lambda _: 0.0,
    unmapped: Sequence[tuple[Any, ...]] = (),
) -> Invoice:
    """An invoice that says what a bill says.

    Args:
        bill: what was used, at list prices.
        off: share that is off the list price of a line.
        unmapped: further lines, in the order of ``UNMAPPED_COLUMNS``.
    """
    rows = [
        (bill.cloud, item.rate.meter_id, item.usage.region, units, units * usd,
         units * usd * (1 - off(item)), usd, item.title, 1)
        for item in bill.items
        for units, usd in _by_price(item)
        if units > 0
    ]  # fmt: skip
    return Invoice(
        source_format="focus",
        cloud=(str(bill.cloud),),
        currency="USD",
        usd_per_currency=1.0,
        first_day=FIRST,
        end_day=END,
        lines=pd.DataFrame(rows, columns=[*LINE_COLUMNS]),
        unmapped=pd.DataFrame(unmapped, columns=[*UNMAPPED_COLUMNS]),
        apart=APART,
        rows_read=len(rows),
    )


def _by_price(item: LineItem) -> list[tuple[float, float]]:
    """Units of a line and what each costs at list price: those that are free, and by tier."""
    tiers = zip(item.units_by_tier, item.rate.list_tariff.usd_per_unit, strict=True)
    paid = [(float(units), float(usd)) for units, usd in tiers]
    full = sum(units * usd for units, usd in paid)
    # less what is given as money, or is off for use all month
    share = float(item.list_usd) / full if full else 1.0
    return [(float(item.free_units), 0.0), *((units, usd * share) for units, usd in paid)]
