"""Pages in a browser: a phone, keyboards, links, files, and what cannot be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import estimator as ws
from estimator.dashboard.site import PAGES
from interfaces.saved_files import saved, table_rows
from interfaces.screens import PHONE, WIDE, linked, newcomer, settled

ROOT = Path(__file__).parents[2]
LINES: Final = """cell => {
  const said = document.createRange();
  said.selectNodeContents(cell);
  return said.getBoundingClientRect().height / parseFloat(getComputedStyle(cell).lineHeight);
}"""
IS_COVERED = """([above, below]) =>
    above.getBoundingClientRect().bottom > below.getBoundingClientRect().top"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scenario() -> ws.Scenario:
    return ws.Scenario.load(ROOT / "examples" / "team-chat.yaml")


def opened(context: BrowserContext, address: str, page: str, scenario: ws.Scenario) -> Page:
    shown = context.new_page()
    shown.goto(f"{address}/{PAGES[page].url}?scenario={scenario.to_token()}")
    settled(shown)
    return shown


def downloaded(shown: Page, button: str) -> str:
    return saved(shown, button).read_text("utf-8")


def test_the_causes_of_an_invoice_have_the_width_and_each_amount_one_line(browser, address):
    shop = ws.Scenario.load(ROOT / "examples" / "shop-notices.yaml")
    for screen in (WIDE, PHONE):
        context = newcomer(browser, screen)
        shown = opened(context, address, "your_invoice", shop)
        bill = shown.locator(".st-key-bill input[type=file]")
        bill.set_input_files(ROOT / "examples" / "shop-notices-invoice.csv")
        causes = shown.get_by_role("table").first
        expect(causes).to_contain_text("Why the invoice differs")
        words, amount = causes.locator("tbody tr").first.locator("td").all()

        width = words.evaluate("cell => cell.offsetWidth")
        assert width > 3 * amount.evaluate("cell => cell.offsetWidth")
        assert amount.evaluate(LINES) < 1.5
        context.close()


def test_a_link_to_the_workload_restores_it_and_its_files_hold_what_is_shown(
    browser, context, address, scenario
):
    mine = opened(context, address, "workload", scenario)
    share = mine.get_by_role("spinbutton", name="Compressed messages")
    share.fill("55")
    share.press("Enter")
    expect(mine.get_by_role("cell", name="Compressed to 55 % of the payload")).to_be_visible()
    theirs = newcomer(browser).new_page()
    theirs.goto(mine.url)
    settled(theirs)
    assert linked(theirs) == scenario
    expect(theirs.get_by_role("spinbutton", name="Compressed messages")).to_have_value("55")
    expect(theirs.get_by_role("cell", name="Compressed to 55 % of the payload")).to_be_visible()

    data = json.loads(downloaded(theirs, "Everything (JSON)"))
    mean = ws.expected_demand(scenario).connections.mean
    assert data["mean_connections"] == pytest.approx(float(mean))
    on_screen = theirs.get_by_test_id("stMain").locator(".total").first.inner_text()
    assert float(on_screen.replace(",", "")) == pytest.approx(float(mean), rel=1e-3)
    hours = table_rows(downloaded(theirs, "Every hour (CSV)"))
    assert [float(hour["open_connections_mean"]) for hour in hours] == pytest.approx(
        [hour["open_connections_mean"] for hour in data["week"]]
    )
    assert downloaded(theirs, "Chart of the week (SVG)").lstrip().startswith("<?xml")
    theirs.context.close()


def test_a_link_to_the_limits_restores_the_filter_and_its_files_hold_what_is_shown(
    browser, context, address, scenario
):
    large = scenario.replace(peak_connections=2_000_000)
    mine = opened(context, address, "limits", large)
    mine.get_by_role("radio", name="All but those well within").click()
    mine.wait_for_url(re.compile("limits_shown"))
    tight = [bill for bill in ws.compare(large).bills if bill.state != "within limits"]
    assert len(tight) > 0
    theirs = newcomer(browser).new_page()
    theirs.goto(mine.url)
    settled(theirs)
    assert linked(theirs) == large
    expect(theirs.locator(".tight tbody tr")).to_have_count(len(tight))

    table = table_rows(downloaded(theirs, "Verdicts (CSV)"))
    data = json.loads(downloaded(theirs, "Verdicts (JSON)"))
    assert {row["deployment"] for row in table} == {bill.deployment for bill in tight}
    assert [row["state"] for row in table] == [row["state"] for row in data["limits"]]
    # the table of the tightest deployment is open, and says what its rows of the file say
    shown = theirs.locator(".figures").first
    expect(shown.get_by_role("row")).to_have_count(
        1 + sum(row["deployment"] == table[0]["deployment"] for row in table)
    )
    expect(shown).to_contain_text(table[0]["title"])
    theirs.context.close()


