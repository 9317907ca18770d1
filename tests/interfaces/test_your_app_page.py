"""The page on which an app is built, without a browser: what it says is what a file would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.pages import your_app
from estimator.dashboard.session.state import LONGEST_LINK_CHARACTERS
from estimator.dashboard.widgets.app_editor.week import edited_levels
from interfaces.shown_page import PATIENCE_SECONDS, linked, named, plain, run, shown_page, words

FLOWS = {
    "inputs": {"direction": "client_to_server", "rate_per_hour": "20 / s", "payload": "26 B"},
    "state": {
        "direction": "server_to_client",
        "rate_per_hour": "20 / s",
        "payload": {"law": "lognormal", "mean_bytes": "225 B", "sigma": 0.5, "max_bytes": "2 KB"},
        "fan_out": 16,
        "batch": {"window": "100 ms", "keep": "latest"},
    },
}
BY_HAND = {
    "title": "Small game",
    "session": {"law": "lognormal", "mean_hours": "40 min", "sigma": 1},
    "weekly_shape": "evenings",
    "heartbeat": {"interval_seconds": 3, "kind": "protocol"},
    "flows": FLOWS,
    "other_clients": {
        "watchers": {
            "per_main_connection": 0.5,
            "profile": {
                "title": "Watchers",
                "session": {"law": "lognormal", "mean_hours": "40 min", "sigma": 1},
                "weekly_shape": "evenings",
                "heartbeat": {"interval_seconds": 3, "kind": "protocol"},
                "flows": {
                    "updates": {
                        "direction": "server_to_client",
                        "rate_per_hour": 7_200,
                        "payload": 200,
                    }
                },
            },
        }
    },
}
OBSERVED = {
    "title": "Observed",
    "session": {"law": "empirical", "lengths_hours": [0.5, 2.0], "counts": [3, 1]},
    "weekly_shape": "flat",
    "flows": {
        "posts": {
            "direction": "client_to_server",
            "rate_per_hour": 6,
            "payload": {
                "law": "mixture",
                "parts": [{"share": 9, "size": "4 KB"}, {"share": 1, "size": "100 KB"}],
            },
        }
    },
}

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


def opened(profile: Any, **held: Any) -> AppTest:
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=1_000)
    return shown_page("your_app", scenario, state=held)


def edit(page: AppTest, at: str, label: str, value: str) -> None:
    """Type into a field, or choose from a list."""
    name = f"app {at}: {label}"
    widgets = [*page.text_input, *page.selectbox]
    named(widgets, name).set_value(value)
    run(page)


def press(page: AppTest, name: str) -> None:
    named(page.button, f"app {name}").click()
    run(page)


def shown(page: AppTest, at: str, label: str) -> str:
    return named([*page.text_input, *page.selectbox], f"app {at}: {label}").value


def test_a_game_is_built_from_nothing_and_is_the_one_written_by_hand():
    page = opened("workplace-chat", **{"app 0 flow 1 more": True})
    edit(page, "0 kind", "Start from", "empty")
    assert linked(page).profile.flows == {}
    edit(page, "0 kind", "Title", "Small game")
    edit(page, "0 client", "Mean session", "40 minutes")
    edit(page, "0 client", "Sessions", "lognormal")
    edit(page, "0 client", "One every", "3")
    edit(page, "0 week", "Hours of the week", "evenings")
    press(page, "0 add flow")
    edit(page, "0 flow 0", "Messages", "inputs")
    edit(page, "0 flow 0", "How often", "20 per second")
    edit(page, "0 flow 0", "Mean size", "26 bytes")
    edit(page, "0 flow 0", "Received by", "0")
    press(page, "0 flow 0 copy")
    edit(page, "0 flow 1", "Messages", "state")
    edit(page, "0 flow 1", "Who sends", "server_to_client")
    edit(page, "0 flow 1", "Mean size", "225")
    edit(page, "0 flow 1", "Received by", "16")
    edit(page, "0 flow 1 more", "Sizes vary", "lognormal")
    edit(page, "0 flow 1 more", "Spread of sizes", "0.5")
    edit(page, "0 flow 1 more", "Largest message", "2 KB")
    edit(page, "0 flow 1 more", "Held back for", "100 ms")
    edit(page, "0 flow 1 more", "Of a window, deliver", "latest")
    press(page, "add kind")
    edit(page, "1 kind", "Title", "Watchers")
    edit(page, "1 kind", "Name in messages", "watchers")
    edit(page, "1 kind", "For each main connection", "0.5")
    edit(page, "1 flow 0", "How often", "2 per second")
    by_hand = ws.Scenario(profile=BY_HAND, location="virginia", peak_connections=1_000)
    assert page.error.values == []
    assert linked(page).profile == by_hand.profile
    assert linked(page) == by_hand


def test_what_was_built_is_saved_as_a_profile_that_files_can_name(tmp_path: Path):
    profile = ws.Scenario(profile=BY_HAND, location="tokyo", peak_connections=1).profile
    (tmp_path / "ours.yaml").write_text(profile.to_yaml(), encoding="utf-8")
    (tmp_path / "scenario.yaml").write_text(
        "profile: ours.yaml\nlocation: tokyo\npeak_connections: 1\n", encoding="utf-8"
    )
    assert ws.Scenario.load(tmp_path / "scenario.yaml").profile == profile


def test_the_load_counts_by_hand():
    # 1,000 players send 20 a second each, and get 20 of the server
    page = opened("multiplayer-game")
    said = "1,000 connections send 20,000 and receive 20,000 messages per second"
    assert said in words(page)
    edit(page, "0 flow 0", "How often", "10")
    assert "send 10,000 and receive 20,000 messages" in words(page)


@pytest.mark.parametrize(
    ("at", "label", "value", "why"),
    [
        ("0 flow 0", "How often", "300 kg", "is not a rate: write a number with its unit, such as"),
        ("0 flow 0", "How often", "-5", "must not be negative"),
        ("0 flow 0", "Mean size", "big", "'big' is not a size: write a number with its unit"),
        ("0 flow 0", "Received by", "many", "'many' is not a number"),
        ("0 flow 0", "Messages", " ", "a name is missing"),
        ("0 flow 0", "Messages", "state_patches", "choose another name"),
        ("0 flow 0 more", "Active part of a session", "120%", "is not a share"),
        ("0 flow 0 more", "Held back for", "1 s", "give the flow a fan_out or an echo"),
        ("0 client", "Mean session", "0", "greater than 0"),
        ("0 client", "One every", "soon", "'soon' is not a time"),
    ],
)
def test_what_cannot_be_stays_in_its_field_with_the_reason(at, label, value, why):
    page = opened("multiplayer-game", **{"app 0 flow 0 more": True})
    before = linked(page)
    edit(page, at, label, value)
    (said,) = map(plain, page.error.values)
    assert said.startswith(f"**{label}:** ")
    assert why in said
    assert shown(page, at, label) == value
    assert linked(page) == before
    edit(page, "0 kind", "Title", "Ours")
    assert page.error.values == []
    assert shown(page, at, label) != value
    assert linked(page).profile.title == "Ours"


def test_an_edit_of_a_shipped_profile_keeps_the_link_short_and_the_rest_published():
    page = opened("multiplayer-game")
    edit(page, "0 flow 1", "How often", "30 per second")
    profile = linked(page).profile
    assert profile.to_yaml().startswith("extends: multiplayer-game\n")
    assert "flows.state_patches.rate_per_hour" not in profile.evidence
    assert "flows.state_patches.payload" in profile.evidence
    press(page, "0 flow 0 remove")
    assert [*linked(page).profile.flows] == ["state_patches"]
    assert len(linked(page).to_token()) < LONGEST_LINK_CHARACTERS / 4


def test_a_law_that_no_field_can_say_is_kept_and_shown_only():
    page = opened(OBSERVED)
    fixed = {each.label: each.value for each in page.text_input if each.disabled}
    assert fixed == {
        "Mean session": "52.5 min on average, 2 lengths as observed",
        "Mean size": "13.6 KB on average, mixture of 2 parts",
    }
    edit(page, "0 flow 0", "How often", "1 per minute")
    profile = linked(page).profile
    kept = ws.Scenario(profile=OBSERVED, location="virginia", peak_connections=1).profile
    assert profile.session == kept.session
    assert profile.flows["posts"].payload == kept.flows["posts"].payload
    assert profile.flows["posts"].rate_per_hour == 60


def test_clients_that_a_shipped_profile_brings_are_edited_and_removed():
    page = opened("delivery-tracking", **{"app kind of 2": 1})
    (brought,) = linked(page).profile.other_clients
    edit(page, "1 client", "Mean session", "3 h")
    assert linked(page).profile.other_clients[brought].profile.session.mean == 3
    edit(page, "1 kind", "Name in messages", "riders")
    profile = linked(page).profile
    assert [*profile.other_clients] == ["riders"]
    assert {flow.to for flow in profile.flows.values()} == {None, "riders"}
    press(page, "1 kind remove kind")
    profile = linked(page).profile
    assert profile.other_clients == {}
    assert {flow.to for flow in profile.flows.values()} == {None}
    assert page.error.values == []


def test_clients_of_the_scenario_alone_keep_their_number():
    scenario = ws.Scenario(
        profile="board-collaboration",
        location="virginia",
        peak_connections=100,
        other_clients={"viewers": {"profile": "workplace-chat", "peak_connections": 7}},
    )
    page = shown_page("your_app", scenario, state={"app kind of 2": 1})
    edit(page, "1 client", "Mean session", "3 h")
    viewers = linked(page).other_clients["viewers"]
    assert viewers.peak_connections == 7
    assert viewers.profile.session.mean == 3
    edit(page, "1 kind", "Start from", "market-data")
    assert linked(page).as_data()["other_clients"]["viewers"]["profile"] == "market-data"
    press(page, "1 kind remove kind")
    assert linked(page).other_clients == {}


def test_a_week_is_drawn_from_a_shipped_one():
    page = opened("multiplayer-game")
    edit(page, "0 week", "Hours of the week", "drawn")
    shape = linked(page).profile.weekly_shape
    assert shape.hours_of_day is not None
    assert max(shape.hours_of_day) == max(shape.days_of_week or ()) == 100
    assert len(page.data_editor) == 2
    edit(page, "0 week", "Hours of the week", "flat")
    assert linked(page).as_data()["profile"]["weekly_shape"] == "flat"
    assert len(page.data_editor) == 0


def test_a_week_from_a_file_is_kept_until_another_is_chosen():
    page = opened(OBSERVED | {"weekly_shape": {"title": "Ours", "hourly": [1.0] * 84 + [3.0] * 84}})
    assert shown(page, "0 week", "Hours of the week") == "from a file"
    edit(page, "0 flow 0", "How often", "1 per minute")
    assert linked(page).profile.weekly_shape.title == "Ours"
    edit(page, "0 week", "Hours of the week", "drawn")
    shape = linked(page).profile.weekly_shape
    # half of Thursday is as Monday, and half as Sunday
    assert shape.days_of_week == (33, 33, 33, 67, 100, 100, 100)
    assert (shape.hourly, shape.title) == (None, "")


def test_a_bad_edit_right_before_leaving_is_told_on_the_next_page():
    page = AppTest.from_string(
        "import streamlit as st\n"
        "from estimator.dashboard.site import PAGES\n"
        "PAGES[st.session_state.page].draw()\n",
        default_timeout=PATIENCE_SECONDS,
    )
    page.session_state["page"] = "your_app"
    run(page)
    named(page.text_input, "app 0 flow 0: How often").set_value("often")
    page.session_state["page"] = "limits"
    run(page)
    (said,) = map(plain, page.error.values)
    assert said.startswith("**This change was not made:** 'often' is not a rate")


def test_levels_of_a_table_are_those_its_user_typed():
    edits: Any = {
        "edited_rows": {1: {"Level": 5}, 2: {"Level": None}},
        "added_rows": [],
        "deleted_rows": [],
    }
    assert edited_levels((1.0, 2.0, 3.0), edits) == (1.0, 5, None)


def test_the_name_of_a_saved_profile_says_whose_it_is():
    profile = ws.load_profile("multiplayer-game")
    assert your_app._file_name(profile) == "profile-multiplayer-game.yaml"
    for title, name in (("../42", "profile-42.yaml"), ("チャット", "profile.yaml")):
        assert your_app._file_name(profile.model_copy(update={"title": title})) == name
