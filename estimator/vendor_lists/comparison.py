"""Where does a vendor's list say something else than ours? One finding per meter and region."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Final

from estimator.format import quantity_text
from estimator.pricing.price_files import EVERYWHERE, PriceFiles, RateRow
from estimator.vendor_lists.listed import Tiers
from estimator.vendor_lists.selection import Found, Selection, Unclear

PLAUSIBLE_RATIO: Final = 5
"""A price that rose or fell further is more often a misread unit than a price."""
MOST_VANISHED: Final = 0.1
"""Of the prices of an offer. Vendors have left whole families out of their answers for days."""


class Kind(StrEnum):
    """What a look into a vendor's list found, the usual first."""

    UNCHANGED = "unchanged"
    OLDER = "older than ours"
    CHANGED = "changed"
    NEW_REGION = "new region"
    FREE_UNITS = "other free units"
    VANISHED = "vanished"
    UNIT_UNKNOWN = "unit unknown"
    UNCLEAR = "unclear"
    ZERO = "zero"
    BEYOND_RATIO = "beyond a ratio of 5"
    CONTRADICTS_CONFIRMED = "contradicts a confirmed price"
    CONTRADICTS_ANSWER = "contradicts an answer"


QUIET: Final = frozenset({Kind.UNCHANGED, Kind.OLDER})
"""Kinds that ask for nothing."""
WRITABLE: Final = frozenset({Kind.CHANGED, Kind.NEW_REGION})
"""Kinds of which a new row can be made; the others need a person."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a vendor's list says of a meter in a region, beside ours."""

    kind: Kind
    vendor: str
    offer: str
    meter: str
    region: str
    ours: Tiers = ()
    """In force on the day of the vendor's list; empty if there is no price."""
    listed: Tiers = ()
    """The vendor's; empty if there is none."""
    since: dt.date | None = None
    """When the vendor says that the price began."""
    read_on: dt.date | None = None
    of_day: dt.date | None = None
    """The day that the vendor's list itself is of."""
    checked_on: dt.date | None = None
    """When ours was last checked."""
    source: str = ""
    ids: tuple[str, ...] = ()
    may_write: bool = False
    detail: str = ""

    @property
    def is_quiet(self) -> bool:
        """Whether it asks for nothing."""
        return self.kind in QUIET

    @property
    def ratio(self) -> float | None:
        """The vendor's price over ours, of the tier that differs most; None without both."""
        ratios = [
            float(new / old)
            for (_, old), (_, new) in zip(self.ours, self.listed, strict=False)
            if old and new
        ]
        return max(ratios, key=lambda each: max(each, 1 / each), default=None)


def compare(vendor: str, offer: str, selection: Selection, files: PriceFiles) -> list[Finding]:
    """What the lists of an offer say, beside our price list."""
    ours = _Ours(files)
    seen = {(each.meter, each.region) for each in (*selection.found, *selection.unclear)}
    findings = chain(
        (_finding(vendor, offer, each, ours) for each in selection.found),
        (_unclear(vendor, offer, each, ours) for each in selection.unclear),
        _vanished(vendor, offer, _missing(selection.looked_in, seen), ours),
    )
    return sorted(findings, key=lambda each: (each.meter, each.region))


def vanished_share(findings: list[Finding]) -> float:
    """The part of our prices that are not in the lists of an offer any more."""
    known = [each for each in findings if each.ours]
    return sum(each.kind is Kind.VANISHED for each in known) / len(known) if known else 0.0


class _Ours:
    """Our price list, as it is asked here."""

    def __init__(self, files: PriceFiles) -> None:
        self._files = files

    def rows(self, meter: str, region: str) -> list[RateRow]:
        """Our prices there, or those of all regions."""
        at = self._files.rates_at
        return at.get((meter, region)) or at.get((meter, EVERYWHERE)) or []

    def own_rows(self, meter: str, region: str) -> list[RateRow]:
        """Our prices of just this region."""
        return self._files.rates_at.get((meter, region)) or []

    def default(self, rows: list[RateRow]) -> list[RateRow]:
        """Those of rows that hold unless somebody answers a question otherwise."""
        questions = self._files.assumptions or {}
        return [
            row
            for row in rows
            if row.assumption is None or row.answer == questions[row.assumption].default
        ]

    @cached_property
    def allowed(self) -> Mapping[str, set[Decimal]]:
        """Units that are free, by meter."""
        found: dict[str, set[Decimal]] = defaultdict(set)
        for row in self._files.allowances:
            for meter in row.meters if row.quantity is not None else ():
                found[meter].add(_exact(row.quantity or 0))
        return found


def _finding(vendor: str, offer: str, found: Found, ours: _Ours) -> Finding:
    in_force = _in_force(ours.rows(found.meter, found.region), found.read_on)
    kind, detail = _judged(found, in_force, ours)
    current = ours.default(in_force)
    return Finding(
        kind=kind,
        vendor=vendor,
        offer=offer,
        meter=found.meter,
        region=found.region,
        ours=tiers_of(current),
        listed=found.tiers,
        since=found.since,
        read_on=found.read_on,
        of_day=found.of_day,
        checked_on=min((row.checked_on for row in current), default=None),
        source=found.source,
        ids=found.ids,
        may_write=found.may_write,
        detail="; ".join(filter(None, (detail, *found.remarks))),
    )


