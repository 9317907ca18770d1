"""Managed services at the doors: compared when asked for, listed, billed, and in the schema."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

import estimator as ws
from estimator.cli.commands.schema import editor_schema

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")


def test_compare_adds_them_when_asked(run):
    _, alone, _ = run("compare", TEAM_CHAT, "--json")
    status, both, _ = run("compare", TEAM_CHAT, "--saas", "--json")

    assert status == 0
    assert {one["deployment"] for one in json.loads(alone)["deployments"]} == set(ws.DEPLOYMENTS)
    assert {one["deployment"] for one in json.loads(both)["deployments"]} == {
        *ws.DEPLOYMENTS,
        *ws.SAAS,
    }


def test_the_table_of_all_shows_every_total_within_80_columns(run):
    _, out, _ = run("compare", TEAM_CHAT, "--saas")

    assert max(map(len, out.splitlines())) <= 80
    shown = [float(text.replace(",", "")) for text in re.findall(r"\$([\d,]+(?:\.\d+)?)", out)]
    scenario = ws.Scenario.load(TEAM_CHAT)
    for bill in ws.compare(scenario, ws.SAAS).bills:
        assert any(abs(amount - float(bill.total)) <= 0.5 for amount in shown), bill.deployment


def test_list_names_them_with_their_titles(run):
    status, out, _ = run("list", "saas")

    assert status == 0
    assert [line.split(maxsplit=1) for line in out.splitlines()] == [
        [name, service.title] for name, service in ws.SAAS.items()
    ]
    assert "legacy, closed to new accounts" in out


@pytest.mark.parametrize("service", ws.SAAS)
def test_each_has_a_bill_that_fits_80_columns(run, service):
    status, out, err = run("estimate", TEAM_CHAT, service)

    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80


def test_a_bill_is_explained(run):
    _, out, _ = run("estimate", TEAM_CHAT, "ably.per_minute", "--explain")

    told = ws.estimate(ws.Scenario.load(TEAM_CHAT), "ably.per_minute").explain()
    assert out.split() == told.split()


@pytest.mark.parametrize(
    ("options", "valid"),
    [
        ({"ably.per_minute": {"echo": False, "connections_per_channel": 50}}, True),
        ({"cloudflare.durable_objects": {"hibernation": True, "ms_per_message": 5}}, True),
        ({"pusher.channels": {}}, True),
        ({"ably.per_minute": {"eco": False}}, False),
        ({"cloudflare.durable_objects": {"connections_per_object": 0}}, False),
        ({"pusher.channels": {"plan": "pro"}}, False),
    ],
    ids=str,
)
def test_editors_know_their_options(options, valid):
    content = {"profile": "market-data", "location": "virginia", "options": options}
    faults = list(jsonschema.Draft202012Validator(editor_schema()).iter_errors(content))

    assert (faults == []) is valid


def test_editors_know_what_they_leave_open():
    assumptions = editor_schema()["properties"]["assumptions"]["properties"]

    assert assumptions["pubnub.transactions.empty_calls"]["enum"] == ["no", "yes"]
