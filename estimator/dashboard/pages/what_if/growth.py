"""Growth: what does it cost in the coming months, and what happens when?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from estimator.analysis.growth.audience import MONTHS, MOST_MONTHS
from estimator.analysis.growth.growth import Growth
from estimator.dashboard.pages.frame import full_title
from estimator.dashboard.pages.what_if.answers import GrowthQuestion, growth_of
from estimator.dashboard.session.state import IN_ADDRESS
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import literal, show_refusals, show_table
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.format import dollars, number_of, sentence
from estimator.render.document import Column, Table, Text, state_text, table
from estimator.render.views.growth import main_milestones
from estimator.scenario.scenario import Scenario
from estimator.states import State

_PER_MONTH: Final = "per month"
_PER_YEAR: Final = "per year"
_PERCENT: Final = 5.0
_EVENTS_SHOWN: Final = 6


def growth_part(scenario: Scenario) -> None:
    """Draw how fast it grows, what that means in words, the chart, the table and the files.

    Raises:
        EstimatorError: a number that makes no sense.
    """
    question = _question(scenario)
    found = growth_of(question)
    st.subheader(literal(found.answer), anchor=False)
    st.caption(literal(f"{sentence(found.audience)} Month 0 is now; prices stay as they are."))
    chart = st.container()
    _events(found)
    show_table(_costs(found))
    st.caption(literal(sentence(found.conventions)))
    show_refusals(found.refusals)
    _downloads(found)
    with chart:
        show_chart(question, "growth", found.chart, found.chart_in_words())


def _question(scenario: Scenario) -> GrowthQuestion:
    percent, pace, months = st.columns([2, 3, 2])
    by = percent.number_input(
        "The audience grows by (%)",
        value=_PERCENT,
        min_value=-99.0,
        max_value=1000.0,
        step=1.0,
        format="%g",
        key="grows_by",
        **IN_ADDRESS,
        help="Negative: it shrinks.",
    )
    each = pace.segmented_control(
        "Growth rate",
        [_PER_MONTH, _PER_YEAR],
        key="pace",
        default=_PER_MONTH,
        required=True,
        **IN_ADDRESS,
    )
    count = months.number_input(
        "Months from now",
        value=MONTHS,
        min_value=1,
        max_value=MOST_MONTHS,
        step=6,
        key="months",
        **IN_ADDRESS,
    )
    return GrowthQuestion(scenario.to_token(), int(count), float(by), each == _PER_YEAR)


def _events(found: Growth) -> None:
    words = [literal(event.words) for event in main_milestones(found)]
    hidden = len(found.milestones) - len(words)
    if words:
        _list(words)
    else:
        st.markdown("Nothing changes for the cheapest deployment, and no limit is exceeded.")
    if hidden:
        st.caption(
            f"{number_of(hidden, 'price tier')} of more expensive deployments: see the events file."
        )


def _list(words: Sequence[str]) -> None:
    st.markdown("**Events**\n" + "\n".join(f"- {each}" for each in words[:_EVENTS_SHOWN]))
    if len(words) > _EVENTS_SHOWN:
        with st.expander(number_of(len(words) - _EVENTS_SHOWN, "more event")):
            st.markdown("\n".join(f"- {each}" for each in words[_EVENTS_SHOWN:]))


def _costs(found: Growth) -> Table:
    return table(
        (
            "deployment",
            "state",
            "now#",
            f"month {found.months}#",
            Column(f"total of {found.months} months", True, "strong"),
        ),
        (
            (
                full_title(bill.deployment or ""),
                _state(found, found.within_limits_through(bill), row["state"]),
                dollars(row["first_usd"]),
                dollars(row["last_usd"]),
                dollars(row["period_usd"]),
            )
            for bill, row in zip(found.bills, found.summary.to_dict(orient="records"), strict=True)
        ),
    )


def _state(found: Growth, through: int, state: str) -> Text:
    if 0 <= through < found.months:
        return Text(f"within limits through month {through}", State.BROKEN.tone)
    return state_text(State(state))


def _downloads(found: Growth) -> None:
    events = pd.DataFrame(
        [
            {"month": event.month, "kind": event.kind, "words": event.words}
            for event in found.milestones
        ],
        columns=["month", "kind", "words"],
    )
    download_row(
        [
            table_file("Every month", "growth.csv", lambda: found.table),
            table_file("Totals", "growth-summary.csv", lambda: found.summary),
            table_file("Events", "growth-events.csv", lambda: events),
            data_file("Everything", "growth.json", found.as_data),
            *chart_files("Chart", "growth-chart", found.chart),
        ]
    )
