"""What can be taken away from every page: all that is shown, in forms that do no harm."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import streamlit as st
from matplotlib.figure import Figure
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.pages import prices
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets import charts, downloads, origin
from estimator.dashboard.widgets.origin import Origin
from estimator.pricing.price_files import price_list
from estimator.shown import Look
from interfaces.saved_files import scenario_in, table_in, table_rows
from interfaces.shown_page import at_rest, named, plain, run, shown_page

CONFIG = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "server.address": "127.0.0.1",
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.maxUploadSize": 50,
}
BILL = Path(__file__).parents[2] / "examples/shop-notices-invoice.csv"
FORMULA = "=HYPERLINK(\"https://example.org\",\"../../etc/passwd\")"  # fmt: skip

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn", "jobs_run_here")


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
def plainly() -> ws.Scenario:
    """What somebody says who means no harm."""
    return ws.Scenario(
        name="Our chat!", profile="workplace-chat", location="virginia", peak_connections=20_000
    )


@pytest.fixture
def on_a_day(monkeypatch) -> None:
    """The first of December."""
    for module in (origin, prices):
        monkeypatch.setattr(module, "today", lambda: dt.date(2026, 12, 1))


@dataclass(frozen=True)
class Taken:
    """All that a page offers."""

    files: dict[str, str]
    """By what they hold."""
    has_charts: bool
    """Whether there are any on the page."""


@pytest.fixture(scope="module")
def already_taken() -> dict[object, Taken]:
    """To take all files of a page takes seconds, and tests only read them."""
    return {}


@pytest.fixture
def taken(already_taken) -> Callable[..., Taken]:
    """Press every button of a page once it is at rest."""

    def all_of(page: str, scenario: ws.Scenario, **address: str) -> Taken:
        shown = at_rest(shown_page(page, scenario, address, state={"saas": True}))
        if page == "your_invoice":
            shown.file_uploader("bill").set_value((BILL.name, BILL.read_bytes(), "text/csv"))
            at_rest(run(shown))
        assert [one.value for one in shown.error] == []
        bodies = [each.proto.body for each in shown.get("html")]
        has_charts = any("<img" in body for body in bodies) or bool(shown.get("vega_lite_chart"))
        offered = [*shown.session_state["downloads"].offered]
        whence = Origin(origin.today(), None if page == "prices" else scenario, {}, None)
        files = pressed(shown, *offered)
        assert set(files) == {whence.file_name(each) for each in offered}
        return Taken({each: files[whence.file_name(each)] for each in offered}, has_charts)

    def take(page: str, scenario: ws.Scenario, **address: str) -> Taken:
        asked = (page, scenario.to_token(), *address.items())
        if asked not in already_taken:
            already_taken[asked] = all_of(page, scenario, **address)
        return already_taken[asked]

    return take


def pressed(page: AppTest, *buttons: str) -> dict[str, str]:
    """What is saved after these buttons were pressed, by name of the file."""
    for button in buttons:
        page.button(button).click()
    run(page)
    return {
        unescape(name): base64.b64decode(content).decode(
            "latin-1" if name.endswith((".png", ".xlsx")) else "utf-8"
        )
        for name, content in re.findall(
            'data-name="(.*?)" .* data-content="(.*?)"',
            "\n".join(each.proto.body for each in page.get("html")),
        )
    }


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_no_cell_of_a_table_is_a_formula(page, taken, harmful):
    files = taken(page, harmful).files
    for name, content in files.items():
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(table_in(content))) for cell in row]
            assert cells
            risky = [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n") and cell]
            assert [cell for cell in risky if not is_number(cell)] == [], name


def test_a_formula_is_kept_as_the_text_that_it_is(taken, harmful):
    assert any(
        row["messages"] == "'=1+1"
        for row in table_rows(taken("workload", harmful).files["workload-messages.csv"])
    )
    totals = table_rows(taken("estimate", harmful).files["estimate-totals.csv"])
    assert all(row["scenario"].startswith(f"'{FORMULA}") for row in totals)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_can_be_taken_as_data(page, taken, harmful):
    found = taken(page, harmful)
    files = found.files
    data = [json.loads(content) for name, content in files.items() if name.endswith(".json")]
    assert data
    if page != "prices":  # prices are those of every scenario
        for one in data:
            assert one["scenario"]["name"] == FORMULA
    # a concurrency that was not simulated has no table
    wanted = {"json"} if page == "concurrency" else {"csv", "json"}
    # the week that is edited is a picture on the page of the workload
    has_pictures = page == "limits" or (found.has_charts and page != "your_app")
    wanted |= {"png", "svg"} if has_pictures else set()
    assert {name.partition(".")[2] for name in files} >= wanted
    if page in ("estimate", "workload", "what_if"):
        assert found.has_charts


def test_the_workload_as_data_is_what_its_tables_hold(taken, harmful):
    files = taken("workload", harmful).files
    data = json.loads(files["workload.json"])
    demand = ws.expected_demand(harmful)
    assert data["peak_connections"] == float(demand.peak_connections)
    for name, file in (("week", "week"), ("messages", "messages"), ("sizes", "sizes"),
                       ("wire", "wire"), ("variants", "variants")):  # fmt: skip
        table = table_rows(files[f"workload-{file}.csv"])
        assert len(table) == len(data[name]) > 0
        for written, one in zip(table, data[name], strict=True):
            for column, cell in written.items():
                value = one[column]
                if isinstance(value, float | int) and not isinstance(value, bool):
                    assert float(cell) == value
                else:
                    assert cell.removeprefix("'") == ("" if value is None else str(value))


def test_prices_as_data_are_those_of_the_python_api(taken, harmful):
    listed = json.loads(taken("prices", harmful).files["prices.json"])["prices"]
    table = ws.prices()
    assert [row["usd_per_unit"] for row in listed] == table["usd_per_unit"].tolist()
    assert [row["source"] for row in listed] == table["source"].tolist()


def test_the_expectation_as_data_is_the_closed_form(taken, harmful):
    data = json.loads(
        taken("concurrency", harmful, on="No deployment: no limits").files["expectation.json"]
    )
    demand = ws.expected_demand(harmful)
    assert data["expected_peak"] == float(demand.peak_connections)
    assert data["new_connections_per_second"] == pytest.approx(
        float(demand.new_connections.peak) / 3600
    )
    assert data["new_connections_per_second_limit"] is None


@pytest.mark.parametrize("button", ["estimate-totals.csv", "estimate.json", "scenario.yaml"])
def test_an_edit_that_comes_with_the_press_is_in_the_file(button, plainly):
    page = shown_page("estimate", plainly)
    named(page.number_input, "peak_connections").set_value(34_567)
    [content] = pressed(page, button).values()
    edited = plainly.replace(peak_connections=34_567)
    if button.endswith(".json"):
        assert json.loads(content)["scenario"] == edited.as_data()
    elif button.endswith(".yaml"):
        assert ws.Scenario.from_yaml(content) == edited.replace(price_list=price_list())
    else:
        assert scenario_in(content) == edited
        bills = ws.compare(edited).bills
        assert [float(row["total_usd"]) for row in table_rows(content)] == [
            bill.total for bill in bills
        ]


def test_an_edit_that_is_refused_is_in_no_file(plainly):
    page = shown_page("estimate", plainly)
    named(page.number_input, "peak_connections").set_value(1e300)
    [content] = pressed(page, "scenario.yaml").values()
    assert [plain(each.value) for each in page.error]
    assert ws.Scenario.from_yaml(content) == plainly.replace(price_list=price_list())


def test_every_file_says_whose_it_is_of_which_day_and_how_old_its_prices_are(plainly, on_a_day):
    page = shown_page("limits", plainly, {"limits_shown": "All but those well within"})
    files = pressed(page, *page.session_state["downloads"].offered)
    assert set(files) == {
        f"our-chat-virginia-{what}"
        for what in (
            *("limits-2026-12-01.csv", "limits-by-hour-2026-12-01.csv", "limits-2026-12-01.json"),
            *("limits-chart-2026-12-01.png", "limits-chart-2026-12-01.svg"),
            "scenario-2026-12-01.yaml",
        )
    }
    rates = [item.rate for bill in ws.compare(plainly).bills for item in bill.items]
    first, last = (str(which(rate.checked_on for rate in rates)) for which in (min, max))
    which = f"newest prices known, price list {price_list()}"
    dates = f"Made on 2026-12-01; {which}, checked between {first} and {last}."
    subject = "Our chat!, Northern Virginia: 20,000 at the peak"
    for name, content in files.items():
        if name.endswith(".json"):
            told = json.loads(content)
            assert told["scenario"] == plainly.as_data()
            assert told["origin"] == {
                "made_on": "2026-12-01",
                "prices_checked_from": first,
                "prices_checked_to": last,
                "price_list": price_list(),
                "settings": {"limits_shown": "All but those well within"},
                "link": told["origin"]["link"],
            }
            assert plainly.to_token() in told["origin"]["link"]
            assert "limits_shown=All+but" in told["origin"]["link"]
        else:
            assert subject in content, name
            assert dates in content, name
            assert "Settings: limits_shown = All but those well within" in content, name
        if name.endswith(".csv"):
            assert scenario_in(content) == plainly


def test_pandas_reads_a_table_below_its_comments(harmful):
    named = harmful.replace(name='#1, "ours"')
    [content] = pressed(shown_page("estimate", named), "estimate-lines.csv").values()
    assert "#" in table_in(content)
    read = pd.read_csv(io.StringIO(content), comment="#")
    comparison = ws.compare(named)
    assert set(read["scenario"]) == {comparison.title}
    costs = [cost for bill in comparison.bills for cost in bill.lines["cost_usd"]]
    assert read["cost_usd"].tolist() == costs


def test_prices_say_the_filter_and_their_own_age(plainly, on_a_day):
    page = shown_page("prices", plainly)
    page.text_input("price_search").set_value("fargate")
    files = pressed(page, "prices.json", "prices.csv")
    told = json.loads(files["prices-2026-12-01.json"])
    days = [row["checked_on"][:10] for row in told["prices"]]
    assert told["origin"] == {
        "made_on": "2026-12-01",
        "prices_checked_from": min(days),
        "prices_checked_to": max(days),
        "price_list": price_list(),
        "settings": {"search": "fargate"},
        "link": None,
    }
    assert "# Settings: search = fargate\n" in files["prices-2026-12-01.csv"]


def test_no_name_of_a_file_is_a_path_and_no_comment_ends_its_line(harmful, on_a_day):
    mean = harmful.replace(name="../a\u2028b\nprofile: x")
    [(name, content)] = pressed(shown_page("estimate", mean), "scenario.yaml").items()
    assert name == "a-b-profile-x-virginia-scenario-2026-12-01.yaml"
    assert ws.Scenario.from_yaml(content) == mean.replace(price_list=price_list())


def test_a_name_without_latin_letters_is_left_out(plainly):
    own = Origin(dt.date(2026, 12, 1), plainly.replace(name="\u30c1\u30e3\u30c3\u30c8"), {}, None)
    assert own.file_name("totals.csv") == "virginia-totals-2026-12-01.csv"
    assert own.dates == "Made on 2026-12-01."


@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_small_print_of_a_chart_covers_nothing(form, plainly):
    comparison = ws.compare(plainly.replace(name="Ours " * 20))
    figures: list[Figure] = []

    def chart(look: Look) -> Figure:
        figures.append(comparison.chart(look))
        return figures[-1]

    days = (dt.date(2026, 1, 1), dt.date(2026, 2, 3))
    own = Origin(dt.date(2026, 12, 1), comparison.scenario, {}, days)
    assert charts.drawn(chart, "light", form, own)
    [figure] = figures
    small = figure.texts[-1].get_window_extent()
    assert small.y0 > 0
    assert own.dates in figure.texts[-1].get_text().replace("\n", " ")
    others = [each.get_window_extent() for each in (*figure.legends, *figure.axes)]
    assert len(others) == 2
    assert all(small.y1 < each.y0 for each in others)


def test_a_file_that_cannot_be_made_is_one_message(plainly, monkeypatch):
    page = shown_page("estimate", plainly)
    monkeypatch.setattr(downloads, "csv", lambda *_, **__: 1 / 0)
    assert pressed(page, "estimate-totals.csv") == {}
    assert ["was not saved" in plain(each.value) for each in page.toast] == [True]
    monkeypatch.undo()
    assert pressed(page, "estimate-totals.csv")


def test_what_is_made_first_does_not_get_lost_while_the_rest_is_made(plainly, monkeypatch):
    page = shown_page("estimate", plainly)
    clock = itertools.count(step=downloads._REPEATED_S + 1)
    slow = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr(downloads, "time", slow)
    files = pressed(page, "estimate-totals.csv", "estimate.json", "scenario.yaml")
    assert len(files) == 3
    assert len(pressed(page, "estimate-totals.csv")) == 1


def test_a_file_that_is_not_there_any_more_is_one_message(plainly):
    page = shown_page("estimate", plainly, state={"saas": True})
    page.toggle("saas").set_value(False)
    assert pressed(page, "saas.csv") == {}
    assert ["not on this page any more" in plain(each.value) for each in page.toast] == [True]


@pytest.mark.parametrize(("option", "value"), CONFIG.items(), ids=CONFIG.keys())
def test_the_server_is_set_up_for_safety(option, value):
    assert st.get_option(option) == value
