"""The dashboard without a browser: what the page shows, and what edits, files and links do."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote_plus, unquote

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.pages import estimate as estimate_page
from estimator.dashboard.session.state import (
    LONGEST_LINK_CHARACTERS,
    comparison_of,
    default_scenario,
)
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets.chips import chips_of
from estimator.dashboard.widgets.document import full_title
from estimator.dashboard.widgets.downloads import Download
from estimator.dashboard.widgets.origin import Origin
from estimator.pricing.catalog import shared_by_account
from estimator.pricing.price_files import price_list
from estimator.render.spreadsheet import csv as as_csv
from interfaces.shown_page import (
    PATIENCE_SECONDS,
    headings,
    linked,
    named,
    plain,
    run,
    shown_page,
    tables,
    totals,
    words,
)

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
ONE_OF_EACH_KIND = [
    "aws.api_gateway",
    "azure.web_pubsub",
    "gcp.cloud_run",
    "oci.load_balancer_vm",
]
DOUBTS = {"confirmed": "", "single_source": " *", "inferred": " **"}
SMALL_MESSAGES = "azure.web_pubsub.small_messages"
OWN_PROFILE = """\
name: Ours
profile: {extends: workplace-chat, title: Our chat, flows: {posts: {rate_per_hour: 5}}}
location: ireland
mean_connections: 4000
"""

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


def opened(
    scenario: ws.Scenario | None = None, link: str | None = None, side: str = "Line items"
) -> AppTest:
    """The page as somebody sees it who opens the dashboard, or a link to a scenario.

    What can be unfolded on it is; of the bill, one side is in front.
    """
    page = AppTest.from_file(ROOT / "app.py", default_timeout=PATIENCE_SECONDS)
    for unfolded in ("billing", "share", "profile_shown_main"):
        page.session_state[unfolded] = True
    page.session_state["bill_side"] = side
    if scenario is not None or link is not None:
        page.query_params["scenario"] = link or (scenario.to_token() if scenario else "")
    return run(page)


def upload(page: AppTest, text: str | bytes, name: str = "mine.yaml") -> AppTest:
    content = text.encode() if isinstance(text, str) else text
    page.file_uploader(key="upload").set_value((name, content, "application/yaml"))
    return run(page)


def best(compared: ws.Comparison) -> list[ws.Bill]:
    """Those that have a card: the best of each group."""
    return [each.bill for each in compared.headline.best if each.bill is not None]


def bill_shown(page: AppTest) -> dict[str, str]:
    """The last row of the bill, which is looked at in between."""
    before = page.session_state["bill_side"]
    page.session_state["bill_side"] = "Line items"
    run(page)
    (rows,) = [rows for rows in tables(page) if "Tiers and prices" in rows[0]]
    page.session_state["bill_side"] = before
    run(page)
    return rows[-1]


def as_shown(bills: Iterable[ws.Bill]) -> dict[str, str]:
    """Totals as the page shall show them: cents below a thousand dollars, none above."""
    return {
        bill.name: f"${bill.total:,.0f}" if bill.total >= 1000 else f"${bill.total:,.2f}"
        for bill in bills
    }


@pytest.fixture
def base() -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)


class TestWhatIsShown:
    def test_a_visitor_sees_the_best_of_each_group_and_what_decides_between_them(self):
        page = opened()
        comparison = ws.compare(default_scenario())
        assert len(totals(page)) == 3
        assert list(totals(page).items()) == list(as_shown(best(comparison)).items())
        shown = words(page)
        assert all(sentence in shown for sentence in comparison.headline.decisions)
        assert page.error.values == []

    def test_the_headline_says_what_it_costs_to_buy_and_to_run_it(self, base):
        found = ws.compare(base).headline
        managed, *others = [each.bill for each in found.best if each.bill is not None]
        run_cheapest = min(others, key=lambda bill: float(bill.total))
        [headline, *_] = headings(opened(base))

        for bill in (managed, run_cheapest):
            assert plain(as_shown([bill])[bill.name]) in headline
        assert "an engineer" in headline

    def test_a_card_says_what_a_thousand_connections_or_a_user_cost(self, base):
        [managed, *_] = [each.bill for each in ws.compare(base).headline.best if each.bill]
        peak = float(ws.expected_demand(base).peak_connections)
        said = words(opened(base))
        assert f"${1000 * float(managed.total) / peak:,.2f} per 1,000 connections" in said

        people = base.replace(
            peak_connections=None, users_per_day=50_000, sessions_per_user_per_day=2
        )
        said = words(opened(people))
        assert "per user and month" in said

    def test_some_clouds_alone(self, base):
        page = opened(base)
        page.button_group(key="clouds").set_value(["azure"])
        run(page)

        alone = ws.compare(base, [name for name in ws.DEPLOYMENTS if name.startswith("azure.")])
        assert list(totals(page).items()) == list(as_shown(best(alone)).items())
        # which is the cheapest of one cloud is said by the cards
        assert "of each cloud" in words(opened(base))
        assert "of each cloud" not in words(page)

    @pytest.mark.parametrize("deployment", ONE_OF_EACH_KIND)
    def test_every_line_of_a_bill_is_shown_with_cost_and_source(self, base, deployment):
        page = opened(base)
        page.selectbox(key="deployment").set_value(deployment)
        run(page)
        bill = ws.estimate(base, deployment)
        ((*lines, total),) = [rows for rows in tables(page) if "Tiers and prices" in rows[0]]
        assert [plain(line["Line"]) for line in lines] == [
            f"{item.rate.meter.service}: {item.title}{DOUBTS[item.rate.confidence]}"
            for item in bill.items
        ]
        for line, item in zip(lines, bill.items, strict=True):
            assert plain(line["Cost"]).strip("*") == f"${item.cost_usd:,.2f}"
            assert unquote(item.rate.source) in unquote(line["Price seen at"])
            assert str(item.rate.checked_on) in plain(line["Price seen at"])
        assert plain(total["Cost"]).strip("*") == f"${bill.total:,.2f}"
        page.session_state["bill_side"] = "In words"
        assert run(page).main.code[0].value == bill.explain()

    def test_what_is_not_modeled_and_the_conventions_are_said(self, base):
        page = opened(base)
        page.selectbox(key="deployment").set_value("azure.web_pubsub")
        text = words(run(page))
        for left_out in ws.DEPLOYMENTS["azure.web_pubsub"].not_modeled:
            assert left_out in text
        assert ws.compare(base).conventions in text

    def test_a_default_of_the_profile_is_marked_published_with_link_or_assumption(self, base):
        (rows,) = [rows for rows in tables(opened(base)) if "Evidence" in rows[0]]
        evidence = {row["What"]: row["Evidence"] for row in rows}
        marks = {
            path.removeprefix("flows.").replace("_", " ").replace(".", ", "): one
            for path, one in base.profile.evidence.items()
        }
        marked = {what: marks[what].grade for what in evidence if what in marks}
        assert set(marked.values()) == {"published", "assumption"}
        for what, grade in marked.items():
            link = marks[what].source
            # what is said of parts of it follows
            assert evidence[what].startswith(f"[{grade}]({link})" if link else grade)

    def test_the_chart_says_in_words_what_there_is_to_see(self, base):
        [chart] = opened(base).get("vega_lite_chart")
        within = ws.compare(base).within_limits
        for bill in (within[0], within[-1]):
            assert f"${bill.total:,.2f} for {bill.name}" in chart.proto.alt

    def test_a_name_is_shown_sign_by_sign(self, base):
        name = "$a$ *b* [c](https://example.org) :red[d] <b>e</b> =1"
        assert headings(opened(base.replace(name=name)), level=1) == [name]


class TestEdits:
    @pytest.mark.parametrize(
        ("widget", "key", "value", "expected"),
        [
            ("selectbox", "location", "frankfurt", {"location": "frankfurt"}),
            ("selectbox", "profile", "market-data", {"profile": "market-data"}),
            ("number_input", "peak_connections", 123_456.0, {"peak_connections": 123_456}),
            ("selectbox", "free_allowances", "none", {"free_allowances": "none"}),
            ("number_input", "hours_per_month", 720.0, {"hours_per_month": 720}),
            ("text_input", "name", "Ours", {"name": "Ours"}),
        ],
    )
    def test_changes_page_and_link(self, base, widget, key, value, expected):
        page = opened(base)
        before = totals(page)
        getattr(page, widget)(key=key).set_value(value)
        run(page)
        wanted = base.replace(**expected)
        assert linked(page) == wanted
        assert totals(page) == as_shown(best(ws.compare(wanted)))
        assert (totals(page) == before) == (key == "name")

    def test_one_after_another_all_stay(self, base):
        page = opened(base)
        page.selectbox(key="location").set_value("ireland")
        run(page)
        page.number_input(key="peak_connections").set_value(30_000.0)
        run(page)
        page.selectbox(key="profile").set_value("board-collaboration")
        run(page)
        assert linked(page) == ws.Scenario(
            profile="board-collaboration", location="ireland", peak_connections=30_000
        )

    def test_an_edit_survives_a_browser_that_still_reports_the_old_address(self, base):
        page = opened(base)
        page.selectbox(key="location").set_value("ireland")
        run(page)
        page.query_params["scenario"] = base.to_token()
        page.number_input(key="peak_connections").set_value(30_000.0)
        run(page)
        assert linked(page) == base.replace(location="ireland", peak_connections=30_000)

    def test_choosing_what_to_look_at_survives_it_too(self, base):
        page = opened(base)
        page.selectbox(key="location").set_value("ireland")
        run(page)
        page.query_params["scenario"] = base.to_token()
        page.selectbox(key="deployment").set_value("azure.web_pubsub")
        run(page)
        assert linked(page) == base.replace(location="ireland")
        assert page.selectbox(key="location").value == "ireland"

    def test_going_back_in_the_browser_undoes_an_edit(self, base):
        page = opened(base)
        page.selectbox(key="location").set_value("ireland")
        run(page)
        page.query_params["scenario"] = base.to_token()
        run(page)
        assert named(page.selectbox, "location").value == "virginia"
        assert totals(page) == as_shown(best(ws.compare(base)))

    @pytest.mark.parametrize("name", PAGES)
    def test_on_no_page_is_a_run_an_edit_in_which_nothing_was_touched(self, base, name):
        page = run(shown_page(name, base))
        # after an edit the address would be that of what is on screen
        elsewhere = base.replace(location="tokyo")
        page.query_params["scenario"] = elsewhere.to_token()
        assert linked(run(page)) == elsewhere

    def test_a_report_from_before_the_widgets_changed_is_no_edit(self, base):
        page = opened(base)
        # what a browser reports that has not heard of the upload
        late = page._tree.get_widget_states()
        upload(page, OWN_PROFILE)
        page._run(late)
        assert linked(page) == ws.Scenario.from_yaml(OWN_PROFILE)

    def test_a_browser_that_missed_a_message_shows_the_scenario(self):
        # a message that is dropped is made up for by the next, which must hold the value, too
        page = run(opened(ws.Scenario.from_yaml(OWN_PROFILE)))
        shown = {box.key: box.options[box.proto.default] for box in page.selectbox}
        assert shown["profile"] == "Our chat (your profile)"
        assert shown["location"] == "Ireland"
        numbers = {each.key: each.proto.default for each in page.number_input}
        assert numbers["mean_connections"] == 4000

    def test_an_emptied_number_keeps_the_last_one(self, base):
        page = opened(base)
        page.number_input(key="peak_connections").set_value(None)
        assert run(page).number_input(key="peak_connections").value == 20_000
        assert linked(page) == base

    @pytest.mark.parametrize("kind", ["mean_connections", "users_per_day"])
    def test_stating_the_audience_in_another_way_keeps_the_bill(self, base, kind):
        page = opened(base)
        page.selectbox(key="audience").set_value(kind)
        run(page)
        now = linked(page)
        assert now.peak_connections is None
        assert getattr(now, kind) == page.number_input(key=kind).value
        before, after = ({b.deployment: b.total for b in ws.compare(s).bills} for s in (base, now))
        # the other statement is rounded to whole connections or users
        assert after == pytest.approx(before, rel=1e-3)

    def test_what_has_no_widget_stays_and_is_said(self, base):
        page = opened(base.replace(users_in={"europe": 1, "asia": 3}, mean_connections=9000))
        page.selectbox(key="location").set_value("oregon")
        run(page)
        assert linked(page).users_in == {"europe": 1, "asia": 3}
        assert "mean connections 9,000" in plain(" ".join(page.sidebar.caption.values))
        assert any("75% asia" in plain(button.label) for button in page.button)

    def test_a_calendar_is_kept_through_edits_and_told(self):
        launch = {"name": "Launch", "on": "Tue 14:00", "lasts_hours": 3, "connections": 2_000}
        page = opened(default_scenario().replace(calendar=[launch]))
        page.text_input(key="name").set_value("Ours")
        page = run(page)

        [entry] = linked(page).calendar
        assert entry.name == "Launch"
        assert entry.words in [plain(button.label) for button in page.button]

    @pytest.mark.parametrize("chosen", [None, "azure.web_pubsub"])
    def test_the_bill_is_that_of_the_choice_or_of_the_cheapest(self, base, chosen):
        few = base.replace(peak_connections=10)
        page = opened(few)
        first = page.selectbox(key="deployment").value
        assert first == ws.compare(few).bills[0].deployment
        if chosen:
            page.selectbox(key="deployment").set_value(chosen)
            run(page)
        page.number_input(key="peak_connections").set_value(100_000.0)
        run(page)
        cheapest = ws.compare(linked(page)).bills[0].deployment
        assert cheapest != first
        assert named(page.selectbox, "deployment").value == (chosen or cheapest)

    def test_a_bill_that_is_worked_on_stays_when_it_is_not_the_cheapest_any_more(self, base):
        page = opened(base, side="Options")
        [first, *_] = [bill.deployment for bill in ws.compare(base).bills]
        assert named(page.selectbox, "deployment").value == first
        named(page.number_input, f"{first} spare_nodes").set_value(4.0)
        run(page)

        assert ws.compare(linked(page)).bills[0].deployment != first
        assert named(page.selectbox, "deployment").value == first
        # what is chosen in the same moment counts more
        other = ws.compare(linked(page)).bills[-1].deployment
        named(page.number_input, f"{first} spare_nodes").set_value(3.0)
        named(page.selectbox, "deployment").set_value(other)
        run(page)
        assert linked(page) == base.replace(options={first: {"spare_nodes": 3}})
        assert named(page.selectbox, "deployment").value == other


class TestOpenQuestions:
    # that the dollars are right for every deployment is tested without a page
    @pytest.mark.parametrize("deployment", ["azure.web_pubsub"])
    def test_another_answer_moves_the_bill_by_the_dollars_beside_it(self, base, deployment):
        page = opened(base, side="Open questions")
        page.selectbox(key="deployment").set_value(deployment)
        run(page)
        bill = ws.estimate(base, deployment)
        assert len(page.radio) == len(bill.effects) > 0
        for effect in bill.effects:
            for answer, change in effect.change_usd.items():
                page.radio(key=effect.assumption.id).set_value(answer)
                run(page)
                assert linked(page).assumptions == {effect.assumption.id: answer}
                flipped = ws.estimate(linked(page), deployment)
                assert flipped.total - bill.total == pytest.approx(float(change), abs=1e-6)
                shown = plain(bill_shown(page)["Cost"]).strip("*")
                assert shown == f"${flipped.total:,.2f}"
            page.radio(key=effect.assumption.id).set_value(effect.chosen)
            run(page)
        assert linked(page) == base

    def test_the_dollars_are_on_the_page(self, base):
        base = base.replace(peak_connections=60_000)
        page = opened(base, side="Open questions")
        page.selectbox(key="deployment").set_value("azure.web_pubsub")
        run(page)
        effect = ws.estimate(base, "azure.web_pubsub").effects[0]
        assert effect.assumption.id == SMALL_MESSAGES
        (change,) = effect.change_usd.values()
        assert change > 1000
        captions = [plain(text) for text in page.radio(key=SMALL_MESSAGES).proto.captions]
        assert captions == ["used in this bill", f"+${change:,.0f} per month"]

    def test_an_answer_in_the_link_is_chosen(self, base):
        page = opened(base.replace(assumptions={SMALL_MESSAGES: "whole"}), side="Open questions")
        page.selectbox(key="deployment").set_value("azure.web_pubsub")
        assert run(page).radio(key=SMALL_MESSAGES).value == "whole"


class TestOptions:
    @pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
    def test_every_option_has_a_widget_that_shows_its_value(self, base, deployment):
        page = opened(base, side="Options")
        page.selectbox(key="deployment").set_value(deployment)
        run(page)
        defaults = ws.DEPLOYMENTS[deployment].check_options({}).model_dump()
        assert defaults
        for name, default in defaults.items():
            assert page.session_state[f"{deployment} {name}"] == default

    @pytest.mark.parametrize(
        ("deployment", "widget", "name", "value", "stored"),
        [
            ("aws.api_gateway", "selectbox", "backend", "none", "none"),
            ("azure.web_pubsub", "toggle", "event_handler", False, False),
            ("azure.web_pubsub", "number_input", "headroom", 0.5, 0.5),
            ("gcp.cloud_run", "selectbox", "vcpu", 2, 2),
            ("gcp.cloud_run", "number_input", "memory_per_connection_bytes", 1e6, 1_000_000),
            ("oci.load_balancer_vm", "number_input", "spare_nodes", 4.0, 4),
        ],
    )
    def test_an_option_changes_the_bill_and_its_default_is_not_kept(
        self, base, deployment, widget, name, value, stored
    ):
        page = opened(base, side="Options")
        page.selectbox(key="deployment").set_value(deployment)
        run(page)
        control = getattr(page, widget)(key=f"{deployment} {name}")
        default = control.value
        control.set_value(value)
        run(page)
        wanted = base.replace(options={deployment: {name: stored}})
        assert linked(page) == wanted
        bill = ws.estimate(wanted, deployment)
        assert bill.total != ws.estimate(base, deployment).total
        # a bill is told to the cent
        assert plain(bill_shown(page)["Cost"]).strip("*") == plain(f"${bill.total:,.2f}")
        getattr(page, widget)(key=f"{deployment} {name}").set_value(default)
        run(page)
        assert linked(page) == base

    @pytest.mark.parametrize(
        ("name", "known"),
        [
            ("server", {"nginx", "centrifugo-go"}),
            ("application", {"none", "request"}),
            ("machine", {"cheapest", "c7g.large"}),
            ("redis_machine", {"cheapest", "c7g.large", "cache.m7g.large"}),
        ],
    )
    def test_names_are_chosen_from_those_there_are(self, base, name, known):
        page = opened(base, side="Options")
        page.selectbox(key="deployment").set_value("aws.nlb_ec2")
        run(page)
        assert known <= {*page.selectbox(key=f"aws.nlb_ec2 {name}").options}

    @pytest.mark.parametrize(
        ("deployment", "widget", "name", "value", "advice"),
        [
            ("gcp.cloud_run", "number_input", "concurrency", 5000.0, "concurrency is at most 1000"),
            ("gcp.cloud_run", "number_input", "min_instances", 2.5, "integer"),
            ("oci.load_balancer_vm", "number_input", "zones", 1.0, "one zone when it fails"),
        ],
    )
    def test_an_impossible_choice_is_refused_with_what_would_be_right(
        self, base, deployment, widget, name, value, advice
    ):
        page = opened(base, side="Options")
        page.selectbox(key="deployment").set_value(deployment)
        run(page)
        control = getattr(page, widget)(key=f"{deployment} {name}")
        good = control.value
        control.set_value(value)
        run(page)
        (message,) = map(plain, page.error.values)
        assert advice in message
        # people read the title
        assert full_title(deployment) in message
        assert deployment not in message
        assert linked(page) == base
        assert totals(page) == as_shown(best(ws.compare(base)))
        assert named(getattr(page, widget), f"{deployment} {name}").value == good


class TestLinks:
    def test_a_link_restores_everything(self):
        own = ws.Scenario.from_yaml(OWN_PROFILE)
        scenario = own.replace(
            options={"azure.web_pubsub": {"headroom": 0.6}},
            assumptions={SMALL_MESSAGES: "by_bytes"},
            users_in={"europe": 2, "asia": 1},
            free_allowances="none",
            hours_per_month=720,
        )
        page = opened(scenario)
        assert linked(page) == scenario
        assert totals(page) == as_shown(best(ws.compare(scenario)))
        assert page.selectbox(key="profile").value == "your profile"

    @pytest.mark.parametrize(
        "link",
        ["nonsense", "eJx", "§§§", default_scenario().to_token()[:-12], "W10"],
        ids=["no token", "cut off", "other letters", "tail lost", "no scenario"],
    )
    def test_a_damaged_link_is_one_message_over_a_working_page(self, link):
        page = opened(link=link)
        (message,) = map(plain, page.error.values)
        assert "This link cannot be opened" in message
        assert totals(page) == as_shown(best(ws.compare(default_scenario())))

    def test_the_message_goes_with_the_next_edit_and_the_link_is_whole_again(self):
        page = opened(link="nonsense")
        page.selectbox(key="location").set_value("oregon")
        run(page)
        assert page.error.values == []
        assert linked(page) == default_scenario().replace(location="oregon")

    def test_a_link_to_something_unknown_says_what_there_is(self, base):
        page = opened(base.replace(assumptions={"aws.api_gateway.nothing": "yes"}))
        (message,) = map(plain, page.error.values)
        assert "aws.api_gateway.minute_rounding" in message

    def test_a_link_to_a_cache_that_cannot_be_names_the_deployment_by_its_title(self, base):
        # a machine of the family of caches, where Redis runs on machines of one's own
        options = {"aws.nlb_ec2": {"redis": "self_run", "redis_machine": "cache.t4g.micro"}}
        page = opened(base.replace(options=options))
        (message,) = map(plain, page.error.values)
        assert "options of Network Load Balancer and EC2 on AWS: unknown size of Redis" in message
        assert "aws.nlb_ec2" not in message

    def test_the_page_offers_the_link(self, base):
        page = opened(base)
        assert page.sidebar.code[-1].value.endswith(
            f"?scenario={base.to_token()}&price_list={quote_plus(price_list())}"
        )

    def test_an_address_says_which_price_list_after_an_edit_and_before_it_whose_it_was(self, base):
        page = opened(base)
        assert "price_list" not in page.query_params
        assert page.info.values == []
        page.selectbox(key="location").set_value("oregon")
        run(page)
        assert page.query_params["price_list"] == price_list()
        assert page.info.values == []

    @pytest.mark.parametrize("said_by", ["link", "file"])
    def test_a_scenario_shared_under_another_list_says_so_until_it_is_edited(self, base, said_by):
        older = "0123abcd of 2026-01-31"
        if said_by == "link":
            page = opened(base)
            page.query_params["price_list"] = older
            page.query_params["scenario"] = base.replace(name="shared").to_token()
            run(page)
        else:
            page = upload(opened(base), base.replace(price_list=older).to_yaml())
        [told] = [plain(each) for each in page.info.values]
        assert f"saved under price list {older}" in told
        assert "estimator drift --since 2026-01-31" in told
        assert f"under price list {price_list()}." in told
        page.selectbox(key="location").set_value("oregon")
        run(page)
        assert page.info.values == []
        assert linked(page).price_list is None

    def test_words_instead_of_a_price_list_are_no_words_of_ours(self, base):
        page = opened(base)
        page.query_params["price_list"] = "<b>0123abcd of 2026-01-31</b>"
        page.query_params["scenario"] = base.replace(name="shared").to_token()
        run(page)
        assert page.info.values == []

    @pytest.mark.parametrize("too_many", [0, 1])
    def test_the_address_of_the_page_counts_as_part_of_the_link(self, base, monkeypatch, too_many):
        query = f"?scenario={base.to_token()}&price_list={quote_plus(price_list())}"
        host = "https://costs.example/"
        path = "a" * (LONGEST_LINK_CHARACTERS + too_many - len(host) - len(query))
        monkeypatch.setattr(type(st.context), "url", host + path)
        page = opened(base)
        link = host + path + query
        shown = [line for code in page.sidebar.code for line in code.value.splitlines()]
        # in the words to send and in a box of its own, or not at all
        assert shown.count(link) == (0 if too_many else 2)
        assert ("2,001 characters" in " ".join(page.sidebar.markdown.values)) == bool(too_many)

    def test_a_scenario_too_large_for_a_link_works_without_one(self, base):
        noise = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(60))
        text = f"""\
