"""Comparisons: sorted, the same in table, chart, data and text, and safe to show."""

import datetime as dt
import html
import io
import json
from html.parser import HTMLParser
from typing import cast

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from rich.console import Console, RenderableType

import estimator as ws
from estimator.analysis.compare import audience_words
from estimator.pricing.price_files import DRIVERS
from estimator.render import to_terminal

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
MANY = SCENARIO.replace(peak_connections=[100, 20_000, 3_000_000])
LONG_AGO = dt.date(2019, 1, 1)
HOSTILE = "<script>alert('x')</script> & [bold]$\\frac$ 5 $ or 7 $"


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        ({"peak_connections": 1_234_567}, "1,234,567 connections at the peak"),
        ({"mean_connections": [10, 20]}, "10–20 connections on average"),
        (
            {"users_per_day": 3000, "sessions_per_user_per_day": 1},
            "3,000 users per day with 1 session each",
        ),
        (
            {"users_per_day": 3000, "sessions_per_user_per_day": 2.5},
            "3,000 users per day with 2.5 sessions each",
        ),
        (
            {
                "peak_connections": 9,
                "other_clients": {"feed": {"profile": "market-data", "peak_connections": 1}},
            },
            "9 connections at the peak and 1 other kind of clients",
        ),
    ],
)
def test_an_audience_is_one_phrase(audience, words):
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", **audience)

    assert audience_words(scenario) == words


@pytest.fixture(scope="module")
def comparison() -> ws.Comparison:
    return ws.compare(SCENARIO)


def printed(renderable: RenderableType) -> str:
    console = Console(width=200, file=io.StringIO(), color_system=None)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_cheapest_stands_first(comparison):
    totals = [bill.total for bill in comparison.within_limits]

    assert totals == sorted(totals)
    assert len(comparison.bills) == len(ws.DEPLOYMENTS)
    # what is over a hard limit stands last, whatever it costs
    assert [bill.state == "over a hard limit" for bill in comparison.bills] == sorted(
        bill.state == "over a hard limit" for bill in comparison.bills
    )


@pytest.mark.parametrize("scenario", [SCENARIO, MANY], ids=["one", "many"])
def test_the_table_holds_the_totals_of_the_bills(scenario):
    comparison = ws.compare(scenario)

    shown = comparison.table.groupby("deployment")["total_usd"].apply(np.array)
    for bill in comparison.bills:
        np.testing.assert_array_equal(shown[str(bill.deployment)], np.ravel(bill.total))


@pytest.mark.parametrize("scenario", [SCENARIO, MANY], ids=["one", "many"])
def test_cost_drivers_of_the_table_add_up_to_its_totals(scenario):
    table = ws.compare(scenario).table

    np.testing.assert_allclose(table[list(DRIVERS)].sum(axis=1), table["total_usd"], rtol=1e-12)


def test_the_table_of_arrays_has_a_row_for_each_scenario():
    table = ws.compare(MANY).table

    assert len(table) == 3 * len(ws.DEPLOYMENTS)
    assert set(table["scenario"]) == {0, 1, 2}


def test_only_the_deployments_asked_for_are_compared():
    comparison = ws.compare(SCENARIO, ["gcp.cloud_run", "aws.api_gateway"])

    assert {bill.deployment for bill in comparison.bills} == {"gcp.cloud_run", "aws.api_gateway"}
    with pytest.raises(ws.ScenarioError, match=r"azure\.web_pubsub was not asked for"):
        comparison.bill("azure.web_pubsub")


def test_asking_for_no_deployment_is_not_asking_for_all():
    assert ws.compare(SCENARIO, []).bills == ()


def test_a_bill_of_the_comparison_is_the_estimate(comparison):
    for deployment in ws.DEPLOYMENTS:
        assert comparison.bill(deployment).total == ws.estimate(SCENARIO, deployment).total


