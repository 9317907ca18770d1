"""`estimator recovery-plan`: what a person reads, what a program reads, and what is refused."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

import estimator as ws

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")
FAULT = "outage at Tue 14:00 share 20%"
ASKED = ("recovery-plan", TEAM_CHAT, "--deployment", "aws.api_gateway", "--fault", FAULT)


@pytest.fixture(scope="module")
def plan() -> ws.RecoveryPlan:
    """The plan that the command finds."""
    scenario = ws.Scenario.load(TEAM_CHAT)
    return ws.recovery_plan(scenario, "aws.api_gateway", fault=FAULT, within_s=15)


def test_the_answer_stands_first_and_every_lever_below_it(run, plan):
    status, out, err = run(*ASKED, "--within", "15 s")

    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if cell_len(line.rstrip()) > 80] == []
    told = " ".join(out.split())
    assert told.index(plan.answer) < told.index("As it is")
    assert plan.as_it_is_words in told
    for change in plan.changes:
        assert change.words.split()[0] in told
        assert f" {change.storm.back_s[0.99]:.3g} s " in told


def test_json_equals_the_python_plan(run, plan):
    status, out, _ = run(*ASKED, "--within", "15s", "--json")

    assert status == 0
    assert json.loads(out) == json.loads(json.dumps(plan.as_data()))


def test_markdown_has_the_answer_and_a_table(run, plan):
    _, out, _ = run(*ASKED, "--within", "15s", "--markdown")

    assert plan.answer.partition(" instead")[0] in out
    assert "| 99% back in |" in out.replace("<br>", " ")


def test_where_no_plan_is_found_the_exit_status_is_1(run):
    # two messages to another continent take longer
    status, out, err = run(*ASKED, "--within", "1 ms", "--replications", "1")

    assert (status, err) == (1, "")
    assert "No plan found within 0.001 s" in " ".join(out.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--within", "0"], "within_s"),
        (["--within", "soon"], "--within: 'soon' is not a time"),
        (["--share", "90%"], "not 0.9"),
        (["--share", "many"], "--share: 'many' is not a share"),
        (["--fault", "storm"], "unknown fault"),
        (["--json", "--markdown"], "only one of them"),
        (["--deployment", "aws.api_gatway"], "did you mean 'aws.api_gateway'"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(run, options, words):
    status, out, err = run(*ASKED, *options)

    assert (status, out) == (2, "")
    assert words in " ".join(err.split())


def test_a_deployment_must_be_named(run):
    status, _, err = run("recovery-plan", TEAM_CHAT)

    assert status == 2
    assert "--deployment" in err
