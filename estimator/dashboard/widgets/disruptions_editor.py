"""Which faults and traffic surges happen in the week? Both lists: add, change, remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st
from pydantic.fields import FieldInfo

from estimator.dashboard.session.state import Change, changed, press
from estimator.dashboard.widgets.disruption_presets import (
    Moment,
    Preset,
    as_simulated,
    fault_presets,
    preset_buttons,
    surge_presets,
)
from estimator.dashboard.widgets.document import literal, show_heading, spelled
from estimator.format import capitalized, given_text, percent
from estimator.scenario.disruptions import FAULTS, SURGES, Fault, Surge, parse_fault, parse_surge
from estimator.scenario.local_time import moment_text
from estimator.scenario.model import Model
from estimator.scenario.scenario import Scenario
from estimator.simulation.disruptions import UNTOLD_ZONE_SHARE
from estimator.units import duration_text

_Field = Literal["faults", "surges"]
_SUGGESTED = {
    "at": "Tue 14:00",
    "share": "30%",
    "batches": "6",
    "every": "2 min",
    "over": "5 min",
    "away": "20 s",
    "lasts": "10 min",
    "new_connections_per_second": "50",
    "clients": "5,000",
    "gather": "15 min",
}
"""What stands in the fields that must be filled, for a start."""
_EMPTY = {
    "lasts": "replaced at once",
    "notice": "noticed at once",
    "drain": "closed at once",
    "over": "closed at once",
    "restart": "replaced before",
    "every": "only once",
    "queue": "all wait",
    "half_hours": "no",
}
"""What it means to leave a field empty, where its default alone would not tell."""
_SHARES = ("share",)
_SPANS = ("lasts", "notice", "drain", "over", "restart", "every", "away", "within", "gather")
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class _Kind:
    """Faults, or surges."""

    name: _Field
    singular: str
    models: dict[str, type[Model]]
    """By what each is called."""
    example: str
    parse: Callable[[str], Fault | Surge]

    def of(self, scenario: Scenario) -> Sequence[Fault | Surge]:
        """Those of a scenario."""
        return getattr(scenario, self.name)


def _named(models: Sequence[type[Model]], tag: str) -> dict[str, type[Model]]:
    return {str(each.model_fields[tag].default).replace("_", " "): each for each in models}


_FAULTS = _Kind(
    "faults", "fault", _named(list(FAULTS), "fault"), next(iter(FAULTS.values())), parse_fault
)
_SURGES = _Kind(
    "surges", "surge", _named(list(SURGES), "surge"), next(iter(SURGES.values())), parse_surge
)


def disruptions_editor(scenario: Scenario, moment: Moment) -> None:
    """Both lists, with what adds to them, changes and takes from them.

    Args:
        scenario: what is on screen.
        moment: when presets strike.
    """
    show_heading("What could happen")
    _editor(scenario, _FAULTS, "Faults", fault_presets(moment), moment.zone_share)
    _editor(scenario, _SURGES, "Traffic surges", surge_presets(moment), moment.zone_share)


def _editor(
    scenario: Scenario,
    kind: _Kind,
    title: str,
    presets: Sequence[Preset],
    zone_share: float | None,
) -> None:
    there = kind.of(scenario)
    st.markdown(f"**{title}**" + ("" if there else ": none yet. Press what you fear."))
    preset_buttons(kind.name, presets, there, scenario.clock, zone_share)
    # in a box that is always there: a new row does not close what is open below
    with st.container():
        for position, one in enumerate(there):
            words, change, remove = st.columns([6, 2, 2], vertical_alignment="center")
            words.markdown(
                literal(capitalized(as_simulated(one, zone_share).words_on(scenario.clock)))
            )
            with change.popover("Change", icon=":material/edit:", type="tertiary"):
                _change_form(kind, position, one, zone_share)
            remove.button(
                "Remove",
                key=f"remove {kind.singular} {position}",
                type="tertiary",
                icon=":material/delete:",
                **press(_removing(kind, one)),
            )
    with st.expander(f"Add a {kind.singular}", icon=":material/add:"):
        _form(kind, zone_share)
        _line(kind, len(there))


def _form(kind: _Kind, zone_share: float | None) -> None:
    chosen = st.selectbox(
        "Kind", list(kind.models), key=f"{kind.singular} kind", format_func=capitalized
    )
    model = kind.models[chosen]
    prefix = f"{kind.singular} {chosen}"
    with st.form(f"{kind.singular} form", border=False, enter_to_submit=False):
        _inputs(kind, model, prefix, _SUGGESTED, zone_share, _COLUMNS)
        st.form_submit_button(
            f"Add this {kind.singular}", **press(_filled_in(kind, chosen, prefix))
        )


def _change_form(kind: _Kind, position: int, one: Fault | Surge, zone_share: float | None) -> None:
    written = _written_fields(kind, one)
    # another disruption at this place is another form
    prefix = f"{kind.singular} {position} {' '.join(f'{n} {v}' for n, v in written.items())}"
    with st.form(f"change {prefix}", border=False, enter_to_submit=False):
        _inputs(kind, type(one), prefix, written, zone_share, 2)
        st.form_submit_button(f"Change this {kind.singular}", **press(_altering(kind, one, prefix)))


def _inputs(
    kind: _Kind,
    model: type[Model],
    prefix: str,
    shown: Mapping[str, str],
    zone_share: float | None,
    across: int,
) -> None:
    """A text for each field, whose label says what it means to leave it empty."""
    columns = st.columns(across)
    for position, name in enumerate(_fields(kind, model)):
        field = model.model_fields[name]
        empty = "" if field.is_required() else f" (empty: {_empty(name, field, zone_share)})"
        is_new = shown is _SUGGESTED and not field.is_required()
        with columns[position % across]:
            st.text_input(
                f"{spelled(name)}{empty}",
                "" if is_new else shown.get(name, ""),
                key=f"{prefix} {name}",
                help=literal(field.description or ""),
            )


def _fields(kind: _Kind, model: type[Model]) -> list[str]:
    return [name for name in model.model_fields if name != kind.singular]


def _empty(name: str, field: FieldInfo, zone_share: float | None) -> str:
    """What it means to leave a field empty."""
    if name in _SHARES and field.default is None:
        share = UNTOLD_ZONE_SHARE if zone_share is None else zone_share
        return f"one zone, {percent(share)}"
    if field.default:
        return _written_value(name, field.default)
    return _EMPTY[name]


def _written_fields(kind: _Kind, one: Fault | Surge) -> dict[str, str]:
    """Fields that are not left empty, as people write them."""
    fields = type(one).model_fields
    return {
        name: _written_value(name, getattr(one, name))
        for name in _fields(kind, type(one))
        if fields[name].is_required() or getattr(one, name) != fields[name].default
    }


def _written_value(name: str, value: Any) -> str:
    if name == "at":
        return moment_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _SHARES:
        return f"{given_text(100 * value)}%"
    return duration_text(value) if name in _SPANS else given_text(value)


def _line(kind: _Kind, count: int) -> None:
    """A new field for each line: one that cannot be read stays to be corrected."""
    key = f"{kind.singular} line {count}"
    with st.form(f"{key} form", border=False):
        st.text_input(
            "Or write it on one line, as on the command line", key=key, placeholder=kind.example
        )
        st.form_submit_button("Add this line", key=f"add {key}", **press(_written(kind, key)))


def _filled_in(kind: _Kind, name: str, prefix: str) -> Change:
    def add(old: Scenario, _: Any) -> Scenario:
        return _with(old, kind, _typed_line(kind, kind.models[name], prefix))

    return add


def _altering(kind: _Kind, one: Fault | Surge, prefix: str) -> Change:
    """What is not typed over stays as it is, to the last digit."""
    written = _written_fields(kind, one)

    def alter(old: Scenario, _: Any) -> Scenario:
        typed = _typed(kind, type(one), prefix)
        new = kind.parse(_typed_line(kind, type(one), prefix))
        same = {name: getattr(one, name) for name in typed if typed[name] == written.get(name, "")}
        altered = new.model_copy(update=same)
        return changed(
            old, **{kind.name: tuple(altered if it == one else it for it in kind.of(old))}
        )

    return alter


def _typed(kind: _Kind, model: type[Model], prefix: str) -> dict[str, str]:
    """Fields are read when the change is made: before, they hold what they held last."""
    fields = _fields(kind, model)
    return {name: st.session_state.get(f"{prefix} {name}", "").strip() for name in fields}


def _typed_line(kind: _Kind, model: type[Model], prefix: str) -> str:
    said = (f"{name} {value}" for name, value in _typed(kind, model, prefix).items() if value)
    return " ".join((str(model.model_fields[kind.singular].default), *said))


def _written(kind: _Kind, key: str) -> Change:
    return lambda old, _: _with(old, kind, st.session_state.get(key, ""))


def _with(old: Scenario, kind: _Kind, line: str) -> Scenario:
    return changed(old, **{kind.name: (*kind.of(old), kind.parse(line))})


def _removing(kind: _Kind, one: Fault | Surge) -> Change:
    def remove(old: Scenario, _: Any) -> Scenario:
        kept = list(kind.of(old))
        if one in kept:
            kept.remove(one)
        return changed(old, **{kind.name: tuple(kept) or None})

    return remove
