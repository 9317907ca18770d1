"""How do bills change with one number, or with two, and which deployment is the cheapest where?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from estimator.analysis.breakeven.crossovers import NONE_WITHIN_LIMITS, is_logarithmic
from estimator.analysis.fields import current_value, field_words
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.format import dollars, value_text
from estimator.render.charts import style
from estimator.render.charts.lines import (
    LEGEND_ROW_INCHES,
    PLOT_HEIGHT_INCHES,
    line_colors,
    name_lines,
    scale_usd,
)
from estimator.render.charts.rows import break_even_rows, line_name, line_rows
from estimator.scenario.scenario import Scenario
from estimator.shown import Look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from estimator.analysis.breakeven.breakeven import BreakEven
    from estimator.analysis.sweep import Sweep

_MOST_AXES: Final = 2
_MOST_MARKS: Final = 6
"""More dashed lines would hide the bills."""
_MOST_CONTOURS: Final = 3
"""Of powers of ten: more lines, and their amounts, would hide the map."""


def sweep_chart(swept: Sweep, look: Look | None = None) -> style.Chart:
    """Lines of cost over one axis, or a map of the cheapest over two.

    Args:
        swept: of one or two axes, or of several that change together.
        look: colors and width; dark on white, if left out.

    Raises:
        ScenarioError: there are more axes than a chart has.
    """
    if len(swept.shape) > _MOST_AXES:
        raise ScenarioError(
            f"a chart shows one or two axes, not {len(swept.shape)}: sweep fewer, or draw from "
            ".totals"
        )
    return _map(swept, look or Look()) if len(swept.shape) > 1 else _cost_lines(swept, look)


def _cost_lines(swept: Sweep, look: Look | None) -> style.Chart:
    """The monthly bill of each deployment over one axis; dashed where it exceeds a limit."""
    (field, values), *_ = swept.axes.items()
    order = np.argsort(values, kind="stable")
    usd = swept.priced.total_usd[:, order]
    within = swept.priced.within_limits_usd[:, order]
    rows = line_rows(values[order], usd, within, swept.deployments)
    return _lines(swept.title, field, rows, look)


def break_even_chart(found: BreakEven, look: Look | None = None) -> style.Chart:
    """The bills of the rivals over the range, with a mark where the lead changes."""
    return _lines(found.title, found.field, break_even_rows(found), look, break_even_marks(found))


def break_even_marks(found: BreakEven) -> list[style.Mark]:
    """Where the lead changes, and where the scenario is."""
    marks = [style.Mark(each.at, value_text(each.at)) for each in found.crossovers[:_MOST_MARKS]]
    now = _now(found.scenario, found.field)
    if now is not None and found.low < now < found.high:
        marks.append(style.Mark(now, "now"))
    return marks


def _lines(
    title: str,
    field: str,
    rows: pd.DataFrame,
    look: Look | None,
    marks: Sequence[style.Mark] = (),
) -> style.Chart:
    look = look or Look()
    lines = [line for _, line in rows.groupby("name", sort=False)]
    names = [str(line["name"].iloc[0]) for line in lines]
    values = rows["at"].unique()
    rows_below = LEGEND_ROW_INCHES * len(lines) if look.is_narrow else 0.0
    chart = style.blank(look, PLOT_HEIGHT_INCHES + rows_below, f"Monthly cost: {title}")
    axes = chart.subplots()
    if is_logarithmic(float(values[0]), float(values[-1])):
        axes.set_xscale("log")
    axes.set_xlim(float(values[0]), float(values[-1]))
    bills = [line["usd"].to_numpy() for line in lines]
    scale_usd(axes, bills)
    if lines:
        axes.plot(
            values, lines[0]["least_usd"], color=look.gray, alpha=0.35, linewidth=9,
            solid_capstyle="butt", zorder=1, label="cheapest within limits",
        )  # fmt: skip
    colors = line_colors(look, len(lines))
    for line, bill, color, name in zip(lines, bills, colors, names, strict=True):
        axes.plot(values, bill, color=color, linewidth=1.0, linestyle=(0, (3, 3)), alpha=0.6)
        solid = np.where(line["is_within_limits"], bill, np.nan)
        axes.plot(values, solid, color=color, linewidth=1.8, label=name if look.is_narrow else None)
    rows_of_marks = style.draw_marks(axes, look, marks)
    beyond = bool((rows["usd"].notna() & ~rows["is_within_limits"].astype(bool)).any())
    dashed = ["Dashed: exceeds a limit, or was not checked."] if beyond else []
    style.say_below_title(axes, look, dashed, rows_of_marks)
    axes.set_xlabel(field_words(field))
    axes.xaxis.set_major_formatter(FuncFormatter(_tick))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("US dollars per month")
    axes.grid(axis="y", color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    style.dress(axes, look)
    if not look.is_narrow:
        ends = [_last(bill) for bill in bills]
        labels = [f"{dollars(end)} {name}" for end, name in zip(ends, names, strict=True)]
        name_lines(axes, labels, ends, colors)
    style.legend(chart, look)
    return chart


def _now(scenario: Scenario, field: str) -> float | None:
    """The value of a field in the scenario, if it has one."""
    try:
        return current_value(scenario, field)
    except ScenarioError:
        return None


def _last(bill: FloatArray) -> float:
    known = bill[np.isfinite(bill)]
    return float(known[-1]) if known.size else 0.0


def _map(swept: Sweep, look: Look) -> style.Chart:
    """The cheapest within limits over two axes, with contours of its lead in dollars."""
    (across, columns), (upward, rows) = swept.axes.items()
    winners = swept.winners.T
    found = [int(index) for index in np.unique(winners) if index != NONE_WITHIN_LIMITS]
    names = [line_name(swept.deployments[index]) for index in found]
    has_none = bool(np.any(winners == NONE_WITHIN_LIMITS))
    height = PLOT_HEIGHT_INCHES + LEGEND_ROW_INCHES * (len(found) + has_none) / 2
    chart = style.blank(look, height, f"Cheapest deployment within limits: {swept.title}")
    axes = chart.subplots()
    colors = line_colors(look, len(found))
    codes = np.full(winners.shape, len(found))
    for code, index in enumerate(found):
        codes[winners == index] = code
    _scale(axes, "x", columns)
    _scale(axes, "y", rows)
    axes.pcolormesh(
        columns, rows, codes, shading="nearest", vmin=0, vmax=max(len(found), 1), alpha=0.55,
        cmap=ListedColormap([*colors, look.gray]), rasterized=True,
    )  # fmt: skip
    _lead_contours(axes, look, columns, rows, swept.lead_usd.T)
    _mark_now(axes, look, swept)
    axes.set_xlabel(field_words(across))
    axes.set_ylabel(field_words(upward))
    style.say_below_title(
        axes, look, ["Contours: US dollars per month that it costs less than the next."], 0
    )
    style.dress(axes, look)
    patches = [Patch(color=c, alpha=0.55, label=n) for c, n in zip(colors, names, strict=True)]
    if has_none:
        patches.append(Patch(color=look.gray, alpha=0.55, label="none within limits"))
    chart.legend(
        handles=patches, loc="outside lower center", ncols=1 if look.is_narrow else 2,
        frameon=False, fontsize="small", labelcolor=look.ink,
    )  # fmt: skip
    return chart


def _mark_now(axes: Axes, look: Look, swept: Sweep) -> None:
    """A cross where the scenario is, if it is on the map."""
    x, y = (_now(swept.scenario, field) for field in swept.axes)
    columns, rows = swept.axes.values()
    if x is None or not columns.min() <= x <= columns.max():
        return
    if y is None or not rows.min() <= y <= rows.max():
        return
    axes.plot(
        x, y, linestyle="none", marker="P", markersize=11, clip_on=False,
        markerfacecolor=look.ink, markeredgecolor=look.paper, zorder=5,
    )  # fmt: skip
    axes.annotate(
        "now", (x, y), xytext=(9, 6), textcoords="offset points", fontsize="small",
        color=look.ink, zorder=5, path_effects=[withStroke(linewidth=3, foreground=look.paper)],
    )  # fmt: skip


def _scale(axes: Axes, which: str, values: FloatArray) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    ascending = np.sort(values)
    if is_logarithmic(float(ascending[0]), float(ascending[-1])):
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        axis.set_major_locator(LogLocator(numticks=8))
    axis.set_major_formatter(FuncFormatter(_tick))
    axis.set_minor_formatter(NullFormatter())


def _tick(value: float, _position: int | None) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"


def _lead_contours(
    axes: Axes, look: Look, columns: FloatArray, rows: FloatArray, lead: FloatArray
) -> None:
    """Lines of equal lead at round amounts, a few of them."""
    # less than a dollar is none, and its lines would follow the rounding of bills that are the same
    known = lead[np.isfinite(lead) & (lead >= 1)]
    if not known.size:
        return
    first, last = np.floor(np.log10(np.quantile(known, [0.2, 0.8]))).astype(int)
    levels = 10.0 ** np.arange(first, last + 2)[-_MOST_CONTOURS:]
    lines = axes.contour(
        columns, rows, np.where(np.isfinite(lead), lead, np.nan), levels=levels,
        colors=look.ink, linewidths=0.7,
    )  # fmt: skip
    axes.clabel(lines, fmt=lambda usd: f"${usd:,.4g}", fontsize="x-small", colors=look.ink)
