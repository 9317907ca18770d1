"""One field of the app: a label, what the scenario says, and near it why an edit cannot be.

A widget is named by the part of the page that it stands in and its label, neither of which changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from estimator.dashboard.session.state import Change, bind_checked, last_refused
from estimator.dashboard.widgets.app_editor.quantities import as_written
from estimator.dashboard.widgets.document import literal, without_ids
from estimator.scenario.scenario import Scenario
from estimator.units import Dimension

Typed = Callable[[Scenario, str], Scenario]
"""Makes the next scenario from the present one and what was typed."""


def named(at: str, label: str) -> str:
    """The name of a widget in a part of the page.

    >>> named("app 0 flow 1", "How often")
    'app 0 flow 1: How often'
    """
    return f"{at}: {label}"


def say_refused(at: str) -> None:
    """Why the last edit in a part of the page cannot be; nothing if it can."""
    refused = last_refused()
    if refused is None or not refused.name.startswith(f"{at}: "):
        return
    label = refused.name.removeprefix(f"{at}: ")
    st.error(f"**{label}:** {literal(without_ids(refused.why))}", icon=":material/error:")


def text_field(label: str, at: str, text: str, change: Typed, explained: str = "") -> None:
    """A text that is taken as it is, such as a name, or a bare number."""
    key, shown = bind_checked(named(at, label), text, change)
    st.text_input(label, shown, key=key, help=explained or None)


def quantity_field(
    label: str,
    at: str,
    text: str,
    dimension: Dimension,
    change: Typed,
    explained: str,
    example: str = "",
) -> None:
    """A number with its unit, as people write it.

    Args:
        label: of the field.
        at: the part of the page.
        text: what the scenario says.
        dimension: what it measures.
        change: makes the next scenario from what was typed, as a file would say it.
        explained: help for the user.
        example: what may stand in a field that can be empty; then an empty text is one, too.
    """

    def typed_change(old: Scenario, typed: str) -> Scenario:
        if example and not typed.strip():
            return change(old, "")
        return change(old, as_written(typed, dimension, text or example))

    key, shown = bind_checked(named(at, label), text, typed_change)
    placeholder = f"none, or {example}" if example else None
    st.text_input(label, shown, key=key, help=explained, placeholder=placeholder)


def choice_field(
    label: str,
    at: str,
    titles: Mapping[str, str],
    chosen: str,
    change: Change,
    explained: str = "",
) -> None:
    """One of a few, by title."""
    key, shown = bind_checked(named(at, label), chosen, change)
    st.selectbox(
        label,
        list(titles),
        index=list(titles).index(shown),
        key=key,
        format_func=lambda each: titles[each],
        help=explained or None,
    )


def switch_field(label: str, at: str, on: bool, change: Change) -> None:
    """Yes or no."""
    key, shown = bind_checked(named(at, label), on, change)
    st.toggle(label, shown, key=key)


def kept_field(label: str, at: str, words: str, why: str) -> None:
    """What is kept as it is, since a field could not say all of it."""
    # never typed into, and so made anew for other words
    st.text_input(label, words, key=f"{named(at, label)} {words}", disabled=True, help=why)
