"""The page that compares two, without a browser: presets, choices, answer, tables and files."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.pages import compare_two
from estimator.dashboard.widgets.origin import Origin
from estimator.format import dollars, signed_dollars
from interfaces.saved_files import table_rows
from interfaces.shown_page import headings, linked, named, plain, run, shown_page, tables, words

MANAGED, OWN = "API Gateway WebSocket API on AWS", "Network Load Balancer and EC2 on AWS"

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


@pytest.fixture
def chat() -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)


@pytest.fixture
def files(monkeypatch) -> dict[str, str]:
    """What could be downloaded, by its name."""
    found: dict[str, str] = {}

    def keep(row):
        texts = (each for each in row if each.file_name.endswith((".csv", ".json")))
        whence = Origin(dt.date(2026, 12, 1), None, {}, None)
        found.update({each.file_name: each.content(whence) for each in texts})

    monkeypatch.setattr(compare_two, "download_row", keep)
    return found


def opened(scenario: ws.Scenario, **settings: str) -> AppTest:
    return shown_page("compare_two", scenario, settings)


def pair(page: AppTest) -> list[str]:
    """What is compared, as the table of states has it."""
    return [row["Deployment"] for row in tables(page)[0]]


def best(scenario: ws.Scenario, group: str) -> str:
    return next(bill.name for bill in ws.compare(scenario).bills if bill.group == group)


def test_the_sentence_stands_first_and_the_table_adds_up(chat):
    page = opened(chat, today=MANAGED, candidate=OWN, migration_hours="50")
    found = ws.move(chat, "aws.api_gateway", "aws.nlb_ec2", migration_hours=50)

    assert headings(page)[0] == found.short_verdict
    assert found.short_verdict.startswith("Moving saves $")
    assert " ".join(found.consequences) in words(page)
    states, parts, lines = tables(page)
    assert [row["Per month"] for row in states] == [
        dollars(found.today.total), dollars(found.candidate.total),
    ]  # fmt: skip
    assert [plain(cell) for cell in parts[-1].values()] == [
        "**Total per month**",
        *(f"**{text}**" for text in (
            dollars(found.today.total), dollars(found.candidate.total),
            signed_dollars(found.change_usd),
        )),
    ]  # fmt: skip
    assert [row["Layer and driver"] for row in parts if "**" in row["Layer and driver"]] == [
        "**Messaging**", "**Application**", "**Total per month**",
    ]  # fmt: skip
    assert lines[-1]["Line"] == "all other lines"


def test_nobody_chose_so_the_best_of_two_groups_are_compared(chat):
    page = opened(chat)

    assert pair(page) == [
        f"Today: {best(chat, 'managed')}", f"Candidate: {best(chat, 'own servers')}",
    ]  # fmt: skip
    assert page.selectbox(key="today").value is None
    # whoever runs servers today is offered a managed service
    page = opened(chat, today=OWN)
    assert pair(page) == [f"Today: {OWN}", f"Candidate: {best(chat, 'managed')}"]


def test_swapping_makes_the_candidate_todays(chat):
    page = opened(chat, today=MANAGED, candidate=OWN)
    page.button(key="swap").click()
    run(page)

    assert pair(page) == [f"Today: {OWN}", f"Candidate: {MANAGED}"]
    assert headings(page)[0].startswith("Moving loses $")
    assert linked(page) == chat


def test_a_choice_outlives_a_change_of_the_scenario(chat):
    page = opened(chat, today=MANAGED, candidate=OWN)
    named(page.number_input, "engineer_hours").set_value(16)
    run(page)

    assert linked(page) == chat.replace(engineering={"engineer_hours_per_month": 16})
    assert pair(page) == [f"Today: {MANAGED}", f"Candidate: {OWN}"]
    told = headings(page)[0]
    assert "Moving loses" in told
    assert "$1,600 more for engineering time" in told


def test_a_candidate_over_a_hard_limit_is_an_error_above_the_answer(chat):
    large = ws.Scenario(profile="market-data", location="virginia", peak_connections=3_000_000)
    page = opened(large, today=OWN, candidate="Web PubSub on Azure")

    [error] = page.error
    told = "Web PubSub on Azure cannot carry this load (over a hard limit)."
    assert plain(error.value) == f"**{told}**"
    assert headings(page)[0].startswith("By the bill alone, moving loses $")
    assert not opened(chat, today=MANAGED, candidate=OWN).error


def test_the_same_twice_and_what_has_no_price_are_said_in_a_line(chat):
    page = opened(chat, today=OWN, candidate=OWN)
    assert "are the same: choose another one" in page.info[0].value
    assert not headings(page)
    page = opened(chat.replace(as_of="2019-01-01"), today=MANAGED, candidate=OWN)
    assert "These two cannot be compared" in page.error[0].value
    assert not headings(page)


def test_files_hold_what_is_shown(chat, files):
    opened(chat, today=MANAGED, candidate=OWN, migration_hours="50")
    found = ws.move(chat, "aws.api_gateway", "aws.nlb_ec2", migration_hours=50)
    parts, lines = (table_rows(files[f"compare-two{part}.csv"]) for part in ("", "-lines"))
    data = json.loads(files["compare-two.json"])

    assert data | {"origin": None} == json.loads(found.to_json()) | {"origin": None}
    for rows in (parts, lines):
        assert sum(float(row["change_usd"]) for row in rows) == pytest.approx(found.change_usd)
        assert {(row["today"], row["candidate"]) for row in rows} == {
            ("aws.api_gateway", "aws.nlb_ec2")
        }
