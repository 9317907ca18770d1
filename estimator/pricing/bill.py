"""What does it cost? Quantities priced line by line; each line explains how it came to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, without_noise
from estimator.errors import EstimatorError, UnknownNameError
from estimator.format import (
    dollars_and_cents,
    given_text,
    number_of,
    quantity_text,
    range_text,
    sentence,
    signed_dollars,
)
from estimator.pricing.catalog import shared_by_account
from estimator.pricing.commitments import matched
from estimator.pricing.contract import Contract
from estimator.pricing.lines import FreeAllowances, LineItem
from estimator.pricing.price_age import age_words, oldest_words
from estimator.pricing.price_files import (
    DRIVERS,
    LAYERS,
    VENDORS,
    Allowance,
    Assumption,
    CostLayer,
    Driver,
    other_list_words,
    overlaid,
    price_list,
)
from estimator.result import Result, impossible, plain

if TYPE_CHECKING:
    import pandas as pd

FREE_IF_UNUSED = "Free only if nothing else in the account uses it"
MOST_WRITTEN_OUT = 500
"""Scenarios of one bill: each takes some 10 KB of JSON and ten times that while it is written, and
a comparison writes all of its bills."""
_MOST_NAMED = 3
"""Bills named in a sentence; of more, it says how many."""


@dataclass(frozen=True, slots=True)
class AssumptionEffect:
    """What an assumption does to one bill."""

    assumption: Assumption
    chosen: str
    change_usd: Mapping[str, float | FloatArray]
    """Change of the total if another answer were chosen, by that answer; none for an answer that
    does not go together with the options."""

    def explain(self) -> str:
        """The question and what each other answer changes; for a bill of a single scenario."""
        others = "; ".join(
            f"{answer} ({self.assumption.choices[answer]}) {signed_dollars(float(change))}"
            for answer, change in self.change_usd.items()
        )
        return (
            f"Open: {self.assumption.question} Assumed: {self.chosen} "
            f"({self.assumption.choices[self.chosen]}). Otherwise: {others}."
        )


@dataclass(frozen=True, slots=True)
class SharedAllowance:
    """A free allowance on a bill, which the whole account has once."""

    allowance: Allowance
    left: float
    """Units, or USD, that nothing else uses: what the bill was given of it."""
    unit: str
    """Of the meters that share it."""
    worth_usd: float | FloatArray
    """By how much the bill rises if something else uses it up."""

    @property
    def words(self) -> str:
        """What of it is free, and for whom."""
        gift = self.allowance
        amount = gift.amount_text(self.unit)
        part = "" if self.left == gift.amount else f", of which {quantity_text(self.left)} left"
        return f"{gift.shares} ({amount} per month{part})"

    def explain(self) -> str:
        """What it is worth on a bill of a single scenario."""
        return f"{dollars_and_cents(self.worth_usd)}: {self.words}"


def _nothing_open(_: Bill, __: Container[str]) -> tuple[AssumptionEffect, ...]:
    """No assumption does anything."""
    return ()


@checks_arguments
@dataclass(frozen=True, repr=False)
class Bill(Result):
    """One month's cost of one deployment, or of plain quantities.

    For a scenario of arrays every amount is an array with one number per scenario.

    >>> from estimator import price
    >>> bill = price({"aws.api_gateway.messages": 18e6}, region="us-east-1")
    >>> bill.total, bill.items[0].tiers_text()
    (18.0, '18,000,000 x $0.000001')
    """

    schema = "estimate"
    instead_of_bills = "it is a bill itself"
    refusals = ()

    title: str  # pyright: ignore[reportIncompatibleMethodOverride] (a field answers as well)
    """What is billed, for people."""
    region: str
    """The cloud's own name of it; several are parted by commas."""
    items: tuple[LineItem, ...]
    """The lines, each with its quantity, tiers, price and source."""
    hours_per_month: float | FloatArray
    """Length of the billing month."""
    free_allowances: FreeAllowances
    """Which free allowances are deducted: none, always or all."""
    allowances_left: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units or USD of allowances that nothing else uses, by their ids; all of those left out."""
    as_of: dt.date | None = None
    """The day whose prices apply; the newest known if None."""
    price_list: str = field(default_factory=price_list)
    """The price list that was in force, by its id and date."""
    saved_under: str | None = None
    """The price list under which the scenario was saved, if it says so."""
    contract: Contract | None = None
    """What is paid instead of list prices."""
    layers: tuple[CostLayer, ...] = LAYERS
    """Which layers are on the bill."""
    round_lines: bool = False
    """Whether each line is rounded to the cent before they are added up."""
    deployment: str | None = None
    """Id of the deployment; None for plain quantities."""
    cloud: str | None = None
    """Id of the cloud or SaaS vendor; None for plain quantities."""
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the bill."""
    not_modeled: tuple[str, ...] = ()
    """What a real invoice would also include."""
    assess: Callable[[Bill, Container[str]], tuple[AssumptionEffect, ...]] = field(
        default=_nothing_open, repr=False
    )
    """Works out what each assumption does to the bill it is given, but for those of some ids.

    It does not know its bill, so that nothing keeps the arrays of a bill that is done with.
    """
    items_with_left: Callable[[Mapping[str, float]], tuple[LineItem, ...]] | None = field(
        default=None, repr=False
    )
    """Prices the same quantities where so much is left of allowances."""

    def __post_init__(self) -> None:
        """Refuse lines that cannot be.

        Raises:
            EstimatorError: an amount below zero, without end, or not a number; it names the line.
        """
        for item in self.items:
            # without a contract both are the same
            for usd in (
                (item.cost_usd, item.list_usd)
                if item.rate.contract or item.discounts
                else (item.cost_usd,)
            ):
                if (amount := impossible(usd)) is not None:
                    raise EstimatorError(
                        f"{item.usage.meter_id} in {item.usage.region}: a cost of {amount:g} USD "
                        "cannot be; numbers of the scenario are too far apart to be computed with, "
                        "or else please report it"
                    )

    def __getitem__(self, meter: str | tuple[str, str]) -> LineItem:
        """The line of a meter, of one region where the meter is billed in several.

        Raises:
            UnknownNameError: no such line on the bill.
            EstimatorError: a meter of several regions without the name of one.

        >>> from estimator import price
        >>> bill = price({"aws.alb.hours": 730, ("aws.alb.hours", "eu-west-1"): 730}, "us-east-1")
        >>> float(bill["aws.alb.hours", "us-east-1"].cost_usd)
        16.425
        """
        name, region = (meter, None) if isinstance(meter, str) else meter
        own = {item.usage.region: item for item in self.items if item.rate.meter_id == name}
        if not own:
            raise UnknownNameError("meter on the bill", name, {i.rate.meter_id for i in self.items})
        if region is None and len(own) > 1:
            raise EstimatorError(
                f"{name} is billed in {len(own)} regions; name one of them, as in "
                f"bill['{name}', '{min(own)}']"
            )
        where = next(iter(own)) if region is None else region
        if where not in own:
            raise UnknownNameError(f"region of '{name}' on the bill", where, own)
        return own[where]

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
    def by_layer(self) -> dict[CostLayer, float | FloatArray]:
        """USD per month by what it is for: messaging, application, engineering; all of them."""
        costs: dict[CostLayer, list[FloatArray]] = {layer: [] for layer in LAYERS}
        for item in self.items:
            costs[item.usage.layer].append(item.cost_usd)
        return {layer: _sum(parts) for layer, parts in costs.items()}

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The bill as a table, one row per line.

        Columns: meter, title, driver, layer, region, quantity (in ``unit``), unit, free (units that
        cost nothing), tiers (text), cost_usd, list_usd (without a contract the same), source,
        checked, confidence, formula. With many scenarios there is a row for each of them, its
        number in the column scenario, and no tiers.
        """
        import pandas as pd

        many = np.shape(self.total)
        rows = [_row(item, many) for item in self.items]
        if many:
            return pd.concat(map(pd.DataFrame, rows), ignore_index=True)
        return pd.DataFrame(rows, columns=[*_COLUMNS])

    @cached_property
    def assumptions(self) -> pd.DataFrame:
        """What vendors leave open, the answer assumed, and what each other answer would change."""
        import pandas as pd

        columns = ["assumption", "question", "chosen", "alternative", "change_usd", "evidence"]
        rows = [
            (asked.id, asked.question, effect.chosen, answer, change, asked.evidence)
            for effect in self.effects
            for asked in (effect.assumption,)
            for answer, change in effect.change_usd.items()
        ]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def effects(self) -> tuple[AssumptionEffect, ...]:
        """What each assumption does to this bill."""
        return self.assess(self, ())

    @cached_property
    def shared_allowances(self) -> tuple[SharedAllowance, ...]:
        """Free allowances that lower this bill, and may be used up by others of the account.

        What comes with a fee on the bill is none of them.
        """
        found: dict[str, SharedAllowance] = {}
        for item in self.items:
            for gift in item.granted:
                name, unit = gift.allowance, item.rate.meter.unit
                if gift.kind != "included" and name not in found:
                    left = min(self.allowances_left.get(name, gift.amount), gift.amount)
                    found[name] = SharedAllowance(gift, left, unit, self._rise_without([name]))
        return tuple(each for each in found.values() if np.any(each.worth_usd))

    @cached_property
    def free_worth_usd(self) -> float | FloatArray:
        """USD by which the bill rises if others use up all its shared allowances."""
        return self._rise_without([each.allowance.allowance for each in self.shared_allowances])

    def _rise_without(self, used_up: Collection[str]) -> float | FloatArray:
        if not used_up or self.items_with_left is None:
            return _sum([np.zeros(np.shape(self.total))])
        without = self.items_with_left(dict.fromkeys(used_up, 0.0))
        return _sum(item.cost_usd for item in without) - self.total

    @property
    def cloud_name(self) -> str:
        """The cloud, for people."""
        return VENDORS.get(self.cloud or "", "")

    @property
    def name(self) -> str:
        """What is billed, with its cloud, for people."""
        title, cloud = self.title, self.cloud_name
        return title if title.startswith(cloud) else f"{title} on {cloud}"

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts."""
        return conventions([self])

    def explain(self) -> str:
        """The whole bill in plain words: each line's quantity, tiers, price, source and date."""
        if np.ndim(self.total):
            return f"{self.title}: {np.size(self.total)} bills; explain one scenario at a time."
        parts = [f"{self.title}, {self.region}: {self.total_text}", sentence(self.conventions)]
        parts += filter(None, [sentence(oldest_words(self.items))])
        if self.contract:
            parts.append(f"At list prices: {dollars_and_cents(self.list_total)}.")
        parts += [item.explain() for item in self.items]
        if self.shared_allowances:
            parts.append(f"{FREE_IF_UNUSED}: {dollars_and_cents(self.free_worth_usd)}.")
            parts += [f"  {each.explain()}" for each in self.shared_allowances]
        parts += [effect.explain() for effect in self.effects]
        parts += [f"Note: {note}" for note in self.notes]
        if self.not_modeled:
            parts.append(f"Not modeled: {'; '.join(self.not_modeled)}.")
        return "\n".join(parts)

    @property
    def total_text(self) -> str:
        """The total for people; from the least to the most, if there are many scenarios."""
        return range_text(self.total, dollars_and_cents)

    def _data(self) -> dict[str, Any]:
        if (many := np.size(self.total)) > MOST_WRITTEN_OUT:
            raise EstimatorError(
                f"{many:,} scenarios at {self.deployment or 'once'} are more than can be written "
                f"out in full, {MOST_WRITTEN_OUT:,}: take fewer, a sweep, or `total` and `lines`"
            )
        lines = self.lines.assign(checked=self.lines["checked"].astype(str))
        return {
            "deployment": self.deployment,
            "title": self.title,
            "region": self.region,
            "total_usd": plain(self.total),
            "by_driver_usd": {driver: plain(cost) for driver, cost in self.by_driver.items()},
            "by_layer_usd": {layer: plain(cost) for layer, cost in self.by_layer.items()},
            "lines": lines.to_dict(orient="records"),
            "free_worth_usd": plain(self.free_worth_usd),
            "shared_allowances": [
                {
                    "allowance": each.allowance.allowance,
                    "words": each.words,
                    "worth_usd": plain(each.worth_usd),
                }
                for each in self.shared_allowances
            ],
            "assumptions": self.assumptions.map(plain).to_dict(orient="records"),
            "layers": list(self.layers),
            "assumed_defaults": [],
            "group": None,
            "duties": [],
            "starting_values": [],
            "differences": [],
            "state": None,
            "quota_factor": None,
            "limits": [],
            "sizing": None,
            "messages_per_day": None,
            "calendar": [],
            "price_list": self.price_list,
            "saved_under": self.saved_under,
            "conventions": self.conventions,
            "notes": list(self.notes),
            "not_modeled": list(self.not_modeled),
        }

    def __repr__(self) -> str:
        name = self.deployment or f"{len(self.items)} meters"
        return f"<{type(self).__name__} {name}, {self.region}: {self.total_text} per month>"


