"""How are pages looked at in a browser? On two screens, once they are drawn, one after another."""

import time
from typing import Any, Final, NotRequired, TypedDict
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

import estimator as ws
from estimator.dashboard.site import PAGES

# Long enough for a busy machine; nothing here is fast or slow enough to be judged by it.
PATIENCE_MS: Final = 60_000
expect.set_options(timeout=PATIENCE_MS)


class Screen(TypedDict):
    """Size of the window, and what the browser says of itself."""

    viewport: ViewportSize
    user_agent: NotRequired[str]


WIDE: Final[Screen] = {"viewport": {"width": 1280, "height": 900}}
PHONE: Final[Screen] = {
    "viewport": {"width": 390, "height": 844},
    "user_agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Mobile Safari/537.36",
}


def newcomer(browser: Browser, screen: Screen = WIDE, **looks: Any) -> BrowserContext:
    """A visitor who was never here; ``looks`` are further options of a browser's context."""
    context = browser.new_context(**screen, **looks)
    context.set_default_timeout(PATIENCE_MS)
    return context


def drawn(shown: Page) -> None:
    """Wait until the page is drawn."""
    shown.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def settled(shown: Page) -> None:
    """Wait until the page is drawn and nothing on it holds the room of something that is not."""
    expect(shown.get_by_role("heading", level=1)).to_be_visible()
    drawn(shown)
    expect(shown.get_by_test_id("stSkeleton")).to_have_count(0)


def until(shown: Page, holds: str) -> None:
    """Wait until something holds, as Playwright cannot: the page lets no script of its ask that.

    Args:
        shown: the page.
        holds: the expression in JavaScript.
    """
    deadline = time.monotonic() + PATIENCE_MS / 1_000
    while not shown.evaluate(holds):
        assert time.monotonic() < deadline, holds
        shown.wait_for_timeout(50)


def linked(shown: Page) -> ws.Scenario:
    """The scenario in the address."""
    return ws.Scenario.from_token(parse_qs(urlsplit(shown.url).query)["scenario"][0])


def turn_to(shown: Page, title: str) -> None:
    """Go to another page by the navigation of a wide screen, where parts of the story fold out."""
    [part] = [page.part for page in PAGES.values() if page.title == title]
    if part:
        shown.get_by_role("button", name=part).click()
        shown.get_by_role("menuitem", name=title).click()
    else:
        shown.get_by_role("link", name=title, exact=True).click()
