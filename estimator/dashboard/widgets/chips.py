"""What else moves this bill? Everything the scenario says beyond the usual, each part removable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from estimator.dashboard.session.state import changed, is_shipped, press, with_profile
from estimator.dashboard.widgets.app_editor.quantities import rate_text, size_text, time_text
from estimator.dashboard.widgets.document import full_title, literal, told_apart
from estimator.deployments.registry import assumptions
from estimator.format import given_text, percent
from estimator.pricing.catalog import shared_by_account
from estimator.pricing.contract import as_contract
from estimator.scenario.profile import as_changes, load_profile
from estimator.scenario.scenario import Engineering, Scenario
from estimator.scenario.transport import Transport, WebSocket
from estimator.units import HOURS_PER_MONTH, SECONDS_PER_HOUR

_SIMULATED = "when simulated: "
_MOVE_NOTHING = {"extends", "title", "description", "evidence"}
"""Parts of a profile that no bill depends on."""
_NAMED = {"flows", "other_clients"}
"""Parts of a profile whose own parts have names."""
_MOST_CHANGES = 8
"""Of a profile; more are one chip."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of a scenario, for people, and the scenario without it."""

    words: str
    without: Callable[[Scenario], Scenario]


def scenario_chips(scenario: Scenario) -> None:
    """Draw a button for each part that moves a bill or a simulation; pressing it removes the part.

    A scenario that says no more than who connects and from where has none; their room is made all
    the same, since Streamlit closes what is open on a page when something new comes above it.
    """
    with st.container(horizontal=True, gap="small", key="chips"):
        chips = list(chips_of(scenario))
        names = told_apart(chip.words for chip in chips)
        for chip, name in zip(chips, names, strict=True):
            st.button(
                literal(chip.words),
                key=f"chip {name}",
                icon=":material/close:",
                help="Part of this scenario; press to remove it.",
                **press(lambda old, _, chip=chip: chip.without(old)),
            )


def chips_of(scenario: Scenario) -> Iterator[Chip]:
    """Every part of a scenario beyond a shipped profile, location and audience."""
    yield from _changes_of_profile(scenario)
    if not isinstance(scenario.transport, WebSocket):
        yield Chip(_transport_words(scenario.transport), partial(_without, "transport"))
    if scenario.contract is not None:
        contract = as_contract(scenario.contract_document or scenario.contract)
        title = contract.title if contract else str(scenario.contract)
        yield Chip(f"contract: {title}", partial(_without, "contract"))
    if scenario.engineering is not None:
        yield Chip(_engineering_words(scenario.engineering), partial(_without, "engineering"))
    if len(scenario.layers) < len(Scenario.model_fields["layers"].default):
        words = " and ".join(scenario.layers)
        yield Chip(f"only {words} added up", partial(_without, "layers"))
    if scenario.users_in:
        shares = (f"{percent(share)} {area}" for area, share in scenario.destinations.items())
        words = ", ".join(shares).replace("_", " ")
        yield Chip(f"users in {words}", partial(_without, "users_in"))
    if scenario.free_allowances != "always":
        kind = "none" if scenario.free_allowances == "none" else "also those of new accounts"
        yield Chip(f"free allowances: {kind}", partial(_without, "free_allowances"))
    for name, left in scenario.allowances_left.items():
        words = f"left of {shared_by_account()[name].shares}: {given_text(left)}"
        yield Chip(words, partial(_without_key, "allowances_left", name))
    if scenario.as_of is not None:
        yield Chip(f"prices of {scenario.as_of}", partial(_without, "as_of"))
    if (
        "hours_per_month" in scenario.model_fields_set
        and scenario.hours_per_month != HOURS_PER_MONTH
    ):
        hours = given_text(float(scenario.hours_per_month))
        yield Chip(f"month of {hours} hours", partial(_without, "hours_per_month"))
    if "week_of" in scenario.model_fields_set:
        yield Chip(f"week of {scenario.week_of}", partial(_without, "week_of"))
    yield from _chosen(scenario)
    for number, entry in enumerate(scenario.calendar):
        yield Chip(entry.words, partial(_without_item, "calendar", number))
    for part in ("faults", "surges"):
        for number, each in enumerate(getattr(scenario, part)):
            words = f"{_SIMULATED}{each.words_on(scenario.clock)}"
            yield Chip(words, partial(_without_item, part, number))


def _changes_of_profile(scenario: Scenario) -> Iterator[Chip]:
    """What a profile says otherwise than the shipped one that it is like."""
    changes = as_changes(scenario.profile)
    if is_shipped(scenario) or "extends" not in changes:
        return
    found = list(_leaves(changes))
    like = str(changes["extends"])
    if len(found) > _MOST_CHANGES:
        words = f"{load_profile(like).title}, changed in {len(found)} places"
        yield Chip(words, lambda old: with_profile(old, like))
        return
    for path, value in found:
        yield Chip(_change_words(path, value), partial(_without_change, path))


