"""What will it cost, and why? The answer first, then each bill behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from estimator.analysis.compare import Comparison, cheapest_of_each_cloud, compare
from estimator.analysis.estimate import Estimate
from estimator.analysis.headline import Headline, hours_text
from estimator.analysis.unit_cost import unit_cost_words
from estimator.dashboard.pages.frame import page_title, sidebar, warn_if_stale
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.jobs import Ranges, ReasonsJob
from estimator.dashboard.session.state import (
    IN_ADDRESS,
    comparison_of,
    current,
    last_error,
)
from estimator.dashboard.widgets import document
from estimator.dashboard.widgets.bill import (
    bill_view,
    options_form,
)
from estimator.dashboard.widgets.chosen import follow_address, ignored_words
from estimator.dashboard.widgets.cost_bars import CostBars, cost_bars, deployment_input
from estimator.dashboard.widgets.downloads import (
    chart_files,
    data_file,
    download_row,
    export_file,
    table_file,
)
from estimator.dashboard.widgets.engineering import hour_price_input
from estimator.dashboard.widgets.origin import origin_on_screen
from estimator.dashboard.widgets.profile import profile_views
from estimator.dashboard.widgets.progress import result_of
from estimator.dashboard.widgets.ranges import find_ranges, ranges_job, ranges_of
from estimator.dashboard.widgets.unpriced import unpriced_line
from estimator.deployments.registry import ALL_DEPLOYMENTS, GROUPS, SAAS, Group
from estimator.exports.infracost import has_keys
from estimator.format import capitalized, dollars, sentence
from estimator.pricing.bill import Bill
from estimator.pricing.price_files import CLOUDS, DRIVERS, Driver
from estimator.render import document_of
from estimator.render.document import Column, Table, table
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import WebSocket
from estimator.states import State
from estimator.units import HALF_A_CENT_USD

_LIKELY: Final = (
    "P10 to P90 per month: defaults of the profile may be off as their evidence says, and each "
    "open question of billing may be answered either way. The page What if says what makes it wide."
)


def estimate_page() -> None:
    """Draw the page."""
    scenario = current("estimate")
    comparison = comparison_of(scenario.to_token())
    document.show_error(last_error())
    page_title(
        document.literal(scenario.name or scenario.profile.title), scenario.profile.title, scenario
    )
    if clouds := _clouds():
        comparison = comparison.of_clouds(clouds)
    follow_address(_choices(comparison))
    uncertain = ranges_job(comparison)
    ranges = ranges_of(uncertain)
    st.header(_answer(comparison), anchor=False)
    _cards(comparison, ranges)
    sidebar(scenario)
    _decision(comparison)
    if scenario.as_of is None:
        warn_if_stale(comparison.bills)
    unpriced_line(comparison.refusals, len(comparison.bills))
    bars = _drivers(comparison) if comparison.bills else None
    _reasons(comparison)
    _downloads(comparison, bars, ranges)
    _deployment(comparison)
    if st.toggle(
        "Realtime SaaS for the same workload",
        key="saas",
        help="Ably, Pusher, PubNub, Cloudflare and Supabase instead of a cloud of your own.",
    ):
        _saas(scenario)
    profile_views(scenario)
    if ranges is None:
        find_ranges(uncertain)


def _clouds() -> tuple[str, ...]:
    """The clouds that are compared; none if all are."""
    chosen = st.pills(
        "Clouds to compare",
        list(CLOUDS),
        selection_mode="multi",
        format_func=lambda cloud: CLOUDS[cloud],
        key="clouds",
        help="Press those to compare; with none pressed, all of them are.",
        **IN_ADDRESS,
    )
    return tuple(cloud for cloud in CLOUDS if cloud in chosen)


def _answer(comparison: Comparison) -> str:
    bills, within = comparison.bills, comparison.within_limits
    if not bills:
        return "No deployment can be priced for this scenario."
    if not within:
        which = "No deployment is" if len(bills) > 1 else "The only deployment compared is not"
        return f"{which} within limits in this scenario; the limits are below."
    return _in_one_sentence(comparison)


def _in_one_sentence(compared: Comparison) -> str:
    """What it costs to buy it and to run it, and what decides between them."""
    found = compared.headline
    bills = {each.group: each.bill for each in found.best if each.bill is not None}
    managed = bills.get("managed")
    run = min(
        (bill for group, bill in bills.items() if group != "managed"),
        key=lambda bill: float(bill.total),
        default=None,
    )
    if managed is None or run is None:
        [only] = [bill for bill in (managed, run) if bill is not None]
        other = (
            _none_of("no managed service", GROUPS[:1], compared)
            if managed is None
            else _none_of("nothing that you run yourself", GROUPS[1:], compared)
        )
        return f"It costs {_usd(only)} per month with {_name(only)}; {other}."
    saved = float(managed.total) - float(run.total)
    bought = f"It costs {_usd(managed)} per month as a managed service"
    if abs(saved) < HALF_A_CENT_USD:
        return f"{bought}, and as much if you run it yourself."
    if saved < 0:
        return f"{bought}, and more if you run it yourself: {_usd(run)}."
    saves = f"That saves {document.literal(dollars(saved))}{_what_it_pays(found, saved)}"
    return f"{bought}, or {_usd(run)} if you run it yourself. {saves}."


def _what_it_pays(found: Headline, saved: float) -> str:
    """What dollars saved buy of people's time; nothing if that costs nothing."""
    if found.has_hours:
        return ", the hours that you state included"
    rate = found.usd_per_engineer_hour
    if not rate:
        return ""
    if saved < rate:
        return ", less than an engineer costs in **an hour**"
    return f", the price of **{hours_text(saved / rate)}** of an engineer"


