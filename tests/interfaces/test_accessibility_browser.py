"""Can everybody use each page? Rules of axe-core, a phone, and tables that fit it."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import estimator as ws
from estimator.dashboard.site import PAGES
from interfaces.screens import PHONE, WIDE

ROOT = Path(__file__).parents[2]
PATIENCE_MS = 30_000
STREAMLITS_OWN = {
    "presentation-role-conflict": "the area of the file uploader has a role and a label at once",
}
"""Rules that a part of Streamlit breaks on which code of a page has no hold, and how."""
IS_COVERED = """([above, below]) =>
    above.getBoundingClientRect().bottom > below.getBoundingClientRect().top"""
SCROLLED = """() => [...document.querySelectorAll('.stTable')]
    .filter(table => table.checkVisibility())
    .flatMap(table => [table, ...table.querySelectorAll('div')])
    .filter(part => part.scrollWidth > part.clientWidth + 1)
    .map(part => part.innerText)"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scenario() -> ws.Scenario:
    return ws.Scenario.load(ROOT / "examples" / "team-chat.yaml")


def go_to(shown: Page, address: str, page: str, scenario: ws.Scenario) -> None:
    shown.goto(f"{address}/{PAGES[page].url}?scenario={scenario.to_token()}")
    expect(shown.get_by_role("heading", level=1)).to_be_visible()
    shown.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(shown.get_by_test_id("stSkeleton")).to_have_count(0)


def faults(shown: Page) -> list[str]:
    """What axe-core finds on a page, each with its rule and the first place."""
    return [
        f"{rule['id']}, {len(rule['nodes'])} times: {rule['help']}; {rule['nodes'][0]['html']}"
        for rule in Axe().run(shown).response["violations"]
        if rule["id"] not in STREAMLITS_OWN
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault_on_any_page(browser: Browser, address, scenario, theme):
    visitor = browser.new_context(**WIDE, color_scheme=theme)
    visitor.set_default_timeout(PATIENCE_MS)
    shown = visitor.new_page()
    found: dict[str, list[str]] = {}
    for page in PAGES:
        go_to(shown, address, page, scenario)
        found[page] = faults(shown)
    visitor.close()
    assert found == {page: [] for page in PAGES}


@pytest.fixture
def phone(browser: Browser):
    visitor = browser.new_context(**PHONE)
    visitor.set_default_timeout(PATIENCE_MS)
    yield visitor.new_page()
    visitor.close()


@pytest.mark.parametrize("page", ["estimate", "workload", "limits"])
def test_no_table_is_scrolled_sideways_on_a_phone(phone: Page, address, scenario, page):
    go_to(phone, address, page, scenario)
    main = phone.get_by_test_id("stMain")
    for folded in main.locator('[data-testid="stExpander"] summary:visible').all()[:2]:
        folded.click()
    expect(phone.locator(".stTable:visible").first).to_be_visible()
    assert phone.evaluate(SCROLLED) == []
    assert faults(phone) == []


def test_the_rows_of_a_wide_table_are_labeled_blocks_on_a_phone(phone: Page, address, scenario):
    go_to(phone, address, "estimate", scenario)
    bill = phone.locator(".stTable:visible").last
    cost = bill.locator("tbody tr").first.locator("td").nth(3)
    label = cost.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == '"Cost"'
    # a screen reader still finds a table with its heads
    expect(bill.get_by_role("columnheader", name="Cost")).to_have_count(1)


def test_on_a_phone_the_answer_is_seen_while_it_is_edited(phone: Page, address, scenario):
    go_to(phone, address, "estimate", scenario)
    opener = phone.get_by_test_id("stExpandSidebarButton")
    said = opener.evaluate("button => getComputedStyle(button, '::after').content")
    assert said == '"Pages and inputs"'
    opener.click()
    users = phone.get_by_role("spinbutton", name="Users per day")
    answer = phone.get_by_role("heading", level=2).first
    before = answer.inner_text()
    users.fill("90000")
    users.press("Enter")
    expect(answer).not_to_have_text(before)
    sheet = phone.get_by_test_id("stSidebar")
    expect(answer).to_be_in_viewport(ratio=1)
    assert not phone.evaluate(IS_COVERED, [answer.element_handle(), sheet.element_handle()])
    # pages are reached from there too
    phone.get_by_role("link", name="Limits").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Is it within limits?")
