"""What all charts of the page share: ink, axes, names below, the rule under the pointer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from estimator.shown import Look

FADED: Final = 0.12
"""Of lines that are not the one whose name was clicked on."""
LEGEND_ROW_PX: Final = 26
MARK_ROW_PX: Final = 14
_PIXELS_PER_INCH: Final = 84
"""Of the width of a look, about."""
_LEGEND_FONT_PX: Final = {False: 13.0, True: 10.5}
_LETTER_OF_FONT, _SYMBOL_PX = 0.56, 36
_BESIDE_LEGEND_PX: Final = 100
"""The numbers of the axis, below which it does not begin, and a symbol."""
_MANY_DECADES: Final = 1_000
_DOLLARS: Final = "'$' + format(datum.value, 0 < datum.value && datum.value < 1 ? ',.2f' : ',.0f')"


@dataclass(frozen=True, slots=True)
class Touchable:
    """A chart and the space that it takes."""

    spec: dict[str, Any]
    """In Vega-Lite."""
    height_px: int
    """All of it: axes and legend, too."""


def width_px(look: Look) -> int:
    """About how wide a chart of this look is on a screen."""
    return int(look.width_inches * _PIXELS_PER_INCH)


def legend_below(
    look: Look, names: Iterable[str], symbol: str = "stroke"
) -> tuple[alt.Legend, int]:
    """Names below the chart, and how high they are in pixels.

    >>> legend_below(Look(width_inches=4.2), ["compute", "messages", "connection time"])[1]
    52
    """
    lengths = [len(name) for name in names] or [1]
    font_px = _LEGEND_FONT_PX[look.is_narrow]
    longest_px = max(lengths) * font_px * _LETTER_OF_FONT + _SYMBOL_PX
    columns = min(max(1, int(width_px(look) / longest_px)), len(lengths))
    legend = alt.Legend(
        orient="bottom",
        title=None,
        columns=columns,
        labelLimit=width_px(look) - _BESIDE_LEGEND_PX,
        labelFontSize=font_px,
        symbolType=symbol,
    )
    return legend, LEGEND_ROW_PX * -(-len(lengths) // columns)


def colored(colors: Mapping[str, str]) -> alt.Scale:
    """Names and their colors."""
    return alt.Scale(domain=[*colors], range=[*colors.values()])


def scale(low: float, high: float, *, is_log: bool) -> alt.Scale:
    """A linear or logarithmic scale from here to there."""
    return alt.Scale(type="log" if is_log else "linear", domain=[low, high], nice=False, clamp=True)


def ticks(low: float, high: float, *, is_log: bool) -> dict[str, Any]:
    """Where an axis has its numbers, as arguments of it."""
    return {"values": powers(low, high)} if is_log else {"tickCount": 6}


def dollar_axis(low: float, high: float, *, is_log: bool) -> alt.Axis:
    """Dollars, with thousands parted; whole where they are no less than one."""
    return alt.Axis(
        labelExpr=_DOLLARS,
        gridOpacity=0.5,
        title="US dollars per month",
        **ticks(low, high, is_log=is_log),
    )


def powers(low: float, high: float) -> list[float]:
    """Round numbers on a logarithmic axis: powers of ten, and between them where there are few.

    >>> powers(30, 2_000), powers(30, 200_000)
    ([50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0], [100.0, 1000.0, 10000.0, 100000.0])
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < _MANY_DECADES else (1,)
    found = [step * 10.0**decade for decade in decades for step in steps]
    return [each for each in found if low <= each <= high]


def under_pointer(
    wide: pd.DataFrame, told: Mapping[str, str], x: alt.X, look: Look, name: str
) -> alt.Chart:
    """A rule at the value nearest to the pointer, which tells the figures of all lines there.

    Args:
        wide: a row for each value, texts to tell in columns.
        told: names of what is told, by column.
        x: the horizontal axis.
        look: the chart's.
        name: of the selection.
    """
    near = alt.selection_point(
        name=name, nearest=True, on="pointerover", clear="pointerout", empty=False, encodings=["x"]
    )
    return (
        alt.Chart(wide)
        .mark_rule(color=look.ink, strokeWidth=1)
        .encode(
            x=x,
            opacity=alt.condition(near, alt.value(0.6), alt.value(0.0)),
            tooltip=[alt.Tooltip(f"{column}:N", title=title) for column, title in told.items()],
        )
        .add_params(near)
    )


def finished(chart: alt.LayerChart | alt.FacetChart, look: Look, height_px: int) -> Touchable:
    """A chart in ink."""
    done = chart.configure(
        axis=alt.AxisConfig(labelColor=look.ink, titleColor=look.ink, labelLimit=0),
        legend=alt.LegendConfig(labelColor=look.ink),
    )
    return Touchable(done.to_dict(), height_px)
