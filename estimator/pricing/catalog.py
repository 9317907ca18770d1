"""What does a meter cost, where, since when, and who says so?"""

from __future__ import annotations

import copy
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from typing import Literal, TypeVar

import numpy as np

from estimator.errors import MissingRateError, PricingDataError, ScenarioError, UnknownNameError
from estimator.files import Confidence, Version
from estimator.pricing.contract import BEST, Contract, ContractError, ContractRate, Role
from estimator.pricing.hourly_use import HourlyUse, levels
from estimator.pricing.inferred_rates import FlatPrices, Inferred, infer_price
from estimator.pricing.price_files import (
    EVERYWHERE,
    Allowance,
    Assumption,
    Gap,
    Meter,
    Pool,
    PriceFiles,
    RateRow,
    Region,
    UnderAnswer,
    load_price_files,
    price_assumptions,
    price_files_of,
    price_list_version,
)
from estimator.pricing.sustained_use import machine_class, paid_share, vendors_with_discounts
from estimator.pricing.tiers import Tariff

Row = TypeVar("Row", bound=UnderAnswer)

_FROM_SURE_TO_UNSURE: tuple[Confidence, ...] = ("confirmed", "single_source", "inferred")
_CATALOGS_KEPT = 64
_CONSTANT: tuple[float, ...] = (1.0,)
_WORLDWIDE = "global"
"""Region of vendors whose prices are the same everywhere."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a meter in a region, with its evidence."""

    meter_id: str
    meter: Meter
    region: str
    tariff: Tariff
    """What is paid."""
    list_tariff: Tariff
    """What the price list says; the same unless a contract changes it."""
    contract: ContractRate | None
    """What changes it."""
    effective_from: dt.date
    checked_on: dt.date
    """When the least recently checked tier was checked."""
    source: str
    confidence: Confidence
    """Of the least sure tier."""
    note: str | None
    range_usd: tuple[float, float] | None = None
    """The least and the most per unit, of a price that nobody saw; None if it was seen."""


