"""What does each app cost, by who runs what holds its connections, and how sure is that?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from estimator.deployments.registry import GROUPS
from estimator.format import short_dollars
from estimator.render.charts.lines import line_colors
from estimator.render.charts.style import Chart, blank, dress, legend, name_rows
from estimator.shown import Look

if TYPE_CHECKING:
    from estimator.analysis.gallery.result import Gallery

_ROW_INCHES: Final = 0.5
_MARKERS: Final = ("o", "s", "^")
_APART: Final = 0.24
"""Between the groups of an app, of the distance of two apps."""


def gallery_chart(gallery: Gallery, look: Look | None = None) -> Chart:
    """A point for the best of each group of each app, with a line from P10 to P90.

    Args:
        gallery: what is drawn.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    figure = blank(look, 1.4 + _ROW_INCHES * len(gallery.apps), gallery.title)
    axes = figure.subplots()
    colors = line_colors(look, len(GROUPS))
    table = gallery.table
    row_of = {app.profile: row for row, app in enumerate(gallery.apps)}
    for number, (group, color, marker) in enumerate(zip(GROUPS, colors, _MARKERS, strict=True)):
        rows = table[(table["group"] == group) & table["total_usd"].notna()]
        heights = [row_of[name] + (number - 1) * _APART for name in rows["profile"]]
        axes.hlines(heights, rows["p10_usd"], rows["p90_usd"], color=color, linewidth=2, alpha=0.6)
        axes.plot(
            rows["total_usd"], heights, linestyle="none", marker=marker, color=color,
            label=f"{group}, P10 to P90",
        )  # fmt: skip
    name_rows(axes, [app.title for app in gallery.apps], "x-small" if look.is_narrow else "small")
    axes.set_ylim(len(gallery.apps) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    if table["total_usd"].notna().any():
        # apps differ by more than any other axis could show
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=max(3, int(look.width_inches))))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda usd, _: short_dollars(usd)))
    axes.set_xlabel("US dollars per month")
    axes.grid(axis="x", color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, look)
    legend(figure, look)
    return figure
