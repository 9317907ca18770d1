"""The dashboard as a visitor feels it, in Debian's Chromium: each measure beside its limit.

First content is the time from opening the address to a total on the screen, for the very first
visitor of a server and for later ones; a page brings one along, and takes longer until it can be
edited. An edit is another audience, typed on a page at rest and confirmed. Its answer is there when
the text that follows from it changes, its chart when the picture does, its ranges when they stand
on the cards again. Progress is measured from an edit that sets a search going, or from the press of
a button. Edits and presses are timed by the browser's own clock, from the key or the click to the
frame that shows what follows: what steers the browser takes some 100 ms for a click alone. Layout
shift is that of the worst session window while a page loads.

Two peers of the same run tell what the dashboard itself takes: the same audiences priced without a
dashboard, and an app that shows nothing but the number that was typed, its first content and edits.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

import estimator as ws
from estimator.dashboard.site import PAGES

ROOT: Final = Path(__file__).parents[1]
CHROMIUM: Final = Path("/usr/bin/chromium")
PATIENCE_MS: Final = 60_000
START_PATIENCE_S: Final = 120
AT_REST: Final = '[data-testid="stApp"][data-test-script-state="notRunning"]'
VISITS: Final = 5
EDITS: Final = 40
SEARCHES: Final = 10
FIRST_REST_MS: Final = 15_000
KEYSTROKE_MS: Final = 50
"""From one to the next."""
FIRST_CONTENT_MS: Final = 2_000
EDIT_MS: Final = 300
CHART_MS: Final = 600
RANGES_MS: Final = 1_000
PROGRESS_MS: Final = 300
LAYOUT_SHIFT: Final = 0.1

EMPTY_APP: Final = """
import streamlit as st

number = st.number_input("Peak connections", value=0.0, format="%g")
st.metric("Shown", f"{number:,.0f}")
"""
"""What Streamlit itself takes for an edit."""

OBSERVED: Final = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const { startTime, value, hadRecentInput } of list.getEntries())
    if (!hadRecentInput) shifts.push({ startTime, value });
}).observe({ type: "layout-shift", buffered: true });
window.acted = 0;
const act = ({ key, timeStamp }) => { if (!key || key === "Enter") acted = timeStamp; };
addEventListener("click", act, true);
addEventListener("keydown", act, true);
"""
WORST_WINDOW: Final = """() => {
  // shifts less than a second apart belong together, for five seconds at most
  let worst = 0, sum = 0, begin = -Infinity, end = -Infinity;
  for (const { startTime, value } of shifts) {
    if (startTime - end >= 1000 || startTime - begin >= 5000) { sum = 0; begin = startTime; }
    end = startTime;
    sum += value;
    worst = Math.max(worst, sum);
  }
  return worst;
}"""
SHOWN: Final = """({ selector, words }) => JSON.stringify(
  [...document.querySelectorAll(selector)].map(
    each => each.getAttribute("src") ?? (each.matches("svg") ? each.innerHTML : each.textContent)
  ).filter(each => new RegExp(words).test(each))
)"""
"""What a selector finds that has some words, as one text."""
NOTHING: Final = "[]"
WATCH: Final = f"""given => {{
  const parts = new Map(Object.entries(given));
  const shown = {SHOWN};
  window.seen = {{}};
  const look = () => {{
    for (const [what, part] of parts) {{
      const found = shown(part);
      if (found === "{NOTHING}" || found === part.before) continue;
      seen[what] = performance.now() - acted;
      parts.delete(what);
    }}
    if (parts.size > 0) requestAnimationFrame(look);
  }};
  requestAnimationFrame(look);
}}"""
"""Notes after how many milliseconds each part is another one than before, frame by frame."""


@dataclass(frozen=True)
class Part:
    """A part of a page that changes with the audience."""

    selector: str
    limit_ms: float
    words: str = "."
    """A pattern that is in it once it is there."""


METRIC: Final = "[data-testid=stMetricValue]"
TOTAL: Final = "[data-testid=stMain] .total"
FIRST_TOTAL: Final = ".total"
"""On the first screen, or of what stands there before."""
HEADING: Final = "[data-testid=stMain] h2"
VECTOR: Final = "svg.marks"
RANGES: Final = Part("[data-testid=stMain] .card p.quiet", RANGES_MS, r"In 8 of 10 cases: \$")
EDITED: Final = {
    "estimate": {
        "answer": Part(TOTAL, EDIT_MS),
        "chart": Part(VECTOR, CHART_MS),
        "ranges": RANGES,
    },
    "your_app": {"answer": Part(".st-key-app_load", EDIT_MS)},
    "limits": {"answer": Part(".tight", EDIT_MS)},
    "concurrency": {"answer": Part(TOTAL, EDIT_MS)},
    "compare_two": {
        "answer": Part(HEADING, EDIT_MS),
        "chart": Part("img.picture", CHART_MS),
    },
    "what_if": {"answer": Part("[data-testid=stMain] p", EDIT_MS, "At present")},
    "workload": {
        "answer": Part(TOTAL, EDIT_MS),
        "chart": Part("img.picture.week", CHART_MS),
    },
}
"""Parts of pages by name."""
AUDIENCE: Final = "Peak connections"
AUDIENCE_STEP: Final = 12_000
"""From one edit to the next: at none of them, the cheapest costs as much as before."""
SIMULATED: Final = "on=API+Gateway+WebSocket+API+on+AWS&weeks=2"
WORKING: Final = "[data-testid=stProgress]"


