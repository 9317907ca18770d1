"""Which price does a vendor's list have for each meter? What a selector finds, in our units."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from estimator.pricing.price_files import EVERYWHERE, load_price_files
from estimator.vendor_lists.listed import Listed, Tiers, VendorList
from estimator.vendor_lists.selectors import Selector

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Found:
    """The price of a meter in a region, as its vendor lists it."""

    meter: str
    region: str
    tiers: Tiers
    """From how many of our units on, and USD per unit; the first tier begins at 0 and costs
    something, unless everything is free."""
    free_units: Decimal
    """Units at no cost before the first that costs something: an allowance of ours."""
    since: dt.date | None
    """When the vendor says that the price began."""
    read_on: dt.date | None
    of_day: dt.date | None
    """The day that the list itself is of."""
    source: str
    ids: tuple[str, ...]
    may_write: bool
    remarks: tuple[str, ...] = ()
    """What the entry says of itself that its selector does not expect."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """What a selector found, but no price can be taken from."""

    meter: str
    region: str
    reason: str
    is_unit: bool = False
    """Whether its unit is spelled in a way that nobody has seen yet."""


@dataclass(frozen=True, slots=True)
class Selection:
    """All that was looked for in the lists of one offer."""

    found: tuple[Found, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    looked_in: frozenset[tuple[str, str]] = frozenset()
    """Meters and regions that the lists should have had."""


def select(lists: Iterable[VendorList], selectors: Iterable[Selector]) -> Selection:
    """The prices that selectors of one offer find in lists of that offer.

    Where two lists cover a region, the newer one counts.
    """
    newest = _newest_by_region(lists)
    by_meter: dict[str, list[Selector]] = defaultdict(list)
    for selector in selectors:
        by_meter[selector.meter].append(selector)
    found: list[Found] = []
    unclear: list[Unclear] = []
    looked_in: set[tuple[str, str]] = set()
    for meter, of_meter in by_meter.items():
        for region, in_regions in _by_region(of_meter, newest).items():
            looked_in.add((meter, region))
            listed = newest.get(region) or newest[EVERYWHERE]
            one = _priced(meter, region, listed, in_regions)
            if isinstance(one, Found):
                found.append(one)
            elif one is not None:
                unclear.append(one)
    return Selection(tuple(found), tuple(unclear), frozenset(looked_in))


def _newest_by_region(lists: Iterable[VendorList]) -> Mapping[str, VendorList]:
    """The newest list that covers each region; pages of one answer are one list."""
    by_day: dict[dt.date, VendorList] = {}
    for one in lists:
        day = one.read_on or dt.date.min
        known = by_day.get(day)
        by_day[day] = one if known is None else _joined(known, one)
    newest: dict[str, VendorList] = {}
    for _, one in sorted(by_day.items()):
        newest |= dict.fromkeys(one.regions, one)
    return newest


def _joined(one: VendorList, other: VendorList) -> VendorList:
    return replace(one, regions=one.regions | other.regions, entries=(*one.entries, *other.entries))


def _by_region(
    selectors: list[Selector], covered: Mapping[str, VendorList]
) -> Mapping[str, list[Selector]]:
    """The selectors that apply to each region in question."""
    [vendor] = {one.vendor for one in selectors}
    ours = {EVERYWHERE, *(load_price_files().regions or {}).get(vendor, {})}
    found: dict[str, list[Selector]] = defaultdict(list)
    for selector in selectors:
        for region in selector.regions or covered:
            if region in ours and (region in covered or EVERYWHERE in covered):
                found[region].append(selector)
    return found


def _priced(
    meter: str, region: str, listed: VendorList, selectors: list[Selector]
) -> Found | Unclear | None:
    """The price from one list; None if nothing is there."""
    tiers: list[tuple[Decimal, Decimal]] = []
    taken: list[Listed] = []
    remarks: list[str] = []
    for selector in selectors:
        entries, others = _matching(selector, listed, region)
        if not entries:
            continue
        if len({entry.tiers for entry in entries}) > 1:
            names = sorted({i for entry in entries for i in entry.ids})
            times = f", {len(entries)} times" if len(names) == 1 else ""
            return Unclear(meter, region, f"several prices fit: {', '.join(names[:4])}{times}")
        entry = entries[0]
        if selector.units and entry.unit not in selector.units:
            return Unclear(meter, region, f"unit {entry.unit!r} is not known", is_unit=True)
        taken.append(entry)
        remarks += others
        for edge, usd in entry.tiers:
            start = edge * selector.divide_by if selector.tier_from is None else selector.tier_from
            tiers.append((start, usd / selector.divide_by))
    if not taken:
        return None
    if all(one.tier_from is not None for one in selectors) and len(taken) < len(selectors):
        return Unclear(meter, region, f"{len(taken)} of {len(selectors)} tiers are there")
    free, paid = _without_free_tier(sorted(tiers))
    if len({edge for edge, _ in paid}) < len(paid):
        return Unclear(meter, region, "two prices begin at the same tier")
    return Found(
        meter=meter,
        region=region,
        tiers=paid,
        free_units=free,
        since=max((entry.since for entry in taken if entry.since), default=None),
        read_on=listed.read_on,
        of_day=listed.of_day,
        source=listed.source,
        ids=tuple(sorted(set().union(*(entry.ids for entry in taken)))),
        may_write=all(one.may_write for one in selectors),
        remarks=tuple(remarks),
    )


def _matching(
    selector: Selector, listed: VendorList, region: str
) -> tuple[list[Listed], list[str]]:
    """Entries that the selector means, and what they say otherwise; ids first, words second."""
    here = [
        entry
        for entry in listed.entries
        if entry.region in (region, EVERYWHERE) and not _is_guarded(selector, entry)
    ]
    known = [entry for entry in here if entry.ids & set(selector.ids)]
    named = [entry for entry in here if selector.where and _says(selector, entry)]
    if known:
        is_renamed = selector.where and not any(_says(selector, entry) for entry in known)
        return known, [f"{_name(known[0])} has another name now"] if is_renamed else []
    if named and selector.ids:
        return named, [f"{_name(named[0])} has another id now"]
    return named, []


def _says(selector: Selector, entry: Listed) -> bool:
    return all(entry.fields.get(field) == value for field, value in selector.where.items())


def _is_guarded(selector: Selector, entry: Listed) -> bool:
    texts = entry.fields.values()
    return any(word in text for word in selector.without for text in texts)


def _name(entry: Listed) -> str:
    return " ".join(sorted(entry.ids))


def _without_free_tier(tiers: list[tuple[Decimal, Decimal]]) -> tuple[Decimal, Tiers]:
    """Units at no cost at the start, and the tiers without them; all of them if all are free."""
    paid = [(edge, usd) for edge, usd in tiers if usd]
    if not paid or tiers[0][1] != _ZERO:
        return _ZERO, tuple(tiers)
    (first, usd), *others = paid
    return first, ((_ZERO, usd), *others)


def offers_of(lists: Iterable[VendorList]) -> Mapping[tuple[str, str], list[VendorList]]:
    """Lists by vendor and offer."""
    found: dict[tuple[str, str], list[VendorList]] = defaultdict(list)
    for one in lists:
        found[one.vendor, one.offer].append(one)
    return found
