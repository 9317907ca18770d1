"""What do vendors leave open, and how many dollars hang on each answer?"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from estimator.dashboard.session.state import Change, bind, changed
from estimator.dashboard.widgets.text import change, dollars, literal
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.scenario.scenario import Scenario


def open_questions(bill: Bill) -> None:
    """Every open question of a bill, with a control to answer it otherwise."""
    st.markdown(
        "The vendor does not say; each answer below is a reading of its texts. Another answer "
        "changes the bill by the amount beside it, and is kept in the link and the file."
    )
    for effect in bill.effects:
        with st.container(border=True):
            _question(effect)


def _question(effect: AssumptionEffect) -> None:
    assumption = effect.assumption
    st.radio(
        f"**{literal(assumption.question)}**",
        list(assumption.choices),
        key=bind(assumption.id, effect.chosen, _answering(effect)),
        format_func=lambda answer: literal(f"{answer}: {assumption.choices[answer]}"),
        captions=[_consequence(effect, answer) for answer in assumption.choices],
    )
    st.caption(f"Evidence: {literal(assumption.evidence)}")


def _consequence(effect: AssumptionEffect, answer: str) -> str:
    if answer == effect.chosen:
        return "in this bill"
    return change(float(effect.change_usd[answer]))


def _answering(effect: AssumptionEffect) -> Change:
    assumption = effect.assumption

    def answer(old: Scenario, chosen: str) -> Scenario:
        others = {key: kept for key, kept in old.assumptions.items() if key != assumption.id}
        given = others if chosen == assumption.default else {**others, assumption.id: chosen}
        return changed(old, assumptions=given or None)

    return answer


def largest_question(bills: Iterable[Bill]) -> str | None:
    """The open question on which most hangs, as a sentence; None if none moves anything."""
    found = [
        (float(usd), bill, effect, answer)
        for bill in bills
        for effect in bill.effects
        for answer, usd in effect.change_usd.items()
    ]
    if not found:
        return None
    usd, bill, effect, answer = max(found, key=lambda one: abs(one[0]))
    if abs(usd) < 1:
        return None
    return (
        f"The open question that moves most: **{literal(effect.assumption.question)}** "
        f"Read as “{literal(effect.assumption.choices[answer])}”, {literal(bill.title)} on "
        f"{bill.cloud_name} costs {dollars(abs(usd))} a month {'more' if usd > 0 else 'less'}."
    )
