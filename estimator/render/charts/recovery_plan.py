"""How soon are clients back with each setting of each lever, and which settings are in time?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from estimator.analysis.recovery_plan.result import Change, RecoveryPlan
from estimator.errors import ScenarioError
from estimator.format import figure_text, percent, span_text
from estimator.render.charts import style
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_INCHES: Final = 2.3


def recovery_plan_chart(plan: RecoveryPlan, look: Look | None = None) -> style.Chart:
    """Time to recover against the setting of each lever, with the wanted time as a line.

    Args:
        plan: with levers that have several settings.
        look: colors and width; dark on white, if left out.

    Raises:
        ScenarioError: no lever was tried, or none with several settings.
    """
    look = look or Look()
    shown = plan.charted
    if not shown:
        raise ScenarioError(
            "there is no chart of this plan: no lever was tried with several settings"
        )
    columns = 1 if look.is_narrow else 2
    rows = math.ceil(len(shown) / columns)
    who = percent(plan.share)
    title = f"{who} of the clients back, by what is changed; {span_text(plan.within_s)} wanted"
    chart = style.blank(look, _ROW_INCHES * rows + 0.4, title)
    grid = np.ravel(chart.subplots(rows, columns, squeeze=False))
    for axes, change in zip(grid, shown, strict=False):
        _lever(axes, look, plan, change)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    style.legend(chart, look)
    return chart


def _lever(axes: Axes, look: Look, plan: RecoveryPlan, change: Change) -> None:
    settings, seconds = np.transpose(change.tried)
    # what does not end in the time that was simulated stands above what does
    never = np.isinf(seconds)
    drawn = np.where(never, plan.sight_s, seconds)
    axes.plot(settings, drawn, color=look.blue, linewidth=1.2, alpha=0.6)
    axes.plot(
        settings[~never], drawn[~never], "o", color=look.blue, markersize=5, label="simulated"
    )
    if never.any():
        label = f"not back in {span_text(plan.sight_s)}"
        axes.plot(settings[never], drawn[never], "x", color=look.red, markersize=6, label=label)
    axes.axhline(
        plan.within_s, color=look.green, linewidth=1.6, linestyle=(0, (1, 1)), label="wanted"
    )
    chosen = next(at for at, each in enumerate(settings) if each == change.setting)
    axes.plot(
        settings[chosen],
        drawn[chosen],
        "o",
        color=look.ink,
        markersize=10,
        fillstyle="none",
        label="smallest change in time, or the best",
    )
    axes.set_xscale("log")
    axes.set_ylim(0, max(float(drawn.max()), plan.within_s) * 1.1)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    ticks = np.unique([settings[0], settings[chosen], settings[-1]])
    axes.set_xticks(ticks, [figure_text(each) for each in ticks])
    axes.minorticks_off()
    axes.set_title(change.title, loc="left", fontsize="small", color=look.ink)
    axes.set_ylabel("seconds")
    style.dress(axes, look)
