"""What do commitments per hour cover of a bill, and what do they cost where nothing is covered?

A commitment is paid in every hour, used or not. Use is cut into levels: the lowest is in use for
the longest. A level is worth committing to if its hours cost more without the commitment than all
hours of the month cost with it; so the best amount reaches up to the level that is used for just
that share of the month (a quantile of the hourly use). Whatever lies above is paid as it would be
without it, with Google's sustained-use discount on what is left.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from estimator.arrays import FloatArray
from estimator.format import dollars_and_cents, percent, quantity_text, range_text
from estimator.pricing.catalog import Rate
from estimator.pricing.contract import BEST, Commitment, Contract
from estimator.pricing.hourly_use import HourlyUse, levels
from estimator.pricing.lines import SUSTAINED_USE, Discount, LineItem, Usage
from estimator.pricing.price_files import CostLayer, Meter
from estimator.pricing.sustained_use import machine_class, paid_share, use_multiplier
from estimator.pricing.tiers import Tariff

_NOISE = 1e-9
UNUSED = "own.unused_commitment"
"""The meter of what is committed and not used."""


@dataclass
class _Line:
    """A line of the bill, and what commitments leave of its use."""

    item: LineItem
    left: HourlyUse
    """Units per hour that no commitment covers."""
    usd_per_unit: FloatArray
    """What a unit costs without a commitment, on average, before sustained use; shape (*many,)."""
    list_usd_per_unit: FloatArray
    """The same at list prices."""
    machine_class: str | None
    """Of Google's sustained use, if a unit can have that discount."""
    savings: list[Discount] = field(default_factory=list[Discount])

    def cost(self, hours: FloatArray | float) -> tuple[FloatArray, FloatArray]:
        """USD per month of what is left, and what sustained use takes off of that."""
        usd = np.asarray(self.left.mean * hours * self.usd_per_unit)
        if self.machine_class is None:
            return usd, np.zeros(())
        return usd, np.asarray(usd * (1 - use_multiplier(self.machine_class, self.left)))


@dataclass(frozen=True, slots=True)
class _Covered:
    """What one commitment does to some lines that it covers together."""

    per_hour: FloatArray
    """How much is committed, in USD of use at list prices or in units, shape (*many,)."""
    unused: FloatArray
    """Of it per hour, on average."""
    usd_per_month: FloatArray
    """What the commitment costs."""
    unused_usd: FloatArray
    """Of that, for what is not used."""


def with_commitments(
    items: Sequence[LineItem], contract: Contract | None, hours: FloatArray | float
) -> tuple[tuple[LineItem, ...], tuple[str, ...]]:
    """The lines of a bill under the commitments of a contract, and what these do, in words.

    What is committed and not used stands on lines of its own. A commitment that covers no line of
    the bill is not on it: it is paid for something else.

    Args:
        items: lines of one bill.
        contract: what is paid instead of list prices.
        hours: of the billing month.
    """
    if contract is None or not contract.commitments:
        return tuple(items), ()
    lines = [_line(item, hours) for item in items]
    unused: list[LineItem] = []
    notes: list[str] = []
    for commitment in contract.commitments:
        for group in _groups(commitment, lines).values():
            covered = _cover(commitment, group, hours)
            notes.append(_in_words(commitment, group, covered))
            if np.any(covered.unused_usd > 0):
                line = _unused_line(commitment, group, covered, contract, hours)
                unused.extend(_by_layer(line, group))
    return (*(_with_savings(line, hours) for line in lines), *unused), tuple(notes)


def _line(item: LineItem, hours: FloatArray | float) -> _Line:
    units = np.asarray(item.usage.quantity - item.free_units)
    sustained = sum((each.usd for each in item.discounts), start=np.zeros(()))
    found = machine_class(item.usage.meter_id)
    left = item.usage.in_hours(units, hours)
    list_usd = item.list_usd if found is None else item.list_usd / use_multiplier(found, left)
    return _Line(
        item,
        left,
        _per(item.cost_usd + sustained, units),
        _per(list_usd, units),
        found if item.rate.contract is None else None,
    )


def _per(usd: FloatArray, units: FloatArray) -> FloatArray:
    usd, units = np.broadcast_arrays(usd, units)
    return np.divide(usd, units, out=np.zeros(usd.shape), where=units > 0)


def _groups(commitment: Commitment, lines: Sequence[_Line]) -> dict[Hashable, list[_Line]]:
    """Lines that share what is committed.

    Use of some value is added up over all of them; but where the best amount is looked for, what
    has another discount by itself has another best amount.
    """
    groups: dict[Hashable, list[_Line]] = defaultdict(list)
    for line in lines:
        usage = line.item.usage
        if commitment.covers(usage.meter_id, usage.region):
            key: Hashable = (usage.meter_id, usage.region)
            if commitment.by_value:
                key = line.machine_class if commitment.amount == BEST else None
            groups[key].append(line)
    return groups


