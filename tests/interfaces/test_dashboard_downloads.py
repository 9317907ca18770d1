"""What can be taken away from every page: all that is shown, in forms that do no harm."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st

import estimator as ws
from estimator.dashboard.site import PAGES
from interfaces.shown_page import shown_page

CONFIG = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "server.address": "127.0.0.1",
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.maxUploadSize": 2,
}
FORMULA = "=HYPERLINK(\"https://example.org\",\"../../etc/passwd\")"  # fmt: skip

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


@pytest.fixture
def harmful() -> ws.Scenario:
    """What people may write freely is written by somebody who means harm."""
    return ws.Scenario(
        name=FORMULA,
        profile={
            "extends": "workplace-chat",
            "title": "@SUM(A1:A9)",
            "description": "+1",
            "flows": {"=1+1": {"rate_per_hour": 1, "direction": "client_to_server", "payload": 9}},
        },
        location="virginia",
        peak_connections=20_000,
        contract={"title": "-2", "rates": [{"meters": ["aws.*"], "percent_off": 20}]},
    )


@pytest.fixture
def charts_shown() -> list[str]:
    """The charts on the page whose files were taken."""
    return []


@pytest.fixture
def taken(monkeypatch, charts_shown) -> Callable[..., dict[str, str | bytes]]:
    """All files that a page offers, by name."""

    def take(page: str, scenario: ws.Scenario) -> dict[str, str | bytes]:
        files: dict[str, Any] = {}

        def offer(label: str, content: Any, *, file_name: str, **_: object) -> None:
            files[file_name] = content() if callable(content) else content

        monkeypatch.setattr(st, "download_button", offer)
        shown = shown_page(page, scenario, state={"saas": True})
        assert [one.value for one in shown.error] == []
        bodies = [each.proto.body for each in shown.get("html")]
        charts_shown[:] = [body for body in bodies if "<img" in body]
        return files

    return take


def rows(text: str | bytes) -> list[dict[str, str]]:
    assert isinstance(text, str)
    return list(csv.DictReader(io.StringIO(text)))


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_no_cell_of_a_table_is_a_formula_and_no_name_of_a_file_is_a_path(page, taken, harmful):
    files = taken(page, harmful)
    for name, content in files.items():
        assert re.fullmatch(r"[a-z-]+\.(csv|json|png|svg|yaml)", name)
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(str(content))) for cell in row]
            assert cells
            risky = [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n") and cell]
            assert [cell for cell in risky if not is_number(cell)] == [], name


def test_a_formula_is_kept_as_the_text_that_it_is(taken, harmful):
    assert any(
        row["messages"] == "'=1+1"
        for row in rows(taken("workload", harmful)["workload-messages.csv"])
    )
    totals = rows(taken("estimate", harmful)["estimate-totals.csv"])
    assert all(row["scenario"].startswith(f"'{FORMULA}") for row in totals)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_can_be_taken_as_data(page, taken, charts_shown, harmful):
    files = taken(page, harmful)
    data = [json.loads(content) for name, content in files.items() if name.endswith(".json")]
    assert data
    if page != "prices":  # prices are those of every scenario
        for one in data:
            assert one["scenario"]["name"] == FORMULA
    # a concurrency that was not simulated has no table
    wanted = {"json"} if page == "concurrency" else {"csv", "json"}
    wanted |= {"png", "svg"} if charts_shown or page == "limits" else set()
    assert {name.partition(".")[2] for name in files} >= wanted
    if page in ("estimate", "workload", "what_if"):
        assert charts_shown


def test_the_workload_as_data_is_what_its_tables_hold(taken, harmful):
    files = taken("workload", harmful)
    data = json.loads(files["workload.json"])
    demand = ws.expected_demand(harmful)
    assert data["peak_connections"] == float(demand.peak_connections)
    for name, file in (("week", "week"), ("messages", "messages"), ("sizes", "sizes"),
                       ("wire", "wire"), ("variants", "variants")):  # fmt: skip
        table = rows(files[f"workload-{file}.csv"])
        assert len(table) == len(data[name]) > 0
        for written, one in zip(table, data[name], strict=True):
            for column, cell in written.items():
                value = one[column]
                if isinstance(value, float | int) and not isinstance(value, bool):
                    assert float(cell) == value
                else:
                    assert cell.removeprefix("'") == ("" if value is None else str(value))


def test_prices_as_data_are_those_of_the_python_api(taken, harmful):
    listed = json.loads(taken("prices", harmful)["prices.json"])["prices"]
    table = ws.prices()
    assert [row["usd_per_unit"] for row in listed] == table["usd_per_unit"].tolist()
    assert [row["source"] for row in listed] == table["source"].tolist()


def test_the_expectation_as_data_is_the_closed_form(taken, harmful):
    data = json.loads(taken("concurrency", harmful)["expectation.json"])
    demand = ws.expected_demand(harmful)
    assert data["expected_peak"] == float(demand.peak_connections)
    assert data["new_connections_per_second"] == pytest.approx(
        float(demand.new_connections.peak) / 3600
    )
    assert data["new_connections_per_second_limit"] is None


@pytest.mark.parametrize(("option", "value"), CONFIG.items(), ids=CONFIG.keys())
def test_the_server_is_set_up_for_safety(option, value):
    assert st.get_option(option) == value
