"""The page that compares two in a browser: choices, the swap, the link, and the presets."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

import estimator as ws
from estimator.dashboard.site import PAGES
from interfaces.screens import newcomer, settled

pytestmark = pytest.mark.browser


def pair(shown: Page) -> list[str]:
    cells = shown.locator(".figures").first.locator("tbody tr td:first-child")
    expect(cells).to_have_count(2)
    return cells.all_inner_texts()


def test_a_choice_is_swapped_linked_and_kept_while_the_scenario_changes(browser, context, address):
    chat = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)
    mine = context.new_page()
    mine.goto(f"{address}/{PAGES['compare_two'].url}?scenario={chat.to_token()}")
    settled(mine)
    candidate = mine.get_by_role("combobox", name="Candidate")
    candidate.click()
    candidate.fill("Pusher")
    mine.get_by_role("option", name="Pusher Channels").click()
    expect(mine.locator(".figures").first).to_contain_text("Candidate: Pusher Channels")
    managed = pair(mine)[0].removeprefix("Today: ")

    mine.get_by_role("button", name="Swap").click()
    expect(mine.locator(".figures").first).to_contain_text("Today: Pusher Channels")
    assert pair(mine)[1] == f"Candidate: {managed}"
    mine.wait_for_url(re.compile("today=Pusher"))

    audience = mine.get_by_role("spinbutton", name="Peak connections")
    told = mine.get_by_role("heading", level=2).inner_text()
    audience.fill("20000")
    audience.press("Enter")
    expect(mine.get_by_role("heading", level=2)).not_to_have_text(told)
    settled(mine)
    assert pair(mine) == ["Today: Pusher Channels", f"Candidate: {managed}"]

    theirs = newcomer(browser).new_page()
    theirs.goto(mine.url)
    settled(theirs)
    asked = parse_qs(urlsplit(theirs.url).query)
    assert asked["candidate"] == [managed]
    assert pair(theirs) == pair(mine)
    found = ws.move(
        chat.replace(peak_connections=20_000),
        "pusher.channels",
        next(str(each.deployment) for each in ws.compare(chat).bills if each.name == managed),
    )
    expect(theirs.get_by_role("heading", level=2)).to_have_text(found.short_verdict)
    theirs.context.close()
