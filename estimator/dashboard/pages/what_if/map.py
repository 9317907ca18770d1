"""Map: which deployment is the cheapest over two numbers at once?"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.fields import field_words
from estimator.analysis.sweep import Sweep
from estimator.dashboard.pages.what_if.answers import MapAsked, map_of, show_chart
from estimator.dashboard.pages.what_if.fields import ENGINEER_HOURS, movables, with_engineering
from estimator.dashboard.pages.what_if.inputs import (
    hour_price_input,
    moved_input,
    name_of,
    plain_name,
)
from estimator.dashboard.widgets.downloads import Download, as_json, chart_files, csv, download_row
from estimator.dashboard.widgets.text import dollars, literal
from estimator.scenario.scenario import Scenario

_FIRST: Final = "peak_connections"


def map_part(scenario: Scenario) -> None:
    """Draw the question, who wins in words, the map, the table and the files.

    Raises:
        EstimatorError: a number cannot have such values.
    """
    asked = _question(scenario)
    found = map_of(asked)
    if found is None:
        return
    won = _won(found)
    st.subheader(_answer(won), anchor=False)
    chart = st.container()
    st.table(_winners(won), border="horizontal", hide_index=True)
    fields = " and ".join(map(field_words, found.axes))
    lengths = " x ".join(map(str, found.shape))
    st.caption(literal(f"{lengths} points over {fields}, {len(found.deployments)} deployments."))
    for refusal in found.refusals:
        name, reason = name_of(refusal.deployment), literal(refusal.reason)
        st.caption(f"{name} cannot be priced everywhere: {reason}")
    _downloads(found)
    with chart:
        words = f"Map of the cheapest deployment that holds, over {fields}. " + " ".join(
            f"{_plain(name)}: {share} of the map." for name, share in _shares(won).items()
        )
        show_chart(asked, "map", found.chart, words)


def _question(scenario: Scenario) -> MapAsked:
    known = movables(scenario)
    across = moved_input("Across", "across", known, _FIRST)
    others = {name: each for name, each in known.items() if name != across.field}
    # hours of people decide most between buying and running it, and are anybody's guess
    first = ENGINEER_HOURS if across.field != ENGINEER_HOURS else _FIRST
    upward = moved_input("Upward", "upward", others, first)
    if ENGINEER_HOURS in (across.field, upward.field):
        with st.columns([5, 4])[0]:
            hour_price_input(scenario)
        scenario = with_engineering(scenario)
    return MapAsked(scenario.to_token(), across, upward)


def _won(found: Sweep) -> pd.DataFrame:
    """One row for each deployment that is the cheapest somewhere, the most frequent first.

    ``deployment`` is empty where none holds.
    """
    points = found.cheapest
    grouped = points.groupby("deployment", observed=True)
    won = grouped["total_usd"].agg(["size", "min", "max"]).reset_index()
    won["share"] = won["size"] / len(points)
    for name in found.axes:
        won[f"{name} from"] = grouped[name].min().to_numpy()
        won[f"{name} to"] = grouped[name].max().to_numpy()
    won["lead_usd"] = grouped["lead_usd"].median().to_numpy()
    return won.sort_values("size", ascending=False, kind="stable", ignore_index=True)


def _answer(won: pd.DataFrame) -> str:
    first = won.iloc[0]
    share = f"{first['share']:.0%}".replace("%", " %")
    if not first["deployment"]:
        return f"At {share} of the map, no deployment holds."
    name = name_of(str(first["deployment"]))
    if len(won) == 1:
        return f"**{name}** is the cheapest everywhere on the map."
    others = len(won) - 1
    rest = "another one wins" if others == 1 else f"{others} others share"
    return f"**{name}** is the cheapest at {share} of the map; {rest} the rest."


def _winners(won: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Cheapest that holds": name_of(row["deployment"])
                if row["deployment"]
                else "none holds",
                "Of the map": f"{row['share']:.1%}".replace("%", " %"),
                "Its bill there": f"{dollars(row['min'])} to {dollars(row['max'])}"
                if row["deployment"]
                else "–",
                "Ahead of the next by": dollars(row["lead_usd"])
                if np.isfinite(row["lead_usd"])
                else "–",
            }
            for row in won.to_dict(orient="records")
        ]
    )


def _shares(won: pd.DataFrame) -> dict[str, str]:
    return {str(row["deployment"]): f"{row['share']:.0%}" for row in won.to_dict(orient="records")}


def _plain(name: str) -> str:
    return plain_name(name) if name else "None holds"


def _downloads(found: Sweep) -> None:
    download_row(
        [
            Download("Winners (CSV)", "map.csv", "text/csv", lambda: csv(found.cheapest)),
            Download("Every bill (CSV)", "map-bills.csv", "text/csv", lambda: csv(found.totals)),
            Download(
                "Everything (JSON)", "map.json", "application/json",
                lambda: as_json(found.as_data()),
            ),
            *chart_files("Map", "map-chart", found.chart),
        ]
    )  # fmt: skip
