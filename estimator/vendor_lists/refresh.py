"""What do the vendors' lists say today of the prices that somebody asks for?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from estimator.errors import EstimatorError, UnknownNameError
from estimator.format import number_of
from estimator.pricing.price_files import CLOUDS, VENDORS, PriceFiles, load_price_files
from estimator.vendor_lists.answers_index import kept_answers
from estimator.vendor_lists.comparison import Finding, compare
from estimator.vendor_lists.listed import UnreadableAnswerError, VendorList
from estimator.vendor_lists.readers.recognize import parsed, read_answer
from estimator.vendor_lists.report import RefreshReport, Unread
from estimator.vendor_lists.saved_answers import saved_answers, saved_text
from estimator.vendor_lists.selection import offers_of, select
from estimator.vendor_lists.selectors import Selector, by_offer, load_selectors


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
    lists: list[VendorList] = []
    unreadable: list[Unread] = []
    kept = kept_answers(folder)
    for path in saved_answers(folder):
        name = str(path.relative_to(folder))
        said = kept[name].read_day if name in kept else None
        try:
            found = read_answer(parsed(saved_text(path), name), name)
        except UnreadableAnswerError as error:
            unreadable.append(Unread(name, str(error).removeprefix(f"{name}: ")))
        else:
            lists += (replace(one, read_on=said or one.read_on or read_on) for one in found)
    return report_of(lists, selectors, unreadable)


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
        if (vendor, offer) not in offers and f"{CLOUDS[vendor]}, {offer}" not in told
    ]
    return RefreshReport(
        tuple(findings),
        tuple(unreadable),
        (*unchecked, *_without_list(missing, wanted, files), *_by_hand(selectors)),
    )


def _without_list(
    missing: list[tuple[str, str]],
    wanted: Mapping[tuple[str, str], list[Selector]],
    files: PriceFiles,
) -> Iterator[Unread]:
    for vendor, offer in missing:
        meters = {one.meter for one in wanted[vendor, offer]}
        prices = sum(row.meter in meters for row in files.rates)
        yield Unread(
            f"{CLOUDS[vendor]}, {offer}",
            f"no list, so that {number_of(prices, 'price')} of {', '.join(sorted(meters))} "
            "stay unchecked",
        )


def _by_hand(selectors: Iterable[Selector]) -> Iterator[Unread]:
    for cloud, title in VENDORS.items():
        by_hand = {one.meter: one.page for one in selectors if one.vendor == cloud and one.page}
        if by_hand:
            pages = ", ".join(sorted({page for page in by_hand.values() if page}))
            yield Unread(title, f"{number_of(len(by_hand), 'meter')} to read by hand: {pages}")
