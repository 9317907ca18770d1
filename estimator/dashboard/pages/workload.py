"""What do the clients do? The week, the messages, their bytes, and what moves them."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from estimator.analysis.compare import Comparison
from estimator.analysis.workload.tables import QUANTILES, outcomes_table
from estimator.analysis.workload.transport import PublishedShare, compresses
from estimator.dashboard.page_frame import open_page
from estimator.dashboard.session.computed import (
    Workload,
    comparison_of,
    outcomes_of,
    published_compression,
    workload_of,
    workload_picture_of,
)
from estimator.dashboard.session.state import Fault
from estimator.dashboard.widgets.charts import show, theme
from estimator.dashboard.widgets.downloads import (
    Download,
    as_json,
    chart_files,
    csv,
    download_row,
    rows_of,
)
from estimator.dashboard.widgets.error_message import fault_view
from estimator.dashboard.widgets.limits import STATES
from estimator.dashboard.widgets.profile import profile_view
from estimator.dashboard.widgets.text import dollars, literal, unbroken
from estimator.deployments.registry import DEPLOYMENTS
from estimator.errors import EstimatorError
from estimator.format import bytes_text, count_text, figure_text
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.scenario import Scenario

_WAYS = {"to_client": "to clients", "to_server": "from clients"}
_KINDS = {
    "sent": "sent",
    "passed_on": "passed on",
    "published": "published",
    "at_connect": "at each connect",
    "heartbeat": "counted as a message",
    "ping": "not counted as a message",
    "acknowledgement": "answers to the other way",
    "connect": "handshake and upgrade",
}


def workload_page() -> None:
    """Draw the page."""
    scenario = open_page("workload", "What do the clients do?")
    token = scenario.to_token()
    workload = workload_of(token)
    if not workload.peak:
        st.info(
            "Nobody is connected in this scenario. Give it an audience in the sidebar to see its "
            "messages."
        )
        return
    st.subheader(_answer(workload), anchor=False)
    for note in workload.demand.notes:
        st.caption(literal(note))
    _totals(workload)
    # pictures take longest: what they hold is filled in after all figures are there
    week = _section("The week", "Open connections hour by hour.")
    _files(workload, "week", "Every hour (CSV)", "workload-week.csv", workload.week)
    _section(
        "The messages", f"In the busiest hour, {workload.busiest} UTC, and in the billing month."
    )
    st.table(_messages(workload), border="horizontal", hide_index=True)
    download_row([_table_file("Messages (CSV)", "workload-messages.csv", workload.messages)])
    sizes = _section("How large they are", "Payloads, before anything is added to them.")
    if workload.sizes.empty:
        st.caption("No message carries a payload.")
    else:
        with st.expander("The same as a table", icon=":material/table:"):
            st.table(_sizes(workload), border="horizontal", hide_index=True)
    _files(workload, "sizes", "Sizes (CSV)", "workload-sizes.csv", workload.sizes)
    wire = _section(
        "Bytes on the wire",
        "TLS 1.3 over TCP and IPv4, each message sent on its own and acknowledged; a connection "
        "is opened once a session.",
    )
    with st.expander("The same as a table", icon=":material/table:"):
        st.table(_wire(workload), border="horizontal", hide_index=True)
    _files(workload, "wire", "Bytes by layer (CSV)", "workload-wire.csv", workload.wire)
    _section("What heartbeat and compression change", "")
    variants = _variants(scenario, comparison_of(token))
    download_row(_variant_files(workload, variants))
    profile_view(scenario.profile)
    for location, name in ((week, "week"), (sizes, "sizes"), (wire, "wire")):
        if name != "sizes" or not workload.sizes.empty:
            with location:
                show(partial(workload_picture_of, workload.chart_token(name), name, theme()), name)


def _section(title: str, words: str) -> DeltaGenerator:
    """A heading, and room for a picture below it."""
    st.subheader(title, anchor=False)
    if words:
        st.caption(words)
    return st.container()


def _answer(workload: Workload) -> str:
    """The workload in one sentence, with its most frequent message as the example."""
    rows = workload.messages.to_dict(orient="records")
    counted = [row for row in rows if row["kind"] != "ping"]
    sent, received = (
        unbroken(count_text(sum(r["in_busiest_hour"] for r in counted if r["direction"] == way)))
        for way in ("to_server", "to_client")
    )
    words = f"{figure_text(workload.peak)} at the peak send {sent} and receive {received} messages per hour"
    carrying = [row for row in counted if row["mean_payload_bytes"] > 0]
    if not carrying:
        return f"{words}."
    example = max(carrying, key=lambda row: row["in_busiest_hour"])
    payload, wire = (
        unbroken(bytes_text(example[name])) for name in ("mean_payload_bytes", "mean_wire_bytes")
    )
    return (
        f"{words}; a {payload} message ({literal(_spoken(example['messages']))}) is "
        f"**{wire} on the wire**."
    )


def _totals(workload: Workload) -> None:
    bytes_of = workload.wire.groupby("direction")["total_bytes"].sum()
    payload = float(workload.wire["payload_bytes"].sum())
    total = float(bytes_of.sum())
    metrics = [
        ("Mean connections", figure_text(workload.mean), "over the whole week"),
        (
            "Connects per month",
            count_text(workload.new_connections_per_month),
            "one for each session",
        ),
        ("To clients per month", bytes_text(float(bytes_of["to_client"])), "on the wire"),
        (
            "From clients per month",
            bytes_text(float(bytes_of["to_server"])),
            f"payload is {_percent(payload / total if total else 0.0)} of both",
        ),
    ]
    for column, (label, value, beside) in zip(st.columns(len(metrics)), metrics, strict=True):
        column.metric(label, value, beside, delta_color="off", delta_arrow="off", border=True)


def _messages(workload: Workload) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Messages": literal(_spoken(row["messages"])),
                "Way": unbroken(_WAYS[row["direction"]]),
                "In the busiest hour": unbroken(count_text(row["in_busiest_hour"])),
                "A month": unbroken(count_text(row["per_month"])),
                "Fan-out": f"{row['fan_out']:,.6g}" if row["fan_out"] else "–",
                "Payload": unbroken(bytes_text(row["mean_payload_bytes"])),
                "On the wire": unbroken(bytes_text(row["mean_wire_bytes"])),
                "What it is": _KINDS[row["kind"]],
            }
            for row in workload.messages.to_dict(orient="records")
        ]
    )


def _sizes(workload: Workload) -> pd.DataFrame:
    heads = {name: f"{share:.0%} up to".replace("%", " %") for name, share in QUANTILES.items()}
    heads["max_bytes"] = "Largest"
    return pd.DataFrame(
        [
            {
                "Messages": literal(_spoken(row["messages"])),
                "Way": unbroken(_WAYS[row["direction"]]),
                "Mean": unbroken(bytes_text(row["mean_bytes"])),
                **{head: unbroken(bytes_text(row[name])) for name, head in heads.items()},
            }
            for row in workload.sizes.to_dict(orient="records")
        ]
    )


def _wire(workload: Workload) -> pd.DataFrame:
    heads = {
        "payload_bytes": "Payload",
        "websocket_bytes": "WebSocket",
        "tls_bytes": "TLS",
        "tcp_ip_bytes": "TCP/IP",
        "total_bytes": "Together",
    }
    rows = [
        {
            "What": literal(_spoken(row["what"])),
            "Way": unbroken(_WAYS[row["direction"]]),
            **{head: unbroken(bytes_text(row[name])) for name, head in heads.items()},
            "What it is": _KINDS[row["kind"]],
        }
        for row in workload.wire.to_dict(orient="records")
    ]
    total = workload.wire[list(heads)].sum()
    rows.append(
        {
            "What": "**Everything, a month**",
            "Way": "both",
            **{
                head: f"**{unbroken(bytes_text(float(total[name])))}**"
                for name, head in heads.items()
            },
            "What it is": "",
        }
    )
    return pd.DataFrame(rows)


def _variants(scenario: Scenario, comparison: Comparison) -> pd.DataFrame:
    """The scenario with one thing changed; returned with all digits, and empty if not priced."""
    published = published_compression()
    st.markdown(
        "The same scenario with one thing changed, priced like any other. Compression is modeled "
        "for servers of one's own: smaller messages, and memory for each connection; its processor "
        "time is not."
    )
    percent = st.number_input(
        "Compressed messages, in % of plain ones",
        min_value=1.0,
        max_value=100.0,
        value=round(100 * published.share, 1),
        step=1.0,
        format="%g",
        key="compressed_percent",
        bind="query-params",
        persist_state="session",
        help=literal(_where_from(published)),
        width=320,
    )
    priced = _priced_on(comparison)
    if not priced:
        st.info("No deployment can be priced for this scenario.")
        return pd.DataFrame()
    try:
        found = outcomes_of(scenario.to_token(), priced, percent / 100)
    except EstimatorError as reason:
        fault_view(Fault("This cannot be worked out", str(reason), "Another place may help."))
        return pd.DataFrame()
    rows = [
        {
            "Variant": literal(one.variant.title[:1].upper() + one.variant.title[1:]),
            "To clients": unbroken(bytes_text(one.to_client_bytes)),
            "From clients": unbroken(bytes_text(one.to_server_bytes)),
            **{
                _name(name): "not modeled"
                if bill is None
                else f"{dollars(float(bill.total))} {STATES[bill.state]}"
                for name, bill in zip(priced, one.bills, strict=True)
            },
        }
        for one in found
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
    st.caption(
        "Bytes and dollars are those of a month. The badge is the state of the deployment: without "
        "a heartbeat, silent connections may be cut."
    )
    return outcomes_table(found, priced)


def _priced_on(comparison: Comparison) -> tuple[str, ...]:
    """The cheapest deployment on servers of one's own, and the cheapest managed gateway."""
    ids = [bill.deployment or "" for bill in comparison.bills]  # those that hold stand first
    own = next((name for name in ids if compresses(name)), None)
    managed = next((name for name in ids if not compresses(name)), None)
    return tuple(name for name in (own, managed) if name is not None)


