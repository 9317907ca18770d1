"""Growth: what does it cost in the months to come, and what happens when?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from estimator.analysis.growth.audience import MONTHS, MOST_MONTHS
from estimator.analysis.growth.growth import Growth
from estimator.dashboard.pages.what_if.answers import GrowthAsked, growth_of, show_chart
from estimator.dashboard.pages.what_if.inputs import name_of
from estimator.dashboard.widgets.downloads import Download, as_json, chart_files, csv, download_row
from estimator.dashboard.widgets.limits import STATES
from estimator.dashboard.widgets.text import dollars, literal
from estimator.render.views.growth import main_milestones
from estimator.scenario.scenario import Scenario

_A_MONTH, _A_YEAR = "a month", "a year"
_PERCENT = 5.0
_EVENTS_SHOWN = 6


def growth_part(scenario: Scenario) -> None:
    """Draw how fast it grows, what that means in words, the chart, the table and the files.

    Raises:
        EstimatorError: a number that makes no sense.
    """
    asked = _question(scenario)
    found = growth_of(asked)
    st.subheader(literal(found.answer), anchor=False)
    st.caption(literal(f"{found.audience}. Month 0 is now; prices stay as they are."))
    chart = st.container()
    _events(found)
    st.table(_costs(found), border="horizontal", hide_index=True)
    st.caption(literal(f"{found.conventions}."))
    for refusal in found.refusals:
        st.caption(literal(f"{refusal.title} cannot be priced: {refusal.reason}"))
    _downloads(found)
    with chart:
        show_chart(asked, "growth", found.chart, found.chart_in_words())


def _question(scenario: Scenario) -> GrowthAsked:
    percent, pace, months = st.columns([2, 3, 2])
    by = percent.number_input(
        "The audience grows by (%)",
        value=_PERCENT,
        min_value=-99.0,
        max_value=1000.0,
        step=1.0,
        format="%g",
        key="grows_by",
        bind="query-params",
        persist_state="session",
        help="Below 0: it shrinks.",
    )
    each = pace.segmented_control(
        "In",
        [_A_MONTH, _A_YEAR],
        key="pace",
        default=_A_MONTH,
        required=True,
        bind="query-params",
        persist_state="session",
    )
    count = months.number_input(
        "Months from now",
        value=MONTHS,
        min_value=1,
        max_value=MOST_MONTHS,
        step=6,
        key="months",
        bind="query-params",
        persist_state="session",
    )
    return GrowthAsked(scenario.to_token(), int(count), float(by), each == _A_YEAR)


def _events(found: Growth) -> None:
    words = [literal(event.words) for event in main_milestones(found)]
    left_out = len(found.milestones) - len(words)
    others = f"{left_out} price tiers of more expensive deployments are in the file of events."
    if not words:
        st.markdown("Nothing happens to the cheapest, and no limit is exceeded.")
    else:
        _list(words)
    if left_out:
        st.caption(others)


def _list(words: Sequence[str]) -> None:
    st.markdown("**What happens**\n" + "\n".join(f"- {each}" for each in words[:_EVENTS_SHOWN]))
    if len(words) > _EVENTS_SHOWN:
        with st.expander(f"{len(words) - _EVENTS_SHOWN} more events"):
            st.markdown("\n".join(f"- {each}" for each in words[_EVENTS_SHOWN:]))


def _costs(found: Growth) -> pd.DataFrame:
    last = f"Month {found.months}"
    return pd.DataFrame(
        [
            {
                "Deployment": name_of(bill.deployment or ""),
                "Holds": _holds(found, found.within_limits_through(bill), row["state"]),
                "Now": dollars(row["first_usd"]),
                last: dollars(row["last_usd"]),
                f"All {found.months} months": f"**{dollars(row['period_usd'])}**",
            }
            for bill, row in zip(found.bills, found.summary.to_dict(orient="records"), strict=True)
        ]
    )


def _holds(found: Growth, through: int, state: str) -> str:
    if 0 <= through < found.months:
        return f":red-badge[through month {through}]"
    return STATES[state]


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
            Download(
                "Every month (CSV)", "growth.csv", "text/csv", lambda: csv(found.table)
            ),
            Download(
                "Together (CSV)", "growth-summary.csv", "text/csv", lambda: csv(found.summary)
            ),
            Download("Events (CSV)", "growth-events.csv", "text/csv", lambda: csv(events)),
            Download(
                "Everything (JSON)", "growth.json", "application/json",
                lambda: as_json(found.as_data()),
            ),
            *chart_files("Chart", "growth-chart", found.chart),
        ]
    )  # fmt: skip