class Catalog:
    """The prices in force on one day, under the answers given to what sources disagree on.

    >>> catalog = load_catalog()
    >>> catalog.rate("aws.api_gateway.messages", "us-east-1").tariff.usd_per_unit
    array([1.e-06, 8.e-07])
    """

    def __init__(
        self,
        price_files: PriceFiles,
        as_of: dt.date | None = None,
        answers: Mapping[str, str] | None = None,
        contract: Contract | None = None,
        allowances_left: Mapping[str, float] | None = None,
    ) -> None:
        """Select from ``price_files``.

        Args:
            price_files: all rows there are.
            as_of: prices in force on that day; the newest if None.
            answers: to open questions about prices, by id; the default where none is given.
            contract: what is paid instead of list prices.
            allowances_left: units or USD of allowances that nothing else uses, by their ids.

        Raises:
            UnknownNameError: an answer there is not, or a contract for a meter there is not.
        """
        self.as_of = as_of
        self.contract = contract
        self.is_for_choosing = False
        """Whether prices are what machines cost that run as stated, with all discounts in them."""
        self._role: Role | Literal["other"] | None = None
        self._course: tuple[float, ...] = _CONSTANT
        self._views: dict[tuple[str | None, tuple[float, ...] | None], Catalog] = {}
        self._listed = price_files
        self._files = price_files = _with_own(price_files, contract)
        self.allowances_left = dict(allowances_left or {})
        self._answers = dict(self._check_answers(answers or {}))
        self.meters = {row.meter: row for row in self._holding(price_files.meters)}
        if contract is not None:
            contract.check_names(self.meters, price_files.regions or {})
            self._check_own_prices(contract)
        self._allowances: dict[str, list[Allowance]] = defaultdict(list)
        for allowance in self._holding(price_files.allowances):
            for meter_id in allowance.meters:
                self._allowances[meter_id].append(allowance)
        for meter_id, found in self._allowances.items():
            if len({one.tiers for one in found if one.tiers}) > 1:
                raise PricingDataError(f"{meter_id}: its allowances count tiers in different ways")
        self._rates: dict[tuple[str, str], Rate] = {}
        self._missing: dict[tuple[str, str], tuple[list[str], str]] = {}
        self._infers = True

    @property
    def price_list(self) -> str:
        """The price list that they are from, by its id and the day of its newest check."""
        return self._listed.price_list

    def meter(self, meter_id: str) -> Meter:
        """The definition of a meter.

        Raises:
            UnknownNameError: there is no such meter.
        """
        if meter_id not in self.meters:
            raise UnknownNameError("meter", meter_id, self.meters)
        return self.meters[meter_id]

    def position(self, meter_id: str, region: str) -> tuple[int, int]:
        """Where a meter and a region stand in the price files; unknown ones come first."""
        regions = self._rows_of_regions.get(meter_id.split(".", 1)[0], {})
        return self._rows_of_meters.get(meter_id, -1), regions.get(region, -1)

    def rate(self, meter_id: str, region: str) -> Rate:
        """The price of a meter in a region.

        Raises:
            UnknownNameError: there is no such meter.
            MissingRateError: no price for it in that region was in force.
        """
        known = self._rates.get((meter_id, region))
        if known is None and (meter_id, region) not in self._missing:
            known = self._find(meter_id, region)
        if known is None:
            regions, reason = self._missing[meter_id, region]
            raise MissingRateError(meter_id, region, regions, self.as_of, reason)
        self._rates[meter_id, region] = known
        return known

    def _find(self, meter_id: str, region: str) -> Rate | None:
        """The price; None if there is none, and then what is to be said of it is kept."""
        meter = self.meter(meter_id)
        rows = self._in_force(meter_id, region)
        is_gap = (meter_id, region) in self.gaps
        if not rows and not is_gap and region in self.regions_of_vendor(meter_id):
            rows = self._in_force(meter_id, EVERYWHERE)
        if not rows and self._may_infer(meter_id, region):
            inferred = infer_price(meter_id, region, self._flat_prices, self.meters)
            if inferred is not None:
                return self._paid(self._inferred(meter, region, inferred), region)
        if not rows:
            self._missing[meter_id, region] = self.regions(meter_id), self._reason(meter_id, region)
            return None
        return self._paid(_rate(meter, rows, self._contract_rate(meter_id, region)), region)

    def _contract_rate(self, meter_id: str, region: str) -> ContractRate | None:
        return self.contract.rate_for(meter_id, region, self._role) if self.contract else None

    def _paid(self, rate: Rate, region: str) -> Rate:
        """A price as it is, or what machines that run as stated pay on average."""
        if not self.is_for_choosing:
            return rate
        return replace(rate, tariff=rate.tariff.scaled(self._paid_of(rate, region)))

    def _copied(self) -> Catalog:
        """The same, without what was found in it so far."""
        found = copy.copy(self)
        found._rates, found._missing, found._views = {}, {}, {}
        found.__dict__.pop("seen", None)
        return found

    @property
    def role(self) -> Role | Literal["other"] | None:
        """What the use is for whose prices these are; None if nobody knows."""
        return self._role

    def of_role(self, role: Role | Literal["other"] | None) -> Catalog:
        """What machines cost that are there for something; other prices are the same."""
        if role == self._role or not (
            self.contract and any(rate.roles is not None for rate in self.contract.rates)
        ):
            return self
        return self._view(role, None)

    def for_choosing(
        self, vendor: str, role: Role, course: tuple[float, ...] = _CONSTANT
    ) -> Catalog:
        """What machines cost on average that run as stated, so that they can be compared.

        With what is off for use all month, and with commitments whose best amount is looked for.

        Args:
            vendor: whose machines; those of others may cost something else.
            role: what they are there for.
            course: how many run at some time, for equally long parts of the month; in any unit.
        """
        timed = vendor in vendors_with_discounts() or bool(
            self.contract and self.contract.commitments
        )
        return self._view(role, course) if timed else self.of_role(role)

    def _view(
        self, role: Role | Literal["other"] | None, course: tuple[float, ...] | None
    ) -> Catalog:
        found = self._views.get((role, course))
        if found is None:
            found = self._copied()
            found._role = role
            if course is not None:
                found.is_for_choosing, found._course = True, course
            if len(self._views) >= _CATALOGS_KEPT:
                self._views.clear()
            self._views[role, course] = found
        return found

    def _paid_of(self, rate: Rate, region: str) -> float:
        """What machines that run as stated cost, as a share of the price per unit."""
        course = np.array(self._course)
        heights, lasting = levels(HourlyUse(course, np.full(course.size, 1 / course.size)))
        discounted = None if rate.contract else machine_class(rate.meter_id)
        paid = paid_share(discounted, lasting)
        usd, at_list = (float(tariff.usd_per_unit[0]) for tariff in (rate.tariff, rate.list_tariff))
        for commitment in self.contract.commitments if self.contract else ():
            if commitment.amount == BEST and usd and commitment.covers(rate.meter_id, region):
                off = commitment.percent_off or 0.0
                each = commitment.usd_per_unit
                committed = at_list * (1 - off / 100) if each is None else each
                paid = np.minimum(paid, committed / usd)
        used = float((heights * lasting).sum())
        return float((heights * paid).sum()) / used if used else 1.0

    def _check_own_prices(self, contract: Contract) -> None:
        """Refuse own prices where the price list has one, which rates change.

        Raises:
            UnknownNameError: there is no such meter.
            ContractError: there is a list price.
        """
        own = {meter.meter for meter in contract.meters}
        for price in contract.prices:
            self.meter(price.meter)
            rows = self._files.rates_at[price.meter, price.region]
            if price.meter in own or len(rows) > len(price.by_tier):
                raise ContractError(
                    f"prices: '{price.meter}' has a price in '{price.region}' already; "
                    "rates change it"
                )

    def _may_infer(self, meter_id: str, region: str) -> bool:
        """Whether a price may be inferred: what is sold there, and was never seen on any day."""
        gap = self.gaps.get((meter_id, region))
        return (
            self._infers
            and region in self.regions_of_vendor(meter_id)
            and (gap is None or gap.reason == "not_seen")
            and not self._files.rates_at.keys() & {(meter_id, region), (meter_id, EVERYWHERE)}
        )

    def _inferred(self, meter: Meter, region: str, found: Inferred) -> Rate:
        """A price that nobody saw, from those it follows from."""
        row = RateRow(
            meter=meter.meter,
            region=region,
            tier_from=0,
            usd_per_unit=found.usd_per_unit,
            effective_from=max(each.effective_from for each in found.neighbors),
            checked_on=min(each.checked_on for each in found.neighbors),
            source="; ".join(dict.fromkeys(each.source for each in found.neighbors)),
            confidence="inferred",
            note=found.rule,
        )
        contract = self._contract_rate(meter.meter, region)
        return replace(_rate(meter, [row], contract), range_usd=found.range_usd)

    @cached_property
    def seen(self) -> Catalog:
        """The same prices without inferred ones, which are no reason to choose one thing."""
        if not self._infers:
            return self
        only = self._copied()
        only._infers = False
        return only

    @cached_property
    def _flat_prices(self) -> FlatPrices:
        """Prices that are the same for every unit, without meters that have tiers anywhere.

        What sources disagree on is left out.
        """
        found: dict[str, dict[str, RateRow]] = defaultdict(dict)
        tiered: set[str] = set()
        for meter_id, region in self._files.rates_at:
            rows = self._in_force(meter_id, region)
            if len(rows) > 1:
                tiered.add(meter_id)
            elif rows and region != EVERYWHERE and rows[0].usd_per_unit and not rows[0].assumption:
                found[meter_id][region] = rows[0]
        return {name: regions for name, regions in found.items() if name not in tiered}

    def _in_force(self, meter_id: str, region: str) -> list[RateRow]:
        """The tiers of a price on the day, under the answers; empty if there is none."""
        rows = [
            row
            for row in self._holding(self._files.rates_at.get((meter_id, region), ()))
            if self.as_of is None or row.effective_from <= self.as_of
        ]
        newest = max((row.effective_from for row in rows), default=None)
        return sorted(
            (row for row in rows if row.effective_from == newest), key=lambda row: row.tier_from
        )

    def _reason(self, meter_id: str, region: str) -> str:
        gap = self.gaps.get((meter_id, region))
        if gap is None:
            later = [
                row.effective_from
                for location in (region, EVERYWHERE)
                for row in self._files.rates_at.get((meter_id, location), ())
            ]
            return f"the earliest known price is from {min(later)}" if later else ""
        what = {"not_offered": "not offered there", "not_seen": "no source was found"}[gap.reason]
        return f"{what}, {gap.note}"

    def regions(self, meter_id: str) -> list[str]:
        """Regions in which a meter has a price."""
        own = {region for meter, region in self._files.rates_at if meter == meter_id}
        found = {region for region in own if self._in_force(meter_id, region)}
        if EVERYWHERE in found:
            found |= {r for r in self.regions_of_vendor(meter_id) if (meter_id, r) not in self.gaps}
        return sorted(found - {EVERYWHERE})

    def rows(self) -> Iterator[RateRow]:
        """The lines of the price files in force, by meter, region and tier."""
        for meter_id, region in sorted(self._files.rates_at):
            yield from self._in_force(meter_id, region)

    @cached_property
    def _rows_of_meters(self) -> Mapping[str, int]:
        return {name: index for index, name in enumerate(self.meters)}

    @cached_property
    def _rows_of_regions(self) -> Mapping[str, Mapping[str, int]]:
        return {
            vendor: {name: index for index, name in enumerate(regions)}
            for vendor, regions in (self._files.regions or {}).items()
        }

    @cached_property
    def priced(self) -> Collection[tuple[str, str]]:
        """Meter and region of every price in force; the region is * where it holds everywhere."""
        return dict.fromkeys((row.meter, row.region) for row in self.rows()).keys()

    @cached_property
    def gaps(self) -> Mapping[tuple[str, str], Gap]:
        """Prices there are not, by meter and region."""
        return {(gap.meter, gap.region): gap for gap in self._files.gaps}

    def regions_of_vendor(self, meter_id: str) -> Mapping[str, Region]:
        """All regions of the vendor of a meter, with or without a price, by their ids."""
        return (self._files.regions or {}).get(meter_id.split(".", 1)[0], {})

    def pool(self, pool: Pool, meter_id: str, region: str) -> str:
        """The name of what a vendor adds up the use of a region with."""
        if pool == "account":
            return ""
        if pool == "region":
            return region
        found = self.regions_of_vendor(meter_id).get(region)
        if found is None or found.zone is None:
            raise PricingDataError(f"{meter_id}: region '{region}' has no zone in regions.csv")
        return found.zone

    def allowances(self, meter_id: str) -> Iterable[Allowance]:
        """What the vendor gives free of a meter."""
        return self._allowances.get(meter_id, ())

    def left(self, allowance: Allowance) -> float:
        """Units or USD of an allowance that nothing else uses: all, if nobody says otherwise."""
        return min(self.allowances_left.get(allowance.allowance, np.inf), allowance.amount)

    def with_allowances_left(self, left: Mapping[str, float]) -> Catalog:
        """The same prices, where so much is left of some allowances."""
        if not left:
            return self
        changed = self._copied()
        changed.allowances_left = {**self.allowances_left, **left}
        return changed

    def included(self, meter_id: str) -> float:
        """Units of a meter that come with each unit of another one; 0 if none do."""
        return sum(one.amount for one in self.allowances(meter_id) if one.per_unit_of)

    def is_flat(self, meter_id: str, region: str) -> bool:
        """Whether every unit of a meter costs the same: no tiers, packages or allowances."""
        rate = self.rate(meter_id, region)
        return rate.tariff.flat and rate.meter.package is None and not self.allowances(meter_id)

    def answer(self, assumption_id: str) -> str:
        """The answer taken to an open question about prices."""
        return self._answers[assumption_id]

    def questions_about(self, meter_id: str, region: str) -> list[Assumption]:
        """What sources disagree on about the price of a meter in a region."""
        assumptions = self._files.assumptions or {}
        names = self._questions[meter_id, region] | self._questions[meter_id, EVERYWHERE]
        return [assumption for name, assumption in assumptions.items() if name in names]

    @cached_property
    def _questions(self) -> Mapping[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        affected = chain(
            ((row, row.meter, row.region) for row in self._files.rates),
            ((row, row.meter, EVERYWHERE) for row in self._files.meters),
            ((row, meter, EVERYWHERE) for row in self._files.allowances for meter in row.meters),
        )
        for row, meter_id, region in affected:
            if row.assumption:
                found[meter_id, region].add(row.assumption)
        return found

    def _check_answers(self, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, assumption in (self._files.assumptions or {}).items():
            answer = given.get(name, assumption.default)
            if answer not in assumption.choices:
                raise UnknownNameError(f"answer to {name}", answer, assumption.choices)
            yield name, answer

    def _holding(self, rows: Iterable[Row]) -> Iterator[Row]:
        answers = self._answers
        return (
            row for row in rows if row.assumption is None or answers[row.assumption] == row.answer
        )


def load_catalog(
    as_of: dt.date | None = None,
    answers: Mapping[str, str] | None = None,
    contract: Contract | None = None,
    allowances_left: Mapping[str, float] | None = None,
) -> Catalog:
    """The prices in force on a day, or the newest ones.

    A price that changed is a later line, so that any day can be priced again.

    Args:
        as_of: the day; the newest prices known if None.
        answers: to open questions about prices, by id; others are passed over.
        contract: what is paid instead of list prices.
        allowances_left: units or USD of allowances that nothing else uses, by their ids.

    Raises:
        PricingDataError: a price file breaks its rules.
        UnknownNameError: an answer there is not, or a contract for a meter there is not.
    """
    assumptions = load_price_files().assumptions or {}
    given = {name: answer for name, answer in (answers or {}).items() if name in assumptions}
    left = tuple(sorted((allowances_left or {}).items()))
    if as_of is None and not given and contract is None and not left:
        return _list_prices(price_list_version())
    return _catalog(price_list_version(), as_of, tuple(sorted(given.items())), contract, left)  # pyright: ignore[reportArgumentType] (pydantic adds the hash of a frozen model)


def check_date(as_of: dt.date | None) -> None:
    """Refuse a day to come, whose prices nobody knows.

    Raises:
        ScenarioError: it lies in the future.
    """
    if as_of and as_of > dt.datetime.now(tz=dt.UTC).date():
        raise ScenarioError(f"as_of: {as_of} lies in the future")


def check_answered(answers: Mapping[str, str]) -> None:
    """Refuse answers to what is no open question about prices.

    Raises:
        UnknownNameError: no such question.
    """
    questions = price_assumptions()
    for name in answers:
        if name not in questions:
            raise UnknownNameError("assumption", name, questions)


def check_allowances(left: Mapping[str, float]) -> None:
    """Refuse what is left of an allowance that there is not, or that others cannot use.

    Raises:
        UnknownNameError: no such allowance.
        ScenarioError: an amount below zero, without end, or not a number.
    """
    known = shared_by_account()
    for name, amount in left.items():
        if name not in known:
            raise UnknownNameError("allowance", name, known)
        if not 0 <= amount < np.inf:
            raise ScenarioError(f"what is left of {name} must be a number of at least 0")


def shared_by_account() -> Mapping[str, Allowance]:
    """Allowances that other use of an account may take, by their ids; under any answer."""
    return {row.allowance: row for row in load_price_files().allowances if not row.per_unit_of}


@lru_cache(maxsize=4)
def _list_prices(version: Version) -> Catalog:
    """The newest, held while it is in use: all answers refer to it, whatever else was asked for."""
    return Catalog(price_files_of(version))


@lru_cache(maxsize=_CATALOGS_KEPT)
def _catalog(
    version: Version,
    as_of: dt.date | None,
    answers: tuple[tuple[str, str], ...],
    contract: Contract | None,
    allowances_left: tuple[tuple[str, float], ...],
) -> Catalog:
    return Catalog(price_files_of(version), as_of, dict(answers), contract, dict(allowances_left))


def _with_own(price_files: PriceFiles, contract: Contract | None) -> PriceFiles:
    """The price files, with the meters and prices that only a contract has.

    Raises:
        ContractError: a meter that the price list has too.
    """
    if contract is None or not (contract.meters or contract.prices):
        return price_files
    listed = {row.meter for row in price_files.meters}
    regions = {vendor: dict(found) for vendor, found in (price_files.regions or {}).items()}
    meters = [*price_files.meters]
    rows = [*price_files.rates]
    priced = [
        *((own.meter, EVERYWHERE, own) for own in contract.meters),
        *((own.meter, own.region, own) for own in contract.prices),
    ]
    for meter, region, own in priced:
        vendor = meter.partition(".")[0]
        known = regions.setdefault(vendor, {_WORLDWIDE: _own_region(_WORLDWIDE)})
        if region != EVERYWHERE:
            known.setdefault(region, _own_region(region))
        rows += [
            RateRow(
                meter=meter,
                region=region,
                tier_from=tier_from,
                usd_per_unit=usd,
                effective_from=dt.date.min,
                checked_on=own.checked_on or dt.datetime.now(tz=dt.UTC).date(),
                source=own.source or f"the contract '{contract.title}'",
                confidence=own.confidence or "confirmed",
                note=own.note,
            )
            for tier_from, usd in own.by_tier
        ]
    for own in contract.meters:
        if own.meter in listed:
            raise ContractError(
                f"meters: '{own.meter}' is in the price list; rates change what it costs"
            )
        listed.add(own.meter)
        meters.append(
            Meter(
                meter=own.meter,
                title=own.title,
                service=own.service,
                driver=own.driver,
                unit=own.unit,
                tiers_pool_over="account",
                focus_category="Other",
                focus_subcategory="Other (Other)",
                source=own.source or f"the contract '{contract.title}'",
                note=own.note,
            )
        )
    return replace(price_files, meters=tuple(meters), rates=tuple(rows), regions=regions)


def _own_region(name: str) -> Region:
    """A region that only a contract names, whose traffic is added up on its own."""
    return Region(region=name, title=name, zone=name)


def _rate(meter: Meter, rows: list[RateRow], contract: ContractRate | None) -> Rate:
    first = rows[0]
    edges = np.array([row.tier_from for row in rows])
    prices = np.array([row.usd_per_unit for row in rows])
    if edges[0] != 0 or np.any(np.diff(edges) <= 0):
        raise PricingDataError(
            f"{first.meter} in {first.region}: tiers must start at 0 and ascend, "
            f"but start at {', '.join(f'{edge:g}' for edge in edges)}"
        )
    if len(rows) > 1 and not np.all(prices):
        raise PricingDataError(
            f"{first.meter} in {first.region}: a tier of price 0 is an allowance, not a price"
        )
    listed = Tariff(edges, prices)
    tariff = contract.applied_to(listed) if contract else listed
    return Rate(
        meter_id=first.meter,
        meter=meter,
        region=first.region,
        tariff=tariff,
        # units are split over the same tiers
        list_tariff=listed.with_edges(tariff.tier_from.tolist()),
        contract=contract,
        effective_from=first.effective_from,
        checked_on=min(row.checked_on for row in rows),
        source=first.source,
        confidence=_FROM_SURE_TO_UNSURE[
            max(_FROM_SURE_TO_UNSURE.index(row.confidence) for row in rows)
        ],
        note=first.note,
    )
