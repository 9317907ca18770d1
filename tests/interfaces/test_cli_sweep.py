"""Sweeps and break-even points on the command line: tables, files for machines, clear refusals."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import estimator as ws

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")
PAIR = ("--deployment", "aws.api_gateway", "--deployment", "aws.alb_ec2")


def test_a_sweep_shows_the_cheapest_at_each_value(run):
    status, out, err = run("sweep", TEAM_CHAT, "--vary", "peak_connections=1000,100000", *PAIR)

    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines() if "aws." in line]
    assert [row[:2] for row in rows] == [
        ["1,000", "aws.api_gateway"],
        ["100,000", "aws.alb_ec2"],
    ]
    for row, peak in zip(rows, (1000, 100_000), strict=True):
        scenario = ws.Scenario.load(TEAM_CHAT).replace(
            users_per_day=None, sessions_per_user_per_day=None, peak_connections=peak
        )
        shown = float(row[2].lstrip("$").replace(",", ""))
        assert shown == pytest.approx(float(ws.estimate(scenario, row[1]).total), abs=0.5)


def test_every_bill_is_in_the_files_for_machines(run):
    asked = ("sweep", TEAM_CHAT, "--vary", "peak_connections=100..1e6/4", *PAIR)
    rows = list(csv.DictReader(io.StringIO(run(*asked, "--csv")[1])))
    data = json.loads(run(*asked, "--json")[1])

    assert len(rows) == 8
    for name, given in data["deployments"].items():
        mine = [float(row["total_usd"]) for row in rows if row["deployment"] == name]
        assert mine == pytest.approx(given["total_usd"], rel=1e-12)
    np.testing.assert_allclose(data["axes"]["peak_connections"], np.geomspace(100, 1e6, 4))


def test_two_fields_meet_or_move_together(run):
    vary = ("--vary", "peak_connections=10,20,30", "--vary", "posts.rate_per_hour=1,2,3")
    crossed = json.loads(run("sweep", TEAM_CHAT, *vary, *PAIR, "--json")[1])
    together = json.loads(run("sweep", TEAM_CHAT, *vary, *PAIR, "--together", "--json")[1])

    assert np.shape(crossed["deployments"]["aws.alb_ec2"]["total_usd"]) == (3, 3)
    assert np.shape(together["deployments"]["aws.alb_ec2"]["total_usd"]) == (3,)


def test_a_break_even_is_told_in_a_table_in_words_and_as_json(run):
    asked = ("break-even", TEAM_CHAT, "peak_connections=100..1e6", *PAIR)
    status, out, err = run(*asked)
    [crossover] = json.loads(run(*asked, "--json")[1])["crossovers"]

    assert (status, err) == (0, "")
    assert f"{crossover['at']:,.0f}" in out
    assert "becomes the cheapest" in " ".join(out.split())
    assert crossover["confirmed"]


def test_long_tables_end_with_what_is_left(run):
    out = run("sweep", TEAM_CHAT, "--vary", "peak_connections=1..1000/200", *PAIR)[1]

    assert "140 more rows: --csv prints them all" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sweep", TEAM_CHAT, "--vary", "peak_connections"], "is not a field with values"),
        (["sweep", TEAM_CHAT, "--vary", "peak_connections="], "is not a field with values"),
        (["sweep", TEAM_CHAT, "--vary", "peak_connections=a,b"], "'a' is not a number"),
        (["sweep", TEAM_CHAT, "--vary", "peak_connections=10..1"], "a range must ascend"),
        (["sweep", TEAM_CHAT, "--vary", "peak_connections=1..10/1"], "how many values"),
        (["sweep", TEAM_CHAT, "--vary", "peak_connections=1..10/many"], "how many values"),
        (["sweep", TEAM_CHAT, "--vary", "peak_connection=1"], "did you mean"),
        (
            ["sweep", TEAM_CHAT, "--vary", "peak_connections=1", "--vary", "peak_connections=2"],
            "given twice",
        ),
        (
            [
                *("sweep", TEAM_CHAT, "--together", "--vary", "peak_connections=1,2"),
                *("--vary", "posts.rate_per_hour=1"),
            ],
            "equally many values",
        ),
        (
            ["sweep", TEAM_CHAT, "--vary", "peak_connections=1", "--csv", "--json"],
            "only one of them",
        ),
        (["break-even", TEAM_CHAT, "peak_connections=5"], "has no range"),
        (["break-even", TEAM_CHAT, "peak_connections=5..2"], "must ascend"),
        (["break-even", TEAM_CHAT, "peak_connections=1..2", *PAIR[:2]], "two deployments"),
    ],
)
def test_bad_input_is_one_message_and_status_2(run, arguments, told):
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert told in err
    assert err.startswith("error: ")
    assert "Traceback" not in err
