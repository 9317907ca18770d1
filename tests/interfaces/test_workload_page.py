"""The page about the workload, without a browser: figures, tables and files agree."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.pages.workload import workload_of
from interfaces.shown_page import headings, plain, run, shown_page, tables

TICKS = {"direction": "server_to_client", "rate_per_hour": 6, "payload": 124}
ONE_FLOW = {
    "title": "Ticks",
    "session": {"law": "exponential", "mean_hours": 1},
    "weekly_shape": "flat",
    "heartbeat": {"interval_seconds": 30},
    "flows": {"ticks": TICKS},
}

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


@pytest.fixture
def ticks() -> ws.Scenario:
    return ws.Scenario(profile=ONE_FLOW, location="virginia", mean_connections=1_000)


def opened(scenario: ws.Scenario, **settings: str) -> AppTest:
    return shown_page("workload", scenario, settings)


def table(page: AppTest, column: str) -> list[dict[str, str]]:
    (found,) = [rows for rows in tables(page) if column in rows[0]]
    return found


def test_the_headline_counts_by_hand(ticks):
    # 1,000 connections x 6 an hour; 124 bytes leave as 200 (measured, tests/demand/test_wire.py)
    headline = headings(opened(ticks))[0]
    assert headline == (
        "At the peak, 1,000 connections send 0 and receive 6,000 messages per hour; "
        "a 124 B message (ticks) is 200 B on the wire."
    )


def test_every_stream_has_a_row_with_its_month(ticks):
    rows = {(row["Messages"], row["Direction"]): row for row in table(opened(ticks), "Fan-out")}
    assert set(rows) == {
        ("ticks", "to clients"),
        ("heartbeat", "to clients"),
        ("heartbeat", "from clients"),
    }
    # 6 an hour x 1,000 x 730 hours; a ping each 30 seconds is 120 an hour
    assert rows["ticks", "to clients"]["Per month"] == "4.38M"
    assert rows["heartbeat", "to clients"]["Per month"] == "87.6M"
    assert rows["heartbeat", "to clients"]["In the busiest hour"] == "120,000"
    assert rows["heartbeat", "to clients"]["On the wire"] == "76 B"
    assert rows["heartbeat", "from clients"]["On the wire"] == "80 B"


def test_layers_on_screen_are_those_of_the_standards(ticks):
    rows = {(row["What"], row["Direction"]): row for row in table(opened(ticks), "TCP/IP")}
    ticked = rows["ticks", "to clients"]
    # 4.38 million messages of 124 + 2 + 22 + 52 bytes
    assert ticked["Payload"] == "543 MB"
    assert ticked["WebSocket"] == "8.76 MB"
    assert ticked["TLS"] == "96.4 MB"
    assert ticked["TCP/IP"] == "228 MB"
    assert ticked["Total"] == "876 MB"
    # each ping from a client is acknowledged with 52 bytes, by the server
    assert rows["acknowledgements", "to clients"]["Total"] == "4.56 GB"


def test_quantiles_of_observed_sizes_are_those_sizes():
    flows = {
        "posts": {
            "direction": "client_to_server",
            "rate_per_hour": 1,
            "payload": {"law": "empirical", "sizes": [10, 200, 3000], "counts": [50, 44, 6]},
        }
    }
    scenario = ws.Scenario(
        profile={**ONE_FLOW, "flows": flows}, location="virginia", mean_connections=10
    )
    [row] = table(opened(scenario), "Largest")
    assert [row[f"{share}% up to"] for share in (5, 50, 95, 99)] == [
        "10 B",
        "10 B",
        "3 KB",
        "3 KB",
    ]
    assert row["Largest"] == "3 KB"


def test_variants_are_real_scenarios_priced_like_any_other(ticks):
    page = opened(ticks)
    rows = table(page, "Variant")
    assert [row["Variant"] for row in rows] == [
        "As it is",
        "Without heartbeat",
        "Heartbeat twice as long: every 60 s",
        "Heartbeat as messages of the application",
        "Compressed to 39 % of the payload",
    ]
    by_title = {
        f"{bill.title} on {bill.cloud_name}": str(bill.deployment)
        for bill in ws.compare(ticks).bills
    }
    columns = [column for column in map(plain, rows[0]) if column in by_title]
    assert len(columns) == 2
    silent = ws.Scenario(
        profile={**ONE_FLOW, "heartbeat": None}, location="virginia", mean_connections=1_000
    )
    counted = ws.Scenario(
        profile={**ONE_FLOW, "heartbeat": {"interval_seconds": 30, "kind": "application"}},
        location="virginia",
        mean_connections=1_000,
    )
    small = {"ticks": {**TICKS, "payload": 124 * 0.389}}
    compressed = ws.Scenario(
        profile={**ONE_FLOW, "flows": small},
        location="virginia",
        mean_connections=1_000,
        options={by_title[columns[0]]: {"compression": "permessage-deflate"}},
    )
    for column in columns:
        for row, scenario in ((rows[0], ticks), (rows[1], silent), (rows[3], counted)):
            total = ws.estimate(scenario, by_title[column]).total
            assert row[column].startswith(money(total)), row["Variant"]
    assert rows[4][columns[0]].startswith(
        money(ws.estimate(compressed, by_title[columns[0]]).total)
    )
    assert rows[4][columns[1]] == "not modeled"


def money(usd: Any) -> str:
    return f"${usd:,.0f} " if usd >= 1000 else f"${usd:,.2f} "


def test_the_compressed_share_is_the_visitors_to_say(ticks):
    page = opened(ticks)
    assert page.number_input(key="compressed_percent").value == 38.9
    before = table(page, "Variant")[-1]
    page.number_input(key="compressed_percent").set_value(100.0)
    after = table(run(page), "Variant")
    assert after[-1]["Variant"] == "Compressed to 100 % of the payload"
    assert after[-1]["To clients"] == after[0]["To clients"] != before["To clients"]


def test_without_a_heartbeat_the_table_shows_what_one_would_change():
    scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=100)
    titles = [row["Variant"] for row in table(opened(scenario), "Variant")]
    assert titles[1] == "With the heartbeat of Workplace chat: a ping every 25 s"
    assert not any(title.startswith("Without") for title in titles)


def test_nobody_connected_is_said_and_nothing_else_shown():
    page = opened(ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=0))
    assert "Nobody is connected" in page.info[0].value
    assert tables(page) == []


def test_silent_connections_have_no_sizes_but_bytes():
    scenario = ws.Scenario(
        profile={**ONE_FLOW, "flows": {}, "heartbeat": None},
        location="virginia",
        mean_connections=10,
    )
    page = opened(scenario)
    assert headings(page)[0].endswith("send 0 and receive 0 messages per hour.")
    assert "No message carries a payload." in [each.value for each in page.caption]
    assert len(tables(page)) >= 2


def test_an_edit_on_this_page_changes_the_scenario_of_all_pages(ticks):
    page = opened(ticks)
    page.number_input(key="mean_connections").set_value(2_000.0)
    run(page)
    assert "receive 12,000" in headings(page)[0]
    linked = ws.Scenario.from_token(page.query_params["scenario"])
    assert linked.mean_connections == 2_000


def test_files_hold_what_is_shown_to_the_last_digit(ticks):
    from estimator.render.spreadsheet import csv as as_csv

    workload = workload_of(ticks.to_token())
    week = list(csv.DictReader(io.StringIO(as_csv(workload.tables["week"]))))
    assert len(week) == 168
    assert [week[0]["hour_utc"], week[43]["hour_utc"]] == ["Mon 00:00", "Tue 19:00"]
    assert {float(row["open_connections_mean"]) for row in week} == {1_000.0}
    assert {float(row["messages_to_client"]) for row in week} == {6_000.0}
    wire = list(csv.DictReader(io.StringIO(as_csv(workload.tables["wire"]))))
    demand = ws.expected_demand(ticks)
    for way in ("to_client", "to_server"):
        written = sum(float(row["total_bytes"]) for row in wire if row["direction"] == way)
        np.testing.assert_allclose(written, demand.per_month(demand.traffic(way, "ip")))


def test_charts_of_sizes_and_layers_are_drawn_once_for_every_audience(ticks):
    twice = ws.Scenario(profile=ONE_FLOW, location="virginia", mean_connections=2_000)
    one, two = (workload_of(each.to_token()) for each in (ticks, twice))
    assert one.chart_token("sizes") == two.chart_token("sizes")
    assert one.chart_token("wire") == two.chart_token("wire")
    assert one.chart_token("week") != two.chart_token("week")
    # which is right only if their shares of bytes are the same
    np.testing.assert_allclose(
        one.tables["wire"]["total_bytes"] / one.tables["wire"]["total_bytes"].sum(),
        two.tables["wire"]["total_bytes"] / two.tables["wire"]["total_bytes"].sum(),
    )
