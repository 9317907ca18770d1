"""The screens on which pages are looked at, as options of a browser's context."""

from typing import Final, NotRequired, TypedDict

from playwright.sync_api import ViewportSize


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
