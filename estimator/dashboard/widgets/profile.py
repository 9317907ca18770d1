"""What does one client do, and how sure are we? The profile with its evidence."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st
from pydantic import BaseModel

from estimator.dashboard.widgets.document import literal, show
from estimator.format import given_text
from estimator.render.document import Column, Inline, Paragraph, Text, table
from estimator.scenario.application import find_application
from estimator.scenario.clients import MAIN
from estimator.scenario.profile import Evidence, Profile
from estimator.scenario.scenario import Scenario


def profile_views(scenario: Scenario) -> None:
    """Every number of a profile, and whether somebody published it, once somebody asks for it."""
    for name, profile in scenario.profiles.items():
        who = "one client behaves" if name == MAIN else f"one of {literal(name)} behaves"
        asked = st.expander(
            f"How {who}: {literal(profile.title)}",
            icon=":material/person:",
            key=f"profile_shown_{name}",
            on_change="rerun",
        )
        if asked.open:
            with asked:
                _numbers(profile)


def _numbers(profile: Profile) -> None:
    heads = ("what", Column("value", wraps=True), "evidence", Column("source", wraps=True))
    rows = (_row(profile, path, value) for path, value in _values(profile))
    show([Paragraph(profile.description), table(heads, rows)])


def _values(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "session", _describe(profile.session)
    yield "weekly_shape", profile.weekly_shape.title or "168 hours of your own"
    yield "heartbeat", _describe(profile.heartbeat)
    yield "at_connect", _describe(profile.at_connect)
    yield "reconnect", _describe(profile.reconnect)
    yield "application", find_application(profile.application).title
    for name, flow in profile.flows.items():
        way = flow.direction.replace("_", " ")
        yield (
            f"flows.{name}.rate_per_hour",
            f"{given_text(float(flow.rate_per_hour))} per hour, {way}",
        )
        yield f"flows.{name}.payload", _describe(flow.payload)
        yield f"flows.{name}.fan_out", f"{given_text(float(flow.fan_out))} connections"
        yield f"flows.{name}.timing", flow.delivery


def _describe(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        parts = ((name, getattr(value, name)) for name in type(value).model_fields)
        return ", ".join(_named(name, part) for name, part in parts if part is not None)
    if isinstance(value, tuple):
        return f"{len(value):,} values"
    return given_text(value) if isinstance(value, float) else str(value)


def _named(name: str, value: object) -> str:
    if name in ("law", "kind"):
        return str(value)
    inner = _describe(value)
    return f"{name.replace('_', ' ')} {f'({inner})' if isinstance(value, BaseModel) else inner}"


def _row(profile: Profile, path: str, value: str) -> tuple[Inline, ...]:
    found = list(_evidence(profile, path))
    grades = dict.fromkeys(Text(each.grade, link=each.source or "") for each in found)
    separated = [piece for grade in grades for piece in (", ", grade)][1:]
    return (
        path.removeprefix("flows.").replace("_", " ").replace(".", ", "),
        value,
        tuple(separated) or "your own figure",
        " ".join(each.note for each in found),
    )


def _evidence(profile: Profile, path: str) -> Iterator[Evidence]:
    """The evidence for a value: of itself, of a part of it, or of what it belongs to."""
    for said_of, evidence in profile.evidence.items():
        if f"{path}.".startswith(f"{said_of}.") or said_of.startswith(f"{path}."):
            yield evidence
