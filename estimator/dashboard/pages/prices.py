"""What does each thing cost, who says so, and how long ago was that checked?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.price_list import per_units, prices as all_prices
from estimator.dashboard.pages.frame import warn_if_stale
from estimator.dashboard.session.state import current, nothing_to_draw
from estimator.dashboard.widgets.document import show_figures, show_title
from estimator.dashboard.widgets.downloads import data_file, download_row, rows_of, table_file
from estimator.dashboard.widgets.origin import Origin, today
from estimator.format import percent
from estimator.pricing.price_age import FRESH_DAYS
from estimator.pricing.price_files import EVERYWHERE, VENDORS
from estimator.scenario.locations import find_location, locations

_CONFIDENCE = {"confirmed": "Confirmed", "single_source": "One source", "inferred": "Inferred"}
_FILTERS = ("search", "vendor", "service", "location", "confidence", "age")
_SEARCHED = ["vendor", "service", "meter", "title", "region", "note", "definition"]


def prices_page() -> None:
    """Draw the page."""
    current("prices")
    nothing_to_draw()  # prices are those of every scenario: none stands beside them
    prices = _price_list()
    show_title(
        "Prices",
        "List prices in US dollars, before tax and free allowances. Each row links to its source; "
        "confirmed means seen at the vendor or in two independent copies.",
    )
    warn_if_stale()
    shown = _filtered(prices)
    _summary(shown)
    table = _readable(shown)
    st.dataframe(
        table,
        hide_index=True,
        height=600,
        column_config={
            "What": st.column_config.TextColumn("What", width="medium"),
            "Counted": st.column_config.TextColumn(
                "Counted", width="medium", help="What one unit is: directions, zones, steps."
            ),
            "Free": st.column_config.TextColumn("Free", width="medium"),
            "Price": st.column_config.NumberColumn("Price, USD", format="%.6g"),
            "From": st.column_config.NumberColumn(
                "From", format="localized", help="The price applies from this many units per month."
            ),
            "Checked": st.column_config.DateColumn("Checked", format="YYYY-MM-DD"),
            "Source of": st.column_config.DateColumn(
                "Source of",
                format="YYYY-MM-DD",
                help="The day that the source itself is of; empty where it names none.",
            ),
            "Age": st.column_config.NumberColumn("Age, days"),
            "Since": st.column_config.DateColumn(
                "Since", format="YYYY-MM-DD", help="The first day on which this price was seen."
            ),
            "Source": st.column_config.LinkColumn("Source", display_text=r"https?://([^/]+)"),
        },
    )
    download_row(
        [
            table_file("These prices", "prices.csv", lambda: shown),
            data_file("These prices", "prices.json", lambda: {"prices": rows_of(shown)}),
        ],
        partial(_origin, shown),
    )


@st.cache_data(max_entries=1, ttl="1h", show_spinner=False)
def _price_list() -> pd.DataFrame:
    """Every price in force; their ages change by the day."""
    return all_prices()


def _filtered(prices: pd.DataFrame) -> pd.DataFrame:
    search, clouds, services, where = st.columns([3, 2, 2, 2])
    text = search.text_input(
        "Search", key="price_search", placeholder="fargate, egress, c7g, europe-west3 …"
    )
    vendors = [vendor for vendor in VENDORS.values() if vendor in set(prices["vendor"])]
    vendor = clouds.selectbox("Vendor", vendors, key="price_vendor", index=None, placeholder="All")
    if vendor:
        prices = prices[prices["vendor"] == vendor]
    service = services.selectbox(
        "Service",
        sorted(prices["service"].unique()),
        key="price_service",
        index=None,
        placeholder="All",
    )
    location = where.selectbox(
        "Location",
        list(locations()),
        key="price_location",
        index=None,
        placeholder="All regions",
        format_func=lambda name: locations()[name].title,
    )
    confidence, age = st.columns([5, 4], vertical_alignment="bottom")
    grades = confidence.pills(
        "Confidence",
        list(_CONFIDENCE),
        key="price_confidence",
        selection_mode="multi",
        format_func=lambda grade: _CONFIDENCE[grade],
    )
    older = age.number_input(
        "Last checked more than this many days ago",
        key="price_age",
        min_value=0,
        value=None,
        step=30,
        placeholder="any age",
    )
    wanted = pd.Series(data=True, index=prices.index)
    if service:
        wanted &= prices["service"] == service
    if location:
        wanted &= prices["region"].isin([EVERYWHERE, *find_location(location).regions.values()])
    if grades:
        wanted &= prices["confidence"].isin(grades)
    if older is not None:
        wanted &= prices["age_days"] > older
    prices = prices[wanted]
    for word in text.lower().split():
        found = [prices[column].str.lower().str.contains(word, regex=False) for column in _SEARCHED]
        prices = prices[np.logical_or.reduce(found)]
    return prices


def _origin(shown: pd.DataFrame) -> Origin:
    """Where a file of the prices shown comes from; they are those of every scenario."""
    given = {name: st.session_state.get(f"price_{name}") for name in _FILTERS}
    checked = shown["checked_on"]
    return Origin(
        made_on=today(),
        scenario=None,
        settings={
            name: _said(value) for name, value in given.items() if value not in (None, "", [])
        },
        checked=None if shown.empty else (checked.min().date(), checked.max().date()),
    )


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _summary(shown: pd.DataFrame) -> None:
    if shown.empty:
        st.info("No price matches. Try another word or fewer filters.")
        return
    shares = shown["confidence"].value_counts(normalize=True)
    fresh = float((shown["age_days"] <= FRESH_DAYS).mean())
    show_figures(
        [
            ("Prices", f"{len(shown):,}", ""),
            *(
                (title, percent(float(shares.get(grade, 0.0))), "")
                for grade, title in _CONFIDENCE.items()
            ),
            (f"Checked within {FRESH_DAYS} days", percent(fresh), ""),
        ]
    )


def _readable(shown: pd.DataFrame) -> pd.DataFrame:
    """The columns for people: prices of tiny units by the million, as vendors print them."""
    scale = shown.groupby("meter")["usd_per_unit"].transform(per_units)
    return pd.DataFrame(
        {
            "Vendor": shown["vendor"],
            "Service": shown["service"],
            "What": shown["title"],
            "Region": shown["region"].replace(EVERYWHERE, "every region"),
            "From": shown["tier_from"],
            "Price": shown["usd_per_unit"] * scale,
            "Per": scale.map({1: "", 1_000_000: "million "}) + shown["unit"],
            "Counted": shown["definition"],
            "Free": shown["allowances"],
            "Checked": shown["checked_on"],
            "Source of": shown["source_of"],
            "Age": shown["age_days"],
            "Confidence": shown["confidence"].map(_CONFIDENCE),
            "Source": shown["source"],
            "Since": shown["effective_from"],
            "Note": shown["note"],
            "Meter": shown["meter"],
        }
    )
