"""What all charts of the page share: ink, axes, names below, the rule under the pointer.

Charts are Vega-Lite as plain data. Libraries that make it of objects copy and look through these
for longer than an edit may take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from estimator.render.charts.style import Mark, rows_apart
from estimator.shown import Look

FADED: Final = 0.12
"""Of lines that are not the one whose name was clicked on."""
LEGEND_ROW_PX: Final = 26
_MARK_ROW_PX, _MARK_LETTER_PX = 14, 6.5
"""Of the words of marks, above a chart."""
_NUMBERS_PX: Final = 70
"""Left of what is drawn."""
_PIXELS_PER_INCH: Final = 84
"""Of the width of a look, about."""
_LEGEND_FONT_PX: Final = {False: 13.0, True: 10.5}
_LETTER_OF_FONT, _SYMBOL_PX = 0.56, 36
_BESIDE_LEGEND_PX: Final = 100
"""The numbers of the axis, below which it does not begin, and a symbol."""
_MANY_DECADES: Final = 1_000
_DOLLARS: Final = "'$' + format(datum.value, 0 < datum.value && datum.value < 1 ? ',.2f' : ',.0f')"

Part = dict[str, Any]
"""A part of a specification in Vega-Lite: https://vega.github.io/vega-lite/docs/spec.html"""


@dataclass(frozen=True, slots=True)
class Touchable:
    """A chart and the space that it takes."""

    spec: Part
    """In Vega-Lite."""
    height_px: int
    """All of it: axes and legend, too."""


def width_px(look: Look) -> int:
    """About how wide a chart of this look is on a screen."""
    return int(look.width_inches * _PIXELS_PER_INCH)


def numbers_in(column: str, **more: Any) -> Part:
    """What follows a column of numbers."""
    return {"field": column, "type": "quantitative", **more}


def names_in(column: str, **more: Any) -> Part:
    """What follows a column of names."""
    return {"field": column, "type": "nominal", **more}


def tooltip(told: Mapping[str, str]) -> list[Part]:
    """What is told under the pointer: what each column is called."""
    return [names_in(column, title=title) for column, title in told.items()]


def values(table: pd.DataFrame) -> Part:
    """The rows of a table as the data of a chart; what is missing is null.

    >>> values(pd.DataFrame({"usd": [1.5, None]}))
    {'values': [{'usd': 1.5}, {'usd': None}]}
    """
    return {"values": table.astype(object).where(table.notna(), None).to_dict("records")}


def legend_below(look: Look, names: Iterable[str], symbol: str = "stroke") -> tuple[Part, int]:
    """Names below the chart, and how high they are in pixels.

    >>> legend_below(Look(width_inches=4.2), ["compute", "messages", "connection time"])[1]
    52
    """
    lengths = [len(each) for each in names] or [1]
    font_px = _LEGEND_FONT_PX[look.is_narrow]
    longest_px = max(lengths) * font_px * _LETTER_OF_FONT + _SYMBOL_PX
    columns = min(max(1, int(width_px(look) / longest_px)), len(lengths))
    legend = {
        "orient": "bottom",
        "title": None,
        "columns": columns,
        "labelLimit": width_px(look) - _BESIDE_LEGEND_PX,
        "labelFontSize": font_px,
        "symbolType": symbol,
    }
    return legend, LEGEND_ROW_PX * -(-len(lengths) // columns)


def colored(colors: Mapping[str, str]) -> Part:
    """Names and their colors."""
    return {"domain": [*colors], "range": [*colors.values()]}


def scale(low: float, high: float, *, is_log: bool) -> Part:
    """A linear or logarithmic scale from here to there."""
    kind = "log" if is_log else "linear"
    return {"type": kind, "domain": [low, high], "nice": False, "clamp": True}


def ticks(low: float, high: float, *, is_log: bool) -> Part:
    """Where an axis has its numbers, as a part of it."""
    return {"values": powers(low, high)} if is_log else {"tickCount": 6}


def dollar_axis(low: float, high: float, *, is_log: bool) -> Part:
    """Dollars, with thousands parted; whole where they are no less than one."""
    return {
        "labelExpr": _DOLLARS,
        "gridOpacity": 0.5,
        "title": "US dollars per month",
        **ticks(low, high, is_log=is_log),
    }


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
    wide: pd.DataFrame, told: Mapping[str, str], x: Part, look: Look
) -> tuple[Part, Part]:
    """A rule at the value nearest to the pointer, which tells the figures of all lines there.

    Args:
        wide: a row for each value, texts to tell in columns.
        told: names of what is told, by column.
        x: the horizontal axis.
        look: the chart's.

    Returns:
        The layer of the rule, and the selection that moves it.
    """
    nearest = {
        "type": "point",
        "nearest": True,
        "on": "pointerover",
        "clear": "pointerout",
        "encodings": ["x"],
    }
    is_near = {"param": "near", "empty": False, "value": 0.6}
    rule = {
        "name": "rule",
        "data": values(wide),
        "mark": {"type": "rule", "color": look.ink, "strokeWidth": 1},
        "encoding": {
            "x": x,
            "opacity": {"condition": is_near, "value": 0.0},
            "tooltip": tooltip(told),
        },
    }
    return rule, {"name": "near", "select": nearest, "views": ["rule"]}


