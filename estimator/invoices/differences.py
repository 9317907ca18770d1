"""Where do an invoice and an estimate differ, line by line: by quantity, price or scope?

With C the estimate's tiers, allowances and contract, q the quantities of the estimate and Q those
of the invoice, a line that both have differs by

    billed - C(q)  =  [C(Q) - C(q)]  +  [billed - C(Q)]
                        quantity          price

which is exact: quantity at the estimate's prices, price at the invoice's quantities (the index
numbers of Laspeyres and Paasche). With L the estimate's list prices, the price splits further:

    billed - C(Q)  =  [list cost billed - L(Q)]  +  [(billed - list cost billed) - (C(Q) - L(Q))]
                        list price and tier            contract

A line that only one of both has is scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from estimator.arrays import FloatArray
from estimator.errors import UnknownNameError
from estimator.invoices.invoice import Invoice
from estimator.invoices.month import Amounts, Counted, EstimatedMonth, Key
from estimator.pricing.catalog import Catalog

SAME_PRICE_WITHIN = 0.001
"""Relative: vendors write unit prices with few digits, and divide rounded dollars by quantities."""
Scope = Literal["", "not on the invoice", "not in the estimate", "not modeled"]
"""Why a line has no counterpart; empty if both have it."""
_NOTHING = Amounts(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class LineDifference:
    """A line of the invoice beside that of the estimate, USD for the days of the invoice."""

    key: Key
    title: str
    unit: str
    scope: Scope
    estimated: Amounts
    """Nothing where the estimate has no such line."""
    repriced: Amounts
    """The invoice's quantity at the prices, tiers and contract of the estimate."""
    counted: Counted
    """What is on the invoice, in units of the meter."""
    billed_usd: float
    billed_list_usd: float
    """What the invoice says that it costs at list prices; what ours are, if it does not say."""
    names_list_price: bool
    """Whether it does."""
    tier_usd: float
    """Part of the difference that comes from units in other tiers or without a free allowance."""
    vendor_names: tuple[str, ...] = ()

    @property
    def change_usd(self) -> float:
        """How much more is on the invoice; the sum of quantity, price and scope."""
        return self.billed_usd - self.estimated.usd

    @property
    def quantity_usd(self) -> float:
        """Of it, because more was counted or used."""
        return 0.0 if self.scope else self.repriced.usd - self.estimated.usd

    @property
    def list_price_usd(self) -> float:
        """Of it, because the list price is another one."""
        if self.scope:
            return 0.0
        return self.billed_list_usd - self.repriced.list_usd - self.tier_usd

    @property
    def contract_usd(self) -> float:
        """Of it, because the price paid is further from the list price than the estimate's."""
        if self.scope:
            return 0.0
        paid = self.billed_usd - self.billed_list_usd
        return paid - (self.repriced.usd - self.repriced.list_usd)

    @property
    def price_usd(self) -> float:
        """Of it, because a unit costs something else: list price, tier and contract."""
        return 0.0 if self.scope else self.billed_usd - self.repriced.usd

    @property
    def scope_usd(self) -> float:
        """Of it, because only one of both has the line."""
        return self.change_usd if self.scope else 0.0

    @property
    def explained_usd(self) -> float:
        """Dollars of the invoice that stand on the same line of the estimate."""
        return max(min(self.billed_usd, self.estimated.usd), 0.0) if not self.scope else 0.0

    @property
    def off_list(self) -> tuple[float, float]:
        """Share off the list price in the estimate and on the invoice."""
        return (
            _share_off(self.repriced.usd, self.repriced.list_usd),
            _share_off(self.billed_usd, self.billed_list_usd),
        )

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {
            "meter": self.key.meter,
            "region": self.key.region,
            "title": self.title,
            "unit": self.unit,
            "scope": self.scope,
            "quantity_estimated": self.estimated.quantity,
            "quantity_billed": self.counted.quantity,
            "estimated_usd": self.estimated.usd,
            "billed_usd": self.billed_usd,
            "change_usd": self.change_usd,
            "quantity_usd": self.quantity_usd,
            "price_usd": self.price_usd,
            "list_price_usd": self.list_price_usd,
            "tier_usd": 0.0 if self.scope else self.tier_usd,
            "contract_usd": self.contract_usd,
            "scope_usd": self.scope_usd,
            "vendor_names": ", ".join(self.vendor_names),
        }


def differences(month: EstimatedMonth, invoice: Invoice) -> tuple[LineDifference, ...]:
    """Every line of both, what differs most first."""
    billed = dict(_by_key(month, invoice))
    counted = {
        key: Counted(
            float(rows["quantity"].sum()),
            float(rows["quantity"][rows["billed_usd"] == 0].sum()),
        )
        for key, rows in billed.items()
        if key in month.lines
    }
    repriced = month.priced(counted)
    catalog = month.month.resolved.catalog
    found = [
        *(
            _on_both(month, key, counted[key], repriced[key], rows)
            if key in month.lines
            else _only_billed(key, rows, catalog)
            for key, rows in billed.items()
        ),
        *_only_estimated(month, billed),
        *_unmapped(invoice),
    ]
    return tuple(sorted(found, key=lambda line: (-abs(line.change_usd), line.key, line.title)))