class TestChart:
    def test_it_is_a_figure_that_can_be_saved(self, comparison):
        chart = comparison.chart()
        picture = io.BytesIO()
        chart.savefig(picture, format="png")

        assert isinstance(chart, Figure)
        assert picture.getvalue().startswith(b"\x89PNG")

    def test_bars_add_up_to_the_totals(self, comparison):
        [axes] = comparison.chart().axes
        lengths = np.zeros(len(comparison.bills))
        for bar in axes.patches:
            lengths[round(bar.get_y() + bar.get_height() / 2)] += bar.get_width()

        np.testing.assert_allclose(lengths, [bill.total for bill in comparison.bills], rtol=1e-9)

    def test_each_part_of_a_bar_is_the_cost_of_its_driver(self, comparison):
        [axes] = comparison.chart().axes

        handles, names = axes.get_legend_handles_labels()
        colors = {
            each[0].get_facecolor()[:3]: name for each, name in zip(handles, names, strict=True)
        }
        # of each driver, what carries messages and what answers them are parts of one color
        drawn = {name: np.zeros(len(comparison.bills)) for name in names}
        for container in axes.containers:
            driver = colors[container[0].get_facecolor()[:3]]
            drawn[driver] += [bar.get_width() for bar in container]

        for driver, lengths in drawn.items():
            expected = [bill.by_driver.get(driver, 0.0) for bill in comparison.bills]
            np.testing.assert_allclose(lengths, expected)

    def test_what_answers_messages_is_hatched(self, comparison):
        [axes] = comparison.chart().axes

        hatched = np.zeros(len(comparison.bills))
        for bar in axes.patches:
            if bar.get_hatch():
                hatched[round(bar.get_y() + bar.get_height() / 2)] += bar.get_width()
        applications = [bill.by_layer["application"] for bill in comparison.bills]
        np.testing.assert_allclose(hatched, applications)

    def test_parts_of_a_bar_stand_end_to_end(self, comparison):
        [axes] = comparison.chart().axes

        reached = np.zeros(len(comparison.bills))
        for container in axes.containers:
            np.testing.assert_allclose([bar.get_x() for bar in container], reached, rtol=1e-9)
            reached += [bar.get_width() for bar in container]

    def test_every_bar_is_named_after_its_deployment_and_cloud(self, comparison):
        [axes] = comparison.chart().axes
        names = [label.get_text() for label in axes.get_yticklabels()]

        for name, bill in zip(names, comparison.bills, strict=True):
            assert bill.title in name
            assert bill.cloud_name in name

    def test_any_name_of_a_scenario_can_be_drawn(self):
        named = ws.compare(SCENARIO.replace(name=HOSTILE))

        named.chart().savefig(io.BytesIO(), format="png")

    def test_arrays_have_no_chart_of_bars(self):
        with pytest.raises(ws.ScenarioError, match="one scenario, not an array"):
            ws.compare(MANY).chart()

    def test_a_bill_has_a_bar_of_its_own(self, comparison):
        quantities = ws.price({"aws.api_gateway.messages": 18e6}, region="us-east-1")

        for bill in (comparison.bills[0], quantities):
            [axes] = bill.chart().axes
            widths = [cast(Rectangle, bar).get_width() for bar in axes.patches]
            assert sum(widths) == pytest.approx(bill.total)
        with pytest.raises(ws.ScenarioError, match="one scenario, not an array"):
            ws.estimate(MANY, "aws.api_gateway").chart()

    def test_nothing_priced_can_be_drawn_too(self):
        comparison = ws.compare(SCENARIO.replace(as_of=LONG_AGO), ["gcp.cloud_run"])

        assert comparison.bills == ()
        comparison.chart().savefig(io.BytesIO(), format="png")


class TestData:
    @pytest.mark.parametrize("scenario", [SCENARIO, MANY], ids=["one", "many"])
    def test_it_is_json_and_survives_it(self, scenario):
        data = ws.compare(scenario).as_data()

        assert json.loads(json.dumps(data, allow_nan=False)) == data

    def test_it_holds_what_the_bills_hold(self, comparison):
        data = comparison.as_data()

        assert data["currency"] == "USD"
        for shown, bill in zip(data["deployments"], comparison.bills, strict=True):
            assert shown["total_usd"] == bill.total
            assert shown["by_driver_usd"] == bill.by_driver
            assert [line["cost_usd"] for line in shown["lines"]] == bill.lines["cost_usd"].tolist()
            assert [line["source"] for line in shown["lines"]] == bill.lines["source"].tolist()
            assert len(shown["assumptions"]) == len(bill.assumptions)

    def test_its_scenario_can_be_read_again(self, comparison):
        text = json.dumps(comparison.as_data()["scenario"])

        assert ws.Scenario.from_yaml(text) == SCENARIO

    def test_it_names_what_was_refused_and_why(self):
        comparison = ws.compare(SCENARIO.replace(as_of=LONG_AGO), ["gcp.cloud_run"])
        [refused] = comparison.as_data()["refused"]

        assert refused["deployment"] == "gcp.cloud_run"
        assert "in force on 2019-01-01" in refused["reason"]

    def test_dates_are_texts_as_in_the_price_files(self, comparison):
        [line, *_] = comparison.bills[0].as_data()["lines"]

        assert line["checked"].count("-") == 2


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


class TestHtml:
    def test_a_name_cannot_smuggle_tags_into_a_notebook(self):
        shown = ws.compare(SCENARIO.replace(name=HOSTILE))._repr_html_()
        tags = _Tags()
        tags.feed(shown)

        assert "script" not in tags.found
        assert html.escape(HOSTILE) in shown

    def test_a_profile_title_cannot_either(self):
        profile = {"extends": "workplace-chat", "title": HOSTILE}
        shown = ws.compare(SCENARIO.replace(profile=profile))._repr_html_()
        tags = _Tags()
        tags.feed(shown)

        assert "script" not in tags.found

    @pytest.mark.parametrize("scenario", [SCENARIO, MANY], ids=["one", "many"])
    def test_bills_and_comparisons_show_themselves_as_tables(self, scenario):
        comparison = ws.compare(scenario)

        assert "<table" in comparison._repr_html_()
        assert "<table" in comparison.bills[0]._repr_html_()


class TestTerminal:
    def test_every_total_of_the_comparison_is_shown(self, comparison):
        shown = printed(to_terminal(comparison))

        for bill in comparison.bills:
            # cents only where they matter
            total = f"${bill.total:,.0f}" if bill.total >= 1000 else f"${bill.total:,.2f}"
            assert bill.deployment in shown
            assert total in shown

    def test_a_name_cannot_change_the_formatting(self):
        named = ws.compare(SCENARIO.replace(name=HOSTILE))

        assert HOSTILE in printed(to_terminal(named))

    @pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
    def test_a_bill_shows_lines_conventions_notes_and_open_questions(self, comparison, deployment):
        bill = comparison.bill(deployment)
        shown = " ".join(printed(to_terminal(bill)).split())

        for item in bill.items:
            assert item.rate.meter.title in shown
        for effect in bill.effects:
            assert effect.assumption.id in shown
        for note in (*bill.notes, *bill.not_modeled):
            assert note in shown
        assert "of these dollars were checked within 90 days of" in shown
