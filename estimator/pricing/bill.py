"""Bills: quantities priced line by line, each line able to say how it came to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from estimator.pricing.assumption import Assumption
from estimator.pricing.contract import Contract
from estimator.pricing.line import FreeAllowances, LineItem
from estimator.pricing.price_files import DRIVERS, VENDORS, Driver
from estimator.pricing.tariff import FloatArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class AssumptionEffect:
    """What an assumption does to one bill."""

    assumption: Assumption
    chosen: str
    change_usd: Mapping[str, float | FloatArray]
    """Change of the total if another answer were chosen, by that answer."""

    def explain(self) -> str:
        """The question and what each other answer changes; for a bill of a single scenario."""
        others = "; ".join(
            f"{answer} ({self.assumption.choices[answer]}) {float(change):+,.2f} USD"
            for answer, change in self.change_usd.items()
        )
        return (
            f"Open: {self.assumption.question} Taken: {self.chosen} "
            f"({self.assumption.choices[self.chosen]}). Otherwise: {others}."
        )


@dataclass(frozen=True)
class Bill:
    """One month's cost of one deployment, or of plain quantities.

    For a scenario of arrays every amount is an array with one number per scenario.
    """

    title: str
    region: str
    items: tuple[LineItem, ...]
    hours_per_month: float
    free_allowances: FreeAllowances
    as_of: dt.date | None = None
    contract: Contract | None = None
    """What is paid instead of list prices."""
    deployment: str | None = None
    cloud: str | None = None
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the bill."""
    not_modelled: tuple[str, ...] = ()
    """What a real invoice would also hold."""
    assess: Callable[[], tuple[AssumptionEffect, ...]] = field(default=tuple, repr=False)
    """Works out what each assumption does to the bill."""

    @cached_property
    def total(self) -> float | FloatArray:
        """USD a month: a number, or an array of shape (*many,)."""
        return _sum(item.cost_usd for item in self.items)

    @cached_property
    def list_total(self) -> float | FloatArray:
        """USD a month at list prices; the same as the total without a contract."""
        return _sum(item.list_usd for item in self.items)

    @cached_property
    def by_driver(self) -> dict[Driver, float | FloatArray]:
        """USD a month by what drives it, in the order of charts; only drivers on the bill."""
        costs: dict[Driver, float | FloatArray] = {}
        for driver in DRIVERS:
            parts = [i.cost_usd for i in self.items if i.rate.meter.driver == driver]
            if parts:
                costs[driver] = _sum(parts)
        return costs

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The bill as a table, one row per line.

        Columns: meter, title, driver, region, quantity (in ``unit``), unit, free (units that cost
        nothing), tiers (text), cost_usd, list_usd (without a contract the same), source, checked,
        confidence, formula. With many scenarios there is a row for each of them, its number in the
        column scenario, and no tiers.
        """
        import pandas as pd

        if np.ndim(self.total):
            many = np.shape(self.total)
            return pd.concat([_many_rows(item, many) for item in self.items], ignore_index=True)
        return pd.DataFrame([_row(item) for item in self.items], columns=_COLUMNS)

    @cached_property
    def assumptions(self) -> pd.DataFrame:
        """What vendors leave open, the answer taken, and the dollars other answers would move."""
        import pandas as pd

        rows = [
            {
                "assumption": effect.assumption.id,
                "question": effect.assumption.question,
                "chosen": effect.chosen,
                "alternative": answer,
                "change_usd": change,
                "evidence": effect.assumption.evidence,
            }
            for effect in self.effects
            for answer, change in effect.change_usd.items()
        ]
        columns = ["assumption", "question", "chosen", "alternative", "change_usd", "evidence"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def effects(self) -> tuple[AssumptionEffect, ...]:
        """What each assumption does to this bill."""
        return self.assess()

    @property
    def cloud_name(self) -> str:
        """The cloud, for people."""
        return VENDORS.get(self.cloud or "", "")

    @property
    def conventions(self) -> str:
        """Under which conventions the amounts hold."""
        return conventions([self])

    def explain(self) -> str:
        """The whole bill in plain words: each line's quantity, tiers, price, source and date."""
        if np.ndim(self.total):
            return f"{self.title}: {np.size(self.total)} bills; explain one scenario at a time."
        parts = [f"{self.title}, {self.region}: ${self.total:,.2f}", f"{self.conventions}."]
        if self.contract:
            parts.append(f"At list prices: ${self.list_total:,.2f}.")
        parts += [item.explain() for item in self.items]
        parts += [effect.explain() for effect in self.effects]
        parts += [f"Note: {note}" for note in self.notes]
        if self.not_modelled:
            parts.append(f"Not modelled: {'; '.join(self.not_modelled)}.")
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        heading = f"<b>{self.title}, {self.region}</b> ({self.conventions})"
        return heading + self.lines.drop(columns=["formula"]).to_html(index=False)


def conventions(bills: Sequence[Bill]) -> str:
    """Under which conventions bills of one scenario hold."""
    first = bills[0]
    allowances = {
        "none": "free allowances ignored",
        "always": "free allowances of every account taken off",
        "all": "free allowances of new accounts taken off as well",
    }[first.free_allowances]
    prices = f"prices in force on {first.as_of}" if first.as_of else "newest prices known"
    contract = f"; rates of the contract '{first.contract.title}'" if first.contract else ""
    checked = [item.rate.checked_on for bill in bills for item in bill.items]
    oldest = f", least recently checked {min(checked)}" if checked else ""
    return (
        f"US dollars a month of {first.hours_per_month:g} hours, before tax; "
        f"{allowances}; {prices}{oldest}{contract}"
    )


def _sum(parts: Iterable[FloatArray]) -> float | FloatArray:
    total = np.asarray(sum(parts, start=np.zeros(())))
    return float(total) if total.ndim == 0 else total


_COLUMNS = [
    "meter",
    "title",
    "driver",
    "region",
    "quantity",
    "unit",
    "free",
    "tiers",
    "cost_usd",
    "list_usd",
    "source",
    "checked",
    "confidence",
    "formula",
]


def _row(item: LineItem) -> dict[str, object]:
    rate, meter = item.rate, item.rate.meter
    return {
        "meter": rate.meter_id,
        "title": meter.title,
        "driver": meter.driver,
        "region": item.usage.region,
        "quantity": float(item.usage.quantity),
        "unit": meter.unit,
        "free": float(item.free_units),
        "tiers": item.tiers_text(),
        "cost_usd": float(item.cost_usd),
        "list_usd": float(item.list_usd),
        "source": rate.source,
        "checked": rate.checked_on,
        "confidence": rate.confidence,
        "formula": item.usage.formula,
    }


def _many_rows(item: LineItem, many: tuple[int, ...]) -> pd.DataFrame:
    import pandas as pd

    rate, meter = item.rate, item.rate.meter
    return pd.DataFrame(
        {
            "scenario": np.arange(np.prod(many)),
            "meter": rate.meter_id,
            "title": meter.title,
            "driver": meter.driver,
            "region": item.usage.region,
            "quantity": np.broadcast_to(item.usage.quantity, many).ravel(),
            "unit": meter.unit,
            "free": np.broadcast_to(item.free_units, many).ravel(),
            "cost_usd": np.broadcast_to(item.cost_usd, many).ravel(),
            "list_usd": np.broadcast_to(item.list_usd, many).ravel(),
            "source": rate.source,
            "checked": rate.checked_on,
            "confidence": rate.confidence,
            "formula": item.usage.formula,
        }
    )
