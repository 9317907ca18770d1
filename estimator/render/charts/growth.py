"""What does each deployment cost in the months to come, and when does something change?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.lines import Line2D

from estimator.analysis.estimate.result import Estimate
from estimator.analysis.growth import milestones
from estimator.arrays import FloatArray
from estimator.format import count_text, dollars
from estimator.render.charts import lines
from estimator.render.charts.rows import growth_rows
from estimator.render.charts.style import (
    Chart,
    Mark,
    blank,
    draw_marks,
    dress,
    legend,
    say_below_title,
)
from estimator.shown import Look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from estimator.analysis.growth.growth import Growth

_CHANGES_NAMED: Final = 3
"""More names above the lines cannot be read."""


def growth_chart(growth: Growth, look: Look | None = None, most: int = 8) -> Chart:
    """The monthly bill of each deployment while the audience grows; broad where it is cheapest.

    Args:
        growth: the bills of all months.
        look: colors and width; dark on white, if left out.
        most: lines at most.
    """
    look = look or Look()
    bills = growth.shown(most)
    # on a phone the names stand below, in a legend of their own rows
    rows_below = lines.LEGEND_ROW_INCHES * len(bills) if look.is_narrow else 0.0
    chart = blank(look, lines.PLOT_HEIGHT_INCHES + rows_below, f"Monthly cost: {growth.title}")
    axes = chart.subplots()
    rows = growth_rows(growth, most)
    totals = [rows["usd"][rows["deployment"] == bill.deployment].to_numpy() for bill in bills]
    colors = lines.line_colors(look, len(bills))
    axes.set_xlim(0, growth.months)
    lines.scale_usd(axes, totals)
    _band(axes, look, rows)
    for index, (bill, total, color) in enumerate(zip(bills, totals, colors, strict=True)):
        style = "-" if index < lines.COLORS else (0, (1, 1))
        label = f"{bill.title}, {bill.cloud_name}" if look.is_narrow else None
        _line(axes, growth, bill, total, color, style, label)
    rows_of_marks = draw_marks(axes, look, cheapest_marks(growth))
    say_below_title(axes, look, [f"{growth.audience}."], rows_of_marks)
    _months(axes, look, growth)
    axes.set_ylabel("US dollars per month")
    axes.grid(axis="y", color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, look)
    if not look.is_narrow:
        ends = [float(total[-1]) for total in totals]
        names = [
            f"{dollars(usd)} {bill.title}, {bill.cloud_name}"
            for bill, usd in zip(bills, ends, strict=True)
        ]
        lines.name_lines(axes, names, ends, colors)
    _explain_signs(axes, look, growth, bills)
    legend(chart, look)
    return chart


def _line(
    axes: Axes,
    growth: Growth,
    bill: Estimate,
    total: FloatArray,
    color: str,
    style: str | tuple[int, tuple[int, ...]],
    label: str | None,
) -> None:
    months = np.arange(growth.months + 1)
    within = milestones.within_limits_by_month(bill, growth.months)
    axes.plot(months, total, color=color, linewidth=1.0, linestyle=(0, (3, 3)), alpha=0.6)
    axes.plot(
        months, np.where(within, total, np.nan), color=color, linewidth=1.8, linestyle=style,
        label=label,
    )  # fmt: skip
    for milestone in growth.milestones:
        if bill.deployment not in milestone.deployments or isinstance(
            milestone, milestones.CheapestChanged
        ):
            continue
        marker, size, filled = _sign(milestone)
        axes.plot(
            milestone.month, total[milestone.month], linestyle="none", marker=marker,
            markersize=size, markerfacecolor=color if filled else axes.get_facecolor(),
            markeredgecolor=color, clip_on=False, zorder=3,
        )  # fmt: skip


def _sign(milestone: milestones.LimitExceeded | milestones.TierReached) -> tuple[str, float, bool]:
    """Marker, its size, and whether it is filled."""
    if isinstance(milestone, milestones.TierReached):
        return "o", 4.0, False
    return ("^", 7.0, True) if milestone.state.is_within_limits else ("X", 9.0, True)


def _band(axes: Axes, look: Look, rows: pd.DataFrame) -> None:
    """A broad pale line along the bill of whatever is cheapest."""
    least = rows.drop_duplicates("at")
    axes.plot(
        least["at"], least["least_usd"], color=look.gray, alpha=0.35, linewidth=9,
        solid_capstyle="butt", zorder=1, label="cheapest within limits",
    )  # fmt: skip


def cheapest_marks(growth: Growth) -> list[Mark]:
    """When another deployment is the cheapest, the first few times."""
    changes = [each for each in growth.milestones if isinstance(each, milestones.CheapestChanged)]
    return [
        Mark(each.month, f"cheapest: {each.name}" if each.deployment else "none within limits")
        for each in changes[:_CHANGES_NAMED]
    ]


def _months(axes: Axes, look: Look, growth: Growth) -> None:
    """Months, and below each the connections at its peak."""
    wanted = 4 if look.is_narrow else 8
    step = next((s for s in (1, 2, 3, 6, 12, 24) if growth.months / s <= wanted), 24)
    ticks = range(0, growth.months + 1, step)
    connections = [count_text(float(growth.connections[month])) for month in ticks]
    axes.set_xticks(
        ticks,
        [f"{month or 'now'}\n{count}" for month, count in zip(ticks, connections, strict=True)],
        fontsize="small",
    )
    axes.set_xlabel("months from now; below, open connections at the peak", fontsize="small")


def _explain_signs(axes: Axes, look: Look, growth: Growth, bills: Sequence[Estimate]) -> None:
    """What the signs on the lines mean, if there are such signs."""
    shown = {bill.deployment for bill in bills}
    words = {
        "X": "beyond limits from here on",
        "^": "a limit must be raised",
        "o": "another price tier",
    }
    found = {
        _sign(milestone)[0]: _sign(milestone)
        for milestone in growth.milestones
        if not isinstance(milestone, milestones.CheapestChanged)
        and shown & {*milestone.deployments}
    }
    for marker in words:
        if marker in found:
            _, size, filled = found[marker]
            axes.add_line(
                Line2D(
                    [], [], linestyle="none", marker=marker, markersize=size, label=words[marker],
                    markerfacecolor=look.ink if filled else look.paper, markeredgecolor=look.ink,
                )
            )  # fmt: skip
