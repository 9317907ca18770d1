"""What do the price files hold? Meters, their rates and allowances, open questions and gaps.

One folder for each cloud, and one for SaaS. Every file is a table that a spreadsheet opens, so that
a price is corrected in one cell; what sources disagree on is worded in ``assumptions.yaml``, and
rows that hold under one answer only name it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import BeforeValidator, Field, model_validator

from estimator.errors import PricingDataError
from estimator.files import (
    Confidence,
    Entry,
    Version,
    has_data,
    load_mapping,
    load_refreshed_rows,
    load_rows,
    refreshed_version,
)
from estimator.format import dollars_and_cents, quantity_text

CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud", "oci": "OCI"}
"""Names for people, by the first part of every id."""
SAAS = {
    "ably": "Ably",
    "cloudflare": "Cloudflare",
    "pubnub": "PubNub",
    "pusher": "Pusher",
    "supabase": "Supabase",
}
"""Managed services that people would buy instead, by the first part of every id."""
VENDORS = CLOUDS | SAAS
FOLDERS = (*CLOUDS, "saas")
EVERYWHERE = "*"
"""Region of a rate that holds in every region of a cloud."""
Driver = Literal[
    "connection time",
    "messages",
    "compute",
    "load balancing",
    "data out",
    "internal network",
    "supporting services",
    "engineering",
]
DRIVERS: tuple[Driver, ...] = get_args(Driver)
"""What drives cost, in the order charts stack it."""
CostLayer = Literal["messaging", "application", "engineering"]
LAYERS: tuple[CostLayer, ...] = get_args(CostLayer)
"""What cost is for: carrying messages, answering them, and people's time."""
Pool = Literal["region", "zone", "account"]
"""What a vendor adds up: one region, the regions of one price zone, or the whole account."""
T = TypeVar("T", bound=Entry)
_ID_DIGITS = 8

Words = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda cell: tuple(cell.split()) if isinstance(cell, str) else cell),
]
"""Several names in one cell, separated by blanks."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something a vendor leaves open, with the answers one may choose."""

    id: str
    question: str
    choices: Mapping[str, str]
    """What each answer means, by its name; the first one is the default."""
    evidence: str

    @property
    def name(self) -> str:
        """The last part of its id."""
        return self.id.rpartition(".")[2]

    @property
    def default(self) -> str:
        """The answer taken if the user gives none."""
        return next(iter(self.choices))


class UnderAnswer(Entry):
    """A row that may hold under one answer to an open question only."""

    assumption: str | None = None
    """The open question; None if the row always holds."""
    answer: str | None = None
    """The answer under which it holds."""

    @model_validator(mode="after")
    def _question_and_answer(self) -> Self:
        if (self.assumption is None) != (self.answer is None):
            raise ValueError("assumption and answer go together")
        return self


class Region(Entry):
    """A region of a cloud."""

    region: str
    """The cloud's own name."""
    title: str
    zone: str | None = None
    """The regions whose internet traffic is added up before tiers apply."""
    availability_domains: int | None = None
    """Zones of the region, where the vendor has regions with one only; None if none was read. Of
    OCI: https://docs.oracle.com/en-us/iaas/Content/General/Concepts/regions.htm, in an
    undated copy, read on 2026-11-30."""
    note: str | None = None


class Meter(UnderAnswer):
    """One thing that a vendor counts."""

    meter: str
    """Id: vendor, service, what is counted."""
    title: str
    service: str
    """The vendor's name of the service."""
    driver: Driver
    unit: str
    step_bytes: Annotated[int, Field(gt=0)] | None = None
    """Messages are counted in started steps of so many bytes."""
    bytes_per_unit: Annotated[int, Field(gt=0)] | None = None
    """Traffic is counted in units of so many bytes."""
    enter: str | None = None
    """What to enter where one thing counts several times, or only a part of it does."""
    package: Annotated[float, Field(gt=0)] | None = None
    """Units are sold in started packages of so many."""
    tiers_pool_over: Pool
    """What is added up before tiers apply."""
    focus_category: str
    """Service category in the FinOps cost and usage specification."""
    focus_subcategory: str
    source: str
    note: str | None = None
    """What one unit is: which directions, zones and steps count."""

    @property
    def definition(self) -> str:
        """What counts as how many units: steps, bytes and packages, then the words on it."""
        figures = (
            (self.step_bytes, "Started steps of {:,} bytes."),
            (self.bytes_per_unit, "Units of {:,} bytes."),
            (self.package, "Started packages of {:,.0f}."),
        )
        told = [words.format(figure) for figure, words in figures if figure is not None]
        return " ".join(filter(None, (*told, self.note, self.enter)))


