"""Points of delay and dollars: hover tells which transport, where it runs, and what it takes."""

from __future__ import annotations

from typing import Final

import pandas as pd

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
    values,
)
from estimator.format import capitalized, delay_text, dollars_and_cents
from estimator.render.charts.lines import usd_span
from estimator.render.charts.transports import delay_span, delay_ticks
from estimator.shown import Look

_PLOT_PX: Final = 340
_AXES_PX: Final = 60
_CHOICE, _OTHER = "nothing sooner costs less", "something sooner costs no more"
_TOLD: Final = {
    "words": "transport",
    "title": "on",
    "amount": "USD per month",
    "mean": "mean delay",
    "p95": "95% within",
}


def transports_chart(rows: pd.DataFrame, within_seconds: float | None, look: Look) -> Touchable:
    """Each transport on its best deployment, by the delay that it adds and by what it costs.

    Args:
        rows: of ``transport_rows``, one at least.
        within_seconds: how late messages may come, drawn as a line; None if nobody says.
        look: of the page.
    """
    told = rows.assign(
        words=[capitalized(name) for name in rows["name"]],
        amount=[dollars_and_cents(usd) for usd in rows["usd"]],
        mean=[delay_text(seconds) for seconds in rows["mean_s"]],
        p95=[delay_text(seconds) for seconds in rows["p95_s"]],
        label=[str(number) for number in rows["number"]],
        choice=[_CHOICE if is_choice else _OTHER for is_choice in rows["is_choice"]],
    )
    low, high = delay_span(rows)
    ticks = delay_ticks(rows, low, high)
    names = " : ".join(f"datum.value == {at!r} ? '{words}'" for at, words in ticks.items())
    x = numbers_in(
        "at_s",
        title="delay that 95% of the messages stay within",
        scale=scale(low, high, is_log=True),
        axis={"values": [*ticks], "labelExpr": f"{names} : ''", "grid": False},
    )
    is_log, least, most = usd_span([rows["usd"].to_numpy(float)])
    y = numbers_in(
        "usd",
        scale=scale(least, most, is_log=is_log),
        axis=dollar_axis(least, most, is_log=is_log),
    )
    legend, legend_px = legend_below(look, [_CHOICE, _OTHER], "circle")
    colors = colored({_CHOICE: look.blue, _OTHER: look.gray})
    number = {"type": "text", "align": "left", "dx": 8, "dy": -8, "color": look.ink, "fontSize": 12}
    layers: list[Part] = [
        {
            "data": values(told),
            "encoding": {"x": x, "y": y},
            "layer": [
                {
                    "mark": {"type": "circle", "size": 130, "opacity": 1},
                    "encoding": {
                        "color": names_in("choice", scale=colors, legend=legend),
                        "tooltip": tooltip(_TOLD),
                    },
                },
                {"mark": number, "encoding": {"text": names_in("label")}},
            ],
        }
    ]
    if within_seconds is not None and low < within_seconds < high:
        rule = {"type": "rule", "color": look.red, "strokeDash": [4, 3]}
        layers.append(
            {
                "data": {"values": [{"at_s": within_seconds}]},
                "mark": rule,
                "encoding": {"x": numbers_in("at_s")},
            }
        )
    return finished(layers, look, _PLOT_PX + _AXES_PX + legend_px, [])
