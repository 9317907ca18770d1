"""Which rows does a refresh add to the price list? Later ones, and later days of checks.

Nothing is overwritten but the day of a check, and nothing is deleted: a changed price is a new row
with a later ``effective_from``. Files are replaced as a whole, one after the other, under one lock.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from estimator.errors import EstimatorError, PricingDataError
from estimator.files import Confidence, data_text, load_refreshed_rows, write_whole
from estimator.format import number_of
from estimator.pricing.price_files import EVERYWHERE, RateRow, load_price_files
from estimator.vendor_lists.comparison import WRITABLE, Finding, Kind
from estimator.vendor_lists.report import RefreshReport

FILE: Final = "rates.csv"
LOCK: Final = ".refresh.lock"
_BY_NAME_ONLY: Final = frozenset({Kind.BEYOND_RATIO, Kind.CONTRADICTS_CONFIRMED})
"""What is taken only of a meter that somebody named in full."""
_WAIT_S: Final = 10.0
_Row = dict[str, str]
_Key = tuple[str, ...]
_At = tuple[str, str]
"""A meter and a region."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Which changed prices somebody has looked at and takes."""

    meters: tuple[str, ...] = ()
    """Ids; * stands for any letters, but of what can hardly be believed."""
    up_to_ratio: float | None = None
    """Every change by less than this, up or down; None for those by name only."""

    def holds(self, finding: Finding) -> bool:
        """Whether a finding may become a new row."""
        if finding.kind in _BY_NAME_ONLY:
            return finding.meter in self.meters
        if finding.kind not in WRITABLE:
            return False
        named = any(fnmatchcase(finding.meter, each) for each in self.meters)
        ratio = finding.ratio or 1.0
        return named or (self.up_to_ratio is not None and max(ratio, 1 / ratio) < self.up_to_ratio)


