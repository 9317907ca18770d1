"""What do you pay instead of list prices? Contracts, reservations and commitments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from estimator.arguments import checks_arguments
from estimator.documents import YamlDocument, read_file, read_yaml
from estimator.errors import EstimatorError, UnknownNameError, echo
from estimator.files import Confidence, Entry, data_text, names_in
from estimator.format import dollars_and_cents, quantity_text, unit_price
from estimator.pricing.price_files import Driver
from estimator.pricing.tiers import Tariff
from estimator.shown import Shown
from estimator.validation import Name, Prose, validated

_MOST_USD = 1e9
"""Per unit of any meter: beyond any price, and far from where products of it end."""
_MOST_RATES = 1_000
_MOST_NAMES = 100
"""Of meters or regions in one entry."""
_MOST_UNITS = 1e15
_Pattern = Annotated[str, Field(max_length=100)]
_Meters = Annotated[tuple[_Pattern, ...], Field(min_length=1, max_length=_MOST_NAMES)]
_Regions = Annotated[tuple[Name, ...], Field(min_length=1, max_length=_MOST_NAMES)]
_Usd = Annotated[float, Field(ge=0, le=_MOST_USD)]
_PercentOff = Annotated[float, Field(ge=0, le=100)]
_FILES = (".yaml", ".yml")
Role = Literal["nodes", "containers", "redis", "application_servers"]
"""What machines are there for: the nodes that hold connections, Redis between them, or the servers
of the user's own code."""
BEST: Literal["best"] = "best"
"""As much as makes the least bill."""
_Amount = Annotated[float, Field(gt=0, le=_MOST_UNITS)] | Literal["best"]


class ContractError(EstimatorError):
    """Contract rates that cannot be read or do not make sense.

    >>> as_contract({"title": "Ours", "rates": []})
    Traceback (most recent call last):
    estimator.pricing.contract.ContractError: ...a contract has at least 1 entry...
    """


class ContractTier(Entry):
    """What is paid from so many units per month on."""

    refusal = ContractError
    tier_from: Annotated[float, Field(ge=0, le=_MOST_UNITS)]
    """Units per month from which on it is paid; the first tier starts at 0."""
    usd_per_unit: _Usd | None = None
    percent_off: _PercentOff | None = None
    """Taken off the list price."""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.usd_per_unit is None) == (self.percent_off is None):
            raise ValueError("give usd_per_unit or percent_off")
        return self


def _ascending(tiers: tuple[ContractTier, ...]) -> tuple[ContractTier, ...]:
    edges = [tier.tier_from for tier in tiers]
    if edges and (edges[0] != 0 or any(np.diff(edges) <= 0)):
        raise ValueError(
            f"tiers start at 0 and ascend, but start at {', '.join(f'{edge:g}' for edge in edges)}"
        )
    return tiers


_Tiers = Annotated[
    tuple[ContractTier, ...], AfterValidator(_ascending), Field(min_length=1, max_length=100)
]


class _Evidence(Entry):
    """Where an entry of a contract was read, if it says so."""

    refusal = ContractError
    source: Prose | None = None
    checked_on: dt.date | None = None
    confidence: Confidence | None = None
    note: Prose | None = None


class _OfMeters(_Evidence):
    """Meters by their ids or patterns, in some regions."""

    meters: _Meters
    """Ids of meters; * stands for any letters, as in ``azure.vm.d*``."""
    regions: _Regions | None = None
    """The cloud's own names of the regions where it applies; everywhere if left out."""

    def covers(self, meter_id: str, region: str) -> bool:
        """Whether it is about a meter in a region."""
        return (self.regions is None or region in self.regions) and self.names(meter_id)

    def names(self, meter_id: str) -> bool:
        """Whether it names a meter, outright or by a pattern."""
        return any(fnmatchcase(meter_id, pattern) for pattern in self.meters)


