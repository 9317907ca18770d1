"""Break-even: from which value of a number is another deployment the cheapest?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.breakeven.breakeven import BreakEven
from estimator.analysis.fields import field_words
from estimator.dashboard.charts.lines import break_even_chart
from estimator.dashboard.pages.what_if import inputs
from estimator.dashboard.pages.what_if.answers import BreakEvenJob
from estimator.dashboard.session.state import IN_ADDRESS
from estimator.dashboard.widgets import engineering
from estimator.dashboard.widgets.document import full_title, literal, show, show_heading
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.progress import result_of
from estimator.dashboard.widgets.touch import show_touchable
from estimator.deployments.registry import DEPLOYMENTS
from estimator.format import value_text
from estimator.render import document_of
from estimator.scenario.scenario import Scenario

_CLOSEST, _ALL, _CHOSEN = "Contenders", "All", "Selected"
_KINDS: Final[Mapping[str | None, str]] = {
    "managed": "a managed service",
    "serverless containers": "containers without servers",
    "own servers": "your own servers",
    None: "none",
}
_TURNS_TOLD: Final = 4


def break_even_part(scenario: Scenario) -> None:
    """Draw the question, its answer in words, the chart, the table and the files.

    Raises:
        EstimatorError: the number cannot have such values.
    """
    job = _question(scenario)
    if job is None:
        st.info("A comparison needs two or more deployments: select another one.")
        return
    found = result_of("break_even", job, "Pricing values")
    if found is None:
        return
    show_heading(_managed_or_own(found) or found.sentences[0])
    chart = st.container()
    show(document_of(found).blocks)
    st.caption(_compared(job, found))
    _downloads(found)
    with chart:
        words = f"Monthly cost by {field_words(found.field)}. {' '.join(found.sentences)}"
        show_touchable(job, "break-even", partial(break_even_chart, found), words)


def _question(scenario: Scenario) -> BreakEvenJob | None:
    """What moves and who is compared; None if that is a single one."""
    moved = inputs.moved_input("What moves", "moves", inputs.movables(scenario), "peak_connections")
    who, people = st.columns([5, 4])
    with who:
        shown = st.segmented_control(
            "Compared",
            [_CLOSEST, _ALL, _CHOSEN],
            key="compared",
            default=_CLOSEST,
            required=True,
            **IN_ADDRESS,
            help="Contenders: whatever is the cheapest somewhere in the range, among managed "
            "services and among deployments on your own servers.",
        )
        rivals: Sequence[str] = tuple(DEPLOYMENTS) if shown == _ALL else ()
        if shown == _CHOSEN:
            rivals = inputs.rivals_input("rivals", "Two or more")
    with people:
        if moved.field == inputs.ENGINEER_HOURS:
            engineering.hour_price_input(scenario)
        else:
            with st.container(horizontal=True, vertical_alignment="bottom"):
                engineering.hours_input(scenario)
                engineering.hour_price_input(scenario)
    if shown == _CHOSEN and len(rivals) < 2:
        return None
    if moved.field == inputs.ENGINEER_HOURS:
        scenario = engineering.with_engineering(scenario)
    return BreakEvenJob(scenario.to_token(), moved, tuple(rivals))


def _managed_or_own(found: BreakEven) -> str:
    """Whether to buy or to run it, in one sentence; empty if only one group was compared."""
    if len({_group(name) for name in found.deployments}) < 2:
        return ""
    words = field_words(found.field)
    runs = [(kind, list(ranges)) for kind, ranges in groupby(found.ranges, lambda r: _group(r[2]))]
    if len(runs) == 1:
        low, high = value_text(found.low), value_text(found.high)
        return f"By {words}: {_cheapest(runs[0][0])} from {low} to {high}."
    last, ranges = runs[-1]
    end = f"{_KINDS[last]} from {value_text(ranges[0][0])}"
    if len(runs) > _TURNS_TOLD:
        taking_turns = " and ".join(dict.fromkeys(_KINDS[kind] for kind, _ in runs))
        return f"By {words}: {taking_turns} alternate; {end}."
    parts = [f"{_KINDS[kind]} up to {value_text(ranges[-1][1])}" for kind, ranges in runs[:-1]]
    return f"The cheapest by {words}: {', '.join(parts)}, {end}."


def _cheapest(group: str | None) -> str:
    if group is None:
        return "none is within limits"
    return f"{_KINDS[group]} {'is' if group == 'managed' else 'are'} the cheapest"


def _group(deployment: str | None) -> str | None:
    return None if deployment is None else DEPLOYMENTS.entries[deployment].group


def _compared(job: BreakEvenJob, found: BreakEven) -> str:
    names = literal(", ".join(map(full_title, found.deployments)))
    how = "" if job.rivals else " Contenders lead at one or more of the values that were tried."
    return (
        f"Compared: {names}.{how} A lead that changes twice within "
        f"{found.traced.resolution:.2%} of a value can be missed."
    )


def _downloads(found: BreakEven) -> None:
    ranges = pd.DataFrame(found.ranges, columns=["from", "to", "cheapest"])
    download_row(
        [
            table_file("Ranges", "break-even-ranges.csv", lambda: ranges),
            table_file("Break-even points", "break-even.csv", lambda: found.table),
            table_file("Bills", "break-even-bills.csv", lambda: _bills(found)),
            data_file("Everything", "break-even.json", found.as_data),
            *chart_files("Chart", "break-even-chart", found.chart),
        ]
    )


def _bills(found: BreakEven) -> pd.DataFrame:
    """The lines of the chart: USD per month at each value; empty where it is not within limits."""
    traced = found.traced
    usd = np.where(np.isfinite(traced.costs), traced.costs, np.nan)
    return pd.DataFrame(
        {found.field: traced.values, **dict(zip(found.deployments, usd, strict=True))}
    )
