"""The page brings its styles, and room for what stands beside it, before anything is drawn."""

from __future__ import annotations

import gzip
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from estimator.dashboard.assets import preloaded
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets.table import styles_where_narrow
from interfaces.screens import settled

APP = Path(__file__).parents[2] / "app.py"
STYLES = APP.parent / "estimator" / "dashboard" / "style.css"
WITHOUT_SIDEBAR = {"prices"}
# The dashboard as it is, whose page names none of the files that a browser will need.
NAMING_NOTHING = """
from streamlit import App

from estimator.dashboard import first_paint
from estimator.dashboard.site import server_lifespan

first_paint.preload_links = str
app = App(%r, lifespan=server_lifespan, middleware=first_paint.MIDDLEWARE)
"""


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


@pytest.fixture
def server_naming_nothing(started_server, tmp_path):
    script = tmp_path / "naming_nothing.py"
    script.write_text(NAMING_NOTHING % str(APP), encoding="utf-8")
    yield from started_server(script=script)


@pytest.mark.browser
def test_nothing_is_named_with_the_page_that_its_first_screen_does_not_need(
    context, server_naming_nothing
):
    shown, asked = context.new_page(), set[str]()
    shown.on("request", lambda sent: asked.add(sent.url.rpartition("/")[2]))
    shown.goto(server_naming_nothing.address)
    settled(shown)
    expect(shown.locator("svg.marks")).to_be_visible()
    named = set(preloaded())
    assert len(named) > 50
    assert named <= asked


def test_what_is_no_page_stays_as_it_is(address):
    assert fetched(f"{address}/_stcore/health", "text/html")[0] == "ok"