class RateRow(UnderAnswer):
    """The price of a meter in a region within one tier, from a day on."""

    meter: str
    region: str
    tier_from: Annotated[float, Field(ge=0)]
    usd_per_unit: Annotated[float, Field(ge=0)]
    """0 if the meter is free as a whole; free first units are an allowance instead."""
    effective_from: dt.date
    checked_on: dt.date
    """The day on which the source was read, by whoever read it at the vendor."""
    source_of: dt.date | None = None
    """The day that the source itself is of: of the vendor's file, or of its answer that somebody
    kept; None where it names none. What is old by then was old when it was read."""
    source: Annotated[str, Field(min_length=8)]
    confidence: Confidence
    note: str | None = None


class Allowance(UnderAnswer):
    """What a vendor gives free of charge each month."""

    allowance: str
    shares: str
    """What it gives of, and what has it once, in words: GB-seconds of the account."""
    meters: Words
    """The meters that share it."""
    kind: Literal["always", "new_accounts", "included"]
    """Whether every account has it, or only new ones for some months, or whether it comes with a
    fee that is on the bill too and therefore is never left out."""
    quantity: Annotated[float, Field(gt=0)] | None = None
    """Free units, or those that come with each unit of another meter; None if it is given as
    money."""
    per_unit_of: str | None = None
    """The meter whose units on the same bill bring it; None if it does not depend on another."""
    usd: Annotated[float, Field(gt=0)] | None = None
    """Money that is taken off; None if it is given as units."""
    tiers: Literal["beyond", "including"] | None = None
    """Whether price tiers count use beyond the free units, or including them as the first."""
    pool_over: Pool
    """What shares one allowance."""
    regions: Words | None = None
    """Regions that have it; all if None."""
    source: str
    checked_on: dt.date
    note: str | None = None

    def in_words(self, unit: str) -> str:
        """How much is free, and for whom."""
        free = (
            f"{quantity_text(self.quantity)} {unit}"
            if self.quantity is not None
            else f"{dollars_and_cents(self.usd)} of it"
        )
        whom = {
            "always": "for every account",
            "new_accounts": "for new accounts",
            "included": "with the fee",
        }
        per = {"account": "account", "region": "region", "zone": "group of regions"}
        where = f", in {' '.join(self.regions)}" if self.regions else ""
        titles = meter_titles()
        sharing = dict.fromkeys(titles[meter] for meter in self.meters)
        shared = f", shared by {', '.join(sharing)}" if len(sharing) > 1 else ""
        if self.per_unit_of:
            return f"{free} with each unit of {titles[self.per_unit_of]}{where}{shared}"
        return f"{free} per month and {per[self.pool_over]}, {whom[self.kind]}{where}{shared}"

    @property
    def amount(self) -> float:
        """Units, or USD if it is given as money."""
        return self.quantity or self.usd or 0.0

    def amount_text(self, unit: str) -> str:
        """How much there is in a month."""
        if self.quantity is None:
            return dollars_and_cents(self.usd)
        each = f" with each unit of {meter_titles()[self.per_unit_of]}" if self.per_unit_of else ""
        return f"{quantity_text(self.quantity)} {unit}{each}"

    @model_validator(mode="after")
    def _units_or_money(self) -> Self:
        if (self.quantity is None) == (self.usd is None):
            raise ValueError("an allowance is either a quantity or an amount in usd")
        if (self.quantity is None) != (self.tiers is None):
            raise ValueError("tiers belongs to an allowance that is a quantity")
        if self.per_unit_of and (self.quantity is None or self.kind != "included"):
            raise ValueError("what comes with units of another meter is an included quantity")
        return self


