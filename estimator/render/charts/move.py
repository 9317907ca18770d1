"""Which drivers lead from today's bill to the candidate's? Steps between two bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matplotlib.ticker import MaxNLocator

from estimator.format import dollars, signed_dollars
from estimator.render.charts.style import Chart, blank, dress, name_rows
from estimator.shown import Look
from estimator.units import HALF_A_CENT_USD

if TYPE_CHECKING:
    from estimator.analysis.estimate import Estimate
    from estimator.analysis.move import Move

_ROW_INCHES: Final = 0.4
_THICK: Final = 0.66
_PALE: Final = 0.35


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the chart: a whole bill, which begins at 0, or a step from one amount to another."""

    name: str
    start_usd: float
    end_usd: float
    bill: Estimate | None = None
    """None of a step."""

    @property
    def is_beyond(self) -> bool:
        """Whether it is the bill of what is not within limits."""
        return self.bill is not None and not self.bill.state.is_within_limits

    @property
    def label(self) -> str:
        """What the row is, and why it may not be called a choice."""
        return (
            f"{self.name}\n{self.bill.state_words}" if self.bill and self.is_beyond else self.name
        )

    @property
    def text(self) -> str:
        """The amount beside the bar."""
        if self.bill:
            return dollars(self.end_usd)
        return signed_dollars(self.end_usd - self.start_usd)


def bars(move: Move) -> list[Bar]:
    """Today's bill, a step for each driver whose cost differs, and the candidate's bill."""
    reached = float(move.today.total)
    found = [Bar("today", 0.0, reached, move.today)]
    for driver, (before, after) in move.both_bills.drivers.items():
        if abs(after - before) >= HALF_A_CENT_USD:
            found.append(Bar(driver, reached, reached + after - before))
            reached = found[-1].end_usd
    return [*found, Bar("candidate", 0.0, float(move.candidate.total), move.candidate)]


def move_chart(move: Move, look: Look | None = None) -> Chart:
    """Bars from today's bill to the candidate's: what costs less is green, what costs more red.

    The bill of what is not within limits is pale.

    Args:
        move: the two bills.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    rows = bars(move)
    title = f"Monthly cost: {move.today.name} → {move.candidate.name}"
    chart = blank(look, 0.8 + _ROW_INCHES * len(rows), title)
    axes = chart.subplots()
    for position, bar in enumerate(rows):
        step = look.red if bar.end_usd > bar.start_usd else look.green
        left, right = sorted((bar.start_usd, bar.end_usd))
        axes.barh(
            position, right - left, height=_THICK, left=left, zorder=2,
            color=look.blue if bar.bill else step, alpha=_PALE if bar.is_beyond else 1.0,
        )  # fmt: skip
        axes.annotate(
            bar.text,
            (right, position),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            color=look.ink,
            fontweight="bold" if bar.bill else "normal",
        )
        if position + 1 < len(rows):  # where the next bar goes on
            axes.plot(
                [bar.end_usd] * 2,
                [position + _THICK / 2, position + 1 - _THICK / 2],
                color=look.gray,
                linewidth=0.9,
                zorder=1,
            )
    name_rows(axes, [bar.label for bar in rows], "small")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    room = 1.32 if look.is_narrow else 1.18  # for amounts
    axes.set_xlim(0, room * max(max(bar.start_usd, bar.end_usd) for bar in rows) or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(max(2, int(look.width_inches * 0.7))))
    axes.xaxis.set_major_formatter("${x:,.0f}")
    axes.set_xlabel("US dollars per month")
    axes.grid(axis="x", color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, look)
    return chart
