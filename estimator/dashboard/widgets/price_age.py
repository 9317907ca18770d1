"""Are the prices old? A notice, once nobody has looked at the vendors' pages for long."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from estimator.pricing.price_files import load_price_files

STALE_AFTER_DAYS = 180
"""Vendors change some price every few months; by then, one of a bill is likely to be another."""


def say_if_stale() -> None:
    """How old the price list is and what to do about it; nothing, as long as it is fresh."""
    day = _last_checked()
    days = (_today() - day).days
    if days > STALE_AFTER_DAYS:
        st.warning(
            f"**These prices are old:** the last of them was checked on {day}, {days:,} days ago. "
            "What is shown holds for that day. Install a newer version of this package; until "
            "there is one, compare the lines that cost most with the vendors’ pages, to which "
            "each price links, and put what you find there into the scenario file under "
            "'contract'.",
            icon=":material/history:",
        )


@st.cache_resource(show_spinner=False)
def _last_checked() -> dt.date:
    return max(rate.checked_on for rate in load_price_files().rates)


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()