class ContractRate(_OfMeters):
    """What is paid for some meters instead of the list price."""

    usd_per_unit: _Usd | None = None
    """The new price, the same in every tier."""
    percent_off: _PercentOff | None = None
    """Taken off the list price of every tier."""
    tiers: _Tiers | None = None
    """Prices or discounts by volume, instead of one for all units."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Part of all use that has this price, however it lies in the month; the rest is paid at list
    price. What is paid for every hour, used or not, is a commitment instead."""
    roles: Annotated[tuple[Role, ...], Field(min_length=1)] | None = None
    """Only machines of a deployment that are there for this; all use if left out."""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        given = (self.usd_per_unit, self.percent_off, self.tiers)
        if sum(each is not None for each in given) != 1:
            raise ValueError("give usd_per_unit or percent_off, or tiers of them")
        return self

    def applied_to(self, tariff: Tariff) -> Tariff:
        """The price list's tariff as this contract changes it.

        >>> half = ContractRate(meters=["*"], percent_off=30, share=0.5)
        >>> half.applied_to(Tariff(np.array([0.0]), np.array([2.0]))).usd_per_unit
        array([1.7])
        """
        tiers = self.tiers or (
            ContractTier(tier_from=0, usd_per_unit=self.usd_per_unit, percent_off=self.percent_off),
        )
        at_list = tariff.with_edges([tier.tier_from for tier in tiers])
        starts = np.array([tier.tier_from for tier in tiers])
        mine = np.searchsorted(starts, at_list.tier_from, side="right") - 1
        committed = np.array(
            [
                usd * (1 - (tiers[index].percent_off or 0.0) / 100)
                if (own := tiers[index].usd_per_unit) is None
                else own
                for index, usd in zip(mine, at_list.usd_per_unit, strict=True)
            ]
        )
        blended = self.share * committed + (1 - self.share) * at_list.usd_per_unit
        return Tariff(at_list.tier_from, blended)

    def in_words(self) -> str:
        """What is paid, for people."""
        price = _words(self.usd_per_unit, self.percent_off, self.tiers)
        some = "" if self.share == 1 else f" for {self.share:.0%} of the usage"
        whose = f", {' and '.join(self.roles).replace('_', ' ')} only" if self.roles else ""
        return f"{price}{some}{whose}"


def _words(
    usd_per_unit: float | None,
    percent_off: float | None,
    tiers: tuple[ContractTier, ...] | None = None,
) -> str:
    """What is paid for a unit."""
    if tiers is not None:
        return "; ".join(
            f"{_words(tier.usd_per_unit, tier.percent_off)} from {quantity_text(tier.tier_from)}"
            for tier in tiers
        )
    if usd_per_unit is None:
        return f"{percent_off:g}% off"
    return f"${unit_price(usd_per_unit)} per unit"


class Commitment(_OfMeters):
    """So much use per hour at a lower price, paid in each hour of the month whether used or not.

    What is used beyond it costs what it would without it. Where several entries cover a meter, each
    covers what those before it leave.
    """

    percent_off: _PercentOff | None = None
    """Taken off the list price of what is covered."""
    usd_per_unit: _Usd | None = None
    """What a committed unit costs, with ``units_per_hour``."""
    covers_usd_per_hour: _Amount | None = None
    """Use per hour that is covered, as USD at list prices, of all its meters and regions together:
    1 at 17% off costs 0.83 in every hour. ``best`` finds the amount that makes the least bill."""
    units_per_hour: _Amount | None = None
    """Units per hour that are covered of each of its meters in each region, such as machines, or
    processors; ``best`` finds as many whole ones as make the least bill."""

    @model_validator(mode="after")
    def _one_amount_and_price(self) -> Self:
        if (self.covers_usd_per_hour is None) == (self.units_per_hour is None):
            raise ValueError("give covers_usd_per_hour or units_per_hour: an amount or best")
        if (self.usd_per_unit is None) == (self.percent_off is None):
            raise ValueError("give usd_per_unit or percent_off")
        if self.usd_per_unit is not None and self.units_per_hour is None:
            raise ValueError("usd_per_unit goes with units_per_hour")
        return self

    @property
    def amount(self) -> float | Literal["best"]:
        """How much per hour, in USD at list prices or in units."""
        return self.covers_usd_per_hour or self.units_per_hour or BEST

    @property
    def by_value(self) -> bool:
        """Whether it is for use of some value, and not for so many units of each meter."""
        return self.covers_usd_per_hour is not None

    def in_words(self) -> str:
        """How much is paid for each hour, for people."""
        price = _words(self.usd_per_unit, self.percent_off)
        if self.amount == BEST:
            return f"{price}, the best amount per hour"
        if self.by_value:
            return f"{price}, {dollars_and_cents(self.amount)} of use per hour"
        return f"{price}, {quantity_text(self.amount)} units per hour"


