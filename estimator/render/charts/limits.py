"""When does it get tight? Deployments against the hours of the week."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from estimator.analysis.estimate.result import Estimate
from estimator.analysis.limit_utilization import Utilization, utilization, worst_first
from estimator.deployments.limits import NEAR_SHARE
from estimator.render.charts.style import DAYS, Chart, blank, dress, name_rows, week_axis
from estimator.render.utilization_scale import level_colors, level_of, share_text
from estimator.shown import Look
from estimator.units import DAYS_PER_WEEK, HOURS_PER_DAY, HOURS_PER_WEEK

_ROW_INCHES: Final = 0.27
_STEADY_LEFT, _STEADY_RIGHT = -0.62, -0.12
"""Where the limits stand that do not depend on the hour, in days left of Monday."""
_ROOM_DAYS: Final = 0.9
"""Right of Sunday, for the numbers."""
_NARROW_LETTERS = 26
"""Of a line beside a narrow chart."""


def limits_chart(bills: Sequence[Estimate], look: Look | None = None) -> Chart:
    """Used share of the closest limit of each deployment in each hour; the worst first.

    Args:
        bills: bills of single scenarios.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    rows = [(bill, utilization(bill)) for bill in worst_first(bills)]
    levels = level_colors(dark=look.is_dark)
    scale = ListedColormap([color for _, color in levels])
    norm = BoundaryNorm(np.arange(len(levels) + 1) - 0.5, len(levels))
    chart = blank(look, 1.5 + _ROW_INCHES * max(len(rows), 1), _title([each for _, each in rows]))
    axes = chart.subplots()
    edges = np.arange(len(rows) + 1) - 0.5
    hours = np.arange(HOURS_PER_WEEK + 1) / HOURS_PER_DAY
    by_hour = np.array([each.by_hour for _, each in rows]).reshape(-1, HOURS_PER_WEEK)
    steady = np.array([[each.at_all_hours] for _, each in rows]).reshape(-1, 1)
    for x, shares in (
        (hours, by_hour),
        ([_STEADY_LEFT, _STEADY_RIGHT], steady),
    ):
        if len(rows):
            axes.pcolormesh(
                x,
                edges,
                np.ma.masked_less(level_of(shares), 0),
                cmap=scale,
                norm=norm,
                rasterized=True,
            )
    for position, (_, each) in enumerate(rows):
        axes.annotate(
            share_text(each.peak),
            (DAYS_PER_WEEK + 0.1, position),
            va="center",
            color=look.ink,
            fontsize="small",
        )
    axes.hlines(edges, _STEADY_LEFT, DAYS_PER_WEEK, color=look.paper, linewidth=1.5)
    names = [_name(bill, look) for bill, _ in rows]
    name_rows(axes, names, "x-small" if look.is_narrow else "small")
    week_axis(axes, look)
    axes.set_xlim(_STEADY_LEFT, DAYS_PER_WEEK + _ROOM_DAYS)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.set_xlabel("day of the week (UTC); left of it, limits of all hours")
    if look.is_narrow:
        axes.set_xlabel("day (UTC); left: all hours", fontsize="small")
        axes.set_xticks(np.arange(DAYS_PER_WEEK) + 0.5, [day[0] for day in DAYS], minor=True)
    dress(axes, look)
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0)
    chart.legend(
        handles=[
            Patch(facecolor=color, edgecolor=look.gray, linewidth=0.5, label=name)
            for name, color in levels
        ],
        loc="outside lower center",
        ncols=2 if look.is_narrow else len(levels),
        frameon=False,
        fontsize="small",
        labelcolor=look.ink,
        columnspacing=1.2,
        handlelength=1.2,
    )
    return chart


def _title(found: Sequence[Utilization]) -> str:
    count = len(found)
    if not count:
        return "No deployment was checked"
    beyond = sum(each.peak > 1 for each in found)
    close = sum(NEAR_SHARE <= each.peak <= 1 for each in found)
    return (
        f"Of {count} deployment{'s' if count > 1 else ''}, {beyond} would go beyond a limit and "
        f"{close} would come close to one"
    )


def _name(bill: Estimate, look: Look) -> str:
    name = f"{bill.title}, {bill.cloud_name}"
    return textwrap.fill(name, _NARROW_LETTERS) if look.is_narrow else name
