"""Growth: what does it cost in the coming months, and what happens when?"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Final

import pandas as pd
import streamlit as st

from estimator.analysis.growth.audience import MONTHS, MOST_MONTHS
from estimator.analysis.growth.growth import Growth
from estimator.dashboard.charts.lines import growth_chart
from estimator.dashboard.pages.what_if.answers import GrowthQuestion, growth_of
from estimator.dashboard.session.state import IN_ADDRESS
from estimator.dashboard.widgets.document import literal, show, show_heading
from estimator.dashboard.widgets.downloads import (
    chart_files,
    data_file,
    download_row,
    export_file,
    table_file,
)
from estimator.dashboard.widgets.touch import show_touchable
from estimator.format import sentence
from estimator.render import document_of
from estimator.render.document import Bullets, Paragraph
from estimator.render.views.growth import main_milestones
from estimator.scenario.scenario import Scenario

_PER_MONTH: Final = "per month"
_PER_YEAR: Final = "per year"
_PERCENT: Final = 5.0
_MILESTONES_SHOWN: Final = 6
_NO_MILESTONE: Final = "Nothing changes for the cheapest deployment, and no limit is exceeded."


def growth_part(scenario: Scenario) -> None:
    """Draw how fast it grows, what that means in words, the chart, the table and the files.

    Raises:
        EstimatorError: a number that makes no sense.
    """
    asked = _question(scenario)
    found = growth_of(asked)
    _, *blocks = document_of(found).blocks
    show_heading(found.answer)
    st.caption(literal(f"{sentence(found.audience)} Month 0 is now; prices stay as they are."))
    chart = st.container()
    words = tuple(each.words for each in islice(main_milestones(found), _MILESTONES_SHOWN))
    show([Bullets(words), Paragraph("" if words else _NO_MILESTONE), *blocks])
    _downloads(found)
    with chart:
        show_touchable(asked, "growth", partial(growth_chart, found), found.chart_in_words())


def _question(scenario: Scenario) -> GrowthQuestion:
    percent, pace, months = st.columns([2, 3, 2])
    by = percent.number_input(
        "The audience grows by (%)",
        value=_PERCENT,
        min_value=-99.0,
        max_value=1000.0,
        step=1.0,
        format="%g",
        key="grows_by",
        **IN_ADDRESS,
        help="Negative: it shrinks.",
    )
    each = pace.segmented_control(
        "Growth rate",
        [_PER_MONTH, _PER_YEAR],
        key="pace",
        default=_PER_MONTH,
        required=True,
        **IN_ADDRESS,
    )
    count = months.number_input(
        "Months from now",
        value=MONTHS,
        min_value=1,
        max_value=MOST_MONTHS,
        step=6,
        key="months",
        **IN_ADDRESS,
    )
    return GrowthQuestion(scenario.to_token(), int(count), float(by), each == _PER_YEAR)


def _downloads(found: Growth) -> None:
    events = pd.DataFrame(
        [
            {"month": event.month, "kind": event.kind, "words": event.words}
            for event in found.milestones
        ],
        columns=["month", "kind", "words"],
    )
    download_row(
        [
            table_file("Every month", "growth.csv", lambda: found.table),
            table_file("Totals", "growth-summary.csv", lambda: found.summary),
            table_file("Events", "growth-events.csv", lambda: events),
            data_file("Everything", "growth.json", found.as_data),
            export_file("focus", "growth", lambda: found),
            *chart_files("Chart", "growth-chart", found.chart),
        ]
    )
