"""What does a meter's count cost? Lines of a bill, over tiers and allowances that lines share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray, without_noise
from estimator.format import dollars_and_cents, quantity_text, unit_price
from estimator.pricing.catalog import Catalog, Rate
from estimator.pricing.contract import Role
from estimator.pricing.hourly_use import ALL_MONTH, ByHour, HourlyUse
from estimator.pricing.price_files import EVERYWHERE, Allowance, CostLayer
from estimator.pricing.sustained_use import machine_class, use_multiplier
from estimator.units import HOURS_PER_MONTH

FreeAllowances = Literal["none", "always", "all"]
_GRANTED = {
    "none": {"included"},
    "always": {"included", "always"},
    "all": {"included", "always", "new_accounts"},
}
SURENESS = {
    "confirmed": "confirmed",
    "single_source": "seen in one source only",
    "inferred": "at least partly inferred",
}
"""How sure a price is, in words."""
_CENT = Decimal("0.01")
_AS_LONG_AS_ANY_FLOAT = Context(prec=400)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one meter counts in a billing month."""

    meter_id: str
    quantity: FloatArray
    """In units of the meter, shape (*many,)."""
    formula: str
    """How the quantity came to be, in words."""
    region: str = ""
    """Where it was counted; the region of the bill if empty."""
    part: str = ""
    """What of the meter's use, if only that stands on the line."""
    layer: CostLayer = "messaging"
    """What it is for."""
    role: Role | Literal["other"] | None = "other"
    """What machines are there for, where a contract may tell them apart."""
    by_hour: ByHour | None = field(default=None, compare=False, repr=False)
    """How it is spread over the hours of the month; evenly if nothing is known of it."""

    included: FloatArray | None = None
    """Units that come with something else on the bill, where the deployment has worked them out
    day by day, shape (*many,); None where the price list says what comes with what."""

    def in_hours(self, quantity: FloatArray, hours: FloatArray | float) -> HourlyUse:
        """So much of it in the hours of a month, in units per hour."""
        use = ALL_MONTH if self.by_hour is None else self.by_hour()
        return use.with_mean(np.asarray(quantity / hours))


SUSTAINED_USE = "sustained use discount"


