"""What does each deployment cost in the months to come, and when does something change?"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.lines import Line2D

from estimator.analysis.estimate import Estimate
from estimator.analysis.turning_points import (
    CheapestChanged,
    LimitExceeded,
    TierReached,
    by_month,
    cheapest_holding,
    held,
)
from estimator.report.amounts import count_text
from estimator.report.charts.look import (
    Chart,
    Look,
    Mark,
    blank,
    draw_marks,
    dress,
    legend,
    say_below_title,
)
from estimator.scenario.model import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from estimator.report.growth import Growth

_HEIGHT_INCHES: Final = 4.6
_PLOT_POINTS: Final = 235.0
"""Height of the axes themselves, about; labels beside them must keep apart."""
_LABEL_LETTERS: Final = 34
_LINE_POINTS: Final = 9.5
_LEGEND_ROW_INCHES: Final = 0.2
_RATIO_FOR_LOG: Final = 10.0
"""From this ratio of the dearest to the cheapest on, small bills could not be seen otherwise."""
_CHANGES_NAMED: Final = 3
"""More names above the lines cannot be read."""
_ON_LIGHT: Final = (
    "#0072B2", "#D55E00", "#00825F", "#B0568C", "#B37700", "#2E2E2E", "#3E93C6", "#7B7B7B",
)  # fmt: skip
_ON_DARK: Final = (
    "#56B4E9", "#F2853D", "#2BBF94", "#E79CC5", "#F0C75E", "#F2F2F2", "#8FA9F5", "#A5ADB5",
)  # fmt: skip
"""Okabe and Ito's hues, as dark or as light as thin lines on the paper need."""


def growth_chart(growth: Growth, look: Look | None = None, most: int = 8) -> Chart:
    """The monthly bill of each deployment while the audience grows; broad where it is cheapest.

    Args:
        growth: the bills of all months.
        look: colours and width; dark on white, if left out.
        most: lines at most.
    """
    look = look or Look()
    bills = growth.shown(most)
    # on a phone the names stand below, in a legend of their own rows
    rows_below = _LEGEND_ROW_INCHES * len(bills) if look.is_narrow else 0.0
    chart = blank(look, _HEIGHT_INCHES + rows_below, f"Monthly cost: {growth.title}")
    axes = chart.subplots()
    totals = [by_month(bill.total, growth.months) for bill in bills]
    palette = _ON_DARK if look.is_dark else _ON_LIGHT
    colours = [palette[index % len(palette)] for index in range(len(bills))]
    _scale(axes, totals, growth.months)
    _band(axes, look, growth)
    for index, (bill, total, colour) in enumerate(zip(bills, totals, colours, strict=True)):
        style = "-" if index < len(palette) else (0, (1, 1))
        label = f"{bill.title}, {bill.cloud_name}" if look.is_narrow else None
        _line(axes, growth, bill, total, colour, style, label)
    rows = draw_marks(axes, look, _marks(growth))
    say_below_title(axes, look, [f"{growth.audience}."], rows)
    _months(axes, look, growth)
    axes.set_ylabel("US dollars a month")
    axes.yaxis.set_major_formatter("${x:,.0f}")
    axes.grid(axis="y", color=look.grey, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, look)
    if not look.is_narrow:
        _names(axes, bills, totals, colours)
    _explain_signs(axes, look, growth, bills)
    legend(chart, look)
    return chart


def _scale(axes: Axes, totals: Sequence[FloatArray], months: int) -> None:
    axes.set_xlim(0, months)
    everything = np.concatenate(totals) if totals else np.ones(1)
    least, most = float(everything.min()), float(everything.max())
    if least > 0 and most / least >= _RATIO_FOR_LOG:
        axes.set_yscale("log")
        axes.set_ylim(least / 1.3, most * 1.3)
    else:
        axes.set_ylim(0, most * 1.08 or 1)


def _line(
    axes: Axes,
    growth: Growth,
    bill: Estimate,
    total: FloatArray,
    colour: str,
    style: str | tuple[int, tuple[int, ...]],
    label: str | None,
) -> None:
    months = np.arange(growth.months + 1)
    holds = held(bill, growth.months)
    axes.plot(months, total, color=colour, linewidth=1.0, linestyle=(0, (3, 3)), alpha=0.6)
    axes.plot(
        months, np.where(holds, total, np.nan), color=colour, linewidth=1.8, linestyle=style,
        label=label,
    )  # fmt: skip
    for event in growth.events:
        if bill.deployment not in event.deployments or isinstance(event, CheapestChanged):
            continue
        marker, size, filled = _sign(event)
        axes.plot(
            event.month, total[event.month], linestyle="none", marker=marker, markersize=size,
            markerfacecolor=colour if filled else axes.get_facecolor(), markeredgecolor=colour,
            clip_on=False, zorder=3,
        )  # fmt: skip


