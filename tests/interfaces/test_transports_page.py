"""WebSocket or not? The advice first, and files that hold what is on the screen."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.pages import transports as page_module
from estimator.dashboard.session import transport_jobs
from estimator.scenario.transport import Polling
from interfaces.shown_page import at_rest, headings, linked, named, run, shown_page, tables, words

PAGE = ws.Scenario.load("examples/status-page.yaml")
FEW = ("aws.http_api_lambda", "aws.nlb_ec2")

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn", "jobs_run_here")


@pytest.fixture(autouse=True)
def few_deployments(monkeypatch) -> None:
    """All of them take seconds."""
    whole = ws.transports
    monkeypatch.setattr(
        transport_jobs, "transports", lambda scenario, **given: whole(scenario, FEW, **given)
    )
    for name in ("DEPLOYMENTS", "HTTP_ONLY"):
        monkeypatch.setattr(transport_jobs, name, FEW[:1] if name == "HTTP_ONLY" else FEW[1:])


@pytest.fixture
def files(monkeypatch) -> list:
    """What the page offered last."""
    offered: list = []

    def keep(each):
        offered[:] = each

    monkeypatch.setattr(page_module, "download_row", keep)
    return offered


def opened(scenario: ws.Scenario = PAGE, **address: str) -> AppTest:
    return at_rest(shown_page("transports", scenario, address))


def test_the_advice_comes_first_with_the_figures_of_the_library(files):
    found = ws.transports(PAGE, FEW, within_seconds=300)
    page = opened(within="5 min")

    assert headings(page)[0] == found.headline
    shown = words(page)
    traffic, choice, *reasons = found.sentences
    for sentence in (traffic, *reasons):
        assert sentence.rstrip(".") in shown
    # the main sentence is said once, and below it only what it does not say
    assert shown.count("Choose") == 1
    beyond = choice.removeprefix(found.headline.rstrip(".")).removeprefix(", for ")
    assert beyond in shown
    assert len(page.get("vega_lite_chart")) == 1
    best = tables(page)[0]
    assert best[0]["Transport"] == "WebSocket"
    assert {row["Per month"] for row in best} == {
        f"${option.usd:,.2f}" for option in found.best_of_each
    }


def test_that_nothing_comes_in_time_is_said_once(monkeypatch, files):
    whole = ws.transports
    monkeypatch.setattr(
        transport_jobs,
        "transports",
        lambda scenario, **_: whole(scenario, ["aws.http_api_lambda"], within_seconds=0.01),
    )
    chat = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)
    page = opened(chat, within="0.5 s")

    headline = headings(page)[0]
    assert headline.startswith("Nothing brings 95% of the messages within")
    shown = words(page)
    assert shown.count("Nothing brings") == 1


def test_no_matter_compares_polls_at_usual_intervals(files):
    page = opened(within="No matter")
    names = [row["Transport"] for row in tables(page)[0]]

    assert "Polling every 300 s" in names
    assert not [each for each in page.button if each.key == "find_rates"]


def test_rates_are_found_at_a_press_and_stand_in_the_file(files):
    page = opened(within="1 min")
    page.button("find_rates").click()
    page = at_rest(run(page))
    rates = ws.transports(PAGE, FEW, within_seconds=60).break_even

    shown = words(page)
    assert rates.sentences[0].rstrip(".") in shown
    [data] = [each for each in files if each.file_name == "transports.json"]
    from estimator.dashboard.widgets.origin import Origin, today

    held = json.loads(data.content(Origin(today(), PAGE, {}, None)))
    assert held["break_even"] == json.loads(json.dumps(rates.as_data()))


def test_the_transport_of_a_scenario_is_a_chip_that_can_be_taken_away(files):
    polled = PAGE.replace(transport={"kind": "polling", "every_seconds": 7})
    page = opened(polled, within="1 min")
    chip = named(page.button, "chip over polling every 7 s")
    chip.click()

    assert linked(run(page)) == PAGE


def every_seconds(page) -> float:
    """Time between the polls of the scenario on screen."""
    transport = linked(page).transport
    assert isinstance(transport, Polling)
    return float(transport.every_seconds)


def test_a_transport_is_chosen_on_the_page_of_the_app():
    page = shown_page("your_app", PAGE)
    named(page.selectbox, "app transport: Transport").set_value("polling")
    page = run(page)
    assert every_seconds(page) == 5
    named(page.text_input, "app transport: A request every").set_value("30 s")
    page = run(page)
    assert every_seconds(page) == 30
    named(page.text_input, "app transport: A request every").set_value("0")
    page = run(page)
    assert "A request every" in page.error[0].value
    assert every_seconds(page) == 30
    named(page.selectbox, "app transport: Transport").set_value("websocket")
    assert linked(run(page)) == PAGE
