"""Bars of what drives the cost: hover tells a part, a click chooses the deployment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import altair as alt
import pandas as pd

from estimator.analysis.estimate import Estimate
from estimator.dashboard.charts.dress import (
    Touchable,
    colored,
    dollar_axis,
    finished,
    legend_below,
    scale,
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
    used = [driver for driver in DRIVERS if driver in set(parts["driver"])]
    legend, legend_px = legend_below(look, used, "circle" if logarithmic else "square")
    row_px = _ROW_PX[look.is_narrow]
    y = _names(totals, look, chosen)
    low, high = _span(parts, totals, look, logarithmic)
    usd: dict[str, Any] = {
        "scale": scale(low, high, is_log=logarithmic),
        "axis": dollar_axis(low, high, is_log=logarithmic),
    }
    colors = colored({each: color for each, color in DRIVER_COLORS.items() if each in used})
    drawn = alt.Chart(parts).encode(
        y=y,
        color=alt.Color("driver:N", scale=colors, legend=legend),
        opacity=alt.Opacity("opacity:Q", scale=None),
        tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in _OF_A_PART.items()],
    )
    whole = alt.Chart(totals).encode(y=y, x=alt.X("at:Q", **usd))
    if logarithmic:
        marks = [
            whole.mark_tick(color=look.ink, thickness=2, bandSize=row_px * 0.5),
            drawn.mark_circle(size=90, cursor="pointer", stroke=look.paper, strokeWidth=0.8)
            .encode(x=alt.X("at:Q", **usd)),
        ]  # fmt: skip
    else:
        marks = [
            drawn.mark_bar(cursor="pointer").encode(
                x=alt.X("usd:Q", stack="zero", **usd),
                order=alt.Order("order:Q"),
                fillOpacity=alt.FillOpacity("fill:Q", scale=None),
                stroke=alt.Stroke("driver:N", scale=colors, legend=None),
            )
        ]
    layers = [
        _whole_rows(totals, y),
        *marks,
        whole.mark_text(align="left", dx=6, color=look.ink, fontSize=12).encode(text="text:N"),
    ]
    if look.is_narrow:
        layers.append(
            alt.Chart(totals)
            .mark_text(align="left", baseline="bottom", dy=-10, color=look.ink, fontSize=11)
            .encode(y=y, x=alt.value(0), text="name:N")
        )
    height = row_px * max(len(bills), 1) + _AXIS_PX + legend_px
    return finished(alt.layer(*layers).properties(height=height), look, height)


def _whole_rows(totals: pd.DataFrame, y: alt.Y) -> alt.Chart:
    """The rows themselves: a bar of a few pixels would be hard to click on."""
    return (
        alt.Chart(totals)
        .mark_bar(color="transparent", cursor="pointer")
        .encode(
            y=y,
            x=alt.value(0),
            x2=alt.value("width"),
            tooltip=[alt.Tooltip(f"{name}:N", title=_OF_A_PART[name]) for name in _OF_A_BILL],
        )
        .add_params(alt.selection_point(name=CHOSEN, fields=["deployment"], empty=False))
    )


def _parts(bills: Sequence[Estimate], logarithmic: bool) -> pd.DataFrame:
    """The rows of the picture, and what is told of each."""
    rows = cost_rows(bills)
    if logarithmic:
        # where parts are not stacked, one driver in two layers is one dot
        same = [each for each in rows if each not in {"layer", "usd", "share"}]
        summed = {"layer": ", ".join, "usd": "sum", "share": "sum"}
        rows = rows.groupby(same, as_index=False, dropna=False).agg(summed)
    keys = zip(rows["layer"], rows["driver"], strict=True)
    return rows.assign(
        label=rows["title"] + "\n" + rows["cloud"],
        name=rows["title"] + ", " + rows["cloud"],
        at=rows["usd"].clip(lower=LEAST_USD),
        order=[_ORDER.get(key, 0) for key in keys],
        fill=[_OUTLINED if layer == "application" else 1.0 for layer in rows["layer"]],
        opacity=[_PALE if words else 1.0 for words in rows["beyond"]],
        amount=[dollars_and_cents(float(usd)) for usd in rows["usd"]],
        part=[precise_percent(float(share)) for share in rows["share"]],
        total=[dollars_and_cents(float(usd)) for usd in rows["total_usd"]],
        state=[bills[row].state_words for row in rows["bill"]],
    )


def _totals(bills: Sequence[Estimate]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "deployment": bill.deployment,
                "label": f"{bill.title}\n{bill.cloud_name}",
                "name": f"{bill.title}, {bill.cloud_name}",
                "at": max(float(bill.total), LEAST_USD),
                "text": amount_text(bill),
                "total": dollars_and_cents(float(bill.total)),
                "state": bill.state_words,
            }
            for bill in bills
        ]
    )


def _names(totals: pd.DataFrame, look: Look, chosen: str) -> alt.Y:
    """Names beside the bars; on a phone there is no room for them, and they stand above."""
    between, ends = _PADDING[look.is_narrow]
    band = alt.Scale(domain=[*totals["label"]], paddingInner=between, paddingOuter=ends)
    if look.is_narrow:
        return alt.Y("label:N", sort=None, scale=band, axis=None)
    stands_out = [*totals["label"][totals["deployment"] == chosen], ""][0]
    axis = alt.Axis(
        title=None,
        ticks=False,
        domain=False,
        labelExpr="split(datum.label, '\\n')",
        labelPadding=8,
        labelLineHeight=14,
        labelOffset=-7,
        labelFontWeight=alt.condition(
            f"datum.label == {json.dumps(stands_out)}", alt.value("bold"), alt.value("normal")
        ),
    )
    return alt.Y("label:N", sort=None, scale=band, axis=axis)


def _span(
    parts: pd.DataFrame, totals: pd.DataFrame, look: Look, logarithmic: bool
) -> tuple[float, float]:
    """Where the axis of dollars begins and ends, with room for the amounts."""
    most = float(totals["at"].max())
    if not logarithmic:
        return 0.0, most * _ROOM[look.is_narrow]
    least = float(min([*parts["at"], *totals["at"]]))
    return least / 1.3, most * _ROOM_LOG[look.is_narrow]
