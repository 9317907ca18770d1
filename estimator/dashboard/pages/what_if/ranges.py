"""Uncertainty: bills as ranges, what makes them wide, and what to measure next."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Final

import pandas as pd
import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.analysis.fields import field_words, find_field
from estimator.analysis.uncertainty.input_ranges import InputRange, input_ranges_by_evidence
from estimator.analysis.uncertainty.result import Uncertainty
from estimator.analysis.uncertainty.server_ranges import server_input_ranges
from estimator.dashboard.pages.what_if.answers import Causes, CausesJob, FanJob, RangesJob
from estimator.dashboard.pages.what_if.inputs import Moved, movables, rivals_input
from estimator.dashboard.session.state import IN_ADDRESS, comparison_of
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import (
    full_title,
    literal,
    show,
    show_as_table,
    show_heading,
    titled,
)
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.progress import result_of
from estimator.format import capitalized, dollars, dollars_and_cents, percent
from estimator.render import document_of
from estimator.render.document import Text
from estimator.render.views.uncertainty import shares_blocks, swings_table
from estimator.scenario.scenario import Scenario

_BANDS: Final = 3
"""More bands than these hide each other."""
_AUDIENCES: Final = ("peak_connections", "mean_connections", "users_per_day")


def ranges_part(scenario: Scenario) -> None:
    """Draw what is uncertain, and then answer by answer as they are worked out."""
    job = _question(scenario)
    found = result_of("ranges", job, "Pricing samples")
    if found is None:
        return
    if not found.bills:
        st.info("None of these deployments can be priced for every sample.")
        return
    _ranges(job, found)
    _causes(job, found)
    _fan(job, found, scenario)


def _question(scenario: Scenario) -> RangesJob:
    few = _few(comparison_of(scenario.to_token()))
    chosen = rivals_input("sure_of", f"The best of each cloud and kind ({len(few)})")
    ranges = input_ranges_by_evidence(scenario) | server_input_ranges(scenario, chosen or few)
    with st.expander("Uncertain inputs and their ranges", icon=":material/tune:"):
        st.caption(
            "Empty: as its evidence says, or known. Otherwise 20..40 (a range), 20..30..45 "
            "(least, most likely, most), 300 x/ 2 (P10 is half of 300, P90 is twice 300), x/ 2 or "
            "± 25% (around the value of the scenario)."
        )
        given = _given_ranges(scenario, ranges)
    return RangesJob(scenario.to_token(), given, tuple(chosen or few))


def _few(comparison: Comparison) -> tuple[str, ...]:
    """The cheapest within limits of each cloud, and of each group."""
    bills = comparison.within_limits or comparison.bills
    best: dict[object, str] = {}
    for bill in bills:
        name = bill.deployment or ""
        best.setdefault(bill.cloud, name)
        best.setdefault(bill.group, name)
    return tuple(dict.fromkeys(best.values()))


def _given_ranges(scenario: Scenario, ranges: dict[str, InputRange]) -> tuple[tuple[str, str], ...]:
    """A field for each number that may be uncertain; what was typed, by the name of the number."""
    audience = [name for name in _AUDIENCES if getattr(scenario, name) is not None]
    given: list[tuple[str, str]] = []
    columns = st.columns(2)
    for position, name in enumerate((*audience, *ranges)):
        text = columns[position % 2].text_input(
            literal(capitalized(field_words(name))),
            key=f"off_{name.removeprefix('profile.').removeprefix('flows.')}",
            placeholder=str(ranges[name]) if name in ranges else "known",
            **IN_ADDRESS,
        )
        if typed := (text or "").strip():
            given.append((find_field(scenario, name), typed))
    return tuple(given)


def _ranges(job: RangesJob, found: Uncertainty) -> None:
    rows = found.table.to_dict(orient="records")
    first = rows[0]
    range_usd = f"{dollars(first['p10_usd'])}–{dollars(first['p90_usd'])}"
    show_heading(
        (
            f"In eight of ten cases, {full_title(first['deployment'])} costs ",
            Text(f"{range_usd} per month", "strong"),
        )
    )
    leader = max(rows, key=lambda row: row["cheapest_share"])
    st.markdown(
        f"{titled(leader['deployment'])} is the cheapest within limits in "
        f"**{percent(leader['cheapest_share'])}** of all cases."
    )
    chart = st.container()
    show(document_of(found).blocks)
    download_row(
        [
            table_file("Ranges", "ranges.csv", lambda: found.table),
            data_file("Everything", "ranges.json", found.as_data),
            *chart_files("Chart", "ranges-chart", found.chart),
        ]
    )
    words = "Ranges of monthly cost. " + " ".join(
        f"{full_title(row['deployment'])}: {_usd_range(row['p10_usd'], row['p90_usd'])}, "
        f"half of the cases below {dollars_and_cents(row['p50_usd'])}."
        for row in rows
    )
    with chart:
        show_chart(job, "ranges", found.chart, words)


def _causes(job: RangesJob, found: Uncertainty) -> None:
    show_heading("What makes it uncertain")
    names = list(found.deployments)
    chosen = st.selectbox(
        "Deployment",
        names,
        key="tornado_of",
        format_func=full_title,
        label_visibility="collapsed",
        **IN_ADDRESS,
    )
    name = chosen if chosen in names else names[0]
    causes_job = CausesJob(job, name, found)
    causes = result_of("causes", causes_job, "Pricing what moves the bill")
    if causes is None:
        return
    st.markdown(_measure_next(causes))
    chart = st.container()
    show_as_table(swings_table("", causes.swings), *shares_blocks(causes.shares))

    tornado = partial(found.tornado_chart, name)
    download_row(
        [
            table_file("Swings", "swings.csv", lambda: _swing_table(causes)),
            table_file("What to measure", "what-to-measure.csv", lambda: causes.shares),
            *chart_files("Tornado", "tornado-chart", tornado),
        ]
    )
    words = f"Tornado of {full_title(name)}. " + " ".join(
        f"{each.uncertain.words}: {_usd_range(each.low_usd, each.high_usd)}."
        for each in causes.swings[:8]
    )
    with chart:
        show_chart(causes_job, "tornado", tornado, words)


def _measure_next(causes: Causes) -> str:
    """What to measure next, in one sentence."""
    shares = causes.shares
    known = shares[shares["first"].notna()] if len(shares) else shares
    if known.empty:
        return "No input moves this bill: there is nothing to measure."
    first = known.iloc[0]
    what = "Settle" if first["kind"] == "question" else "Measure"
    words = str(first["words"])
    stop = "" if words.endswith("?") else "."
    share = percent(max(float(first["first"]), 0.0))
    return (
        f"{what} this first: **{literal(words)}**{stop} If it were known for certain, {share} of "
        "the variance of this bill would disappear."
    )


def _swing_table(causes: Causes) -> pd.DataFrame:
    names = ("low", "high", "low_usd", "high_usd", "middle_usd")
    rows = [
        (*attrgetter("name", "words", "kind")(each.uncertain), *attrgetter(*names)(each))
        for each in causes.swings
    ]
    return pd.DataFrame(rows, columns=["input", "words", "kind", *names])


def _fan(job: RangesJob, found: Uncertainty, scenario: Scenario) -> None:
    show_heading("With more connections")
    preset = movables(scenario)["peak_connections"]
    moved = Moved(preset.field, preset.low, preset.high)
    fan_job = FanJob(job, moved, tuple(found.deployments[:_BANDS]), found)
    fan = result_of("fan", fan_job, "Pricing samples along the connections")
    if fan is None:
        return
    chart = st.container()
    show_as_table(*document_of(fan).blocks[:1])
    download_row(
        [
            table_file("Fan", "fan.csv", lambda: fan.table),
            *chart_files("Fan", "fan-chart", fan.chart),
        ]
    )
    words = f"P10, P50 and P90 of the monthly cost by {field_words(fan.field)}. " + " ".join(
        f"{full_title(name)}: half of the cases below {dollars_and_cents(fan.usd[1, row, 0])} at "
        f"{fan.values[0]:,.0f}, below {dollars_and_cents(fan.usd[1, row, -1])} at "
        f"{fan.values[-1]:,.0f}."
        for row, name in enumerate(fan.deployments)
    )
    with chart:
        show_chart(fan_job, "fan", fan.chart, words)


def _usd_range(low: float, high: float) -> str:
    return f"{dollars_and_cents(low)}–{dollars_and_cents(high)}"