def conventions(bills: Sequence[Bill]) -> str:
    """The conventions behind the bills of one scenario; empty without bills."""
    if not bills:
        return ""
    first = bills[0]
    allowances = {
        "none": "free allowances ignored",
        "always": "free allowances of every account deducted",
        "all": "free allowances of new accounts deducted as well",
    }[first.free_allowances]
    if first.allowances_left and first.free_allowances != "none":
        known = shared_by_account()
        left = (
            f"{known[name].shares}: {given_text(each)}"
            for name, each in first.allowances_left.items()
        )
        allowances += f", as far as they are left ({', '.join(left)})"
    prices = f"prices in force on {first.as_of}" if first.as_of else "newest prices known"
    # who has another list must see it: the same scenario has other bills there
    prices += f", price list {first.price_list}"
    if others := overlaid():
        prices += (
            f", your own refreshes included ({number_of(len(others), 'price')} other than those "
            "that ship: 'estimator prices' names them)"
        )
    if first.saved_under not in (None, first.price_list):
        prices += f"; {other_list_words(first.saved_under)}"
    contract = _contract_words(first.contract, bills) if first.contract else ""
    age = age_words(item for bill in bills for item in bill.items)
    checked = f"; {age}" if age else ""
    rounded = "; each line rounded to the cent" if first.round_lines else ""
    hours = range_text(first.hours_per_month, given_text)
    layers = "" if len(first.layers) == len(LAYERS) else f"; {' and '.join(first.layers)} only"
    return (
        f"US dollars per month of {hours} hours, before tax; {allowances}; {prices}{checked}"
        f"{contract}{rounded}{layers}"
    )


