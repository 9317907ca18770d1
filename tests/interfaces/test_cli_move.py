"""`estimator move`: the answer of the Python API, as tables, JSON and Markdown."""

import json
from pathlib import Path

import pytest

import estimator as ws

TEAM_CHAT = Path(__file__).parents[2] / "examples" / "team-chat.yaml"
PAIR = ("--from", "aws.api_gateway", "--to", "aws.nlb_ec2")


@pytest.fixture(scope="module")
def found() -> ws.Move:
    return ws.move(
        ws.Scenario.load(TEAM_CHAT), "aws.api_gateway", "aws.nlb_ec2", migration_hours=200
    )


def test_the_sentence_comes_first_and_both_bills_follow(run, found):
    status, out, err = run("move", str(TEAM_CHAT), *PAIR, "--migration-hours", "200")
    told = " ".join(out.split())

    assert (status, err) == (0, "")
    assert told.startswith(f"{found.title} {' '.join(found.sentences)}")
    assert "Total per month" in told
    assert "Work that comes with the candidate" in told


def test_json_and_markdown_are_those_of_the_result(run, found):
    asked = ("move", str(TEAM_CHAT), *PAIR, "--migration-hours", "200")
    data = json.loads(run(*asked, "--json")[1])

    assert data == json.loads(found.to_json())
    assert run(*asked, "--markdown")[1].strip() == found.to_markdown().strip()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "aws.nlb_ec2", "--to", "aws.nlb_ec2"), "to itself changes nothing"),
        ((*PAIR[:2], "--to", "aws.nlb_ec3"), "did you mean 'aws.nlb_ec2'"),
        ((*PAIR, "--migration-hours", "-5"), "from 0 to 1,000,000"),
        ((*PAIR, "--json", "--markdown"), "only one of them"),
    ],
)
def test_what_cannot_be_is_one_message(run, arguments, told):
    status, out, err = run("move", str(TEAM_CHAT), *arguments)

    assert (status, out) == (2, "")
    assert told in " ".join(err.split())
