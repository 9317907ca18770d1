"""How does one amount become another? Steps between two bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.ticker import MaxNLocator

from estimator.format import dollars, signed_dollars
from estimator.render.charts.style import Chart, blank, dress, name_rows
from estimator.shown import Look

_ROW_INCHES: Final = 0.4
_THICK: Final = 0.66
_PALE: Final = 0.35


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the chart: a whole amount, which begins at 0, or a step from one to another."""

    label: str
    start_usd: float
    end_usd: float
    is_whole: bool = False
    is_pale: bool = False
    """Whether it is no choice that one has."""

    @property
    def text(self) -> str:
        """The amount beside the bar."""
        if self.is_whole:
            return dollars(self.end_usd)
        return signed_dollars(self.end_usd - self.start_usd)


def steps_chart(title: str, rows: Sequence[Bar], axis: str, look: Look) -> Chart:
    """Bars from the first amount to the last: what lowers it is green, what raises it red.

    Args:
        title: of the chart.
        rows: the first and the last whole, the others steps, each from where the one before ends.
        axis: what the amounts are.
        look: colors and width.
    """
    chart = blank(look, 0.8 + _ROW_INCHES * len(rows), title)
    axes = chart.subplots()
    for position, bar in enumerate(rows):
        step = look.red if bar.end_usd > bar.start_usd else look.green
        left, right = sorted((bar.start_usd, bar.end_usd))
        axes.barh(
            position, right - left, height=_THICK, left=left, zorder=2,
            color=look.blue if bar.is_whole else step, alpha=_PALE if bar.is_pale else 1.0,
        )  # fmt: skip
        axes.annotate(
            bar.text,
            (right, position),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            color=look.ink,
            fontweight="bold" if bar.is_whole else "normal",
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
    axes.set_xlim(
        min(0.0, *(min(bar.start_usd, bar.end_usd) for bar in rows)),
        room * max(max(bar.start_usd, bar.end_usd) for bar in rows) or 1.0,
    )
    axes.xaxis.set_major_locator(MaxNLocator(max(2, int(look.width_inches * 0.7))))
    axes.xaxis.set_major_formatter("${x:,.0f}")
    axes.set_xlabel(axis)
    axes.grid(axis="x", color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, look)
    return chart
