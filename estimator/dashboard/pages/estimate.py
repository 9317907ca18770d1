"""What will it cost, and why? The answer first, then each bill behind it."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from estimator.analysis.compare import Comparison
from estimator.analysis.estimate import Estimate
from estimator.dashboard.page_frame import sidebar
from estimator.dashboard.session.computed import comparison_of, cost_picture_of, files_of
from estimator.dashboard.session.state import bind, current, last_fault
from estimator.dashboard.widgets import audience
from estimator.dashboard.widgets.bill import bill_view
from estimator.dashboard.widgets.charts import show, theme
from estimator.dashboard.widgets.downloads import Download, chart_files, download_row
from estimator.dashboard.widgets.error_message import fault_view
from estimator.dashboard.widgets.open_questions import largest_question
from estimator.dashboard.widgets.options_form import options_form
from estimator.dashboard.widgets.price_age import say_if_stale
from estimator.dashboard.widgets.profile import profile_view
from estimator.dashboard.widgets.saas import saas_view
from estimator.dashboard.widgets.text import dollars, literal
from estimator.deployments.registry import DEPLOYMENTS
from estimator.pricing.bill import Bill
from estimator.pricing.price_files import CLOUDS, DRIVERS, Driver
from estimator.result import Refusal
from estimator.scenario.scenario import Scenario

_DEPLOYMENT = "deployment"
_CARDS_IN_A_ROW = 4
_HOLDS = {
    "pass": ":green-badge[holds]",
    "at risk": ":orange-badge[at risk]",
    "broken": ":red-badge[cannot hold]",
}


def estimate_page() -> None:
    """Draw the page."""
    scenario = current("estimate")
    comparison = comparison_of(scenario.to_token())
    fault_view(last_fault())
    best = _best_of_each_cloud(comparison)
    # the answer is sent first; what takes longer is filled in once all else is there
    question = _headline(comparison)
    _cards(comparison, best)
    sidebar(scenario)
    if moves_most := largest_question(best):
        question.markdown(moves_most)
    if scenario.as_of is None:
        say_if_stale()
    for refusal in comparison.refusals:
        _refusal(refusal)
    chart = _drivers(comparison) if comparison.bills else None
    _downloads(comparison)
    _deployment(comparison)
    if st.toggle(
        "What you could buy instead of a cloud",
        key="saas",
        help="Ably, Pusher, PubNub, Cloudflare and Supabase, for the same workload.",
    ):
        saas_view(scenario)
    profile_view(scenario.profile)
    if chart is not None:
        with chart:
            show(
                partial(cost_picture_of, scenario.to_token(), theme()),
                "drivers",
                _chart_in_words(comparison.bills),
            )


def _best_of_each_cloud(comparison: Comparison) -> list[Estimate]:
    """The cheapest deployment of each cloud that holds; where none holds, the cheapest."""
    best: dict[str, Estimate] = {}
    for bill in comparison.bills:  # those that hold stand first, cheapest first
        best.setdefault(bill.cloud or "", bill)
    return list(best.values())


def _headline(comparison: Comparison) -> DeltaGenerator:
    """The answer, and room for the question behind it."""
    scenario = comparison.scenario
    st.title(literal(scenario.name or scenario.profile.title), anchor=False)
    st.caption(
        literal(f"{scenario.profile.title}, {comparison.location}, {audience.in_words(scenario)}")
    )
    st.subheader(_answer(comparison), anchor=False)
    return st.empty()


def _answer(comparison: Comparison) -> str:
    bills, holding = comparison.bills, comparison.within_limits
    if not bills:
        return "No deployment can be priced for this scenario."
    if not holding:
        return "No deployment can hold this scenario; the limits of each stand below."
    cheapest = f"{_name(holding[0])} costs **{dollars(float(holding[0].total))} a month**"
    if len(bills) == 1:
        return f"{cheapest}; nothing else can be priced."
    held = "" if len(holding) == len(bills) else f" that hold, of {len(bills)} in all"
    return (
        f"{cheapest}, the least of {len(holding)}{held}; the most expensive, {_name(holding[-1])}, "
        f"{dollars(float(holding[-1].total))}."
    )


def _cards(comparison: Comparison, best: list[Estimate]) -> None:
    for column, bill in zip(st.columns(_CARDS_IN_A_ROW), best, strict=False):
        with column.container(border=True, gap=None, height="stretch"):
            st.caption(bill.cloud_name)
            # a label is cut off where it is too long, a text goes on in the next line
            st.markdown(literal(bill.title))
            st.metric(
                literal(bill.title),
                dollars(float(bill.total)),
                _beside(bill, float(best[0].total)),
                delta_color="off",
                delta_arrow="off",
                label_visibility="collapsed",
            )
    if comparison.bills:
        st.caption(literal(f"The cheapest of each cloud that holds. {comparison.conventions}."))
    for bill in comparison.bills:
        if bill.state == "broken":
            st.markdown(f":red-badge[cannot hold] ~~{_name(bill)}~~: {literal(bill.reason)}")


def _beside(bill: Estimate, least: float) -> str:
    if bill.state == "broken":
        return "cannot hold"
    return _times(float(bill.total), least) + (", at risk" if bill.state == "at risk" else "")


def _times(total: float, least: float) -> str:
    if total == least:
        return "cheapest"
    return f"{total / least:,.1f} times the cheapest" if least else "the cheapest is free"


def _refusal(refusal: Refusal) -> None:
    cloud = CLOUDS[DEPLOYMENTS[refusal.deployment].cloud]
    st.warning(
        f"**{literal(refusal.title)} on {cloud} cannot be priced:** {literal(refusal.reason)}",
        icon=":material/money_off:",
    )


def _drivers(comparison: Comparison) -> DeltaGenerator:
    """The costs as a table, and room for their picture."""
    st.subheader("What drives the cost", anchor=False)
    chart = st.container()
    with st.expander("The same as a table", icon=":material/table:"):
        st.table(_driver_table(comparison.bills), border="horizontal", hide_index=True)
    return chart


def _driver_table(bills: tuple[Estimate, ...]) -> pd.DataFrame:
    used: list[Driver] = [
        driver for driver in DRIVERS if any(bill.by_driver.get(driver) for bill in bills)
    ]
    return pd.DataFrame(
        [
            {
                "Deployment": _name(bill),
                "Holds": _HOLDS[bill.state],
                **{
                    driver.capitalize(): dollars(float(bill.by_driver.get(driver, 0.0)))
                    for driver in used
                },
                "Total per month": f"**{dollars(float(bill.total))}**",
            }
            for bill in bills
        ]
    )


def _chart_in_words(bills: tuple[Bill, ...]) -> str:
    """The chart for those who cannot see it."""
    return "Monthly cost. " + " ".join(
        f"{bill.title} on {bill.cloud_name}: ${float(bill.total):,.2f}, of which "
        + ", ".join(f"{driver} ${float(cost):,.2f}" for driver, cost in bill.by_driver.items())
        + "."
        for bill in bills
    )


def _downloads(comparison: Comparison) -> None:
    token = comparison.scenario.to_token()
    files = [
        Download(
            "Totals (CSV)", "estimate-totals.csv", "text/csv", lambda: files_of(token).totals_csv
        ),
        Download(
            "All lines (CSV)", "estimate-lines.csv", "text/csv", lambda: files_of(token).lines_csv
        ),
        Download(
            "Everything (JSON)", "estimate.json", "application/json", lambda: files_of(token).json
        ),
    ]
    if comparison.bills:
        files += chart_files("Chart", "estimate-chart", comparison.chart)
    download_row(files)


def _deployment(comparison: Comparison) -> None:
    bills = {bill.deployment or "": bill for bill in comparison.bills}
    refused = [refusal.deployment for refusal in comparison.refusals]
    names = [*bills, *refused]
    # the choice stays where it is when an edit makes another deployment the cheapest
    chosen = st.session_state.get(_DEPLOYMENT) or names[0]
    st.subheader("One deployment in detail", anchor=False)
    st.selectbox(
        "Deployment",
        names,
        key=bind(_DEPLOYMENT, chosen, lambda scenario, _: scenario),
        format_func=lambda name: f"{DEPLOYMENTS[name].title} on {CLOUDS[DEPLOYMENTS[name].cloud]}",
        label_visibility="collapsed",
    )
    if chosen in bills:
        bill_view(comparison.scenario, bills[chosen])
    else:
        _refused_view(comparison.scenario, chosen)


def _refused_view(scenario: Scenario, deployment_id: str) -> None:
    st.info("There is no bill to show: the reason stands above. Another place or option may help.")
    options_form(scenario, deployment_id)


def _name(bill: Bill) -> str:
    return f"{literal(bill.title)} on {bill.cloud_name}"
