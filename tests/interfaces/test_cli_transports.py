"""`estimator transports`: the answer of the Python API, in each form with the same figures."""

import csv
import io
import json
from pathlib import Path

import pytest

import estimator as ws

STATUS_PAGE = Path(__file__).parents[2] / "examples" / "status-page.yaml"
SERVICES = ("aws.http_api_lambda", "aws.nlb_ec2")
ASKED = (str(STATUS_PAGE), *(f"--deployment={name}" for name in SERVICES), "--within", "5 min")


@pytest.fixture(scope="module")
def found() -> ws.Transports:
    return ws.transports(ws.Scenario.load(STATUS_PAGE), SERVICES, within_seconds=300)


def test_the_advice_comes_first_and_the_table_is_in_the_order_of_kinds(run, found):
    status, out, err = run("transports", *ASKED)
    told = " ".join(out.replace("\n- ", " ").split())

    assert (status, err) == (0, "")
    assert told.startswith(f"{found.title} {' '.join(found.sentences)}")
    table = out.split("95% within  requests")[1].split("The cheapest of each cloud")[0]
    first = [line.split()[0] for line in table.splitlines() if "$" in line]
    assert first == ["WebSocket", "MQTT", "Server-sent", "Long", "Polling"]
    assert f"${found.websocket.usd:,.2f}" in table
    assert "0.000" not in table  # what nobody notices is none


def test_json_markdown_and_csv_are_those_of_the_result(run, found):
    data = json.loads(run("transports", *ASKED, "--json")[1])
    rows = [*csv.DictReader(io.StringIO(run("transports", *ASKED, "--csv")[1]))]

    assert data == json.loads(found.to_json())
    assert run("transports", *ASKED, "--markdown")[1].strip() == found.to_markdown().strip()
    assert [float(row["total_usd"]) for row in rows] == [o["total_usd"] for o in data["options"]]
    assert [row["deployment"] for row in rows] == [o["deployment"] for o in data["options"]]


def test_rates_are_told_when_asked_for(run, found):
    told = found.with_break_even()

    assert json.loads(run("transports", *ASKED, "--break-even", "--json")[1]) == json.loads(
        told.to_json()
    )
    shown = run("transports", *ASKED, "--break-even", "--markdown")[1]
    assert told.break_even.sentences[0].split(" messages")[0] in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--within", "0 s"), "more than 0 seconds"),
        (("--within", "soon"), "soon"),
        (("--break-even",), "needs --within"),
        (("--deployment", "aws.http_api"), "did you mean 'aws.http_api_lambda'"),
        (("--json", "--csv"), "only one of them"),
    ],
)
def test_what_cannot_be_is_one_message(run, arguments, told):
    few = () if "--deployment" in arguments else ("--deployment", "aws.nlb_ec2")
    status, out, err = run("transports", str(STATUS_PAGE), *few, *arguments)

    assert (status, out) == (2, "")
    assert told in " ".join(err.split())
