"""Lines of bills over a number or over months: hover tells all, a name fades the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import altair as alt
import numpy as np
import pandas as pd

from estimator.analysis.breakeven.crossovers import is_logarithmic
from estimator.analysis.fields import field_words
from estimator.dashboard.charts.dress import (
    FADED,
    MARK_ROW_PX,
    Touchable,
    colored,
    dollar_axis,
    finished,
    legend_below,
    scale,
    ticks,
    under_pointer,
    width_px,
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
_DOLLARS_PX: Final = 70
"""Left of the lines."""
_MARK_ROWS: Final = 3
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

    def encoded(self) -> alt.X:
        """As an axis."""
        return alt.X(
            "at:Q",
            title=self.title,
            scale=scale(self.low, self.high, is_log=self.is_log),
            axis=alt.Axis(
                labelExpr=_NUMBERS, grid=False, **ticks(self.low, self.high, is_log=self.is_log)
            ),
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
    names = [str(name) for name in rows["name"].unique()]
    colors = dict(zip(names, line_colors(look, len(names)), strict=True))
    legend, legend_px = legend_below(look, names)
    x = across.encoded()
    is_log, low, high = usd_span([rows["usd"].to_numpy(float)])
    usd = alt.Y(
        "usd:Q",
        scale=scale(low, high, is_log=is_log),
        axis=dollar_axis(low, high, is_log=is_log),
    )
    picked = alt.selection_point(name="picked", fields=["name"], bind="legend")
    within = rows.assign(usd=rows["usd"].where(rows["is_within_limits"].astype(bool)))
    dashed, solid = (
        alt.Chart(each).encode(
            x=x,
            y=usd,
            color=alt.Color("name:N", scale=colored(colors), legend=legend),
            opacity=alt.condition(picked, alt.value(1.0), alt.value(FADED)),
        )
        for each in (rows, within)
    )
    layers = [
        alt.Chart(rows.drop_duplicates("at"))
        .mark_line(color=look.gray, opacity=0.3, strokeWidth=9, strokeCap="butt")
        .encode(x=x, y="least_usd:Q"),
        dashed.mark_line(strokeWidth=1, strokeDash=[3, 3]).add_params(picked),
        solid.mark_line(strokeWidth=2.2),
        *_rules(marks, look),
        *(
            _named(mark, look, row % _MARK_ROWS, across.part(mark.at))
            for row, mark in enumerate(marks)
        ),
        under_pointer(*_in_words(rows, across), x, look, "near"),
    ]
    marks_px = MARK_ROW_PX * min(len(marks), _MARK_ROWS)
    height = _PLOT_PX + _AXES_PX + legend_px + marks_px
    return finished(alt.layer(*layers).properties(height=height), look, height)


def _in_words(rows: pd.DataFrame, across: _Across) -> tuple[pd.DataFrame, dict[str, str]]:
    """A row for each value, with the bill of each line, and the names of the columns."""
    values = rows["at"].unique()
    words = pd.DataFrame({"at": values, "value": [across.told(float(each)) for each in values]})
    names = {"value": across.title}
    for number, (name, line) in enumerate(rows.groupby("name", sort=False)):
        at = line.set_index("at").reindex(values)
        words[f"line{number}"] = [
            _amount(float(usd), bool(within))
            for usd, within in zip(at["usd"], at["is_within_limits"], strict=True)
        ]
        names[f"line{number}"] = str(name)
    return words, names


def _amount(usd: float, within: bool) -> str:
    if np.isnan(usd):
        return "beyond a limit"
    return dollars_and_cents(usd) + ("" if within else ", beyond a limit")


def _rules(marks: Sequence[Mark], look: Look) -> list[alt.Chart]:
    """Where something happens."""
    at = pd.DataFrame({"at": [float(mark.at) for mark in marks]})
    rules = alt.Chart(at).mark_rule(color=look.gray, strokeDash=[2, 2]).encode(x="at:Q")
    return [rules] if marks else []


def _named(mark: Mark, look: Look, row: int, part: float) -> alt.Chart:
    """What happens there, above the lines, on the side where there is more room."""
    leftwards = part > 0.5
    return (
        alt.Chart(pd.DataFrame({"at": [float(mark.at)], "label": [mark.label]}))
        .mark_text(
            align="right" if leftwards else "left",
            baseline="bottom",
            dx=-3 if leftwards else 3,
            color=look.ink,
            fontSize=11,
            limit=(width_px(look) - _DOLLARS_PX) * max(part, 1 - part),
        )
        .encode(x="at:Q", y=alt.value(-3 - row * MARK_ROW_PX), text="label:N")
    )
