"""Does the app need WebSockets, or do streams or polls cost less?"""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from typing import Final

import streamlit as st

from estimator.analysis.transports.message_rates import RateBreakEven
from estimator.dashboard.charts.transports import transports_chart
from estimator.dashboard.pages.frame import open_page
from estimator.dashboard.session.state import IN_ADDRESS
from estimator.dashboard.session.transport_jobs import (
    TransportRatesJob,
    TransportsJob,
    TransportsShown,
)
from estimator.dashboard.widgets.document import literal, show, show_answer, show_heading
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.progress import result_of, result_on_request
from estimator.dashboard.widgets.texts import heading_html
from estimator.dashboard.widgets.touch import show_touchable
from estimator.render import document as doc
from estimator.render.charts.transports import points_chart

_FRESHNESS: Final[dict[str, float | None]] = {
    "0.5 s": 0.5,
    "2 s": 2.0,
    "10 s": 10.0,
    "1 min": 60.0,
    "5 min": 300.0,
    "15 min": 900.0,
    "No matter": None,
}
_USUAL: Final = "2 s"
_RATES: Final = "transport rates"


def transports_page() -> None:
    """Draw the page."""
    scenario = open_page("transports", "WebSocket or not?")
    within = st.segmented_control(
        "95% of the messages within",
        [*_FRESHNESS],
        key="within",
        default=_USUAL,
        required=True,
        help="How much later a message may come than over a connection that is always open. Polls "
        "are then made as rarely as that allows. “No matter” compares polls at usual intervals.",
        **IN_ADDRESS,
    )
    job = TransportsJob(scenario.to_token(), _FRESHNESS[within or _USUAL])
    found = result_of("transports", job, "Pricing transports")
    if found is None:
        return
    show_answer([heading_html(found.headline)])
    advice = [*takewhile(lambda block: not isinstance(block, doc.Table), found.blocks)]
    show(advice)
    if not found.rows.empty:
        words = "Dollars and delay of each transport; the table below has each figure."
        chart = partial(transports_chart, found.rows, found.within_seconds)
        show_touchable(job, "transports", chart, words)
        numbered = zip(found.rows["number"], found.rows["name"], strict=True)
        st.caption(literal("; ".join(f"{number} {name}" for number, name in numbered)))
    show(found.blocks[len(advice) :])
    rates = _rates(job, found)
    _downloads(found, rates)


def _rates(job: TransportsJob, found: TransportsShown) -> RateBreakEven | None:
    """A button, and below it the message rates at which another transport is the cheapest."""
    show_heading("By message rate")
    if job.within_seconds is None:
        st.caption("Say above how late messages may come: rare polls are cheap at every rate.")
        return None
    if not found.per_minute:
        st.caption("No messages are sent, so that no rate can be raised.")
        return None
    asked = TransportRatesJob(job.token, job.within_seconds, found.per_minute)
    rates = result_on_request(
        _RATES,
        asked,
        "Pricing message rates",
        button="Find the rates",
        key="find_rates",
        icon=":material/search:",
        promise=(
            "At how many messages of a client per minute does another transport become the "
            "cheapest? From a thousandth of today’s rate to a thousand times as many."
        ),
    )
    if rates is not None:
        show([doc.Bullets(rates.sentences)])
    return rates


def _downloads(found: TransportsShown, rates: RateBreakEven | None) -> None:
    data = {**found.data, "break_even": None if rates is None else rates.as_data()}
    download_row(
        [
            table_file("All transports", "transports.csv", lambda: found.table),
            data_file("Everything", "transports.json", lambda: data),
            *chart_files(
                "Chart",
                "transports-chart",
                partial(points_chart, found.rows, found.title, found.within_seconds),
            ),
        ]
    )
