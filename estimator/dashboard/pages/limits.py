"""Which deployments stay within limits, and when does it get tight? Every limit of each of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.limit_utilization import (
    utilization_table,
    verdict_rows,
    verdict_table,
    worst_first,
)
from estimator.dashboard.pages.frame import open_page, sidebar
from estimator.dashboard.session.state import IN_ADDRESS, comparison_of
from estimator.dashboard.widgets.charts import theme
from estimator.dashboard.widgets.document import (
    badge,
    full_title,
    literal,
    show_answer,
    show_heading,
    titled,
)
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.limits import RATES_ARE_MEANS, limits_view, tight_hours
from estimator.dashboard.widgets.texts import heading_html
from estimator.dashboard.widgets.unpriced import unpriced_line
from estimator.deployments.limits import MOST_QUOTA_INCREASE, NEAR_SHARE
from estimator.render import draw
from estimator.render.document import Inline, Text
from estimator.render.utilization_scale import share_text
from estimator.states import State, Tone

_ALL: Final = "All"
_TIGHT: Final = "All but those well within"
_ICONS: Final[dict[Tone, str]] = {
    "good": ":material/check_circle:",
    "warning": ":material/warning:",
    "bad": ":material/dangerous:",
}
_WITH: Final = {
    State.SETTING: "with a setting to change",
    State.QUOTA: "with a quota to raise",
    State.BEYOND_QUOTA: "with a quota to raise beyond reach",
}
"""States that are no words for a deployment."""
_OPEN_AT_MOST: Final = 2
_NAMED_AT_MOST: Final = 3


def limits_page() -> None:
    """Draw the page."""
    scenario = open_page("limits", "Is it within limits?")
    comparison = comparison_of(scenario.to_token())
    bills = worst_first(comparison.bills)
    show_answer([heading_html(_answer(comparison))])
    st.caption(
        "A setting to change and a quota to raise, up to "
        f"{MOST_QUOTA_INCREASE:g} times, leave a deployment within limits; a hard limit does not, "
        "and what was not checked is not called within limits. A quota to ask for is a round "
        f"figure of which less than {NEAR_SHARE:.0%} would be used."
    )
    unpriced_line(comparison.refusals, len(bills))
    if not bills:
        st.info("There is nothing to check. Try another location or another option.")
        return
    wanted = st.segmented_control(
        "Deployments shown",
        [_ALL, _TIGHT],
        key="limits_shown",
        default=_ALL,
        required=True,
        **IN_ADDRESS,
    )
    shown = [bill for bill in bills if wanted != _TIGHT or bill.state is not State.WITHIN_LIMITS]
    if not shown:
        st.success("All are well within their limits.", icon=":material/check_circle:")
    else:
        show_heading("When it gets tight")
        tight_hours(shown, dark=theme() == "dark")
        sidebar(scenario)
        _downloads(comparison, shown)
        show_heading("Every limit")
        _details(shown)


def _answer(comparison: Comparison) -> Inline:
    bills = comparison.bills
    if not bills:
        return "No deployment can be checked for this scenario."
    within = [bill for bill in bills if bill.state.is_within_limits]
    others: list[str] = []
    for state in State:
        those = [bill for bill in bills if bill.state is state]
        if those and state is not State.WITHIN_LIMITS:
            of_them = " of them" if state.is_within_limits else ""
            others.append(f"{len(those)}{of_them} {_WITH.get(state, state)}{_named(those)}")
    said = "; ".join(others) or "none comes near a limit"
    return Text(f"{len(within)} of {len(bills)} are within limits", "strong"), f"; {said}."


def _named(bills: Sequence[Estimate]) -> str:
    """Which they are, if that is soon said."""
    return (
        f": {', '.join(full_title(each.deployment or '') for each in bills)}"
        if len(bills) <= _NAMED_AT_MOST
        else ""
    )


def _details(bills: Sequence[Estimate]) -> None:
    """Each deployment with its limits; the tightest few are open."""
    for position, bill in enumerate(bills):
        opened = bill.state is not State.WITHIN_LIMITS and position < _OPEN_AT_MOST
        limits = st.expander(
            f"{titled(bill.deployment)}: {_state(bill)}",
            icon=_ICONS[bill.state.tone],
            expanded=opened,
            key=f"limits of {bill.deployment}",
            on_change="rerun",
        )
        if limits.open:
            with limits:
                limits_view(bill.verdicts, explained=False)
    st.caption(f"{RATES_ARE_MEANS} The page “Peaks and outages” checks every minute.")


def _state(bill: Estimate) -> str:
    if not bill.verdicts:
        return badge(bill.state)
    closest = bill.verdicts[0]
    share = literal(f"{share_text(float(closest.share))} of {closest.limit.title}")
    return f"{badge(bill.state, bill.state_words)} {share}"


def _downloads(comparison: Comparison, shown: Sequence[Estimate]) -> None:
    def data() -> dict[str, object]:
        return {"scenario": comparison.scenario.as_data(), "limits": verdict_rows(shown)}

    download_row(
        [
            table_file("Verdicts", "limits.csv", lambda: verdict_table(shown)),
            table_file(
                "Every hour", "limits-by-hour.csv", lambda: utilization_table(shown).reset_index()
            ),
            data_file("Verdicts", "limits.json", data),
            *chart_files("Chart", "limits-chart", partial(draw, "limits", shown)),
        ]
    )
