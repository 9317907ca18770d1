"""What rows say of themselves: where an inferred price is from, who saw that a thing is not sold.

And prices that hang together: a machine of twice the size costs twice as much in every region.
"""

import csv
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import pytest

FOLDERS = ["aws", "azure", "gcp", "oci", "saas"]
ORIGIN = re.compile(
    r"inferred|taken from|price of|half of|solved|equal|the same|same price|times|derived|whose"
)
"""How a note says which price another one follows from."""
DAY = re.compile(r"\b20\d\d\b")
READINGS = Path(__file__).parent / "other_readings"
NEXT_SIZE = {"medium": "large", "large": "xlarge", "xlarge": "2xlarge", "2xlarge": "4xlarge"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_inferred_price_names_what_it_follows_from(folder, tables):
    silent = [
        (row["meter"], row["region"])
        for row in tables.rows(folder)
        if row["confidence"] == "inferred" and not ORIGIN.search(row["note"])
    ]

    assert silent == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_not_offered_has_a_dated_reading(folder, tables):
    for gap in tables.rows(folder, "gaps"):
        if gap["reason"] == "not_offered":
            assert DAY.search(f"{gap['note']} {gap['source']}"), gap


def test_a_confirmed_part_of_oci_names_a_dated_reading(tables):
    bare = [
        (row["meter"], row["region"])
        for row in tables.rows("oci")
        if row["confidence"] == "confirmed"
        and row["note"].startswith("part ")
        and not DAY.search(row["note"])
    ]

    assert bare == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_day_that_a_source_is_of_stands_in_the_note(folder, tables):
    untold = [
        (row["meter"], row["region"], row["source_of"])
        for row in tables.rows(folder)
        if row["source_of"] and row["source_of"] not in row["note"]
    ]

    assert untold == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_source_says_where_in_it_the_price_stands(folder, tables):
    for row in tables.rows(folder):
        at = urlsplit(row["source"])
        # a page, or a file; of an interface with all prices, the question to ask
        assert at.path.strip("/"), row
        if at.netloc == "prices.azure.com":
            assert at.query.startswith("$filter="), row
        if row["meter"].startswith("aws.ec2.") and at.netloc == "b0.p.awsstatic.com":
            assert "/Linux/index.json" in at.path, row
        if at.netloc == "cloudbilling.googleapis.com":
            assert re.fullmatch(r"/v1/services/[0-9A-F]{4}(-[0-9A-F]{4}){2}/skus", at.path), row


DAYS = re.compile(r"\b20\d\d-\d\d-\d\d\b")
TOGETHER = re.compile(r"\bagrees?\b|\bhas the same\b|\bsame (?:in|tiers)\b|\bthe same in\b|\btoo\b")
"""How a note says that a second reading has the same."""
VENDORS_OWN = re.compile(
    r"documentation|announcement|own description|price file|price page|price list|the page\b"
)
"""How a note says that the vendor itself was read."""
ITEM = re.compile(
    r"\bpart B\d+|\bmeter [0-9a-f]{8}-[0-9a-f-]{27}|\bSKU [0-9A-F]{4}(?:-[0-9A-F]{4}){2}"
)
"""What the vendor bills by, in all regions at one price."""


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_confirmed_price_was_read_twice_or_at_the_vendor(folder, tables):
    apart, of_item = set(), set()
    for reading in readings(folder):
        apart.add((reading["meter"], reading["region"], float(reading["tier_from"])))
    for row in tables.rows(folder):
        item = ITEM.search(row["note"])
        if item and tier_at(row) in apart:
            of_item.add((item[0], float(row["tier_from"])))
    bare = []
    for row in tables.rows(folder):
        meter, region, tier_from = tier_at(row)
        item = ITEM.search(row["note"])
        if row["confidence"] == "confirmed" and not (
            {(meter, region, tier_from), (meter, "*", tier_from)} & apart
            or (item and (item[0], tier_from) in of_item)
            or len(set(DAYS.findall(row["note"]))) > 1
            or TOGETHER.search(row["note"])
            or VENDORS_OWN.search(row["note"])
        ):
            bare.append((meter, region, row["note"]))

    assert bare == []


def tier_at(row: dict[str, str]) -> tuple[str, str, float]:
    return row["meter"], row["region"], float(row["tier_from"])


@cache
def readings(folder: str) -> list[dict[str, str]]:
    """Copies that were read apart; another test compares their prices."""
    with (READINGS / f"{folder}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def by_region(tables, folder: str) -> dict[str, dict[str, float]]:
    """The newest price of the first tier of each meter, by region."""
    newest: dict[tuple[str, str], tuple[str, float]] = {}
    for row in tables.rows(folder):
        if float(row["tier_from"]) == 0 and not row["assumption"]:
            key = row["meter"], row["region"]
            price = row["effective_from"], float(row["usd_per_unit"])
            newest[key] = max(newest.get(key, price), price)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (meter, region), (_, usd) in newest.items():
        found[meter][region] = usd
    return found


@pytest.mark.parametrize("kind", ["ec2", "elasticache"])
def test_twice_the_size_costs_twice_as_much_in_every_region(kind, tables):
    prices = by_region(tables, "aws")
    compared = 0
    for meter, regions in prices.items():
        family, _, size = meter.rpartition("_")
        larger = prices.get(f"{family}_{NEXT_SIZE.get(size)}", {})
        # shared cores have prices of their own
        if meter.startswith(f"aws.{kind}.") and "t4g" not in meter:
            for region, usd in regions.items():
                if region in larger:
                    compared += 1
                    assert larger[region] / usd == pytest.approx(2, rel=0.02), (meter, region)
    assert compared > 30


@pytest.mark.parametrize(
    ("folder", "one", "other", "outliers"),
    [
        ("aws", "aws.alb.hours", "aws.nlb.hours", set()),
        ("aws", "aws.alb.lcu_hours", "aws.nlb.nlcu_hours", set()),
        ("aws", "aws.fargate.vcpu_hours", "aws.fargate.gb_hours", set()),
        ("azure", "azure.vm.d2s_v5", "azure.vm.d4s_v5", set()),
        (
            "gcp",
            "gcp.load_balancing.regional_extra_rule_hours",
            "gcp.load_balancing.regional_first_five_rules_hours",
            # of a rounded list of 2018 and 2019; inferred, and its note says so
            {"asia-northeast1"},
        ),
    ],
)
def test_sister_meters_have_one_ratio_over_all_regions(folder, one, other, outliers, tables):
    prices = by_region(tables, folder)
    ratios = {
        region: usd / prices[other][region]
        for region, usd in prices[one].items()
        if region in prices[other]
    }
    usual = median(ratios.values())

    assert len(ratios) >= 10
    assert {r for r, ratio in ratios.items() if abs(ratio / usual - 1) > 0.1} == outliers
