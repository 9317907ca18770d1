"""How many are there? The audience, in whichever way the user knows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from estimator.dashboard.session.state import bind, changed
from estimator.demand.expected import expected_demand
from estimator.scenario.scenario import Scenario

_KINDS = {
    "peak_connections": "Peak connections",
    "mean_connections": "Mean connections",
    "users_per_day": "Users per day and their sessions",
}
_FIELDS = (*_KINDS, "sessions_per_user_per_day")
_HELP = {
    "peak_connections": "Most connections open at once in the week.",
    "mean_connections": "Open connections averaged over the whole week, nights included.",
    "users_per_day": "People who connect on the busiest day of the week.",
    "sessions_per_user_per_day": "Sessions of each of them on that day.",
}


def inputs(scenario: Scenario) -> None:
    """Widgets for the kind of audience and its numbers."""
    kind = _kind(scenario)
    st.selectbox(
        "Audience known as",
        list(_KINDS),
        key=bind("audience", kind, _restated),
        format_func=lambda name: _KINDS[name],
        help="Changing it keeps the audience and states it in the other way.",
    )
    _number("Users per day" if kind == "users_per_day" else _KINDS[kind], kind, scenario)
    if kind == "users_per_day":
        _number("Sessions per user and day", "sessions_per_user_per_day", scenario)


def in_words(scenario: Scenario) -> str:
    """The audience as one phrase."""
    kind = _kind(scenario)
    number = f"{getattr(scenario, kind):,.10g}"
    if kind == "users_per_day":
        return f"{number} users per day with {scenario.sessions_per_user_per_day:g} sessions each"
    return f"{number} {_KINDS[kind].lower()}"


def also_said(scenario: Scenario) -> list[str]:
    """Further ways in which the audience was given, against which the first can be checked."""
    others = [kind for kind in _KINDS if getattr(scenario, kind) is not None][1:]
    return [f"{_KINDS[kind].lower()} {getattr(scenario, kind):,.10g}" for kind in others]


def _kind(scenario: Scenario) -> str:
    return next(kind for kind in _KINDS if getattr(scenario, kind) is not None)


def _number(label: str, field: str, scenario: Scenario) -> None:
    many = field != "sessions_per_user_per_day"
    st.number_input(
        label,
        min_value=0.0,
        value=None,
        step=100.0 if many else 1.0,
        format="%g",
        key=bind(
            field,
            getattr(scenario, field),
            lambda old, number: _with_number(old, field, number),
        ),
        help=_HELP[field],
    )


def _with_number(old: Scenario, field: str, number: float | None) -> Scenario:
    stated = _fields_of(_kind(old))
    # an emptied field is no answer: the last number stays
    if number is None or field not in stated:
        return old
    return _only(old, {**{name: getattr(old, name) for name in stated}, field: number})


def _restated(old: Scenario, kind: str) -> Scenario:
    """The same audience, given in another way."""
    demand = expected_demand(old)
    sessions = old.sessions_per_user_per_day or 1.0
    amounts = {
        "peak_connections": demand.peak_connections,
        "mean_connections": demand.connections.mean,
        "users_per_day": demand.new_connections.daily.max() / sessions,
    }
    given = {kind: float(np.round(amounts[kind]))}
    if kind == "users_per_day":
        given["sessions_per_user_per_day"] = float(sessions)
    return _only(old, given)


def _fields_of(kind: str) -> tuple[str, ...]:
    return (kind, "sessions_per_user_per_day") if kind == "users_per_day" else (kind,)


def _only(old: Scenario, given: dict[str, Any]) -> Scenario:
    """The scenario with this audience and no other statement of it."""
    return changed(old, **{**dict.fromkeys(_FIELDS), **given})
