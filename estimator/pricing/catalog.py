"""The price list: which meter costs what, where, since when, and who says so."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.datafiles import Confidence, Entry, load_mapping, load_rows
from estimator.errors import MissingRateError, PricingDataError, UnknownNameError
from estimator.pricing.tariff import Tariff

CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud", "oci": "OCI"}
"""Names for people, by the first part of every id."""
EVERYWHERE = "*"
"""Region of a rate that holds in every region of a cloud."""

Driver = Literal["connection time", "messages", "compute", "load balancing", "data out"]
DRIVERS: tuple[Driver, ...] = (
    "connection time",
    "messages",
    "compute",
    "load balancing",
    "data out",
)
"""What drives cost, in the order charts stack it."""

_FROM_SURE_TO_UNSURE: tuple[Confidence, ...] = ("confirmed", "single_source", "inferred")


class Allowance(Entry):
    """What a vendor gives free of charge each month."""

    kind: Literal["always", "new_accounts"]
    """Whether every account has it, or only new ones for some months."""
    quantity: Annotated[float, Field(gt=0)]
    """In units of the meter."""
    valued_at: str | None = None
    """Region at whose price the quantity is given as money; None if it is given as quantity."""
    tiers: Literal["beyond", "including"]
    """Whether price tiers count use beyond the allowance, or including it."""
    scope: str
    """What shares one allowance."""
    regions: tuple[str, ...] | None = None
    """Regions that have it; all if None."""
    source: str
    checked_on: dt.date
    note: str | None = None


class Focus(Entry):
    """Category in the FinOps cost and usage specification."""

    service_category: str
    service_subcategory: str


class Meter(Entry):
    """One thing that a cloud counts."""

    title: str
    service: str
    """The vendor's name of the service."""
    driver: Driver
    unit: str
    step_bytes: Annotated[int, Field(gt=0)] | None = None
    """Messages are counted in started steps of so many bytes."""
    bytes_per_unit: Annotated[int, Field(gt=0)] | None = None
    """Traffic is counted in units of so many bytes."""
    included_per_unit_day: Annotated[float, Field(gt=0)] | None = None
    """Messages that a unit may send in a day before the meter starts to count."""
    tiers_pool_over: str
    """What is added up before tiers apply."""
    allowance: tuple[Allowance, ...] = ()
    focus: Focus
    source: str
    note: str | None = None

    @model_validator(mode="after")
    def _one_way_to_count_tiers(self) -> Self:
        if len({one.tiers for one in self.allowance if one.valued_at is None}) > 1:
            raise ValueError("allowances of one meter must count tiers the same way")
        return self


class RateRow(Entry):
    """One line of a price file: the price within one tier."""

    meter: str
    region: str
    tier_from: Annotated[float, Field(ge=0)]
    usd_per_unit: Annotated[float, Field(gt=0)]
    effective_from: dt.date
    checked_on: dt.date
    source: Annotated[str, Field(min_length=8)]
    confidence: Confidence
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a meter in a region, with its evidence."""

    meter_id: str
    meter: Meter
    region: str
    tariff: Tariff
    effective_from: dt.date
    checked_on: dt.date
    """When the least recently checked tier was checked."""
    source: str
    confidence: Confidence
    """Of the least sure tier."""
    note: str | None


class Catalog:
    """The prices in force on one day.

    >>> catalog = load_catalog()
    >>> catalog.rate("aws.api_gateway.messages", "us-east-1").tariff.usd_per_unit
    array([1.e-06, 8.e-07])
    """

    def __init__(
        self,
        meters: Mapping[str, Meter],
        rates: Mapping[tuple[str, str], Rate],
        as_of: dt.date | None = None,
    ) -> None:
        """Hold ``meters`` by id and ``rates`` by meter id and region."""
        self.meters = meters
        self.rates = rates
        self.as_of = as_of

    def meter(self, meter_id: str) -> Meter:
        """The definition of a meter.

        Raises:
            UnknownNameError: there is no such meter.
        """
        if meter_id not in self.meters:
            raise UnknownNameError("meter", meter_id, self.meters)
        return self.meters[meter_id]

    def rate(self, meter_id: str, region: str) -> Rate:
        """The price of a meter in a region.

        Raises:
            UnknownNameError: there is no such meter.
            MissingRateError: no price for it in that region was in force.
        """
        self.meter(meter_id)
        if (meter_id, region) in self.rates:
            return self.rates[meter_id, region]
        if (meter_id, EVERYWHERE) in self.rates and region in self._regions_of_cloud(meter_id):
            return self.rates[meter_id, EVERYWHERE]
        raise MissingRateError(meter_id, region, self.regions(meter_id), self.as_of)

    def regions(self, meter_id: str) -> list[str]:
        """Regions in which a meter has a price."""
        if (meter_id, EVERYWHERE) in self.rates:
            return sorted(self._regions_of_cloud(meter_id))
        return sorted(region for meter, region in self.rates if meter == meter_id)

    def _regions_of_cloud(self, meter_id: str) -> set[str]:
        """Regions for which any meter of the same cloud has a price of its own."""
        cloud = meter_id.split(".", 1)[0]
        regions = {region for meter, region in self.rates if meter.split(".", 1)[0] == cloud}
        return regions - {EVERYWHERE}


@cache
def load_catalog(as_of: dt.date | None = None) -> Catalog:
    """The prices in force on a day, or the newest ones.

    A price that changed is a later line, so that any day can be priced again.

    Raises:
        PricingDataError: a price file breaks its rules.
    """
    meters: dict[str, Meter] = {}
    versions: dict[tuple[str, str], dict[dt.date, list[RateRow]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for cloud in CLOUDS:
        meters |= load_mapping(f"{cloud}/meters.yaml", Meter)
        for row in load_rows(f"{cloud}/rates.csv", RateRow):
            if row.meter not in meters:
                raise PricingDataError(f"pricing_data/{cloud}/rates.csv: no meter '{row.meter}'")
            if as_of is None or row.effective_from <= as_of:
                versions[row.meter, row.region][row.effective_from].append(row)
    rates = {
        (meter, region): _rate(meters[meter], by_date[max(by_date)])
        for (meter, region), by_date in versions.items()
    }
    return Catalog(meters, rates, as_of)


def _rate(meter: Meter, rows: list[RateRow]) -> Rate:
    rows = sorted(rows, key=lambda row: row.tier_from)
    first = rows[0]
    edges = np.array([row.tier_from for row in rows])
    if first.tier_from != 0 or np.any(np.diff(edges) <= 0):
        raise PricingDataError(
            f"{first.meter} in {first.region}: tiers must start at 0 and ascend, "
            f"but start at {', '.join(f'{edge:g}' for edge in edges)}"
        )
    return Rate(
        meter_id=first.meter,
        meter=meter,
        region=first.region,
        tariff=Tariff(edges, np.array([row.usd_per_unit for row in rows])),
        effective_from=first.effective_from,
        checked_on=min(row.checked_on for row in rows),
        source=first.source,
        confidence=_FROM_SURE_TO_UNSURE[
            max(_FROM_SURE_TO_UNSURE.index(row.confidence) for row in rows)
        ],
        note=first.note,
    )
