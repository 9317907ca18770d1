"""What do the vendors' lists say today of the prices that somebody asks for?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from estimator.errors import EstimatorError, UnknownNameError
from estimator.format import number_of
from estimator.pricing.price_files import EVERYWHERE, VENDORS, PriceFiles, load_price_files
from estimator.vendor_lists.answers_index import kept_answers
from estimator.vendor_lists.comparison import Finding, compare
from estimator.vendor_lists.listed import UnreadableAnswerError, VendorList
from estimator.vendor_lists.readers.recognize import parsed, read_answer
from estimator.vendor_lists.report import RefreshReport, Unread
from estimator.vendor_lists.saved_answers import saved_answers, saved_text
from estimator.vendor_lists.selection import offers_of, select
from estimator.vendor_lists.selectors import Selector, by_offer, load_selectors, offer_title

_AHEAD_HOURS: Final = 14
"""Of UTC, where the day begins first."""
_REGIONS_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prices somebody asks for; all of them, if nothing is said."""

    clouds: Collection[str] = ()
    services: Collection[str] = ()
    """The second part of meters' ids."""
    meters: Collection[str] = ()
    """Ids; * stands for any letters."""

    def selectors(self) -> tuple[Selector, ...]:
        """Those of the prices in question.

        Raises:
            UnknownNameError: no such cloud, service or meter.
        """
        every = load_selectors()
        for cloud in self.clouds:
            if cloud not in VENDORS:
                raise UnknownNameError("cloud", cloud, VENDORS)
        services = {_service(one) for one in every}
        for service in self.services:
            if service not in services:
                raise UnknownNameError("service", service, services)
        ids = {one.meter for one in every}
        for meter in self.meters:
            if not any(fnmatchcase(one, meter) for one in ids):
                raise UnknownNameError("meter", meter, ids)
        return tuple(filter(self._holds, every))

    def _holds(self, one: Selector) -> bool:
        return (
            (not self.clouds or one.vendor in self.clouds)
            and (not self.services or _service(one) in self.services)
            and (not self.meters or any(fnmatchcase(one.meter, each) for each in self.meters))
        )


def _service(one: Selector) -> str:
    return one.meter.split(".")[1]


def refresh_from_files(
    folder: Path, wanted: Wanted | None = None, read_on: dt.date | None = None
) -> RefreshReport:
    """Our prices beside answers of vendors that were saved as files.

    Args:
        folder: holds them, also in folders of its own.
        wanted: which prices; all, if None.
        read_on: the day on which they were read, of those that do not say themselves.

    Raises:
        EstimatorError: there are no files.
        UnknownNameError: no such cloud, service or meter.
    """
    selectors = (wanted or Wanted()).selectors()
    if read_on is not None and read_on > _last_day():
        raise EstimatorError(f"read_on: {read_on} is a day to come")
    lists: list[VendorList] = []
    unreadable: list[Unread] = []
    kept = kept_answers(folder)
    for path in saved_answers(folder):
        name = str(path.relative_to(folder))
        said = kept[name].read_day if name in kept else None
        try:
            found = read_answer(parsed(saved_text(path), name), name)
        except UnreadableAnswerError as error:
            unreadable.append(_unread(name, error))
            continue
        dated = [replace(one, read_on=said or one.read_on or read_on) for one in found]
        if later := next(filter(None, map(_day_to_come, dated)), None):
            unreadable.append(Unread(name, f"{later}, its day, is to come; correct that"))
        else:
            lists += dated
    return report_of(lists, selectors, unreadable)


def _unread(name: str, error: UnreadableAnswerError) -> Unread:
    return Unread(name, str(error).removeprefix(name).lstrip(":, "))


def _day_to_come(one: VendorList) -> dt.date | None:
    """The day of a list that nobody can have read yet; None if there is none."""
    days = (day for day in (one.read_on, one.published_on) if day and day > _last_day())
    return max(days, default=None)


def _last_day() -> dt.date:
    """The last day that it is anywhere on earth."""
    return (dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=_AHEAD_HOURS)).date()


