"""The whole price table, so that every change of a price shows in review.

After a change of prices that is meant: ``make snapshot``, and read what ``git diff`` shows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

FOLDERS = ["aws", "azure", "gcp", "oci", "saas"]
Row = dict[str, str]


class PriceTable(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """Meter by meter: each ladder of prices once, with the regions that share it."""
    ladders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: float(row["tier_from"])):
        key = tuple(row[name] for name in ("meter", "region", "effective_from", "answer"))
        tier = f"{row['tier_from']}: {row['usd_per_unit']} ({row['confidence']})"
        ladders[key].append(tier)
    shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (meter, region, since, answer), tiers in ladders.items():
        shared[meter, since, answer, ", ".join(tiers)].append(region)
    last = ""
    for (meter, since, answer, tiers), regions in sorted(shared.items()):
        if meter != last:
            yield meter
        last = meter
        under = f" if {answer}" if answer else ""
        yield f"  since {since}{under}: {tiers} in {' '.join(sorted(regions))}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_price_table_is_the_one_that_was_reviewed(folder, tables, snapshot):
    table = "\n".join(lines(tables.rows(folder))) + "\n"

    assert table == snapshot(extension_class=PriceTable)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_price_can_be_taken_away_unseen(folder, tables):
    by_meter = defaultdict(list)
    for row in tables.rows(folder):
        by_meter[row["meter"]].append(row)

    for rows in by_meter.values():
        whole = list(lines(rows))
        for row in rows:
            assert list(lines(other for other in rows if other is not row)) != whole
