"""Map: which deployment is the cheapest over two numbers at once?"""

from __future__ import annotations

from typing import Final

import streamlit as st

from estimator.analysis.fields import field_words
from estimator.analysis.sweep import Sweep
from estimator.dashboard.pages.what_if.answers import MapJob
from estimator.dashboard.pages.what_if.inputs import ENGINEER_HOURS, movables, moved_input
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import full_title, show, show_heading
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.engineering import hour_price_input, with_engineering
from estimator.dashboard.widgets.progress import result_of
from estimator.format import percent
from estimator.render import document_of
from estimator.render.document import Inline, Text
from estimator.scenario.scenario import Scenario

_FIRST: Final = "peak_connections"


def map_part(scenario: Scenario) -> None:
    """Draw the question, who wins in words, the map, the table and the files.

    Raises:
        EstimatorError: a number cannot have such values.
    """
    job = _question(scenario)
    found = result_of("map", job, "Pricing points")
    if found is None:
        return
    show_heading(_answer(found))
    chart = st.container()
    show(document_of(found).blocks)
    download_row(
        [
            table_file("Winners", "map.csv", lambda: found.cheapest),
            table_file("Every bill", "map-bills.csv", lambda: found.totals),
            data_file("Everything", "map.json", found.as_data),
            *chart_files("Map", "map-chart", found.chart),
        ]
    )
    with chart:
        fields = " and ".join(map(field_words, found.axes))
        words = f"Map of the cheapest deployment within limits, over {fields}. " + " ".join(
            f"{full_title(name) if name else 'None'}: {percent(share)} of the map."
            for name, share in found.shares_cheapest
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


def _answer(found: Sweep) -> Inline:
    (first, part), *others = found.shares_cheapest
    share = percent(part)
    if first is None:
        return f"No deployment is within limits on {share} of the map."
    name = Text(full_title(first), "strong")
    if not others:
        return name, " is the cheapest everywhere on the map."
    rest = "another one wins" if len(others) == 1 else f"{len(others)} others share"
    return name, f" is the cheapest on {share} of the map; {rest} the rest."
