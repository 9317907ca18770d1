"""A storm second by second: hover tells who is connected, who tries, who waits, what is busy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from estimator.analysis.simulate.recovery import last_cut_s
from estimator.dashboard.charts.dress import (
    Part,
    Touchable,
    colored,
    finished,
    legend_below,
    marks_px,
    named_rules,
    names_in,
    numbers_in,
    scale,
    under_pointer,
    values,
)
from estimator.format import figure_text, percent
from estimator.render.charts.rows import storm_rows, thinned
from estimator.render.charts.storm import (
    LEAST_PER_SECOND,
    is_steep,
    recovery_marks,
    span_unit,
    typical_storm,
)
from estimator.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from estimator.analysis.simulate.result import Simulation
    from estimator.shown import Look
    from estimator.simulation.flows import CloseUp

_PART_PX: Final = 66
_AXIS_PX: Final = 50
_BETWEEN: Final = 0.25
"""Parts of the height between two panels."""
_MOST_SECONDS: Final = 240
"""More would be less than three pixels apart."""
_LIMIT: Final = "limit of new connections"
_STEPS: Final = "step-after"
_THINS: Final = "attempts"
"""Of seconds that fall together, the one with most of these stays."""


@dataclass(frozen=True, slots=True)
class _Series:
    """A figure by the second."""

    column: str
    name: str
    color: str
    opacity: float = 0.0
    """Of the area below it; 0 for a line."""
    dash: tuple[float, ...] = (1, 0)


@dataclass(frozen=True, slots=True)
class _Panel:
    """Figures on one vertical axis."""

    title: str
    parts: float
    """Of the height."""
    series: tuple[_Series, ...]
    low: float = 0.0
    high: float | None = None
    """Where the axis ends; above the largest figure, if None."""
    is_log: bool = False
    numbers: str = ",.0f"
    limit: float | None = None


def storm_chart(simulation: Simulation, number: int, look: Look) -> Touchable:
    """The seconds around one fault, as ``render`` draws them for files.

    Args:
        simulation: with a fault.
        number: position among the declared faults, from 0.
        look: of the page.
    """
    model = simulation.run.model
    typical, near = typical_storm(simulation, number)
    rows = storm_rows(near, typical.at_s)
    unit, per_unit = span_unit(float(rows["at_s"].iloc[-1]))
    rows = thinned(rows, "at_s", _MOST_SECONDS, _THINS)
    rows = rows.assign(at=rows["at_s"] / per_unit)
    first, last = float(rows["at"].iloc[0]), float(rows["at"].iloc[-1])
    start = simulation.scenario.clock.text(typical.at_s / SECONDS_PER_HOUR)
    x = numbers_in(
        "at",
        title=f"{unit} after {start}",
        scale={"domain": [first, last], "nice": False},
        axis={"grid": False, "format": ",~g"},
    )
    panels = list(_panels(simulation, near, look))
    colors = {each.name: each.color for panel in panels for each in panel.series}
    if any(panel.limit is not None for panel in panels):
        colors[_LIMIT] = look.green
    legend, legend_px = legend_below(look, colors)
    legend["symbolOpacity"] = 1.0
    color = names_in("series", scale=colored(colors), legend=legend)
    since_s = last_cut_s(model, model.faults[number]) - typical.at_s
    marks = recovery_marks(typical, since_s, per_unit, last - first)
    rule, near_pointer = under_pointer(*_in_words(rows, panels), x, look)

    def part(at: float) -> float:
        return (at - first) / (last - first)

    layers = [
        *_drawn(rows, panels, x, color),
        *named_rules(marks, look, part),
        rule,
    ]
    parts = sum(panel.parts for panel in panels)
    height = int(parts * _PART_PX) + _AXIS_PX + legend_px + marks_px(marks, look, part)
    apart = {"scale": {"y": "independent"}}
    return finished(layers, look, height, [near_pointer], resolve=apart)


def _panels(simulation: Simulation, near: CloseUp, look: Look) -> Iterator[_Panel]:
    """Those of the picture, one below the other."""
    admission = simulation.run.model.admission
    limit = admission.new_connections_per_second
    steep = is_steep(near)
    yield _Panel(
        "clients",
        3.0,
        (
            _Series("not_connected", "not connected", look.red, 0.25),
            _Series("connected", "connected", look.blue),
        ),
    )
    yield _Panel(
        "per second",
        2.0,
        (
            _Series("connections_made", "connections made", look.blue, 0.55),
            _Series("attempts", "attempts", look.ink),
        ),
        low=LEAST_PER_SECOND if steep else 0.0,
        high=float(near.attempts.max()) * 2 if steep else None,
        is_log=steep,
        limit=limit if limit < float("inf") else None,
    )
    if admission.connect_work is None:
        return
    longest = f"in the longest queue of a {admission.unit_name}"
    yield _Panel(
        "in queue",
        2.0,
        (
            _Series("in_queues", "in all queues", look.gray, 0.35),
            _Series("longest_queue", longest, look.red, dash=(4, 1.5)),
        ),
    )
    yield _Panel(
        "processors",
        2.0,
        (
            _Series("processors_busy", "processors busy", look.green, 0.45),
            _Series("processors_wasted", "busy with attempts that fail", look.red, 0.8),
        ),
        high=1.05,
        numbers=".0%",
    )


def _drawn(rows: pd.DataFrame, panels: Sequence[_Panel], x: Part, color: Part) -> Iterator[Part]:
    """Each panel on an axis of its own, in its part of the height."""
    whole = sum(panel.parts for panel in panels)
    above = 0.0
    for panel in panels:
        below = above + panel.parts
        last = panel is panels[-1]
        y_range = [
            {"expr": f"height * {(below - (0.0 if last else _BETWEEN)) / whole}"},
            {"expr": f"height * {above / whole}"},
        ]
        most = [float(rows[each.column].max()) for each in panel.series]
        high = panel.high or max(*most, panel.limit or 0.0, 1.0) * 1.05
        axis = {
            "title": panel.title,
            "orient": "left",
            "format": panel.numbers,
            "tickCount": 4,
            "gridOpacity": 0.4,
            "titleX": -58,
        }
        across: Part = {
            "scale": {**scale(panel.low, high, is_log=panel.is_log), "range": y_range},
            "axis": axis,
        }
        yield {
            "data": values(rows[["at", *(each.column for each in panel.series)]]),
            "layer": [*_marks(panel, x, across, color)],
        }
        above = below


def _marks(panel: _Panel, x: Part, across: Part, color: Part) -> Iterator[Part]:
    for each in panel.series:
        encoded: Part = {"x": x, "y": numbers_in(each.column, **across), "color": color}
        if each.opacity:
            mark = {"type": "area", "interpolate": _STEPS, "opacity": each.opacity}
            encoded["y2"] = {"datum": panel.low}
        else:
            mark = {"type": "line", "interpolate": _STEPS}
            mark |= {"strokeWidth": 1.6, "strokeDash": [*each.dash]}
        called = {"calculate": json.dumps(each.name), "as": "series"}
        yield {"transform": [called], "mark": mark, "encoding": encoded}
    if panel.limit is not None:
        yield {
            "data": {"values": [{"limit": panel.limit, "series": _LIMIT}]},
            "mark": {"type": "rule", "strokeWidth": 1.6, "strokeDash": [2, 2]},
            "encoding": {"y": numbers_in("limit", **across), "color": color},
        }


def _in_words(rows: pd.DataFrame, panels: Iterable[_Panel]) -> tuple[pd.DataFrame, dict[str, str]]:
    """All figures of a moment as texts, and the names of the columns."""
    words = pd.DataFrame({"at": rows["at"], "moment": [f"{s:,.0f} s" for s in rows["at_s"]]})
    names = {"moment": "after the first loss"}
    for panel in panels:
        written = percent if panel.numbers.endswith("%") else figure_text
        for each in panel.series:
            words[each.column] = [written(float(figure)) for figure in rows[each.column]]
            names[each.column] = _with_unit(each.name, panel.title)
    return words, names


def _with_unit(name: str, unit: str) -> str:
    return f"{name} per second" if unit == "per second" else name
