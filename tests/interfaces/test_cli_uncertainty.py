"""`estimator uncertainty` and `estimator check-budget`: what they print, and how they end."""

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

import estimator as ws
from estimator.analysis.uncertainty.budget import check_budget

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")
USERS = "users_per_day=40000..60000"
CERTAIN = ("--no-evidence", "--no-questions", "--samples", "128", "--input", USERS)


def only_users(*deployments: str) -> ws.Uncertainty:
    return ws.uncertainty(
        ws.Scenario.load(TEAM_CHAT), {"users_per_day": "40000..60000"}, deployments,
        evidence=False, questions=(), samples=128,
    )  # fmt: skip


def test_json_is_what_python_has(run):
    status, out, err = run(
        "uncertainty", TEAM_CHAT, *CERTAIN, "--deployment", "aws.nlb_ec2",
        "--deployment", "aws.api_gateway", "--json",
    )  # fmt: skip

    expected = only_users("aws.nlb_ec2", "aws.api_gateway").as_data()
    assert (status, err) == (0, "")
    assert json.loads(out) == json.loads(json.dumps(expected))


def test_one_deployment_is_told_line_by_line_with_what_to_measure_next(run):
    _, out, _ = run("uncertainty", TEAM_CHAT, *CERTAIN, "--deployment", "aws.api_gateway")
    _, data, _ = run(
        "uncertainty", TEAM_CHAT, *CERTAIN, "--deployment", "aws.api_gateway", "--json"
    )

    for words in ("Line by line", "What to measure next", "WebSocket messages", "users per day"):
        assert words in out
    [share] = json.loads(data)["shares"]
    assert (share["input"], share["first"], share["total"]) == ("users_per_day", 1, 1)


def test_tables_fit_80_columns(run):
    whole = run("uncertainty", TEAM_CHAT, "--samples", "128", "--no-questions")[1]
    one = run("check-budget", TEAM_CHAT, "--budget", "300", "--samples", "128")[1]

    for deployment in ws.DEPLOYMENTS:
        assert f" {deployment} " in whole
    for out in (whole, one):
        assert max(cell_len(line.rstrip()) for line in out.splitlines()) <= 80


@pytest.mark.parametrize(
    ("budget", "at", "status"),
    [("1000000", "p90", 0), ("1", "p90", 1), ("1", "p10", 1), ("1 USD", "expected", 1)],
)
def test_the_exit_status_says_whether_the_budget_is_kept(run, budget, at, status):
    asked = (
        "check-budget",
        TEAM_CHAT,
        "--budget",
        budget,
        "--at",
        at,
        "--deployment",
        "aws.nlb_ec2",
    )
    found, out, err = run(*asked, *CERTAIN)
    comment_status, comment, _ = run(*asked, *CERTAIN, "--markdown")
    data_status, data, _ = run(*asked, *CERTAIN, "--json")

    assert (found, comment_status, data_status, err) == (status, status, status, "")
    verdict = "Over budget" if status else "Within budget"
    assert out.startswith(f"{verdict}.")
    assert comment.startswith(f"**{verdict}.**")
    assert json.loads(data)["passes"] == (status == 0)


def test_what_would_not_hold_ends_with_1_within_any_budget(run, tmp_path):
    file = tmp_path / "large.yaml"
    file.write_text(
        "profile:\n  extends: workplace-chat\n  flows:\n    posts: {payload: 200 KB}\n"
        "location: virginia\npeak_connections: 10\n"
    )
    status, out, _ = run(
        "check-budget",
        str(file),
        "--budget",
        "1e9",
        "--deployment",
        "aws.api_gateway",
        "--samples",
        "128",
    )

    assert status == 1
    assert out.startswith("Beyond limits.")


def test_the_comment_is_that_of_python(run):
    _, out, _ = run("check-budget", TEAM_CHAT, "--budget", "300", *CERTAIN, "--markdown")

    found = check_budget(
        ws.Scenario.load(TEAM_CHAT), 300.0, inputs={"users_per_day": "40000..60000"},
        evidence=False, questions=(), samples=128,
    )  # fmt: skip
    assert out == found.to_markdown()


BAD = {
    ("--budget", "2000 EUR"): "prices are in US dollars",
    ("--budget", "much"): "is not an amount",
    ("--budget", "5", "--input", "posts.rate_per_hour"): "write a field and its range",
    ("--budget", "5", "--input", "posts.rate_per_hour="): "write a field and its range",
    ("--budget", "5", "--input", "posts.rate_per_hour=4..1"): "runs backwards: write 1..4",
    ("--budget", "5", "--input", "post.rate_per_hour=1..4"): "did you mean 'posts.rate_per_hour'",
    ("--budget", "5", "--input", "hours_per_day=20..30"): "reaches 30",
    ("--budget", "5", "--input", USERS, "--input", USERS): "'users_per_day' is given twice",
    ("--budget", "5", "--samples", "1000"): "take 1,024",
    ("--budget", "5", "--deployment", "aws.gateway"): "unknown deployment 'aws.gateway'",
    ("--budget", "5", "--markdown", "--json"): "one of them can be printed",
}


@pytest.mark.parametrize("options", BAD, ids=" ".join)
def test_bad_input_is_one_message_and_status_2(run, options):
    status, out, err = run("check-budget", TEAM_CHAT, *options)

    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert BAD[options] in err
    assert len(err.splitlines()) == 1


def test_a_budget_must_be_given(run):
    status, _, err = run("check-budget", TEAM_CHAT)

    assert status == 2
    assert "--budget" in err
