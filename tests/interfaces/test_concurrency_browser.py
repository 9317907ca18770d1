"""Somebody who fears the loss of a zone, in a browser: pressed, simulated, told, looked at."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

import estimator as ws
from interfaces.screens import PATIENCE_MS, PHONE, drawn, newcomer, until

pytestmark = pytest.mark.browser

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=500)
ON_API_GATEWAY = "API+Gateway+WebSocket+API+on+AWS"

WATCH = """() => {
  window.shift = 0;
  new PerformanceObserver(list => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value;
  }).observe({type: "layout-shift"});
  const button = document.querySelector(".st-key-simulate button");
  button.addEventListener("click", () => {
    window.signs = [];
    const look = () => {
      const words = getComputedStyle(button, "::after").content;
      const bar = document.querySelector('[data-testid="stProgress"]');
      if (words.includes("starting") || bar) window.signs.push(bar ? "bar" : "starting");
      if (!document.querySelector(".st-key-outcome h2")) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}"""


class Drawn:
    """What the server draws, on its way to the page, where it can be held back."""

    def __init__(self) -> None:
        self.is_held = False
        self._held: list[str | bytes] = []

    def relay(self, route: WebSocketRoute) -> None:
        """Stand between the page and the server."""
        self._page = route
        route.connect_to_server().on_message(self._pass)

    def release(self) -> None:
        """Bring to the page what was held back, and all that follows."""
        self.is_held = False
        for message in self._held:
            self._page.send(message)
        self._held.clear()

    def _pass(self, message: str | bytes) -> None:
        draws = isinstance(message, bytes) and ForwardMsg.FromString(message).HasField("delta")
        # what follows on something held waits for it
        if self.is_held and (draws or self._held):
            self._held.append(message)
        else:
            self._page.send(message)


@pytest.fixture
def drawn_by_server():
    return Drawn()


@pytest.fixture(params=["wide", "phone"])
def page(request, browser, context, address, drawn_by_server):
    """The page without a fault."""
    own = context if request.param == "wide" else newcomer(browser, PHONE)
    page = own.new_page()
    page.route_web_socket(re.compile("/_stcore/stream"), drawn_by_server.relay)
    query = f"?scenario={SCENARIO.to_token()}&on={ON_API_GATEWAY}&weeks=1"
    page.goto(f"{address}/concurrency{query}&seed={len(request.param)}")
    expect(page.get_by_role("button", name="A zone fails")).to_be_visible()
    drawn(page)
    yield page
    page.close()


def test_what_happens_when_a_zone_fails(page, drawn_by_server):
    page.get_by_role("button", name="A zone fails").click()
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    drawn(page)
    page.evaluate(WATCH)
    drawn_by_server.is_held = True
    page.locator(".st-key-simulate button").click()
    # something is seen of the press before the server has drawn anything, then how far it is
    until(page, "window.signs.includes('starting')")
    assert "bar" not in page.evaluate("window.signs")
    drawn_by_server.release()
    # what a press moves is its answer; nothing moves by itself later
    until(page, "window.signs.includes('bar')")
    page.evaluate("window.shift = 0")
    verdict = page.locator(".st-key-outcome h2").first
    expect(verdict).to_contain_text("After a zone failed on ", timeout=4 * PATIENCE_MS)
    expect(verdict).to_contain_text(
        re.compile(r"[\d,]+ clients lost their connection; 99% were back .* \(you allow 5 min\)")
    )
    expect(page.locator(".st-key-touch_storm_0 svg.marks")).to_be_visible()
    drawn(page)
    assert page.evaluate("window.shift") < 0.1

    # the sentence stands above every chart and table of the answer
    top = verdict.bounding_box()["y"]
    for each in ("img", "svg.marks", "table"):
        below = page.locator(f".st-key-outcome {each}").first
        assert below.bounding_box()["y"] > top

    chart = page.locator(".st-key-touch_storm_0 svg.marks")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    reserved = page.locator(".st-key-touch_storm_0").evaluate(
        "it => parseFloat(getComputedStyle(it).minHeight)"
    )
    assert box["height"] == pytest.approx(reserved, abs=2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    tip = page.locator("#vg-tooltip-element")
    for told in ("after the first loss", "connected", "attempts per second", "connections made"):
        expect(tip).to_contain_text(told)