def _by_key(month: EstimatedMonth, invoice: Invoice) -> Iterator[tuple[Key, pd.DataFrame]]:
    """The invoice's rows by meter and region, named as the estimate names them."""
    lines = invoice.lines
    keys = map(month.key, lines["meter"].astype(str), lines["region"].astype(str))
    regions = [key.region for key in keys]
    for (meter, region), rows in lines.assign(region=regions).groupby(["meter", "region"]):
        yield Key(str(meter), str(region)), rows


def _on_both(
    month: EstimatedMonth, key: Key, counted: Counted, repriced: Amounts, rows: pd.DataFrame
) -> LineDifference:
    catalog = month.month.resolved.catalog
    listed = _list_costs(key, rows, repriced, catalog)
    return LineDifference(
        key=key,
        title=month.titles[key],
        unit=catalog.meter(key.meter).unit,
        scope="",
        estimated=month.lines[key],
        repriced=repriced,
        counted=counted,
        billed_usd=float(rows["billed_usd"].sum()),
        billed_list_usd=float(listed.sum()),
        names_list_price=bool(rows["list_usd"].notna().all()),
        tier_usd=_tier_usd(key, rows, listed, repriced, catalog),
        vendor_names=_names(rows),
    )


def _list_costs(key: Key, rows: pd.DataFrame, repriced: Amounts, catalog: Catalog) -> pd.Series:
    """List cost of each row: the invoice's own; ours, where it has none.

    What is free is billed at 0, though some exports repeat the list price beside it.
    """
    listed = rows["list_usd"].astype(float)
    if catalog.allowances(key.meter):
        listed = listed.mask(rows["billed_usd"] == 0, 0.0)
    ours = rows["quantity"] * _mean_list_usd(repriced)
    return listed.fillna(ours)


def _mean_list_usd(repriced: Amounts) -> float:
    """What a unit that is not free costs at our list prices."""
    return repriced.list_usd / repriced.paid_units if repriced.paid_units else 0.0


def _tier_usd(
    key: Key, rows: pd.DataFrame, listed: pd.Series, repriced: Amounts, catalog: Catalog
) -> float:
    """What units in other tiers, or with another free allowance, add to the list cost.

    It is all of the difference but what rows add whose list price is none of ours, beside the mean
    price of ours. A row whose unit price is not stated may mix tiers and free units: it is ours if
    it lies between them.
    """
    prices = catalog.rate(*key).list_tariff.usd_per_unit
    least = 0.0 if catalog.allowances(key.meter) else prices.min()
    stated: FloatArray = rows["list_unit_usd"].to_numpy(dtype=np.float64)
    mean = (listed / rows["quantity"]).fillna(0.0).to_numpy()
    near = np.abs(stated[:, None] - prices) <= SAME_PRICE_WITHIN * prices
    between = (mean >= least * (1 - SAME_PRICE_WITHIN)) & (
        mean <= prices.max() * (1 + SAME_PRICE_WITHIN)
    )
    known = np.where(np.isnan(stated), between, near.any(axis=1))
    if _all_moved_alike(stated, prices):
        known = np.zeros_like(known)
    is_ours = known | (listed == 0).to_numpy()
    moved = (listed - rows["quantity"] * _mean_list_usd(repriced))[~is_ours].sum()
    return float(listed.sum() - repriced.list_usd - moved)


def _all_moved_alike(stated: FloatArray, prices: FloatArray) -> bool:
    """Whether all tiers cost so many percent more or less, which may make one cost as another."""
    paid = np.unique(stated[stated > 0])[::-1]
    if not 1 < paid.size <= prices.size:
        return False
    times = paid / np.sort(prices)[::-1][: paid.size]
    return bool(np.ptp(times) <= SAME_PRICE_WITHIN < np.abs(times - 1).min())


def _only_billed(key: Key, rows: pd.DataFrame, catalog: Catalog) -> LineDifference:
    try:
        meter = catalog.meter(key.meter)
    except UnknownNameError:
        return _billed(key, key.meter, "", "not modeled", rows)
    return _billed(key, meter.title, meter.unit, "not in the estimate", rows)


def _billed(key: Key, title: str, unit: str, scope: Scope, rows: pd.DataFrame) -> LineDifference:
    """A line that only the invoice has."""
    billed = float(rows["billed_usd"].sum())
    listed = float(rows["list_usd"].astype(float).fillna(rows["billed_usd"]).sum())
    counted = Counted(float(rows["quantity"].astype(float).fillna(0.0).sum()), 0.0)
    names = _names(rows)
    return LineDifference(
        key, title, unit, scope, _NOTHING, _NOTHING, counted, billed, listed, False, 0.0, names
    )


def _only_estimated(month: EstimatedMonth, billed: Iterable[Key]) -> Iterator[LineDifference]:
    meters = month.month.resolved.catalog.meters
    for key, amounts in month.lines.items():
        if key not in billed and amounts.usd:
            unit = meters[key.meter].unit if key.meter in meters else ""
            title, why = month.titles[key], "not on the invoice"
            yield LineDifference(
                key, title, unit, why, amounts, _NOTHING, Counted(0.0, 0.0), 0.0, 0.0, False, 0.0
            )


def _unmapped(invoice: Invoice) -> Iterator[LineDifference]:
    for (cloud, name, unit), rows in invoice.unmapped.groupby(
        ["cloud", "vendor_name", "unit"], sort=True, dropna=False
    ):
        yield _billed(Key(str(cloud), ""), str(name), str(unit), "not modeled", rows)


def _names(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(name) for name in rows["vendor_name"] if name))


def _share_off(paid: float, listed: float) -> float:
    return 1 - paid / listed if listed else 0.0
