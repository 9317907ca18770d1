"""How does one client connect? Its sessions, heartbeat and greeting, and what your code does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from estimator.dashboard.session.state import Change
from estimator.dashboard.widgets.app_editor.changes import with_changes
from estimator.dashboard.widgets.app_editor.fields import (
    choice_field,
    kept_field,
    quantity_field,
    say_refused,
    text_field,
)
from estimator.dashboard.widgets.app_editor.quantities import time_text
from estimator.dashboard.widgets.app_editor.sizes import mean_size_field
from estimator.format import given_text, number_of, span_text
from estimator.scenario.application import applications
from estimator.scenario.flows import Heartbeat
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    LognormalSession,
    SessionLength,
    WeibullSession,
)
from estimator.units import SECONDS_PER_HOUR, parse_quantity

_LAWS: Final = {
    "lognormal": "Most short, some long",
    "exponential": "May end any moment",
    "weibull": "Most end early",
    "deterministic": "All last the same",
}
_USUAL_SIGMA: Final = 1.0
_USUAL_SHAPE: Final = 0.5
_NO_HEARTBEAT: Final = "none"
_HEARTBEATS: Final = {
    _NO_HEARTBEAT: "None",
    "protocol": "Pings",
    "application": "Messages",
}
_USUAL_INTERVAL_SECONDS: Final = 25.0

Changed = Callable[[str], Change]
"""Changes a field of a profile to what a file would say of it."""


def client_fields(scenario: Scenario, kind: str, at: str) -> None:
    """What a client of some kind does besides its messages."""
    profile = scenario.profiles[kind]

    def change(field: str) -> Change:
        return lambda old, said: with_changes(old, kind, {field: said})

    sessions, heartbeat, greeting, work = st.columns([2, 2, 2, 3])
    with sessions:
        _session(kind, profile.session, change("session"), at)
    with heartbeat:
        _heartbeat(kind, profile.heartbeat, change("heartbeat"), at)
    with greeting:
        _greeting(profile, change("at_connect"), at)
    with work:
        choice_field(
            "Your own code",
            at,
            {name: each.title for name, each in applications().items()},
            profile.application,
            change("application"),
            "What your application does with messages and new connections, on servers of your own.",
        )
    say_refused(at)


def mean_session_field(kind: str, session: SessionLength, at: str) -> None:
    """How long a client stays connected."""
    if isinstance(session, EmpiricalSession):
        words = (
            f"{span_text(session.mean * SECONDS_PER_HOUR)} on average, "
            f"{number_of(len(session.lengths_hours), 'length')} as observed"
        )
        why = "These session lengths come from a file, and are kept as they are."
        kept_field("Mean session", at, words, why)
        return
    quantity_field(
        "Mean session",
        at,
        time_text(float(session.mean) * SECONDS_PER_HOUR),
        "time",
        lambda old, typed: with_changes(old, kind, {"session": _of_mean(session, typed)}),
        "How long a client stays connected if nothing cuts the connection: 40 min, 8 h, 30 days.",
    )


def _session(kind: str, session: SessionLength, change: Change, at: str) -> None:
    mean_session_field(kind, session, at)
    if isinstance(session, EmpiricalSession):
        return
    choice_field(
        "Sessions",
        at,
        _LAWS,
        session.law,
        lambda old, law: change(old, _of_law(law, float(session.mean))),
        "How sessions vary around their mean.",
    )
    if isinstance(session, LognormalSession):
        text_field(
            "Spread of sessions",
            at,
            given_text(session.sigma),
            lambda old, typed: change(old, {"sigma": typed}),
            "Standard deviation of the logarithm: 0.5 is little, 1 usual, 1.5 a lot.",
        )
    elif isinstance(session, WeibullSession):
        text_field(
            "Shape of sessions",
            at,
            given_text(session.shape),
            lambda old, typed: change(old, {"shape": typed}),
            "Below 1: the longer a session has lasted, the longer it will.",
        )


def _of_mean(session: SessionLength, typed: str) -> Mapping[str, Any]:
    """A law with another mean, and else as it was."""
    match session:
        case WeibullSession(shape=shape):
            mean_hours = parse_quantity(typed, "time", "h")
            return {"scale_hours": mean_hours / math.gamma(1 + 1 / shape)}
        case DeterministicSession():
            return {"hours": typed}
        case _:
            return {"mean_hours": typed}


def _of_law(law: str, mean_hours: float) -> Mapping[str, Any]:
    """Another law with the same mean."""
    match law:
        case "lognormal":
            return {"law": law, "mean_hours": mean_hours, "sigma": _USUAL_SIGMA}
        case "weibull":
            scale_hours = mean_hours / math.gamma(1 + 1 / _USUAL_SHAPE)
            return {"law": law, "shape": _USUAL_SHAPE, "scale_hours": scale_hours}
        case "deterministic":
            return {"law": law, "hours": mean_hours}
        case _:
            return {"law": law, "mean_hours": mean_hours}


def heartbeat_interval_field(kind: str, heartbeat: Heartbeat, label: str, at: str) -> None:
    """Time between two heartbeats."""
    quantity_field(
        label,
        at,
        time_text(float(heartbeat.interval_seconds)),
        "time",
        lambda old, typed: with_changes(old, kind, {"heartbeat": {"interval_seconds": typed}}),
        "Time between two heartbeats of a connection, such as 25 s.",
    )


def _heartbeat(kind: str, heartbeat: Heartbeat | None, change: Change, at: str) -> None:
    def of_sort(old: Scenario, sort: str) -> Scenario:
        if sort == _NO_HEARTBEAT:
            return change(old, None)
        usual = {} if heartbeat else {"interval_seconds": _USUAL_INTERVAL_SECONDS}
        return change(old, {"kind": sort, **usual})

    choice_field(
        "Heartbeat",
        at,
        _HEARTBEATS,
        heartbeat.kind if heartbeat else _NO_HEARTBEAT,
        of_sort,
        "What keeps an idle connection open: pings as the platform offers them, which clouds do "
        "not bill, or messages of the application, which they do.",
    )
    if heartbeat is not None:
        heartbeat_interval_field(kind, heartbeat, "One every", at)


def _greeting(profile: Profile, change: Change, at: str) -> None:
    mean_size_field(
        "To a client that connects",
        at,
        profile.at_connect.to_client,
        lambda old, said: change(old, {"to_client": said}),
        "State and history that the server sends when a connection opens.",
    )
    mean_size_field(
        "From a client that connects",
        at,
        profile.at_connect.from_client,
        lambda old, said: change(old, {"from_client": said}),
        "Sign-in and subscriptions.",
    )
