"""How does a visitor choose from a list that the page may draw anew at any moment?"""

from __future__ import annotations

from contextlib import suppress

import pytest
from playwright.sync_api import Page, TimeoutError as WaitedTooLong

_OPENED = 4
_PATIENCE_MS = 7_500
"""Each time that it is opened."""


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of the list with a label."""
    wanted = page.get_by_role("option", name=option, exact=True)
    # a list closes when the page draws it anew; people open it again
    for _ in range(_OPENED):
        page.get_by_role("combobox", name=label).click()
        # a long list draws only what is in sight; letters narrow it
        page.keyboard.type(option)
        with suppress(WaitedTooLong):
            wanted.click(timeout=_PATIENCE_MS)
            return
        page.keyboard.press("Escape")
    pytest.fail(f"{option} cannot be chosen as {label}")