def _leaves(changes: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The changes that can be taken back one by one, with the path of each."""
    for part, said in changes.items():
        if part == "flows":
            for flow, fields in said.items():
                if fields is None or "direction" in fields:
                    yield (part, flow), fields
                else:
                    yield from (((part, flow, name), value) for name, value in fields.items())
        elif part == "other_clients":
            yield from (((part, kind), value) for kind, value in said.items())
        elif part not in _MOVE_NOTHING:
            yield (part,), said


def _change_words(path: tuple[str, ...], value: Any) -> str:
    """One change, for people.

    >>> _change_words(("flows", "typing", "rate_per_hour"), 14.0)
    'typing: 14 per hour'
    >>> _change_words(("flows", "typing"), None), _change_words(("session",), {"mean_hours": 1.5})
    ('without typing', 'session 90 min')
    """
    *parts, last = (part.replace("_", " ") for part in path if part not in _NAMED)
    return f"{', '.join(parts)}: " * bool(parts) + _value_words(last, value)


def _value_words(name: str, value: Any) -> str:
    match name, value:
        case _, None:
            return f"without {name}"
        case "rate per hour", float():
            return rate_text(value)
        case "payload", float(size) | {"bytes": float(size)} | {"mean_bytes": float(size)}:
            return size_text(size)
        case "fan out", float():
            return f"received by {given_text(value)}"
        case "heartbeat", {"interval_seconds": float(seconds)}:
            return f"heartbeat every {time_text(seconds)}"
        case "session", {"mean_hours": float(hours)} | {"hours": float(hours)}:
            return f"session {time_text(hours * SECONDS_PER_HOUR)}"
        case _, {"direction": _} | {"profile": _}:
            return f"with {name}"
        case _, str() | float() | int():
            return f"{name}: {_said(value)}"
        case _:
            return f"{name} changed"


def _without_change(path: tuple[str, ...], scenario: Scenario) -> Scenario:
    changes = _without_leaf(as_changes(scenario.profile), path)
    own = changes if changes.keys() - _MOVE_NOTHING else changes["extends"]
    return with_profile(scenario, own)


def _without_leaf(said: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    name, *inner = path
    left = dict(said)
    if inner and (rest := _without_leaf(left[name], tuple(inner))):
        left[name] = rest
    else:
        del left[name]
    return left


def _chosen(scenario: Scenario) -> Iterator[Chip]:
    """Options of deployments, and answers to what vendors leave open."""
    for deployment, options in scenario.options.items():
        for name, value in options.items():
            said = f"{full_title(deployment)}: {name.replace('_', ' ')} {_said(value)}"
            yield Chip(said, partial(_without_option, deployment, name))
    known = assumptions()
    for name, answer in scenario.assumptions.items():
        question = known[name].question if name in known else name
        yield Chip(
            f"{question} {answer.replace('_', ' ')}", partial(_without_key, "assumptions", name)
        )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return given_text(value) if isinstance(value, int | float) else str(value)


def _transport_words(transport: Transport) -> str:
    """A transport, and what is said of it beyond its kind.

    >>> from estimator.scenario.transport import Polling
    >>> _transport_words(Polling(every_seconds=5, http="1.1"))
    'over polling every 5 s, http 1.1'
    """
    said = transport.model_fields_set - {"kind", "every_seconds"}
    fields = [
        f"{name.replace('_', ' ')} {_said(getattr(transport, name))}" for name in sorted(said)
    ]
    return ", ".join([f"over {transport.words}", *fields])


def _engineering_words(engineering: Engineering) -> str:
    price = f"${given_text(float(engineering.usd_per_engineer_hour))} per engineer-hour"
    hours = float(engineering.engineer_hours_per_month)
    hours += sum(float(each) for each in engineering.duties.values())
    return f"{given_text(hours)} hours of engineering at {price}" if hours else price


def _without(field: str, scenario: Scenario) -> Scenario:
    return changed(scenario, **{field: None})


def _without_key(field: str, key: str, scenario: Scenario) -> Scenario:
    left: Mapping[str, Any] = getattr(scenario, field)
    return changed(scenario, **{field: {k: v for k, v in left.items() if k != key} or None})


def _without_item(field: str, number: int, scenario: Scenario) -> Scenario:
    items = getattr(scenario, field)
    return changed(scenario, **{field: (*items[:number], *items[number + 1 :]) or None})


def _without_option(deployment: str, name: str, scenario: Scenario) -> Scenario:
    options = {k: dict(v) for k, v in scenario.options.items()}
    options[deployment].pop(name, None)
    return changed(scenario, options={k: v for k, v in options.items() if v} or None)
