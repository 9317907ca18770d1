"""What was agreed with a vendor, on the page: files, the form beside a bill, and taking it back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.pricing.contract import as_contract
from interfaces.shown_page import PATIENCE_SECONDS, linked, named, plain, run, words

ROOT = Path(__file__).parents[2]
MESSAGES = "aws.api_gateway.messages"
OTHERS = """\
title: Another agreement
rates:
- meters: [aws.*]
  percent_off: 5
commitments:
- {meters: [aws.lambda.gb_seconds], percent_off: 12, covers_usd_per_hour: best}
"""
PROFILE = "{extends: workplace-chat, title: Our chat, flows: {posts: {rate_per_hour: 5}}}\n"
BASE = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


@pytest.fixture(scope="module")
def readme() -> str:
    """The contract file that the README shows."""
    (shown,) = re.findall(
        r"```yaml\n(title: Our agreement\n.*?)```",
        (ROOT / "README.md").read_text("utf-8"),
        re.DOTALL,
    )
    return shown


def opened(scenario: ws.Scenario = BASE, **state: object) -> AppTest:
    """The bill of API Gateway, with the side on which prices are stated in front."""
    page = AppTest.from_file(ROOT / "app.py", default_timeout=PATIENCE_SECONDS)
    page.query_params["scenario"] = scenario.to_token()
    for key, value in {"billing": True, "bill_side": "Your prices", **state}.items():
        page.session_state[key] = value
    named(run(page).selectbox, "deployment").set_value("aws.api_gateway")
    return run(page)


def upload(page: AppTest, text: str | bytes, name: str = "ours.yaml") -> AppTest:
    content = text.encode() if isinstance(text, str) else text
    page.file_uploader(key="upload").set_value((name, content, "application/yaml"))
    return run(page)


def contract(page: AppTest) -> ws.Contract:
    found = as_contract(linked(page).contract)
    assert found is not None
    return found


def field(page: AppTest, price: str, meter: str = MESSAGES):
    return named(page.number_input, f"agreed {price} {meter}")


def shown(page: AppTest) -> str:
    return words(page.main)


def said(page: AppTest) -> list[str]:
    return [plain(text) for text in page.success.values]


def price_basis(page: AppTest) -> str:
    box = named(page.selectbox, "contract")
    return box.options[box.proto.default]


class TestFiles:
    def test_the_contract_of_the_readme_applies_and_the_page_says_so(self, readme):
        page = upload(opened(), readme)

        assert page.error.values == []
        assert said(page) == ["This contract now applies: Our agreement; 2 rates."]
        assert linked(page).replace(contract=None) == BASE
        paid = ws.estimate(linked(page), "aws.api_gateway")
        assert paid[MESSAGES].rate.tariff.usd_per_unit == pytest.approx(9e-7)
        assert price_basis(page) == "Our agreement (your contract)"
        assert f"${paid.total:,.0f} per month" in shown(page)

    def test_a_second_contract_replaces_the_first_and_the_next_edit_is_made(self, readme):
        page = upload(upload(opened(), readme), OTHERS, "others.yaml")

        assert said(page) == ["This contract now applies: Another agreement; 1 rate, 1 commitment."]
        assert price_basis(page) == "Another agreement (your contract)"
        named(page.selectbox, "location").set_value("ireland")
        assert run(page).error.values == []
        assert said(page) == []
        assert (linked(page).location, contract(page).title) == ("ireland", "Another agreement")

    def test_an_own_contract_can_be_left_and_taken_again(self, readme):
        page = upload(opened(), readme)
        own = contract(page)
        named(page.selectbox, "contract").set_value("list")
        assert linked(run(page)).contract is None
        named(page.selectbox, "contract").set_value("your contract")
        assert contract(run(page)) == own

    def test_a_file_that_is_taken_away_leaves_what_it_brought(self, readme):
        page = upload(opened(), readme)
        page.file_uploader(key="upload").set_value(None)

        assert contract(run(page)).title == "Our agreement"
        assert said(page) == []

    def test_a_profile_file_becomes_the_profile_and_keeps_the_rest(self, readme):
        before = BASE.replace(
            contract={"title": "Ours", "rates": [{"meters": ["*"], "percent_off": 3}]}
        )
        page = upload(opened(before), PROFILE, "chat.yaml")

        own = linked(page).profile
        assert said(page) == [f"This profile now applies: Our chat; {len(own.flows)} flows."]
        assert own.flows["posts"].rate_per_hour == 5
        assert linked(page) == before.replace(profile=own)

    def test_a_second_own_profile_is_the_one_in_the_box(self):
        page = upload(opened(), PROFILE)
        first = named(page.selectbox, "profile").key
        upload(page, PROFILE.replace("Our chat", "Their chat"), "theirs.yaml")

        box = named(page.selectbox, "profile")
        # a browser would hold on to the words of a box that is still the same
        assert box.key != first
        assert box.options[box.proto.default] == "Their chat (your profile)"

    def test_clients_that_a_profile_brought_go_with_it(self):
        auction = "{extends: workplace-chat, title: With viewers, other_clients: {viewers: "
        page = upload(
            opened(),
            f"{auction}{{profile: market-data, per_main_connection: 2}}}}}}",
        )
        assert [*linked(page).kinds] == ["main", "viewers"]
        assert [*linked(upload(page, PROFILE, "chat.yaml")).kinds] == ["main"]

    def test_a_scenario_file_says_what_it_was(self):
        scenario = BASE.replace(name="Ours", location="tokyo")
        page = upload(opened(), scenario.to_yaml())

        assert said(page) == ["This scenario is now on screen: Ours."]
        assert linked(page) == scenario

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("title: x\n", ["no field tells what it is", "rates or commitments"]),
            ("title: x\nrates: []\n", ["at least 1 entry"]),
            (
                "title: x\nrates:\n- {meters: [aws.api_gatway.messages], percent_off: 5}\n",
                ["aws.api_gatway.messages", "aws.api_gateway.messages"],
            ),
            (
                "title: x\nrates:\n- meters: ['*']\n  percent_off: 120\n",
                ["line 4", "percent_off", "100"],
            ),
            ("title: x\nrates: 5\ncommitments: {}\n", ["line 2", "rates"]),
            ("title: x\nrates:\n- {meters: ['*'], usd_per_unit: .inf}\n", ["usd_per_unit"]),
            ("extends: nosuch\n", ["nosuch"]),
            ("extends: mine.yaml\n", ["mine.yaml", "names a file"]),
            ("flows: {}\nextends: [1]\n", ["extends"]),
            ("? [rates, rates]\n: 1\n", ["no field tells what it is"]),
        ],
    )  # fmt: skip
    def test_a_bad_contract_or_profile_is_one_message_and_changes_nothing(self, text, told):
        page = upload(opened(), text, "bad.yaml")

        (message,) = map(plain, page.error.values)
        assert message.startswith("**This file cannot be used:**")
        assert all(part in message for part in told)
        assert "report" not in message
        assert linked(page) == BASE
        assert said(page) == []

    def test_a_hostile_title_is_shown_sign_by_sign(self):
        title = "[click](https://example.org) $x$ :red[y] <b>z</b>"
        page = upload(opened(), f"title: '{title}'\nrates: [{{meters: ['*'], percent_off: 5}}]\n")

        (notice,) = page.success.values
        assert "](" not in notice
        assert plain(notice) == f"This contract now applies: {title}; 1 rate."
        assert f"**Agreed: {title}**" in shown(page)


class TestForm:
    def test_a_discount_of_a_line_is_kept_in_link_and_file_and_can_be_taken_back(self):
        page = opened()
        field(page, "percent_off").set_value(15)
        run(page)

        bill = ws.estimate(linked(page), "aws.api_gateway")
        line = bill[MESSAGES]
        assert line.cost_usd == pytest.approx(0.85 * line.list_usd)
        assert ws.Scenario.from_yaml(linked(page).to_yaml()) == linked(page)
        assert f"${bill.list_total - bill.total:,.2f} less than at list prices" in shown(page)
        assert "WebSocket messages: 15% off" in shown(page)
        field(page, "percent_off").set_value(None)
        assert linked(run(page)) == BASE

    def test_a_price_is_stated_as_vendors_state_it_and_replaces_a_discount(self):
        page = opened()
        field(page, "percent_off").set_value(15)
        run(page)
        field(page, "usd_per_unit").set_value(0.9)
        run(page)

        (rate,) = contract(page).rates
        assert (rate.meters, rate.usd_per_unit, rate.percent_off) == ((MESSAGES,), 9e-7, None)
        assert field(page, "percent_off").value is None
        assert field(page, "usd_per_unit").value == 0.9

    def test_a_line_is_agreed_on_top_of_a_pattern_which_stays(self, readme):
        page = upload(opened(), readme)
        assert field(page, "usd_per_unit").value == 0.9
        egress = "aws.egress.internet"
        assert field(page, "percent_off", egress).value is None
        field(page, "percent_off", egress).set_value(20)
        run(page)

        assert [rate.percent_off for rate in contract(page).rates] == [None, 12, 20]
        assert ws.estimate(linked(page), "aws.api_gateway")[egress].cost_usd == (
            pytest.approx(0.8 * ws.estimate(BASE, "aws.api_gateway")[egress].cost_usd)
        )
        named(page.button, 'remove {"meters":["aws.egress.*"],"percent_off":12.0}').click()
        assert [rate.percent_off for rate in contract(run(page)).rates] == [None, 20]

    def test_what_ships_is_copied_when_it_is_changed(self):
        page = opened(BASE.replace(contract="aws-compute-savings-plan-1-year"))
        field(page, "percent_off").set_value(10)
        run(page)

        ours, theirs = contract(page), ws.load_contract("aws-compute-savings-plan-1-year")
        assert ours.title == f"{theirs.title}, changed"
        assert ours.commitments == theirs.commitments
        assert [rate.percent_off for rate in ours.rates] == [10]

    def test_all_that_was_agreed_is_removed_at_once(self, readme):
        page = upload(opened(), readme)
        named(page.button, "contract_removed").click()
        assert linked(run(page)) == BASE
        assert price_basis(page) == "List prices"

    def test_what_is_on_no_line_of_the_bill_is_named_on_a_click(self):
        elsewhere = {"title": "Ours", "rates": [{"meters": ["gcp.cloud_run.*"], "percent_off": 5}]}
        page = opened(BASE.replace(contract=elsewhere), agreed_elsewhere=True)

        assert "the same as at list prices" in shown(page)
        named(page.button, 'remove {"meters":["gcp.cloud_run.*"],"percent_off":5.0}').click()
        assert linked(run(page)) == BASE

    @pytest.mark.parametrize(
        ("filled", "expected"),
        [
            ({"percent": 12.0}, {"percent_off": 12, "covers_usd_per_hour": "best"}),
            (
                {"of": "units_per_hour", "amount": 100.0, "price": 0.00001},
                {"usd_per_unit": 0.00001, "units_per_hour": 100},
            ),
        ],
        ids=["the best amount", "so many units"],
    )
    def test_a_commitment_can_be_added_and_removed(self, filled, expected):
        page = add_commitment(opened(commitment=True), meters=["aws.lambda.gb_seconds"], **filled)

        assert page.error.values == []
        (added,) = contract(page).commitments
        assert (
            added
            == ws.Contract(
                title="x", commitments=[{"meters": ["aws.lambda.gb_seconds"], **expected}]
            ).commitments[0]
        )
        assert "Lambda duration" in shown(page)
        next(one for one in page.button if one.label == "Remove").click()
        assert linked(run(page)) == BASE

    @pytest.mark.parametrize(
        ("filled", "told"),
        [
            ({"percent": 12.0, "meters": []}, "choose at least one line"),
            ({}, "give % off or $ per unit"),
            ({"percent": 12.0, "price": 3.0}, "not both"),
            ({"price": 3.0}, "goes with units per hour"),
            ({"percent": 12.0, "amount": 0.0}, "more than 0 per hour"),
        ],
    )
    def test_a_commitment_that_cannot_be_says_what_to_do_and_keeps_its_fields(self, filled, told):
        fields = {"meters": ["aws.lambda.gb_seconds"], **filled}
        page = add_commitment(opened(commitment=True), **fields)

        (message,) = map(plain, page.error.values)
        assert message.startswith("**This commitment was not added:**")
        assert told in message
        assert linked(page) == BASE
        assert page.multiselect[0].value == fields["meters"]


def add_commitment(page: AppTest, **filled: Any) -> AppTest:
    widgets: tuple[Any, ...] = (*page.multiselect, *page.radio, *page.number_input)
    for name, value in filled.items():
        (widget,) = [
            one
            for one in widgets
            if (one.key or "").startswith("commitment ") and one.key.endswith(f" {name}")
        ]
        widget.set_value(value)
    next(one for one in page.button if one.label == "Add this commitment").click()
    return run(page)
