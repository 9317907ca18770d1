"""Which charges is a line of a bill made of? One for each price tier, in exact decimals.

A line adds up tiers, free units and discounts. A file for others states quantity and unit price,
whose product is the cost, so there is a charge for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray, without_noise
from estimator.errors import ScenarioError
from estimator.pricing.bill import Bill
from estimator.pricing.commitments import UNUSED
from estimator.pricing.lines import LineItem

Kind = Literal["used", "free", "credit"]
_EXACT = Context(prec=100)
"""Products of quantities and prices keep all digits."""
_NOTHING = Decimal(0)
_SAME_USD = 1e-12
"""A relative difference in what floats add up to."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A quantity at one unit price, or money taken off."""

    item: LineItem
    kind: Kind
    """used: units of a price tier; free: units of an allowance; credit: an allowance in money."""
    tier_from: Decimal
    """Where the tier begins, in units."""
    quantity: Decimal
    """Units that are paid, in whole packages where they are sold so; 0 of a credit."""
    consumed: Decimal
    """Units that were used of them."""
    list_usd_per_unit: Decimal
    contracted_usd_per_unit: Decimal
    billed_usd: Decimal
    """After discounts; below 0 of a credit."""

    @property
    def list_usd(self) -> Decimal:
        """Quantity times list price, exactly; of a credit, what is taken off."""
        return self._times(self.list_usd_per_unit)

    @property
    def contracted_usd(self) -> Decimal:
        """Quantity times the agreed price, exactly; of a credit, what is taken off."""
        return self._times(self.contracted_usd_per_unit)

    @property
    def discount_usd(self) -> Decimal:
        """What is off the agreed price: a commitment, sustained use, or rounding to the cent."""
        return _EXACT.subtract(self.contracted_usd, self.billed_usd)

    def _times(self, usd_per_unit: Decimal) -> Decimal:
        if self.kind == "credit":
            return self.billed_usd
        return _EXACT.multiply(self.quantity, usd_per_unit)


def charges_of(bill: Bill, month: int | None = None) -> tuple[Charge, ...]:
    """The charges of a bill, whose billed USD add up to its total.

    Args:
        bill: of a single scenario, or of the months of a growth.
        month: which of them.

    Raises:
        ScenarioError: the bill is of many scenarios, and none of them was named.

    >>> from estimator import price
    >>> bill = price({"aws.api_gateway.messages": 1_200e6}, region="us-east-1")
    >>> [(int(each.quantity), str(each.billed_usd.normalize())) for each in charges_of(bill)]
    [(1000000000, '1E+3'), (200000000, '1.6E+2')]
    """
    many = np.shape(bill.total)
    if many and month is None:
        raise ScenarioError(
            f"{bill.title}: a file holds one bill, but this one is of {np.size(bill.total):,} "
            "scenarios; take them one at a time"
        )
    return tuple(
        charge for item in bill.items for charge in _charges(_One(item, many, month), item)
    )


@dataclass(frozen=True, slots=True)
class _One:
    """The amounts of a line in one of many months."""

    item: LineItem
    many: tuple[int, ...]
    month: int | None

    def of(self, amounts: FloatArray | float) -> float:
        if not self.many:  # what does not grow is the same in all months
            return float(amounts)
        return float(np.broadcast_to(amounts, self.many)[self.month])

    @property
    def units_by_tier(self) -> list[float]:
        return [self.of(units) for units in self.item.units_by_tier]


def _charges(one: _One, item: LineItem) -> Iterator[Charge]:
    free = _decimal(one.of(item.free_units))
    quantity = _decimal(one.of(item.usage.quantity))
    at_list = item.rate.list_tariff.usd_per_unit
    if item.rate.meter_id == UNUSED:  # nobody would pay for it without the commitment
        at_list = np.zeros_like(at_list)
    columns = (
        item.rate.tariff.tier_from,
        one.units_by_tier,
        at_list,
        item.rate.tariff.usd_per_unit,
    )
    tiers = [(*map(_decimal, row),) for row in zip(*columns, strict=True)]
    used = [tier for tier in tiers if tier[1] > 0]
    if not used and not free:
        used = tiers[:1]
    if free:
        first = tiers[0][0]
        yield Charge(item, "free", first, free, free, _NOTHING, _NOTHING, _NOTHING)
    credit = _decimal(one.of(item.credit_usd))
    contracted = [_EXACT.multiply(units, usd) for _, units, _, usd in used]
    billed = _billed(contracted, _decimal(one.of(item.cost_usd) + one.of(item.credit_usd)))
    paid = sum((units for _, units, _, _ in used), start=free)
    for number, (tier, usd) in enumerate(zip(used, billed, strict=True)):
        start, units, list_usd, own_usd = tier
        # started packages are paid whole: what was used of the last one is less
        unused = paid - quantity if number == len(used) - 1 else _NOTHING
        yield Charge(item, "used", start, units, units - unused, list_usd, own_usd, usd)
    if credit:
        nothing = (_NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING)
        yield Charge(item, "credit", *nothing, -credit)


def _billed(contracted: Sequence[Decimal], cost: Decimal) -> list[Decimal]:
    """What each tier costs of a line after its discounts, so that the sum is its cost."""
    if not contracted:
        return []
    before = sum(contracted, start=_NOTHING)
    if abs(before - cost) <= max(before, cost) * Decimal(_SAME_USD):
        return [*contracted]
    if not before:
        return [cost, *contracted[1:]]
    parts = [_decimal(float(each * cost / before)) for each in contracted[:-1]]
    return [*parts, _EXACT.subtract(cost, sum(parts, start=_NOTHING))]


def _decimal(amount: float) -> Decimal:
    """An amount as people would write it, without the noise of binary fractions."""
    return Decimal(repr(float(without_noise(np.asarray(amount)))))
