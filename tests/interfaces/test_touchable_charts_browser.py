"""Charts that one can touch, in a browser: hover, click, the address, space that is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import estimator as ws
from interfaces.lists import choose
from interfaces.screens import drawn

pytestmark = pytest.mark.browser

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)


def visit(context: BrowserContext, address: str, rest: str = "") -> Page:
    page = context.new_page()
    page.goto(f"{address}/?scenario={SCENARIO.to_token()}{rest}")
    expect(page.locator(".st-key-touch_drivers svg.marks")).to_be_visible()
    drawn(page)
    return page


def test_hover_tells_a_bill_and_a_click_opens_it(context, address):
    page = visit(context, address)
    bill = ws.compare(SCENARIO).within_limits[-1]
    row = page.locator(
        f"path[aria-label*='deployment: {bill.title}, {bill.cloud_name}; total']"
    ).first
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box is not None
    # behind the amount, where the row is empty
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    tip = page.locator("#vg-tooltip-element")
    expect(tip).to_contain_text(f"${bill.total:,.2f}")
    expect(tip).to_contain_text(bill.state_words)
    page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    choice = page.get_by_role("combobox", name="Deployment")
    expect(choice).to_have_count(1)
    expect(choice).to_have_value(bill.name)
    expect(page.locator(".document table").last).to_contain_text(f"${bill.total:,.2f}")
    # the link shows it to others
    expect(page).to_have_url(re.compile(f"deployment={re.escape(bill.deployment or '')}"))
    theirs = context.new_page()
    theirs.goto(page.url)
    expect(theirs.get_by_role("combobox", name="Deployment")).to_have_value(bill.name)
    theirs.close()

    # another one from the list, and the same bar again
    other = ws.compare(SCENARIO).within_limits[0]
    choose(page, "Deployment", other.name)
    expect(page.locator(".document table").last).to_contain_text(f"${other.total:,.2f}")
    # it is the one that the page shows anyway
    expect(page).not_to_have_url(re.compile("deployment="))
    drawn(page)
    row.scroll_into_view_if_needed()
    again = row.bounding_box()
    assert again is not None
    page.mouse.click(again["x"] + again["width"] - 8, again["y"] + again["height"] / 2)
    expect(choice).to_have_count(1)
    expect(choice).to_have_value(bill.name)


def test_the_scale_stands_in_the_address_and_the_chart_keeps_its_room(context, address):
    page = visit(context, address)
    slot = page.locator(".st-key-touch_drivers")
    reserved = float(slot.evaluate("it => parseFloat(getComputedStyle(it).minHeight)"))
    chart = page.locator(".st-key-touch_drivers svg.marks").bounding_box()
    assert chart is not None
    assert chart["height"] == pytest.approx(reserved, abs=2)
    page.get_by_role("radio", name="Logarithmic").click()
    expect(page).to_have_url(re.compile("scale=Logarithmic"))
    expect(page.get_by_text("Line across: the total.")).to_be_visible()
    theirs = context.new_page()
    theirs.goto(page.url)
    expect(theirs.get_by_text("Line across: the total.")).to_be_visible()
