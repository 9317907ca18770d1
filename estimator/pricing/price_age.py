"""How old are the prices of a bill? As a share of its dollars: what costs a cent may be old.

Ages count up to the day of the newest check in the price list, which is part of every answer. So a
bill reads the same on every day; whether that day is long ago is a question of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache
from typing import Final

import numpy as np

from estimator.format import percent
from estimator.pricing.lines import LineItem
from estimator.pricing.price_files import load_price_files

FRESH_DAYS: Final = 90
"""Within so many days, few prices of a vendor become others."""
STALE_AFTER_DAYS: Final = 180
"""Vendors change some price every few months; by then, one of a bill is likely to be another."""


@cache
def last_checked() -> dt.date:
    """The day on which a price of the list was last checked."""
    return max(rate.checked_on for rate in load_price_files().rates)


def share_since(items: Iterable[LineItem], day: dt.date) -> float | None:
    """The share of dollars whose prices were checked on a day or later.

    Args:
        items: lines of bills; of many scenarios, all are added up.
        day: the first that counts.

    Returns:
        From 0 to 1; None where nothing costs anything.
    """
    since = every = 0.0
    for item in items:
        usd = float(np.sum(item.cost_usd))
        every += usd
        since += usd if item.rate.checked_on >= day else 0.0
    return since / every if every else None


def age_words(items: Iterable[LineItem]) -> str:
    """How much of the dollars was checked lately; empty where nothing costs anything."""
    lines, newest = list(items), last_checked()
    fresh, fair = (
        share_since(lines, newest - dt.timedelta(days=days))
        for days in (FRESH_DAYS, STALE_AFTER_DAYS)
    )
    if fresh is None or fair is None:
        return ""
    more = "" if fresh == fair else f", {percent(fair)} within {STALE_AFTER_DAYS}"
    return (
        f"{percent(fresh)} of these dollars were checked within {FRESH_DAYS} days of {newest}{more}"
    )
