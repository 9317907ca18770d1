"""What if? Where the cheapest changes, who wins where, how certain it is, and what growth does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.dashboard.pages.frame import open_page, sidebar
from estimator.dashboard.pages.what_if.breakeven import break_even_part
from estimator.dashboard.pages.what_if.growth import growth_part
from estimator.dashboard.pages.what_if.map import map_part
from estimator.dashboard.pages.what_if.ranges import ranges_part
from estimator.dashboard.session.state import IN_ADDRESS, ErrorMessage, comparison_of
from estimator.dashboard.widgets.document import full_title, show_answer, show_error
from estimator.dashboard.widgets.texts import paragraph_html
from estimator.errors import EstimatorError
from estimator.format import dollars
from estimator.render.document import Inline, Text
from estimator.scenario.scenario import Scenario

_PARTS: Final[Mapping[str, Callable[[Scenario], None]]] = {
    "Break-even": break_even_part,
    "Map": map_part,
    "Uncertainty": ranges_part,
    "Growth": growth_part,
}


def what_if_page() -> None:
    """Draw the page; of its parts, the one that is asked for."""
    scenario = open_page("what_if", "What if?")
    comparison = comparison_of(scenario.to_token())
    show_answer([paragraph_html(_as_it_is(comparison))])
    sidebar(scenario)
    if not comparison.bills:
        st.info("There is nothing to compare. Try another location or another option.")
        return
    names = list(_PARTS)
    part = st.segmented_control(
        "Question",
        names,
        key="what_if",
        default=names[0],
        required=True,
        label_visibility="collapsed",
        **IN_ADDRESS,
    )
    try:
        _PARTS[part or names[0]](scenario)
    except EstimatorError as reason:
        show_error(
            ErrorMessage(
                "This cannot be calculated", str(reason), "Try another range or another number."
            )
        )


def _as_it_is(comparison: Comparison) -> Inline:
    """The answer to what stands in the sidebar, before anything moves."""
    if not comparison.bills:
        return "No deployment can be priced for this scenario."
    if not comparison.within_limits:
        return "At present, no deployment is within limits; the page Limits explains why."
    best = comparison.within_limits[0]
    return (
        "At present, ",
        Text(full_title(best.deployment or ""), "strong"),
        " is the cheapest within limits: ",
        Text(f"{dollars(float(best.total))} per month", "strong"),
        ".",
    )
