"""One answer in every form: the same figures, and inert texts."""

import csv
import datetime as dt
import io
import json
import re
from decimal import Decimal

import openpyxl
import pytest

import estimator as ws
import hostile
from estimator.exports.formats import FORMATS

MADE_ON = dt.date(2026, 12, 5)
DEPLOYMENT = "aws.api_gateway"
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)


@pytest.fixture(scope="module")
def compared():
    return ws.compare(SCENARIO, DEPLOYMENT)


def text(compared, name):
    return ws.export(compared, name, made_on=MADE_ON).text


def test_every_form_has_the_same_total(compared):
    [bill] = compared.bills
    focus = csv.DictReader(io.StringIO(text(compared, "focus")))
    book = ws.export(compared, "xlsx", made_on=MADE_ON).content
    sheet = openpyxl.load_workbook(io.BytesIO(book), data_only=True)["Totals"]
    [total] = (row[2].value for row in sheet.iter_rows() if row[0].value == bill.name)
    told = {
        "focus": float(sum(Decimal(row["BilledCost"]) for row in focus)),
        "xlsx": total,
        "csv": float(next(csv.DictReader(io.StringIO(text(compared, "csv"))))["total_usd"]),
        "json": json.loads(text(compared, "json"))["deployments"][0]["total_usd"],
    }

    assert told == pytest.approx(dict.fromkeys(told, bill.total), rel=1e-12)
    assert bill.total_text in text(compared, "infracost")
    assert f"${bill.total:,.0f}" in text(compared, "markdown")


def test_an_unknown_format_is_refused_with_those_there_are(compared):
    with pytest.raises(ws.UnknownNameError, match=r"'exel'.*xlsx"):
        ws.export(compared, "exel")


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if not each.holds_months])
def test_growth_is_refused_where_it_does_not_fit(name):
    grows = ws.growth(SCENARIO, 2, monthly_growth_percent=5, deployments=DEPLOYMENT)

    with pytest.raises(ws.ScenarioError, match="those that can are focus, csv, json, markdown"):
        ws.export(grows, name)


def test_a_usage_file_is_of_one_deployment():
    with pytest.raises(ws.ScenarioError, match="of one deployment, not of 2; name it"):
        ws.export(ws.compare(SCENARIO, [DEPLOYMENT, "aws.nlb_ec2"]), "infracost")


def test_a_file_is_of_one_scenario():
    many = SCENARIO.replace(peak_connections=[10, 20])

    with pytest.raises(ws.ScenarioError, match="of one scenario, not of an array"):
        ws.export(ws.compare(many, DEPLOYMENT), "focus")


def test_a_workbook_is_no_text_and_is_written_to_a_file(compared, tmp_path):
    book = ws.export(compared, "xlsx", made_on=MADE_ON)
    book.write(tmp_path / "bills.xlsx")

    assert (tmp_path / "bills.xlsx").read_bytes() == book.content
    with pytest.raises(ws.EstimatorError, match="is not a text"):
        _ = book.text
    with pytest.raises(ws.EstimatorError, match="No such file"):
        book.write(tmp_path / "none" / "bills.xlsx")


@pytest.mark.parametrize("kind", ["formula", "orders", "rule"])
def test_no_text_of_a_user_is_a_formula_or_leaves_its_comment(kind):
    scenario = hostile.scenario(hostile.TEXTS[kind])
    found = ws.compare(scenario, DEPLOYMENT)
    for name in ("focus", "csv"):
        cells = [cell for row in csv.reader(io.StringIO(text(found, name))) for cell in row]
        assert not [each for each in cells if re.match(r"\s*([=+@\t\r]|-(?!\d))", each)]
    book = ws.export(found, "xlsx", made_on=MADE_ON, about=[hostile.TEXTS[kind]]).content
    sheets = openpyxl.load_workbook(io.BytesIO(book))
    evil = [
        cell
        for sheet in sheets
        for row in sheet.iter_rows()
        for cell in row
        if "evil" in str(cell.value) and (cell.data_type == "f" or cell.hyperlink)
    ]
    assert [cell.value for cell in evil if cell.value != hostile.SOURCE] == []
    for name, sign in (("infracost", "#"), ("k6", "//")):
        written = ws.export(found, name, made_on=MADE_ON, about=["a\nb\u2028c\x1b[31m"]).text
        head = written.partition("// A load test for k6")[0].partition("version: 0.1")[0]
        assert all(line.startswith(sign) for line in head.splitlines() if line)
        assert "\x1b" not in written


def test_a_very_long_name_is_written_whole_or_cut_but_never_fails():
    scenario = SCENARIO.replace(name="x" * 200)
    found = ws.compare(scenario, DEPLOYMENT)

    for name in FORMATS:
        assert ws.export(found, name, made_on=MADE_ON).content
