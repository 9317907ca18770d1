"""What will it cost, and why? The answer first, then each bill behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from estimator.analysis.compare import Comparison, cheapest_of_each_cloud, compare
from estimator.analysis.estimate.result import Estimate
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
from estimator.dashboard.widgets.answer import CHOSEN_CLOUDS, answer_html
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
from estimator.dashboard.widgets.ranges import ranges_job, ranges_or_run
from estimator.dashboard.widgets.unpriced import unpriced_line
from estimator.deployments.registry import SAAS
from estimator.exports.infracost import has_keys
from estimator.format import dollars, sentence
from estimator.pricing.price_files import CLOUDS, DRIVERS, Driver
from estimator.render import document_of
from estimator.render.document import (
    Bullets,
    Column,
    Paragraph,
    Table,
    Text,
    state_text,
    table,
)
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import WebSocket

_LIKELY: Final = (
    "8 of 10 cases, P10 to P90: defaults of the profile may be off as their evidence says, and "
    "each open question of billing may be answered either way. The page What if says what makes "
    "it wide."
)


def estimate_page() -> None:
    """Draw the page."""
    scenario = current("estimate")
    comparison = comparison_of(scenario.to_token())
    document.show_error(last_error())
    page_title(scenario.name or scenario.profile.title, scenario.profile.title, scenario)
    if clouds := _clouds():
        comparison = comparison.of_clouds(clouds)
    follow_address(_choices(comparison))
    ranges, run = ranges_or_run(ranges_job(comparison))
    document.show_answer([answer_html(comparison, ranges, run)])
    _below_cards(comparison)
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


def _clouds() -> tuple[str, ...]:
    """The clouds that are compared; none if all are."""
    chosen = st.pills(
        "Clouds to compare",
        list(CLOUDS),
        selection_mode="multi",
        format_func=lambda cloud: CLOUDS[cloud],
        key=CHOSEN_CLOUDS,
        help="Press those to compare; with none pressed, all of them are.",
        **IN_ADDRESS,
    )
    return tuple(cloud for cloud in CLOUDS if cloud in chosen)


def _below_cards(comparison: Comparison) -> None:
    """The cheapest of each cloud, what ranges are, and what may not be called either."""
    if comparison.bills:
        said = f"{_of_each_cloud(comparison)}{sentence(comparison.conventions)}"
        others = (bill for bill in comparison.bills if not bill.state.is_within_limits)
        explained = (Paragraph(each, "quiet") for each in (said, _LIKELY))
        document.show([*explained, *map(_not_within_limits, others)])


def _not_within_limits(bill: Estimate) -> Paragraph:
    name = Text(document.full_title(bill.deployment or ""), "struck")
    return Paragraph((state_text(bill.state, bill.state_words), " ", name, f": {bill.reason}"))


def _of_each_cloud(comparison: Comparison) -> str:
    """The cheapest of each cloud; nothing where a single cloud is compared, as its card says it."""
    if len({bill.cloud for bill in comparison.bills}) == 1:
        return ""
    amounts = ", ".join(
        f"{bill.cloud_name} {dollars(float(bill.total))}"
        for bill in cheapest_of_each_cloud(comparison.within_limits)
    )
    return f"The cheapest of each cloud within limits: {amounts or 'none'}. "


def _decision(comparison: Comparison) -> None:
    """What decides between the groups, and the price of an hour that it depends on."""
    words, price = st.columns([3, 1], vertical_alignment="center")
    with price:
        hour_price_input(comparison.scenario)
    lines = (*comparison.headline.decisions, *comparison.headline.audience)
    with words:
        document.show([Bullets(lines)])


def _drivers(comparison: Comparison) -> CostBars:
    """The costs as a chart and as tables."""
    document.show_heading("What drives the cost")
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
    document.show_heading("What could change these figures")
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
    document.show_heading("One deployment in detail")
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