def refresh_from_vendors(folder: Path, wanted: Wanted | None = None) -> RefreshReport:
    """Our prices beside what the vendors answer now.

    Args:
        folder: where their answers are kept; what did not change since is taken from it.
        wanted: which prices; all, if None.

    Raises:
        EstimatorError: what asks over a network is not installed.
        UnknownNameError: no such cloud, service or meter.
    """
    selectors = (wanted or Wanted()).selectors()
    try:
        from estimator.vendor_lists.fetching import fetch
    except ImportError:
        raise EstimatorError(
            "what asks vendors is not installed: pip install 'websocket-estimator[refresh]'; "
            "saved answers are read without it (--from-files)"
        ) from None
    found = fetch(by_offer(selectors), folder)
    return report_of(found.lists, selectors, found.unreadable, found.unchecked)


def report_of(
    lists: Iterable[VendorList],
    selectors: tuple[Selector, ...],
    unreadable: Collection[Unread] = (),
    unchecked: Iterable[Unread] = (),
    ours: PriceFiles | None = None,
) -> RefreshReport:
    """What the lists say of the prices that selectors find, beside ours."""
    offers = offers_of(lists)
    files = ours or load_price_files()
    wanted = by_offer(selectors)
    findings: list[Finding] = []
    for (vendor, offer), of_offer in wanted.items():
        if (vendor, offer) in offers:
            selection = select(offers[vendor, offer], of_offer)
            findings += compare(vendor, offer, selection, files)
    told = {each.what for each in unreadable}
    missing = [
        (vendor, offer)
        for vendor, offer in wanted
        if (vendor, offer) not in offers and offer_title(vendor, offer) not in told
    ]
    return RefreshReport(
        tuple(findings),
        tuple(unreadable),
        (
            *unchecked,
            *_without_list(missing, wanted, files),
            *_left_out(findings, {each: wanted[each] for each in wanted if each in offers}, files),
            *_by_hand(selectors),
        ),
    )


def _without_list(
    missing: list[tuple[str, str]],
    wanted: Mapping[tuple[str, str], list[Selector]],
    files: PriceFiles,
) -> Iterator[Unread]:
    for vendor, offer in missing:
        priced = _priced(wanted[vendor, offer], files)
        meters = ", ".join(sorted({one.meter for one in wanted[vendor, offer]}))
        yield Unread(offer_title(vendor, offer), f"no list, so that {_stay(len(priced), meters)}")


def _left_out(
    findings: Iterable[Finding],
    answered: Mapping[tuple[str, str], list[Selector]],
    files: PriceFiles,
) -> Iterator[Unread]:
    """Prices in regions that the lists of an offer leave out, or for which nothing finds them."""
    seen = {(each.meter, each.region) for each in findings}
    somewhere = {meter for meter, _ in seen}
    for (vendor, offer), selectors in answered.items():
        left = [
            (meter, region)
            for meter, region in _priced(selectors, files)
            if (meter, region) not in seen and not (region == EVERYWHERE and meter in somewhere)
        ]
        if left:
            regions = sorted({"all regions" if r == EVERYWHERE else r for _, r in left})
            more = len(regions) - _REGIONS_NAMED
            named = ", ".join(regions[:_REGIONS_NAMED]) + (f" and {more} more" if more > 0 else "")
            yield Unread(
                offer_title(vendor, offer),
                f"no price was looked up in {named}, so that {_stay(len(left))}",
            )


def _priced(selectors: Iterable[Selector], files: PriceFiles) -> set[tuple[str, str]]:
    """The meters and regions of our prices whose meters have one of these selectors."""
    meters = {one.meter for one in selectors}
    return {(meter, region) for meter, region in files.rates_at if meter in meters}


def _stay(prices: int, meters: str = "") -> str:
    of = f" of {meters}" if meters else ""
    return f"{number_of(prices, 'price')}{of} {'stays' if prices == 1 else 'stay'} unchecked"


def _by_hand(selectors: Iterable[Selector]) -> Iterator[Unread]:
    for cloud, title in VENDORS.items():
        by_hand = {one.meter: one.page for one in selectors if one.vendor == cloud and one.page}
        if by_hand:
            pages = ", ".join(sorted({page for page in by_hand.values() if page}))
            yield Unread(title, f"{number_of(len(by_hand), 'meter')} to read by hand: {pages}")
