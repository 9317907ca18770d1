"""Where it flips: from which value of a number on is another deployment the cheapest?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.breakeven.breakeven import BreakEven
from estimator.analysis.engineering import is_fleet
from estimator.analysis.fields import field_words
from estimator.dashboard.pages.what_if.answers import FlipsAsked, flips_of, show_chart
from estimator.dashboard.pages.what_if.fields import ENGINEER_HOURS, movables, with_engineering
from estimator.dashboard.pages.what_if.inputs import (
    hour_price_input,
    hours_input,
    moved_input,
    name_of,
    rivals_input,
)
from estimator.dashboard.widgets.downloads import Download, as_json, chart_files, csv, download_row
from estimator.dashboard.widgets.text import literal, unbroken
from estimator.deployments.registry import DEPLOYMENTS
from estimator.format import value_text
from estimator.scenario.scenario import Scenario

_REACH, _ALL, _CHOSEN = "Those within reach", "All", "Chosen ones"
_KINDS: Final = {True: "a fleet of your own", False: "a managed service", None: "none"}
_TURNS_TOLD: Final = 4
_SENTENCES_SHOWN: Final = 5


def flips_part(scenario: Scenario) -> None:
    """Draw the question, its answer in words, the chart, the table and the files.

    Raises:
        EstimatorError: the number cannot have such values.
    """
    asked = _question(scenario)
    if asked is None:
        st.info("A flip needs two deployments or more: choose another one.")
        return
    found = flips_of(asked)
    if found is None:
        return
    st.subheader(literal(_managed_or_own(found) or found.sentences[0]), anchor=False)
    _sentences(found)
    chart = st.container()
    st.table(_ranges(found), border="horizontal", hide_index=True)
    st.caption(_compared(asked, found))
    for refusal in found.refusals:
        st.caption(literal(f"Not priced: {refusal.deployment}: {refusal.reason}"))
    _downloads(found)
    with chart:
        words = f"Monthly cost over {field_words(found.field)}. {' '.join(found.sentences)}"
        show_chart(asked, "flips", found.chart, words)


def _question(scenario: Scenario) -> FlipsAsked | None:
    """What moves and who is compared; None if that is a single one."""
    moved = moved_input("What moves", "moves", movables(scenario), "peak_connections")
    who, people = st.columns([5, 4])
    with who:
        shown = st.segmented_control(
            "Compared",
            [_REACH, _ALL, _CHOSEN],
            key="compared",
            default=_REACH,
            required=True,
            bind="query-params",
            persist_state="session",
            help="Within reach: whatever is the cheapest somewhere in the range, of managed "
            "services and of fleets of your own.",
        )
        rivals: Sequence[str] = tuple(DEPLOYMENTS) if shown == _ALL else ()
        if shown == _CHOSEN:
            rivals = rivals_input("Deployments", "rivals", "Two or more")
    with people:
        if moved.field == ENGINEER_HOURS:
            hour_price_input(scenario)
        else:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                hours_input(scenario)
                hour_price_input(scenario)
    if shown == _CHOSEN and len(rivals) < 2:
        return None
    if moved.field == ENGINEER_HOURS:
        scenario = with_engineering(scenario)
    return FlipsAsked(scenario.to_token(), moved, tuple(rivals))


def _managed_or_own(found: BreakEven) -> str:
    """Whether to buy or to run it, in one sentence; empty if only one of both was compared."""
    kinds = {_is_own(name) for name in found.deployments}
    if len(kinds) < 2:
        return ""
    words = field_words(found.field)
    runs = [(kind, list(ranges)) for kind, ranges in groupby(found.ranges, lambda r: _is_own(r[2]))]
    if len(runs) == 1:
        low, high = value_text(found.low), value_text(found.high)
        return f"By {words}: {_KINDS[runs[0][0]]} is the cheapest from {low} to {high}."
    last, ranges = runs[-1]
    end = f"{_KINDS[last]} from {value_text(ranges[0][0])} on"
    if len(runs) > _TURNS_TOLD:
        return f"By {words}: a managed service and a fleet of your own take turns; {end}."
    parts = [f"{_KINDS[kind]} up to {value_text(ranges[-1][1])}" for kind, ranges in runs[:-1]]
    return f"The cheapest by {words}: {', '.join(parts)}, {end}."


def _is_own(deployment: str | None) -> bool | None:
    return None if deployment is None else is_fleet(DEPLOYMENTS[deployment])


def _sentences(found: BreakEven) -> None:
    told = found.sentences
    st.markdown("\n".join(f"- {literal(each)}" for each in told[:_SENTENCES_SHOWN]))
    if len(told) > _SENTENCES_SHOWN:
        with st.expander(f"{len(told) - _SENTENCES_SHOWN} more changes"):
            st.markdown("\n".join(f"- {literal(each)}" for each in told[_SENTENCES_SHOWN:]))


def _ranges(found: BreakEven) -> pd.DataFrame:
    words = field_words(found.field)
    return pd.DataFrame(
        [
            {
                f"{words[:1].upper()}{words[1:]} from": unbroken(value_text(low)),
                "To": unbroken(value_text(high)),
                "Cheapest that holds": name_of(name) if name else "none holds",
                "It is": _KINDS[_is_own(name)],
            }
            for low, high, name in found.ranges
        ]
    )


def _compared(asked: FlipsAsked, found: BreakEven) -> str:
    names = ", ".join(map(name_of, found.deployments))
    how = "" if asked.rivals else " Within reach is who leads at one of some values looked at."
    return (
        f"Compared: {names}.{how} A lead that changes twice within "
        f"{found.traced.resolution:.2%} of a value may be missed."
    )


def _downloads(found: BreakEven) -> None:
    ranges = pd.DataFrame(found.ranges, columns=["from", "to", "cheapest"])
    download_row(
        [
            Download("Ranges (CSV)", "flips-ranges.csv", "text/csv", lambda: csv(ranges)),
            Download("Flips (CSV)", "flips.csv", "text/csv", lambda: csv(found.table)),
            Download("Bills (CSV)", "flips-bills.csv", "text/csv", lambda: csv(_bills(found))),
            Download(
                "Everything (JSON)", "flips.json", "application/json",
                lambda: as_json(found.as_data()),
            ),
            *chart_files("Chart", "flips-chart", found.chart),
        ]
    )  # fmt: skip


def _bills(found: BreakEven) -> pd.DataFrame:
    """The lines of the chart: USD per month at each value; empty where it would not hold."""
    traced = found.traced
    usd = np.where(np.isfinite(traced.costs), traced.costs, np.nan)
    return pd.DataFrame(
        {found.field: traced.values, **dict(zip(found.deployments, usd, strict=True))}
    )
