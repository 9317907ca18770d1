"""What do pages about the scenario share? Inputs in the sidebar, faults, a title."""

from __future__ import annotations

import streamlit as st

from estimator.dashboard import audience
from estimator.dashboard.exchange import exchange
from estimator.dashboard.fault_view import fault_view
from estimator.dashboard.inputs import scenario_inputs
from estimator.dashboard.state import current, last_fault
from estimator.dashboard.text import literal
from estimator.scenario.scenario import Scenario


def scenario_beside(name: str) -> Scenario:
    """Draw the sidebar, in which the scenario is said, saved and shared.

    Args:
        name: of the page, for ``state.current``.

    Returns:
        The scenario to show.
    """
    scenario = current(name)
    with st.sidebar:
        scenario_inputs(scenario)
        exchange(scenario)
    return scenario


def open_page(name: str, title: str) -> Scenario:
    """Draw what stands above and beside a page.

    Args:
        name: of the page, for ``state.current``.
        title: the question that the page answers.

    Returns:
        The scenario to show.
    """
    scenario = scenario_beside(name)
    fault_view(last_fault())
    st.title(title, anchor=False)
    st.caption(
        literal(
            f"{scenario.name or scenario.profile.title}, {scenario.found_place.title}, "
            f"{audience.in_words(scenario)}"
        )
    )
    return scenario