@pytest.mark.parametrize("page", ["workload", "limits"])
def test_what_was_asked_for_and_cannot_be_is_one_message(context, address, scenario, page):
    shown = context.new_page()
    shown.goto(f"{address}/{page}?scenario={scenario.to_token()[:-20]}")
    settled(shown)
    message = shown.get_by_test_id("stAlert")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("This link cannot be opened")
    chooser = shown.get_by_test_id("stFileUploaderDropzoneInput")
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"{one}: &{one} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, one in zip("abcdefgh", "bcdefghi", strict=True)
    )
    chooser.set_input_files({"name": "bomb.yaml", "mimeType": "text/yaml", "buffer": bomb.encode()})
    expect(message).to_contain_text("with parts that are repeated by name; at most 100,000")
    expect(message).to_have_count(1)
    assert shown.get_by_test_id("stException").count() == 0


def test_a_file_that_is_too_large_is_refused_where_it_is_chosen(context, address, scenario):
    shown = opened(context, address, "limits", scenario)
    chooser = shown.get_by_test_id("stFileUploaderDropzoneInput")
    chooser.set_input_files(
        {"name": "big.yaml", "mimeType": "text/yaml", "buffer": b"#" * 2_200_000}
    )
    expect(shown.get_by_text("File must be 2.0MB or smaller.")).to_be_visible()
    assert linked(shown) == scenario


def test_everything_can_be_reached_by_keyboard(context, address, scenario):
    shown = opened(context, address, "limits", scenario)
    reached: list[str] = []
    for _ in range(120):
        shown.keyboard.press("Tab")
        reached.append(
            shown.evaluate(
                "(e => e.getAttribute('aria-label') || e.innerText || e.tagName)"
                "(document.activeElement)"
            )
        )
    for wanted in ("Is it right?", "Users per day", "Save the scenario", "All", "Verdicts (CSV)"):
        assert any(wanted in one for one in reached), wanted
    # what is folded unfolds by a key, parts of the navigation too
    shown.get_by_role("button", name="Is it right?").focus()
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("menuitem", name="Workload")).to_be_visible()
    shown.keyboard.press("Escape")
    last = shown.get_by_test_id("stExpander").last.locator("summary")
    last.focus()
    shown.keyboard.press("Enter")
    expect(shown.get_by_test_id("stExpander").last.locator(".figures")).to_be_visible()


@pytest.fixture(scope="module")
def phone(browser: Browser, address: str, scenario: ws.Scenario) -> Iterator[Page]:
    """A phone on which the first page was opened."""
    context = newcomer(browser, PHONE)
    yield opened(context, address, "estimate", scenario)
    context.close()


def test_the_rows_of_a_wide_table_are_labeled_blocks_on_a_phone(phone: Page):
    bill = phone.locator(".figures:visible").last
    cost = bill.locator("tbody tr").first.locator("td").nth(3)
    label = cost.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label == '"Cost"'
    # a screen reader still finds a table with its heads
    expect(bill.get_by_role("columnheader", name="Cost")).to_have_count(1)


def test_on_a_phone_the_answer_is_seen_while_it_is_edited(phone: Page):
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


def test_long_words_and_large_figures_stay_where_they_belong(browser, address):
    large = ws.Scenario(
        name="x" * 200, profile="market-data", location="virginia", peak_connections=1_234_567_890
    )
    for screen in (WIDE, PHONE):
        context = newcomer(browser, screen)
        for page in ("estimate", "workload", "concurrency"):
            shown = opened(context, address, page, large)
            main = shown.get_by_test_id("stMain")
            expect(main).to_contain_text("x" * 200)
            assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), page
            for line in main.locator(".card p").all():
                assert line.evaluate("line => line.scrollWidth <= line.clientWidth"), page
            for figure in main.locator(".total").all():
                assert figure.evaluate(LINES) < 1.5, figure.inner_text()
            shown.close()
        context.close()