def _where_from(published: PublishedShare) -> str:
    return (
        f"What is preset was captured once: {published.title} ({published.source}). How far yours "
        "shrink depends on what they say; measure it."
    )


def _files(workload: Workload, chart: str, label: str, file_name: str, table: pd.DataFrame) -> None:
    files = [_table_file(label, file_name, table)]
    if chart != "sizes" or not workload.sizes.empty:
        files += chart_files(
            f"Chart of the {chart}", f"workload-{chart}", partial(workload.chart, chart)
        )
    download_row(files)


def _variant_files(workload: Workload, variants: pd.DataFrame) -> list[Download]:
    """The variants, and with them the whole page as data."""
    everything = Download(
        "Everything (JSON)",
        "workload.json",
        "application/json",
        lambda: as_json(workload.as_data() | {"variants": rows_of(variants)}),
    )
    if variants.empty:
        return [everything]
    return [_table_file("Variants (CSV)", "workload-variants.csv", variants), everything]


def _table_file(label: str, file_name: str, table: pd.DataFrame) -> Download:
    return Download(label, file_name, "text/csv", lambda: csv(table))


def _name(deployment: str) -> str:
    found = DEPLOYMENTS[deployment]
    return literal(f"{found.title} on {CLOUDS[found.cloud]}")


def _spoken(name: object) -> str:
    return str(name).replace("_", " ")


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
