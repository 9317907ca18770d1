"""The page What if in a browser: on a phone, by keyboard, and from somebody else's link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import estimator as ws
from interfaces.screens import PHONE, drawn, newcomer, turn_to

pytestmark = pytest.mark.browser

SMALL = ws.Scenario(profile="market-data", location="virginia", peak_connections=2_000)
PAIR = "compared=Selected&rivals=API+Gateway+WebSocket+API+on+AWS&rivals=Web+PubSub+on+Azure"
SLOT_OF = {
    "Break-even": ".st-key-touch_break-even",
    "Map": ".map.phone",
    "Growth": ".st-key-touch_growth",
}


def visit(context: BrowserContext, address: str, rest: str = PAIR) -> Page:
    page = context.new_page()
    page.goto(f"{address}/what-if?scenario={SMALL.to_token()}&{rest}")
    expect(page.get_by_role("heading", name="What if?")).to_be_visible()
    return page


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = newcomer(browser, PHONE, color_scheme="dark", reduced_motion="reduce")
    yield context
    context.close()


def test_every_part_fits_a_phone_and_has_words_for_its_chart(phone, address):
    page = visit(phone, address)
    for part, slot in SLOT_OF.items():
        page.get_by_role("radio", name=part).click()
        chart = page.locator(slot)
        expect(chart).to_be_visible()
        drawn(page)
        told = chart if part == "Map" else chart.locator("[role=graphics-document]")
        words = told.get_attribute("alt") or told.get_attribute("aria-label") or ""
        assert len(words) > 40
        main = page.get_by_test_id("stMain")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), part
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part


def test_a_link_restores_the_part_and_what_was_asked(context, address):
    page = visit(context, address)
    page.get_by_role("radio", name="Growth").press("Enter")
    # what is typed while the first answer is drawn may not reach the address
    expect(page.get_by_text("in month 24").first).to_be_visible()
    drawn(page)
    months = page.get_by_role("spinbutton", name="Months from now")
    months.fill("6")
    months.press("Enter")
    expect(page.get_by_text("in month 6").first).to_be_visible()
    drawn(page)
    expect(page).to_have_url(re.compile("months=6"))
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["what_if"], asked["months"]) == (["Growth"], ["6"])

    theirs = context.new_page()
    theirs.goto(page.url)
    expect(theirs.get_by_text("in month 6").first).to_be_visible()

    # another page and back: the scenario and the part are still there
    turn_to(theirs, "Prices")
    expect(theirs.get_by_role("heading", name="Prices")).to_be_visible()
    turn_to(theirs, "What if")
    expect(theirs.get_by_text("in month 6").first).to_be_visible()
    assert parse_qs(urlsplit(theirs.url).query)["scenario"] == [SMALL.to_token()]
