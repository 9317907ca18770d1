"""Prices agree with copies that were read apart from them: vendors' other files, tables, re-reads.

``other_readings/`` holds each price as it was printed there, with the units it was printed for.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

FOLDERS = ["aws", "azure", "gcp", "oci", "saas"]
READINGS = Path(__file__).parent / "other_readings"


@pytest.mark.parametrize("folder", FOLDERS)
def test_copies_read_apart_agree(folder, tables):
    ours: dict[tuple[str, str, Decimal], set[Decimal]] = {}
    for row in tables.rows(folder):
        key = row["meter"], row["region"], Decimal(row["tier_from"])
        ours.setdefault(key, set()).add(Decimal(row["usd_per_unit"]))

    with (READINGS / f"{folder}.csv").open(encoding="utf-8") as file:
        readings = list(csv.DictReader(file))
    assert readings
    differing = []
    for reading in readings:
        meter, tier_from = reading["meter"], Decimal(reading["tier_from"])
        here, anywhere = (meter, reading["region"], tier_from), (meter, "*", tier_from)
        known = ours.get(here) or ours.get(anywhere) or set()
        printed = Decimal(reading["usd"])
        # half of the last digit that was printed
        precision = Decimal(1).scaleb(int(printed.as_tuple().exponent)) / 2
        scale = Decimal(reading["per_units"])
        if not any(abs(usd * scale - printed) <= precision for usd in known):
            differing.append((*here, str(printed), sorted(map(str, known))))
    assert differing == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_copies_say_where_and_when_they_were_read(folder):
    with (READINGS / f"{folder}.csv").open(encoding="utf-8") as file:
        for reading in csv.DictReader(file):
            assert len(reading["source"]) >= 8, reading
            assert reading["read_on"] >= "2018", reading
