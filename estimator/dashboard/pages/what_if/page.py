"""What if? Where the answer flips, who wins where, how sure it is, and what growth does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.dashboard.page_frame import open_page
from estimator.dashboard.pages.what_if.breakeven import flips_part
from estimator.dashboard.pages.what_if.growth import growth_part
from estimator.dashboard.pages.what_if.inputs import name_of
from estimator.dashboard.pages.what_if.map import map_part
from estimator.dashboard.pages.what_if.ranges import ranges_part
from estimator.dashboard.session.computed import comparison_of
from estimator.dashboard.session.state import Fault
from estimator.dashboard.widgets.error_message import fault_view
from estimator.dashboard.widgets.text import dollars
from estimator.errors import EstimatorError
from estimator.scenario.scenario import Scenario

_PARTS: Final[Mapping[str, Callable[[Scenario], None]]] = {
    "Where it flips": flips_part,
    "Map": map_part,
    "How sure": ranges_part,
    "Growth": growth_part,
}


def what_if_page() -> None:
    """Draw the page; of its parts, the one that is asked for."""
    scenario = open_page("what_if", "What if?")
    comparison = comparison_of(scenario.to_token())
    st.markdown(_as_it_is(comparison))
    if not comparison.bills:
        st.info("There is nothing to compare. Another place or option may help.")
        return
    names = list(_PARTS)
    part = st.segmented_control(
        "Question",
        names,
        key="what_if",
        default=names[0],
        required=True,
        label_visibility="collapsed",
        bind="query-params",
        persist_state="session",
    )
    try:
        _PARTS[part or names[0]](scenario)
    except EstimatorError as reason:
        fault_view(
            Fault("This cannot be worked out", str(reason), "Another range or number may help.")
        )


def _as_it_is(comparison: Comparison) -> str:
    """The answer to what stands in the sidebar, before anything moves."""
    if not comparison.bills:
        return "No deployment can be priced for this scenario."
    if not comparison.within_limits:
        return "As it is, no deployment holds; the page Limits tells why."
    best = comparison.within_limits[0]
    return (
        f"As it is, **{name_of(best.deployment or '')}** costs least of those that hold: "
        f"**{dollars(float(best.total))} a month**."
    )
