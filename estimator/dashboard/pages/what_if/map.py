"""Map: which deployment is the cheapest over two numbers at once?"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.fields import field_words
from estimator.analysis.sweep import Sweep
from estimator.dashboard.pages.frame import full_title
from estimator.dashboard.pages.what_if.answers import MapJob, map_of
from estimator.dashboard.pages.what_if.inputs import (
    ENGINEER_HOURS,
    hour_price_input,
    movables,
    moved_input,
    with_engineering,
)
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import literal, show_table
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.format import dollars, percent, range_text
from estimator.render.document import Table, table
from estimator.scenario.scenario import Scenario

_FIRST: Final = "peak_connections"


def map_part(scenario: Scenario) -> None:
    """Draw the question, who wins in words, the map, the table and the files.

    Raises:
        EstimatorError: a number cannot have such values.
    """
    job = _question(scenario)
    found = map_of(job)
    if found is None:
        return
    won = _won(found)
    st.subheader(_answer(won), anchor=False)
    chart = st.container()
    show_table(_winners(won))
    fields = " and ".join(map(field_words, found.axes))
    lengths = " × ".join(map(str, found.shape))
    st.caption(literal(f"{lengths} points over {fields}, {len(found.deployments)} deployments."))
    for each in found.refusals:
        name = full_title(each.deployment)
        st.caption(literal(f"{name} cannot be priced everywhere: {each.reason}"))
    download_row(
        [
            table_file("Winners", "map.csv", lambda: found.cheapest),
            table_file("Every bill", "map-bills.csv", lambda: found.totals),
            data_file("Everything", "map.json", found.as_data),
            *chart_files("Map", "map-chart", found.chart),
        ]
    )
    with chart:
        words = f"Map of the cheapest deployment within limits, over {fields}. " + " ".join(
            f"{_winner(row['deployment'])}: {percent(row['share'])} of the map."
            for row in won.to_dict(orient="records")
        )
        show_chart(job, "map", found.chart, words)


def _question(scenario: Scenario) -> MapJob:
    known = movables(scenario)
    across = moved_input("Across", "across", known, _FIRST)
    others = {name: each for name, each in known.items() if name != across.field}
    # engineering time decides most between buying and running it, and is anybody's guess
    first = ENGINEER_HOURS if across.field != ENGINEER_HOURS else _FIRST
    upward = moved_input("Upward", "upward", others, first)
    if ENGINEER_HOURS in (across.field, upward.field):
        with st.columns([5, 4])[0]:
            hour_price_input(scenario)
        scenario = with_engineering(scenario)
    return MapJob(scenario.to_token(), across, upward)


def _won(found: Sweep) -> pd.DataFrame:
    """One row for each deployment that is the cheapest somewhere, the most frequent first.

    ``deployment`` is empty where none is within limits.
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
    share = percent(float(first["share"]))
    if not first["deployment"]:
        return f"No deployment is within limits on {share} of the map."
    name = literal(full_title(str(first["deployment"])))
    if len(won) == 1:
        return f"**{name}** is the cheapest everywhere on the map."
    others = len(won) - 1
    rest = "another one wins" if others == 1 else f"{others} others share"
    return f"**{name}** is the cheapest on {share} of the map; {rest} the rest."


def _winners(won: pd.DataFrame) -> Table:
    return table(
        ("cheapest within limits", "share of the map#", "its bill there#", "ahead of the next by#"),
        (
            (
                _winner(row["deployment"]),
                percent(row["share"]),
                range_text(np.array([row["min"], row["max"]]), dollars)
                if row["deployment"]
                else "–",
                dollars(row["lead_usd"]) if np.isfinite(row["lead_usd"]) else "–",
            )
            for row in won.to_dict(orient="records")
        ),
    )


def _winner(deployment: str) -> str:
    return full_title(deployment) if deployment else "None"
