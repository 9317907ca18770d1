"""What can be chosen for a deployment? Widgets made from the fields of its own options."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from estimator.analysis.estimate import estimate
from estimator.dashboard.session.state import Change, bind, changed
from estimator.dashboard.widgets.text import literal, spelled
from estimator.deployments.registry import find_deployment
from estimator.errors import MissingRateError
from estimator.scenario.scenario import Scenario

_COLUMNS = 3


def options_form(scenario: Scenario, deployment_id: str) -> None:
    """One widget for each option of the deployment."""
    deployment = find_deployment(deployment_id)
    chosen = deployment.check_options(scenario.options.get(deployment_id, {}))
    fields = deployment.options.model_json_schema()["properties"]
    columns = st.columns(_COLUMNS)
    for position, (name, field) in enumerate(fields.items()):
        with columns[position % _COLUMNS]:
            _widget(deployment_id, name, field, getattr(chosen, name))


def _widget(deployment_id: str, name: str, field: dict[str, Any], value: object) -> None:
    kind = next((one for one in field.get("anyOf", ()) if one["type"] != "null"), field)
    numeric = kind["type"] in ("number", "integer")
    shown = float(value) if numeric and isinstance(value, int | float) else value
    common: dict[str, Any] = {
        "label": spelled(name),
        "key": bind(
            f"{deployment_id} {name}",
            value if "enum" in kind else shown,
            _choosing(deployment_id, name),
        ),
        "help": literal(field.get("description", "")),
    }
    if "enum" in kind:
        st.selectbox(options=kind["enum"], **common)
    elif kind["type"] == "boolean":
        st.toggle(**common)
    elif numeric:
        st.number_input(
            value=None,
            min_value=_limit(kind, "minimum", "exclusiveMinimum"),
            max_value=_limit(kind, "maximum", "exclusiveMaximum"),
            step=0.05 if _is_share(kind) else 1.0,
            format="%g",
            placeholder="as measured" if kind is not field else None,
            **common,
        )
    else:
        st.text_input(**common)


def _choosing(deployment_id: str, name: str) -> Change:
    default = getattr(find_deployment(deployment_id).check_options({}), name)

    def choose(old: Scenario, value: object) -> Scenario:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        others = {key: kept for key, kept in old.options.items() if key != deployment_id}
        own = {**old.options.get(deployment_id, {}), name: value}
        if value is None or value == default:
            del own[name]
        new = changed(old, options=({**others, deployment_id: own} if own else others) or None)
        # a missing price is a matter of the place, not of this choice: the page says so
        with suppress(MissingRateError):
            estimate(new, deployment_id)
        return new

    return choose


def _limit(field: dict[str, Any], *names: str) -> float | None:
    return next((float(field[name]) for name in names if name in field), None)


def _is_share(field: dict[str, Any]) -> bool:
    return field.get("maximum") == 1
