"""`estimator growth`: tables that fit, one document for machines, one message for bad input."""

import csv
import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

import estimator as ws
from estimator.format import dollars

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")
SHORT = ("--months", "6", "--monthly-growth", "10")
FEW = ("--deployment", "aws.api_gateway", "--deployment", "aws.nlb_ec2")


@pytest.mark.parametrize("example", ["team-chat", "market-data", "boards-frankfurt"])
def test_the_table_fits_80_columns_and_tells_every_deployment(run, example):
    file = str(ROOT / f"examples/{example}.yaml")

    status, out, err = run("growth", file, "--monthly-growth", "30", "--months", "24")

    found = ws.growth(ws.Scenario.load(file), 24, monthly_growth_percent=30)
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if cell_len(line.rstrip()) > 80] == []
    for row in found.summary.itertuples():
        [line] = [line for line in out.splitlines() if line.startswith(f" {row.deployment} ")]
        for usd in (row.first_usd, row.last_usd, row.period_usd):
            assert dollars(float(str(usd))) in line
    told = " ".join(out.split())
    assert " ".join(found.answer.split()) in told
    for refusal in found.refusals:
        assert refusal.reason in told


def test_all_that_happens_to_a_few_deployments_is_told(run):
    _, out, _ = run("growth", TEAM_CHAT, "--monthly-growth", "30", *FEW)

    found = ws.growth(
        ws.Scenario.load(TEAM_CHAT), monthly_growth_percent=30, deployments=[*FEW[1::2]]
    )
    assert len(found.milestones) > 3
    for each in found.milestones:
        assert each.words in " ".join(out.split())
    assert "not shown" not in out


def test_of_many_what_more_expensive_ones_reach_is_counted_only(run):
    _, out, _ = run("growth", TEAM_CHAT, "--monthly-growth", "30")

    found = ws.growth(ws.Scenario.load(TEAM_CHAT), monthly_growth_percent=30)
    words = " ".join(out.split())
    told = [each for each in found.milestones if each.words in words]
    assert f"{len(found.milestones) - len(told)} price tiers are not shown" in words
    assert {each.kind for each in found.milestones if each not in told} == {"tier"}


def test_json_equals_the_python_growth(run):
    _, out, _ = run("growth", TEAM_CHAT, *SHORT, *FEW, "--location", "tokyo", "--json")

    scenario = ws.Scenario.load(TEAM_CHAT).replace(location="tokyo")
    found = ws.growth(scenario, 6, monthly_growth_percent=10, deployments=[*FEW[1::2]])
    assert json.loads(out) == json.loads(json.dumps(found.as_data()))


def test_csv_holds_a_row_for_each_deployment_and_month(run):
    _, out, _ = run("growth", TEAM_CHAT, *SHORT, *FEW, "--csv")

    rows = [*csv.DictReader(io.StringIO(out))]
    found = ws.growth(
        ws.Scenario.load(TEAM_CHAT), 6, monthly_growth_percent=10, deployments=[*FEW[1::2]]
    )
    assert [float(row["total_usd"]) for row in rows] == found.table["total_usd"].tolist()
    assert len(rows) == 2 * 7


def test_a_year_of_growth_may_be_said_instead(run):
    _, out, _ = run("growth", TEAM_CHAT, "--annual-growth", "100", *FEW, "--json")

    assert json.loads(out)["factors"][24] == pytest.approx(4)


def test_a_contract_is_paid_in_every_month(run, tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text("title: Half\nrates:\n- meters: [aws.*]\n  percent_off: 50\n")

    at_list = json.loads(run("growth", TEAM_CHAT, *SHORT, *FEW, "--json")[1])
    ours = json.loads(run("growth", TEAM_CHAT, *SHORT, *FEW, "--contract", str(file), "--json")[1])

    for before, after in zip(at_list["deployments"], ours["deployments"], strict=True):
        assert after["total_usd"] == pytest.approx([usd / 2 for usd in before["total_usd"]])


UNUSABLE = {
    "no pace": ([], "--monthly-growth 5 or --annual-growth 80"),
    "two paces": (["--monthly-growth", "5", "--annual-growth", "80"], "not both"),
    "all leave": (["--monthly-growth", "-100"], "above -100"),
    "no months": (["--months", "0", "--monthly-growth", "5"], "from 1 to 120, but is 0"),
    "two forms": ([*SHORT, "--json", "--csv"], "--csv and --json"),
    "too many people": (["--months", "120", "--monthly-growth", "900"], "fewer months"),
    "misspelled": ([*SHORT, "--deployment", "aws.api_gatway"], "did you mean 'aws.api_gateway'"),
}


@pytest.mark.parametrize(("arguments", "part"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_used_gives_one_message_and_status_2(run, arguments, part):
    status, out, err = run("growth", TEAM_CHAT, *arguments)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert part in err


def test_nothing_that_can_be_priced_is_told_with_status_2(run, tmp_path):
    file = tmp_path / "old.yaml"
    file.write_text(Path(TEAM_CHAT).read_text(encoding="utf-8") + "as_of: 2019-01-01\n")

    status, out, err = run("growth", str(file), *SHORT, "--deployment", "gcp.cloud_run")

    assert status == 2
    assert "gcp.cloud_run: no price" in out
    assert err == "error: none of the deployments could be priced\n"
