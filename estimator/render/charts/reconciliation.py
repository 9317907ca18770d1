"""Which causes lead from the estimate to the invoice? Steps between two bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from estimator.render.charts.steps import Bar, steps_chart
from estimator.render.charts.style import Chart
from estimator.shown import Look

if TYPE_CHECKING:
    from estimator.invoices.reconcile import Reconciliation

_KINDS: Final = {
    "answer": "another answer",
    "contract": "discounts",
    "tier": "price tiers",
}
"""Words for kinds of causes that do not stand for themselves."""


def bars(found: Reconciliation) -> list[Bar]:
    """The estimate, a step for each cause, and the invoice."""
    titles = {line.key.meter: line.title for line in found.lines}
    steps = [Bar("estimate", 0.0, found.estimated_usd, is_whole=True)]
    for cause in found.causes:
        label = _KINDS.get(cause.kind, cause.kind)
        if len(cause.meters) == 1:
            label += f":\n{titles.get(cause.meters[0], cause.meters[0])}"
        reached = steps[-1].end_usd
        steps.append(Bar(label, reached, reached + cause.usd))
    return [*steps, Bar("invoice", 0.0, found.billed_usd, is_whole=True)]


def reconciliation_chart(found: Reconciliation, look: Look | None = None) -> Chart:
    """Bars from the estimate to the invoice: what costs more is red, what costs less green.

    Args:
        found: the invoice beside the estimate.
        look: colors and width; dark on white, if left out.
    """
    return steps_chart(found.title, bars(found), "US dollars", look or Look())
