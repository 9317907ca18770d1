"""What auditors found wrong, in a browser: does it stay mended, for its kin too?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import estimator as ws
from estimator.analysis.headline import hours_text
from estimator.dashboard.widgets.chips import chips_of
from estimator.dashboard.widgets.document import full_title
from estimator.deployments.registry import SAAS
from estimator.format import dollars
from interfaces.lists import choose
from interfaces.screens import linked, settled
from interfaces.shown_page import plain

pytestmark = pytest.mark.browser

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)
HOSTILE = ("https://evil.example/?a=1 <b>evil</b> <img src=x> www.evil.example *evil* " * 3)[:200]
METER_ID = re.compile(r"\b(aws|azure|gcp|oci)\.[a-z0-9_]+\.[a-z0-9_]+")


def opened(context: BrowserContext, address: str, scenario: ws.Scenario, page: str = "") -> Page:
    shown = context.new_page()
    shown.goto(f"{address}/{page}?scenario={scenario.to_token()}")
    settled(shown)
    return shown


def test_all_that_a_link_says_is_seen_at_once_and_a_hostile_name_is_words(context, address):
    struck = {"fault": "outage", "at": "Tue 14:00", "share": "50%"}
    scenario = CHAT.replace(
        name=HOSTILE,
        contract={
            "title": HOSTILE,
            "rates": [{"meters": ["aws.egress.*"], "percent_off": 5}],
        },
        options={"azure.web_pubsub": {"headroom": 0.6}},
        assumptions={"azure.web_pubsub.small_messages": "whole"},
        engineering={"engineer_hours_per_month": 20},
        faults=[struck, struck],
    )
    shown = opened(context, address, scenario)
    expect(shown.get_by_role("heading", level=1)).to_contain_text("<b>evil</b>")
    chips = shown.locator(".st-key-chips").get_by_role("button")
    words = [chip.words for chip in chips_of(scenario)]
    expect(chips).to_have_count(len(words))
    for chip, said in zip(chips.all(), words, strict=True):
        assert said in plain(chip.inner_text())
        expect(chip).to_be_in_viewport()
    assert shown.locator("a[href*=evil], b, img[src=x]").count() == 0
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")

    age = "of these dollars were checked within 90 days"
    expect(shown.locator(".document p").filter(has_text=age).first).to_be_visible()
    # the bill below is that of the cheapest, and people's time is on that of containers, too
    compared = ws.compare(scenario)
    box = shown.get_by_role("combobox", name="Deployment")
    expect(box).to_have_value(full_title(compared.within_limits[0].deployment or ""))
    for deployment in ("gcp.cloud_run", "azure.container_apps", "aws.alb_ec2"):
        time = [item for item in ws.estimate(scenario, deployment).items
                if item.usage.layer == "engineering"]  # fmt: skip
        assert sum(float(item.cost_usd) for item in time) == 20 * 100
    choose(shown, "Deployment", full_title("gcp.cloud_run"))
    expect(shown.locator(".document table").last).to_contain_text("$2,000.00")

    chips.last.click()
    expect(chips).to_have_count(len(words) - 1)
    settled(shown)
    assert linked(shown) == scenario.replace(faults=scenario.faults[:1])


def test_the_answer_compares_groups_and_moves_with_the_audience(context, address):
    few = CHAT.replace(peak_connections=2_500, as_of="2026-09-30")
    shown = opened(context, address, few)
    answer = shown.get_by_role("heading", level=2).first

    def says_the_answer_of(scenario: ws.Scenario) -> None:
        best = {each.group: each.bill for each in ws.compare(scenario).headline.best if each.bill}
        managed = float(best["managed"].total)
        run = min(float(bill.total) for group, bill in best.items() if group != "managed")
        expect(answer).to_contain_text(f"{dollars(managed)} per month as a managed service")
        expect(answer).to_contain_text(f"{dollars(run)} if you run it yourself")
        expect(answer).to_contain_text(f"{hours_text((managed - run) / 100)} of an engineer")

    says_the_answer_of(few)
    # what has no price is one line, whose reasons are folded, and says no id of a meter
    refused = ws.compare(few).refusals
    line = shown.locator("summary").filter(has_text="Not priced")
    expect(line).to_have_text(re.compile(f"Not priced, {len(refused)} of "))
    line.click()
    main = shown.get_by_test_id("stMain")
    expect(main.get_by_test_id("stExpanderDetails").first).to_contain_text("no price for meter “")
    above, _, _ = main.inner_text().partition("One deployment in detail")
    assert METER_ID.search(above) is None

    audience = shown.get_by_role("spinbutton", name="Peak connections")
    audience.fill("40000")
    audience.press("Enter")
    says_the_answer_of(few.replace(peak_connections=40_000))


def test_what_is_beyond_limits_is_said_in_full_and_neither_drawn_nor_called_cheapest(
    context, address
):
    large = CHAT.replace(peak_connections=3_000_000)
    compared = ws.compare(large)
    beyond = [bill for bill in compared.bills if not bill.state.is_within_limits]
    assert len({bill.state_words for bill in beyond}) > 1
    shown = opened(context, address, large)
    main = shown.get_by_test_id("stMain")
    for bill in beyond:
        row = main.locator(".document p").filter(has=shown.locator("del", has_text=bill.name))
        expect(row.first).to_contain_text(bill.state_words)
    badges = main.locator(".document p .badge")
    assert badges.count() >= len(beyond)
    assert badges.evaluate_all(
        "all => all.every(each => each.getBoundingClientRect().right <= innerWidth)"
    )

    bar_of = "path[aria-label*='deployment: {}, {};']"
    chart = shown.locator(".st-key-touch_drivers")
    expect(chart.locator("svg.marks")).to_be_visible()
    for bill in compared.bills:
        drawn_bars = chart.locator(bar_of.format(bill.title, bill.cloud_name))
        assert (drawn_bars.count() > 0) == bill.state.is_within_limits, bill.name

    # services that are bought are struck out, too
    shown.get_by_text("Realtime SaaS for the same workload").click()
    bought = ws.compare(large, SAAS).bills
    for bill in bought:
        cell = shown.locator("td del").filter(has_text=bill.title)
        expect(cell).to_have_count(0 if bill.state.is_within_limits else 1)


def test_flows_whose_names_differ_in_case_alone_can_both_be_chosen(context, address):
    sent = {"direction": "client_to_server", "payload": 100}
    flows = {"posts_*a*": {**sent, "rate_per_hour": 3}, "Posts_*a*": {**sent, "rate_per_hour": 5}}
    own = CHAT.replace(profile={"extends": "workplace-chat", "flows": flows})
    shown = opened(context, address, own)
    often = shown.get_by_role("textbox", name="How often")
    for title, rate in (("Posts *a* (2)", 5), ("Posts *a*", 3)):
        choose(shown, "Messages", title)
        expect(often).to_have_value(f"{rate} per hour")


def test_a_fault_that_is_refused_keeps_its_form_and_what_was_typed(context, address):
    shown = opened(context, address, CHAT, "concurrency")
    shown.get_by_text("Add a fault").click()
    line = shown.get_by_label("Or write it on one line").first
    line.fill("outage at Tue 14:00 share 400%")
    line.press("Enter")
    expect(shown.get_by_role("alert")).to_contain_text("This change was not made")
    settled(shown)
    expect(line).to_be_visible()
    expect(line).to_have_value("outage at Tue 14:00 share 400%")
    assert linked(shown) == CHAT
    line.fill("outage at Tue 14:00 share 40%")
    line.press("Enter")
    expect(shown.get_by_role("button", name="Remove")).to_be_visible()
    expect(line).to_be_visible()


def test_a_card_is_of_the_clouds_that_are_compared(context, address):
    shown = opened(context, address, CHAT)
    shown.get_by_role("button", name="Google Cloud", exact=True).click()
    shown.wait_for_url(re.compile("clouds="))
    settled(shown)
    shown.get_by_role("button", name="Share", exact=True).click()
    inside = shown.get_by_test_id("stPopoverBody")
    expect(inside.get_by_role("img")).to_have_attribute("alt", re.compile("Google Cloud only"))
    expect(inside.get_by_test_id("stCode").first).to_contain_text("(Google Cloud only)")