def _cover(commitment: Commitment, group: Sequence[_Line], hours: FloatArray | float) -> _Covered:
    """Cover what the commitment covers of some lines."""
    most_parts = max((line.left for line in group), key=lambda left: left.units.shape[-1])
    for line in group:
        line.left = line.left.in_parts_of(most_parts)
    worth = [line.list_usd_per_unit if commitment.by_value else np.ones(()) for line in group]
    units = (line.left.units * each[..., None] for line, each in zip(group, worth, strict=True))
    in_use = HourlyUse(np.asarray(sum(units)), most_parts.shares)
    # both per unit of what is committed: USD at list prices, or a unit of the meter
    usual = _mean_price([line.usd_per_unit for line in group], worth, group)
    at_list = _mean_price([line.list_usd_per_unit for line in group], worth, group)
    off = 1 - (commitment.percent_off or 0.0) / 100
    price = at_list * off if commitment.usd_per_unit is None else commitment.usd_per_unit
    price = np.asarray(off if commitment.by_value else price, dtype=np.float64)
    if commitment.amount == BEST:
        amount = _best(in_use, usual, price, group[0].machine_class, commitment.by_value)
    else:
        amount = np.broadcast_to(float(commitment.amount), np.shape(in_use.mean))
    taken = np.minimum(in_use.units, amount[..., None])
    share = np.divide(taken, in_use.units, out=np.zeros(np.shape(taken)), where=in_use.units > 0)
    for line, each in zip(group, worth, strict=True):
        _take(line, share, price * each, commitment, hours)
    used = HourlyUse(taken, in_use.shares).mean
    unused = np.maximum(amount - used, 0.0)
    unused = np.where(unused > amount * _NOISE, unused, 0.0)
    return _Covered(amount, unused, amount * price * hours, unused * price * hours)


def _take(
    line: _Line,
    share: FloatArray,
    committed_usd: FloatArray,
    commitment: Commitment,
    hours: FloatArray | float,
) -> None:
    """Cover a share of what is left of a line in each hour, at a price per unit."""
    before = line.left
    line.left = HourlyUse(before.units * (1 - share), before.shares, before.constant)
    units = np.asarray((before.mean - line.left.mean) * hours)
    saved = np.asarray(units * (line.usd_per_unit - committed_usd))
    line.savings.append(Discount(f"by commitment ({commitment.in_words()})", saved, committed=True))


def _mean_price(
    prices: Sequence[FloatArray], worth: Sequence[FloatArray], group: Sequence[_Line]
) -> FloatArray:
    """What is paid for one of what is committed, on average over some lines."""
    usd = sum(
        (price * line.left.mean for price, line in zip(prices, group, strict=True)),
        start=np.zeros(()),
    )
    units = sum(
        (each * line.left.mean for each, line in zip(worth, group, strict=True)),
        start=np.zeros(()),
    )
    return _per(np.asarray(usd), np.asarray(units))


def _best(
    in_use: HourlyUse,
    usual: FloatArray,
    price: FloatArray,
    discounted: str | None,
    by_value: bool,
) -> FloatArray:
    """The amount per hour that makes the least bill, shape (*many,); whole units of a meter."""
    heights, lasting = levels(in_use)
    paid = paid_share(discounted, lasting)
    worth_it = paid * usual[..., None] > price[..., None] * (1 + _NOISE)
    amount = np.asarray((heights * worth_it).sum(axis=-1))
    if by_value:
        return amount

    def usd(amount: FloatArray) -> FloatArray:
        """Of the amount and what is left, per hour of the month and up to what both have alike."""
        ends = np.cumsum(heights, axis=-1)
        above = np.clip(ends - amount[..., None], 0.0, heights)
        return np.asarray(amount * price + (above * paid).sum(axis=-1) * usual)

    low, high = np.floor(amount + _NOISE), np.ceil(amount - _NOISE)
    return np.where(usd(high) < usd(low) * (1 - _NOISE), high, low)


def _with_savings(line: _Line, hours: FloatArray | float) -> LineItem:
    item = line.item
    if not line.savings:
        return item
    _, sustained = line.cost(hours)
    before = item.cost_usd + sum((each.usd for each in item.discounts), start=np.zeros(()))
    discounts = (
        *([Discount(SUSTAINED_USE, sustained)] if line.machine_class else ()),
        *line.savings,
    )
    off = sum((each.usd for each in discounts), start=np.zeros(()))
    # what nothing is left of costs nothing, but for rounding noise
    cost = np.maximum(before - off, 0.0)
    return replace(item, cost_usd=cost, discounts=discounts)


