"""Sustained-use discounts: the longer a machine runs in a month, the less its further hours cost.

Rules: https://cloud.google.com/compute/docs/sustained-use-discounts
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from estimator.arrays import FloatArray
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.machine import Machine, find_machine
from estimator.files import Sourced, load_rows
from estimator.format import percent


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


def machine_class(meter_id: str) -> str | None:
    """The class by which a meter is discounted, if it is.

    >>> machine_class("gcp.compute.n2d_vcpu_hours"), machine_class("gcp.compute.e2_vcpu_hours")
    ('twenty_percent', None)
    """
    return next((row.machine_class for row in _rows() if meter_id in row.meters), None)


def effective_multiplier(machine_class: str, share_of_month: FloatArray | float) -> FloatArray:
    """What the hours of a machine cost on average if it runs for a share of the month.

    Args:
        machine_class: a class of ``sustained_use.csv``.
        share_of_month: from 0 to 1, of any shape.

    >>> effective_multiplier("thirty_percent", np.array([0.25, 0.5, 0.75, 1.0])).round(3)
    array([1. , 0.9, 0.8, 0.7])
    """
    starts, multipliers = _steps(machine_class)
    share = np.asarray(share_of_month, dtype=np.float64)[..., None]
    ends = np.append(starts[1:], 1.0)
    in_each = np.clip(share, starts, ends) - starts
    paid = (in_each * multipliers).sum(axis=-1)
    # what hardly runs costs what its first hour does
    used = in_each.sum(axis=-1)
    return np.where(used > 0, paid / np.where(used > 0, used, 1.0), multipliers[0])


def sustained_use_notes(machines: Iterable[Machine]) -> Iterator[str]:
    """What the bill leaves out for machines that get the discount by themselves."""
    names: dict[str, list[str]] = {}
    for machine in machines:
        for found in {machine_class(meter) for meter in machine.parts} - {None}:
            names.setdefault(str(found), []).append(machine.machine)
    for found, discounted in names.items():
        most = 1 - float(effective_multiplier(found, 1.0))
        yield (
            f"Google discounts {' and '.join(dict.fromkeys(discounted))} by up to {percent(most)} "
            "for sustained use, most for what runs all month; the bill does not include it."
        )


def redis_machines(redis: Backplane) -> list[Machine]:
    """The machines on which Redis runs, if it does."""
    return [find_machine("gcp", "vm", name) for name in redis.machine_names]
