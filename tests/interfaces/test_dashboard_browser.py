"""The dashboard as people meet it: in a browser, over addresses, files and small screens."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import estimator as ws
from interfaces.lists import choose
from interfaces.saved_files import saved, saved_scenario, table_rows
from interfaces.screens import PATIENCE_MS, PHONE, WIDE, drawn, linked, newcomer, settled, turn_to

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "test-output"
SMALL_MESSAGES = "azure.web_pubsub.small_messages"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def base() -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)


def visit(context: BrowserContext, address: str, scenario: ws.Scenario | None = None) -> Page:
    page = context.new_page()
    page.goto(f"{address}/?scenario={scenario.to_token()}" if scenario else address)
    with_its_chart(page)
    return page


def with_its_chart(page: Page) -> None:
    """Wait until the page is drawn, its chart too."""
    page.wait_for_selector(".st-key-touch_drivers svg.marks", state="attached")
    settled(page)


def wait_for_link(page: Page, scenario: ws.Scenario) -> None:
    page.wait_for_url(lambda url: scenario.to_token() in url)


def cards(scenario: ws.Scenario) -> list[ws.Bill]:
    """The best of each group, in the order of the page."""
    return [each.bill for each in ws.compare(scenario).headline.best if each.bill is not None]


def shows_totals_of(page: Page, scenario: ws.Scenario) -> None:
    bills = cards(scenario)
    expect(page.get_by_test_id("stMain").locator(".total")).to_have_text(
        [f"${b.total:,.0f}" if b.total >= 1000 else f"${b.total:,.2f}" for b in bills]
    )


def no_error_is_shown(page: Page) -> None:
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert "Traceback" not in page.inner_text("body")


def test_a_shared_link_restores_the_scenario_for_somebody_else(browser, context, address):
    scenario = ws.Scenario.from_yaml(
        "name: Ours\n"
        "profile: {extends: workplace-chat, title: Our chat, flows: {posts: {rate_per_hour: 5}}}\n"
        "location: ireland\n"
        "mean_connections: 4000\n"
        "options: {azure.web_pubsub: {headroom: 0.6}}\n"
    )
    mine = visit(context, address, scenario)
    choose(mine, "Deployment", "Web PubSub on Azure")
    # a bill that is drawn anew opens with its lines
    expect(mine.get_by_text("Web PubSub Standard units").first).to_be_visible()
    with_its_chart(mine)
    mine.get_by_role("radio", name="Open questions").click()
    mine.get_by_role("radio", name="whole").check(force=True)
    answered = scenario.replace(assumptions={SMALL_MESSAGES: "whole"})
    wait_for_link(mine, answered)
    mine.get_by_role("button", name="Share", exact=True).click()
    code = mine.get_by_test_id("stPopoverBody").get_by_test_id("stCode").last
    # the address changes while the page is still being drawn
    expect(code).to_contain_text(answered.to_token())
    link = code.inner_text()

    somebody = newcomer(browser)
    theirs = somebody.new_page()
    theirs.goto(link.strip())
    with_its_chart(theirs)
    shows_totals_of(theirs, answered)
    assert linked(theirs) == answered
    expect(theirs.get_by_role("spinbutton", name="Mean connections")).to_have_value("4000")
    chosen = theirs.get_by_role("combobox", name="Your app is like")
    expect(chosen).to_have_value("Our chat (your profile)")
    choose(theirs, "Deployment", "Web PubSub on Azure")
    # a bill that is drawn anew opens with its lines
    expect(theirs.get_by_text("Web PubSub Standard units").first).to_be_visible()
    with_its_chart(theirs)
    theirs.get_by_role("radio", name="Open questions").click()
    expect(theirs.get_by_role("radio", name="whole")).to_be_checked()
    theirs.get_by_role("radio", name="Options").click()
    expect(theirs.get_by_role("spinbutton", name="Headroom", exact=True)).to_have_value("0.6")
    somebody.close()


def test_an_edit_rewrites_the_link_a_reload_keeps_it_and_going_back_undoes_it(
    context, address, base
):
    page = visit(context, address, base)
    choose(page, "Location", "Frankfurt")
    moved = base.replace(location="frankfurt")
    wait_for_link(page, moved)
    shows_totals_of(page, moved)
    page.reload()
    with_its_chart(page)
    shows_totals_of(page, moved)
    page.go_back()
    wait_for_link(page, base)
    shows_totals_of(page, base)
    assert linked(page) == base


def test_quick_edits_are_all_kept(context, address, base):
    page = visit(context, address, base)
    more = page.get_by_test_id("stNumberInput").first.get_by_test_id("stNumberInputStepUp")
    for _ in range(8):
        more.click(no_wait_after=True)
    choose(page, "Location", "Oregon")
    choose(page, "Your app is like", "Crypto market data")
    page.get_by_label("Name").fill("In a hurry")
    page.get_by_label("Name").press("Enter")
    choose(page, "Deployment", "Web PubSub on Azure")
    wanted = base.replace(
        peak_connections=20_800, location="oregon", profile="market-data", name="In a hurry"
    )
    wait_for_link(page, wanted)
    shows_totals_of(page, wanted)
    with_its_chart(page)
    assert linked(page) == wanted


def test_every_page_says_the_scenario_that_it_shows(context, address):
    # what a visitor without a link sees stands in no address
    page = visit(context, address)
    sidebar = page.get_by_test_id("stSidebar")
    for name in ("What if", "Limits", "Workload"):
        turn_to(page, name)
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Workplace chat")
        drawn(page)
        expect(page.get_by_text("Workplace chat, Northern Virginia, 10,000")).to_be_visible()
        expect(sidebar.get_by_role("combobox", name="Your app is like")).to_have_value(
            "Workplace chat"
        )
        expect(sidebar.get_by_role("spinbutton", name="Peak connections")).to_have_value("10000")


def test_a_look_at_the_prices_keeps_the_scenario(context, address, base):
    page = visit(context, address, base)
    choose(page, "Location", "Tokyo")
    wanted = base.replace(location="tokyo")
    wait_for_link(page, wanted)
    with_its_chart(page)

    turn_to(page, "Prices")
    expect(page.get_by_role("heading", name="Prices")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    wait_for_link(page, wanted)
    page.screenshot(path=PICTURES / "prices.png")
    turn_to(page, "Estimate")

    wait_for_link(page, wanted)
    with_its_chart(page)
    shows_totals_of(page, wanted)


def test_the_downloads_hold_what_is_on_the_screen(context, address, base):
    page = visit(context, address, base.replace(name="=1+1"))
    table = table_rows(saved(page, "Totals (CSV)").read_text("utf-8"))
    bills = ws.compare(base).bills
    assert [float(row["total_usd"]) for row in table] == [bill.total for bill in bills]
    on_screen = page.get_by_test_id("stMain").locator(".total").all_inner_texts()
    assert [float(shown.strip("$").replace(",", "")) for shown in on_screen] == [
        pytest.approx(bill.total, abs=0.5) for bill in cards(base)
    ]
    assert {row["scenario"] for row in table} == {f"'=1+1, {base.found_location.title}"}
    assert saved(page, "Chart (PNG)").read_bytes().startswith(b"\x89PNG")
    assert saved_scenario(saved(page, "Save the scenario")) == linked(page)


def test_a_bad_file_is_one_message_and_a_good_one_replaces_it(context, address, base):
    page = visit(context, address, base)
    chooser = page.get_by_test_id("stFileUploaderDropzoneInput")
    bad = b"profile: workplace-chat\nlocation: atlantis\npeak_connections: 5\n"
    chooser.set_input_files({"name": "bad.yaml", "mimeType": "text/yaml", "buffer": bad})
    message = page.get_by_test_id("stAlert")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("bad.yaml, line 2, location: unknown location 'atlantis'")
    expect(message).to_contain_text("frankfurt")
    no_error_is_shown(page)
    shows_totals_of(page, base)
    assert linked(page) == base

    chooser.set_input_files(ROOT / "examples" / "team-chat.yaml")
    good = ws.Scenario.load(ROOT / "examples" / "team-chat.yaml")
    wait_for_link(page, good)
    shows_totals_of(page, good)
    expect(message).to_have_count(1)
    expect(message).to_contain_text("This scenario is now on screen")


# all pages: test_pages_browser.py
@pytest.mark.parametrize(
    ("screen", "theme"), [(WIDE, "dark"), (PHONE, "light")], ids=["wide", "phone"]
)
def test_every_side_of_a_bill_fits_screen_and_theme(browser, address, screen, theme):
    context = newcomer(browser, screen, color_scheme=theme, device_scale_factor=1)
    page = visit(context, address, ws.Scenario.load(ROOT / "examples" / "team-chat.yaml"))
    no_error_is_shown(page)

    chart = page.locator(".st-key-touch_drivers svg.marks")
    expect(chart).to_be_visible()
    ink = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).color")
    amount = chart.locator("text", has_text="$").first
    assert amount.evaluate("text => getComputedStyle(text).fill") == ink

    for tab in ("Line items", "Open questions", "Options", "In words"):
        page.get_by_role("radio", name=tab).click()
        with_its_chart(page)
        main = page.get_by_test_id("stMain")
        assert main.evaluate("main => main.scrollWidth <= main.clientWidth"), tab
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    context.close()


def test_weeks_are_simulated_beside_a_page_that_stays_usable(browser, context, address):
    quick = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=300)
    page = context.new_page()
    page.goto(f"{address}/concurrency?scenario={quick.to_token()}&weeks=2")
    main = page.get_by_test_id("stMain")
    expect(main.locator(".total").first).to_contain_text("300")
    choose(page, "Simulated on", "API Gateway WebSocket API on AWS")
    # the cheapest has the same limit, so that this alone would not tell that it is shown
    expect(main).to_contain_text("API Gateway WebSocket API on AWS: ")
    expect(main).to_contain_text("limit 500")
    drawn(page)

    # a fault by the form, another by a line; both are in the link
    page.get_by_text("Add a fault").click()
    page.get_by_role("button", name="Add this fault").click()
    struck = quick.replace(faults=[ws.Outage(at="Tue 14:00")])
    wait_for_link(page, struck)
    drawn(page)
    line = page.get_by_label("Or write it on one line").first
    line.fill("network flap at Wed 9:00 share 10% away 20 s")
    line.press("Enter")
    struck = quick.replace(
        faults=[*struck.faults, ws.NetworkFlap(at="Wed 9:00", share=0.1, away=20)]
    )
    wait_for_link(page, struck)
    assert parse_qs(urlsplit(page.url).query)["weeks"] == ["2"]
    # the row that comes moves the button down
    drawn(page)

    # while it runs, edits are still taken; the run is the one that was asked for
    simulate = main.get_by_test_id("stBaseButton-primary")
    simulate.click()
    expect(main.get_by_test_id("stProgress")).to_be_visible()
    page.get_by_role("button", name="Remove").last.click()
    one_fault = quick.replace(faults=struck.faults[:1])
    wait_for_link(page, one_fault)
    # going back leads to what was asked for, and there its answer is
    page.go_back()
    wait_for_link(page, struck)
    chart = main.locator(".week.wide")
    expect(chart).to_be_visible(timeout=4 * PATIENCE_MS)
    expect(main.get_by_test_id("stProgress")).to_have_count(0)
    assert chart.evaluate("image => image.complete && image.naturalWidth > 0")
    verdicts = table_rows(saved(page, "Verdicts (CSV)").read_text("utf-8"))
    found = ws.simulate(struck, "aws.api_gateway", replications=2)
    assert [float(row["found"]) for row in verdicts] == pytest.approx(
        [each.found for each in found.findings]
    )
    no_error_is_shown(page)

    # somebody who opens the link sees the same question, and its answer at once
    link = page.url
    for theme, screen in (("light", WIDE), ("dark", PHONE)):
        context = newcomer(browser, screen, color_scheme=theme)
        theirs = context.new_page()
        theirs.goto(link)
        name = "wide" if screen is WIDE else "phone"
        expect(theirs.locator(f".peaks.{name}")).to_be_visible()
        for storm in ("Outage, Tue 14:00", "Attempts"):
            theirs.get_by_role("radio", name=storm).click()
        expect(theirs.locator(f".attempts.{name}")).to_be_visible()
        shown = theirs.get_by_test_id("stMain")
        assert shown.evaluate("main => main.scrollWidth <= main.clientWidth")
        height = shown.evaluate("main => main.scrollHeight")
        theirs.set_viewport_size({"width": screen["viewport"]["width"], "height": height})
        PICTURES.mkdir(exist_ok=True)
        theirs.screenshot(path=PICTURES / f"concurrency-{name}-{theme}.png", animations="disabled")
        context.close()


def test_a_simulation_can_be_stopped_and_started_again(context, address):
    large = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
    page = context.new_page()
    page.goto(f"{address}/concurrency?scenario={large.to_token()}&weeks=200&seed=3")
    main = page.get_by_test_id("stMain")
    simulate = main.get_by_test_id("stBaseButton-primary")
    simulate.click()
    expect(main.get_by_test_id("stProgress")).to_contain_text("Simulating")
    page.get_by_role("button", name="Stop").click()
    expect(main.get_by_test_id("stProgress")).to_have_count(0)
    expect(simulate).to_be_enabled()

    # another page and back: the settings are kept, and so is the scenario
    turn_to(page, "Prices")
    expect(page.get_by_role("heading", name="Prices")).to_be_visible()
    turn_to(page, "Peaks and outages")
    expect(main.get_by_role("spinbutton", name="Seed")).to_have_value("3")
    wait_for_link(page, large)