def marks_px(marks: Sequence[Mark], look: Look, part: Callable[[float], float]) -> int:
    """How high the words of marks are, above a chart; arguments as for ``named_rules``."""
    return _MARK_ROW_PX * (1 + max(_rows(marks, look, part), default=-1))


def named_rules(marks: Sequence[Mark], look: Look, part: Callable[[float], float]) -> list[Part]:
    """Where something happens, and what, above the chart on the side where there is more room.

    Args:
        marks: what happens.
        look: the chart's.
        part: where on the horizontal axis a value is, from 0 to 1.
    """
    if not marks:
        return []
    rules = {
        "data": {"values": [{"at": float(mark.at)} for mark in marks]},
        "mark": {"type": "rule", "color": look.gray, "strokeDash": [2, 2]},
        "encoding": {"x": numbers_in("at")},
    }
    rows = zip(marks, _rows(marks, look, part), strict=True)
    return [rules, *(_named(mark, look, row, part(mark.at)) for mark, row in rows)]


def _rows(marks: Sequence[Mark], look: Look, part: Callable[[float], float]) -> list[int]:
    """In which row the words of each mark have room beside those of others, the lowest first."""
    spans: list[tuple[float, float]] = []
    for mark in marks:
        at = part(mark.at)
        width = (len(mark.label) + 1) * _MARK_LETTER_PX / (width_px(look) - _NUMBERS_PX)
        spans.append((at - width, at) if at > 0.5 else (at, at + width))
    return rows_apart(spans)


def _named(mark: Mark, look: Look, row: int, part: float) -> Part:
    leftwards = part > 0.5
    return {
        "data": {"values": [{"at": float(mark.at), "label": mark.label}]},
        "mark": {
            "type": "text",
            "align": "right" if leftwards else "left",
            "baseline": "bottom",
            "dx": -3 if leftwards else 3,
            "color": look.ink,
            "fontSize": 11,
            "limit": (width_px(look) - _NUMBERS_PX) * max(part, 1 - part),
        },
        "encoding": {
            "x": numbers_in("at"),
            "y": {"value": -3 - row * _MARK_ROW_PX},
            "text": names_in("label"),
        },
    }


def finished(
    layers: Sequence[Part], look: Look, height_px: int, selections: Sequence[Part], **more: Any
) -> Touchable:
    """A chart in ink.

    Args:
        layers: what is drawn, the lowest first.
        look: of the page.
        height_px: of all of it.
        selections: what can be selected, and in which layer.
        more: parts of the specification besides.
    """
    axis = {"labelColor": look.ink, "titleColor": look.ink, "labelLimit": 0}
    spec = {
        "height": height_px,
        "config": {"axis": axis, "legend": {"labelColor": look.ink}},
        "params": [*selections],
        "layer": [*layers],
        **more,
    }
    return Touchable(spec, height_px)
