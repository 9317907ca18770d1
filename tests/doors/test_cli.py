"""The command line as its users meet it: tables, JSON, one message and status 2."""

import json
import re
from pathlib import Path

import pytest

import estimator as ws
from estimator import cli

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `estimator` with arguments; returns exit status, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["estimator", *arguments])
        monkeypatch.setenv("COLUMNS", "80")
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


def test_compare_shows_every_deployment_and_its_total(run):
    status, out, err = run("compare", TEAM_CHAT)

    assert (status, err) == (0, "")
    for bill in ws.compare(ws.Scenario.load(TEAM_CHAT)).bills:
        [line] = [line for line in out.splitlines() if str(bill.deployment) in line]
        shown = float(re.findall(r"\$([\d,.]+)", line)[0].replace(",", ""))
        assert shown == pytest.approx(bill.total, abs=0.5)


@pytest.mark.parametrize("arguments", [["compare"], ["bill", "gcp.cloud_run"]])
def test_tables_fit_80_columns(run, arguments):
    command, *deployment = arguments

    _, out, _ = run(command, TEAM_CHAT, *deployment)

    assert max(map(len, out.splitlines())) <= 80


def test_json_of_compare_equals_the_python_comparison(run):
    _, out, _ = run("compare", TEAM_CHAT, "--json", "--place", "frankfurt")

    scenario = ws.Scenario.load(TEAM_CHAT).replace(place="frankfurt")
    assert json.loads(out) == json.loads(json.dumps(ws.compare(scenario).as_data()))


def test_json_of_a_bill_adds_up_and_names_its_sources(run):
    _, out, _ = run("bill", TEAM_CHAT, "aws.api_gateway", "--json")

    bill = json.loads(out)
    assert sum(line["cost_usd"] for line in bill["lines"]) == pytest.approx(bill["total_usd"])
    assert all(line["source"].startswith("https://") for line in bill["lines"])


def test_explain_prints_what_the_bill_explains(run):
    _, out, _ = run("bill", TEAM_CHAT, "aws.api_gateway", "--explain")

    assert out == ws.estimate(ws.Scenario.load(TEAM_CHAT), "aws.api_gateway").explain() + "\n"


def test_list_names_what_there_is(run):
    assert [line.split()[0] for line in run("list", "places")[1].splitlines()] == list(ws.places())
    assert set(ws.DEPLOYMENTS) == {
        line.split()[0] for line in run("list", "deployments")[1].splitlines()
    }
    assert set(ws.profile_names()) == {
        line.split()[0] for line in run("list", "profiles")[1].splitlines()
    }


BAD_FILES = {
    "unknown field": (
        "profile: market-data\nplace: virginia\npeak_conections: 5\n",
        ["line 3", "peak_conections", "did you mean 'peak_connections'"],
    ),
    "wrong unit": (
        "profile:\n  extends: workplace-chat\n  heartbeat: {interval_seconds: 5 MB}\n"
        "place: virginia\npeak_connections: 5\n",
        ["line 3", "profile.heartbeat.interval_seconds", "'5 MB' is not a time", "s, min, h, d"],
    ),
    "negative rate": (
        "profile:\n  extends: workplace-chat\n  flows:\n    posts: {rate_per_hour: -3}\n"
        "place: virginia\npeak_connections: 5\n",
        ["line 4", "profile.flows.posts.rate_per_hour", "must not be negative"],
    ),
    "unknown place": (
        "profile: market-data\nplace: frankfort\npeak_connections: 5\n",
        ["line 2", "place", "did you mean 'frankfurt'", "virginia"],
    ),
    "unknown deployment": (
        "profile: market-data\nplace: virginia\npeak_connections: 5\noptions: {aws.gateway: {}}\n",
        ["unknown deployment 'aws.gateway'", "aws.api_gateway"],
    ),
    "unknown option": (
        "profile: market-data\nplace: virginia\npeak_connections: 5\n"
        "options: {azure.web_pubsub: {teir: premium}}\n",
        ["azure.web_pubsub", "did you mean 'tier'"],
    ),
    "empty": ("", ["the file is empty"]),
    "not YAML": ("profile: [market-data\nplace: {", ["line 2", "not valid YAML"]),
    "a list": ("- profile\n", ["expected 'key: value' lines"]),
    "no audience": ("profile: market-data\nplace: virginia\n", ["no audience", "peak_connections"]),
}


@pytest.mark.parametrize(("text", "parts"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_gives_one_message_and_status_2(run, tmp_path, text, parts):
    file = tmp_path / "scenario.yaml"
    file.write_text(text, encoding="utf-8")

    status, out, err = run("compare", str(file))

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert [part for part in parts if part not in err] == []


def test_a_file_that_is_not_there_gives_one_message_and_status_2(run, tmp_path):
    status, out, err = run("bill", str(tmp_path / "none.yaml"), "aws.api_gateway")

    assert (status, out) == (2, "")
    assert "No such file" in err


def test_a_region_without_a_price_is_named_and_the_others_are_shown(run):
    status, out, _ = run("compare", TEAM_CHAT, "--place", "tokyo")

    assert status == 0
    assert "gcp.cloud_run cannot be priced" in out
    assert "gcp.egress.premium_to_asia" in out
    assert "aws.api_gateway" in out


def test_a_bill_without_a_price_gives_one_message_and_status_2(run):
    status, out, err = run("bill", TEAM_CHAT, "gcp.cloud_run", "--place", "tokyo")

    assert (status, out) == (2, "")
    assert "'gcp.egress.premium_to_asia' in region 'asia-northeast1'" in err
    assert "us-east4" in err


def test_a_file_of_many_scenarios_is_sent_to_python(run, tmp_path):
    file = tmp_path / "many.yaml"
    file.write_text("profile: market-data\nplace: virginia\npeak_connections: [1, 2]\n")

    status, _, err = run("compare", str(file))

    assert status == 2
    assert "2 scenarios" in err
