"""How sure is it? Bills as ranges, what makes them wide, and what to measure next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.analysis.engineering import is_fleet
from estimator.analysis.fields import field_words, find_field
from estimator.analysis.uncertainty.input_ranges import InputRange, input_ranges_by_evidence
from estimator.analysis.uncertainty.result import Fan, Uncertainty
from estimator.dashboard.pages.what_if.answers import (
    Causes,
    CausesAsked,
    FanAsked,
    Moved,
    RangesAsked,
    show_chart,
)
from estimator.dashboard.pages.what_if.fields import movables
from estimator.dashboard.pages.what_if.inputs import name_of, plain_name, rivals_input
from estimator.dashboard.session.computed import comparison_of
from estimator.dashboard.widgets.downloads import Download, as_json, chart_files, csv, download_row
from estimator.dashboard.widgets.progress import result_of
from estimator.dashboard.widgets.text import dollars, literal
from estimator.deployments.registry import DEPLOYMENTS
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_BANDS: Final = 3
"""More bands than these hide each other."""
_AUDIENCES: Final = ("peak_connections", "mean_connections", "users_per_day")


def ranges_part(scenario: Scenario) -> None:
    """Draw what may be off, and then answer by answer as they are worked out."""
    asked = _question(scenario)
    found = result_of("ranges", asked, "Pricing draws")
    if found is None:
        return
    if not found.bills:
        st.info("None of these deployments can be priced for every draw.")
        return
    _ranges(asked, found)
    _causes(asked, found)
    _fan(asked, found, scenario)


def _question(scenario: Scenario) -> RangesAsked:
    few = _few(comparison_of(scenario.to_token()))
    chosen = rivals_input("Deployments", "sure_of", f"The best of each cloud and kind ({len(few)})")
    spreads = input_ranges_by_evidence(scenario)
    with st.expander("What may be off, and how far", icon=":material/tune:"):
        st.caption(
            "Empty: as its evidence says, or known. Otherwise 20..40 (a range), 20..30..45 "
            "(least, most likely, most), 300 x/ 2 (P10 is half, P90 twice of 300), x/ 2 or "
            "± 25 % (around what the scenario says)."
        )
        said = _spreads_said(scenario, spreads)
    return RangesAsked(scenario.to_token(), said, tuple(chosen or few))


def _few(comparison: Comparison) -> tuple[str, ...]:
    """The cheapest of each cloud that hold, and the best managed service and the best fleet."""
    bills = comparison.within_limits or comparison.bills
    best: dict[object, str] = {}
    for bill in bills:
        name = bill.deployment or ""
        best.setdefault(bill.cloud, name)
        best.setdefault(is_fleet(DEPLOYMENTS[name]), name)
    return tuple(dict.fromkeys(best.values()))


def _spreads_said(
    scenario: Scenario, spreads: dict[str, InputRange]
) -> tuple[tuple[str, str], ...]:
    """A field for each number that may be off; what was typed, by the name of the number."""
    audience = [name for name in _AUDIENCES if getattr(scenario, name) is not None]
    said: list[tuple[str, str]] = []
    columns = st.columns(2)
    for position, name in enumerate((*audience, *spreads)):
        words = field_words(name)
        text = columns[position % 2].text_input(
            f"{words[:1].upper()}{words[1:]}",
            key=f"off_{name.removeprefix('profile.').removeprefix('flows.')}",
            placeholder=str(spreads[name]) if name in spreads else "known",
            bind="query-params",
            persist_state="session",
        )
        if text.strip():
            said.append((find_field(scenario, name), text.strip()))
    return tuple(said)


def _ranges(asked: RangesAsked, found: Uncertainty) -> None:
    rows = found.table.to_dict(orient="records")
    first = rows[0]
    st.subheader(
        f"{name_of(first['deployment'])} costs **{dollars(first['p10_usd'])} to "
        f"{dollars(first['p90_usd'])} a month** in eight of ten cases",
        anchor=False,
    )
    leader = max(rows, key=lambda row: row["cheapest_share"])
    st.markdown(
        f"{name_of(leader['deployment'])} is the cheapest within limits in "
        f"**{_percent(leader['cheapest_share'])}** of all cases."
    )
    chart = st.container()
    st.table(
        pd.DataFrame(
            [
                {
                    "Deployment": name_of(row["deployment"]),
                    "P10": dollars(row["p10_usd"]),
                    "P50": f"**{dollars(row['p50_usd'])}**",
                    "P90": dollars(row["p90_usd"]),
                    "Single estimate": dollars(row["expected_usd"]),
                    "Holds in": _percent(row["within_limits_share"]),
                    "Cheapest in": _percent(row["cheapest_share"]),
                }
                for row in rows
            ]
        ),
        border="horizontal",
        hide_index=True,
    )
    st.caption(literal(f"{'; '.join(found.notes)}. {found.conventions}."))
    for refusal in found.refusals:
        st.caption(literal(f"{refusal.title} cannot be priced: {refusal.reason}"))
    download_row(
        [
            Download("Ranges (CSV)", "ranges.csv", "text/csv", lambda: csv(found.table)),
            Download(
                "Everything (JSON)", "ranges.json", "application/json",
                lambda: as_json(found.as_data()),
            ),
            *chart_files("Chart", "ranges-chart", found.chart),
        ]
    )  # fmt: skip
    words = "Ranges of monthly cost. " + " ".join(
        f"{plain_name(row['deployment'])}: ${row['p10_usd']:,.2f} to ${row['p90_usd']:,.2f}, "
        f"half of the cases below ${row['p50_usd']:,.2f}."
        for row in rows
    )
    with chart:
        show_chart(asked, "ranges", found.chart, words)


def _causes(asked: RangesAsked, found: Uncertainty) -> None:
    st.subheader("What makes it uncertain", anchor=False)
    names = list(found.deployments)
    chosen = st.selectbox(
        "Deployment",
        names,
        key="tornado_of",
        format_func=plain_name,
        label_visibility="collapsed",
        bind="query-params",
        persist_state="session",
    )
    name = chosen if chosen in names else names[0]
    causes_asked = CausesAsked(asked, name, found)
    causes = result_of("causes", causes_asked, "Pricing what moves the bill")
    if causes is None:
        return
    st.markdown(_measure_next(causes))
    chart = st.container()
    with st.expander("The same as a table", icon=":material/table:"):
        st.table(_cause_rows(causes), border="horizontal", hide_index=True)
        st.caption(
            "Of the uncertainty: share of the variance that would go if this alone were known, "
            "with its 95 % interval; none where its swing is negligible."
        )

    def tornado(look: Look) -> Figure:
        return found.tornado_chart(name, look)

    download_row(
        [
            Download("Swings (CSV)", "swings.csv", "text/csv", lambda: csv(_swing_table(causes))),
            Download(
                "What to measure (CSV)", "what-to-measure.csv", "text/csv",
                lambda: csv(causes.shares),
            ),
            *chart_files("Tornado", "tornado-chart", tornado),
        ]
    )  # fmt: skip
    words = f"Tornado of {plain_name(name)}. " + " ".join(
        f"{each.uncertain.words}: ${each.low_usd:,.2f} to ${each.high_usd:,.2f}."
        for each in causes.swings[:8]
    )
    with chart:
        show_chart(causes_asked, "tornado", tornado, words)


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
    return (
        f"{what} first: **{literal(words)}**{stop} Known for sure, it would take away "
        f"{_percent(max(float(first['first']), 0.0))} of the variance of this bill."
    )


def _cause_rows(causes: Causes) -> pd.DataFrame:
    shares = {row["input"]: row for row in causes.shares.to_dict(orient="records")}
    rows: list[dict[str, str]] = []
    for each in causes.swings:
        share = shares.get(each.uncertain.name, {})
        rows.append(
            {
                "What may be off": literal(each.uncertain.words),
                "From": literal(each.low),
                "To": literal(each.high),
                "The bill": f"{dollars(each.low_usd)} to {dollars(each.high_usd)}",
                "Of the uncertainty": _interval(share),
            }
        )
    return pd.DataFrame(rows)


def _interval(share: Mapping[Any, Any]) -> str:
    first, low, high = (
        float(share.get(name, math.nan)) for name in ("first", "first_low", "first_high")
    )
    if math.isnan(first):
        return "–"
    low, high = max(low, 0.0), min(high, 1.0)
    return f"{_percent(max(first, 0.0))} ({_percent(low)} to {_percent(high)})"


def _swing_table(causes: Causes) -> pd.DataFrame:
    columns = ["input", "words", "kind", "low", "high", "low_usd", "high_usd", "middle_usd"]
    rows = [
        (e.uncertain.name, e.uncertain.words, e.uncertain.kind, e.low, e.high, e.low_usd,
         e.high_usd, e.middle_usd)
        for e in causes.swings
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _fan(asked: RangesAsked, found: Uncertainty, scenario: Scenario) -> None:
    st.subheader("With more connections", anchor=False)
    preset = movables(scenario)["peak_connections"]
    moved = Moved(preset.field, preset.low, preset.high)
    shown = tuple(found.deployments[:_BANDS])
    fan_asked = FanAsked(asked, moved, shown, found)
    fan = result_of("fan", fan_asked, "Pricing draws along the connections")
    if fan is None:
        return
    chart = st.container()
    with st.expander("The same as a table", icon=":material/table:"):
        st.table(_fan_rows(fan), border="horizontal", hide_index=True)
    download_row(
        [
            Download("Fan (CSV)", "fan.csv", "text/csv", lambda: csv(fan.table)),
            *chart_files("Fan", "fan-chart", fan.chart),
        ]
    )
    words = f"P10, P50 and P90 of the monthly cost over {field_words(fan.field)}. " + " ".join(
        f"{plain_name(name)}: half of the cases below ${fan.usd[1, row, 0]:,.2f} at "
        f"{fan.values[0]:,.0f}, below ${fan.usd[1, row, -1]:,.2f} at {fan.values[-1]:,.0f}."
        for row, name in enumerate(fan.deployments)
    )
    with chart:
        show_chart(fan_asked, "fan", fan.chart, words)


def _fan_rows(fan: Fan) -> pd.DataFrame:
    rows = fan.table.to_dict(orient="records")
    words = field_words(fan.field)
    return pd.DataFrame(
        [
            {
                "Deployment": name_of(str(row["deployment"])),
                f"{words[:1].upper()}{words[1:]}": f"{row[fan.field]:,.0f}",
                "P10": _usd(row["p10_usd"]),
                "P50": _usd(row["p50_usd"]),
                "P90": _usd(row["p90_usd"]),
                "Holds in": _percent(row["within_limits_share"]),
            }
            for row in rows
        ]
    )


def _usd(usd: float) -> str:
    return "–" if math.isnan(usd) else dollars(usd)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
