"""What does it cost to have messages sooner? Each transport as a point: delay against dollars."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from estimator.format import capitalized, delay_text, dollars
from estimator.render.charts.lines import LEGEND_ROW_INCHES, scale_usd
from estimator.render.charts.rows import transport_rows
from estimator.render.charts.style import Chart, blank, dress, legend
from estimator.shown import Look

if TYPE_CHECKING:
    import pandas as pd

    from estimator.analysis.transports.result import Transports

_PLOT_INCHES: Final = 3.4
_TICKS_S: Final = (0.01, 0.1, 1.0, 10.0, 60.0, 300.0, 3_600.0, 36_000.0)
_LETTERS_PER_INCH: Final = 11.0
_BESIDE: Final = 1.6
"""Times as far as the outermost points goes the horizontal axis."""
_NUMBERS_APART: Final = 0.06
"""Of the height of the plot: numbers of points closer than that stand on both sides of them."""


def transports_chart(found: Transports, look: Look | None = None) -> Chart:
    """The best deployment of each transport, by the delay that it adds and by what it costs.

    Points in blue are the choices: nothing that is sooner costs less.

    Args:
        found: what was compared.
        look: colors and width; dark on white, if left out.
    """
    return points_chart(transport_rows(found), found.title, found.within_seconds, look)


def points_chart(
    rows: pd.DataFrame, title: str, within_seconds: float | None, look: Look | None = None
) -> Chart:
    """The same from the rows alone.

    Args:
        rows: of ``transport_rows``.
        title: what was asked.
        within_seconds: how late messages may come, drawn as a line; None if nobody says.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    names = [_name(row, look) for row in rows.to_dict("records")]
    height = _PLOT_INCHES + LEGEND_ROW_INCHES * sum(name.count("\n") + 1 for name in names)
    chart = blank(look, height, f"Dollars and delay: {title}")
    axes = chart.subplots()
    if rows.empty:
        axes.set_axis_off()
        axes.set_title("No transport is within limits on any deployment.", loc="left")
        return chart
    scale_usd(axes, [rows["usd"].to_numpy(float)])
    axes.set_xscale("log")
    low, high = delay_span(rows)
    axes.set_xlim(low, high)
    chosen = rows[rows["is_choice"]].sort_values("at_s")
    axes.step(chosen["at_s"], chosen["usd"], where="post", color=look.blue, linewidth=0.8, zorder=2)
    heights = axes.transScale + axes.transLimits
    previous: tuple[float, float] | None = None
    side = 1
    for row in rows.sort_values(["at_s", "usd"]).to_dict("records"):
        at = tuple(heights.transform((row["at_s"], row["usd"])))
        is_close = previous is not None and at[0] == previous[0] and (
            abs(at[1] - previous[1]) < _NUMBERS_APART
        )  # fmt: skip
        side = -side if is_close else 1
        previous = at
        axes.annotate(
            str(row["number"]),
            (row["at_s"], row["usd"]),
            xytext=(6 * side, 4),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            fontsize="small",
            color=look.ink,
        )
    for row, name in zip(rows.to_dict("records"), names, strict=True):
        axes.plot(
            row["at_s"],
            row["usd"],
            "o",
            color=look.blue if row["is_choice"] else look.gray,
            markersize=7,
            zorder=3,
            label=name,
        )
    ticks = delay_ticks(rows, low, high)
    axes.set_xticks([*ticks], [*ticks.values()])
    axes.minorticks_off()
    axes.set_xlabel("delay that 95% of the messages stay within")
    axes.set_ylabel("US dollars per month")
    if within_seconds is not None:
        axes.axvline(within_seconds, color=look.red, linewidth=0.9, linestyle="--")
    dress(axes, look)
    legend(chart, look)
    return chart


def _name(row: Mapping[Any, Any], look: Look) -> str:
    """A point below the chart."""
    name = f"{row['number']}  {capitalized(row['name'])}, {dollars(row['usd'])}: {row['title']}"
    return textwrap.fill(name, int(look.width_inches * _LETTERS_PER_INCH), subsequent_indent="    ")


def delay_span(rows: pd.DataFrame) -> tuple[float, float]:
    """Where an axis of delays begins and ends, in seconds."""
    return float(rows["at_s"].min()) / _BESIDE, float(rows["at_s"].max()) * _BESIDE


def delay_ticks(rows: pd.DataFrame, low: float, high: float) -> dict[float, str]:
    """What stands on an axis of delays, by seconds: at what stands for none, and at round ones."""
    none = rows.loc[rows["p95_s"] < rows["at_s"], "at_s"].head(1).tolist()
    return {
        **dict.fromkeys(none, delay_text(0.0)),
        **{s: delay_text(s) for s in _TICKS_S if max([low, *none]) < s < high},
    }
