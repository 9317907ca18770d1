"""How is one deployment's bill calculated, and what would change it? One of its sides at a time.

Open questions, options and agreed prices are part of the scenario: what is chosen here is kept in
link and file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import streamlit as st

from estimator.analysis.estimate.estimate import estimate
from estimator.analysis.estimate.result import Estimate
from estimator.dashboard.session.state import Change, bind, bind_optional, changed
from estimator.dashboard.widgets.chosen import keeping
from estimator.dashboard.widgets.contract import contract_view
from estimator.dashboard.widgets.document import literal, show, spelled
from estimator.dashboard.widgets.limits import limits_view
from estimator.deployments.registry import find_deployment
from estimator.errors import MissingRateError
from estimator.format import signed_dollars
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.render.views.bill import calculation_view
from estimator.scenario.application import applications
from estimator.scenario.scenario import Scenario
from estimator.units import HALF_A_CENT_USD

_COLUMNS: Final = 3


def bill_view(scenario: Scenario, bill: Estimate) -> None:
    """A bill from the side that was chosen; others are not drawn.

    Not as tabs: a browser looks through all of them again whenever anything on the page changes.
    """
    sides: dict[str, Callable[[], object]] = {
        "Line items": lambda: _line_items(bill),
        "Limits": lambda: limits_view(bill.verdicts),
        "Open questions": lambda: _open_questions(bill),
        "Your prices": lambda: contract_view(scenario, bill),
        "Options": lambda: options_form(scenario, bill.deployment or ""),
        "In words": lambda: st.code(bill.explain(), language=None, wrap_lines=True),
    }
    side = st.segmented_control(
        "Side of the bill",
        list(sides),
        default="Line items",
        required=True,
        key="bill_side",
        label_visibility="collapsed",
    )
    sides[side]()


def _line_items(bill: Bill) -> None:
    """The bill as everywhere, without what its other sides show."""
    document = calculation_view(bill)
    show(document.blocks, document.title)


def _open_questions(bill: Bill) -> None:
    """Every open question of a bill, with a control to answer it otherwise."""
    st.markdown(
        "The vendor does not document these points; each answer below is one reading of its texts. "
        "Another answer changes the bill by the amount shown, and is kept in the link and the file."
    )
    for effect in bill.effects:
        assumption = effect.assumption
        with st.container(border=True):
            st.radio(
                f"**{literal(assumption.question)}**",
                list(assumption.choices),
                index=list(assumption.choices).index(effect.chosen),
                key=bind(
                    assumption.id,
                    effect.chosen,
                    keeping(bill.deployment or "", _answering(effect)),
                ),
                format_func=lambda answer, choices=assumption.choices: literal(
                    f"{answer}: {choices[answer]}"
                ),
                captions=[_consequence(effect, answer) for answer in assumption.choices],
            )
            st.caption(f"Evidence: {literal(assumption.evidence)}")


def _consequence(effect: AssumptionEffect, answer: str) -> str:
    """What an answer adds to or takes off the monthly bill."""
    if answer == effect.chosen:
        return "used in this bill"
    if answer not in effect.change_usd:
        return "does not go together with the options"
    usd = float(effect.change_usd[answer])
    if abs(usd) < HALF_A_CENT_USD:
        return "no difference to this bill"
    return literal(f"{signed_dollars(usd)} per month")


def _answering(effect: AssumptionEffect) -> Change:
    assumption = effect.assumption

    def answer(old: Scenario, chosen: str) -> Scenario:
        others = {key: kept for key, kept in old.assumptions.items() if key != assumption.id}
        given = others if chosen == assumption.default else {**others, assumption.id: chosen}
        return changed(old, assumptions=given or None)

    return answer


def options_form(scenario: Scenario, deployment_id: str) -> None:
    """One widget for each option of the deployment, made from its field."""
    deployment = find_deployment(deployment_id)
    chosen = deployment.check_options(scenario.options.get(deployment_id, {}))
    fields = deployment.options.model_json_schema()["properties"]
    names = {**deployment.names, "application": [*applications()]}
    columns = st.columns(_COLUMNS)
    for position, (name, field) in enumerate(fields.items()):
        with columns[position % _COLUMNS]:
            _option(deployment_id, name, field, getattr(chosen, name), [*names.get(name, ())])


def _option(
    deployment_id: str, name: str, field: dict[str, Any], value: object, names: list[str]
) -> None:
    kind = next((one for one in field.get("anyOf", ()) if one["type"] != "null"), field)
    listed: list[Any] = names or kind.get("enum", [])
    is_numeric = kind["type"] in ("number", "integer") and not listed
    shown: Any = float(value) if is_numeric and isinstance(value, int | float) else value
    change = keeping(deployment_id, _choosing(deployment_id, name))
    bound = f"{deployment_id} {name}", shown, change
    common: dict[str, Any] = {
        "label": spelled(name),
        "help": literal(field.get("description", "").replace("``", "")),
    }
    if listed:
        # without a choice, what the profile or the server has holds
        answers: list[Any] = [*([None] if kind is not field else []), *listed]
        st.selectbox(
            options=answers,
            index=answers.index(shown),
            format_func=lambda answer: "as by default" if answer is None else str(answer),
            key=bind(*bound),
            **common,
        )
    elif kind["type"] == "boolean":
        st.toggle(value=shown, key=bind(*bound), **common)
    elif is_numeric:
        may_be_empty = kind is not field
        st.number_input(
            min_value=_bound(kind, "minimum", "exclusiveMinimum"),
            max_value=_bound(kind, "maximum", "exclusiveMaximum"),
            step=0.05 if kind.get("maximum") == 1 else 1.0,
            format="%g",
            placeholder="as by default" if may_be_empty else None,
            **(bind_optional(*bound) if may_be_empty else {"value": shown, "key": bind(*bound)}),
            **common,
        )
    else:
        st.text_input(value=shown, key=bind(*bound), **common)


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
        # a missing price is a matter of the location, not of this choice: the page says so
        with suppress(MissingRateError):
            estimate(new, deployment_id)
        return new

    return choose


def _bound(field: dict[str, Any], *names: str) -> float | None:
    return next((float(field[name]) for name in names if name in field), None)
