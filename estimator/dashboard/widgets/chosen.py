"""Which bill is shown in detail? That of the deployment chosen last; until then, the cheapest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from estimator.dashboard.session.state import Change
from estimator.scenario.scenario import Scenario

_CHOICE: Final = "chosen_deployment"


@dataclass(slots=True)
class _Choice:
    """The deployment that a visitor chose last: on the chart, in the list, or by editing its bill.

    A plain object in the session, which can be changed without being interrupted.
    """

    deployment: str | None = None
    """None: none yet."""


def chosen_deployment(names: Sequence[str]) -> str:
    """The deployment that was chosen, or the first, if that is not one of these."""
    chosen = _choice().deployment
    return chosen if chosen is not None and chosen in names else next(iter(names), "")


def choose(deployment: str) -> None:
    """Show this deployment's bill from now on."""
    _choice().deployment = deployment


def keeping(deployment: str, change: Change) -> Change:
    """A change that is made on a bill, which stays there even if another is the cheapest then."""
    before = _choice().deployment

    def change_and_keep(old: Scenario, value: Any) -> Scenario:
        new = change(old, value)
        # quick visitors choose another one in the same moment
        if _choice().deployment == before:
            choose(deployment)
        return new

    return change_and_keep


def _choice() -> _Choice:
    return st.session_state.setdefault(_CHOICE, _Choice())
