"""What do pages about the scenario share? Inputs in the sidebar, faults, a title."""

from __future__ import annotations

import streamlit as st

from estimator.dashboard.session.exchange import exchange
from estimator.dashboard.session.state import current, last_fault
from estimator.dashboard.widgets import audience
from estimator.dashboard.widgets.error_message import fault_view
from estimator.dashboard.widgets.sidebar import scenario_inputs
from estimator.dashboard.widgets.text import literal
from estimator.scenario.scenario import Scenario


def sidebar(scenario: Scenario) -> None:
    """Draw what stands beside a page: there the scenario is said, saved and shared."""
    with st.sidebar:
        scenario_inputs(scenario)
        exchange(scenario)


def open_page(name: str, title: str) -> Scenario:
    """Draw what stands above a page, and then what stands beside it: answers come first.

    Args:
        name: of the page, for ``state.current``.
        title: the question that the page answers.

    Returns:
        The scenario to show.
    """
    scenario = current(name)
    fault_view(last_fault())
    st.title(title, anchor=False)
    st.caption(
        literal(
            f"{scenario.name or scenario.profile.title}, {scenario.found_location.title}, "
            f"{audience.in_words(scenario)}"
        )
    )
    sidebar(scenario)
    return scenario
