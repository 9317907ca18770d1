"""What is read before a page is there is what the page says, and goes when the page says it."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect

import estimator as ws
from estimator.dashboard.first_answer import first_answer
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets.answer import answer
from estimator.format import dollars
from estimator.render.document import plain_text
from interfaces.screens import settled
from interfaces.shown_page import texts

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=2_000)
WITHOUT_PRICES = CHAT.replace(as_of="2019-01-01")
FIRST = "#first-answer"
NOTE_WHAT_FOLLOWS = """
window.following = [];
new MutationObserver(changes => {
  for (const { removedNodes } of changes)
    for (const node of removedNodes)
      if (node.id === "first-answer")
        following.push(document.querySelectorAll('[data-testid="stMain"] .total').length);
}).observe(document, { subtree: true, childList: true });
"""
"""How many totals the page has as the first answer goes."""


def asked(scenario: ws.Scenario, **more: list[str]) -> str:
    return urlencode({"scenario": scenario.to_token(), **more}, doseq=True)


def lines(html: str, kind: str) -> list[str]:
    """The texts of one kind, without their marks."""
    return texts(html, rf'<p class="{kind}">(.*?)</p>')


def answers(html: str) -> list[str]:
    return texts(html, "<h2>(.*?)</h2>")


def test_it_has_the_totals_of_a_comparison():
    compared = ws.compare(CHAT)
    html = first_answer("/", asked(CHAT))

    assert answers(html) == [plain_text(answer(compared))]
    best = [each.bill for each in compared.headline.best if each.bill is not None]
    assert lines(html, "total") == [dollars(float(bill.total)) for bill in best]
    assert lines(html, "name") == [bill.name for bill in best]


def test_without_a_scenario_it_answers_for_the_example():
    assert lines(first_answer("/", ""), "title") == ["Workplace chat"]


def test_it_compares_the_clouds_that_the_address_names():
    html = first_answer("/", asked(CHAT, clouds=["OCI", "Google Cloud"]))
    compared = ws.compare(CHAT).of_clouds(("gcp", "oci"))
    assert answers(html) == [plain_text(answer(compared))]
    assert answers(html) != answers(first_answer("/", asked(CHAT)))


def test_a_group_without_a_choice_says_so():
    html = first_answer("/", asked(CHAT.replace(peak_connections=5e7), clouds=["Azure"]))
    assert lines(html, "name")[0] == "None is within limits."
    assert len(lines(html, "total")) < len(lines(html, "name"))
    assert answers(html)[0].endswith("; no managed service is within limits.")


def test_without_a_price_there_are_no_cards():
    html = first_answer("/", asked(WITHOUT_PRICES))
    assert answers(html) == ["No deployment can be priced for this scenario."]
    assert lines(html, "total") == []


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page.url])
def test_other_pages_have_none(name):
    for path in (f"/{PAGES[name].url}", f"/below/{PAGES[name].url}/"):
        assert first_answer(path, asked(CHAT)) == ""


@pytest.mark.parametrize(
    "query",
    [
        "scenario=nonsense",
        urlencode({"scenario": CHAT.replace(peak_connections=[1, 2]).to_token()}),
    ],
)
def test_where_the_page_says_what_is_wrong_it_says_nothing(query):
    assert first_answer("/", query) == ""


def test_what_a_link_says_is_text():
    named = CHAT.replace(name="<script>alert(1)</script> & <b>bold</b>")
    html = first_answer("/", asked(named))
    assert lines(html, "title") == [named.name]
    assert html.count("<script>") == 1
    assert "<b>" not in html


@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture
    def shown(self, context, address):
        """The page once its answer is known: what takes long is not waited for."""
        page = context.new_page()
        page.goto(f"{address}/?{asked(CHAT)}")
        settled(page)
        return page

    def test_it_can_be_read_without_any_script(self, shown):
        shown.route("**/*.js", lambda route: route.abort())
        shown.reload()
        expect(shown.locator(f"{FIRST} h2")).to_have_text(plain_text(answer(ws.compare(CHAT))))
        expect(shown.locator(f"{FIRST} .total")).to_have_count(3)

    @pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["wide", "phone"])
    def test_it_stands_where_the_page_says_the_same_and_then_goes(self, shown, size):
        shown.set_viewport_size({"width": size[0], "height": size[1]})
        shown.route("**/*.js", lambda route: route.abort())
        shown.reload()
        first = shown.locator(f"{FIRST} .total").first
        told, before = first.inner_text(), first.bounding_box()
        shown.unroute("**/*.js")
        shown.reload()
        settled(shown)
        expect(shown.locator(FIRST)).to_have_count(0)
        page_has = shown.get_by_test_id("stMain").locator(".total").first
        assert page_has.inner_text() == told
        assert page_has.bounding_box()["x"] == pytest.approx(before["x"], abs=2)
        assert page_has.bounding_box()["y"] == pytest.approx(before["y"], abs=4)

    def test_it_stays_until_the_page_has_its_totals(self, shown):
        shown.add_init_script(NOTE_WHAT_FOLLOWS)
        shown.reload()
        settled(shown)
        assert shown.evaluate("following") == [3]

    def test_a_link_that_cannot_be_opened_shows_why(self, context, address):
        shown = context.new_page()
        shown.goto(f"{address}/?scenario={quote('nonsense')}")
        settled(shown)
        expect(shown.locator(FIRST)).to_have_count(0)
        expect(shown.get_by_role("alert")).to_contain_text("This link cannot be opened")

    def test_it_goes_where_the_page_has_no_total(self, context, address):
        shown = context.new_page()
        shown.goto(f"{address}/?{asked(WITHOUT_PRICES)}")
        settled(shown)
        expect(shown.locator(FIRST)).to_have_count(0)
