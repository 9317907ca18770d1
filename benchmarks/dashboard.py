"""The dashboard as a visitor feels it, in Debian's Chromium: first content, and edit to answer.

First content is the time from opening the address to a total on the screen, for the very first
visitor of a server and for later ones. An edit is another audience, typed on a page at rest and
confirmed; it is answered when the figures on the screen are those of the new scenario. On the page
What if it is another number of engineer-hours, answered by another break-even point. For scale, the
audiences are priced without a dashboard.
"""

import argparse
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

import estimator as ws
from estimator.dashboard.site import PAGES
from estimator.format import figure_text
from estimator.render.utilization_scale import share_text

ROOT = Path(__file__).parents[1]
CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 30_000
START_PATIENCE_S = 120
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'
VISITS, EDITS = 5, 40
FIRST_CONTENT_S, EDIT_MS = 3.0, 400
"""What is aimed at: a visit, and 95% of the edits."""


@contextmanager
def dashboard() -> Generator[str]:
    """The address of a server of its own."""
    with dashboard_process() as (address, _):
        yield address


@contextmanager
def dashboard_process() -> Generator[tuple[str, int]]:
    """A server of its own, on a port that was free: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"--server.port={port}", "--server.headless=true"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
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
    sys.exit("the dashboard does not start")


def open_page(browser: Browser, address: str) -> tuple[Page, float]:
    """A visitor who was never here, and the seconds until a total is on the screen."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    begun = time.perf_counter()
    page.goto(address)
    page.get_by_test_id("stMetricValue").first.wait_for()
    return page, time.perf_counter() - begun


def edit(
    page: Page, audience: int, answer: Locator, texts: Sequence[str | re.Pattern[str]]
) -> float:
    """Milliseconds from confirming an audience until the answer holds these texts."""
    answer.first.wait_for()
    shown = answer.all_inner_texts()
    assert not all(re.search(text, old) for text, old in zip(texts, shown, strict=True)), "no edit"
    field = page.get_by_role("spinbutton", name="Peak connections")
    field.fill(str(audience))
    begun = time.perf_counter()
    field.press("Enter")
    expect(answer).to_have_text(texts, timeout=PATIENCE_MS)
    return 1000 * (time.perf_counter() - begun)


def edit_estimate(page: Page, audience: int) -> float:
    first: dict[str | None, str] = {}
    for bill in ws.compare(scenario_of(audience)).bills:
        total = float(bill.total)
        first.setdefault(bill.cloud, f"${total:,.0f}" if total >= 1000 else f"${total:,.2f}")
    totals = [re.compile(f"^{re.escape(one)}$") for one in first.values()]
    return edit(page, audience, page.get_by_test_id("stMetricValue"), totals)


def edit_workload(page: Page, audience: int) -> float:
    mean = float(ws.expected_demand(scenario_of(audience)).connections.mean)
    answer = page.get_by_test_id("stMetricValue").nth(0)
    return edit(page, audience, answer, [re.compile(f"^{re.escape(figure_text(mean))}$")])


def edit_limits(page: Page, audience: int) -> float:
    # the share of connections that a unit of Web PubSub holds is that of the audience
    bill = ws.estimate(scenario_of(audience), "azure.web_pubsub")
    share = re.compile(re.escape(share_text(float(bill.verdicts[0].share))))
    return edit(page, audience, page.locator("tr", has_text="Web PubSub"), [share])


def edit_what_if(page: Page, audience: int) -> float:
    answer = page.get_by_role("heading", name="The cheapest by peak connections")
    shown = answer.inner_text()
    field = page.get_by_role("spinbutton", name="Engineering time")
    field.fill(str(audience // 1000))
    begun = time.perf_counter()
    field.press("Enter")
    expect(answer).not_to_have_text(shown, timeout=PATIENCE_MS)
    expect(answer).to_have_count(1)
    return 1000 * (time.perf_counter() - begun)


EDITED = {
    "estimate": edit_estimate,
    "workload": edit_workload,
    "limits": edit_limits,
    "what_if": edit_what_if,
}
"""Pages whose answer to an edit is timed, by name."""


def scenario_of(audience: int) -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=audience)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--edits", type=int, default=EDITS)
    edits = arguments.parse_args().edits
    with dashboard() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page, first = open_page(browser, address)
        visits = []
        for _ in range(VISITS):
            page.context.close()
            page, seconds = open_page(browser, address)
            visits.append(seconds)
        print(f"very first visit                {first:8.2f} s")
        print(
            f"first content, median of {VISITS}      {statistics.median(visits):8.2f} s"
            f"   (aim: {FIRST_CONTENT_S:g} s)"
        )
        for name, timed in EDITED.items():
            page.goto(f"{address}/{PAGES[name].url}?scenario={scenario_of(10_000).to_token()}")
            page.wait_for_timeout(5000)
            answers = []
            for number in range(edits):
                answers.append(timed(page, 20_000 + 1_000 * number))
                page.wait_for_timeout(500)
                page.wait_for_selector(AT_REST)
            twentieths = statistics.quantiles(answers, n=20)
            print(
                f"edit on {name:<10}  {statistics.median(answers):8.0f} ms median,"
                f" {twentieths[-1]:.0f} ms 95%   (aim: {EDIT_MS} ms)"
            )
        browser.close()
    begun = time.perf_counter()
    for number in range(edits):
        ws.compare(scenario_of(20_500 + 1_000 * number))
    print(f"the same without a dashboard    {1000 * (time.perf_counter() - begun) / edits:8.0f} ms")


if __name__ == "__main__":
    main()
