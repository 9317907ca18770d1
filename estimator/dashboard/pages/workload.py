"""What do the clients do? The week, the messages, their bytes, and what would change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from estimator.analysis.compare import Comparison
from estimator.analysis.workload.tables import (
    QUANTILES,
    messages_table,
    outcomes_table,
    sizes_table,
    week_table,
    wire_table,
)
from estimator.analysis.workload.transport import (
    Outcome,
    PublishedShare,
    compresses,
    outcomes,
    published_share,
)
from estimator.dashboard.pages.frame import open_page, sidebar
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.state import IN_ADDRESS, ErrorMessage, comparison_of
from estimator.dashboard.widgets import document
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.downloads import (
    Download,
    chart_files,
    data_file,
    download_row,
    rows_of,
    table_file,
)
from estimator.dashboard.widgets.profile import profile_views
from estimator.dashboard.widgets.texts import figures_html, heading_html, paragraph_html
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.demand.traffic import busiest_hour
from estimator.errors import EstimatorError
from estimator.format import (
    bytes_text,
    capitalized,
    count_text,
    dollars,
    figure_text,
    given_text,
    percent,
)
from estimator.render import draw
from estimator.render.document import Inline, Table, Text, state_text, table
from estimator.scenario.scenario import Scenario
from estimator.units import week_time_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_Columns = dict[str, tuple[str, Callable[[Any], str]]]
"""Head of each column and the words for its cells, by its name."""
_DIRECTIONS: Final = {"to_client": "to clients", "to_server": "from clients", "both": "both"}
_KINDS: Final = {
    "sent": "sent",
    "passed_on": "passed on",
    "published": "published",
    "at_connect": "for each new connection",
    "heartbeat": "counted as a message",
    "ping": "not counted as a message",
    "acknowledgement": "answers in the other direction",
    "connect": "handshake and upgrade",
    "total": "",
}


def _spoken(name: str) -> str:
    return name.replace("_", " ")


_DIRECTION: Final[_Columns] = {
    "direction": ("direction", lambda way: document.unbroken(_DIRECTIONS[way]))
}
_NAMES: Final[_Columns] = {"messages": ("messages", _spoken), **_DIRECTION}
_KIND: Final[_Columns] = {"kind": ("kind", lambda kind: _KINDS[kind])}
_MESSAGES: Final[_Columns] = {
    **_NAMES,
    "in_busiest_hour": ("in the busiest hour#", count_text),
    "per_month": ("per month#", count_text),
    "fan_out": ("fan-out#", lambda copies: given_text(copies) if copies else "–"),
    "mean_payload_bytes": ("payload#", bytes_text),
    "mean_wire_bytes": ("on the wire#", bytes_text),
    **_KIND,
}
_SIZES: Final[_Columns] = {
    **_NAMES,
    "mean_bytes": ("mean#", bytes_text),
    **{name: (f"{percent(share)} up to#", bytes_text) for name, share in QUANTILES.items()},
    "max_bytes": ("largest#", bytes_text),
}
_WIRE: Final[_Columns] = {
    "what": ("what", _spoken),
    **_DIRECTION,
    "payload_bytes": ("payload#", bytes_text),
    "websocket_bytes": ("WebSocket#", bytes_text),
    "tls_bytes": ("TLS#", bytes_text),
    "tcp_ip_bytes": ("TCP/IP#", bytes_text),
    "total_bytes": ("total#", bytes_text),
    **_KIND,
}
_TOTAL: Final = {"what": "Total per month", "direction": "both", "kind": "total"}


@dataclass(frozen=True)
class Workload:
    """What the clients do, and the tables that say so."""

    scenario: Scenario
    demand: Demand
    tables: dict[str, pd.DataFrame]
    """Those of the week, the messages, their sizes, and the bytes on the wire."""

    @property
    def figures(self) -> dict[str, float]:
        """Connections."""
        demand = self.demand
        return {
            "peak_connections": float(demand.peak_connections),
            "peak_within_hour": float((demand.peak_within_hour or demand.connections_peak).peak),
            "mean_connections": float(demand.connections.mean),
            "new_connections_per_month": float(demand.per_month(demand.new_connections)),
        }

    @property
    def busiest(self) -> str:
        """The hour of the week with most messages, in local time and in UTC."""
        return self.scenario.clock.text(busiest_hour(self.demand))

    def as_data(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "scenario": self.scenario.as_data(),
            **self.figures,
            "busiest_hour_utc": week_time_text(busiest_hour(self.demand)),
            **{name: rows_of(each) for name, each in self.tables.items()},
        }

    def chart_token(self, name: str) -> str:
        """Of a scenario with the same chart.

        Sizes and shares of bytes do not change with an audience of one kind, so that an edit of it
        need not draw them again.
        """
        if name == "week" or len(self.scenario.kinds) > 1:
            return self.scenario.to_token()
        alike = Scenario(
            profile=self.scenario.profile, location=self.scenario.location, mean_connections=1.0
        )
        return alike.to_token()

    def chart(self, name: str, look: Look | None = None) -> Figure:
        """One of the charts ``week``, ``sizes`` and ``wire``."""
        return draw(name, self.demand, look)


@kept
def workload_of(token: str) -> Workload:
    """The expected workload of a single scenario."""
    scenario = Scenario.from_token(token)
    demand = expected_demand(scenario)
    makers = (week_table, messages_table, sizes_table, wire_table)
    tables = {make.__name__.removesuffix("_table"): make(demand) for make in makers}
    return Workload(scenario, demand, tables)


def workload_page() -> None:
    """Draw the page."""
    scenario = open_page("workload", "What do the clients do?")
    workload = workload_of(scenario.to_token())
    if not workload.figures["peak_connections"]:
        st.info(
            "Nobody is connected in this scenario. Enter an audience in the sidebar to see its "
            "messages."
        )
        return
    notes = (paragraph_html(note, "quiet") for note in workload.demand.notes)
    answer = heading_html(_answer(workload)), *notes, figures_html(_totals(workload))
    document.show_answer(answer)
    sidebar(scenario)
    # pictures take longest: their containers are filled after all figures are there
    most = figure_text(workload.figures["peak_within_hour"])
    week = _section("The week", f"Open connections, hour by hour; at most {most} at one moment.")
    _files(workload, "week", "Every hour")
    _section("The messages", f"In the busiest hour, {workload.busiest}, and in the billing month.")
    document.show([_readable(workload.tables["messages"], _MESSAGES)])
    _files(workload, "messages", "Messages")
    sizes = _section("Message sizes", "Payloads, before anything is added to them.")
    if workload.tables["sizes"].empty:
        st.caption("No message carries a payload.")
    else:
        document.show_as_table(_readable(workload.tables["sizes"], _SIZES))
    _files(workload, "sizes", "Sizes")
    wire = _section(
        "Bytes on the wire",
        "TLS 1.3 over TCP and IPv4. Each message is sent on its own and acknowledged; each session "
        "opens one connection.",
    )
    document.show_as_table(_wire(workload.tables["wire"]))
    _files(workload, "wire", "Bytes by layer")
    _section("What heartbeat and compression change", "")
    variants = _variants(scenario, comparison_of(scenario.to_token()))
    download_row(_variant_files(workload, variants))
    profile_views(scenario)
    for container, name in ((week, "week"), (sizes, "sizes"), (wire, "wire")):
        if not workload.tables[name].empty:
            with container:
                show_chart(workload.chart_token(name), name, partial(workload.chart, name))


def _section(title: str, words: str) -> DeltaGenerator:
    """A heading, and room for a picture below it."""
    document.show_heading(title)
    if words:
        st.caption(words)
    return st.container()


def _answer(workload: Workload) -> Inline:
    """The workload in one sentence, with its most frequent message as the example."""
    rows = workload.tables["messages"].to_dict(orient="records")
    counted = [row for row in rows if row["kind"] != "ping"]
    sent, received = (
        document.unbroken(
            count_text(sum(r["in_busiest_hour"] for r in counted if r["direction"] == way))
        )
        for way in ("to_server", "to_client")
    )
    peak = figure_text(workload.figures["peak_connections"])
    words = f"At the peak, {peak} connections send {sent} and receive {received} messages per hour"
    carrying = [row for row in counted if row["mean_payload_bytes"] > 0]
    if not carrying:
        return f"{words}."
    example = max(carrying, key=lambda row: row["in_busiest_hour"])
    payload, wire = (
        document.unbroken(bytes_text(example[name]))
        for name in ("mean_payload_bytes", "mean_wire_bytes")
    )
    return (
        f"{words}; a {payload} message ({_spoken(example['messages'])}) is ",
        Text(f"{wire} on the wire", "strong"),
        ".",
    )


def _totals(workload: Workload) -> Iterator[tuple[str, str, str]]:
    rows, figures = workload.tables["wire"], workload.figures
    bytes_of = rows.groupby("direction")["total_bytes"].sum()
    payload, total = float(rows["payload_bytes"].sum()), float(bytes_of.sum())
    to_client, to_server = (bytes_text(float(bytes_of[way])) for way in ("to_client", "to_server"))
    of_both = f"payload is {percent(payload / total if total else 0.0)} of both"
    new = count_text(figures["new_connections_per_month"])
    yield "Mean connections", figure_text(figures["mean_connections"]), "over the whole week"
    yield "New connections per month", new, "one for each session"
    yield "To clients per month", to_client, "on the wire"
    yield "From clients per month", to_server, of_both


def _readable(rows: pd.DataFrame, columns: _Columns) -> Table:
    """Some columns of a table, under the heads and in the words for people."""
    return table(
        (head for head, _ in columns.values()),
        (
            tuple(words(row[name]) for name, (_, words) in columns.items())
            for row in rows.to_dict(orient="records")
        ),
    )


def _wire(rows: pd.DataFrame) -> Table:
    """Bytes by layer, with their sums below."""
    total = rows.sum(numeric_only=True).to_dict() | _TOTAL
    shown = _readable(pd.concat([rows, pd.DataFrame([total])]), _WIRE)
    return replace(shown, tones=(*["plain" for _ in rows.index], "strong"))


@st.cache_resource(max_entries=1, show_spinner=False)
def _published_compression() -> PublishedShare:
    """What somebody measured of compressed messages."""
    return published_share()


@kept
def _outcomes_of(
    token: str, deployments: tuple[str, ...], compressed_share: float
) -> tuple[Outcome, ...]:
    return outcomes(Scenario.from_token(token), deployments, compressed_share)


def _variants(scenario: Scenario, comparison: Comparison) -> pd.DataFrame:
    """The scenario with one thing changed; returned with all digits, and empty if not priced."""
    published = _published_compression()
    st.markdown(
        "The same scenario with one thing changed, priced like any other. Compression is modeled "
        "for your own servers: smaller messages, and memory for each connection; its processor "
        "time is not."
    )
    compressed_percent = st.number_input(
        "Compressed messages, in % of plain ones",
        min_value=1.0,
        max_value=100.0,
        value=round(100 * published.share, 1),
        step=1.0,
        format="%g",
        key="compressed_percent",
        **IN_ADDRESS,
        help=document.literal(
            f"The default was measured once: {published.title} ({published.source}). How far your "
            "messages shrink depends on their content; measure it."
        ),
        width=320,
    )
    priced = _priced_on(comparison)
    if not priced:
        st.info("No deployment can be priced for this scenario.")
        return pd.DataFrame()
    try:
        found = _outcomes_of(scenario.to_token(), priced, compressed_percent / 100)
    except EstimatorError as reason:
        document.show_error(
            ErrorMessage("This cannot be calculated", str(reason), "Try another location.")
        )
        return pd.DataFrame()
    columns = ("to clients#", "from clients#", *map(document.full_title, priced))
    document.show([table(("variant", *columns), map(_variant, found))])
    st.caption(
        "Bytes and dollars are per month. The badge is the state of the deployment: without a "
        "heartbeat, silent connections may be cut."
    )
    return outcomes_table(found, priced)


def _variant(outcome: Outcome) -> tuple[Inline, ...]:
    return (
        capitalized(outcome.variant.title),
        bytes_text(outcome.to_client_bytes),
        bytes_text(outcome.to_server_bytes),
        *(
            "not modeled"
            if bill is None
            else (f"{dollars(float(bill.total))} ", state_text(bill.state, bill.state_words))
            for bill in outcome.bills
        ),
    )


def _priced_on(comparison: Comparison) -> tuple[str, ...]:
    """The cheapest deployment on your own servers, and the cheapest managed gateway."""
    ids = [bill.deployment or "" for bill in comparison.bills]  # those within limits stand first
    own = next((name for name in ids if compresses(name)), None)
    managed = next((name for name in ids if not compresses(name)), None)
    return tuple(name for name in (own, managed) if name is not None)


def _files(workload: Workload, name: str, label: str) -> None:
    rows, chart = workload.tables[name], partial(workload.chart, name)
    files = [table_file(label, f"workload-{name}.csv", lambda: rows)]
    if name != "messages" and not rows.empty:
        files += chart_files(f"Chart of the {name}", f"workload-{name}", chart)
    download_row(files)


def _variant_files(workload: Workload, variants: pd.DataFrame) -> list[Download]:
    """The variants, and with them the whole page as data."""
    everything = data_file(
        "Everything", "workload.json", lambda: workload.as_data() | {"variants": rows_of(variants)}
    )
    if variants.empty:
        return [everything]
    return [table_file("Variants", "workload-variants.csv", lambda: variants), everything]
