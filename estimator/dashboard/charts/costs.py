"""Bars of what drives the cost: hover tells a part, a click chooses the deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

from estimator.analysis.estimate.result import Estimate
from estimator.dashboard.charts.dress import (
    Part,
    Touchable,
    colored,
    dollar_axis,
    finished,
    legend_below,
    names_in,
    numbers_in,
    scale,
    tooltip,
)
from estimator.format import dollars_and_cents, precise_percent
from estimator.pricing.price_files import DRIVERS, LAYERS
from estimator.render.charts.cost import LEAST_USD, amount_text
from estimator.render.charts.rows import cost_rows
from estimator.render.charts.style import DRIVER_COLORS
from estimator.shown import Look

CHOSEN: Final = "chosen"
"""Name of the selection, whose points have a ``deployment``."""
_ROW_PX: Final = {False: 38, True: 46}
_AXIS_PX: Final = 62
_PALE: Final = 0.35
"""Of what is not within limits."""
_OUTLINED: Final = 0.45
"""Of the application's own work, whose bars have an outline."""
_ROOM: Final = {False: 1.3, True: 1.55}
_ROOM_LOG: Final = {False: 6.0, True: 40.0}
"""Where an axis ends, as a multiple of the longest bar, on wide and on narrow screens."""
_PADDING: Final = {False: (0.28, 0.15), True: (0.62, 0.4)}
"""Between bars and at the ends, in rows."""
_OF_A_PART: Final = {
    "name": "deployment",
    "driver": "what for",
    "amount": "USD per month",
    "part": "of the bill",
    "layer": "layer",
    "total": "total per month",
    "state": "state",
}
_OF_A_BILL: Final = ("name", "total", "state")
_ROWS: Final = "rows"
"""Name of the layer in which rows are clicked on."""
_ORDER: Final = {each: number for number, each in enumerate(product(LAYERS, DRIVERS))}


def cost_chart(
    bills: Sequence[Estimate], look: Look, *, logarithmic: bool = False, chosen: str = ""
) -> Touchable:
    """Stacked bars, or dots on a logarithmic axis, of what drives the cost of each bill.

    Args:
        bills: of single scenarios, cheapest first.
        look: of the page.
        logarithmic: for bills too far apart for one linear axis.
        chosen: the deployment whose name stands out.
    """
    parts, totals = _parts(bills, logarithmic), _totals(bills)
    used = [driver for driver in DRIVERS if driver in {each["driver"] for each in parts}]
    legend, legend_px = legend_below(look, used, "circle" if logarithmic else "square")
    row_px = _ROW_PX[look.is_narrow]
    y = _names(totals, look, chosen)
    low, high = _span(parts, totals, look, logarithmic)
    usd: Part = {
        "scale": scale(low, high, is_log=logarithmic),
        "axis": dollar_axis(low, high, is_log=logarithmic),
    }
    colors = colored({each: color for each, color in DRIVER_COLORS.items() if each in used})
    drawn: Part = {
        "y": y,
        "color": names_in("driver", scale=colors, legend=legend),
        "opacity": numbers_in("opacity", scale=None),
        "tooltip": tooltip(_OF_A_PART),
    }
    at = numbers_in("at", **usd)
    beside: list[Part] = [
        {
            "mark": {"type": "text", "align": "left", "dx": 6, "color": look.ink, "fontSize": 12},
            "encoding": {"y": y, "x": at, "text": names_in("text")},
        }
    ]
    if look.is_narrow:
        beside.append(_above_bars(y, look))
    if logarithmic:
        of_parts = {
            "mark": {
                "type": "circle",
                "size": 90,
                "cursor": "pointer",
                "stroke": look.paper,
                "strokeWidth": 0.8,
            },
            "encoding": {**drawn, "x": at},
        }
        tick = {"type": "tick", "color": look.ink, "thickness": 2, "bandSize": row_px * 0.5}
        beside.append({"mark": tick, "encoding": {"y": y, "x": at}})
    else:
        of_parts = {
            "mark": {"type": "bar", "cursor": "pointer"},
            "encoding": {
                **drawn,
                "x": numbers_in("usd", stack="zero", **usd),
                "order": numbers_in("order"),
                "fillOpacity": numbers_in("fill", scale=None),
                "stroke": names_in("driver", scale=colors, legend=None),
            },
        }
    layers: list[Part] = [
        {"data": {"values": totals}, "layer": [_whole_rows(y), *beside]},
        {"data": {"values": parts}, **of_parts},
    ]
    chosen_row = {"type": "point", "fields": ["deployment"]}
    height = row_px * max(len(bills), 1) + _AXIS_PX + legend_px
    selection = {"name": CHOSEN, "select": chosen_row, "views": [_ROWS]}
    return finished(layers, look, height, [selection])


