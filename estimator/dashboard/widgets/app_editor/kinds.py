"""Who connects? The kinds of clients, one of which is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from estimator.dashboard.session.state import press
from estimator.dashboard.widgets.app_editor.changes import (
    is_brought,
    started_from,
    with_changes,
    with_new_kind,
    with_number,
    with_renamed_kind,
    without_kind,
)
from estimator.dashboard.widgets.app_editor.fields import choice_field, say_refused, text_field
from estimator.dashboard.widgets.document import literal, told_apart
from estimator.format import capitalized, given_text
from estimator.scenario.clients import MAIN
from estimator.scenario.profile import MOST_KINDS, load_profile, profile_names
from estimator.scenario.scenario import Scenario

_OWN: Final = ""
_EMPTY: Final = "empty"


def chosen_kind(scenario: Scenario) -> tuple[str, str]:
    """Which kind of clients is shown, and what the names of its widgets begin with.

    Returns:
        Its name, and what hangs on its position, since its name may change.
    """
    kinds = [*scenario.kinds]
    at = _tabs(kinds) if len(kinds) > 1 else 0
    return kinds[at], f"app {at}"


def add_kind(scenario: Scenario) -> None:
    """A button for one more kind."""
    if len(scenario.profile.other_clients) < MOST_KINDS:
        st.button(
            "Add a kind of clients",
            key="app add kind",
            icon=":material/group_add:",
            help="Clients who behave otherwise, such as viewers beside players: their own "
            "messages, sessions and hours, and so many for each main connection.",
            **press(lambda old, _: with_new_kind(old)),
        )


def _tabs(kinds: Sequence[str]) -> int:
    key = f"app kind of {len(kinds)}"
    titles = [literal(title) for title in told_apart(map(capitalized, kinds))]
    if key not in st.session_state:
        # one was just added if there was a choice of fewer, or none at all
        added = st.session_state.get("app kinds", len(kinds)) < len(kinds)
        st.session_state[key] = len(kinds) - 1 if added else 0
    chosen = st.segmented_control(
        "Kind of clients",
        list(range(len(kinds))),
        key=key,
        format_func=titles.__getitem__,
        required=True,
    )
    return chosen or 0


def note_kinds(scenario: Scenario) -> None:
    """Remember how many kinds there are, so that a new one is shown when it comes."""
    st.session_state["app kinds"] = len(scenario.kinds)


def kind_fields(scenario: Scenario, kind: str, at: str) -> None:
    """What a kind begins with, what it is called, and how many there are."""
    start, title, *others = st.columns(2 if kind == MAIN else 4, vertical_alignment="top")
    profile = scenario.profiles[kind]
    with start:
        _start(scenario, kind, at)
    with title:
        text_field(
            "Title",
            at,
            profile.title,
            lambda old, new: with_changes(old, kind, {"title": new.strip()}),
        )
    if kind == MAIN:
        say_refused(at)
        return
    name, number = others
    brought = is_brought(scenario, kind)
    with name:
        if brought:
            text_field(
                "Name in messages",
                at,
                kind,
                lambda old, new: with_renamed_kind(old, kind, new),
                "What messages of others call them, to go to them.",
            )
    with number:
        if brought and kind not in scenario.other_clients:
            text_field(
                "For each main connection",
                at,
                given_text(float(scenario.profile.other_clients[kind].per_main_connection or 0)),
                lambda old, typed: with_number(old, kind, typed),
                "Most of them connected at once, for each main connection at its peak.",
            )
        else:
            st.caption("How many there are stands beside the page.")
    say_refused(at)
    st.button(
        "Remove these clients",
        key=f"{at} remove kind",
        type="tertiary",
        icon=":material/delete:",
        **press(lambda old, _: without_kind(old, kind)),
    )


def _start(scenario: Scenario, kind: str, at: str) -> None:
    shipped = {
        name: each.title
        for name, each in ((name, load_profile(name)) for name in profile_names())
        if kind == MAIN or not each.other_clients
    }
    chosen = next((name for name in shipped if load_profile(name) == scenario.profiles[kind]), _OWN)
    titles = ({_OWN: "Your own"} if chosen == _OWN else {}) | shipped
    if kind == MAIN:
        titles[_EMPTY] = "Nothing yet"
    choice_field(
        "Start from",
        at,
        titles,
        chosen,
        lambda old, name: started_from(old, kind, None if name == _EMPTY else name),
        "Takes the place of everything below. The browser's back button brings it back.",
    )
