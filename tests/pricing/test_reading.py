"""Price files are read as written; what breaks their rules is named by file, line and column."""

import datetime as dt
import re

import pytest

import estimator as ws
from estimator.pricing.price_files import Allowance, RateRow, load_price_files

RATES = (
    "meter,region,tier_from,usd_per_unit,effective_from,checked_on,source,confidence,"
    "assumption,answer,note\n"
)
MESSAGES = "aws.api_gateway.messages,us-east-1"
GOOD = f"{MESSAGES},0,0.5,2025-01-01,2026-01-01,https://example.org,confirmed,,,\n"


def test_empty_cells_are_absent_and_others_keep_what_is_written(data_folder):
    data_folder.write(
        "aws/rates.csv",
        RATES + f'{MESSAGES},0,0.5,2025-01-01,2026-01-01,https://example.org,inferred,,,"a, b"\n',
    )

    [row] = [row for row in load_price_files().rates if row.meter.startswith("aws.")]

    assert (row.assumption, row.answer, row.note) == (None, None, "a, b")
    assert (row.tier_from, row.usd_per_unit) == (0.0, 0.5)
    assert (row.effective_from, row.checked_on) == (dt.date(2025, 1, 1), dt.date(2026, 1, 1))


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ("0,cheap,2025-01-01,2026-01-01,https://example.org,confirmed,,,", "usd_per_unit"),
        ("0,-1,2025-01-01,2026-01-01,https://example.org,confirmed,,,", "usd_per_unit"),
        ("0,nan,2025-01-01,2026-01-01,https://example.org,confirmed,,,", "usd_per_unit"),
        ("0,inf,2025-01-01,2026-01-01,https://example.org,confirmed,,,", "usd_per_unit"),
        ("0,,2025-01-01,2026-01-01,https://example.org,confirmed,,,", "usd_per_unit"),
        ("-5,1,2025-01-01,2026-01-01,https://example.org,confirmed,,,", "tier_from"),
        ("0,1,2025-13-01,2026-01-01,https://example.org,confirmed,,,", "effective_from"),
        ("0,1,2025-01-01,,https://example.org,confirmed,,,", "checked_on"),
        ("0,1,2025-01-01,2026-01-01,,confirmed,,,", "source"),
        ("0,1,2025-01-01,2026-01-01,https://example.org,sure,,,", "confidence"),
        ("0,1,2025-01-01,2026-01-01,https://example.org,confirmed,q,,", "answer go together"),
        ("0,1,2025-01-01,2026-01-01,https://example.org,confirmed,,a,", "answer go together"),
        ("0,1", "4 cells, but the header has 11"),
    ],
)
def test_a_wrong_cell_is_named_by_file_line_and_column(data_folder, cells, error):
    data_folder.write("aws/rates.csv", f"{RATES}{GOOD}{MESSAGES},{cells}\n")

    location = re.escape("pricing_data/aws/rates.csv, line 3")
    with pytest.raises(ws.PricingDataError, match=f"^{location}.*{error}"):
        load_price_files()


@pytest.mark.parametrize("table", ["rates", "gaps"])
def test_a_meter_that_is_not_defined_is_named(data_folder, table):
    data_folder.add(table, {"meter": "aws.shop.nothing"})

    with pytest.raises(ws.PricingDataError, match=rf"{table}\.csv names.*aws\.shop\.nothing"):
        load_price_files()


def test_an_allowance_of_a_meter_that_is_not_defined_is_named(data_folder):
    data_folder.add(
        "allowances", {"meters": "aws.api_gateway.messages aws.shop.nothing", "usd": "5"}
    )

    with pytest.raises(ws.PricingDataError, match=r"allowances\.csv names.*aws\.shop\.nothing"):
        load_price_files()


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"assumption": "aws.shop.unasked", "answer": "yes"}, "aws.shop.unasked"),
        ({"assumption": "aws.shop.question", "answer": "maybe"}, "maybe"),
    ],
    ids=["question", "answer"],
)
def test_a_row_under_a_question_or_answer_there_is_not_is_refused(data_folder, row, wrong):
    data_folder.ask("aws.shop.question", "yes", "no")
    data_folder.add("rates", {"meter": "aws.api_gateway.messages", "region": "far", **row})

    with pytest.raises(ws.PricingDataError, match=re.escape(wrong)):
        ws.price({"aws.api_gateway.connection_minutes": 1}, "us-east-1")


def test_a_question_needs_two_answers_at_least(data_folder):
    data_folder.write(
        "aws/assumptions.yaml",
        "aws.shop.question:\n  question: Which?\n  choices: {yes: it is}\n  evidence: none\n",
    )

    with pytest.raises(ws.PricingDataError, match=r"aws/assumptions\.yaml, line 3.*choices"):
        load_price_files()


ALLOWANCE = {
    "allowance": "aws.shop.gift",
    "shares": "things of the account",
    "meters": "aws.shop.things aws.shop.works",
    "kind": "always",
    "pool_over": "account",
    "source": "https://example.org",
    "checked_on": "2026-10-01",
}


def test_several_meters_and_regions_stand_in_one_cell():
    found = Allowance.model_validate({**ALLOWANCE, "usd": "5", "regions": "here  there"})

    assert found.meters == ("aws.shop.things", "aws.shop.works")
    assert found.regions == ("here", "there")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "either a quantity or an amount in usd"),
        ({"quantity": 1, "usd": 1, "tiers": "beyond"}, "either a quantity or an amount in usd"),
        ({"quantity": 1}, "tiers belongs to an allowance that is a quantity"),
        ({"usd": 1, "tiers": "beyond"}, "tiers belongs to an allowance that is a quantity"),
    ],
)
def test_an_allowance_is_units_with_their_side_of_the_tiers_or_money(given, error):
    with pytest.raises(ValueError, match=error):
        Allowance.model_validate(ALLOWANCE | given)


@pytest.mark.parametrize("half", [{"assumption": "q"}, {"answer": "a"}])
def test_a_question_and_its_answer_go_together(half):
    row = {
        "meter": "aws.shop.things",
        "region": "*",
        "tier_from": 0,
        "usd_per_unit": 1,
        "effective_from": "2025-01-01",
        "checked_on": "2026-01-01",
        "source": "https://example.org",
        "confidence": "confirmed",
    }
    with pytest.raises(ValueError, match="assumption and answer go together"):
        RateRow.model_validate(row | half)