@contextmanager
def dashboard_process(script: Path = ROOT / "app.py") -> Generator[tuple[str, int]]:
    """A server of its own, on a port that was free: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"--server.port={port}", "--server.headless=true"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{address}/_stcore/health")
        yield address, server.pid
    finally:
        server.terminate()
        server.wait(timeout=10)


def wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=START_PATIENCE_S):  # noqa: S310 - our own
            return
        time.sleep(0.05)
    sys.exit("the server does not start")


def scenario_of(audience: int) -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=audience)


class Visitor:
    """Somebody at a browser who was never here."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(OBSERVED)

    def opens(self, address: str, shown: str = "h1") -> float:
        """Open an address; milliseconds until something is shown."""
        begun = time.perf_counter()
        self.page.goto(address)
        self.page.locator(shown).first.wait_for()
        return _since(begun)

    def rests(self) -> None:
        """Wait until the page is at rest, and for what comes after."""
        self.page.wait_for_timeout(500)
        self.page.wait_for_selector(AT_REST)

    def confirms(self, audience: int, parts: Mapping[str, Part]) -> None:
        """Type another audience and confirm it, and look out for what follows, by name."""
        field = self.page.get_by_role("spinbutton", name=AUDIENCE)
        field.click()
        field.select_text()
        field.press_sequentially(str(audience), delay=KEYSTROKE_MS)
        self.watches(parts)
        field.press("Enter")

    def sees(self, part: Part) -> str:
        """What is there now, to see whether it changes."""
        return self.page.evaluate(SHOWN, asdict(part))

    def watches(self, parts: Mapping[str, Part]) -> None:
        """From now on, look out for parts that become others than they are, by name."""
        given = {what: {**asdict(part), "before": self.sees(part)} for what, part in parts.items()}
        self.page.evaluate(WATCH, given)

    def saw(self, *names: str) -> float:
        """Milliseconds from the key or click until the first of some parts was another one."""
        found = self.page.wait_for_function(
            "names => names.map(each => seen[each]).find(each => each !== undefined)",
            arg=names,
            polling="raf",
        )
        return found.json_value()

    def leaves(self) -> None:
        """Close everything."""
        self.page.context.close()


def _since(begun: float) -> float:
    return 1000 * (time.perf_counter() - begun)


def report(what: str, found: list[float], limit: float | None = None) -> None:
    """A row: median and 95th percentile, and the limit for the latter if there is one."""
    most = statistics.quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else found[0]
    row = f"{what:<38}{statistics.median(found):8.0f}{most:8.0f}"
    if limit is not None:
        verdict = "holds" if most <= limit else f"{most / limit:.1f} times the limit"
        row = f"{row}{limit:8.0f}  {verdict}"
    print(row, flush=True)


def report_shift(what: str, found: float) -> None:
    verdict = "holds" if found < LAYOUT_SHIFT else f"{found / LAYOUT_SHIFT:.1f} times the limit"
    print(f"{what:<38}{'':8}{found:8.3f}{LAYOUT_SHIFT:8.1f}  {verdict}", flush=True)


def visits(browser: Browser, address: str) -> None:
    """First content of the first visitor and of later ones, and what moves while pages load."""
    for name, count in (("first visitor", 1), ("later visitors", VISITS)):
        seen, ready = [], []
        for _ in range(count):
            visitor = Visitor(browser)
            begun = time.perf_counter()
            # a page is loaded once its code is, and can be read before
            visitor.page.goto(address, wait_until="commit")
            visitor.page.locator(FIRST_TOTAL).first.wait_for()
            seen.append(_since(begun))
            visitor.page.locator(TOTAL).first.wait_for()
            ready.append(_since(begun))
            visitor.leaves()
        report(f"first content, {name}", seen, FIRST_CONTENT_MS)
        report(f"ready for an edit, {name}", ready)
    for name, page in PAGES.items():
        visitor = Visitor(browser)
        visitor.opens(f"{address}/{page.url}?scenario={scenario_of(10_000).to_token()}")
        visitor.rests()
        visitor.page.wait_for_load_state("networkidle")
        report_shift(f"layout shift of {name}", visitor.page.evaluate(WORST_WINDOW))
        visitor.leaves()


