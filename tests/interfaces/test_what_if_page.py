"""The page What if, without a browser: what it shows is what the Python API finds."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.analysis.breakeven import crossovers
from estimator.analysis.growth.growth import growth
from estimator.analysis.uncertainty.uncertainty import uncertainty
from estimator.dashboard.pages.what_if import (
    answers as what_if_answers,
    breakeven as what_if_breakeven,
    growth as what_if_growth,
    map as what_if_map,
    ranges as what_if_ranges,
)
from estimator.dashboard.session.cache import ANSWERS
from estimator.dashboard.widgets.downloads import Download
from estimator.dashboard.widgets.origin import Origin
from estimator.dashboard.widgets.progress import job_queue
from interfaces.saved_files import table_rows
from interfaces.shown_page import (
    at_rest,
    headings,
    linked,
    plain,
    run as drawn_again,
    shown_page,
    tables,
    words,
)

MANAGED, OWN = "aws.api_gateway", "aws.nlb_ec2"
PAIR = ["API Gateway WebSocket API on AWS", "Network Load Balancer and EC2 on AWS"]
ENGINEER_HOURS = "Engineer-hours per month, your own servers"

Files = dict[str, Download]

ORIGIN = Origin(dt.date(2026, 12, 1), None, {}, None)

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn", "jobs_run_here")


@pytest.fixture
def files(monkeypatch) -> Files:
    """What the page offers for download, by name of the file."""
    found: Files = {}
    for module in (what_if_breakeven, what_if_map, what_if_ranges, what_if_growth):
        monkeypatch.setattr(
            module, "download_row", lambda row: found.update({each.file_name: each for each in row})
        )
    return found


@pytest.fixture
def scenario() -> ws.Scenario:
    return ws.Scenario(profile="market-data", location="virginia", peak_connections=2_000)


@pytest.fixture
def chat() -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=10_000)


def opened(scenario: ws.Scenario, **settings: str | list[str]) -> AppTest:
    return at_rest(shown_page("what_if", scenario, settings))


def run(page: AppTest) -> AppTest:
    return at_rest(drawn_again(page))


def rows_of(file: Download) -> list[dict[str, str]]:
    content = file.content(ORIGIN)
    assert isinstance(content, str)
    return table_rows(content)


def data_of(file: Download) -> dict[str, Any]:
    data = json.loads(file.content(ORIGIN))
    assert data.pop("origin") == ORIGIN.as_data()
    return data


def money(usd: float) -> str:
    return f"${usd:,.0f}" if usd >= 1000 else f"${usd:,.2f}"


class TestBreakEven:
    def test_sentences_ranges_and_files_are_those_of_the_python_api(self, chat, files):
        page = opened(
            chat, compared="Selected", rivals=PAIR, peak_connections_from="100",
            peak_connections_to="50000",
        )  # fmt: skip
        found = ws.break_even(chat, "peak_connections", 100, 50_000, [MANAGED, OWN])
        assert found.crossovers
        for sentence in found.sentences:
            assert sentence in words(page)
        [rows] = tables(page)
        assert [row["Cheapest within limits"] for row in rows] == [
            dict(zip([MANAGED, OWN], PAIR, strict=True)).get(name or "", "none")
            for _, _, name in found.ranges
        ]
        assert [float(row["to"]) for row in rows_of(files["break-even-ranges.csv"])] == [
            high for _, high, _ in found.ranges
        ]
        assert [float(row["at"]) for row in rows_of(files["break-even.csv"])] == [
            flip.at for flip in found.crossovers
        ]
        bills = rows_of(files["break-even-bills.csv"])
        assert float(bills[0][MANAGED]) == found.traced.costs[0, 0]
        assert len(bills) == found.traced.values.size
        assert data_of(files["break-even.json"]) == found.as_data()
        assert {"break-even-chart.png", "break-even-chart.svg"} < files.keys()

    def test_hours_at_which_a_managed_service_wins_are_the_difference_over_the_price(self, chat):
        page = opened(chat, compared="Selected", rivals=PAIR, moves=ENGINEER_HOURS)
        page.number_input(key="usd_per_engineer_hour").set_value(40.0)
        page = run(page)
        managed, own = (float(ws.estimate(chat, name).total) for name in (MANAGED, OWN))
        at = (managed - own) / 40
        assert 0 < at < 160
        [rows] = tables(page)
        assert [row["Cheapest within limits"] for row in rows] == [PAIR[1], PAIR[0]]
        assert rows[0]["To"] == f"{at:.4g}"
        assert f"your own servers up to {at:.4g}, a managed service" in words(page)
        # what an hour costs is part of the scenario from here on, on all pages and in the link
        engineering = linked(page).engineering
        assert engineering is not None
        assert engineering.usd_per_engineer_hour == 40

    def test_hours_of_the_scenario_are_a_line_of_every_fleet(self, scenario):
        page = opened(scenario, compared="Selected", rivals=PAIR)
        page.number_input(key="engineer_hours").set_value(10.0)
        run(page)
        bills = [ws.estimate(each, OWN).total for each in (scenario, linked(page))]
        assert bills[1] - bills[0] == pytest.approx(10 * 100)
        page.number_input(key="engineer_hours").set_value(0.0)
        run(page)
        assert linked(page) == scenario

    def test_contenders_are_the_winners_among_all(self, scenario):
        page = opened(scenario)
        found = ws.sweep(scenario, {"peak_connections": [20, 300, 2e3, 3e4, 2e5]})
        winners = {ws.DEPLOYMENTS[name].title for name in found.cheapest["deployment"] if name}
        compared = words(page).split("Compared: ")[1]
        assert all(title in compared for title in winners)
        # and one of each kind, so that managed or self-hosted is answered
        assert "your own servers" in headings(page)[0]
        bought = [MANAGED, "aws.iot_core", "gcp.cloud_run"]
        assert any(ws.DEPLOYMENTS[name].title in compared for name in bought)

    def test_what_is_priced_value_by_value_comes_from_the_background(self, scenario, monkeypatch):
        monkeypatch.setattr(crossovers, "_FIRST_VALUES", 5)  # there and here, for speed
        page = opened(
            scenario, compared="Selected", rivals=PAIR,
            moves="Hours per day with clients connected",
        )  # fmt: skip
        found = ws.break_even(scenario, "hours_per_day", 1, 24, [MANAGED, OWN])
        assert all(sentence in words(page) for sentence in found.sentences)
        job_queue.clear()  # as if it had given way to others
        assert tables(run(page))

    def test_a_range_that_does_not_ascend_is_one_message(self, scenario):
        page = opened(scenario, peak_connections_from="500", peak_connections_to="50")
        [error] = page.error
        assert "a range must ascend" in plain(error.value)
        assert not tables(page)

    def test_a_value_that_cannot_be_is_one_message(self, scenario):
        page = opened(
            scenario, compared="Selected", rivals=PAIR,
            moves="Hours per day with clients connected", hours_per_day_to="30",
        )  # fmt: skip
        assert "at most 24" in plain(page.error[0].value)

    def test_one_rival_alone_is_told(self, scenario):
        page = opened(scenario, compared="Selected", rivals=PAIR[:1])
        assert "two or more deployments" in page.info[0].value

    def test_a_field_of_another_profile_gives_way(self, scenario):
        page = opened(scenario, moves="Tickers: messages per hour")
        assert "tickers" in words(page)
        page.selectbox(key="profile").set_value("workplace-chat")
        page = run(page)
        assert "peak connections" in words(page)


class TestMap:
    def test_winners_and_files_are_those_of_the_python_api(self, scenario, files, monkeypatch):
        monkeypatch.setattr(what_if_answers, "_COLUMNS", 6)
        monkeypatch.setattr(what_if_answers, "_ROWS", 5)
        ANSWERS.clear()
        page = opened(scenario, what_if="Map", upward="Tickers: messages per hour")
        rows = rows_of(files["map.csv"])
        axes = {
            name: sorted({float(row[name]) for row in rows})
            for name in ("peak_connections", "profile.flows.tickers.rate_per_hour")
        }
        assert [len(values) for values in axes.values()] == [6, 5]
        found = ws.sweep(scenario, axes)
        assert [row["deployment"] for row in rows] == found.cheapest["deployment"].tolist()
        assert [float(row["total_usd"]) for row in rows] == pytest.approx(
            found.cheapest["total_usd"].tolist()
        )
        shares = found.cheapest["deployment"].value_counts(normalize=True)
        [shown] = tables(page)
        assert len(shown) == len(shares)
        assert shown[0]["Cheapest at"] == f"{100 * shares.iloc[0]:.0f}% of the points"
        assert ws.DEPLOYMENTS[str(shares.index[0])].title in headings(page)[0]
        assert len(rows_of(files["map-bills.csv"])) == 30 * len(ws.DEPLOYMENTS)
        ANSWERS.clear()

    def test_one_number_cannot_go_both_ways(self, scenario, monkeypatch):
        monkeypatch.setattr(what_if_answers, "_COLUMNS", 3)
        monkeypatch.setattr(what_if_answers, "_ROWS", 2)
        page = opened(scenario, what_if="Map", across=ENGINEER_HOURS)
        assert page.selectbox(key="upward").value == "peak_connections"
        assert ENGINEER_HOURS not in page.selectbox(key="upward").options
        ANSWERS.clear()


class TestUncertainty:
    def test_ranges_causes_and_fan_are_those_of_the_python_api(self, scenario, files):
        asked = {"what_if": "Uncertainty", "sure_of": PAIR, "off_peak_connections": "1000..4000"}
        page = shown_page("what_if", scenario, asked)
        assert not tables(page)
        at_rest(page)
        found = uncertainty(
            scenario, {"peak_connections": "1000..4000"}, [OWN, MANAGED], samples=256
        )
        [ranges, causes, shares, fan] = tables(page)
        for shown, row in zip(ranges, found.table.to_dict(orient="records"), strict=True):
            # of ranges that reach 1,000 USD no cents are shown
            written = "${:,.0f}".format if row["p90_usd"] >= 1_000 else money
            assert shown["P10"] == written(row["p10_usd"])
            assert shown["P50"] == written(row["p50_usd"])
            assert shown["P90"] == f"**{written(row['p90_usd'])}**"
            assert shown["Estimate"] == written(row["expected_usd"])
        in_file = rows_of(files["ranges.csv"])
        assert [float(row["p90_usd"]) for row in in_file] == pytest.approx(
            found.table["p90_usd"].tolist()
        )
        swings = found.swings()
        assert causes[0]["Input"] == "peak connections"
        assert shares[0]["Input"] == "peak connections"
        assert [float(row["high_usd"]) for row in rows_of(files["swings.csv"])] == pytest.approx(
            [each.high_usd for each in swings]
        )
        assert len(fan) == len(rows_of(files["fan.csv"])) == 2 * 9
        assert "Measure this first: **peak connections**" in words(page)

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ("about twice", "is not a distribution"),
            ("4000..1000", "backwards"),
            ("-5..10", "reaches"),
        ],
    )
    def test_nonsense_for_a_distribution_is_one_message(self, scenario, typed, told):
        page = opened(scenario, what_if="Uncertainty", sure_of=PAIR, off_peak_connections=typed)
        assert told in plain(page.error[0].value)


class TestGrowth:
    def test_answer_events_costs_and_files_are_those_of_the_python_api(self, scenario, files):
        page = opened(scenario, what_if="Growth", grows_by="20", months="12")
        found = growth(scenario, 12, monthly_growth_percent=20)
        assert headings(page)[0] == found.answer
        [rows] = tables(page)
        for row, bill, (_, costs) in zip(rows, found.bills, found.summary.iterrows(), strict=True):
            period, now = (money(costs[f"{each}_usd"]) for each in ("period", "first"))
            within = bill.state.is_within_limits
            assert row["All 12 months"] == (f"**{period}**" if within else f"quiet[{period}]")
            assert row["Now"] == (now if within else f"quiet[{now}]")
        assert found.milestones
        events = rows_of(files["growth-events.csv"])
        assert [row["words"] for row in events] == [event.words for event in found.milestones]
        assert found.milestones[0].words in words(page) or "see the events file" in words(page)
        monthly = rows_of(files["growth.csv"])
        assert [float(row["cumulated_usd"]) for row in monthly] == pytest.approx(
            found.table["cumulated_usd"].tolist()
        )
        assert data_of(files["growth.json"])["months"] == list(range(13))

    def test_a_percentage_of_a_year_is_spread_over_its_months(self, scenario):
        page = opened(scenario, what_if="Growth", grows_by="100", pace="per year", months="12")
        # twice as many a year from now
        assert "2,000 connections at the peak now, 4,000 in month 12" in words(page)


def test_the_link_restores_the_part_and_an_edit_in_the_sidebar_counts(scenario):
    page = opened(scenario, what_if="Growth")
    assert "2,000 connections at the peak now" in words(page)
    page.number_input(key="peak_connections").set_value(3_000.0)
    page = run(page)
    assert "3,000 connections at the peak now" in words(page)
    assert linked(page).peak_connections == 3_000
    assert page.segmented_control(key="what_if").value == "Growth"


def test_where_nothing_can_be_priced_that_is_said(scenario):
    page = opened(scenario.replace(as_of="2001-01-01"))
    assert "No deployment can be priced" in words(page)
    assert "Try another location" in page.info[0].value
    assert not page.error


@pytest.mark.parametrize("part", ["Break-even", "Growth"])
def test_nobody_connected_is_no_error(part):
    empty = ws.Scenario(profile="market-data", location="virginia", peak_connections=0)
    assert not opened(empty, what_if=part, compared="Selected", rivals=PAIR).error


def test_cells_are_no_formulas(files):
    named = ws.Scenario(
        name="=1+1", profile="market-data", location="virginia", peak_connections=2_000
    )
    opened(named, what_if="Growth")
    for row in rows_of(files["growth.csv"]):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row.values())
