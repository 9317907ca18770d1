"""What do you pay instead of list prices? Contracts, reservations and commitments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from estimator.arguments import checks_arguments
from estimator.documents import YamlDocument, read_file, read_yaml
from estimator.errors import EstimatorError, UnknownNameError, echo
from estimator.files import Confidence, Entry, data_text, names_in
from estimator.format import unit_price
from estimator.pricing.tiers import Tariff
from estimator.shown import Shown
from estimator.validation import Name, Prose, validated

_MOST_USD = 1e9
"""Per unit of any meter: beyond any price, and far from where products of it end."""
_MOST_RATES = 1_000
_MOST_NAMES = 100
"""Of meters or regions in one entry."""
_Pattern = Annotated[str, Field(max_length=100)]
_FILES = (".yaml", ".yml")


class ContractError(EstimatorError):
    """Contract rates that cannot be read or do not make sense.

    >>> as_contract({"title": "Ours", "rates": []})
    Traceback (most recent call last):
    estimator.pricing.contract.ContractError: ...a contract has at least 1 entry...
    """


class ContractRate(Entry):
    """What is paid for some meters instead of the list price."""

    refusal = ContractError
    meters: Annotated[tuple[_Pattern, ...], Field(min_length=1, max_length=_MOST_NAMES)]
    """Ids of meters; * stands for any letters, as in ``azure.vm.d*``."""
    regions: Annotated[tuple[Name, ...], Field(min_length=1, max_length=_MOST_NAMES)] | None = None
    """The cloud's own names of the regions where it applies; everywhere if left out."""
    usd_per_unit: Annotated[float, Field(ge=0, le=_MOST_USD)] | None = None
    """The new price, the same in every tier."""
    percent_off: Annotated[float, Field(ge=0, le=100)] | None = None
    """Taken off the list price of every tier."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Part of the use that the commitment covers; the rest is paid at list price."""
    source: Prose | None = None
    checked_on: dt.date | None = None
    confidence: Confidence | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.usd_per_unit is None) == (self.percent_off is None):
            raise ValueError("give usd_per_unit or percent_off")
        return self

    def covers(self, meter_id: str, region: str) -> bool:
        """Whether it changes the price of a meter in a region."""
        return (self.regions is None or region in self.regions) and self.names(meter_id)

    def names(self, meter_id: str) -> bool:
        """Whether it names a meter, outright or by a pattern."""
        return any(fnmatchcase(meter_id, pattern) for pattern in self.meters)

    def applied_to(self, tariff: Tariff) -> Tariff:
        """The price list's tariff as this contract changes it.

        >>> half = ContractRate(meters=["*"], percent_off=30, share=0.5)
        >>> half.applied_to(Tariff(np.array([0.0]), np.array([2.0]))).usd_per_unit
        array([1.7])
        """
        if self.usd_per_unit is None:
            committed = tariff.usd_per_unit * (1 - (self.percent_off or 0.0) / 100)
        else:
            committed = np.full_like(tariff.usd_per_unit, self.usd_per_unit)
        blended = self.share * committed + (1 - self.share) * tariff.usd_per_unit
        return Tariff(tariff.tier_from, blended)

    def in_words(self) -> str:
        """What is paid, for people."""
        price = (
            f"{self.percent_off:g}% off"
            if self.usd_per_unit is None
            else f"${unit_price(self.usd_per_unit)} per unit"
        )
        return price if self.share == 1 else f"{price} for {self.share:.0%} of the usage"


def _at_least_one(rates: tuple[ContractRate, ...]) -> tuple[ContractRate, ...]:
    if not rates:
        raise ValueError("a contract has at least 1 entry")
    return rates


@checks_arguments
class Contract(Shown, Entry):
    """Contract rates: a title and what they change.

    >>> load_contract("gcp-flexible-cud-1-year").rates[0].percent_off
    28.0
    """

    refusal = ContractError
    title: Name
    """Name for people."""
    note: Prose | None = None
    """What to know before using it."""
    rates: Annotated[
        tuple[ContractRate, ...], AfterValidator(_at_least_one), Field(max_length=_MOST_RATES)
    ]
    """Where several match a meter and region, the last one applies."""

    def as_data(self) -> dict[str, Any]:
        """The contract as plain lists, texts and numbers."""
        return self.model_dump(mode="json", exclude_unset=True)

    def __repr__(self) -> str:
        return f"<Contract {self.title!r}: {len(self.rates)} rates>"

    def rate_for(self, meter_id: str, region: str) -> ContractRate | None:
        """What the contract says of a meter in a region; None if nothing."""
        fitting = (rate for rate in reversed(self.rates) if rate.covers(meter_id, region))
        return next(fitting, None)

    def check_names(self, meter_ids: Iterable[str], regions: Mapping[str, Iterable[str]]) -> None:
        """Refuse entries that change nothing because no meter or region has that name.

        Args:
            meter_ids: all meters there are.
            regions: all regions, by vendor.

        Raises:
            UnknownNameError: an id or pattern that fits no meter, or a region of no vendor.
        """
        known = list(meter_ids)
        for rate in self.rates:
            for pattern in rate.meters:
                if not any(fnmatchcase(name, pattern) for name in known):
                    raise UnknownNameError("meter", pattern, known)
            vendors = {name.split(".", 1)[0] for name in known if rate.names(name)}
            there = {region for vendor in vendors for region in regions.get(vendor, ())}
            for region in rate.regions or ():
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

    >>> shipped_contract("gcp-flexible-cud-1-year").rates[0].percent_off
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

    >>> load_contract("aws-compute-savings-plan-1-year").rates[0].usd_per_unit
    0.13965
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