@dataclass(frozen=True, slots=True)
class Discount:
    """Money off a line that depends on the hours of the month."""

    title: str
    usd: FloatArray
    """Per month, shape (*many,)."""
    committed: bool = False
    """Whether a commitment gives it; then it is paid for whether used or not."""


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of a bill."""

    usage: Usage
    rate: Rate
    free_units: FloatArray
    """Units covered by free allowances, shape (*many,)."""
    units_by_tier: FloatArray
    """Units to pay in each tier, in whole packages where they are sold so, (tiers, *many)."""
    credit_usd: FloatArray
    """Money deducted by an allowance that is given as money, shape (*many,)."""
    cost_usd: FloatArray
    """Shape (*many,)."""
    list_usd: FloatArray
    """What it would cost at list price; the same as the cost without a contract, (*many,)."""
    discounts: tuple[Discount, ...] = ()
    """What is off the price of its units, which the cost is without."""
    granted: tuple[Allowance, ...] = ()
    """The allowances that it may use."""

    @property
    def title(self) -> str:
        """What was counted, for people."""
        return ", ".join(filter(None, (self.rate.meter.title, self.usage.part)))

    def tiers_text(self) -> str:
        """The tiers used and their prices; for a line of a single scenario."""
        used = [
            f"{quantity_text(units)} x ${unit_price(price)}"
            for units, price in zip(self.units_by_tier, self.rate.tariff.usd_per_unit, strict=True)
            if units > 0
        ]
        free = [f"{quantity_text(self.free_units)} free"] if self.free_units > 0 else []
        credit = dollars_and_cents(self.credit_usd)
        less = f" - {credit} free credit" if self.credit_usd > 0 else ""
        for discount in self.discounts:
            if np.any(without_noise(discount.usd)):
                sign = "-" if discount.usd >= 0 else "+"
                less += f" {sign} {dollars_and_cents(abs(discount.usd))} {discount.title}"
        return " + ".join(free + used) + less or "nothing used"

    def explain(self) -> str:
        """How the line came to be, in plain words; for a line of a single scenario."""
        rate, meter = self.rate, self.rate.meter
        region = "every region" if rate.region == EVERYWHERE else rate.region
        terms = [rate.contract.in_words()] if rate.contract else []
        terms += [each.title for each in self.discounts if each.committed]
        contract = (
            f"\n  contract  {'; '.join(terms)}; {dollars_and_cents(self.list_usd)} at list price"
            if terms
            else ""
        )
        return (
            f"{meter.service}: {self.title}: {dollars_and_cents(self.cost_usd)}\n"
            f"  quantity  {quantity_text(self.usage.quantity)} {meter.unit}: {self.usage.formula}\n"
            f"  counted   {meter.definition}\n"
            f"  price     {self.tiers_text()}{contract}\n"
            f"  source    {rate.source} ({region}, checked {rate.checked_on}, "
            f"{SURENESS[rate.confidence]})"
        )


def price_usage(
    usage: Sequence[Usage],
    region: str,
    catalog: Catalog,
    free_allowances: FreeAllowances,
    hours_per_month: FloatArray | float = HOURS_PER_MONTH,
) -> tuple[LineItem, ...]:
    """Price what meters counted, in the order given.

    Lines that a vendor adds up (the same meter in regions of one price zone, meters that share an
    allowance) go through tiers and allowances together: each starts where the one before ended,
    so that an allowance is spent once.

    Args:
        usage: what was counted.
        region: where, unless a usage says otherwise.
        catalog: the prices.
        free_allowances: which allowances are deducted.
        hours_per_month: of the billing month, over which use is spread.

    Raises:
        UnknownNameError: a meter that does not exist.
        MissingRateError: a meter without a price in the region.
    """
    everything = [in_region(one, region) for one in usage]
    ledger = _Ledger(catalog, free_allowances, everything, hours_per_month)
    return tuple(map(ledger.price, everything))


def in_region(usage: Usage, region: str) -> Usage:
    """Usage with the region of the bill, if it says no other one."""
    return usage if usage.region else replace(usage, region=region)


class _Ledger:
    """What the lines before have used of the tiers and allowances that lines share."""

    def __init__(
        self,
        catalog: Catalog,
        free_allowances: FreeAllowances,
        usage: Sequence[Usage],
        hours: FloatArray | float,
    ) -> None:
        self._catalog = catalog
        self._wanted = free_allowances
        self._usage = usage
        self._hours = hours
        self._spent: dict[tuple[str, str], FloatArray] = defaultdict(_nothing)
        self._spent_at_list_prices: dict[tuple[str, str], FloatArray] = defaultdict(_nothing)
        self._free: dict[tuple[str, str], FloatArray] = defaultdict(_nothing)
        self._paid: dict[tuple[str, str], FloatArray] = defaultdict(_nothing)

    def price(self, usage: Usage) -> LineItem:
        return with_sustained_use(self._priced(usage), self._catalog, self._hours)

    def _priced(self, usage: Usage) -> LineItem:
        catalog = self._catalog.of_role(usage.role)
        rate, granted = catalog.rate(usage.meter_id, usage.region), self._granted(usage)
        free_units = self._take_units(usage, granted)
        units = self._units_to_pay(usage, rate, free_units, granted)
        cost = rate.tariff.cost(units)
        list_cost = cost if rate.contract is None else rate.list_tariff.cost(units)
        if not granted:
            nothing = np.zeros(free_units.shape)
            return LineItem(usage, rate, free_units, units, nothing, cost, list_cost)
        credit = self._take_money(usage, granted, cost, self._spent)
        list_credit = self._take_money(usage, granted, list_cost, self._spent_at_list_prices)
        return LineItem(
            usage,
            rate,
            free_units,
            units,
            credit,
            cost - credit,
            list_cost - list_credit,
            granted=tuple(granted),
        )

    def _take_units(self, usage: Usage, granted: list[Allowance]) -> FloatArray:
        """Free units of a line."""
        free = np.zeros(usage.quantity.shape)
        if usage.included is not None:
            free = np.minimum(usage.included, usage.quantity)
        for allowance in granted:
            if allowance.quantity is not None:
                key = self._shared_by(allowance, usage)
                left = np.maximum(self._units_given(allowance, usage) - self._spent[key], 0.0)
                taken = np.minimum(left, usage.quantity - free)
                self._spent[key] = self._spent[key] + taken
                free = free + taken
        return free

    def _units_given(self, allowance: Allowance, usage: Usage) -> FloatArray | float:
        """Units of an allowance that nothing but this bill uses."""
        if allowance.per_unit_of is None:
            return self._catalog.left(allowance)
        scope = self._shared_by(allowance, usage)
        bringing = (
            each.quantity
            for each in self._usage
            if each.meter_id == allowance.per_unit_of and self._shared_by(allowance, each) == scope
        )
        return allowance.amount * sum(bringing, start=_nothing())

    def _units_to_pay(
        self, usage: Usage, rate: Rate, free_units: FloatArray, granted: list[Allowance]
    ) -> FloatArray:
        meter = rate.meter
        pool = (
            usage.meter_id,
            self._catalog.pool(meter.tiers_pool_over, usage.meter_id, usage.region),
        )
        counted_in_tiers = [one for one in granted if one.tiers == "including"]
        if counted_in_tiers:
            self._free[pool] = self._free[pool] + free_units
        before, to_pay = self._paid[pool], usage.quantity - free_units
        after = self._paid[pool] = before + to_pay
        if rate.tariff.flat and meter.package is None:
            return to_pay[None]
        # tiers count what others have used of it as well
        elsewhere = sum(one.amount - self._catalog.left(one) for one in counted_in_tiers)
        first = self._free[pool] + elsewhere
        if meter.package is not None:
            before, after = (_whole(paid, meter.package) for paid in (before, after))
        return rate.tariff.between(first + before, first + after)

    def _take_money(
        self,
        usage: Usage,
        granted: list[Allowance],
        cost: FloatArray,
        spent: dict[tuple[str, str], FloatArray],
    ) -> FloatArray:
        """Free credit of a line."""
        credit = np.zeros(cost.shape)
        for allowance in granted:
            if allowance.usd is not None:
                key = self._shared_by(allowance, usage)
                left = np.maximum(self._catalog.left(allowance) - spent[key], 0.0)
                taken = np.minimum(left, cost - credit)
                spent[key] = spent[key] + taken
                credit = credit + taken
        return credit

    def _granted(self, usage: Usage) -> list[Allowance]:
        return [
            allowance
            for allowance in self._catalog.allowances(usage.meter_id)
            if (allowance.regions is None or usage.region in allowance.regions)
            and allowance.kind in _GRANTED[self._wanted]
            and (allowance.per_unit_of is None or usage.included is None)
        ]

    def _shared_by(self, allowance: Allowance, usage: Usage) -> tuple[str, str]:
        scope = self._catalog.pool(allowance.pool_over, usage.meter_id, usage.region)
        return allowance.allowance, scope


def with_sustained_use(item: LineItem, catalog: Catalog, hours: FloatArray | float) -> LineItem:
    """The line with what its vendor takes off for machines that run for much of the month."""
    found = machine_class(item.usage.meter_id)
    if found is None or catalog.is_for_choosing:
        return item
    use = item.usage.in_hours(item.usage.quantity - item.free_units, hours)
    multiplier = use_multiplier(found, use)
    list_usd = np.asarray(item.list_usd * multiplier)
    if item.rate.contract is not None:  # what has another discount has none of this
        return replace(item, list_usd=list_usd)
    off = Discount(SUSTAINED_USE, np.asarray(item.cost_usd * (1 - multiplier)))
    return replace(item, cost_usd=item.cost_usd - off.usd, list_usd=list_usd, discounts=(off,))


@lru_cache(maxsize=1_024)
def cost_knees(
    meter_id: str, region: str, catalog: Catalog, free_allowances: FreeAllowances
) -> tuple[tuple[float, float], ...] | None:
    """Units from which on each costs more than those before, and by how much.

    So many units cost the sum of ``max(units - knee, 0) * more``, to rounding noise. None where
    started packages count, or what else is used decides what is free.

    Raises:
        UnknownNameError: a meter that does not exist.
        MissingRateError: a meter without a price in the region.
    """
    rate, free = catalog.rate(meter_id, region), catalog.allowances(meter_id)
    alone = all(
        one.quantity is not None and len(one.meters) == 1 and one.per_unit_of is None
        for one in free
    )
    if rate.meter.package is not None or not alone:
        return None
    granted = np.cumsum([0.0, *(catalog.left(one) for one in free)])
    elsewhere = sum(one.amount - catalog.left(one) for one in free)
    starts = np.append(granted, -elsewhere)
    ends = np.unique([np.maximum(starts + edge, 0.0) for edge in (0.0, *rate.tariff.tier_from)])
    ends = np.append(ends, 2 * ends[-1] + 1)
    whole = Usage(meter_id, ends, "", role=catalog.role)
    [line] = price_usage([whole], region, catalog, free_allowances)
    more = np.diff(np.diff(line.cost_usd) / np.diff(ends), prepend=0.0)
    return tuple(zip(ends[:-1].tolist(), more.tolist(), strict=True))


def rounded_to_cents(item: LineItem) -> LineItem:
    """The line as an invoice states it: half a cent is rounded up, in decimals.

    >>> from estimator import price
    >>> [line] = price({"aws.alb.hours": 3}, region="us-east-1").items
    >>> float(line.cost_usd), float(rounded_to_cents(line).cost_usd)
    (0.0675, 0.07)
    """
    return replace(item, cost_usd=_cents(item.cost_usd), list_usd=_cents(item.list_usd))


def _cents(usd: FloatArray) -> FloatArray:
    cents = [
        float(Decimal(repr(each)).quantize(_CENT, ROUND_HALF_UP, _AS_LONG_AS_ANY_FLOAT))
        for each in without_noise(usd).ravel().tolist()
    ]
    return np.reshape(cents, np.shape(usd))


def _nothing() -> FloatArray:
    return np.zeros(())


def _whole(units: FloatArray, package: float) -> FloatArray:
    """Started packages; a billionth of one is rounding noise and starts none."""
    return np.ceil(units / package - 1e-9) * package