def _judged(found: Found, in_force: list[RateRow], ours: _Ours) -> tuple[Kind, str]:
    """What kind of finding it is, and why."""
    if not in_force:
        rows = ours.rows(found.meter, found.region)
        if not rows:
            return Kind.NEW_REGION, ""
        return Kind.OLDER, f"our first price is of {min(row.effective_from for row in rows)}"
    current = tiers_of(ours.default(in_force))
    if current == found.tiers:
        return _free_units(found, ours.allowed.get(found.meter, set()))
    checked = min(row.checked_on for row in in_force)
    if found.read_on and found.read_on < checked:
        return Kind.OLDER, f"ours was checked on {checked}"
    if any(row.assumption for row in in_force):
        return Kind.CONTRADICTS_ANSWER, _answer_given(found, in_force)
    if any(usd == 0 for _, usd in found.tiers):
        return Kind.ZERO, "a price that becomes nothing needs a person"
    if _is_implausible(current, found.tiers):
        return Kind.BEYOND_RATIO, ""
    confirmed = all(row.confidence == "confirmed" for row in in_force)
    if confirmed and found.since and found.since <= checked:
        return (
            Kind.CONTRADICTS_CONFIRMED,
            f"the vendor says since {found.since}, ours was confirmed on {checked}",
        )
    return Kind.CHANGED, ""


def _answer_given(found: Found, in_force: list[RateRow]) -> str:
    """Which answer to an open question has the vendor's price."""
    by_answer: dict[tuple[str, str], list[RateRow]] = defaultdict(list)
    for row in in_force:
        by_answer[row.assumption or "", row.answer or ""].append(row)
    for (question, answer), rows in by_answer.items():
        if tiers_of(rows) == found.tiers:
            return f"{question}: the vendor's price is that of '{answer}'"
    return "the vendor's price is that of no answer"


def _free_units(found: Found, allowed: set[Decimal]) -> tuple[Kind, str]:
    if found.free_units and allowed and found.free_units not in allowed:
        known = ", ".join(quantity_text(float(each)) for each in sorted(allowed))
        return (
            Kind.FREE_UNITS,
            f"{quantity_text(float(found.free_units))} are free, not {known}",
        )
    return Kind.UNCHANGED, ""


def _is_implausible(ours: Tiers, listed: Tiers) -> bool:
    pairs = [(old, new) for (_, old), (_, new) in zip(ours, listed, strict=False) if old and new]
    return any(max(old / new, new / old) > PLAUSIBLE_RATIO for old, new in pairs)


def _unclear(vendor: str, offer: str, each: Unclear, ours: _Ours) -> Finding:
    kind = Kind.UNIT_UNKNOWN if each.is_unit else Kind.UNCLEAR
    current = ours.default(_in_force(ours.rows(each.meter, each.region), None))
    return Finding(
        kind,
        vendor,
        offer,
        each.meter,
        each.region,
        ours=tiers_of(current),
        checked_on=min((row.checked_on for row in current), default=None),
        detail=each.reason,
    )


def _missing(
    looked_in: Iterable[tuple[str, str]], seen: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """What was looked for and is not there; a price of every region is where one region has it."""
    somewhere = {meter for meter, _ in seen}
    return {
        (meter, region)
        for meter, region in looked_in
        if (meter, region) not in seen and not (region == EVERYWHERE and meter in somewhere)
    }


def _vanished(
    vendor: str, offer: str, missing: Iterable[tuple[str, str]], ours: _Ours
) -> Iterator[Finding]:
    for meter, region in missing:
        in_force = ours.default(_in_force(ours.own_rows(meter, region), None))
        if in_force:
            yield Finding(
                Kind.VANISHED,
                vendor,
                offer,
                meter,
                region,
                ours=tiers_of(in_force),
                checked_on=min(row.checked_on for row in in_force),
                detail="our price stays",
            )


def _in_force(rows: list[RateRow], day: dt.date | None) -> list[RateRow]:
    """The newest rows of each answer on a day; the newest of all days, if there is none."""
    dated = [row for row in rows if day is None or row.effective_from <= day]
    newest: dict[str | None, dt.date] = {}
    for row in dated:
        newest[row.answer] = max(newest.get(row.answer, dt.date.min), row.effective_from)
    return [row for row in dated if row.effective_from == newest[row.answer]]


def tiers_of(rows: list[RateRow]) -> Tiers:
    """Rows of one price as its tiers."""
    return tuple(sorted((_exact(row.tier_from), _exact(row.usd_per_unit)) for row in rows))


def _exact(number: float) -> Decimal:
    """The decimal number that stands in the file: the shortest digits that make this float."""
    return Decimal(repr(float(number)))