def edits(browser: Browser, address: str, name: str, count: int) -> None:
    """Edit to answer, chart and ranges on one page."""
    visitor, parts = Visitor(browser), dict(EDITED[name])
    visitor.opens(f"{address}/{PAGES[name].url}?scenario={scenario_of(10_000).to_token()}")
    visitor.page.locator(parts["answer"].selector).first.wait_for()
    visitor.page.wait_for_timeout(FIRST_REST_MS)
    for what in [what for what, part in parts.items() if visitor.sees(part) == NOTHING]:
        print(f"edit to {what} on {name}: not measured, since it is not there")
        del parts[what]
    found: dict[str, list[float]] = {what: [] for what in parts}
    for number in range(count):
        visitor.confirms(20_000 + AUDIENCE_STEP * number, parts)
        for what in parts:
            found[what].append(visitor.saw(what))
        visitor.rests()
    for what, part in parts.items():
        report(f"edit to {what} on {name}", found[what], part.limit_ms)
    visitor.leaves()


def filters(browser: Browser, address: str, count: int) -> None:
    """Prices has no scenario: there, a word is searched for."""
    visitor, answer = Visitor(browser), {"answer": Part(TOTAL, EDIT_MS)}
    visitor.opens(f"{address}/{PAGES['prices'].url}", TOTAL)
    visitor.rests()
    found: list[float] = []
    for number in range(count):
        field = visitor.page.get_by_role("textbox", name="Search")
        field.fill(("fargate", "egress")[number % 2])
        visitor.watches(answer)
        field.press("Enter")
        found.append(visitor.saw(*answer))
        visitor.rests()
    report("edit to answer on prices", found, EDIT_MS)
    visitor.leaves()


def searches(browser: Browser, address: str, count: int) -> None:
    """Edit to the first sign of work, or to the answer if that is there before."""
    first_sign = {"work": Part(WORKING, PROGRESS_MS), "answer": Part(HEADING, EDIT_MS)}
    for name in ("Break-even", "Map", "Uncertainty"):
        visitor = Visitor(browser)
        token = scenario_of(10_000).to_token()
        visitor.opens(f"{address}/what-if?what_if={name}&scenario={token}", HEADING)
        visitor.rests()
        found: list[float] = []
        for number in range(min(count, SEARCHES)):
            visitor.confirms(30_100 + 1_000 * number, first_sign)
            found.append(visitor.saw(*first_sign))
            visitor.rests()
            visitor.page.locator(WORKING).first.wait_for(state="detached")
            visitor.page.locator(HEADING).first.wait_for()
            visitor.rests()
        report(f"edit to progress of {name}", found, PROGRESS_MS)
        visitor.leaves()


def presses(browser: Browser, address: str) -> None:
    """Press of a button to the first sign of work."""
    for button in ("Simulate", "Plan the recovery"):
        found: list[float] = []
        for number in range(VISITS):
            visitor = Visitor(browser)
            token = scenario_of(5_000 + number).to_token()
            visitor.opens(f"{address}/concurrency?{SIMULATED}&seed={number}&scenario={token}")
            pressed = visitor.page.get_by_test_id("stMain").locator("button", has_text=button)
            pressed.wait_for()
            visitor.rests()
            visitor.watches({"work": Part(WORKING, PROGRESS_MS)})
            pressed.click()
            found.append(visitor.saw("work"))
            visitor.leaves()
        report(f"press to progress of {button}", found, PROGRESS_MS)


def peers(browser: Browser, count: int) -> None:
    """The same audiences without a dashboard, and a dashboard without anything."""
    found = []
    for number in range(count):
        begun = time.perf_counter()
        ws.compare(scenario_of(20_500 + 1_000 * number))
        found.append(_since(begun))
    report("peer: priced without a dashboard", found)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY_APP, "utf-8")
        with dashboard_process(script) as (address, _):
            found = []
            for _ in range(VISITS):
                visitor = Visitor(browser)
                found.append(visitor.opens(address, METRIC))
                visitor.leaves()
            report("peer: first content of an empty app", found)
            visitor, number = Visitor(browser), {"number": Part(METRIC, EDIT_MS)}
            visitor.opens(address, METRIC)
            visitor.rests()
            found = []
            for each in range(count):
                visitor.confirms(20_000 + each, number)
                found.append(visitor.saw(*number))
                visitor.rests()
            visitor.leaves()
    report("peer: an edit of an empty app", found)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--edits", type=int, default=EDITS)
    arguments.add_argument("--only", nargs="*", choices=[*EDITED, "prices", "visits", "progress"])
    asked = arguments.parse_args()
    wanted = asked.only or [*EDITED, "prices", "visits", "progress"]
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'milliseconds':<38}{'median':>8}{'95%':>8}{'limit':>8}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        with dashboard_process() as (address, _):
            if "visits" in wanted:
                visits(browser, address)
            for name in EDITED:
                if name in wanted:
                    edits(browser, address, name, asked.edits)
            if "prices" in wanted:
                filters(browser, address, asked.edits)
            if "progress" in wanted:
                searches(browser, address, asked.edits)
                presses(browser, address)
        peers(browser, asked.edits)
        browser.close()


if __name__ == "__main__":
    main()
