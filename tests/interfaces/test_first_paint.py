"""The page brings its styles, and room for what stands beside it, before anything is drawn."""

from __future__ import annotations

import gzip
import urllib.request
from pathlib import Path

import pytest

from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets.table import styles_where_narrow
from interfaces.screens import settled

STYLES = Path(__file__).parents[2] / "estimator" / "dashboard" / "style.css"
WITHOUT_SIDEBAR = {"prices"}


def fetched(url: str, accept: str) -> tuple[str, str]:
    """The text at an address as a browser asks for it, and the length that was announced."""
    asked = urllib.request.Request(url, headers={"Accept": accept, "Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        body = answer.read()
        if answer.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        return body.decode(), answer.headers["Content-Length"]


@pytest.mark.parametrize("name", PAGES)
def test_each_page_brings_the_styles_and_the_room_it_needs(address, name):
    page, length = fetched(f"{address}/{PAGES[name].url}", "text/html,application/xhtml+xml")
    assert int(length) == len(page.encode())
    assert page.count(STYLES.read_text("utf-8")) == 1
    assert styles_where_narrow() in page
    assert ("padding-left: 300px" in page) == (name not in WITHOUT_SIDEBAR)


@pytest.mark.browser
def test_only_while_a_page_opens_a_browser_looks_for_what_it_still_fetches(context, address):
    # with these rules, it finds the style of every element anew after each change of one of them
    shown = context.new_page()
    shown.goto(address)
    settled(shown)
    disabled = "document.getElementById('opening').disabled"
    assert not shown.evaluate(disabled)
    shown.get_by_role("button", name="Totals (CSV)").click()
    assert not shown.evaluate(disabled)
    shown.get_by_test_id("stSidebar").get_by_role("textbox", name="How often").click()
    assert shown.evaluate(disabled)
    shown.get_by_role("link", name="Your app", exact=True).click()
    settled(shown)
    assert not shown.evaluate(disabled)
    assert "stSkeleton" not in STYLES.read_text("utf-8")


def test_what_is_no_page_stays_as_it_is(address):
    assert fetched(f"{address}/_stcore/health", "text/html")[0] == "ok"