class Gap(Entry):
    """A price there is not, and why."""

    meter: str
    region: str
    reason: Literal["not_offered", "not_seen"]
    """Whether the vendor has no such thing there, or no source was found for its price."""
    note: str
    source: str | None = None


class OpenQuestion(Entry):
    """What sources disagree on about prices."""

    question: str
    choices: Annotated[dict[str, str], Field(min_length=2)]
    """What each answer means; the first is the default."""
    evidence: str


@dataclass(frozen=True)
class PriceFiles:
    """Everything that stands in the price files, under all answers and of all days."""

    meters: tuple[Meter, ...]
    rates: tuple[RateRow, ...]
    allowances: tuple[Allowance, ...] = ()
    gaps: tuple[Gap, ...] = ()
    regions: Mapping[str, Mapping[str, Region]] | None = None
    """Regions by vendor and name."""
    assumptions: Mapping[str, Assumption] | None = None
    """Open questions by id."""

    @cached_property
    def rates_at(self) -> Mapping[tuple[str, str], list[RateRow]]:
        """Prices by meter and region: of all days, under all answers."""
        found: dict[tuple[str, str], list[RateRow]] = defaultdict(list)
        for row in self.rates:
            found[row.meter, row.region].append(row)
        return dict(found)

    @cached_property
    def price_list(self) -> str:
        """Which price list they are, by its id and the day of its newest check."""
        rates = (
            f"{row.meter} {row.region} {row.tier_from} {row.effective_from} {row.answer} "
            f"{row.usd_per_unit}"
            for row in self.rates
        )
        free = (f"{row.allowance} {row.answer} {row.amount}" for row in self.allowances)
        said = hashlib.sha256("\n".join(sorted((*rates, *free))).encode()).hexdigest()
        return f"{said[:_ID_DIGITS]} of {max(row.checked_on for row in self.rates)}"


def load_price_files() -> PriceFiles:
    """Read all folders, and the prices that the user's own refreshes have laid over them.

    Raises:
        PricingDataError: a file breaks its rules; the message gives file, line and column.
    """
    return price_files_of(price_list_version())


def price_list_version() -> Version:
    """What is laid over the shipped prices; whatever depends on prices is kept by it."""
    return refreshed_version("rates.csv")


@lru_cache(maxsize=4)
def price_files_of(refreshed: Version) -> PriceFiles:
    """The shipped files with those of a version laid over them."""
    meters, rates = _rows("meters", Meter), _with_refreshed(_rows("rates", RateRow), refreshed)
    allowances, gaps = _rows("allowances", Allowance), _rows("gaps", Gap)
    regions: dict[str, dict[str, Region]] = {}
    for folder in FOLDERS:
        found = {row.region: row for row in load_rows(f"{folder}/regions.csv", Region)}
        regions |= dict.fromkeys(CLOUDS.keys() & {folder} or SAAS, found)
    known = {meter.meter for meter in meters}
    for name, used in (
        ("rates", {row.meter for row in rates}),
        ("allowances", {meter for row in allowances for meter in row.meters}),
        ("allowances", {row.per_unit_of for row in allowances if row.per_unit_of}),
        ("gaps", {row.meter for row in gaps}),
    ):
        if used - known:
            raise PricingDataError(f"{name}.csv names meters that are not in meters.csv: "
                                   f"{', '.join(sorted(used - known))}")  # fmt: skip
    asked = price_assumptions()
    for row in (*meters, *rates, *allowances):
        if row.assumption is not None:
            if row.assumption not in asked:
                raise PricingDataError(
                    f"a row is under the question '{row.assumption}', which is in no "
                    "assumptions.yaml"
                )
            if row.answer not in asked[row.assumption].choices:
                raise PricingDataError(
                    f"a row is under the answer '{row.answer}' to {row.assumption}; there are "
                    f"{', '.join(asked[row.assumption].choices)}"
                )
    return PriceFiles(meters, rates, allowances, gaps, regions, asked)


