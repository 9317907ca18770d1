"""How old are the prices of a bill? As a share of its dollars: what costs a cent may be old.

Ages count up to the day of the newest check in the price list, which is part of every answer. So a
bill reads the same on every day; whether that day is long ago is a question of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np

from estimator.files import Version
from estimator.format import percent
from estimator.pricing.lines import LineItem
from estimator.pricing.price_files import price_files_of, price_list_version

FRESH_DAYS: Final = 90
"""Within so many days, few prices of a vendor become others."""
STALE_AFTER_DAYS: Final = 180
"""Vendors change some price every few months; by then, one of a bill is likely to be another."""
MATTERS_FROM: Final = 0.05
"""Of the dollars of a bill: what is less may be old."""


def last_checked() -> dt.date:
    """The day on which a price of the list was last checked."""
    return _last_checked(price_list_version())


@lru_cache(maxsize=4)
def _last_checked(version: Version) -> dt.date:
    return max(rate.checked_on for rate in price_files_of(version).rates)


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


def oldest_that_matters(items: Iterable[LineItem]) -> LineItem | None:
    """The line whose price was checked longest ago, of those that make a part of the dollars.

    Args:
        items: lines of one bill; of many scenarios, all are added up.

    Returns:
        None where nothing costs anything.
    """
    lines = list(items)
    every = sum(float(np.sum(item.cost_usd)) for item in lines)
    matter = [item for item in lines if float(np.sum(item.cost_usd)) > MATTERS_FROM * every]
    return min(matter, key=lambda item: item.rate.checked_on, default=None)


def oldest_words(items: Iterable[LineItem]) -> str:
    """Which price is the oldest that matters, and how much rests on it; empty without costs."""
    lines = list(items)
    oldest = oldest_that_matters(lines)
    if oldest is None:
        return ""
    every = sum(float(np.sum(item.cost_usd)) for item in lines)
    share = float(np.sum(oldest.cost_usd)) / every
    return (
        f"oldest price that matters: {oldest.title}, {percent(share)} of these dollars, "
        f"checked on {oldest.rate.checked_on}"
    )
