"""Limits and capacity figures of clouds and providers, each with its source."""

from __future__ import annotations

import datetime as dt

from estimator.datafiles import Confidence, Entry, load_mapping
from estimator.errors import UnknownNameError
from estimator.pricing.price_files import PROVIDERS


class Limit(Entry):
    """A quota, a hard edge of a service, or what its vendor advises."""

    title: str
    value: float | tuple[float, ...]
    """The figure, or every value that is allowed."""
    unit: str
    scope: str
    """What it holds for: a connection, a unit, a region."""
    adjustable: bool
    """Whether the vendor raises it on request."""
    source: str
    checked_on: dt.date
    confidence: Confidence
    note: str | None = None


def find_limit(limit_id: str) -> Limit:
    """The limit of that id.

    Raises:
        UnknownNameError: there is no such limit.
    """
    vendor = limit_id.split(".", 1)[0]
    limits = load_mapping(f"{'providers' if vendor in PROVIDERS else vendor}/limits.yaml", Limit)
    if limit_id not in limits:
        raise UnknownNameError("limit", limit_id, limits)
    return limits[limit_id]


def limit_value(limit_id: str) -> float:
    """The figure of a limit that has one.

    >>> limit_value("aws.api_gateway.connection_max_age")
    7200.0
    """
    value = find_limit(limit_id).value
    if isinstance(value, tuple):
        raise TypeError(f"{limit_id} is a list of allowed values")
    return value
