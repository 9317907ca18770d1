"""Does a file hold what is on the screen? Also what is still being typed when its button is hit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

import estimator as ws
from estimator.analysis.share_card import ShareCard
from estimator.analysis.uncertainty.total_ranges import best_ranges
from estimator.dashboard.widgets.origin import today
from interfaces.saved_files import saved, saved_scenario, scenario_in, table_rows

# Long enough for bills of many points on a busy machine.
LONG_MS = 120_000
TWO = "compared=Selected&rivals=API+Gateway+WebSocket+API+on+AWS&rivals=Web+PubSub+on+Azure"
"""Few bills, which are worked out in the background like many."""
pytestmark = pytest.mark.browser


@pytest.fixture
def scenario() -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=20_000)


@pytest.fixture
def page(context: BrowserContext, address: str, scenario: ws.Scenario) -> Page:
    page = context.new_page()
    page.goto(f"{address}/?scenario={scenario.to_token()}")
    page.wait_for_selector(".st-key-touch_drivers svg.marks", state="attached")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    return page


def type_number(page: Page, number: int) -> None:
    """Type it and stay in the field."""
    page.get_by_role("spinbutton", name="Peak connections").fill(str(number))


def of_table(path: Path) -> ws.Scenario:
    text = path.read_text("utf-8")
    described = scenario_in(text)
    assert [float(row["total_usd"]) for row in table_rows(text)] == [
        bill.total for bill in ws.compare(described).bills
    ]
    return described


def of_data(path: Path) -> ws.Scenario:
    return ws.Scenario(**json.loads(path.read_text("utf-8"))["scenario"])


def of_link(text: str) -> ws.Scenario:
    return ws.Scenario.from_token(parse_qs(urlsplit(text).query)["scenario"][0])


def of_chart(path: Path) -> ws.Scenario:
    return of_link(re.findall(r"# Link: (\S+)", path.read_text("latin-1"))[0])


FILES: dict[str, tuple[str, Callable[[Path], ws.Scenario]]] = {
    "Save the scenario": ("scenario-{}.yaml", saved_scenario),
    "Totals (CSV)": ("estimate-totals-{}.csv", of_table),
    "Everything (JSON)": ("estimate-{}.json", of_data),
    "Chart (PNG)": ("estimate-chart-{}.png", of_chart),
}


def test_a_number_that_is_still_being_typed_is_in_every_file(page, scenario):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for number, (button, (name, read)) in enumerate(FILES.items(), 30_001):
        type_number(page, number)
        file = saved(page, button)
        assert read(file) == scenario.replace(peak_connections=number), button
        assert file.name == f"workplace-chat-frankfurt-{name.format(today())}"
    assert [each for each in complaints if "Content Security Policy" in each] == []


def test_a_number_that_is_still_being_typed_is_in_the_link_to_share(page, scenario):
    type_number(page, 30_009)
    page.get_by_role("button", name="Share", exact=True).click()
    code = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode").last
    expect(code).to_contain_text("scenario=")
    link = code.inner_text()
    assert of_link("".join(link.split())) == scenario.replace(peak_connections=30_009)


def test_a_card_is_shared_with_its_picture_its_words_and_its_link(page, scenario):
    page.get_by_role("button", name="Share", exact=True).click()
    inside = page.get_by_test_id("stPopoverBody")
    picture = inside.get_by_role("img")
    expect(picture).to_be_visible(timeout=LONG_MS)
    compared = ws.compare(scenario)
    card = ShareCard(compared, best_ranges(compared))
    assert picture.get_attribute("alt") == card.words
    words = inside.get_by_test_id("stCode").first.inner_text().splitlines()
    assert words[:2] == [card.title, card.sentence]
    assert of_link(words[-1]) == scenario

    file = saved(page, "Save the picture (PNG)")
    assert file.name == f"workplace-chat-frankfurt-card-{today()}.png"
    with Image.open(file) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (1200, 630))
        assert drawn.info["Title"] == card.title
    assert of_chart(file) == scenario


def test_what_is_shared_is_of_the_clouds_on_screen(page, scenario):
    page.get_by_test_id("stMain").get_by_text("Azure", exact=True).first.click()
    page.wait_for_url(lambda url: "clouds=Azure" in url)
    page.get_by_role("button", name="Share", exact=True).click()
    azure = [name for name in ws.DEPLOYMENTS if name.startswith("azure.")]
    card = ShareCard(ws.compare(scenario, azure), None)
    code = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(code.first).to_contain_text(card.sentence)
    expect(code.last).to_contain_text("clouds=Azure")


def test_files_come_once_each_whatever_is_edited_meanwhile(page, scenario):
    came: list[str] = []
    page.on("download", lambda download: came.append(download.suggested_filename))
    totals, data = f"estimate-totals-{today()}.csv", f"estimate-{today()}.json"
    more = page.get_by_test_id("stNumberInput").first.get_by_test_id("stNumberInputStepUp")
    with (
        page.expect_download(lambda download: download.suggested_filename.endswith(totals)),
        page.expect_download(lambda download: download.suggested_filename.endswith(data)),
    ):
        for button in ("Totals (CSV)", "Everything (JSON)"):
            page.get_by_role("button", name=button).click(no_wait_after=True)
        for _ in range(4):
            more.click(no_wait_after=True)
    page.wait_for_url(lambda url: of_link(url).peak_connections == 20_400)
    edited = scenario.replace(peak_connections=20_400)
    assert of_table(saved(page, "Totals (CSV)")) == edited
    whose = "workplace-chat-frankfurt"
    assert sorted(came) == sorted(f"{whose}-{name}" for name in (totals, data, totals))


def test_a_file_waits_for_the_answer_that_it_holds(context, address, scenario):
    page = context.new_page()
    page.goto(f"{address}/what-if?scenario={scenario.to_token()}&{TWO}")
    button = page.get_by_role("button", name="Break-even points (CSV)")
    expect(button).to_be_visible(timeout=LONG_MS)
    type_number(page, 30_017)
    file = saved(page, "Break-even points (CSV)", timeout_ms=LONG_MS)
    edited = scenario.replace(peak_connections=30_017)
    assert scenario_in(file.read_text("utf-8")) == edited
    assert file.name == f"workplace-chat-frankfurt-break-even-{today()}.csv"
