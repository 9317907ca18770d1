"""The page on which an app is built, in a browser: tables one types into, back, and the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import estimator as ws
from estimator.dashboard.site import PAGES
from interfaces.screens import linked, settled

pytestmark = pytest.mark.browser

DAY = [10.0] * 8 + [50.0] * 8 + [100.0] * 8
ROW_PIXELS = 35


def opened(context, address: str, scenario: ws.Scenario) -> Page:
    shown = context.new_page()
    shown.goto(f"{address}/{PAGES['your_app'].url}?scenario={scenario.to_token()}")
    settled(shown)
    return shown


def other_address(shown: Page, before: str) -> None:
    shown.wait_for_url(lambda url: url != before)
    settled(shown)


def test_levels_are_typed_one_below_the_other_and_back_undoes_each(context, address):
    shape = {"hours_of_day": DAY, "days_of_week": [100.0] * 7}
    profile = {"extends": "multiplayer-game", "weekly_shape": shape}
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=1_000)
    shown = opened(context, address, scenario)
    chart = shown.get_by_test_id("stVegaLiteChart")
    expect(chart.locator("canvas, svg").first).to_be_visible()
    grid = shown.locator(".dvn-scroller").first
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 300, "y": 1.5 * ROW_PIXELS})
    for level in ("77", "66"):
        before = shown.url
        shown.keyboard.press("Enter")
        editor = shown.locator("#portal input")
        editor.fill(level)
        editor.press("Enter")
        other_address(shown, before)
    assert linked(shown).profile.weekly_shape.hours_of_day == (77, 66, *DAY[2:])
    before = shown.url
    shown.go_back()
    other_address(shown, before)
    assert linked(shown).profile.weekly_shape.hours_of_day == (77, *DAY[1:])


def test_what_is_typed_counts_at_once_and_the_file_holds_it(context, address, tmp_path: Path):
    scenario = ws.Scenario(profile="multiplayer-game", location="virginia", peak_connections=1_000)
    shown = opened(context, address, scenario)
    often = shown.get_by_role("textbox", name="How often").first
    often.fill("often")
    often.press("Enter")
    expect(shown.get_by_role("alert")).to_contain_text("How often: 'often' is not a rate")
    expect(often).to_have_value("often")
    before = shown.url
    often.fill("30 per second")
    often.press("Enter")
    other_address(shown, before)
    expect(shown.get_by_role("alert")).to_have_count(0)
    load = shown.locator(".st-key-app_load")
    expect(load).to_contain_text("send 30,000 and receive 20,000 messages per second")
    shown.get_by_text("The week", exact=True).scroll_into_view_if_needed()
    expect(load).to_be_in_viewport()
    with shown.expect_download() as download:
        shown.get_by_role("button", name="Save the profile (YAML)").click()
    assert "profile-multiplayer-game" in download.value.suggested_filename
    file = tmp_path / "ours.yaml"
    download.value.save_as(file)
    assert ws.load_profile(file) == linked(shown).profile
