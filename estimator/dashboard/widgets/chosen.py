"""Which bill is shown in detail? That of the deployment chosen last; until then, the cheapest.

The address carries the choice beside the scenario, as long as it is another one than the cheapest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from estimator.dashboard.session.state import Change, asked_in_address, is_edited, tell_address
from estimator.dashboard.widgets.document import full_title, literal
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.errors import cut
from estimator.scenario.scenario import Scenario

_CHOICE: Final = "chosen_deployment"
_IN_ADDRESS: Final = "deployment"


@dataclass(slots=True)
class _Choice:
    """The deployment that a visitor chose last: on the chart, in the list, or by editing its bill.

    A plain object in the session, which can be changed without being interrupted.
    """

    deployment: str | None = None
    """None: none yet."""
    ignored: str = ""
    """Why what a link asked for is not shown; empty if it is, or if it asked for nothing."""


def follow_address(names: Sequence[str]) -> None:
    """Choose what a link asks for, and have the address say what is chosen.

    Args:
        names: ids of what there is to choose; the first one is shown unless somebody chooses.
    """
    choice = _choice()
    if (asked := asked_in_address(_IN_ADDRESS)) is not None:
        is_there = asked in names
        choice.deployment = asked if is_there else None
        choice.ignored = "" if is_there or not asked else _why_not(asked)
    elif is_edited():
        choice.ignored = ""
    chosen = chosen_deployment(names)
    tell_address(_IN_ADDRESS, chosen if chosen not in names[:1] else "")


def ignored_words() -> str:
    """Why what a link asked for is not shown, inside Markdown; empty if there is nothing to say."""
    return _choice().ignored


def _why_not(asked: str) -> str:
    which = (
        f"{full_title(asked)}, which is not among those compared"
        if asked in ALL_DEPLOYMENTS
        else f"“{cut(asked)}”, which is not known"
    )
    return literal(
        f"The link asks for the deployment {which}. The page’s own choice is shown instead."
    )


def chosen_deployment(names: Sequence[str]) -> str:
    """The deployment that was chosen, or the first, if that is not one of these."""
    chosen = _choice().deployment
    return chosen if chosen is not None and chosen in names else next(iter(names), "")


def choose(deployment: str) -> None:
    """Show this deployment's bill from now on."""
    choice = _choice()
    choice.deployment, choice.ignored = deployment, ""


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
