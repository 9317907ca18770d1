"""What drives the cost: bars that choose the deployment whose bill is shown, and their controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.analysis.estimate.result import Estimate
from estimator.dashboard.charts.costs import CHOSEN, cost_chart
from estimator.dashboard.session.state import IN_ADDRESS, bind, held
from estimator.dashboard.widgets.chosen import choose, chosen_deployment
from estimator.dashboard.widgets.document import full_title
from estimator.dashboard.widgets.touch import show_touchable
from estimator.format import dollars_and_cents, number_of
from estimator.render.charts.cost import comparison_title, cost_chart as cost_picture
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_LINEAR, _LOGARITHMIC = "Linear", "Logarithmic"
_NOTHING: Final[dict[str, Any]] = {"selection": {CHOSEN: {}}}
"""What Streamlit says of a chart on which nobody clicked."""


@dataclass(frozen=True, slots=True)
class CostBars:
    """What of a comparison is drawn, and how."""

    comparison: Comparison
    bills: tuple[Estimate, ...]
    """Those drawn."""
    logarithmic: bool

    def picture(self, look: Look) -> Figure:
        """The same as a picture, for a file."""
        title = comparison_title(self.comparison)
        return cost_picture(self.bills, title, look, logarithmic=self.logarithmic)

    def words(self) -> str:
        """What there is to see; the amounts are in the table beside it and in its bars."""
        if len(self.bills) == 1:
            return f"Monthly cost by what it is for: {_in_words(self.bills[0])}."
        ranked = sorted(self.bills, key=lambda bill: float(bill.total))
        return (
            f"Monthly cost of {number_of(len(ranked), 'deployment')} by what it is for, from "
            f"{_in_words(ranked[0])} to {_in_words(ranked[-1])}. The table below has each amount."
        )


def cost_bars(comparison: Comparison) -> CostBars:
    """Draw the controls and the chart.

    Returns:
        What is drawn.
    """
    shown = _controls(comparison)
    chosen = chosen_deployment([bill.deployment or "" for bill in comparison.bills])
    asked = (comparison.scenario.to_token(), [bill.deployment for bill in shown.bills])
    how = "logarithmic" if shown.logarithmic else "linear"
    show_touchable(
        (*asked, how, chosen),
        "drivers",
        partial(cost_chart, shown.bills, logarithmic=shown.logarithmic, chosen=chosen),
        shown.words(),
        key=bind("touched", _said(chosen), _touch),
        selection=CHOSEN,
    )
    st.caption(
        "Point at a bar for its dollars. Click on it, or choose below, to open the bill."
        + ("" if shown.logarithmic else " Outlined: the application’s own work.")
        + (" Dots: what for. Line across: the total." if shown.logarithmic else "")
    )
    return shown


def deployment_input(names: Sequence[str]) -> str:
    """The list of deployments, which does what a click on a bar does.

    Args:
        names: ids; the first one is chosen as long as nobody chooses.

    Returns:
        The chosen one.
    """
    chosen = chosen_deployment(names)
    st.selectbox(
        "Deployment",
        names,
        index=names.index(chosen),
        key=bind("deployment", chosen, _choose),
        format_func=full_title,
        label_visibility="collapsed",
    )
    return chosen


def _controls(comparison: Comparison) -> CostBars:
    within = comparison.within_limits
    with st.container(horizontal=True, vertical_alignment="center"):
        scale = st.segmented_control(
            "Scale of dollars",
            [_LINEAR, _LOGARITHMIC],
            key="scale",
            default=_LINEAR,
            required=True,
            label_visibility="collapsed",
            **IN_ADDRESS,
        )
        only_within = st.toggle(
            "Only within limits",
            value=True,
            key="only_within",
            disabled=not within or len(within) == len(comparison.bills),
            **IN_ADDRESS,
        )
    bills = within if only_within and within else comparison.bills
    return CostBars(comparison, bills, scale == _LOGARITHMIC)


def _said(chosen: str) -> dict[str, Any]:
    """What the chart holds; nothing once another deployment was chosen in the list.

    So it is another chart then, on which the bar that was clicked on before can be clicked again.
    """
    said = held("touched") or _NOTHING
    clicked = [point["deployment"] for point in said["selection"].get(CHOSEN, [])]
    return said if chosen in clicked else _NOTHING


def _choose(scenario: Scenario, deployment: Any) -> Scenario:
    choose(str(deployment))
    return scenario


def _touch(scenario: Scenario, clicked: Any) -> Scenario:
    """Choose what was clicked on; a click beside the bars chooses nothing."""
    for point in clicked["selection"].get(CHOSEN, []):
        _choose(scenario, point["deployment"])
    return scenario


def _in_words(bill: Estimate) -> str:
    return f"{dollars_and_cents(float(bill.total))} for {bill.name}"