def _whole_rows(y: Part) -> Part:
    """The rows themselves: a bar of a few pixels would be hard to click on."""
    return {
        "name": _ROWS,
        "mark": {"type": "bar", "color": "transparent", "cursor": "pointer"},
        "encoding": {
            "y": y,
            "x": {"value": 0},
            "x2": {"value": "width"},
            "tooltip": tooltip({each: _OF_A_PART[each] for each in _OF_A_BILL}),
        },
    }


def _above_bars(y: Part, look: Look) -> Part:
    """Names where there is no room for them beside the bars."""
    return {
        "mark": {
            "type": "text",
            "align": "left",
            "baseline": "bottom",
            "dy": -10,
            "color": look.ink,
            "fontSize": 11,
        },
        "encoding": {"y": y, "x": {"value": 0}, "text": names_in("name")},
    }


def _parts(bills: Sequence[Estimate], logarithmic: bool) -> list[Part]:
    """The rows of the picture, and what is told of each."""
    rows = cost_rows(bills)
    if logarithmic:
        # where parts are not stacked, one driver in two layers is one dot
        same = [each for each in rows if each not in {"layer", "usd", "share"}]
        summed = {"layer": ", ".join, "usd": "sum", "share": "sum"}
        rows = rows.groupby(same, as_index=False, dropna=False).agg(summed)
    records: list[Any] = rows.to_dict("records")
    return [_part(row, bills[row["bill"]]) for row in records]


def _part(row: Mapping[str, Any], bill: Estimate) -> Part:
    layer, driver = row["layer"], row["driver"]
    return {
        "deployment": bill.deployment,
        "driver": driver,
        "layer": layer,
        "usd": row["usd"],
        "share": row["share"],
        "label": _label(bill),
        "name": _name(bill),
        "at": max(row["usd"], LEAST_USD),
        "order": _ORDER.get((layer, driver), 0),
        "fill": _OUTLINED if layer == "application" else 1.0,
        "opacity": _PALE if row["beyond"] else 1.0,
        "amount": dollars_and_cents(row["usd"]),
        "part": precise_percent(row["share"]),
        "total": dollars_and_cents(row["total_usd"]),
        "state": bill.state_words,
    }


def _totals(bills: Sequence[Estimate]) -> list[Part]:
    return [
        {
            "deployment": bill.deployment,
            "label": _label(bill),
            "name": _name(bill),
            "at": max(float(bill.total), LEAST_USD),
            "text": amount_text(bill),
            "total": dollars_and_cents(float(bill.total)),
            "state": bill.state_words,
        }
        for bill in bills
    ]


def _label(bill: Estimate) -> str:
    return f"{bill.title}\n{bill.cloud_name}"


def _name(bill: Estimate) -> str:
    return f"{bill.title}, {bill.cloud_name}"


def _names(totals: Sequence[Part], look: Look, chosen: str) -> Part:
    """Names beside the bars; on a phone there is no room for them, and they stand above."""
    between, ends = _PADDING[look.is_narrow]
    labels = [each["label"] for each in totals]
    band = {"domain": labels, "paddingInner": between, "paddingOuter": ends}
    if look.is_narrow:
        return names_in("label", sort=None, scale=band, axis=None)
    stands_out = next((each["label"] for each in totals if each["deployment"] == chosen), "")
    is_chosen = {"test": f"datum.label == {json.dumps(stands_out)}", "value": "bold"}
    axis = {
        "title": None,
        "ticks": False,
        "domain": False,
        "labelExpr": "split(datum.label, '\\n')",
        "labelPadding": 8,
        "labelLineHeight": 14,
        "labelOffset": -7,
        "labelFontWeight": {"condition": is_chosen, "value": "normal"},
    }
    return names_in("label", sort=None, scale=band, axis=axis)


def _span(
    parts: Sequence[Part], totals: Sequence[Part], look: Look, logarithmic: bool
) -> tuple[float, float]:
    """Where the axis of dollars begins and ends, with room for the amounts."""
    most = max(each["at"] for each in totals)
    if not logarithmic:
        return 0.0, most * _ROOM[look.is_narrow]
    least = min(each["at"] for each in (*parts, *totals))
    return least / 1.3, most * _ROOM_LOG[look.is_narrow]
