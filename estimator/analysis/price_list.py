"""Which prices are in force? A table: where each was read, how old it is, how sure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.errors import UnknownNameError
from estimator.format import quantity_text, unit_price
from estimator.pricing.catalog import Catalog, load_catalog
from estimator.pricing.price_files import EVERYWHERE, VENDORS, Meter, RateRow, overlaid
from estimator.scenario.locations import find_location

if TYPE_CHECKING:
    import pandas as pd

_IN_FEW_WORDS = {"confirmed": "", "single_source": "1 source", "inferred": "inferred"}
_PER_MILLION_BELOW_USD = 0.001
"""A price below this is easier to read per million units."""


@checks_arguments
def prices(
    *,
    cloud: str | None = None,
    service: str | None = None,
    location: str | None = None,
    meter: str | None = None,
    stale_days: int | None = None,
    as_of: dt.date | None = None,
) -> pd.DataFrame:
    """The price list, one row per meter, region and tier.

    Args:
        cloud: id of a cloud or a SaaS vendor, such as ``gcp``.
        service: second part of the meter ids, such as ``cloud_run``, or part of its name.
        location: only prices in the regions that serve this location, and global prices.
        meter: id of a meter; * stands for any letters.
        stale_days: only prices that were last checked more than this many days ago.
        as_of: the prices in force on this day.

    Returns:
        Columns: vendor, service, meter, title, unit, region, tier_from (in units), usd_per_unit,
        effective_from, checked_on (when the source was read), source_of (the day that it is of
        itself; NaT where it names none), age_days, confidence, assumption (ids of open questions
        about it), source, note, definition (what one unit is), step_bytes (messages count in
        started steps of so many bytes), bytes_per_unit, package (units are sold in started packages
        of so many), allowances (what is free, and for whom, in words).

    Raises:
        UnknownNameError: no such cloud, service, location or meter.

    >>> prices(cloud="aws", meter="aws.api_gateway.*", location="virginia")["usd_per_unit"].tolist()
    [2.5e-07, 1e-06, 8e-07]
    """
    import pandas as pd

    catalog = load_catalog(as_of)
    wanted = set(_meters(catalog, cloud, service, meter))
    regions = {EVERYWHERE, *find_location(location).regions.values()} if location else None
    rows = [
        row
        for row in catalog.rows()
        if row.meter in wanted and (regions is None or row.region in regions)
    ]
    vendors = list(VENDORS)
    rows.sort(key=lambda row: vendors.index(row.meter.split(".", 1)[0]))
    meters = [catalog.meters[row.meter] for row in rows]
    checked = pd.to_datetime([row.checked_on for row in rows])
    today = pd.Timestamp(dt.datetime.now(tz=dt.UTC).date())
    table = pd.DataFrame(
        {
            "vendor": [VENDORS[row.meter.split(".", 1)[0]] for row in rows],
            "service": [found.service for found in meters],
            "meter": [row.meter for row in rows],
            "title": [found.title for found in meters],
            "unit": [found.unit for found in meters],
            "region": [row.region for row in rows],
            "tier_from": np.array([row.tier_from for row in rows], dtype=np.float64),
            "usd_per_unit": np.array([row.usd_per_unit for row in rows], dtype=np.float64),
            "effective_from": pd.to_datetime([row.effective_from for row in rows]),
            "checked_on": checked,
            "source_of": pd.to_datetime([str(row.source_of or "NaT") for row in rows]),
            "age_days": (today - checked).days,
            "confidence": [row.confidence for row in rows],
            "assumption": [
                " ".join(one.id for one in catalog.questions_about(row.meter, row.region))
                for row in rows
            ],
            "source": [row.source for row in rows],
            "note": [row.note or "" for row in rows],
            "definition": [found.definition for found in meters],
            "step_bytes": _figures(found.step_bytes for found in meters),
            "bytes_per_unit": _figures(found.bytes_per_unit for found in meters),
            "package": _figures(found.package for found in meters),
            "allowances": [_allowances_text(catalog, row) for row in rows],
        }
    )
    if stale_days is not None:
        table = table[table["age_days"] > stale_days].reset_index(drop=True)
    return table


def _figures(figures: Iterable[float | None]) -> FloatArray:
    return np.array([np.nan if figure is None else figure for figure in figures])


def _allowances_text(catalog: Catalog, row: RateRow) -> str:
    """The free allowances of a meter in a region."""
    return "; ".join(
        allowance.in_words(catalog.meters[row.meter].unit)
        for allowance in catalog.allowances(row.meter)
        if allowance.regions is None or row.region in (EVERYWHERE, *allowance.regions)
    )


def _meters(
    catalog: Catalog, cloud: str | None, service: str | None, meter: str | None
) -> Iterator[str]:
    found: Iterable[Meter] = catalog.meters.values()
    if cloud is not None:
        if cloud not in VENDORS:
            raise UnknownNameError("cloud", cloud, VENDORS)
        found = [one for one in found if one.meter.split(".", 1)[0] == cloud]
    if service is not None:
        ids = {one.meter.split(".")[1] for one in found}
        found = [one for one in found if _is_service(one, service)]
        if not found:
            raise UnknownNameError("service", service, ids)
    if meter is not None:
        ids = {one.meter for one in found}
        found = [one for one in found if fnmatchcase(one.meter, meter)]
        if not found:
            raise UnknownNameError("meter", meter, ids)
    return (one.meter for one in found)


def _is_service(meter: Meter, wanted: str) -> bool:
    return meter.meter.split(".")[1] == wanted or wanted.lower() in meter.service.lower()


def per_units(usd_per_unit: Iterable[float]) -> int:
    """The number of units for which prices are easiest to read: one or a million.

    >>> per_units([0.00000025]), per_units([0.09, 0.05])
    (1000000, 1)
    """
    return 1_000_000 if max(usd_per_unit) < _PER_MILLION_BELOW_USD else 1


def prices_text(table: pd.DataFrame) -> Iterator[str]:
    """The price list as lines for a terminal, meter by meter."""
    for meter_id, rows in table.groupby("meter", sort=False):
        first = rows.iloc[0]
        scale = per_units(rows["usd_per_unit"])
        each = "million " if scale > 1 else ""
        yield f"{meter_id}: {first['service']}, {first['title']}"
        yield f"  USD per {each}{first['unit']}"
        yield f"  Counted: {first['definition']}"
        for free in rows["allowances"].unique():
            if free:
                yield f"  Free: {free}"
        yield f"  {'region':<23}{'from':>14} {'price':>11}  {'checked':<10}{'age':>7}"
        for row in rows.to_dict(orient="records"):
            said = (_of_other_day(row), _IN_FEW_WORDS[row["confidence"]])
            yield (
                f"  {_region(row['region']):<23}{quantity_text(row['tier_from']):>14}"
                f" {unit_price(row['usd_per_unit'] * scale):>11}  {row['checked_on']:%Y-%m-%d}"
                f"{row['age_days']:>5} d  {', '.join(filter(None, said))}"
            ).rstrip()
        for source in rows["source"].unique():
            yield f"  {source}"
        yield ""


def _of_other_day(row: Mapping[Hashable, Any]) -> str:
    """What day the source is of, where that is not the day on which it was read."""
    if row["source_of"] == row["checked_on"]:
        return ""
    day = str(row["source_of"])[:10]  # of no day, pandas writes NaT
    return "undated" if day == "NaT" else f"of {day}"


def overlaid_text(table: pd.DataFrame) -> Iterator[str]:
    """Which of these prices the user's own refreshes changed, as lines for a terminal."""
    shown = set(zip(table["meter"], table["region"], table["tier_from"], strict=True))
    for each in overlaid():
        if (each.meter, each.region, each.tier_from) in shown:
            shipped = "none" if each.shipped_usd is None else f"{each.shipped_usd:.10g}"
            yield (
                f"Your own refreshes: {each.meter}, {_region(each.region)}: "
                f"{each.refreshed_usd:.10g} per unit; the list that ships has {shipped}"
            )


def _region(region: str) -> str:
    return "every region" if region == EVERYWHERE else region