def _sign(event: LimitExceeded | TierReached) -> tuple[str, float, bool]:
    """Marker, its size, and whether it is filled."""
    if isinstance(event, TierReached):
        return "o", 4.0, False
    return ("X", 9.0, True) if event.cannot_hold else ("^", 7.0, True)


def _band(axes: Axes, look: Look, growth: Growth) -> None:
    """A broad pale line along the bill of whatever is cheapest."""
    leaders = cheapest_holding(growth.bills, growth.months)
    least = [
        np.nan if bill is None else float(by_month(bill.total, growth.months)[month])
        for month, bill in enumerate(leaders)
    ]
    axes.plot(
        least, color=look.grey, alpha=0.35, linewidth=9, solid_capstyle="butt", zorder=1,
        label="cheapest that holds",
    )  # fmt: skip


def _marks(growth: Growth) -> list[Mark]:
    changes = [event for event in growth.events if isinstance(event, CheapestChanged)]
    return [
        Mark(event.month, f"cheapest: {event.name}" if event.deployment else "none holds")
        for event in changes[:_CHANGES_NAMED]
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


def _names(
    axes: Axes,
    bills: Sequence[Estimate],
    totals: Sequence[FloatArray],
    colours: Sequence[str],
) -> None:
    """Each line by its name, to the right of its end, where no other name stands."""
    texts = [
        textwrap.wrap(_label(bill, float(total[-1])), _LABEL_LETTERS)
        for bill, total in zip(bills, totals, strict=True)
    ]
    to_fraction = axes.transScale + axes.transLimits
    ends = [float(to_fraction.transform((0.0, total[-1]))[1]) for total in totals]
    heights = [(_LINE_POINTS * len(lines) + 3) / _PLOT_POINTS for lines in texts]
    for lines, end, place, colour in zip(texts, ends, _apart(ends, heights), colours, strict=True):
        axes.annotate(
            "\n".join(lines),
            (1.0, end),
            xycoords="axes fraction",
            xytext=(1.045, place),
            textcoords="axes fraction",
            va="center",
            fontsize="x-small",
            linespacing=1.0,
            color=colour,
            parse_math=False,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 1,
                        "shrinkB": 3, "relpos": (0.0, 0.5)},
        )  # fmt: skip


def _label(bill: Estimate, usd: float) -> str:
    amount = f"${usd:,.0f}" if usd >= 1000 else f"${usd:,.2f}"
    return f"{amount} {bill.title}, {bill.cloud_name}"


def _apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Places near those wanted at which labels of such heights do not overlap.

    >>> _apart([0.5, 0.5], [0.1, 0.1])
    [0.45, 0.55]
    """
    # labels that touch form a block around the mean of what they want; blocks that touch are one
    blocks: list[list[int]] = []
    for index in sorted(range(len(wanted)), key=lambda each: wanted[each]):
        blocks.append([index])
        while len(blocks) > 1 and _top(blocks[-2], wanted, heights) > _bottom(
            blocks[-1], wanted, heights
        ):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    places = [0.0] * len(wanted)
    for block in blocks:
        low = _bottom(block, wanted, heights)
        for index in block:
            places[index] = low + heights[index] / 2
            low += heights[index]
    return places


def _bottom(block: list[int], wanted: Sequence[float], heights: Sequence[float]) -> float:
    height = sum(heights[index] for index in block)
    return sum(wanted[index] for index in block) / len(block) - height / 2


def _top(block: list[int], wanted: Sequence[float], heights: Sequence[float]) -> float:
    return _bottom(block, wanted, heights) + sum(heights[index] for index in block)


def _explain_signs(axes: Axes, look: Look, growth: Growth, bills: Sequence[Estimate]) -> None:
    """What the signs on the lines mean, if there are such signs."""
    shown = {bill.deployment for bill in bills}
    words = {
        "X": "cannot hold from here on",
        "^": "a limit must be raised",
        "o": "another price tier",
    }
    found = {
        _sign(event)[0]: _sign(event)
        for event in growth.events
        if not isinstance(event, CheapestChanged) and shown & {*event.deployments}
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
