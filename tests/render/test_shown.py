"""Objects show themselves: small, harmless, in the page's own colors, and short in a terminal."""

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.price_files import load_price_files

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"
NAMED = ws.Scenario(
    name=HOSTILE,
    profile={"extends": "workplace-chat", "title": HOSTILE, "description": HOSTILE},
    location="virginia",
    peak_connections=200,
    contract={
        "title": HOSTILE,
        "note": HOSTILE,
        "rates": [{"meters": ["aws.egress.*"], "percent_off": 50, "note": HOSTILE}],
    },
)
MANY = NAMED.replace(peak_connections=np.array([200.0, 20_000.0]))
SHOWN: dict[str, Callable[[], Any]] = {
    "scenario": lambda: NAMED,
    "scenarios": lambda: MANY,
    "profile": lambda: NAMED.profile,
    "contract": lambda: ws.Contract.model_validate(NAMED.contract),
    "demand": lambda: ws.expected_demand(NAMED),
    "demands": lambda: ws.expected_demand(MANY),
    "estimate": lambda: ws.estimate(NAMED, "aws.api_gateway"),
    "estimates": lambda: ws.estimate(MANY, "aws.api_gateway"),
    "bill": lambda: ws.price({"aws.api_gateway.messages": 18e6}, region="us-east-1"),
    "bill with allowances": lambda: ws.price(
        {"aws.lambda.requests": 3e7, "aws.iot_core.messages": 1e6},
        region="us-east-1",
        free_allowances="always",
        allowances_left={"aws.lambda.requests": 500_000},
    ),
    "empty bill": lambda: ws.price({}, region=HOSTILE),
    "comparison": lambda: ws.compare(NAMED),
    "comparisons": lambda: ws.compare(MANY),
    "difference": lambda: ws.diff(MANY.replace(peak_connections=90), NAMED),
    "gallery": lambda: ws.gallery("workplace-chat", samples=128),
    "growth": lambda: ws.growth(
        NAMED, 6, monthly_growth_percent=50, deployments=["aws.iot_core", "gcp.cloud_run"]
    ),
    "move": lambda: ws.move(NAMED, "aws.api_gateway", "aws.nlb_ec2", migration_hours=80),
    "recovery plan": lambda: ws.recovery_plan(
        NAMED, "aws.alb_ec2", fault="outage at Tue 14:00", within_s=1
    ),
    "run": lambda: ws.simulate(NAMED, "aws.alb_ec2", faults="outage at Tue 14:00", replications=2),
    "run with no limits": lambda: ws.simulate(NAMED, replications=1),
}
VOID = {"img", "br", "hr"}
each_object = pytest.mark.parametrize("shown", SHOWN, indirect=True)


@cache
def built(name: str) -> Any:
    """An object that shows itself."""
    return SHOWN[name]()


@pytest.fixture(scope="module")
def shown(request: pytest.FixtureRequest) -> Any:
    """Each of the objects."""
    return built(request.param)


class _Page(HTMLParser):
    """Tags with their attributes, and the text between them; every tag must be closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@each_object
def test_texts_of_others_stay_texts(shown):
    page = _Page(shown._repr_html_())

    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img"})
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.open == []


@pytest.mark.parametrize(
    "name",
    [
        "scenario",
        "profile",
        "contract",
        "comparison",
        "difference",
        "growth",
        "recovery plan",
        "run",
    ],
)
def test_a_hostile_title_is_shown_as_it_was_written(name):
    assert HOSTILE in _Page(built(name)._repr_html_()).text


@each_object
def test_colors_are_those_of_the_page(shown):
    """Black on white would be unreadable, or glaring, where the notebook is dark."""
    for _, attributes in _Page(shown._repr_html_()).tags:
        assert attributes.keys().isdisjoint({"bgcolor", "color"})
        style = attributes.get("style") or ""
        assert "background" not in style
        assert re.sub(r"color:var\(--jp-\w+-color1, currentColor\)", "", style).count("color") == 0


@each_object
def test_dollars_begin_no_formula(shown):
    _, attributes = _Page(shown._repr_html_()).tags[0]

    # the names that MathJax 2 and 3 know
    assert attributes["class"] == "tex2jax_ignore mathjax_ignore"


@each_object
def test_a_terminal_gets_a_line_and_print_gets_a_page(shown):
    assert "\n" not in repr(shown)
    assert len(repr(shown)) < 300
    # a bill of many lines, or all deployments with what decides between them, on one page
    assert len(str(shown).splitlines()) < 48
    assert "array(" not in repr(shown) + str(shown)


@each_object
def test_meters_and_allowances_have_their_titles(shown):
    """People look at words; ids are in JSON and CSV."""
    listed = load_price_files()
    ids = {each.meter for each in listed.meters} | {each.allowance for each in listed.allowances}
    words = re.findall(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+", _Page(shown._repr_html_()).text)

    assert (ids - ALL_DEPLOYMENTS.keys()).isdisjoint(words)


def test_a_bill_shows_every_line_with_price_date_and_total():
    bill = built("estimate")
    page = _Page(bill._repr_html_())

    for item in bill.items:
        assert item.rate.meter.title in page.text
        assert item.tiers_text() in page.text
        assert f"{item.cost_usd:,.2f}" in page.text
        assert f"{item.list_usd:,.2f}" in page.text
        assert str(item.rate.checked_on) in page.text
        assert item.rate.source in {attributes.get("href") for _, attributes in page.tags}
    assert f"${bill.total:,.2f} per month" in page.text
    assert f"${bill.total:,.2f} per month" in repr(bill)


def test_bills_of_many_scenarios_show_their_ends():
    bills = built("estimates")
    text = _Page(bills._repr_html_()).text

    for costs in bills.by_driver.values():
        assert f"{costs.min():,.2f}" in text
        assert f"{costs.max():,.2f}" in text


def test_a_comparison_shows_all_that_was_compared():
    comparison = built("comparison")
    text = _Page(comparison._repr_html_()).text

    for bill in comparison.bills:
        assert str(bill.deployment) in text
        assert bill.total_text in text
        assert bill.total_text in str(comparison)


def test_what_was_refused_is_shown_with_its_reason():
    # a day on which some prices were not known yet
    scenario = ws.Scenario(
        profile="workplace-chat", location="frankfurt", peak_connections=100, as_of="2025-12-01"
    )
    refused = ws.compare(scenario)
    text = _Page(refused._repr_html_()).text

    assert refused.refusals
    assert f"Could not be priced ({len(refused.refusals)})" in text
    for refusal in refused.refusals:
        assert refusal.reason in text


def test_a_run_shows_findings_limits_engine_and_faults():
    run = built("run")
    text = _Page(run._repr_html_()).text

    for finding in run.findings:
        assert finding.title in text
    for limit in run.limits:
        assert limit.limit.title in text
    assert "2 weeks simulated by the exact engine, seed 0" in text
    assert run.scenario.faults[0].words_on(run.scenario.clock) in text
    assert run.state in repr(run)
