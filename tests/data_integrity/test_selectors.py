"""Each selector finds exactly the price that stands in the list, in answers that vendors gave."""

import datetime as dt
import gzip
import re
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from estimator.pricing.price_files import EVERYWHERE
from estimator.vendor_lists.readers.recognize import parsed, read_answer
from estimator.vendor_lists.selection import Found, Selection, offers_of, select
from estimator.vendor_lists.selectors import by_offer, load_selectors

CLOUDS = ["aws", "azure", "gcp", "oci"]
ANSWERS = Path(__file__).resolve().parents[2] / "examples" / "vendor-answers"
PAYLOADS = Path(__file__).resolve().parents[3] / "shared" / "payloads"
"""Real answers of vendors as third parties published them; beside the repository where they are."""
UNREADABLE = {
    # an index, which has no prices
    "offer-index-2025-06.json.gz",
    "region-index-comprehend.json.gz",
    # documentation of the form, and prices in rupiah
    "billing-catalog-sku-tiered.json.gz",
    "billing-catalog-skus-2023-03.json.gz",
}

needs_payloads = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="no answers beside the clone")


@cache
def selections(folder: Path) -> dict[tuple[str, str], Selection]:
    """What the selectors of each offer find in all answers of a folder."""
    lists = []
    for path in sorted((*folder.rglob("*.json"), *folder.rglob("*.json.gz"))):
        if path.name in UNREADABLE:
            continue
        text = path.read_bytes()
        text = gzip.decompress(text) if path.suffix == ".gz" else text
        lists += read_answer(parsed(text, path.name), path.name)
    selectors = by_offer(load_selectors())
    return {
        offer: select(found, selectors[offer])
        for offer, found in offers_of(lists).items()
        if offer in selectors
    }


def prices_of(rows) -> set[tuple[tuple[Decimal, Decimal], ...]]:
    """Every price that there ever was of a meter in a region, as tiers."""
    by_day = defaultdict(list)
    for row in rows:
        tier = Decimal(row["tier_from"]), Decimal(row["usd_per_unit"])
        by_day[row["effective_from"], row["answer"]].append(tier)
    return {tuple(sorted(tiers)) for tiers in by_day.values()}


def of_found(tables, found: Found) -> list[dict[str, str]]:
    rows = tables.rows(found.meter.partition(".")[0])
    regions = {found.region, EVERYWHERE}
    return [row for row in rows if row["meter"] == found.meter and row["region"] in regions]


@pytest.mark.parametrize("folder", [*CLOUDS, "saas"])
def test_every_meter_has_a_selector_or_a_page_to_read(folder, tables):
    told = {row["meter"] for row in tables.rows(folder, "selectors")}

    assert {row["meter"] for row in tables.rows(folder, "meters")} - told == set()


def test_prices_of_services_without_a_list_are_read_by_hand(tables):
    for row in tables.rows("saas", "selectors"):
        assert (row["offer"], row["page"][:8]) == ("", "https://"), row["meter"]


@pytest.mark.parametrize("folder", [*CLOUDS, "saas"])
def test_every_selector_names_its_evidence(folder, tables):
    for row in tables.rows(folder, "selectors"):
        assert len(row["evidence"]) >= 20, row["meter"]
        assert not row["page"] or row["page"].startswith("https://"), row["meter"]
        # what has found its entry says in which answer, by its day
        if row["seen_on"]:
            assert row["seen_on"] <= dt.datetime.now(dt.UTC).date().isoformat(), row["meter"]
            assert re.search(r"\b20\d\d\b", row["evidence"]), row["meter"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_two_selectors_of_a_meter_are_about_the_same_tier_and_region(cloud, tables):
    seen = [
        (row["meter"], row["tier_from"], region)
        for row in tables.rows(cloud, "selectors")
        for region in row["regions"].split() or [""]
    ]

    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "folder", [ANSWERS, pytest.param(PAYLOADS, marks=needs_payloads)], ids=["samples", "payloads"]
)
def test_each_selector_finds_exactly_its_price(folder, tables):
    found = [each for selection in selections(folder).values() for each in selection.found]
    unclear = [each for selection in selections(folder).values() for each in selection.unclear]

    assert len(found) >= 15
    assert unclear == []
    for each in found:
        assert each.tiers in prices_of(of_found(tables, each)), each
        assert each.remarks == (), each


@pytest.mark.parametrize(
    "folder", [ANSWERS, pytest.param(PAYLOADS, marks=needs_payloads)], ids=["samples", "payloads"]
)
def test_what_is_free_first_is_an_allowance_of_ours(folder, tables):
    for selection in selections(folder).values():
        for each in selection.found:
            cloud = each.meter.partition(".")[0]
            allowed = {
                Decimal(row["quantity"])
                for row in tables.rows(cloud, "allowances")
                if each.meter in row["meters"].split() and row["quantity"]
            }
            # the free part of Oracle's traffic is that to the internet; see the notes of its prices
            if each.free_units and each.meter != "oci.inter_region.gb":
                assert each.free_units in allowed, each


@needs_payloads
def test_all_rows_of_aws_that_name_their_sku_are_found_by_it(tables):
    found = {
        (each.meter, each.region): each
        for (vendor, _), selection in selections(PAYLOADS).items()
        for each in selection.found
        if vendor == "aws"
    }
    named = 0
    for row in tables.rows("aws"):
        # of the list of REST API requests, whose meter came later, the note names a SKU too
        sku = re.match(r"SKU ([A-Z0-9]{16})\b", row["note"])
        if sku:
            named += 1
            assert sku[1] in found[row["meter"], row["region"]].ids, row
    assert named >= 128


@needs_payloads
def test_all_rows_of_oci_that_name_their_part_are_found_by_it(tables):
    [selection] = [found for (vendor, _), found in selections(PAYLOADS).items() if vendor == "oci"]
    found = {(each.meter, each.region): each for each in selection.found}
    named = 0
    for row in tables.rows("oci"):
        part = re.match(r"part (B\d+)\b", row["note"])
        if part:
            named += 1
            assert found[row["meter"], row["region"]].ids == (part[1],), row
            assert found[row["meter"], row["region"]].tiers == (
                (Decimal(row["tier_from"]), Decimal(row["usd_per_unit"])),
            ), row
    assert named >= 98
