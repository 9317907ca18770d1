"""Would it hold, and when does it get tight? Every limit of every deployment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.analysis.estimate import Estimate
from estimator.analysis.limit_utilization import (
    utilization_table,
    verdict_rows,
    verdict_table,
    worst_first,
)
from estimator.dashboard.page_frame import open_page
from estimator.dashboard.session.computed import comparison_of
from estimator.dashboard.widgets.charts import theme
from estimator.dashboard.widgets.downloads import Download, as_json, chart_files, csv, download_row
from estimator.dashboard.widgets.limits import STATES, limits_view
from estimator.dashboard.widgets.text import literal
from estimator.dashboard.widgets.tight_hours import tight_hours
from estimator.deployments.limits import AT_RISK_SHARE
from estimator.render.utilization_scale import share_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_ALL, _TIGHT = "All", "At risk and broken"
_SIGNS = {"pass": ":material/check_circle:", "at risk": ":material/warning:"}
_BROKEN_SIGN = ":material/dangerous:"
_OPEN_AT_MOST = 2
_NAMED_AT_MOST = 3


def limits_page() -> None:
    """Draw the page."""
    scenario = open_page("limits", "Would it hold?")
    comparison = comparison_of(scenario.to_token())
    bills = worst_first(comparison.bills)
    st.subheader(_answer(comparison), anchor=False)
    st.caption(
        "Beyond a limit that can be raised a deployment is at risk; beyond one that cannot, it "
        "does not hold."
    )
    for refusal in comparison.refusals:
        st.caption(
            literal(f"{refusal.title} was not checked, as it cannot be priced: {refusal.reason}")
        )
    if not bills:
        st.info("There is nothing to check. Another place or option may help.")
        return
    wanted = st.segmented_control(
        "Deployments shown",
        [_ALL, _TIGHT],
        key="limits_shown",
        default=_ALL,
        required=True,
        bind="query-params",
        persist_state="session",
    )
    shown = [bill for bill in bills if wanted != _TIGHT or bill.state != "pass"]
    if not shown:
        st.success("None is at risk or broken.", icon=":material/check_circle:")
    else:
        st.subheader("When it gets tight", anchor=False)
        tight_hours(shown, dark=theme() == "dark")
        _downloads(comparison, shown)
        st.subheader("Every limit", anchor=False)
        _details(shown)


def _answer(comparison: Comparison) -> str:
    bills = comparison.bills
    if not bills:
        return "No deployment can be checked for this scenario."
    by_state = {
        state: [bill for bill in bills if bill.state == state]
        for state in ("pass", "at risk", "broken")
    }
    holding = len(bills) - len(by_state["broken"])
    parts = [f"**{holding} of {len(bills)} hold**"]
    if by_state["at risk"]:
        parts.append(f"{len(by_state['at risk'])} of them at risk{_named(by_state['at risk'])}")
    if by_state["broken"]:
        parts.append(f"{len(by_state['broken'])} cannot hold{_named(by_state['broken'])}")
    if holding == len(by_state["pass"]) == len(bills):
        parts.append("none comes near a limit")
    return "; ".join(parts) + "."


def _named(bills: Sequence[Estimate]) -> str:
    """Which they are, if that is soon said."""
    return f": {', '.join(map(_name, bills))}" if len(bills) <= _NAMED_AT_MOST else ""


def _details(bills: Sequence[Estimate]) -> None:
    """Each deployment with its limits; the tightest few are open."""
    for position, bill in enumerate(bills):
        opened = bill.state != "pass" and position < _OPEN_AT_MOST
        limits = st.expander(
            f"{_name(bill)}: {_state(bill)}",
            icon=_SIGNS.get(bill.state, _BROKEN_SIGN),
            expanded=opened,
            key=f"limits of {bill.deployment}",
            on_change="rerun",
        )
        if limits.open:
            with limits:
                limits_view(bill.verdicts, explained=False)
    st.caption(
        "Rates are means of the busiest hour, which may hide shorter peaks: from "
        f"{AT_RISK_SHARE:.0%} of a limit on, it counts as at risk. The page Concurrency looks at "
        "every minute."
    )


def _state(bill: Estimate) -> str:
    if not bill.verdicts:
        return "nothing was checked"
    closest = bill.verdicts[0]
    return f"{STATES[bill.state]} {share_text(float(closest.share))} of " + literal(
        closest.limit.title
    )


def _name(bill: Estimate) -> str:
    return f"{literal(bill.title)} on {bill.cloud_name}"


def _downloads(comparison: Comparison, shown: Sequence[Estimate]) -> None:
    def chart(look: Look) -> Figure:
        # matplotlib takes long to import, and is only needed when somebody wants the file
        from estimator.render.charts.limits import limits_chart

        return limits_chart(shown, look)

    scenario = comparison.scenario
    download_row(
        [
            Download("Verdicts (CSV)", "limits.csv", "text/csv", lambda: csv(verdict_table(shown))),
            Download(
                "Every hour (CSV)",
                "limits-by-hour.csv",
                "text/csv",
                lambda: csv(utilization_table(shown).reset_index()),
            ),
            Download(
                "Verdicts (JSON)",
                "limits.json",
                "application/json",
                lambda: as_json({"scenario": scenario.as_data(), "limits": verdict_rows(shown)}),
            ),
            *chart_files("Chart", "limits-chart", chart),
        ]
    )