def _none_of(nothing: str, groups: Sequence[Group], compared: Comparison) -> str:
    """Why some groups have nothing to choose: none is within limits, priced, or compared at all."""
    if any(each.group in groups for each in compared.headline.best):
        return f"{nothing} is within limits"
    refused = {ALL_DEPLOYMENTS.entries[each.deployment].group for each in compared.refusals}
    return f"{nothing} {'was compared' if refused.isdisjoint(groups) else 'has a price here'}"


def _usd(bill: Bill) -> str:
    return f"**{document.literal(dollars(float(bill.total)))}**"


def _name(bill: Estimate) -> str:
    return document.titled(bill.deployment)


def _cards(comparison: Comparison, ranges: Ranges | None) -> None:
    """The best of each group, the cheapest of each cloud, and what may not be called either.

    Args:
        comparison: what is shown.
        ranges: of totals, if they are known by now.
    """
    best = comparison.headline.best
    least = min((float(each.bill.total) for each in best if each.bill), default=0.0)
    for column, each in zip(st.columns(max(len(best), 1)), best, strict=False):
        with column.container(border=True, gap=None, height="stretch"):
            st.caption(f"{capitalized(each.group)}, {each.compared} compared")
            if each.bill is None:
                none = "It is not" if each.compared == 1 else "None is"
                st.markdown(f"{none} within limits.")
                continue
            # a label is cut off where it is too long, a text goes on in the next line
            st.markdown(document.literal(each.bill.name))
            st.metric(
                document.literal(each.bill.name),
                document.literal(dollars(float(each.bill.total))),
                _beside(each.bill, least),
                delta_color="off",
                delta_arrow="off",
                label_visibility="collapsed",
            )
            st.caption(document.literal(unit_cost_words(comparison.scenario, each.bill)))
            st.caption(document.literal(_likely(each.bill, ranges)), help=_LIKELY)
            if each.bill.state is not State.WITHIN_LIMITS:
                st.markdown(
                    document.badge(each.bill.state, each.bill.state_words),
                    help=document.literal(each.bill.reason),
                )
    if comparison.bills:
        st.caption(
            document.literal(f"{_of_each_cloud(comparison)}{sentence(comparison.conventions)}")
        )
    for bill in comparison.bills:
        if not bill.state.is_within_limits:
            state = document.badge(bill.state, bill.state_words)
            name = document.titled(bill.deployment)
            st.markdown(f"{state} ~~{name}~~: {document.literal(bill.reason)}")


def _of_each_cloud(comparison: Comparison) -> str:
    """The cheapest of each cloud; nothing where a single cloud is compared, as its card says it."""
    if len({bill.cloud for bill in comparison.bills}) == 1:
        return ""
    amounts = ", ".join(
        f"{bill.cloud_name} {dollars(float(bill.total))}"
        for bill in cheapest_of_each_cloud(comparison.within_limits)
    )
    return f"The cheapest of each cloud within limits: {amounts or 'none'}. "


def _likely(bill: Estimate, ranges: Ranges | None) -> str:
    """From what to what a total goes; dots hold the place of what is still to be found."""
    if ranges is None:
        return "In 8 of 10 cases: …"
    if (found := ranges.get(bill.deployment or "")) is None:
        return "No range: nothing is uncertain"
    return "In 8 of 10 cases: " + "–".join(map(dollars, found))


def _decision(comparison: Comparison) -> None:
    """What decides between the groups, and the price of an hour that it depends on."""
    words, price = st.columns([3, 1], vertical_alignment="center")
    with price:
        hour_price_input(comparison.scenario)
    lines = (*comparison.headline.decisions, *comparison.headline.audience)
    words.markdown("\n".join(f"- {document.literal(line)}" for line in lines))


def _beside(bill: Estimate, least: float) -> str:
    """How a total compares with the least; empty for what may not be called the cheapest."""
    total = float(bill.total)
    if not bill.state.is_within_limits:
        return ""
    ratio = f"{total / least:,.1f} times the cheapest" if least else "the cheapest is free"
    return "cheapest" if total == least else ratio


