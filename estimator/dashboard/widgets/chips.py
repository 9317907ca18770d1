"""What else moves this bill? Everything the scenario says beyond the usual, each part removable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from estimator.dashboard.session.state import changed, press
from estimator.dashboard.widgets.document import full_title, literal
from estimator.deployments.registry import assumptions
from estimator.format import given_text, percent
from estimator.pricing.contract import as_contract
from estimator.scenario.scenario import Engineering, Scenario
from estimator.units import HOURS_PER_MONTH

_SIMULATED = "when simulated: "


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
        for chip in chips_of(scenario):
            st.button(
                literal(chip.words),
                key=f"chip {chip.words}",
                icon=":material/close:",
                help="Part of this scenario; press to remove it.",
                **press(lambda old, _, chip=chip: chip.without(old)),
            )


def chips_of(scenario: Scenario) -> Iterator[Chip]:
    """Every part of a scenario beyond its profile, location and audience."""
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
        yield Chip(
            f"left of {name}: {given_text(left)}", partial(_without_key, "allowances_left", name)
        )
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
