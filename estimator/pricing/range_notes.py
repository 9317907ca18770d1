"""How far may a bill be off because nobody saw a price? One note for each inferred price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from estimator.arrays import FloatArray
from estimator.format import dollars_and_cents
from estimator.pricing.catalog import Rate
from estimator.pricing.lines import LineItem


def range_notes(items: Iterable[LineItem]) -> Iterator[str]:
    """What was inferred, from what, and what its lines may cost; once for each price."""
    rates: dict[tuple[str, str], Rate] = {}
    costs: dict[tuple[str, str], FloatArray] = {}
    for item in items:
        key = item.rate.meter_id, item.rate.region
        if item.rate.range_usd is not None:
            rates[key] = item.rate
            costs[key] = costs.get(key, np.zeros(())) + item.cost_usd
    for key, rate in rates.items():
        meter = rate.meter
        yield (
            f"{meter.service}, {meter.title}: no price in {rate.region} was seen. It is "
            f"{rate.note}{_cost_text(rate, costs[key])}."
        )


def _cost_text(rate: Rate, cost: FloatArray) -> str:
    """What lines cost per month and between what; nothing for many scenarios."""
    if np.ndim(cost) or not cost or rate.range_usd is None:
        return ""
    least, most = np.divide(rate.range_usd, rate.list_tariff.usd_per_unit[0])
    low, high = dollars_and_cents(cost * least), dollars_and_cents(cost * most)
    between = "" if low == high else f" ({low} to {high})"
    return f"; of this bill {dollars_and_cents(cost)}{between}"
