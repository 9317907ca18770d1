"""What did each deployment cost before, and what does it cost now?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from estimator.analysis.diff.bill_changes import BillChange
from estimator.format import signed_percent
from estimator.render.charts.style import Chart, blank, dress, legend, name_rows
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from estimator.analysis.diff.diff import Difference

_ROW_INCHES: Final = 0.28
_PHONE_ROW_INCHES: Final = 0.36
_RATIO_FOR_LOG: Final = 10.0
"""From this ratio of the largest to the smallest bill on, the smallest could not be seen."""


def difference_chart(difference: Difference, look: Look | None = None) -> Chart:
    """A row for each deployment: a ring where its bill was, a dot where it is now.

    Args:
        difference: what could not be priced twice is left out.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    bills = [each for each in difference.bills if each.change_usd is not None]
    row = _PHONE_ROW_INCHES if look.is_narrow else _ROW_INCHES
    chart = blank(look, 1.4 + row * max(len(bills), 2), difference.headline)
    axes = chart.subplots()
    _scale(axes, bills)
    for position, each in enumerate(bills):
        _draw_row(axes, look, position, each)
    between = "\n" if look.is_narrow else ", "
    names = [
        f"{each.title}{between}{each.after.cloud_name if each.after else ''}" for each in bills
    ]
    name_rows(axes, names, "x-small" if look.is_narrow else "small")
    axes.set_ylim(max(len(bills), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("US dollars per month")
    axes.xaxis.set_major_formatter("${x:,.0f}")
    axes.grid(axis="x", color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, look)
    legend(chart, look)
    return chart


def _scale(axes: Axes, bills: Sequence[BillChange]) -> None:
    amounts = [usd for each in bills for usd in each.usd if usd is not None]
    least, most = min(amounts, default=0.0), max(amounts, default=1.0)
    if least > 0 and most / least >= _RATIO_FOR_LOG:
        axes.set_xscale("log")
        # room on the right for the percentages
        axes.set_xlim(least / 1.3, most * (most / least) ** 0.12)
    else:
        axes.set_xlim(0, most * 1.15 or 1)


def _draw_row(axes: Axes, look: Look, position: int, change: BillChange) -> None:
    before, after = (usd or 0.0 for usd in change.usd)
    moved, after_change = change.is_moved, change.after
    beyond = after_change is not None and not after_change.state.is_within_limits
    color = look.red if after > before else look.green
    if moved:
        axes.plot([before, after], [position] * 2, color=color, linewidth=2.2, zorder=2)
    axes.plot(
        before, position, linestyle="none", marker="o", markersize=7, markerfacecolor=look.paper,
        markeredgecolor=look.gray, markeredgewidth=1.4, zorder=2.5, label="before",
    )  # fmt: skip
    marker, words = ("X", "now, not within limits") if beyond else ("o", _now(change))
    axes.plot(
        after, position, linestyle="none", marker=marker, markersize=9 if beyond else 7,
        color=color if moved else look.gray, zorder=3, label=words,
    )  # fmt: skip
    axes.annotate(
        signed_percent(change.change_percent) if moved else "",
        (max(before, after), position),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize="small",
        color=look.ink,
        annotation_clip=False,
    )


def _now(change: BillChange) -> str:
    if not change.is_moved:
        return "now, the same"
    return "now, more" if (change.change_usd or 0.0) > 0 else "now, less"
