"""Each page as it loads, on a wide screen and a phone: still, in words, and open to everybody?

A page is loaded once for all tests of it: to load one takes longer than to look at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import estimator as ws
from estimator.dashboard.site import PAGES
from interfaces.screens import PHONE, WIDE, Screen, newcomer, settled, until

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "test-output"
LATER_MS = 240_000
"""For what a page finds out in the background, on a busy machine."""
CHARTS = {"workload": 3, "compare_two": 1}
"""Pictures that a page shows at once."""
TOUCHABLE = {"estimate": 1, "your_app": 1, "transports": 1, "what_if": 1}
"""Charts that one can touch."""
HAVE_TABLES = ("estimate", "workload", "limits")
STREAMLITS_OWN = {
    "presentation-role-conflict": "the area of the file uploader has a role and a label at once",
}
"""Rules that a part of Streamlit breaks on which code of a page has no hold, and how."""
SCROLLED: Final = """() => [...document.querySelectorAll('.figures')]
    .filter(table => table.checkVisibility())
    .flatMap(table => [table, ...table.querySelectorAll('table, td')])
    .filter(part => part.scrollWidth > part.clientWidth + 1)
    .map(part => part.innerText)"""
WHITE: Final = "rgb(255, 255, 255)"
NOTE_THE_NEXT_RUN: Final = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  new MutationObserver(() => {
    window.runsAgain ||= app.dataset.testScriptState !== "notRunning";
  }).observe(app, { attributes: true });
}"""
HAS_ITS_COLORS: Final = """document.getAnimations().every(
    each => !(each instanceof CSSTransition) || each.playState !== "running")"""
