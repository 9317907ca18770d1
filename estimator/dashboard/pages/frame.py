"""What do pages share? The sidebar, error messages, a title, and the age of the prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import streamlit as st

from estimator.dashboard.session.log import log_unexpected
from estimator.dashboard.session.state import (
    ErrorMessage,
    current,
    go_back,
    last_error,
    note_drawn,
    still_to_draw,
)
from estimator.dashboard.widgets.document import literal, show_error
from estimator.dashboard.widgets.downloads import forget_offers, hand_over
from estimator.dashboard.widgets.sidebar import audience_words, scenario_exchange, scenario_inputs
from estimator.pricing.price_files import load_price_files
from estimator.scenario.scenario import Scenario

STALE_AFTER_DAYS = 180
"""Vendors change some price every few months; by then, one of a bill is likely to be another."""


def draw_page(draw: Callable[[], None]) -> None:
    """Draw a page; what goes wrong in it is one line on it, and the next edit works again."""
    forget_offers()
    try:
        draw()
    except Exception as error:  # noqa: BLE001 - a page that fails says so, whatever it was
        why = log_unexpected(error)
        if go_back(why):
            st.rerun()
        show_error(ErrorMessage("This page cannot be shown", why, "Change the scenario."))
        if scenario := still_to_draw():
            sidebar(scenario)
    hand_over()


def open_page(name: str, title: str) -> Scenario:
    """Draw what stands above a page, and then what stands beside it: answers come first.

    Args:
        name: of the page, for ``state.current``.
        title: the question that the page answers.

    Returns:
        The scenario to show.
    """
    scenario = current(name)
    show_error(last_error())
    page_title(title, scenario.name or scenario.profile.title, scenario)
    sidebar(scenario)
    return scenario


def page_title(title: str, subject: str, scenario: Scenario) -> None:
    """The title, and below it which scenario is shown."""
    st.title(title, anchor=False)
    parts = (subject, scenario.found_location.title, audience_words(scenario))
    st.caption(literal(", ".join(parts)))


def sidebar(scenario: Scenario) -> None:
    """Draw what stands beside a page: there the scenario is described, saved and shared."""
    with st.sidebar:
        scenario_inputs(scenario)
        scenario_exchange(scenario)
    note_drawn()


def warn_if_stale() -> None:
    """How old the price list is and what to do about it; nothing, as long as it is fresh."""
    day = _last_checked()
    days = (_today() - day).days
    if days > STALE_AFTER_DAYS:
        st.warning(
            f"**These prices are old:** the last of them was checked on {day}, {days:,} days ago. "
            "All amounts are as of that day. Install a newer version of this package. Until there "
            "is one, compare the lines that cost most with the vendors’ pages, to which each price "
            "links, and put the prices you find there into the scenario file under 'contract'.",
            icon=":material/history:",
        )


@st.cache_resource(show_spinner=False)
def _last_checked() -> dt.date:
    return max(rate.checked_on for rate in load_price_files().rates)


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()
