"""One field of the app: a label, what the scenario says, and beside it why an edit cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from estimator.dashboard.session.state import Change, Checked, bind_checked
from estimator.dashboard.widgets.app_editor.quantities import as_written
from estimator.dashboard.widgets.document import literal
from estimator.scenario.scenario import Scenario
from estimator.units import Dimension

Typed = Callable[[Scenario, str], Scenario]
"""Makes the next scenario from the present one and what was typed."""


def text_field(label: str, name: str, text: str, change: Typed, explained: str = "") -> None:
    """A text that is taken as it is, such as a name."""
    checked = bind_checked(name, text, change)
    st.text_input(label, checked.value, key=checked.key, help=explained or None)
    _say_why(checked)


def quantity_field(
    label: str,
    name: str,
    text: str,
    dimension: Dimension,
    change: Typed,
    explained: str,
    example: str = "",
) -> None:
    """A number with its unit, as people write it.

    Args:
        label: of the field.
        name: of the widget.
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

    checked = bind_checked(name, text, typed_change)
    st.text_input(
        label,
        checked.value,
        key=checked.key,
        help=explained,
        placeholder=f"none, or {example}" if example else None,
    )
    _say_why(checked)


def choice_field(
    label: str,
    name: str,
    titles: Mapping[str, str],
    chosen: str,
    change: Change,
    explained: str = "",
) -> None:
    """One of a few, by title."""
    checked = bind_checked(name, chosen, change)
    st.selectbox(
        label,
        list(titles),
        index=list(titles).index(checked.value),
        key=checked.key,
        format_func=lambda each: titles[each],
        help=explained or None,
    )
    _say_why(checked)


def switch_field(label: str, name: str, on: bool, change: Change, explained: str = "") -> None:
    """Yes or no."""
    checked = bind_checked(name, on, change)
    st.toggle(label, checked.value, key=checked.key, help=explained or None)
    _say_why(checked)


def kept_field(label: str, name: str, words: str, why: str) -> None:
    """What is kept as it is, since a field could not say all of it."""
    # never typed into, and so made anew for other words
    st.text_input(label, words, key=f"{name} {words}", disabled=True, help=why)


def _say_why(checked: Checked) -> None:
    if checked.why:
        st.error(literal(checked.why), icon=":material/error:")