def _rows(name: str, model: type[T]) -> tuple[T, ...]:
    """The rows of the files of that name, of all folders."""
    return tuple(row for folder in FOLDERS for row in load_rows(f"{folder}/{name}.csv", model))


def price_list() -> str:
    """The price list in force, by its id and the day of its newest check.

    The id differs as soon as one price or allowance does, of any day or answer. Bills, files and
    links carry both, so that nothing that is shared changes without a word.

    >>> import re
    >>> bool(re.fullmatch("[0-9a-f]{8} of 20..-..-..", price_list()))
    True
    """
    return load_price_files().price_list


def other_list_words(saved_under: str) -> str:
    """That a scenario was saved under another price list than the one in force, and what to do.

    >>> other_list_words("0123abcd of 2026-01-31").partition(": ")[2]
    "'estimator drift --since 2026-01-31' shows what has changed since"
    """
    day = saved_under.rpartition(" ")[2]
    is_newer = day > price_list().rpartition(" ")[2]
    todo = (
        "that one is newer: install the newest version, or 'estimator refresh'"
        if is_newer
        else f"'estimator drift --since {day}' shows what has changed since"
    )
    return f"the scenario was saved under price list {saved_under}: {todo}"


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A price in force that the user's own refreshes changed."""

    meter: str
    region: str
    tier_from: float
    shipped_usd: float | None
    """USD per unit of the price list that ships; None if it has no such price."""
    refreshed_usd: float


def overlaid() -> tuple[Overlaid, ...]:
    """Prices in force that are others than those that ship, since refreshes were laid over them."""
    version = price_list_version()
    return _overlaid(version) if version else ()


@lru_cache(maxsize=4)
def _overlaid(version: Version) -> tuple[Overlaid, ...]:
    shipped = _in_force(price_files_of(()).rates)
    return tuple(
        Overlaid(meter, region, tier_from, shipped.get((meter, region, tier_from, answer)), usd)
        for (meter, region, tier_from, answer), usd in _in_force(
            price_files_of(version).rates
        ).items()
        if shipped.get((meter, region, tier_from, answer)) != usd
    )


def _in_force(rows: tuple[RateRow, ...]) -> dict[tuple[str, str, float, str | None], float]:
    """USD per unit by meter, region, tier and answer, of the newest rows of each price."""
    newest: dict[tuple[str, str, str | None], dt.date] = {}
    for row in rows:
        price = row.meter, row.region, row.answer
        newest[price] = max(newest.get(price, row.effective_from), row.effective_from)
    return {
        (row.meter, row.region, row.tier_from, row.answer): row.usd_per_unit
        for row in rows
        if row.effective_from == newest[row.meter, row.region, row.answer]
    }


def _with_refreshed(shipped: tuple[RateRow, ...], files: Version) -> tuple[RateRow, ...]:
    """The shipped prices, and over them those of the user's own refreshes.

    Of two readings of one price, the newer one wins.
    """
    refreshed = [row for path, _ in files for row in load_refreshed_rows(path, RateRow)]
    if not refreshed:
        return shipped
    found = {_price_key(row): row for row in shipped}
    for row in refreshed:
        known = found.get(_price_key(row))
        if known is None or known.checked_on < row.checked_on:
            found[_price_key(row)] = row
    return tuple(found.values())


def _price_key(row: RateRow) -> tuple[str, str, float, dt.date, str | None]:
    return row.meter, row.region, row.tier_from, row.effective_from, row.answer


@cache
def meter_titles() -> Mapping[str, str]:
    """Titles of meters, by id."""
    return {meter.meter: meter.title for meter in load_price_files().meters}


@cache
def price_assumptions() -> Mapping[str, Assumption]:
    """What sources disagree on about prices, by id."""
    return {
        name: Assumption(name, found.question, found.choices, found.evidence)
        for folder in FOLDERS
        if has_data(f"{folder}/assumptions.yaml")
        for name, found in load_mapping(f"{folder}/assumptions.yaml", OpenQuestion).items()
    }
