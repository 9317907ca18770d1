"""Lines of bills over a number or over months: hover tells all, a name fades the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from estimator.analysis.breakeven.crossovers import is_logarithmic
from estimator.analysis.fields import field_words
from estimator.dashboard.charts.dress import (
    FADED,
    Part,
    Touchable,
    colored,
    dollar_axis,
    finished,
    legend_below,
    marks_px,
    named_rules,
    names_in,
    numbers_in,
    scale,
    ticks,
    under_pointer,
    values,
)
from estimator.format import count_text, dollars_and_cents, value_text
from estimator.render.charts.growth import cheapest_marks
from estimator.render.charts.lines import line_colors, usd_span
from estimator.render.charts.rows import break_even_rows, growth_rows, thinned
from estimator.render.charts.style import Mark
from estimator.render.charts.sweep import break_even_marks
from estimator.shown import Look

if TYPE_CHECKING:
    from estimator.analysis.breakeven.breakeven import BreakEven
    from estimator.analysis.growth.growth import Growth

_PLOT_PX: Final = 400
_AXES_PX: Final = 60
_MOST_VALUES: Final = 240
"""More would be less than three pixels apart."""
_NUMBERS: Final = "format(datum.value, datum.value >= 1000 ? ',.0f' : '~g')"


@dataclass(frozen=True, slots=True)
class _Across:
    """The horizontal axis."""

    low: float
    high: float
    is_log: bool
    title: str
    told: Callable[[float], str]
    """A value in words."""

    def encoded(self) -> Part:
        """As an axis."""
        span: dict[str, Any] = {"low": self.low, "high": self.high, "is_log": self.is_log}
        return numbers_in(
            "at",
            title=self.title,
            scale=scale(**span),
            axis={"labelExpr": _NUMBERS, "grid": False, **ticks(**span)},
        )

    def part(self, value: float) -> float:
        """Where on it a value is, from 0 to 1."""
        low, high, here = (
            math.log(each) if self.is_log else each for each in (self.low, self.high, value)
        )
        return (here - low) / (high - low)


def break_even_chart(found: BreakEven, look: Look) -> Touchable:
    """The bills of the rivals over the range, and where the lead changes."""
    across = _Across(
        found.low,
        found.high,
        is_logarithmic(found.low, found.high),
        field_words(found.field),
        value_text,
    )
    rows = thinned(break_even_rows(found), "at", _MOST_VALUES)
    return _lines(rows, look, across, break_even_marks(found))


def growth_chart(growth: Growth, look: Look) -> Touchable:
    """The monthly bills while the audience grows, and when another is the cheapest."""

    def told(month: float) -> str:
        connections = count_text(float(growth.connections[int(month)]))
        return f"{int(month) or 'now'}, {connections} connections at the peak"

    across = _Across(0.0, growth.months, False, "months from now", told)
    return _lines(growth_rows(growth), look, across, cheapest_marks(growth))


def _lines(rows: pd.DataFrame, look: Look, across: _Across, marks: Sequence[Mark]) -> Touchable:
    names = [str(each) for each in rows["name"].unique()]
    colors = dict(zip(names, line_colors(look, len(names)), strict=True))
    legend, legend_px = legend_below(look, names)
    x = across.encoded()
    is_log, low, high = usd_span([rows["usd"].to_numpy(float)])
    usd: Part = {
        "scale": scale(low, high, is_log=is_log),
        "axis": dollar_axis(low, high, is_log=is_log),
    }
    picked = {"name": "picked", "bind": "legend", "views": ["lines"]}
    picked |= {"select": {"type": "point", "fields": ["name"]}}
    drawn: Part = {
        "x": x,
        "color": names_in("name", scale=colored(colors), legend=legend),
        "opacity": {"condition": {"param": "picked", "value": 1.0}, "value": FADED},
    }
    band = {"color": look.gray, "opacity": 0.3, "strokeWidth": 9, "strokeCap": "butt"}
    within = rows["usd"].where(rows["is_within_limits"].astype(bool))
    rule, near = under_pointer(*_in_words(rows, across), x, look)
    layers: list[Part] = [
        {
            "data": values(rows.drop_duplicates("at")[["at", "least_usd"]]),
            "mark": {"type": "line", **band},
            "encoding": {"x": x, "y": numbers_in("least_usd")},
        },
        {
            "data": values(rows.assign(within_usd=within)),
            "layer": [
                {
                    "name": "lines",
                    "mark": {"type": "line", "strokeWidth": 1, "strokeDash": [3, 3]},
                    "encoding": {**drawn, "y": numbers_in("usd", **usd)},
                },
                {
                    "mark": {"type": "line", "strokeWidth": 2.2},
                    "encoding": {**drawn, "y": numbers_in("within_usd", **usd)},
                },
            ],
        },
        *named_rules(marks, look, across.part),
        rule,
    ]
    height = _PLOT_PX + _AXES_PX + legend_px + marks_px(marks, look, across.part)
    return finished(layers, look, height, [picked, near])


def _in_words(rows: pd.DataFrame, across: _Across) -> tuple[pd.DataFrame, dict[str, str]]:
    """A row for each value, with the bill of each line, and the names of the columns."""
    there = rows["at"].unique()
    words = pd.DataFrame({"at": there, "value": [across.told(float(each)) for each in there]})
    names = {"value": across.title}
    for row, (title, line) in enumerate(rows.groupby("name", sort=False)):
        at = line.set_index("at").reindex(there)
        words[f"line{row}"] = [
            _amount(float(usd), bool(within))
            for usd, within in zip(at["usd"], at["is_within_limits"], strict=True)
        ]
        names[f"line{row}"] = str(title)
    return words, names


def _amount(usd: float, within: bool) -> str:
    if np.isnan(usd):
        return "beyond a limit"
    return dollars_and_cents(usd) + ("" if within else ", beyond a limit")