def write(
    report: RefreshReport, folder: Path, accepted: Accepted, confidence: Confidence
) -> tuple[str, ...]:
    """Add what was found to the price list in a folder.

    Args:
        report: what was found.
        folder: holds a folder for each cloud; files that are not there begin empty.
        accepted: which changes are taken.
        confidence: of new rows.

    Returns:
        What was written and what was not, in words.

    Raises:
        EstimatorError: somebody else is writing, the folder cannot be written to, or what is there
            is no price list.
    """
    if folder.exists() and not folder.is_dir():
        raise EstimatorError(f"{folder}: not a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=_WAIT_S):
            return tuple(_written(report, folder, accepted, confidence))
    except Timeout:
        raise EstimatorError(f"{folder}: another refresh is writing there") from None
    except OSError as error:
        raise EstimatorError(f"{folder}: {error.strerror or error}") from None


def _written(
    report: RefreshReport, folder: Path, accepted: Accepted, confidence: Confidence
) -> Iterator[str]:
    by_vendor: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if (finding.vendor, finding.offer) not in report.distrusted:
            by_vendor[finding.vendor].append(finding)
    for vendor, offer in report.distrusted:
        yield f"nothing of {vendor}, {offer}: too much is missing there"
    for vendor, findings in by_vendor.items():
        yield from _of_vendor(vendor, findings, folder / vendor / FILE, accepted, confidence)


def _of_vendor(
    vendor: str, findings: list[Finding], path: Path, accepted: Accepted, confidence: Confidence
) -> Iterator[str]:
    header, shipped = _rows(data_text(f"{vendor}/{FILE}"))
    own = _own_rows(path) if path.is_file() else []
    known = {_key(row): row for row in (*shipped, *own)}
    checked = _checked(findings, known.values())
    taken = [each for each in findings if _may_become_rows(each, known.values(), accepted)]
    new = [row for each in taken for row in _new_rows(each, header, confidence)]
    if checked or new:
        path.parent.mkdir(parents=True, exist_ok=True)
        merged = _merged(own, [*checked, *new])
        write_whole(path, _text(header, merged).encode())
        yield (
            f"{vendor}/{FILE}: {number_of(len(new), 'new row')}, "
            f"{number_of(len(checked), 'row')} checked again"
        )
    for each in findings:
        if each.is_quiet or each in taken:
            continue
        if since := _there_since(each, known.values()):
            yield f"already there: {each.meter} {each.region}, since {since}"
            continue
        yield f"not written: {each.meter} {each.region}, {each.kind}{_why_not(each)}"


def _own_rows(path: Path) -> list[_Row]:
    """The rows of a file that a refresh wrote before.

    Raises:
        EstimatorError: somebody else wrote it, or damaged it.
    """
    try:
        load_refreshed_rows(path, RateRow)
    except PricingDataError as error:
        words = "correct it, or remove what refreshes wrote (--reset)"
        raise EstimatorError(f"{error}; {words}") from None
    return _rows(path.read_text(encoding="utf-8"))[1]


def _there_since(finding: Finding, rows: Collection[_Row]) -> str:
    """The day from which on the newest rows have a price that was found; empty if they do not."""
    if finding.kind not in WRITABLE | _BY_NAME_ONLY:
        return ""
    here = [
        row
        for row in _newest(rows)
        if (row["meter"], row["region"], row["answer"]) == (finding.meter, finding.region, "")
    ]
    tiers = sorted((Decimal(row["tier_from"]), Decimal(row["usd_per_unit"])) for row in here)
    return here[0]["effective_from"] if here and tiers == sorted(finding.listed) else ""


def _why_not(finding: Finding) -> str:
    if finding.kind not in WRITABLE | _BY_NAME_ONLY:
        return ""
    if not finding.may_write:
        return " (its selector has not found its entry in a real answer yet)"
    if finding.read_on is None:
        return " (the day of its answer is not known: --read-on)"
    return f" (--accept {finding.meter} takes it)"


def _checked(findings: Iterable[Finding], rows: Collection[_Row]) -> list[_Row]:
    """Rows whose price was seen again, with the day of that, and the day that the list is of."""
    seen = {
        (each.meter, each.region): each
        for each in findings
        if each.kind is Kind.UNCHANGED and each.may_write and each.read_on
    }
    newest = _newest(rows)
    priced = {(row["meter"], row["region"]) for row in rows}
    checked: list[_Row] = []
    for row in newest:
        found = _covering(row["meter"], row["region"], seen, priced)
        day = min((each.read_on.isoformat() for each in found if each.read_on), default="")
        if row["effective_from"] <= day and row["checked_on"] < day and not row["assumption"]:
            of_day = min((each.of_day.isoformat() for each in found if each.of_day), default="")
            checked.append({**row, "checked_on": day, "source_of": of_day})
    return checked


def _covering(
    meter: str, region: str, seen: Mapping[_At, Finding], priced: Collection[_At]
) -> list[Finding]:
    """The findings that together show a price; none if they leave out a part of it.

    A price of every region is shown by an entry for all, or by those of all our regions: one region
    says nothing of the others.
    """
    if found := seen.get((meter, region)):
        return [found]
    if region != EVERYWHERE:
        return []
    regions = (load_price_files().regions or {}).get(meter.partition(".")[0], {})
    asked = [each for each in regions if (meter, each) not in priced]
    every = [seen.get((meter, each)) for each in asked]
    return [each for each in every if each] if all(every) else []


def _newest(rows: Iterable[_Row]) -> list[_Row]:
    """The rows of each price that are in force last."""
    every = list(rows)
    newest: dict[_Key, str] = {}
    for row in every:
        key = row["meter"], row["region"], row["answer"]
        newest[key] = max(newest.get(key, ""), row["effective_from"])
    return [
        row
        for row in every
        if row["effective_from"] == newest[row["meter"], row["region"], row["answer"]]
    ]


def _may_become_rows(finding: Finding, rows: Iterable[_Row], accepted: Accepted) -> bool:
    """Whether a finding is taken, and later than what there is."""
    if not (finding.may_write and finding.read_on and accepted.holds(finding)):
        return False
    last = max(
        (
            row["effective_from"]
            for row in rows
            if (row["meter"], row["region"]) == (finding.meter, finding.region)
        ),
        default="",
    )
    return last < _begins(finding).isoformat()


def _begins(finding: Finding) -> dt.date:
    """When the new price begins: by the vendor's own date, else on the day it was seen."""
    seen = finding.read_on or dt.date.min
    if finding.since and (finding.checked_on or dt.date.min) < finding.since <= seen:
        return finding.since
    return seen


def _new_rows(finding: Finding, header: list[str], confidence: Confidence) -> Iterator[_Row]:
    begins = _begins(finding)
    whose = "the vendor's date" if begins == finding.since else "the day it was first seen"
    for edge, usd in finding.listed:
        row = dict.fromkeys(header, "")
        yield row | {
            "meter": finding.meter,
            "region": finding.region,
            "tier_from": _plain(edge),
            "usd_per_unit": _plain(usd),
            "effective_from": begins.isoformat(),
            "checked_on": (finding.read_on or begins).isoformat(),
            "source_of": finding.of_day.isoformat() if finding.of_day else "",
            "source": finding.source,
            "confidence": confidence,
            "note": f"{' '.join(finding.ids)} in the vendor's list as read on {finding.read_on}; "
            f"in force from {whose} on",
        }


def _plain(number: Decimal) -> str:
    """Without exponents and zeros at the end.

    >>> _plain(Decimal("1E+3")), _plain(Decimal("0.0000010000"))
    ('1000', '0.000001')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _merged(rows: list[_Row], later: list[_Row]) -> list[_Row]:
    """Rows with those of later checks in their places, and new ones behind their meter's."""
    by_key = {_key(row): row for row in later}
    found = [by_key.pop(_key(row), row) for row in rows]
    for row in by_key.values():
        last = max((at for at, each in enumerate(found) if _is_before(each, row)), default=None)
        found.insert(len(found) if last is None else last + 1, row)
    return found


def _is_before(row: _Row, new: _Row) -> bool:
    """Whether a row is of the same meter, and of no later region in the alphabet."""
    return row["meter"] == new["meter"] and row["region"] <= new["region"]


def _key(row: Mapping[str, str]) -> _Key:
    """What makes a row of a price list one and no other."""
    tier = _plain(Decimal(row["tier_from"]))
    return row["meter"], row["region"], tier, row["effective_from"], row["answer"]


def _rows(text: str) -> tuple[list[str], list[_Row]]:
    table = csv.DictReader(io.StringIO(text))
    return list(table.fieldnames or ()), list(table)


def _text(header: list[str], rows: list[_Row]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, header, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
