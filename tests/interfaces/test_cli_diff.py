"""`estimator diff`: tables that fit, a comment, a document for machines, one message for faults."""

import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len

import estimator as ws

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = ROOT / "examples/team-chat.yaml"
MARKET = str(ROOT / "examples/market-data.yaml")


@pytest.fixture
def grown(tmp_path) -> str:
    file = tmp_path / "grown.yaml"
    file.write_text(TEAM_CHAT.read_text(encoding="utf-8").replace("50_000 ", "80_000 "), "utf-8")
    return str(file)


def difference_of(old, new, deployments=None) -> ws.Difference:
    return ws.diff(ws.Scenario.load(old), ws.Scenario.load(new), deployments)


@pytest.mark.parametrize("options", [[], ["--deployment", "aws.nlb_ec2"]], ids=["all", "one"])
@pytest.mark.parametrize("other", ["market-data", "boards-frankfurt", "team-chat"])
def test_the_table_fits_80_columns_and_tells_the_answer(run, other, options):
    old, new = str(TEAM_CHAT), str(ROOT / f"examples/{other}.yaml")

    status, out, err = run("diff", old, new, *options)

    found = difference_of(old, new, options[1:] or None)
    words = " ".join(out.split())
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if cell_len(line.rstrip()) > 80] == []
    assert f"{found.headline} {found.counts}".rstrip() in words
    for each in found.fields:
        assert " ".join(each.words.split()) in words
    for each in found.bills:
        assert f" {each.deployment} " in out


def test_one_deployment_is_told_line_by_line(run, grown):
    _, out, _ = run("diff", str(TEAM_CHAT), grown, "--deployment", "aws.api_gateway")

    words = " ".join(out.split())
    changed = [
        line for line in difference_of(TEAM_CHAT, grown, "aws.api_gateway").bills[0].lines
        if line.is_changed
    ]  # fmt: skip
    assert len(changed) > 1
    for line in changed:
        assert line.meter.title.split()[0] in words


def test_json_equals_the_python_difference(run, grown):
    _, out, _ = run("diff", str(TEAM_CHAT), grown, "--json")

    found = difference_of(TEAM_CHAT, grown)
    assert json.loads(out) == json.loads(json.dumps(found.as_data()))


def test_markdown_is_the_comment(run, grown):
    _, out, _ = run("diff", str(TEAM_CHAT), grown, "--markdown")

    assert out == difference_of(TEAM_CHAT, grown).to_markdown()


def test_the_old_file_may_come_from_another_program(run, grown, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(TEAM_CHAT.read_text(encoding="utf-8")))

    status, out, _ = run("diff", "-", grown, "--json")

    assert status == 0
    assert json.loads(out)["fields"] == [
        {"path": "users_per_day", "before": 50_000, "after": 80_000}
    ]


UNUSABLE = {
    "twice standard input": (["-", "-"], "can be read only once"),
    "no old file": (["none.yaml", MARKET], "none.yaml: No such file"),
    "no new file": ([MARKET, "none.yaml"], "none.yaml: No such file"),
    "two forms": ([MARKET, MARKET, "--json", "--markdown"], "--markdown and --json"),
    "misspelled": ([MARKET, MARKET, "--deployment", "aws.nlb"], "did you mean 'aws.nlb_ec2'"),
    "a deployment for a file": (["aws.nlb_ec2", MARKET], "aws.nlb_ec2 is a deployment"),
}


@pytest.mark.parametrize(("arguments", "part"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_used_gives_one_message_and_status_2(run, arguments, part):
    status, out, err = run("diff", *arguments)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert part in err


@pytest.mark.parametrize("which", [0, 1])
def test_a_fault_in_a_file_names_that_file_and_line(run, tmp_path, which):
    bad = tmp_path / "bad.yaml"
    bad.write_text(TEAM_CHAT.read_text(encoding="utf-8").replace("virginia", "virgina"), "utf-8")
    files = [MARKET, MARKET]
    files[which] = str(bad)

    status, _, err = run("diff", *files)

    assert status == 2
    assert f"{bad}, line 4, location" in err


def test_nothing_that_can_be_priced_is_told_with_status_2(run, tmp_path):
    file = tmp_path / "old.yaml"
    file.write_text(TEAM_CHAT.read_text(encoding="utf-8") + "as_of: 2019-01-01\n", "utf-8")

    status, out, err = run("diff", str(file), str(file), "--deployment", "gcp.cloud_run")

    assert status == 2
    assert "Could not be priced (1)" in out
    assert "gcp.cloud_run: " in out
    assert "(before and now)" in " ".join(out.split())
    assert err == "error: none of the deployments could be priced\n"