class _OwnPrices(_Evidence):
    """A price that no price list has."""

    usd_per_unit: _Usd | None = None
    """The same for every unit."""
    tiers: _Tiers | None = None
    """By volume, each with usd_per_unit."""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.usd_per_unit is None) == (self.tiers is None):
            raise ValueError("give usd_per_unit, or tiers of it")
        if any(tier.usd_per_unit is None for tier in self.tiers or ()):
            raise ValueError("there is no list price to take percent off: give usd_per_unit")
        if self.tiers and len(self.tiers) > 1 and not all(tier.usd_per_unit for tier in self.tiers):
            raise ValueError("a tier of price 0 is an allowance: give prices above 0 in each tier")
        return self

    @property
    def by_tier(self) -> tuple[tuple[float, float], ...]:
        """Where each tier begins, and its price."""
        if self.tiers is None:
            return ((0.0, self.usd_per_unit or 0.0),)
        return tuple((tier.tier_from, tier.usd_per_unit or 0.0) for tier in self.tiers)

    def in_words(self) -> str:
        """What is paid, for people."""
        return _words(self.usd_per_unit, None, self.tiers)


class OwnMeter(_OwnPrices):
    """Something that is counted and that no price list has."""

    meter: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    """Its id: small letters, digits and _, in parts parted by dots, as in ``acme.relay.hours``."""
    title: Name
    unit: Name
    driver: Driver
    """What of the bill it belongs to."""
    service: Name = "Your own"


class OwnPrice(_OwnPrices):
    """The price of a meter in a region for which the price list has none."""

    meter: _Pattern
    region: Name
    """The cloud's own name of the region, which need not be in the price list."""


def _at_least_one(rates: tuple[ContractRate, ...]) -> tuple[ContractRate, ...]:
    if not rates:
        raise ValueError("a contract has at least 1 entry")
    return rates