def _contract_words(contract: Contract, bills: Sequence[Bill]) -> str:
    """Whose rates hold, what of them is paid for each hour, and where they change nothing."""
    without = [bill for bill in bills if not matched(bill.items, contract)]
    words = f"; rates of the contract '{contract.title}'"
    if any(len(bill.layers) < len(LAYERS) for bill in bills):
        return words  # it may match what is not added up
    if len(without) == len(bills):
        return f"{words}, which matches no line"
    if contract.commitments:
        words += ", commitments paid for each hour, used or not"
    if len(without) > _MOST_NAMED:
        return f"{words}, which matches no line of {len(without)} of the {len(bills)} bills"
    if without:
        words += f", which matches no line of {', '.join(bill.name for bill in without)}"
    return words


def _sum(parts: Iterable[FloatArray]) -> float | FloatArray:
    total = np.asarray(without_noise(sum(parts, start=np.zeros(()))))
    return float(total) if total.ndim == 0 else total


def _row(item: LineItem, many: tuple[int, ...]) -> dict[str, object]:
    """A line as cells, or as columns of a row for each of many scenarios."""
    rate, meter = item.rate, item.rate.meter

    def cell(amounts: FloatArray) -> float | FloatArray:
        return np.broadcast_to(amounts, many).ravel() if many else float(amounts)

    return {
        **({"scenario": np.arange(np.prod(many))} if many else {}),
        "meter": rate.meter_id,
        "title": item.title,
        "driver": meter.driver,
        "layer": item.usage.layer,
        "region": item.usage.region,
        "quantity": cell(item.usage.quantity),
        "unit": meter.unit,
        "free": cell(item.free_units),
        **({} if many else {"tiers": item.tiers_text()}),
        "cost_usd": cell(item.cost_usd),
        "list_usd": cell(item.list_usd),
        "source": rate.source,
        "checked": rate.checked_on,
        "confidence": rate.confidence,
        "formula": item.usage.formula,
    }


_COLUMNS = (
    *("meter", "title", "driver", "layer", "region", "quantity", "unit", "free", "tiers"),
    *("cost_usd", "list_usd", "source", "checked", "confidence", "formula"),
)
