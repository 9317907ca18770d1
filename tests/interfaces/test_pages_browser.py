"""Each page in a browser: themes, small screens, keyboards, links, files, and whom it asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import estimator as ws
from estimator.dashboard.site import PAGES
from interfaces.saved_files import saved, table_rows
from interfaces.screens import PHONE, WIDE, Screen

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "test-output"
PATIENCE_MS = 30_000
CHARTS = {"workload": 3, "compare_two": 1}
"""Pictures that a page shows at once."""
TOUCHABLE = {"estimate": 1, "what_if": 1}
"""Charts that one can touch."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scenario() -> ws.Scenario:
    return ws.Scenario.load(ROOT / "examples" / "team-chat.yaml")


@pytest.fixture
def visitor(browser: Browser, request) -> Iterator[BrowserContext]:
    """A visitor with a screen and a theme."""
    screen, theme = request.param
    context = browser.new_context(**screen, color_scheme=theme)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def opened(context: BrowserContext, address: str, page: str, scenario: ws.Scenario) -> Page:
    shown = context.new_page()
    go_to(shown, address, page, scenario)
    return shown


def go_to(shown: Page, address: str, page: str, scenario: ws.Scenario) -> None:
    shown.goto(f"{address}/{PAGES[page].url}?scenario={scenario.to_token()}")
    settled(shown)
    expect(shown.locator(".picture:visible")).to_have_count(CHARTS.get(page, 0))
    expect(shown.locator("svg.marks:visible")).to_have_count(TOUCHABLE.get(page, 0))


def settled(shown: Page) -> None:
    """Wait until the page is drawn and nothing is being worked out."""
    expect(shown.get_by_role("heading", level=1)).to_be_visible()
    shown.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(shown.get_by_test_id("stSkeleton")).to_have_count(0)


def linked(shown: Page) -> ws.Scenario:
    return ws.Scenario.from_token(parse_qs(urlsplit(shown.url).query)["scenario"][0])


def picture_of_all(shown: Page, screen: Screen, path: Path) -> None:
    """The page scrolls inside the window, so that a picture of all of it needs one as tall."""
    height = shown.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    shown.set_viewport_size({"width": screen["viewport"]["width"], "height": height})
    PICTURES.mkdir(exist_ok=True)
    shown.screenshot(path=path, animations="disabled")
    shown.set_viewport_size(screen["viewport"])


def downloaded(shown: Page, button: str) -> str:
    return saved(shown, button).read_text("utf-8")


# the other pairs: test_dashboard_browser.py
@pytest.mark.parametrize(
    "visitor", [(WIDE, "light"), (PHONE, "dark")], indirect=True, ids=["wide", "phone"]
)
def test_pages_fit_screen_and_theme_and_ask_nobody_else(visitor, address, scenario, request):
    asked: set[str] = set()
    visitor.on("request", lambda sent: asked.add(sent.url))
    screen = request.node.callspec.params["visitor"][0]
    shown = visitor.new_page()
    complaints: list[str] = []
    shown.on("console", lambda message: complaints.append(message.text))
    for page in PAGES:
        go_to(shown, address, page, scenario)
        assert shown.get_by_test_id("stException").count() == 0
        assert "Traceback" not in shown.inner_text("body")
        main = shown.get_by_test_id("stMain")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), page
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), page
        for chart in shown.locator(".picture:visible").all():
            assert chart.evaluate("image => image.complete && image.naturalWidth > 0")
            assert len(chart.get_attribute("alt") or "") > 20
        picture_of_all(shown, screen, PICTURES / f"{page}-{request.node.callspec.id}.png")
    assert len(asked) > 50
    assert {url for url in asked if not url.startswith((address, "data:", "blob:"))} == set()
    assert [each for each in complaints if "Content Security Policy" in each] == []


def test_a_link_to_the_workload_restores_it_and_its_files_hold_what_is_shown(
    browser, context, address, scenario
):
    mine = opened(context, address, "workload", scenario)
    share = mine.get_by_role("spinbutton", name="Compressed messages")
    share.fill("55")
    share.press("Enter")
    expect(mine.get_by_role("cell", name="Compressed to 55 % of the payload")).to_be_visible()
    theirs = browser.new_context(**WIDE).new_page()
    theirs.goto(mine.url)
    settled(theirs)
    assert linked(theirs) == scenario
    expect(theirs.get_by_role("spinbutton", name="Compressed messages")).to_have_value("55")
    expect(theirs.get_by_role("cell", name="Compressed to 55 % of the payload")).to_be_visible()

    data = json.loads(downloaded(theirs, "Everything (JSON)"))
    mean = ws.expected_demand(scenario).connections.mean
    assert data["mean_connections"] == pytest.approx(float(mean))
    on_screen = theirs.get_by_test_id("stMetricValue").first.inner_text()
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
    theirs = browser.new_context(**WIDE).new_page()
    theirs.goto(mine.url)
    settled(theirs)
    assert linked(theirs) == large
    expect(theirs.locator(".tight tbody tr")).to_have_count(len(tight))

    table = table_rows(downloaded(theirs, "Verdicts (CSV)"))
    data = json.loads(downloaded(theirs, "Verdicts (JSON)"))
    assert {row["deployment"] for row in table} == {bill.deployment for bill in tight}
    assert [row["state"] for row in table] == [row["state"] for row in data["limits"]]
    # the table of the tightest deployment is open, and says what its rows of the file say
    shown = theirs.get_by_test_id("stTable").first
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
    for _ in range(80):
        shown.keyboard.press("Tab")
        reached.append(
            shown.evaluate(
                "(e => e.getAttribute('aria-label') || e.innerText || e.tagName)"
                "(document.activeElement)"
            )
        )
    for wanted in ("Workload", "Users per day", "Save the scenario", "All", "Verdicts (CSV)"):
        assert any(wanted in one for one in reached), wanted
    # what is folded unfolds by a key
    last = shown.get_by_test_id("stExpander").last.locator("summary")
    last.focus()
    shown.keyboard.press("Enter")
    expect(shown.get_by_test_id("stExpander").last.get_by_test_id("stTable")).to_be_visible()
