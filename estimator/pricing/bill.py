"""Bills: quantities priced line by line, each line able to say how it came to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from estimator.pricing.catalog import CLOUDS, DRIVERS, EVERYWHERE, Allowance, Catalog, Driver, Rate
from estimator.pricing.tariff import FloatArray, billed_units

if TYPE_CHECKING:
    import pandas as pd

FreeAllowances = Literal["none", "always", "all"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one meter counts in a billing month."""

    meter_id: str
    quantity: FloatArray
    """In units of the meter, shape (*many,)."""
    formula: str
    """How the quantity came to be, in words."""


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a bill."""

    usage: Usage
    rate: Rate
    units_by_tier: FloatArray
    """Units to pay in each tier, shape (tiers, *many)."""
    credit_usd: FloatArray
    """Money taken off by an allowance that is given as money, shape (*many,)."""
    cost_usd: FloatArray
    """Shape (*many,)."""

    @property
    def free_units(self) -> FloatArray:
        """Units covered by free allowances, shape (*many,)."""
        return self.usage.quantity - self.units_by_tier.sum(axis=0)

    def tiers_text(self) -> str:
        """The tiers used and their prices; for a line of a single scenario."""
        used = [
            f"{amount(units)} x ${np.format_float_positional(price, trim='-')}"
            for units, price in zip(self.units_by_tier, self.rate.tariff.usd_per_unit, strict=True)
            if units > 0
        ]
        free = [f"{amount(self.free_units)} free"] if self.free_units > 0 else []
        credit = [f"- ${self.credit_usd:,.2f} free credit"] if self.credit_usd > 0 else []
        return " + ".join(free + used) + "".join(f" {text}" for text in credit) or "nothing used"

    def explain(self) -> str:
        """How the line came to be, in plain words; for a line of a single scenario."""
        rate, meter = self.rate, self.rate.meter
        sure = {
            "confirmed": "confirmed",
            "single_source": "seen in one source only",
            "inferred": "at least partly inferred",
        }[rate.confidence]
        region = "every region" if rate.region == EVERYWHERE else rate.region
        return (
            f"{meter.service}: {meter.title}: ${self.cost_usd:,.2f}\n"
            f"  quantity  {amount(self.usage.quantity)} {meter.unit}: {self.usage.formula}\n"
            f"  price     {self.tiers_text()}\n"
            f"  source    {rate.source} ({region}, checked {rate.checked_on}, {sure})"
        )


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something a vendor leaves open, with the answers one may choose."""

    id: str
    question: str
    choices: Mapping[str, str]
    """What each answer means, by its name; the first one is the default."""
    evidence: str

    @property
    def default(self) -> str:
        """The answer taken if the user gives none."""
        return next(iter(self.choices))


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
        total = np.asarray(sum((item.cost_usd for item in self.items), start=np.zeros(())))
        return float(total) if total.ndim == 0 else total

    @cached_property
    def by_driver(self) -> dict[Driver, float | FloatArray]:
        """USD a month by what drives it, in the order of charts; only drivers on the bill."""
        costs: dict[Driver, float | FloatArray] = {}
        for driver in DRIVERS:
            parts = [i.cost_usd for i in self.items if i.rate.meter.driver == driver]
            if parts:
                cost = np.asarray(sum(parts))
                costs[driver] = float(cost) if cost.ndim == 0 else cost
        return costs

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The bill as a table, one row per line.

        Columns: meter, title, driver, quantity (in ``unit``), unit, free (units that cost
        nothing), tiers (text), cost_usd, source, checked, confidence, formula. With many scenarios
        there is a row for each of them, its number in the column scenario, and no tiers.
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
        return CLOUDS.get(self.cloud or "", "")

    @property
    def conventions(self) -> str:
        """Under which conventions the amounts hold."""
        return conventions([self])

    def explain(self) -> str:
        """The whole bill in plain words: each line's quantity, tiers, price, source and date."""
        if np.ndim(self.total):
            return f"{self.title}: {np.size(self.total)} bills; explain one scenario at a time."
        parts = [f"{self.title}, {self.region}: ${self.total:,.2f}", f"{self.conventions}."]
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
    checked = [item.rate.checked_on for bill in bills for item in bill.items]
    oldest = f", least recently checked {min(checked)}" if checked else ""
    return (
        f"US dollars a month of {first.hours_per_month:g} hours, before tax; "
        f"{allowances}; {prices}{oldest}"
    )


def amount(quantity: float | FloatArray) -> str:
    """A quantity for a person, with as many decimals as matter.

    >>> amount(1_234_567.891), amount(0.75)
    ('1,234,568', '0.75')
    """
    return f"{float(quantity):,.0f}" if quantity >= 100_000 else f"{float(quantity):,.6g}"


_COLUMNS = [
    "meter",
    "title",
    "driver",
    "quantity",
    "unit",
    "free",
    "tiers",
    "cost_usd",
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
        "quantity": float(item.usage.quantity),
        "unit": meter.unit,
        "free": float(item.free_units),
        "tiers": item.tiers_text(),
        "cost_usd": float(item.cost_usd),
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
            "quantity": np.broadcast_to(item.usage.quantity, many).ravel(),
            "unit": meter.unit,
            "free": np.broadcast_to(item.free_units, many).ravel(),
            "cost_usd": np.broadcast_to(item.cost_usd, many).ravel(),
            "source": rate.source,
            "checked": rate.checked_on,
            "confidence": rate.confidence,
            "formula": item.usage.formula,
        }
    )


def price_usage(
    usage: Sequence[Usage], region: str, catalog: Catalog, free_allowances: FreeAllowances
) -> tuple[LineItem, ...]:
    """Price what meters counted; every meter once, so that allowances are spent once.

    Raises:
        UnknownNameError: a meter that does not exist.
        MissingRateError: a meter without a price in the region.
        ValueError: a meter stands twice.
    """
    meters = [one.meter_id for one in usage]
    if len(set(meters)) < len(meters):
        raise ValueError("a meter stands twice, so that its allowance would be spent twice")
    return tuple(
        _price(one, catalog.rate(one.meter_id, region), catalog, region, free_allowances)
        for one in usage
    )


def _price(
    usage: Usage, rate: Rate, catalog: Catalog, region: str, free_allowances: FreeAllowances
) -> LineItem:
    free, tiers, credit = 0.0, "beyond", 0.0
    for allowance in rate.meter.allowance:
        if not _granted(allowance, region, free_allowances):
            continue
        if allowance.valued_at is None:
            free, tiers = free + allowance.quantity, allowance.tiers
        else:
            at_home = catalog.rate(usage.meter_id, allowance.valued_at)
            quantity = np.asarray(allowance.quantity)
            credit += float(at_home.tariff.cost(at_home.tariff.split(quantity)))
    units = billed_units(rate.tariff, usage.quantity, free, tiers)
    cost = rate.tariff.cost(units)
    credit_usd = np.minimum(cost, credit)
    return LineItem(usage, rate, units, credit_usd, cost - credit_usd)


def _granted(allowance: Allowance, region: str, wanted: FreeAllowances) -> bool:
    if allowance.regions is not None and region not in allowance.regions:
        return False
    return wanted == "all" or (wanted == "always" and allowance.kind == "always")
