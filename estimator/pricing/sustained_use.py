"""Which machines cost less the longer they run in a month? Google's sustained-use discounts.

https://cloud.google.com/compute/docs/sustained-use-discounts : processors and memory of a machine
series in a region are added up, so that it counts for how much of the month so many of them ran,
not which machine it was. What has another discount (a commitment, a spot machine, a contract rate)
has none of this.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from estimator.arrays import FloatArray
from estimator.files import Sourced, load_rows
from estimator.pricing.hourly_use import HourlyUse, levels

_NOISE = 1e-9


def _words(cell: object) -> object:
    return tuple(cell.split()) if isinstance(cell, str) else cell


class SustainedUse(Sourced):
    """What an hour costs from some share of the month on."""

    machine_class: str
    meters: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    """Meters that are discounted so."""
    share_from: Annotated[float, Field(ge=0, lt=1)]
    """From so much of the month on."""
    multiplier: Annotated[float, Field(gt=0, le=1)]
    """Of the list price."""


@cache
def _steps(machine_class: str) -> tuple[FloatArray, FloatArray]:
    """Where the steps of a class begin, and what an hour costs in each."""
    rows = [row for row in _rows() if row.machine_class == machine_class]
    rows.sort(key=lambda row: row.share_from)
    return np.array([r.share_from for r in rows]), np.array([r.multiplier for r in rows])


def _rows() -> tuple[SustainedUse, ...]:
    return load_rows("gcp/sustained_use.csv", SustainedUse)


@cache
def _classes() -> dict[str, str]:
    """Class of each discounted meter."""
    return {meter: row.machine_class for row in _rows() for meter in row.meters}


def machine_class(meter_id: str) -> str | None:
    """The class by which a meter is discounted, if it is.

    >>> machine_class("gcp.compute.n2d_vcpu_hours"), machine_class("gcp.compute.e2_vcpu_hours")
    ('twenty_percent', None)
    """
    return _classes().get(meter_id)


def vendors_with_discounts() -> frozenset[str]:
    """First parts of the ids of discounted meters."""
    return frozenset(meter.partition(".")[0] for meter in _classes())


def paid_share(machine_class: str | None, share_of_month: FloatArray | float) -> FloatArray:
    """What is paid of a whole month's list price for what runs for a share of the month.

    >>> paid_share("thirty_percent", np.array([0.25, 0.5, 1.0])).round(3)
    array([0.25, 0.45, 0.7 ])
    >>> paid_share(None, np.array([0.5]))
    array([0.5])
    """
    share = np.asarray(share_of_month, dtype=np.float64)
    if machine_class is None:
        return share
    starts, multipliers = _steps(machine_class)
    ends = np.append(starts[1:], 1.0)
    in_each = np.clip(share[..., None], starts, ends) - starts
    return np.asarray((in_each * multipliers).sum(axis=-1))


def use_multiplier(machine_class: str, use: HourlyUse) -> FloatArray:
    """What a month's use costs of its list price, shape (*many,).

    Where only the sum is known, as few units as there can be ran: whole ones all month, and one
    for the part of the month that is left.

    >>> whole = HourlyUse(np.array([8.0]), np.ones(1), constant=True)
    >>> round(float(use_multiplier("twenty_percent", whole)), 4)
    0.8002
    >>> by_day = HourlyUse(np.array([8.0, 0.0]), np.array([0.5, 0.5]))
    >>> round(float(use_multiplier("twenty_percent", by_day)), 4)
    0.9339
    """
    if use.constant:
        units = use.units[..., 0]
        whole = np.floor(units + _NOISE)
        rest = np.clip(units - whole, 0.0, 1.0)
        paid = whole * paid_share(machine_class, 1.0) + paid_share(machine_class, rest)
    else:
        heights, lasting = levels(use)
        units = use.mean
        paid = (heights * paid_share(machine_class, lasting)).sum(axis=-1)
    return np.divide(paid, units, out=np.ones(np.shape(units)), where=units > 0)