@checks_arguments
class Contract(Shown, Entry):
    """Contract rates: a title and what they change.

    >>> load_contract("gcp-flexible-cud-1-year").commitments[0].percent_off
    28.0
    """

    refusal = ContractError
    title: Name
    """Name for people."""
    note: Prose | None = None
    """What to know before using it."""
    rates: Annotated[
        tuple[ContractRate, ...], AfterValidator(_at_least_one), Field(max_length=_MOST_RATES)
    ] = ()
    """Where several match a meter and region, the last one applies."""
    commitments: Annotated[tuple[Commitment, ...], Field(max_length=_MOST_RATES)] = ()
    """What is paid for every hour; each covers what those before it leave."""
    meters: Annotated[tuple[OwnMeter, ...], Field(max_length=_MOST_RATES)] = ()
    """Your own meters, which no price list has."""
    prices: Annotated[tuple[OwnPrice, ...], Field(max_length=_MOST_RATES)] = ()
    """Your own prices of meters in regions for which the price list has none."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.rates or self.commitments or self.meters or self.prices):
            raise ValueError(
                "a contract has at least 1 entry: give rates, commitments, meters or prices"
            )
        return self

    def as_data(self) -> dict[str, Any]:
        """The contract as plain lists, texts and numbers."""
        return self.model_dump(mode="json", exclude_unset=True)

    def __repr__(self) -> str:
        more = f", {len(self.commitments)} commitments" if self.commitments else ""
        return f"<Contract {self.title!r}: {len(self.rates)} rates{more}>"

    def rate_for(
        self, meter_id: str, region: str, role: Role | Literal["other"] | None = None
    ) -> ContractRate | None:
        """What the contract says of a meter in a region; None if nothing.

        Args:
            meter_id: the meter.
            region: where.
            role: what it is used for; None if nobody knows, and all rates apply.
        """
        fitting = (
            rate
            for rate in reversed(self.rates)
            if rate.covers(meter_id, region)
            and (role is None or rate.roles is None or role in rate.roles)
        )
        return next(fitting, None)

    def tells_roles_apart(self, meter_id: str) -> bool:
        """Whether what a meter costs depends on what its machines are there for."""
        return any(rate.roles is not None and rate.names(meter_id) for rate in self.rates)

    def has_own_price(self, meter_id: str, region: str) -> bool:
        """Whether it gives a price that no price list has."""
        return any(own.meter == meter_id for own in self.meters) or any(
            (own.meter, own.region) == (meter_id, region) for own in self.prices
        )

    def check_names(self, meter_ids: Iterable[str], regions: Mapping[str, Iterable[str]]) -> None:
        """Refuse entries that change nothing because no meter or region has that name.

        Args:
            meter_ids: all meters there are.
            regions: all regions, by vendor.

        Raises:
            UnknownNameError: an id or pattern that fits no meter, or a region of no vendor.
        """
        known = list(meter_ids)
        for entry in (*self.rates, *self.commitments):
            for pattern in entry.meters:
                if not any(fnmatchcase(name, pattern) for name in known):
                    raise UnknownNameError("meter", pattern, known)
            vendors = {name.split(".", 1)[0] for name in known if entry.names(name)}
            there = {region for vendor in vendors for region in regions.get(vendor, ())}
            for region in entry.regions or ():
                if region not in there:
                    raise UnknownNameError("region", region, there)


@checks_arguments
def contract_names() -> list[str]:
    """The published discounts that ship as examples.

    Returns:
        Names for ``load_contract``, in alphabetical order.

    >>> contract_names()[0]
    'aws-compute-savings-plan-1-year'
    """
    return names_in(files("pricing_data").joinpath("contracts"))


@cache
def shipped_contract(name: str) -> Contract:
    """A published discount that ships as an example.

    Raises:
        UnknownNameError: there is none of that name.

    >>> shipped_contract("gcp-flexible-cud-1-year").commitments[0].percent_off
    28.0
    """
    if name not in contract_names():
        raise UnknownNameError("contract", name, contract_names())
    file = f"contracts/{name}.yaml"
    document = read_yaml(data_text(file), f"pricing_data/{file}", ContractError)
    return validated(document, Contract, ContractError)


@checks_arguments
def load_contract(name_or_path: str | Path) -> Contract:
    """Contract rates by the name of a shipped example, or from a file of your own.

    Args:
        name_or_path: one of ``contract_names``, or the path of a file that ends in .yaml or .yml.

    Returns:
        The contract, whose prices are in USD for one unit of each meter.

    Raises:
        UnknownNameError: neither an example nor a file.
        ContractError: the file breaks its rules; the message gives file, line and field.

    >>> load_contract("oci-preemptible").rates[0].percent_off
    50.0
    """
    path = Path(name_or_path)
    if not path.name.endswith(_FILES):
        return shipped_contract(str(name_or_path))
    return validated(read_file(path, ContractError), Contract, ContractError)


def as_contract(
    given: str | Mapping[str, Any] | YamlDocument | Contract | None,
) -> Contract | None:
    """Contract rates as a scenario or a caller states them: by name, written out, read, or ready.

    Raises:
        UnknownNameError: no shipped example of that name.
        ContractError: what is written out breaks the rules, or a text names a file.
    """
    if given is None or isinstance(given, Contract):
        return given
    if isinstance(given, str):
        if given.endswith(_FILES):
            raise ContractError(
                f"{echo(given)} names a file: give what load_contract({echo(given)}) reads"
            )
        return shipped_contract(given)
    document = given if isinstance(given, YamlDocument) else YamlDocument(given, "contract")
    return validated(document, Contract, ContractError)
