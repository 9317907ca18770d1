"""Own files and agreed prices in a browser, which reports what was chosen by its words."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

import estimator as ws
from estimator.dashboard.widgets.document import full_title
from estimator.pricing.contract import as_contract
from interfaces.lists import choose
from interfaces.screens import linked
from interfaces.test_dashboard_browser import (
    no_error_is_shown,
    visit,
    wait_for_link,
    with_its_chart,
)

CONTRACT = "title: {}\nrates:\n- meters: [aws.egress.*]\n  percent_off: {}\n"
PROFILE = "extends: workplace-chat\ntitle: {}\n"
pytestmark = pytest.mark.browser


def open_file(page: Page, text: str, name: str) -> None:
    page.locator('input[type="file"]').set_input_files(
        [FilePayload(name=name, mimeType="application/yaml", buffer=text.encode())]
    )


def test_a_second_own_file_is_what_its_box_says_and_the_next_edit_is_made(context, address):
    base = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
    page = visit(context, address, base)
    page.locator("summary").filter(has_text="Billing").click()
    for title, percent in (("Our agreement", 12), ("Their agreement", 20)):
        open_file(page, CONTRACT.format(title, percent), f"{percent}.yaml")
        expect(page.get_by_text(f"This contract now applies: {title}; 1 rate.")).to_be_visible()
        with_its_chart(page)
    for title in ("Our chat", "Their chat"):
        open_file(page, PROFILE.format(title), f"{title}.yaml")
        expect(page.get_by_text(f"This profile now applies: {title};")).to_be_visible()
        with_its_chart(page)

    basis = page.get_by_role("combobox", name="Price basis")
    expect(basis).to_have_value("Their agreement (your contract)")
    profile = page.get_by_role("combobox", name="Your app is like")
    expect(profile).to_have_value("Their chat (your profile)")
    uploaded = linked(page)
    choose(page, "Location", "Ireland")
    wait_for_link(page, uploaded.replace(location="ireland"))
    expect(page.get_by_text("This change was not made")).to_have_count(0)

    # an own price beside the bill, by keyboard
    choose(page, "Deployment", full_title("aws.api_gateway"))
    with_its_chart(page)
    page.get_by_role("radio", name="Your prices").click()
    percent = page.get_by_role("spinbutton", name="WebSocket messages, % off")
    percent.fill("15")
    percent.press("Enter")
    expect(page.get_by_text("WebSocket messages: 15% off")).to_be_visible()
    with_its_chart(page)
    contract = as_contract(linked(page).contract)
    assert contract is not None
    assert [rate.percent_off for rate in contract.rates] == [20, 15]
    no_error_is_shown(page)