def _unused_line(
    commitment: Commitment,
    group: Sequence[_Line],
    covered: _Covered,
    contract: Contract,
    hours: FloatArray | float,
) -> LineItem:
    """What is committed and not used, beside the first line that it covers."""
    first = group[0].item
    of = first.rate.meter
    source = commitment.source or f"the contract '{contract.title}'"
    unit = "USD at list prices" if commitment.by_value else of.unit
    units = np.asarray(covered.unused * hours)
    usd_each = float(np.max(_per(covered.unused_usd, units)))
    tariff = Tariff(np.zeros(1), np.array([usd_each]))
    meter = Meter(
        meter=UNUSED,
        title=f"Unused commitment to {of.title}",
        service=of.service,
        driver=of.driver,
        unit=unit,
        tiers_pool_over="account",
        focus_category=of.focus_category,
        focus_subcategory=of.focus_subcategory,
        source=source,
        note="What is committed per hour and not used in that hour; it is paid all the same.",
    )
    rate = Rate(
        meter_id=UNUSED,
        meter=meter,
        region=first.usage.region,
        tariff=tariff,
        list_tariff=tariff,
        contract=None,
        effective_from=dt.date.min,
        checked_on=commitment.checked_on or first.rate.checked_on,
        source=source,
        confidence=commitment.confidence or "confirmed",
        note=None,
    )
    usage = Usage(
        UNUSED,
        units,
        f"{commitment.in_words()}: paid for every hour of the month, used or not",
        first.usage.region,
        layer=first.usage.layer,
    )
    none = np.zeros(np.shape(units))
    return LineItem(
        usage,
        rate,
        free_units=none,
        units_by_tier=units[None],
        credit_usd=none,
        cost_usd=covered.unused_usd,
        list_usd=none,
        discounts=(Discount(f"by commitment ({commitment.in_words()})", none, committed=True),),
    )


def _by_layer(unused: LineItem, group: Sequence[_Line]) -> Iterator[LineItem]:
    """What is not used, on a line for each layer, in proportion to what is saved for it."""
    saved: dict[CostLayer, FloatArray] = {}
    for line in group:
        layer = line.item.usage.layer
        saved[layer] = saved.get(layer, np.zeros(())) + line.savings[-1].usd
    in_all = np.asarray(sum(saved.values()))
    for layer, usd in saved.items():
        first = np.full(np.shape(in_all), float(layer == unused.usage.layer))
        share = np.divide(usd, in_all, out=first, where=in_all > 0)
        units = np.asarray(unused.usage.quantity * share)
        yield replace(
            unused,
            usage=replace(unused.usage, quantity=units, layer=layer),
            units_by_tier=units[None],
            cost_usd=np.asarray(unused.cost_usd * share),
        )


def _in_words(commitment: Commitment, group: Sequence[_Line], covered: _Covered) -> str:
    """What a commitment covers, what it costs, and how much of it is not used."""
    amount = (
        f"{range_text(covered.per_hour, dollars_and_cents)} of use at list prices"
        if commitment.by_value
        else f"{range_text(covered.per_hour, quantity_text)} {group[0].item.rate.meter.unit}"
    )
    what = ", ".join(dict.fromkeys(line.item.rate.meter.title for line in group))
    if not np.any(covered.per_hour > 0):
        return f"Commitment to {what}, {_price_words(commitment)}: none makes this bill lower."
    found = " (the best amount for this bill)" if commitment.amount == BEST else ""
    unused = range_text(_per(covered.unused, covered.per_hour), percent)
    return (
        f"Commitment to {what}: {amount} per hour{found}, "
        f"{_price_words(commitment)}; "
        f"{range_text(covered.usd_per_month, dollars_and_cents)} per month, used or not; "
        f"{unused} of it is not used."
    )


def _price_words(commitment: Commitment) -> str:
    return commitment.in_words().partition(", ")[0]


def matched(items: Sequence[LineItem], contract: Contract | None) -> bool:
    """Whether a contract changes the price of any line, or has no need to."""
    return contract is None or any(
        item.rate.contract is not None
        or any(discount.committed for discount in item.discounts)
        or contract.has_own_price(item.rate.meter_id, item.usage.region)
        for item in items
    )


def contract_notes(items: Sequence[LineItem], contract: Contract | None) -> Iterator[str]:
    """That a contract changes nothing on a bill, if so, and how sustained use was worked out."""
    if contract is not None and not matched(items, contract):
        yield (
            f"The contract '{contract.title}' matches no line of this bill: all prices are as they "
            "would be without it."
        )
    if any(discount.title == SUSTAINED_USE for item in items for discount in item.discounts):
        yield (
            "Google's sustained use discount is on the lines that have it. Processors and memory "
            "of a machine series are added up; where only their sum is known, they are taken to "
            "run all month. Accounts billed by invoice do not get the discount."
        )
