"""When in the week are clients connected? A shipped shape, or one that is drawn: hours and days."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict, cast

import numpy as np
import pandas as pd
import streamlit as st

from estimator.arrays import FloatArray
from estimator.dashboard.charts.dress import numbers_in
from estimator.dashboard.session.state import bind_checked, held
from estimator.dashboard.widgets.app_editor.changes import with_changes
from estimator.dashboard.widgets.app_editor.fields import choice_field, named, say_refused
from estimator.dashboard.widgets.document import literal
from estimator.format import capitalized, sentence
from estimator.scenario.scenario import Scenario
from estimator.scenario.weekly_shape import WeeklyShape, load_shape, shape_names
from estimator.units import DAYS_PER_WEEK, HOURS_PER_DAY, HOURS_PER_WEEK, week_time_text

_DRAWN: Final = "drawn"
_FROM_FILE: Final = "from a file"
_HOURS: Final = tuple(f"{hour:02}:00" for hour in range(HOURS_PER_DAY))
_DAYS: Final = tuple(calendar.day_name)
_LEVEL: Final = "Level"
_FULL: Final = 100.0
"""What the fullest hour is called where a shape is drawn; only proportions count."""
_HEIGHT: Final = 300


class Edits(TypedDict):
    """What a table holds that its user changed, as Streamlit tells it."""

    edited_rows: Mapping[int, Mapping[str, float | None]]
    added_rows: Sequence[Mapping[str, Any]]
    deleted_rows: Sequence[int]


_NO_EDITS: Final[Edits] = {"edited_rows": {}, "added_rows": [], "deleted_rows": []}


def week_fields(scenario: Scenario, kind: str, at: str) -> None:
    """The weekly shape of a kind of clients, and its curve."""
    shape = scenario.profiles[kind].weekly_shape
    chosen = _chosen(shape)
    choice, curve = st.columns([1, 3])
    with choice:
        _choice(kind, shape, chosen, at)
    with curve:
        _chart(shape)
    if chosen == _DRAWN:
        hours, days = st.columns(2)
        with hours:
            _levels(kind, "hours_of_day", "Hour of the day", _HOURS, shape.hours_of_day or (), at)
        with days:
            _levels(kind, "days_of_week", "Day of the week", _DAYS, shape.days_of_week or (), at)
    say_refused(at)


def _chosen(shape: WeeklyShape) -> str:
    """A shipped shape by its name, or where another one comes from."""
    shipped = (name for name in shape_names() if load_shape(name) is shape)
    return next(shipped, _DRAWN if shape.hourly is None else _FROM_FILE)


def _choice(kind: str, shape: WeeklyShape, chosen: str, at: str) -> None:
    titles = {name: capitalized(name.replace("-", " ")) for name in shape_names()}
    titles[_DRAWN] = "Drawn by you"
    if chosen == _FROM_FILE:
        titles[_FROM_FILE] = "168 hours from a file"
    choice_field(
        "Hours of the week",
        at,
        titles,
        chosen,
        lambda old, name: with_changes(old, kind, {"weekly_shape": _of_name(name, shape)}),
        "When clients are connected, in the local time of the location unless the shape names a "
        "time zone. Draw your own: 24 hours, times a factor for each day.",
    )
    if shape.title:
        st.caption(literal(sentence(shape.title)))


def _of_name(name: str, shape: WeeklyShape) -> object:
    """What a file says of a shape; one that is drawn begins as the one that is there."""
    return _as_drawn(shape) if name == _DRAWN else name


def _as_drawn(shape: WeeklyShape) -> Mapping[str, Any]:
    """The days and hours that come closest to a shape: the means of its rows and columns."""
    by_day = shape.levels.reshape(DAYS_PER_WEEK, HOURS_PER_DAY)
    ended = {} if shape.hourly is None else {"hourly": None}
    return {
        **ended,
        "title": "",
        "time_zone": shape.time_zone,
        "hours_of_day": _up_to_full(by_day.mean(axis=0)),
        "days_of_week": _up_to_full(by_day.mean(axis=1)),
    }


def _up_to_full(levels: FloatArray) -> list[float]:
    return np.round(_FULL * levels / levels.max()).tolist()


def _levels(
    kind: str, field: str, head: str, rows: Sequence[str], levels: Sequence[float], at: str
) -> None:
    """A table of levels; it is made anew only when something else changed them."""
    name = named(at, head)
    base = st.session_state.get(f"{name} base", levels)
    edits = cast("Edits", held(name) or _NO_EDITS)
    if len(base) != len(levels) or edited_levels(base, edits) != tuple(levels):
        base, edits = levels, _NO_EDITS
    st.session_state[f"{name} base"] = base
    key, _ = bind_checked(
        name,
        edits,
        lambda old, made: _with_levels(old, kind, field, edited_levels(base, made)),
    )
    st.data_editor(
        pd.DataFrame({head: rows, _LEVEL: base}),
        key=key,
        hide_index=True,
        disabled=[head],
        height=_HEIGHT,
        alt=f"{head}: levels to edit",
        column_config={
            _LEVEL: st.column_config.NumberColumn(
                _LEVEL,
                min_value=0.0,
                required=True,
                format="localized",
                help="Only proportions count: 100 in the fullest, 50 in one half as full.",
            )
        },
    )


def edited_levels(base: Sequence[float], edits: Edits) -> tuple[float | None, ...]:
    """The levels of a table after its user's edits.

    >>> edited_levels((1.0, 2.0), {**_NO_EDITS, "edited_rows": {1: {"Level": 5}}})
    (1.0, 5)
    """
    levels: list[float | None] = [*base]
    for row, cells in edits["edited_rows"].items():
        levels[int(row)] = cells.get(_LEVEL, levels[int(row)])
    return tuple(levels)


def _with_levels(old: Scenario, kind: str, field: str, levels: Sequence[float | None]) -> Scenario:
    said = old.profiles[kind].weekly_shape.model_dump(mode="json", exclude_unset=True)
    # where it was measured is not said of what is drawn
    return with_changes(old, kind, {"weekly_shape": {**said, field: levels, "title": ""}})


def _chart(shape: WeeklyShape) -> None:
    share = shape.levels / shape.levels.max()
    hours = [week_time_text(hour) for hour in range(HOURS_PER_WEEK)]
    days = [hour for hour in hours if hour.endswith(" 00:00")]
    hour = {"field": "hour", "type": "ordinal"}
    level = numbers_in("share", title="Of the peak")
    axis = {"values": days, "labelExpr": "slice(datum.label, 0, 3)", "labelAngle": 0}
    fullest = hours[int(share.argmax())]
    st.vega_lite_chart(
        pd.DataFrame({"hour": hours, "share": share}),
        {
            "mark": {"type": "area", "interpolate": "step-after", "line": True, "opacity": 0.25},
            "encoding": {
                "x": {**hour, "sort": hours, "title": None, "axis": axis},
                "y": {**level, "axis": {"format": "%"}},
                "tooltip": [{**hour, "title": "Hour"}, {**level, "format": ".0%"}],
            },
        },
        height=_HEIGHT - 60,
        alt=f"Open connections over the week, as a share of the peak; most on {fullest}, on "
        f"average {share.mean():.0%} of it.",
    )