profile: {{extends: workplace-chat, description: {noise}}}
location: virginia
peak_connections: 1000
"""
        scenario = ws.Scenario.from_yaml(text)
        assert len(scenario.to_token()) > LONGEST_LINK_CHARACTERS
        page = upload(opened(base), text)
        assert "scenario" not in page.query_params
        assert "too large for a link" in " ".join(page.sidebar.markdown.values)
        assert totals(page) == as_shown(best(ws.compare(scenario)))
        page.selectbox(key="location").set_value("ireland")
        run(page)
        assert totals(page) == as_shown(best(ws.compare(scenario.replace(location="ireland"))))


class TestChosenDeployment:
    """It stands in the link, beside the scenario, unless the page shows it anyway."""

    OTHER = "azure.web_pubsub"

    def test_a_choice_is_in_the_address_and_in_what_is_shared(self, base):
        page = opened(base)
        assert "deployment" not in page.query_params
        named(page.selectbox, "deployment").set_value(self.OTHER)
        run(page)
        assert page.query_params["deployment"] == self.OTHER
        assert f"deployment={self.OTHER}" in page.sidebar.code[-1].value

    def test_a_link_shows_it(self, base):
        page = shown_page("estimate", base, {"deployment": self.OTHER})
        assert named(page.selectbox, "deployment").value == self.OTHER
        assert page.info.values == []
        # and the next edit keeps it
        page.number_input(key="peak_connections").set_value(30_000.0)
        run(page)
        assert named(page.selectbox, "deployment").value == self.OTHER
        assert page.query_params["deployment"] == self.OTHER

    def test_a_link_without_a_scenario_shows_it_too(self):
        page = AppTest.from_file(ROOT / "app.py", default_timeout=PATIENCE_SECONDS)
        page.query_params["deployment"] = self.OTHER
        run(page)
        assert named(page.selectbox, "deployment").value == self.OTHER

    def test_what_the_page_shows_anyway_is_left_out(self, base):
        first = ws.compare(base).bills[0].deployment or ""
        page = shown_page("estimate", base, {"deployment": first})
        assert named(page.selectbox, "deployment").value == first
        assert "deployment" not in page.query_params
        named(page.selectbox, "deployment").set_value(self.OTHER)
        run(page)
        named(page.selectbox, "deployment").set_value(first)
        run(page)
        assert "deployment" not in page.query_params

    @pytest.mark.parametrize(
        ("asked", "address", "said"),
        [
            ("<b>aws.nothing</b>" + 99 * "x", {}, "which is not known"),
            ("ably.per_minute", {}, "which is not among those compared"),
            ("azure.web_pubsub", {"clouds": "AWS"}, "Web PubSub on Azure, which is not among"),
        ],
    )
    def test_what_is_not_there_is_a_sentence_until_the_next_edit(self, base, asked, address, said):
        page = shown_page("estimate", base, {"deployment": asked, **address})
        [told] = [plain(each) for each in page.info.values]
        assert said in told
        assert len(told) < 200
        assert page.error.values == []
        first = named(page.selectbox, "deployment").options[0]
        assert named(page.selectbox, "deployment").value in ws.DEPLOYMENTS
        assert full_title(named(page.selectbox, "deployment").value) == first
        assert "deployment" not in page.query_params
        page.number_input(key="peak_connections").set_value(30_000.0)
        run(page)
        assert page.info.values == []

    def test_going_back_in_the_browser_takes_the_choice_back(self, base):
        page = opened(base)
        named(page.selectbox, "deployment").set_value(self.OTHER)
        run(page)
        del page.query_params["deployment"]
        run(page)
        assert named(page.selectbox, "deployment").value == ws.compare(base).bills[0].deployment

    def test_it_survives_an_edit_from_a_browser_that_still_reports_the_old_address(self, base):
        page = opened(base)
        named(page.selectbox, "deployment").set_value(self.OTHER)
        run(page)
        del page.query_params["deployment"]
        page.number_input(key="peak_connections").set_value(30_000.0)
        run(page)
        assert named(page.selectbox, "deployment").value == self.OTHER
        assert page.query_params["deployment"] == self.OTHER


class TestFiles:
    def test_an_uploaded_scenario_is_on_the_page_and_in_the_link(self):
        page = upload(opened(), OWN_PROFILE)
        scenario = ws.Scenario.from_yaml(OWN_PROFILE)
        assert linked(page) == scenario
        assert totals(page) == as_shown(best(ws.compare(scenario)))
        assert named(page.selectbox, "location").value == "ireland"

    def test_an_edit_after_an_upload_is_not_overwritten_by_the_file(self):
        page = upload(opened(), OWN_PROFILE)
        named(page.selectbox, "location").set_value("oregon")
        assert linked(run(page)).location == "oregon"

    def test_your_profile_can_be_left_and_taken_again(self):
        page = upload(opened(), OWN_PROFILE)
        own = linked(page).profile
        named(page.selectbox, "profile").set_value("market-data")
        assert linked(run(page)).profile == ws.load_profile("market-data")
        named(page.selectbox, "profile").set_value("your profile")
        assert linked(run(page)).profile == own

    @pytest.mark.parametrize(
        "example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name
    )
    def test_every_example_opens(self, example):
        page = upload(opened(), example.read_text(encoding="utf-8"), example.name)
        assert page.error.values == []
        assert linked(page) == ws.Scenario.load(example)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", ["mine.yaml", "empty"]),
            (b"\xff\xfe\x00", ["mine.yaml", "UTF-8"]),
            ("{", ["line 1", "not valid YAML"]),
            ("- a\n- b\n", ["found a list"]),
            (
                "profile: workplace-chat\nlocation: virginia\npeak_conections: 5\n",
                ["line 3", "peak_conections", "did you mean 'peak_connections'"],
            ),
            (
                "profile: workplace-chat\nlocation: atlantis\npeak_connections: 5\n",
                ["line 2", "atlantis", "frankfurt"],
            ),
            (
                "location: virginia\npeak_connections: 5\n"
                "profile: {extends: workplace-chat, flows: {posts: {rate_per_hour: -2}}}\n",
                ["flows.posts.rate_per_hour", "must not be negative"],
            ),
            (
                "location: virginia\npeak_connections: 5\n"
                "profile: {extends: workplace-chat, session: {mean_hours: 3 MB}}\n",
                ["session.mean_hours", "3 MB", "min"],
            ),
            (
                "profile: workplace-chat\nlocation: virginia\npeak_connections: 5\n"
                "options: {aws.api_gateway: {backnd: none}}\n",
                ["backnd", "did you mean 'backend'"],
            ),
            (
                "profile: workplace-chat\nlocation: virginia\npeak_connections: [5, 6]\n",
                ["2 scenarios", "Python API"],
            ),
        ],
        ids=[
            "empty", "not text", "not YAML", "no mapping", "unknown field", "unknown location",
            "negative rate", "wrong unit", "unknown option", "many scenarios",
        ],
    )  # fmt: skip
    def test_a_bad_file_is_one_message_and_changes_nothing(self, base, text, said):
        page = upload(opened(base), text)
        (message,) = map(plain, page.error.values)
        for part in said:
            assert part in message
        assert linked(page) == base
        assert totals(page) == as_shown(best(ws.compare(base)))
        page.file_uploader(key="upload").set_value(None)
        assert run(page).error.values == []


class TestWithoutAPrice:
    def test_a_deployment_without_a_price_says_so_and_the_others_are_shown(self, base):
        # what a day of Cloud Run in Virginia cost before October 2026 was not seen
        september = base.replace(as_of="2026-09-30", location="virginia")
        comparison = ws.compare(september)
        assert comparison.refusals
        page = opened(september)
        assert totals(page) == as_shown(best(comparison))
        assert not page.warning
        [line] = [each for each in page.expander if "Not priced" in each.label]
        count = len(comparison.refusals)
        assert plain(line.label).startswith(f"Not priced, {count} of {len(ws.DEPLOYMENTS)}: ")
        reasons = words(line)
        for refusal in comparison.refusals:
            assert refusal.title in reasons
        assert "no price for meter “" in reasons
        # meters are named as people name them
        assert not re.search(r"'\w+(\.\w+)+'", reasons)
        page.selectbox(key="deployment").set_value(comparison.refusals[0].deployment)
        assert "no bill to show" in run(page).info[0].value

    def test_nothing_can_be_priced_on_a_day_before_the_first_price(self, base):
        page = opened(base.replace(as_of="2001-01-01"))
        assert totals(page) == {}
        assert any(f"and {len(ws.DEPLOYMENTS) - 3} more" in each.label for each in page.expander)
        assert headings(page)[0].startswith("No deployment can be priced")


class TestDownloads:
    def rows(self, text: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(text)))

    def test_totals_are_those_of_compare(self, base):
        rows = self.rows(as_csv(estimate_page.totals(ws.compare(base))))
        bills = ws.compare(base).bills
        assert [row["deployment"] for row in rows] == [bill.deployment for bill in bills]
        assert [float(row["total_usd"]) for row in rows] == [bill.total for bill in bills]
        for row, bill in zip(rows, bills, strict=True):
            for driver, cost in bill.by_driver.items():
                assert float(row[driver]) == cost

    def test_lines_add_up_to_the_totals(self, base):
        rows = self.rows(as_csv(estimate_page.lines(ws.compare(base))))
        for bill in ws.compare(base).bills:
            own = [row for row in rows if row["deployment"] == bill.deployment]
            assert [row["meter"] for row in own] == list(bill.lines["meter"])
            assert sum(float(row["cost_usd"]) for row in own) == pytest.approx(bill.total)

    def test_files_on_the_page_are_those_of_the_comparison(self, base, monkeypatch):
        offered: dict[str, Download] = {}
        monkeypatch.setattr(
            estimate_page,
            "download_row",
            lambda row: offered.update({each.file_name: each for each in row}),
        )
        opened(base)
        own = Origin(dt.date(2026, 12, 1), base, {}, None)
        files = {name: each.content(own) for name, each in offered.items() if "chart" not in name}
        comparison = ws.compare(base)
        assert json.loads(files["estimate.json"]) == {
            "origin": own.as_data(),
            **comparison.as_data(),
        }
        for name, table in (
            ("totals", estimate_page.totals(comparison)),
            ("lines", estimate_page.lines(comparison)),
        ):
            of_table = as_csv(table, comments=True)
            assert files[f"estimate-{name}.csv"] == own.comments() + of_table

    def test_what_cannot_be_priced_is_in_the_totals_with_its_reason(self, base):
        scenario = base.replace(as_of="2001-01-01")
        comparison = ws.compare(scenario)
        rows = self.rows(as_csv(estimate_page.totals(comparison)))
        assert {row["deployment"] for row in rows} == set(ws.DEPLOYMENTS)
        assert all("no price" in row["cannot_be_priced"] for row in rows)
        assert all(row["total_usd"] == "" for row in rows)
        assert self.rows(as_csv(estimate_page.lines(comparison))) == []

    @pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
    def test_a_name_cannot_become_a_formula(self, base, sign):
        token = base.replace(name=f"{sign}1+1").to_token()
        comparison = comparison_of(token)
        for table in (estimate_page.totals(comparison), estimate_page.lines(comparison)):
            rows = self.rows(as_csv(table))
            assert rows
            assert {row["scenario"] for row in rows} == {f"'{comparison.title}"}
            assert all(row["scenario"].startswith(f"'{sign}1") for row in rows)

    def test_every_download_is_offered(self, base):
        keys = [button.key for button in opened(base).button]
        assert set(keys) >= {
            "scenario.yaml",
            "estimate-totals.csv",
            "estimate-lines.csv",
            "estimate.json",
            "estimate-chart.png",
            "estimate-chart.svg",
        }


class TestOtherClients:
    SCENARIO = ws.Scenario(
        profile={
            "extends": "workplace-chat",
            "flows": {
                "alerts": {
                    "direction": "client_to_server",
                    "rate_per_hour": 60,
                    "payload": "200 B",
                    "fan_out": 3,
                    "to": "guards",
                }
            },
        },
        location="virginia",
        peak_connections=100,
        other_clients={"guards": {"profile": "board-collaboration", "peak_connections": 5}},
    )

    @pytest.mark.parametrize("name", ["estimate", "workload", "concurrency"])
    def test_pages_show_them(self, name):
        page = shown_page(name, self.SCENARIO)

        assert not page.exception
        assert [box.value for box in page.number_input if "guards" in box.label] == [5.0]

    def test_their_number_is_edited_in_the_sidebar(self):
        page = shown_page("estimate", self.SCENARIO)
        [guards] = [box for box in page.number_input if "guards" in box.label]

        guards.set_value(8.0).run()

        assert linked(page) == self.SCENARIO.replace(
            other_clients={"guards": {"profile": "board-collaboration", "peak_connections": 8}}
        )

    def test_those_that_a_profile_brings_are_edited_there_too(self):
        viewers = {"profile": "board-collaboration", "per_main_connection": 0.1}
        brought = {"extends": "workplace-chat", "other_clients": {"viewers": viewers}}
        scenario = ws.Scenario(profile=brought, location="virginia", peak_connections=100)
        page = shown_page("estimate", scenario)
        [box] = [box for box in page.number_input if "viewers" in box.label]
        assert (box.label, box.value) == ("For each connection: viewers", 0.1)

        box.set_value(0.2).run()

        assert linked(page).other_clients["viewers"].per_main_connection == 0.2
        assert linked(page).profile == scenario.profile
        named(page.selectbox, "profile").set_value("market-data")
        assert [*linked(run(page)).kinds] == ["main"]


class TestChips:
    FULL = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=5_000,
        users_in={"europe": 0.5, "americas": 0.5},
        free_allowances="none",
        as_of="2026-11-01",
        hours_per_month=720,
        contract="azure-reservations-1-year",
        options={"azure.web_pubsub": {"headroom": 0.6}},
        assumptions={"azure.web_pubsub.small_messages": "whole"},
        engineering={"engineer_hours_per_month": 20},
        layers=["messaging", "engineering"],
        calendar=[{"name": "Launch", "on": "Tue 14:00", "lasts_hours": 3, "connections": 2_000}],
        faults=[{"fault": "outage", "at": "Tue 14:00", "share": "50%"}],
    )

    def test_every_part_is_a_chip_and_each_can_be_taken_away(self):
        left, said = self.FULL, len(tuple(chips_of(self.FULL)))
        assert said == len(self.FULL.model_fields_set) - 3  # who, where, how many
        while chips := tuple(chips_of(left)):
            left = chips[0].without(left)
            assert len(tuple(chips_of(left))) == len(chips) - 1

        assert left == ws.Scenario(
            profile="workplace-chat", location="virginia", peak_connections=5_000
        )

    def test_a_press_takes_one_away(self):
        page = opened(self.FULL)
        [chip] = [each for each in page.button if "Launch" in each.label]
        chip.click()

        assert linked(run(page)) == self.FULL.replace(calendar=())

    def test_of_two_that_say_the_same_each_can_be_pressed(self):
        twice = self.FULL.replace(faults=self.FULL.faults * 2)
        page = opened(twice)
        same = [each for each in page.button if "when simulated" in plain(each.label)]
        assert len(same) == 2
        same[1].click()

        assert linked(run(page)) == self.FULL

    def test_what_is_left_of_an_allowance_is_said_in_words(self):
        [allowance, *_] = shared_by_account().values()
        left = default_scenario().replace(allowances_left={allowance.allowance: 5})
        [chip] = chips_of(left)

        assert chip.words == f"left of {allowance.shares}: 5"

    def test_a_plain_scenario_has_none(self):
        assert not tuple(chips_of(default_scenario()))
