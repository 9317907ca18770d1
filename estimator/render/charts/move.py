"""Which drivers lead from today's bill to the candidate's? Steps between two bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estimator.render.charts.steps import Bar, steps_chart
from estimator.render.charts.style import Chart
from estimator.shown import Look
from estimator.units import HALF_A_CENT_USD

if TYPE_CHECKING:
    from estimator.analysis.estimate.result import Estimate
    from estimator.analysis.move import Move


def bars(move: Move) -> list[Bar]:
    """Today's bill, a step for each driver whose cost differs, and the candidate's bill."""
    found = [_whole("today", move.today)]
    reached = found[0].end_usd
    for driver, (before, after) in move.both_bills.drivers.items():
        if abs(after - before) >= HALF_A_CENT_USD:
            found.append(Bar(driver, reached, reached + after - before))
            reached = found[-1].end_usd
    return [*found, _whole("candidate", move.candidate)]


def _whole(name: str, bill: Estimate) -> Bar:
    """A bill; that of what is not within limits is pale, and says why."""
    beyond = not bill.state.is_within_limits
    label = f"{name}\n{bill.state_words}" if beyond else name
    return Bar(label, 0.0, float(bill.total), is_whole=True, is_pale=beyond)


def move_chart(move: Move, look: Look | None = None) -> Chart:
    """Bars from today's bill to the candidate's: what costs less is green, what costs more red.

    Args:
        move: the two bills.
        look: colors and width; dark on white, if left out.
    """
    title = f"Monthly cost: {move.today.name} → {move.candidate.name}"
    return steps_chart(title, bars(move), "US dollars per month", look or Look())
