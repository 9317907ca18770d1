"""What would a price be that nobody saw? Inferred from sister meters, with its range.

Vendors set the prices of a region for whole groups of meters. So what sisters of a meter cost in
the region relative to other regions says what the meter costs there: its price in another region
times the median ratio of the sisters. Of the other regions those count whose prices are most like
the region's: there the ratios agree best. The range is what single sisters would say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from estimator.format import unit_price
from estimator.pricing.price_files import Meter, RateRow

FlatPrices = Mapping[str, Mapping[str, RateRow]]
"""Prices that are the same for every unit, by meter and region."""

_FEWEST_SISTERS = 3
_MOST_REGIONS = 3
"""Regions that are compared with."""
_LEAST_KNOWN = 0.5
"""Part of a vendor's prices that must be known in a region before its other services count."""
_DIGITS = 4
_PRICED_BY_DISTANCE = ("data out", "internal network")
"""Drivers whose prices follow other rules than those of machines and services."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """A price that follows from others."""

    usd_per_unit: float
    range_usd: tuple[float, float]
    """The least and the most that single sisters would say."""
    neighbors: tuple[RateRow, ...]
    """The prices of the meter in the regions that were compared with."""
    rule: str
    """How it was inferred, in words."""


class _Likeness(NamedTuple):
    """How the prices of a region compare with those of another one."""

    row: RateRow
    """Of the meter in the other region."""
    ratios: tuple[float, ...]
    """Of each sister."""

    @property
    def unlike(self) -> tuple[float, float]:
        """How far the ratios are from each other, and from one."""
        return max(self.ratios) / min(self.ratios), abs(math.log(median(self.ratios)))


def infer_price(
    meter_id: str, region: str, prices: FlatPrices, meters: Mapping[str, Meter]
) -> Inferred | None:
    """The price of a meter in a region where it was not seen; None if too little is known.

    Args:
        meter_id: the meter.
        region: where.
        prices: what was seen.
        meters: all meters, by id.
    """
    known = {other: row for other, row in prices.get(meter_id, {}).items() if other != region}
    for group, sisters in _sisters(meter_id, region, prices, meters):
        alike = sorted(_compared(known, region, sisters), key=lambda each: each.unlike)
        if nearest := alike[:_MOST_REGIONS]:
            return _inferred(nearest, group)
    return None


def _sisters(
    meter_id: str, region: str, prices: FlatPrices, meters: Mapping[str, Meter]
) -> Iterator[tuple[str, list[Mapping[str, RateRow]]]]:
    """Groups of meters that are priced in the region, those that are most like it first."""
    priced = {name: found for name, found in prices.items() if region in found and name != meter_id}
    vendor = meter_id.split(".")[0]
    of_vendor = [name for name in prices if name.split(".")[0] == vendor]
    service = meters[meter_id].service
    groups: list[tuple[str, Callable[[str], object]]] = [
        (f"the same kind of {service}", _family),
        (service, _service),
    ]
    known = sum(name in priced for name in of_vendor)
    by_distance = meters[meter_id].driver in _PRICED_BY_DISTANCE
    if not by_distance and known >= _LEAST_KNOWN * len(of_vendor):
        groups.append(("other services", lambda name: name.split(".")[0]))
    for words, key in groups:
        found = [regions for name, regions in priced.items() if key(name) == key(meter_id)]
        if len(found) >= _FEWEST_SISTERS:
            yield words, found


def _compared(
    known: Mapping[str, RateRow], region: str, sisters: list[Mapping[str, RateRow]]
) -> Iterator[_Likeness]:
    """Regions with a price of the meter and of enough sisters."""
    for other, row in known.items():
        ratios = tuple(
            found[region].usd_per_unit / found[other].usd_per_unit
            for found in sisters
            if other in found
        )
        if len(ratios) >= _FEWEST_SISTERS:
            yield _Likeness(row, ratios)


def _inferred(nearest: list[_Likeness], group: str) -> Inferred:
    usd = median(each.row.usd_per_unit * median(each.ratios) for each in nearest)
    least = min(each.row.usd_per_unit * min(each.ratios) for each in nearest)
    most = max(each.row.usd_per_unit * max(each.ratios) for each in nearest)
    there = ", ".join(f"{each.row.region} ({_price(each.row.usd_per_unit)})" for each in nearest)
    count = max(len(each.ratios) for each in nearest)
    rule = (
        f"inferred from its price in {there}, times what {count} prices of {group} are here "
        f"relative to there: {_price(usd)} ({_price(least)} to {_price(most)})"
    )
    return Inferred(usd, (least, most), tuple(each.row for each in nearest), rule)


def _price(usd: float) -> str:
    """A price with what digits of it are certain enough to be read."""
    return f"${unit_price(float(f'{usd:.{_DIGITS}g}'))}"


def _service(meter_id: str) -> tuple[str, ...]:
    return tuple(meter_id.split(".")[:2])


def _family(meter_id: str) -> tuple[str, ...]:
    """The service and the first word of what is counted, such as the series of a machine."""
    *service, counted = meter_id.split(".", 2)
    return (*service, counted.split("_")[0])