GOOD_SHIFT: Final = 0.1
"""https://web.dev/articles/cls: what lies above needs improvement."""
OBSERVED: Final = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const moved = entry.sources.map(source => {
      const element = source.node?.nodeType === 1 ? source.node : source.node?.parentElement;
      const named = element?.closest("[data-testid]");
      const [from, to] = [source.previousRect, source.currentRect].map(
        place => [place.x, place.y, place.width, place.height].map(Math.round));
      const text = (element?.innerText ?? "").slice(0, 40);
      return `${named?.dataset.testid} “${text}” ${from} → ${to}`;
    });
    shifts.push({ start: entry.startTime, value: entry.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""Notes every shift that nobody asked for, and what moved."""
WORST_WINDOW: Final = """() => {
  // shifts less than a second apart belong together, for five seconds at most
  let windows = [];
  for (const shift of shifts) {
    const last = windows.at(-1);
    const joins = last && shift.start - last.end < 1000 && shift.start - last.begin < 5000;
    if (joins) { last.end = shift.start; last.sum += shift.value; last.shifts.push(shift); }
    else windows.push({ begin: shift.start, end: shift.start, sum: shift.value, shifts: [shift] });
  }
  windows.sort((a, b) => b.sum - a.sum);
  return windows[0] ?? { sum: 0, shifts: [] };
}"""
"""Cumulative layout shift as its authors define it: that of the worst session window."""

pytestmark = pytest.mark.browser

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Visit:
    """A page that somebody has opened who was never here."""

    page: str
    screen: Screen
    theme: Theme
    shown: Page
    address: str
    asked: list[str] = field(default_factory=list)
    """Addresses that the browser asked."""
    complaints: list[str] = field(default_factory=list)
    """What its console says."""

    @property
    def is_on_a_phone(self) -> bool:
        return self.screen is PHONE

    @property
    def name(self) -> str:
        return f"{self.page}-{'phone' if self.is_on_a_phone else 'wide'}-{self.theme}"


# the other pairs: test_dashboard_browser.py
SCREENS: Final[dict[str, tuple[Screen, Theme]]] = {
    "wide": (WIDE, "light"),
    "phone": (PHONE, "dark"),
}


@pytest.fixture(
    scope="module",
    params=[(page, *screen) for screen in SCREENS.values() for page in PAGES],
    ids=[f"{page}-{screen}" for screen in SCREENS for page in PAGES],
)
def visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """With all that comes without being asked for."""
    page, screen, theme = request.param
    context = newcomer(browser, screen, color_scheme=theme)
    context.add_init_script(OBSERVED)
    shown = context.new_page()
    visit = Visit(page, screen, theme, shown, address)
    context.on("request", lambda sent: visit.asked.append(sent.url))
    shown.on("console", lambda message: visit.complaints.append(message.text))
    scenario = ws.Scenario.load(ROOT / "examples" / "team-chat.yaml")
    shown.goto(f"{address}/{PAGES[page].url}?scenario={scenario.to_token()}")
    settled(shown)
    expect(shown.locator(".picture:visible")).to_have_count(CHARTS.get(page, 0))
    expect(shown.locator("svg.marks:visible")).to_have_count(
        TOUCHABLE.get(page, 0), timeout=LATER_MS
    )
    expect(shown.get_by_text("In 8 of 10 cases: …")).to_have_count(0, timeout=LATER_MS)
    # while a page is drawn again, Streamlit pales what it holds
    settled(shown)
    shown.wait_for_load_state("networkidle")
    yield visit
    context.close()


def test_what_is_read_stays_where_it_is(visit: Visit):
    worst = visit.shown.evaluate(WORST_WINDOW)
    moved = "\n".join(f"{each['value']:.3f}: {each['moved']}" for each in worst["shifts"])
    assert worst["sum"] < GOOD_SHIFT, moved


def test_nobody_else_is_asked(visit: Visit):
    ours = (visit.address, "data:", "blob:")
    assert len(visit.asked) > 5
    assert {url for url in visit.asked if not url.startswith(ours)} == set()
    assert [each for each in visit.complaints if "Content Security Policy" in each] == []


def test_it_is_drawn_without_an_error_and_every_chart_has_words(visit: Visit):
    shown = visit.shown
    assert shown.get_by_test_id("stException").count() == 0
    assert "Traceback" not in shown.inner_text("body")
    for chart in shown.locator(".picture:visible").all():
        assert chart.evaluate("image => image.complete && image.naturalWidth > 0")
        assert len(chart.get_attribute("alt") or "") > 20
    touchable = shown.locator("[role=graphics-document]:visible")
    words = [chart.get_attribute("aria-label") or "" for chart in touchable.all()]
    assert [len(each) > 20 for each in words] == [True] * TOUCHABLE.get(visit.page, 0)


def test_it_fits_the_screen(visit: Visit):
    main = visit.shown.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    assert visit.shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture_of_all(visit)
    if visit.is_on_a_phone:
        folded = main.locator("details:not([open]) > summary:visible")
        before = folded.count()
        for unfolded in range(min(before, 2)):
            folded.first.click()
            expect(folded).to_have_count(before - unfolded - 1)
        if visit.page in HAVE_TABLES:
            expect(visit.shown.locator(".figures:visible").first).to_be_visible()
        # what unfolds is laid out anew
        until(visit.shown, f"({SCROLLED})().length === 0")


def picture_of_all(visit: Visit) -> None:
    """A page scrolls inside the window, so that a picture of all of it needs one as tall."""
    height = visit.shown.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    size = visit.screen["viewport"]
    visit.shown.set_viewport_size({"width": size["width"], "height": height})
    PICTURES.mkdir(exist_ok=True)
    visit.shown.screenshot(path=PICTURES / f"{visit.name}.png", animations="disabled")
    visit.shown.set_viewport_size(size)


def test_axe_finds_no_fault(visit: Visit):
    found = {visit.theme: faults(visit.shown)}
    if visit.theme == "light":
        turn_dark(visit.shown)
        found["dark"] = faults(visit.shown)
    assert found == {theme: [] for theme in found}


def turn_dark(shown: Page) -> None:
    """As the system does in the evening; what the server draws follows with the next run."""
    shown.emulate_media(color_scheme="dark")
    expect(shown.get_by_test_id("stApp")).not_to_have_css("background-color", WHITE)
    shown.evaluate(NOTE_THE_NEXT_RUN)
    shown.keyboard.press("r")
    until(shown, "window.runsAgain")


def faults(shown: Page) -> list[str]:
    """What axe-core finds on a page, each with its rule and the first place."""
    settled(shown)
    # colors on their way to others have no contrast to judge
    until(shown, HAS_ITS_COLORS)
    return [
        f"{rule['id']}, {len(rule['nodes'])} times: {rule['help']}; {rule['nodes'][0]['html']}"
        for rule in Axe().run(shown).response["violations"]
        if rule["id"] not in STREAMLITS_OWN
    ]
