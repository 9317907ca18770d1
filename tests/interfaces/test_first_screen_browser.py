"""The first screen in a browser: what comes later comes, and disturbs nobody meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

import estimator as ws
from estimator.analysis.uncertainty.total_ranges import best_ranges
from estimator.format import dollars
from interfaces.screens import linked

pytestmark = pytest.mark.browser

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=2_000)
LATER_MS = 120_000
"""Ranges are worked out by processes that share a busy machine with this test."""


def opened(context, address: str) -> Page:
    shown = context.new_page()
    shown.goto(f"{address}/?scenario={CHAT.to_token()}")
    return shown


def ranges(shown: Page):
    return shown.get_by_text("In 8 of 10 cases: $")


def test_ranges_come_by_themselves_and_reasons_when_asked(context, address):
    shown = opened(context, address)
    expect(ranges(shown)).to_have_count(3, timeout=LATER_MS)
    compared = ws.compare(CHAT)
    found = best_ranges(compared)
    for slot, name in enumerate(compared.headline.deployments):
        likely = "–".join(map(dollars, found[name]))
        expect(ranges(shown).nth(slot)).to_contain_text(likely)
    shown.get_by_text("Open questions, assumptions, and what is not equal").click()
    question = shown.get_by_text("The open question with the largest effect")
    expect(question).to_be_visible(timeout=LATER_MS)


def test_back_undoes_an_edit_also_while_ranges_come(context, address):
    shown = opened(context, address)
    expect(ranges(shown)).to_have_count(3, timeout=LATER_MS)
    before, often = shown.url, shown.get_by_role("textbox", name="How often").first
    often.fill("21 per hour")
    often.press("Enter")
    expect(shown.get_by_role("button", name="typing: 21 per hour")).to_be_visible()
    shown.go_back()
    expect(often).to_have_value("7 per hour")
    expect(ranges(shown)).to_have_count(3, timeout=LATER_MS)
    assert shown.url == before
    assert linked(shown) == CHAT
    often.fill("28 per hour")
    often.press("Enter")
    expect(shown.get_by_text(re.compile("In 8 of 10 cases: …"))).to_have_count(3)
    expect(ranges(shown)).to_have_count(3, timeout=LATER_MS)
    assert linked(shown).profile.flows["typing"].rate_per_hour == 28
    shown.go_back()
    expect(often).to_have_value("7 per hour")


def test_an_answer_is_there_before_the_page_works_on_what_came_with_it(context, address):
    """Of some messages, one brings an answer, others pose as one: what stood there at each?"""
    shown, messages = context.new_page(), list[bytes]()
    shown.route_web_socket(
        re.compile("/of-this-test"), lambda route: [route.send(each) for each in messages]
    )
    shown.goto(f"{address}/?scenario={CHAT.to_token()}")
    slot = shown.get_by_test_id("stMain").locator("[data-answer]")
    expect(slot.locator(".total")).to_have_count(3)
    name = slot.get_attribute("data-answer") or ""
    assert name.startswith("estimate ")

    def message(slot: str, text: str) -> bytes:
        html = f'<div class="document" data-answer="{slot}"><p class="total">{text}</p></div>'
        return b"\x0a\x52" + html.encode() + b"\x12\xff"

    posing = [message(each, "$1") for each in ("estimate", "estimate ", "&quot;], body, [x=&quot;")]
    messages += [message(name, "$7"), b"\x0a\xff", *posing]
    seen = shown.evaluate(
        """([address, count]) => new Promise(done => {
          const socket = new WebSocket(address), seen = [];
          socket.binaryType = "arraybuffer";
          socket.addEventListener("message", ({ data }) => {
            const totals = document.querySelectorAll(".stMain [data-answer] .total");
            seen.push([data.byteLength, ...[...totals].map(each => each.textContent)]);
            if (seen.length === count) done(seen);
          });
        })""",
        [f"{address.replace('http', 'ws')}/of-this-test", len(messages)],
    )
    assert seen == [[len(each), "$7"] for each in messages]
