"""Which faults and traffic surges happen in the week? Both lists, with forms to add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from estimator.dashboard.session.state import Change, changed, press
from estimator.dashboard.widgets.document import literal, spelled
from estimator.format import capitalized
from estimator.scenario.disruptions import FAULTS, SURGES, Fault, Surge, parse_fault, parse_surge
from estimator.scenario.model import Model
from estimator.scenario.scenario import Scenario

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


def disruptions_editor(scenario: Scenario) -> None:
    """Both lists, with what adds to them and takes from them."""
    faults, surges = st.columns(2)
    with faults:
        _editor(scenario, _FAULTS, "Faults", "None: nothing fails.")
    with surges:
        _editor(scenario, _SURGES, "Traffic surges", "None: the weekly shape alone.")


def _editor(scenario: Scenario, kind: _Kind, title: str, none: str) -> None:
    st.markdown(f"**{title}**")
    there = kind.of(scenario)
    if not there:
        st.caption(none)
    for position, one in enumerate(there):
        words, remove = st.columns([4, 1], vertical_alignment="center")
        words.markdown(literal(capitalized(one.words_on(scenario.clock))))
        remove.button(
            "Remove",
            key=f"remove {kind.singular} {position}",
            type="tertiary",
            icon=":material/delete:",
            **press(_removing(kind, one)),
        )
    with st.expander(f"Add a {kind.singular}", icon=":material/add:"):
        _form(kind)
        _line(kind, len(there))


def _form(kind: _Kind) -> None:
    chosen = st.selectbox(
        "Kind", list(kind.models), key=f"{kind.singular} kind", format_func=capitalized
    )
    model = kind.models[chosen]
    fields = {name: each for name, each in model.model_fields.items() if name != kind.singular}
    with st.form(f"{kind.singular} form", border=False, enter_to_submit=False):
        columns = st.columns(_COLUMNS)
        for position, (name, each) in enumerate(fields.items()):
            with columns[position % _COLUMNS]:
                st.text_input(
                    spelled(name) if each.is_required() else f"{spelled(name)} (optional)",
                    _SUGGESTED.get(name, "") if each.is_required() else "",
                    key=_key(kind, chosen, name),
                    help=literal(each.description or ""),
                )
        st.form_submit_button(
            f"Add this {kind.singular}", **press(_filled_in(kind, chosen, list(fields)))
        )


def _line(kind: _Kind, count: int) -> None:
    """A new field for each line: one that cannot be read stays to be corrected."""
    key = f"{kind.singular} line {count}"
    with st.form(f"{key} form", border=False):
        st.text_input(
            "Or write it on one line, as on the command line", key=key, placeholder=kind.example
        )
        st.form_submit_button("Add this line", key=f"add {key}", **press(_written(kind, key)))


def _filled_in(kind: _Kind, name: str, fields: list[str]) -> Change:
    """The fields are read when the change is made: before, they hold what they held last."""

    def add(old: Scenario, _: Any) -> Scenario:
        values = {each: st.session_state.get(_key(kind, name, each), "") for each in fields}
        said = (f"{each} {value.strip()}" for each, value in values.items() if value.strip())
        return _with(old, kind, " ".join((name, *said)))

    return add


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


def _key(kind: _Kind, name: str, each: str) -> str:
    return f"{kind.singular} {name} {each}"