def _drivers(comparison: Comparison) -> CostBars:
    """The costs as a chart and as tables."""
    st.header("What drives the cost", anchor=False)
    bars = cost_bars(comparison)
    asked = st.expander(
        "Show as a table", icon=":material/table:", key="drivers_table", on_change="rerun"
    )
    if asked.open:
        with asked:
            tables = [each for each in document_of(comparison).blocks if isinstance(each, Table)]
            document.show((*tables, _driver_table(comparison.bills)))
    return bars


def _reasons(comparison: Comparison) -> None:
    """What could change the totals, once somebody asks for it."""
    st.header("What could change these figures", anchor=False)
    asked = st.expander(
        "Open questions, assumptions, and what is not equal",
        icon=":material/help:",
        key="reasons",
        on_change="rerun",
    )
    if asked.open:
        with asked:
            ids = tuple(bill.deployment or "" for bill in comparison.bills)
            job = ReasonsJob(comparison.scenario.to_token(), ids)
            blocks = result_of("reasons", job, "Pricing other answers and other assumptions")
            if blocks is not None:
                document.show(blocks)


def _driver_table(bills: Sequence[Estimate]) -> Table:
    used: list[Driver] = [
        driver for driver in DRIVERS if any(bill.by_driver.get(driver) for bill in bills)
    ]
    return table(
        ("deployment", *(f"{driver}#" for driver in used), Column("total", True, "strong")),
        (
            (
                document.full_title(bill.deployment or ""),
                *(dollars(float(bill.by_driver.get(driver, 0.0))) for driver in used),
                dollars(float(bill.total)),
            )
            for bill in bills
        ),
    )


def _downloads(comparison: Comparison, bars: CostBars | None, ranges: Ranges | None) -> None:
    files = [
        table_file("Totals", "estimate-totals.csv", lambda: totals(comparison)),
        table_file("All lines", "estimate-lines.csv", lambda: lines(comparison)),
        data_file("Everything", "estimate.json", comparison.as_data),
    ]
    if bars is not None:
        files += chart_files("Chart", "estimate-chart", bars.picture)
        files += [
            export_file(name, "estimate", lambda: comparison, ranges) for name in ("xlsx", "focus")
        ]
    if isinstance(comparison.scenario.transport, WebSocket):
        files.append(export_file("k6", "estimate", lambda: comparison))
    download_row(files)


def totals(comparison: Comparison) -> pd.DataFrame:
    """A row for each deployment; those that cannot be priced come last, with the reason."""
    refused = pd.DataFrame(
        [(each.deployment, each.title, each.reason) for each in comparison.refusals],
        columns=["deployment", "title", "cannot_be_priced"],
    )
    rows = pd.concat([comparison.table, refused], ignore_index=True)
    rows.insert(0, "scenario", comparison.title)
    return rows


def lines(comparison: Comparison) -> pd.DataFrame:
    """A row for each line of each bill."""
    own = {"scenario": comparison.title}
    frames = [bill.lines.assign(**own, deployment=bill.deployment) for bill in comparison.bills]
    first = pd.DataFrame(columns=["scenario", "deployment", "region"])
    return pd.concat([first, *frames], ignore_index=True)


def _choices(comparison: Comparison) -> list[str]:
    """Ids of those that can be looked at in detail; what has no price comes last."""
    found = (*comparison.bills, *comparison.refusals)
    return [each.deployment or "" for each in found]


def _deployment(comparison: Comparison) -> None:
    bills = {bill.deployment or "": bill for bill in comparison.bills}
    st.header("One deployment in detail", anchor=False)
    if ignored := ignored_words():
        st.info(ignored, icon=":material/link_off:")
    chosen = deployment_input(_choices(comparison))
    if chosen in bills:
        bill_view(comparison.scenario, bills[chosen])
        _usage_file(comparison, bills[chosen])
    else:
        st.info(
            "There is no bill to show; the reason is above. Try another location or another option."
        )
        options_form(comparison.scenario, chosen)


def _usage_file(comparison: Comparison, bill: Estimate) -> None:
    """What Infracost cannot know from Terraform, where it knows the service."""
    if has_keys(bill):
        of_one = replace(comparison, bills=(bill,))
        download_row(
            [export_file("infracost", "estimate", lambda: of_one)], lambda: origin_on_screen([bill])
        )


@kept
def _saas_of(token: str) -> Comparison:
    return compare(Scenario.from_token(token), SAAS)


def _saas(scenario: Scenario) -> None:
    """Totals of the realtime services for the same workload, and what to know about each."""
    compared = _saas_of(scenario.to_token())
    st.markdown(
        "Services that need no cloud account, priced from the same demand by their published "
        "price lists. Negotiated discounts are not included."
    )
    document.show(document_of(compared).blocks)
    download_row(
        [table_file("These services", "saas.csv", lambda: compared.table)],
        lambda: origin_on_screen(compared.bills),
    )
    for bill in compared.bills:
        with st.expander(document.literal(bill.title), icon=":material/receipt:"):
            st.code(bill.explain(), language=None, wrap_lines=True)
