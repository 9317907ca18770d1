"""Bills: quantities priced line by line, each line able to say how it came to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from estimator.arrays import FloatArray
from estimator.format import quantity_text
from estimator.hypertext import Html, card, folded, link, rows_under, small, strong
from estimator.pricing.contract import Contract
from estimator.pricing.lines import SURENESS, FreeAllowances, LineItem
from estimator.pricing.price_files import DRIVERS, VENDORS, Assumption, Driver

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


def _nothing_open(_: Bill) -> tuple[AssumptionEffect, ...]:
    """No assumption does anything."""
    return ()


@dataclass(frozen=True, repr=False)
class Bill:
    """One month's cost of one deployment, or of plain quantities.

    For a scenario of arrays every amount is an array with one number per scenario.

    >>> from estimator import price
    >>> bill = price({"aws.api_gateway.messages": 18e6}, region="us-east-1")
    >>> bill.total, bill.items[0].tiers_text()
    (18.0, '18,000,000 x $0.000001')
    """

    title: str
    """What is billed, for people."""
    region: str
    """The cloud's own name of it; several are parted by commas."""
    items: tuple[LineItem, ...]
    """The lines, each with its quantity, tiers, price and source."""
    hours_per_month: float | FloatArray
    """Length of the billing month."""
    free_allowances: FreeAllowances
    """Which free allowances are taken off: none, always or all."""
    as_of: dt.date | None = None
    """The day whose prices hold; the newest known if None."""
    contract: Contract | None = None
    """What is paid instead of list prices."""
    deployment: str | None = None
    """Id of the deployment; None for plain quantities."""
    cloud: str | None = None
    """Id of the cloud or provider; None for plain quantities."""
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the bill."""
    not_modeled: tuple[str, ...] = ()
    """What a real invoice would also hold."""
    assess: Callable[[Bill], tuple[AssumptionEffect, ...]] = field(
        default=_nothing_open, repr=False
    )
    """Works out what each assumption does to the bill it is given.

    It does not know its bill, so that nothing keeps the arrays of a bill that is done with.
    """

    @cached_property
    def total(self) -> float | FloatArray:
        """USD per month: a number, or an array of shape (*many,)."""
        return _sum(item.cost_usd for item in self.items)

    @cached_property
    def list_total(self) -> float | FloatArray:
        """USD per month at list prices; the same as the total without a contract."""
        return _sum(item.list_usd for item in self.items)

    @cached_property
    def by_driver(self) -> dict[Driver, float | FloatArray]:
        """USD per month by what drives it, in the order of charts; only drivers on the bill."""
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
        return self.assess(self)

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
        if self.not_modeled:
            parts.append(f"Not modeled: {'; '.join(self.not_modeled)}.")
        return "\n".join(parts)

    @property
    def total_text(self) -> str:
        """The total for people; from the least to the most, if there are many scenarios."""
        return _from_to(self.total)

    def __repr__(self) -> str:
        name = self.deployment or f"{len(self.items)} meters"
        return f"<{type(self).__name__} {name}, {self.region}: {self.total_text} a month>"

    def __str__(self) -> str:
        lines = [f"{self.title}, {self.region}: {self.total_text} a month"]
        lines += [
            f"  {_from_to(item.cost_usd):>12}  {item.rate.meter.title}" for item in self.items
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return card(
            f"{self.title}, {self.region}: {self.total_text} a month",
            small(f"{self.conventions}."),
            *self._verdict_html(),
            self._many_html() if np.ndim(self.total) else self._lines_html(),
            folded("Notes", self.notes),
            folded("Not modeled", self.not_modeled),
            small(
                ".explain() tells how each line came to be, "
                ".assumptions what is left open and what it moves"
            ),
        )

    def _verdict_html(self) -> tuple[Html, ...]:
        """What stands between the conventions and the lines."""
        return ()

    def _lines_html(self) -> Html:
        at_list = ["at list price"] if self.contract else []
        heads = ["line", "quantity", "unit", "tiers and prices", *at_list, "USD", "price seen at"]
        rows = [
            [
                f"{item.rate.meter.service}: {item.rate.meter.title}",
                quantity_text(item.usage.quantity),
                item.rate.meter.unit,
                item.tiers_text(),
                *([f"{item.list_usd:,.2f}"] if self.contract else []),
                f"{item.cost_usd:,.2f}",
                _seen_at(item),
            ]
            for item in self.items
        ]
        list_total = [f"{self.list_total:,.2f}"] if self.contract else []
        rows.append([strong("total"), "", "", "", *list_total, strong(f"{self.total:,.2f}"), ""])
        return rows_under(heads, rows, numbers={"quantity", "USD", "at list price"})

    def _many_html(self) -> Html:
        bounds = [
            (name, f"{np.min(costs):,.2f}", f"{np.max(costs):,.2f}")
            for name, costs in (*self.by_driver.items(), (strong("total"), self.total))
        ]
        heads = [f"{np.size(self.total):,} scenarios", "least USD", "most USD"]
        return rows_under(heads, bounds, numbers=heads[1:])


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
    each = (np.min(first.hours_per_month), np.max(first.hours_per_month))
    hours = " to ".join(dict.fromkeys(f"{float(edge):g}" for edge in each))
    return f"US dollars per month of {hours} hours, before tax; {allowances}; {prices}{oldest}{contract}"


def _seen_at(item: LineItem) -> Html:
    """Where and when the price was seen, and how sure it is if it is not."""
    rate = item.rate
    host = urlsplit(rate.source).hostname or rate.source
    doubt = "" if rate.confidence == "confirmed" else f", {SURENESS[rate.confidence]}"
    return link(rate.source, f"{host}, {rate.checked_on}{doubt}")


def _from_to(usd: float | FloatArray) -> str:
    """An amount for people; from the least to the most, if there are many."""
    least, most = float(np.min(usd)), float(np.max(usd))
    return f"${least:,.2f}" if least == most else f"${least:,.2f} to ${most:,.2f}"


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
