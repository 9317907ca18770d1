"""What would moving change? Today's deployment beside a candidate."""

from __future__ import annotations

from typing import Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.analysis.move import Move, move
from estimator.dashboard.pages.frame import open_page, sidebar
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.state import IN_ADDRESS, ErrorMessage, comparison_of
from estimator.dashboard.widgets import engineering
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import full_title, literal, show, show_answer, show_error
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.texts import heading_html
from estimator.deployments.registry import ALL_DEPLOYMENTS, Group
from estimator.errors import MissingRateError
from estimator.render.views.move import differences, states
from estimator.scenario.scenario import Scenario
from estimator.states import State

_TODAY: Final = "today"
_CANDIDATE: Final = "candidate"
_MIGRATION_HOURS: Final = "migration_hours"
_MOST_HOURS: Final = 1e6


def compare_two_page() -> None:
    """Draw the page."""
    scenario = open_page("compare_two", "What would moving change?")
    today, candidate = _deployments(comparison_of(scenario.to_token()))
    migration_hours = _hours(scenario)
    if today == candidate:
        st.info("Today’s deployment and the candidate are the same: choose another one.")
        return
    try:
        found = _move_of(scenario.to_token(), today, candidate, migration_hours)
    except MissingRateError as error:
        instead = "Choose another deployment or another location."
        show_error(ErrorMessage("These two cannot be compared", str(error), instead))
        return
    _answer(found)
    sidebar(scenario)
    show([*states(found)])
    show_chart((found.scenario.to_token(), today, candidate), "move", found.chart,
               found.chart_in_words())  # fmt: skip
    show([*differences(found)])
    _downloads(found)


@kept
def _move_of(token: str, today: str, candidate: str, migration_hours: float) -> Move:
    """Both bills, worked out once for all who compare the same two.

    Raises:
        MissingRateError: one of them has no price where it would run.
    """
    return move(Scenario.from_token(token), today, candidate, migration_hours=migration_hours)


def _deployments(comparison: Comparison) -> tuple[str, str]:
    """Widgets for both; where nobody has chosen, the best of two groups, whatever they are now."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        today = _deployment("Today", _TODAY, *_best(comparison, "managed"))
        swap = st.container(width="content")
        group = ALL_DEPLOYMENTS.entries[today].group
        rival: Group = "managed" if group == "own servers" else "own servers"
        candidate = _deployment("Candidate", _CANDIDATE, *_best(comparison, rival))
    swap.button(
        "Swap",
        key="swap",
        icon=":material/swap_horiz:",
        on_click=_choose,
        args=(candidate, today),
        help="What runs today becomes the candidate, and the other way round.",
    )
    return today, candidate


def _deployment(label: str, key: str, preset: str, group: Group) -> str:
    """The choice of one; the preset follows the scenario, a choice does not."""
    chosen = st.selectbox(
        label,
        [*ALL_DEPLOYMENTS],
        index=None,
        key=key,
        format_func=full_title,
        placeholder=full_title(preset),
        help=f"Empty: the cheapest of the group “{group}” for this scenario, {full_title(preset)}.",
        **IN_ADDRESS,
    )
    return chosen or preset


def _best(comparison: Comparison, group: Group) -> tuple[str, Group]:
    """The best of a group as it stands in the comparison; the first there is without a price."""
    priced = (bill.deployment for bill in comparison.bills if bill.group == group)
    listed = (name for name, entry in ALL_DEPLOYMENTS.entries.items() if entry.group == group)
    return next(priced, None) or next(listed), group


def _choose(today: str, candidate: str) -> None:
    st.session_state[_TODAY] = today
    st.session_state[_CANDIDATE] = candidate


def _hours(scenario: Scenario) -> float:
    """Widgets for people's time; the hours that moving itself takes belong to the page only."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        engineering.hours_input(scenario)
        engineering.hour_price_input(scenario)
        return st.number_input(
            "Effort of moving, once (hours)",
            min_value=0.0,
            max_value=_MOST_HOURS,
            value=0.0,
            step=20.0,
            format="%g",
            key=_MIGRATION_HOURS,
            help="Engineers’ time to build, test and switch over. The page says when it is paid "
            "back.",
            **IN_ADDRESS,
        )


def _answer(found: Move) -> None:
    """A limit that stands in the way, then dollars and reasons, then what time does to them."""
    if found.caution:
        unknown = found.candidate.state is State.NOT_CHECKED
        say, icon = (st.warning, "help") if unknown else (st.error, "dangerous")
        say(f"**{literal(found.caution)}**", icon=f":material/{icon}:")
    show_answer([heading_html(found.short_verdict)])
    if found.consequences:
        st.markdown(literal(" ".join(found.consequences)))


def _downloads(found: Move) -> None:
    download_row(
        [
            table_file("By layer and driver", "compare-two.csv", lambda: found.table),
            table_file("Lines", "compare-two-lines.csv", lambda: found.lines),
            data_file("Everything", "compare-two.json", found.as_data),
            *chart_files("Chart", "compare-two-chart", found.chart),
        ]
    )
