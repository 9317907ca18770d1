"""The first screen without a browser: the figures that matter, the answer, and what moves it."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import estimator as ws
from estimator.dashboard.session.jobs import ReasonsJob, TotalRangesJob
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets.answer import answer, answer_html
from estimator.dashboard.widgets.chips import chips_of
from estimator.dashboard.widgets.document import block_html
from estimator.dashboard.widgets.texts import line_html
from estimator.pricing.price_files import CLOUDS
from estimator.render.document import Paragraph, plain_text
from estimator.states import State
from interfaces.shown_page import headings, linked, named, plain, run, shown_page, words

ALL = tuple(CLOUDS)
CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=2_000)
FIGURE = "main figures"
BOUGHT = r"It costs \$[\d.,]+ per month as a managed service"
SAVES = r"\$[\d.,]+ if you run it yourself\. That saves \$[\d,]+(?:\.\d\d)?"

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


def changed_chat(**changes: Any) -> ws.Scenario:
    return CHAT.replace(profile=ws.load_profile("workplace-chat")).replace(
        profile={"extends": "workplace-chat", **changes}
    )


class TestFigures:
    def test_each_field_says_and_changes_what_a_file_would(self):
        # typing is what this app has most of: 7 an hour, each to 20 others, beside 2.3 posts
        page = shown_page("estimate", CHAT)
        often = named(page.text_input, f"{FIGURE} 2: How often")
        assert often.value == "7 per hour"
        often.set_value("3 per minute")
        run(page)
        named(page.text_input, f"{FIGURE}: Heartbeat every").set_value("1 min")
        run(page)
        expected = changed_chat(
            flows={"typing": {"rate_per_hour": 180}}, heartbeat={"interval_seconds": 60}
        )
        assert linked(page) == expected

    def test_the_flow_is_chosen_and_stays_chosen_when_another_becomes_larger(self):
        page = shown_page("estimate", CHAT)
        flows = named(page.selectbox, f"{FIGURE} of posts, reactions, typing, presence")
        assert flows.value == "typing"
        flows.set_value("posts")
        run(page)
        named(page.text_input, f"{FIGURE} 0: Received by").set_value("35")
        run(page)
        assert linked(page).profile.flows["posts"].fan_out == 35
        assert named(page.selectbox, f"{FIGURE} of posts, reactions, typing, presence").value == (
            "posts"
        )

    def test_names_of_messages_are_words(self):
        page = shown_page("estimate", CHAT.replace(profile="multiplayer-game"))
        flows = named(page.selectbox, f"{FIGURE} of inputs, state_patches")
        assert flows.options == ["Inputs", "State patches"]

    def test_what_cannot_be_is_said_beside_its_field_and_changes_nothing(self):
        page = shown_page("estimate", CHAT)
        size = named(page.text_input, f"{FIGURE} 2: Mean size")
        size.set_value("120 kg")
        run(page)
        [error] = page.sidebar.error
        assert plain(error.value).startswith("**Mean size:** '120 kg' is not a size")
        assert linked(page) == CHAT

    @pytest.mark.parametrize("name", [name for name in PAGES if name != "prices"])
    def test_they_stand_beside_every_page_of_the_scenario_but_that_of_the_app(self, name):
        page = shown_page(name, CHAT)
        beside = [each for each in page.sidebar.text_input if (each.key or "").startswith(FIGURE)]
        assert bool(beside) == (name != "your_app")


class TestChips:
    CHANGED = changed_chat(
        session={"mean_hours": "3 h"},
        heartbeat={"interval_seconds": "30 s"},
        flows={
            "typing": {"rate_per_hour": "14/h"},
            "posts": {"payload": "2 KB", "fan_out": 30},
            "presence": None,
            "calls": {"direction": "server_to_client", "rate_per_hour": 1, "payload": 100},
        },
    )

    def test_every_change_of_the_app_is_one_in_its_own_units(self):
        assert {chip.words for chip in chips_of(self.CHANGED)} == {
            "session 3 h",
            "heartbeat every 30 s",
            "typing: 14 per hour",
            "posts: 2 KB",
            "posts: received by 30",
            "without presence",
            "with calls",
        }

    def test_each_can_be_taken_back_and_all_together_are_the_shipped_app(self):
        for chip in chips_of(self.CHANGED):
            others = {each.words for each in chips_of(self.CHANGED)} - {chip.words}
            assert {each.words for each in chips_of(chip.without(self.CHANGED))} == others
        left = self.CHANGED
        while chips := tuple(chips_of(left)):
            left = chips[0].without(left)
        assert left == CHAT

    def test_many_are_one(self):
        flows = {
            name: {"rate_per_hour": 9, "payload": 999, "fan_out": 9}
            for name in ("posts", "reactions", "typing")
        }
        [chip] = chips_of(changed_chat(flows=flows))
        assert chip.words == "Workplace chat, changed in 9 places"
        assert chip.without(changed_chat(flows=flows)) == CHAT

    def test_a_press_takes_it_back(self):
        page = shown_page("estimate", changed_chat(flows={"typing": {"rate_per_hour": 14}}))
        [button] = [each for each in page.button if plain(each.label) == "typing: 14 per hour"]
        button.click()
        run(page)
        assert linked(page) == CHAT


class TestAnswer:
    def test_it_says_what_is_saved_and_how_many_hours_that_buys(self):
        scenario = CHAT.replace(engineering={"usd_per_engineer_hour": 80})
        managed, *own = [each.bill for each in ws.compare(scenario).headline.best]
        assert managed is not None
        least = min(float(bill.total) for bill in own if bill is not None)
        saved = float(managed.total) - least
        [words, *_] = headings(shown_page("estimate", scenario))
        for usd in (float(managed.total), least, saved):
            assert f"${usd:,.2f}" in words
        assert f"the price of {saved / 80:.1f} hours of an engineer" in words

    @pytest.mark.parametrize(
        ("changes", "compared", "words"),
        [
            (
                {},
                ("oci",),
                r"It costs \$[\d.,]+ per month with .* on OCI; no managed service was compared\.",
            ),
            ({}, ("gcp", "oci"), r"It costs .* with .*; no managed service was compared\."),
            (
                {"profile": "multiplayer-game", "peak_connections": 1e6},
                ALL,
                r"It costs .* with .* on OCI; no managed service is within limits\.",
            ),
            (
                {"peak_connections": 10},
                ("azure",),
                rf"{BOUGHT}, and more if you run it yourself: \$\S+\.",
            ),
            (
                {"peak_connections": 10},
                ("azure", "oci"),
                rf"{BOUGHT}, or {SAVES}, less than an engineer costs in an hour\.",
            ),
            (
                {"peak_connections": 0},
                ["aws.api_gateway", "gcp.cloud_run"],
                rf"{BOUGHT}, and as much if you run it yourself\.",
            ),
            (
                {},
                ["aws.iot_core"],
                r"It costs .* with IoT .* on AWS; nothing that you run yourself was compared\.",
            ),
            (
                {},
                ["aws.nlb_ec2"],
                r"It costs .* with Network .* on AWS; no managed service was compared\.",
            ),
            (
                # what is known of the prices of that day has none of SignalR
                {"as_of": "2025-12-01", "location": "frankfurt"},
                ["azure.signalr", "aws.nlb_ec2"],
                r"It costs .* with Network .* on AWS; no managed service has a price here\.",
            ),
            (
                {"peak_connections": 5e7},
                ["aws.iot_core", "azure.signalr"],
                r"No deployment is within limits in this scenario; the limits are below\.",
            ),
            (
                {"peak_connections": 5e7},
                ["azure.signalr"],
                r"The only deployment compared is not within limits in this .* below\.",
            ),
            (
                {"engineering": {"engineer_hours_per_month": 0, "usd_per_engineer_hour": 0}},
                ("aws",),
                rf"{BOUGHT}, or {SAVES}\.",
            ),
            ({"as_of": "2019-01-01"}, ALL, r"No deployment can be priced for this scenario\."),
        ],
    )
    def test_it_is_a_sentence_whatever_there_is_to_choose(self, changes, compared, words):
        scenario = CHAT.replace(**changes)
        if isinstance(compared, tuple):
            found = ws.compare(scenario).of_clouds(compared)
        else:
            found = ws.compare(scenario, compared)

        assert re.fullmatch(words, plain_text(answer(found)))

    def test_a_state_on_a_card_says_which_limit_decides_it(self):
        many = ws.compare(CHAT.replace(profile="equities", peak_connections=100_000))
        bills = [each.bill for each in many.headline.best if each.bill is not None]
        assert len(bills) == 3
        assert State.WITHIN_LIMITS not in {bill.state for bill in bills}
        _, *cards = answer_html(many, None).split('<div class="card">')
        for card, bill in zip(cards, bills, strict=True):
            assert f"{bill.state.symbol} {bill.state_words}" in card
            assert line_html("quiet", bill.reason) in card
        assert 'class="state"' not in answer_html(ws.compare(CHAT), None)


class TestInDepth:
    @pytest.fixture
    def workers(self):
        with ThreadPoolExecutor(1) as pool:
            yield pool

    def test_ranges_are_those_of_an_uncertainty(self, workers):
        ids = ("aws.api_gateway", "aws.nlb_ec2")
        found = TotalRangesJob(CHAT.to_token(), ids).run(workers, lambda *_: None)
        table = ws.uncertainty(CHAT, deployments=ids, samples=256).table.set_index("deployment")
        assert found == {name: (table["p10_usd"][name], table["p90_usd"][name]) for name in ids}

    def test_what_nobody_waits_for_any_more_is_not_priced_to_the_end(self, workers, monkeypatch):
        begun: list[Future[Any]] = []
        submit = workers.submit
        monkeypatch.setattr(
            workers, "submit", lambda *asked: begun.append(submit(*asked)) or begun[-1]
        )

        def nobody_waits(*_: int) -> None:
            raise InterruptedError

        ids = ("aws.api_gateway", "aws.nlb_ec2")
        with pytest.raises(InterruptedError):
            TotalRangesJob(CHAT.to_token(), ids).run(workers, nobody_waits)
        assert sum(each.cancelled() for each in begun) > len(begun) // 2

    def test_reasons_name_the_question_that_moves_the_best_most(self, workers):
        compared = ws.compare(CHAT)
        moved = {
            (effect.assumption.question, round(abs(float(usd)), 2))
            for each in compared.headline.best
            if each.bill is not None
            for effect in each.bill.effects
            for usd in effect.change_usd.values()
        }
        question, most = max(moved, key=lambda each: each[1])
        ids = tuple(bill.deployment or "" for bill in compared.bills)
        first, *_ = ReasonsJob(CHAT.to_token(), ids).run(workers, lambda *_: None)
        assert isinstance(first, Paragraph)
        assert question in str(first.text)
        assert f"${most:,.2f}" in str(first.text)

    def test_reasons_name_deployments_by_their_titles(self, workers):
        ids = tuple(ws.DEPLOYMENTS)
        found = ReasonsJob(CHAT.to_token(), ids).run(workers, lambda *_: None)
        assumed = [
            block_html(each)
            for each in found
            if isinstance(each, Paragraph) and each.label == "Assumed"
        ]
        assert assumed
        assert [(name, said) for said in assumed for name in ids if name in said] == []

    def test_nothing_is_set_going_as_long_as_nobody_looks(self):
        page = shown_page("estimate", CHAT)
        assert page.session_state["jobs"].runs == {}
        assert "In 8 of 10 cases: …" in words(page)
