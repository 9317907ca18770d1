"""What does each thing cost, who says so, and how long ago was that checked?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.price_list import per_units
from estimator.dashboard.session.computed import price_list
from estimator.dashboard.session.state import current
from estimator.dashboard.widgets.downloads import Download, as_json, csv, download_row, rows_of
from estimator.dashboard.widgets.price_age import say_if_stale
from estimator.pricing.price_files import EVERYWHERE, VENDORS
from estimator.scenario.locations import find_location, locations

_SURENESS = {
    "confirmed": "Confirmed",
    "single_source": "One source",
    "inferred": "Inferred",
}
_SEARCHED = ["vendor", "service", "meter", "title", "region", "note"]


def prices_page() -> None:
    """Draw the page."""
    current("prices")
    prices = price_list()
    st.title("Prices", anchor=False)
    st.caption(
        "US dollars, list prices before tax and free allowances. Each row links to where it was "
        "read; confirmed means seen at the vendor or in two independent copies."
    )
    say_if_stale()
    shown = _filtered(prices)
    _summary(shown)
    table = _readable(shown)
    st.dataframe(
        table,
        hide_index=True,
        height=600,
        column_config={
            "What": st.column_config.TextColumn("What", width="medium"),
            "Price": st.column_config.NumberColumn("Price, USD", format="%.6g"),
            "From": st.column_config.NumberColumn(
                "From", format="localized", help="The price holds from so many units per month on."
            ),
            "Checked": st.column_config.DateColumn("Checked", format="YYYY-MM-DD"),
            "Age": st.column_config.NumberColumn("Age, days"),
            "Since": st.column_config.DateColumn(
                "Since", format="YYYY-MM-DD", help="The first day on which this price was seen."
            ),
            "Source": st.column_config.LinkColumn("Source", display_text=r"https?://([^/]+)"),
        },
    )
    download_row(
        [
            Download("These prices (CSV)", "prices.csv", "text/csv", lambda: csv(shown)),
            Download(
                "These prices (JSON)",
                "prices.json",
                "application/json",
                lambda: as_json({"prices": rows_of(shown)}),
            ),
        ]
    )


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
        "Place",
        list(locations()),
        key="price_place",
        index=None,
        placeholder="All regions",
        format_func=lambda name: locations()[name].title,
    )
    sure, age = st.columns([5, 4], vertical_alignment="bottom")
    grades = sure.pills(
        "Confidence",
        list(_SURENESS),
        key="price_confidence",
        selection_mode="multi",
        format_func=lambda grade: _SURENESS[grade],
    )
    older = age.number_input(
        "Last checked more than so many days ago",
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


def _summary(shown: pd.DataFrame) -> None:
    if shown.empty:
        st.info("No price fits. Another word, or fewer filters, may help.")
        return
    shares = shown["confidence"].value_counts(normalize=True)
    with st.container(horizontal=True, gap="large"):
        st.metric("Prices", f"{len(shown):,}", width="content")
        for grade, title in _SURENESS.items():
            st.metric(title, f"{shares.get(grade, 0.0):.0%}", width="content")
        least = f"{shown['checked_on'].min():%Y-%m-%d}"
        st.metric("Least recently checked", least, width="content")


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
            "Checked": shown["checked_on"],
            "Age": shown["age_days"],
            "Confidence": shown["confidence"].map(_SURENESS),
            "Source": shown["source"],
            "Since": shown["effective_from"],
            "Note": shown["note"],
            "Meter": shown["meter"],
        }
    )
