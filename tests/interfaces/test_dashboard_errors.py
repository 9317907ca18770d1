"""What does a visitor see of an error that nobody foresaw? One line; and the next edit works."""

from __future__ import annotations

import base64
import json
import math
import zlib
from importlib import metadata

import pytest

import estimator as ws
from estimator.dashboard.pages import concurrency, estimate, frame, workload
from estimator.dashboard.session import state
from estimator.errors import unexpected
from interfaces.shown_page import linked, named, plain, run, shown_page

SECRET = "Project Bluebird"
SCENARIO = ws.Scenario(
    name=SECRET, profile="workplace-chat", location="virginia", peak_connections=2_345
)

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


def breaking(*_: object, **__: object) -> None:
    raise KeyError(SECRET)


def the_error(page) -> str:
    (message,) = map(plain, page.error.values)
    return message


OURS = "error of this program"
"""What the message says if nobody foresaw it."""


def test_a_page_that_breaks_says_so_in_one_line_and_the_next_edit_works(monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(workload, "expected_demand", breaking)
        page = shown_page("workload", SCENARIO.replace(peak_connections=2_346))
        assert "This page cannot be shown" in the_error(page)
        assert OURS in the_error(page)
        assert "KeyError in dashboard/pages/workload.py, line " in the_error(page)
    page.number_input(key="peak_connections").set_value(2_347)
    run(page)
    assert page.error.values == []
    assert linked(page).peak_connections == 2_347


def test_a_page_that_breaks_before_all_else_still_has_its_widgets(monkeypatch):
    page = shown_page("estimate", SCENARIO)
    with monkeypatch.context() as broken:
        broken.setattr(estimate, "answer_html", breaking)
        page.number_input(key="peak_connections").set_value(2_348)
        run(page)
    named(page.number_input, "peak_connections").set_value(2_349)
    assert linked(run(page)).peak_connections == 2_349


def test_a_link_that_breaks_leaves_an_example_on_screen(monkeypatch):
    compare = state.compare
    monkeypatch.setattr(
        state, "compare", lambda asked: breaking() if asked.name == SECRET else compare(asked)
    )
    page = shown_page("estimate", SCENARIO.replace(peak_connections=4_321))
    assert "This link cannot be opened" in the_error(page)
    assert "An example is on screen instead" in the_error(page)
    assert named(page.selectbox, "profile").value == "workplace-chat"


def test_an_edit_that_breaks_is_not_made(monkeypatch):
    page = shown_page("limits", SCENARIO)
    monkeypatch.setattr(state, "compare", breaking)
    page.number_input(key="peak_connections").set_value(9_876)
    run(page)
    assert "This change was not made" in the_error(page)
    assert linked(page) == SCENARIO


@pytest.fixture
def inputs_break_at_99(monkeypatch) -> None:
    inputs = frame.scenario_inputs
    monkeypatch.setattr(
        frame,
        "scenario_inputs",
        lambda shown: breaking() if shown.peak_connections == 99 else inputs(shown),
    )


@pytest.mark.usefixtures("inputs_break_at_99")
def test_a_scenario_that_breaks_what_stands_beside_every_page_is_left():
    page = shown_page("concurrency", SCENARIO)
    page.number_input(key="peak_connections").set_value(99)
    run(page)
    assert "This scenario cannot be shown" in the_error(page)
    assert "The last one is on screen" in the_error(page)
    assert linked(page) == SCENARIO
    named(page.number_input, "peak_connections").set_value(2_000)
    assert linked(run(page)).peak_connections == 2_000


@pytest.mark.usefixtures("inputs_break_at_99")
def test_a_link_that_breaks_what_stands_beside_every_page_leaves_an_example_on_screen():
    page = shown_page("concurrency", SCENARIO.replace(peak_connections=99))
    assert "This scenario cannot be shown" in the_error(page)
    assert "An example is on screen instead" in the_error(page)
    assert linked(page) == state.default_scenario()


def nested(depth: int) -> object:
    return [nested(depth - 1)] if depth else 5


PLAIN = {"profile": "workplace-chat", "location": "virginia", "peak_connections": 5}
HOSTILE_LINKS = {
    "nested lists": PLAIN | {"peak_connections": nested(60)},
    "half of a surrogate pair": PLAIN | {"name": "\ud83d"},
    "not a number": PLAIN
    | {
        "profile": {
            "extends": "workplace-chat",
            "session": {"law": "exponential", "mean_hours": math.nan},
        }
    },
    "an infinite price": PLAIN
    | {"contract": {"title": "x", "rates": [{"meters": ["*"], "usd_per_unit": math.inf}]}},
}


@pytest.mark.parametrize("page_name", ["estimate", "workload"])
@pytest.mark.parametrize("content", HOSTILE_LINKS.values(), ids=HOSTILE_LINKS)
def test_a_hostile_link_is_one_message_and_the_next_edit_works(page_name, content):
    packed = zlib.compress(json.dumps(content).encode())
    token = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    page = shown_page(page_name, SCENARIO, {"scenario": token})
    assert "cannot be" in the_error(page)
    assert OURS not in the_error(page)
    named(page.number_input, "peak_connections").set_value(2_222)
    assert run(page).error.values == []
    assert linked(page).peak_connections == 2_222


@pytest.mark.parametrize(
    "text", ["name: !!int x\n", "%YAML 1.3\n---\nname: x\n", "name: !!float none\n"]
)
def test_a_hostile_file_is_one_message_and_the_next_edit_works(text):
    page = shown_page("limits", SCENARIO)
    page.file_uploader(key="upload").set_value(("mine.yaml", text.encode(), "application/yaml"))
    run(page)
    assert "This file cannot be used" in the_error(page)
    assert OURS not in the_error(page)
    named(page.number_input, "peak_connections").set_value(2_223)
    assert run(page).error.values == []
    assert linked(page).peak_connections == 2_223


def test_neither_page_nor_log_quotes_a_scenario(monkeypatch, caplog):
    monkeypatch.setattr(concurrency, "expected_demand", breaking)
    page = shown_page("concurrency", SCENARIO.replace(peak_connections=3_456))
    assert SECRET not in the_error(page)
    assert linked(page).peak_connections == 3_456
    ours = [each for each in caplog.records if each.name.startswith("estimator")]
    assert "KeyError" in ours[0].getMessage()
    assert all(SECRET not in each.getMessage() for each in caplog.records)


def test_a_checkout_that_is_not_installed_has_the_line_too(monkeypatch):
    def nowhere(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", nowhere)
    assert "KeyError. Please report" in unexpected(KeyError())


def test_the_line_names_the_kind_and_is_short():
    line = unexpected(RecursionError("x" * 1_000))
    assert "RecursionError" in line
    assert line.count("\n") == 0
    assert len(line) <= 400
