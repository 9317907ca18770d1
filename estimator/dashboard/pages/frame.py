"""What do pages share? The sidebar, error messages, a title, and the age of the prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from estimator.analysis.compare import audience_words
from estimator.dashboard.session.log import log_unexpected
from estimator.dashboard.session.state import (
    ErrorMessage,
    current,
    go_back,
    last_error,
    note_drawn,
    nothing_to_draw,
    saved_under,
    shown_page,
    still_to_draw,
)
from estimator.dashboard.widgets.app_editor.main_figures import main_figures
from estimator.dashboard.widgets.chips import scenario_chips
from estimator.dashboard.widgets.document import literal, show_error, show_title
from estimator.dashboard.widgets.downloads import forget_offers, hand_over
from estimator.dashboard.widgets.links import link_to
from estimator.dashboard.widgets.origin import today
from estimator.dashboard.widgets.sidebar import (
    profile_input,
    scenario_exchange,
    scenario_inputs,
)
from estimator.format import capitalized, percent
from estimator.pricing.bill import Bill
from estimator.pricing.price_age import STALE_AFTER_DAYS, last_checked, share_since
from estimator.pricing.price_files import other_list_words, price_list
from estimator.scenario.scenario import Scenario

_EDITOR: Final = "your_app"
"""The page that has every figure of the app, so that none need stand beside it."""
_MOST: Final = 0.5
"""The share of dollars that must be fresh: one fresh price does not make a bill fresh."""


def draw_page(draw: Callable[[], None]) -> None:
    """Draw a page; what goes wrong in it is one line on it, and the next edit works again."""
    forget_offers()
    nothing_to_draw()
    why = ""
    try:
        draw()
    except Exception as error:  # noqa: BLE001 - a page that fails says so, whatever it was
        why = log_unexpected(error)
    try:
        if scenario := still_to_draw():
            sidebar(scenario)
    except Exception as error:  # noqa: BLE001 - as above; a page that broke has said why already
        why = why or log_unexpected(error)
        # what stands beside a page cannot be drawn of it, so that nobody could change it
        if go_back(why):
            st.rerun()
    if why:
        show_error(ErrorMessage("This page cannot be shown", why, "Change the scenario."))
    hand_over()


def open_page(name: str, title: str) -> Scenario:
    """Draw what stands above a page. What stands beside it, ``sidebar``, comes after its answer.

    Args:
        name: of the page, for ``state.current``.
        title: the question that the page answers.

    Returns:
        The scenario to show.
    """
    scenario = current(name)
    show_error(last_error())
    page_title(title, scenario.name or scenario.profile.title, scenario)
    return scenario


def page_title(title: str, subject: str, scenario: Scenario) -> None:
    """The title, and below it which scenario is shown, with all that else moves its bill."""
    show_title(title, in_short(scenario, subject))
    scenario_chips(scenario)
    _say_other_list()


def in_short(scenario: Scenario, subject: str) -> str:
    """Which scenario is shown: what it is about, where, and for how many."""
    return ", ".join((subject, scenario.found_location.title, audience_words(scenario)))


def _say_other_list() -> None:
    """That amounts are others than when the scenario was shared; until it is edited here."""
    other = saved_under()
    if other not in (None, price_list()):
        words = capitalized(other_list_words(other or ""))
        st.info(
            literal(f"{words}. The amounts here are under price list {price_list()}."),
            icon=":material/history:",
        )


def sidebar(scenario: Scenario) -> None:
    """Draw what stands beside a page: there the scenario is described, saved and shared.

    It has as many fields as all else, so that a page calls it once its answer is there; what is
    below can wait. Where a page does not come so far, it is drawn all the same.
    """
    with st.sidebar:
        profile_input(scenario)
        if shown_page() != _EDITOR:
            main_figures(scenario)
            link_to(_EDITOR, "All about your app")
        scenario_inputs(scenario)
        scenario_exchange(scenario)
    note_drawn()


def warn_if_stale(bills: Sequence[Bill] = ()) -> None:
    """How old prices are and what to do about it; nothing, as long as most are fresh.

    Args:
        bills: whose dollars count; without them, the day of the newest price does.
    """
    since = today() - dt.timedelta(days=STALE_AFTER_DAYS)
    day = last_checked()
    share = share_since((item for bill in bills for item in bill.items), since)
    if share is None:
        share = float(day >= since)
    if share >= _MOST:
        return
    dollars = f"{percent(1 - share)} of these dollars stand" if bills else "All of them stand"
    st.warning(
        f"**These prices are old:** {dollars} on prices that were checked more than "
        f"{STALE_AFTER_DAYS} days ago; the last check of any price was on {day}. Install a newer "
        "version of this package. Until there is one, compare the lines that cost most with the "
        "vendors’ pages, to which each price links, and put the prices you find there into the "
        "scenario file under 'contract'.",
        icon=":material/history:",
    )
