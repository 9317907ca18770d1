"""How do two bills differ: driver by driver, line by line?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from estimator.analysis.estimate.result import Estimate
from estimator.format import unit_price
from estimator.pricing.lines import LineItem
from estimator.pricing.price_files import DRIVERS, Driver, Meter
from estimator.states import State
from estimator.units import HALF_A_CENT_USD


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line of a bill before and after; None where the bill has no such line."""

    before: LineItem | None
    after: LineItem | None

    @property
    def item(self) -> LineItem:
        """The line as it is now; as it was if it is no more."""
        found = self.after or self.before
        assert found is not None  # a change has two sides, and one of them at least is a line
        return found

    @property
    def meter_id(self) -> str:
        """What is counted, by its id."""
        return self.item.rate.meter_id

    @property
    def meter(self) -> Meter:
        """What is counted."""
        return self.item.rate.meter

    @property
    def quantities(self) -> tuple[float, float]:
        """Before and after, in units of the meter."""
        return _quantity(self.before), _quantity(self.after)

    @property
    def usd(self) -> tuple[float, float]:
        """Cost of the line before and after, USD per month."""
        return _cost(self.before), _cost(self.after)

    @property
    def change_usd(self) -> float:
        """How much more it costs, USD per month."""
        before, after = self.usd
        return after - before

    @property
    def usd_per_unit(self) -> tuple[float | None, float | None]:
        """What a unit costs on average, tiers and free units included; None without a unit."""
        return _average(self.before), _average(self.after)

    @property
    def prices(self) -> tuple[str, str]:
        """The prices of the tiers in use before and after, for people."""
        return _prices(self.before), _prices(self.after)

    @property
    def is_changed(self) -> bool:
        """Whether it costs something else, counts something else or has another price."""
        before, after = self.quantities
        moved = abs(self.change_usd) >= HALF_A_CENT_USD
        return moved or before != after or self.prices[0] != self.prices[1]

    def as_data(self, sides: tuple[str, str] = ("before", "after")) -> dict[str, Any]:
        """As plain texts and numbers.

        Args:
            sides: what the two bills are called.
        """
        both = {
            "quantity": self.quantities,
            "price": self.prices,
            "usd_per_unit": self.usd_per_unit,
        }
        return {
            "meter": self.meter_id,
            "title": self.meter.title,
            "driver": self.meter.driver,
            "unit": self.meter.unit,
            **{
                f"{name}_{side}": value
                for name, values in both.items()
                for side, value in zip(sides, values, strict=True)
            },
            **{f"{side}_usd": usd for side, usd in zip(sides, self.usd, strict=True)},
            "change_usd": self.change_usd,
        }


@dataclass(frozen=True)
class BothBills:
    """Two bills side by side: of a changed scenario, or of two deployments."""

    before: Estimate | None
    after: Estimate | None

    @property
    def usd(self) -> tuple[float | None, float | None]:
        """Totals before and after, USD per month; None where it could not be priced."""
        return (
            None if self.before is None else float(self.before.total),
            None if self.after is None else float(self.after.total),
        )

    @property
    def change_usd(self) -> float | None:
        """How much more it costs, USD per month; None if it could not be priced twice."""
        before, after = self.usd
        return None if before is None or after is None else after - before

    @property
    def change_percent(self) -> float | None:
        """How much more of what it cost before; None if there is nothing to compare with."""
        before, change = self.usd[0], self.change_usd
        return None if change is None or not before else 100 * change / before

    @property
    def is_moved(self) -> bool:
        """Whether it costs another amount, to the cent."""
        return abs(self.change_usd or 0.0) >= HALF_A_CENT_USD

    @property
    def states(self) -> tuple[State | None, State | None]:
        """How it stood to its limits before, and how it does now; None without a price."""
        return (
            None if self.before is None else self.before.state,
            None if self.after is None else self.after.state,
        )

    @cached_property
    def drivers(self) -> dict[Driver, tuple[float, float]]:
        """USD per month before and after by what drives it, in the order of charts."""
        sides = [bill.by_driver if bill else {} for bill in (self.before, self.after)]
        return {
            driver: (float(sides[0].get(driver, 0.0)), float(sides[1].get(driver, 0.0)))
            for driver in DRIVERS
            if any(driver in side for side in sides)
        }

    @cached_property
    def lines(self) -> tuple[LineChange, ...]:
        """Every line of both bills, what moves the bill most first."""
        before, after = (_by_meter(bill) for bill in (self.before, self.after))
        both = [LineChange(before.get(key), after.get(key)) for key in {**after, **before}]
        return tuple(sorted(both, key=lambda line: -abs(line.change_usd)))


def _by_meter(bill: Estimate | None) -> dict[tuple[str, str, int], LineItem]:
    """Lines by meter and part, and by their number among those of the same in several regions."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[tuple[str, str, int], LineItem] = {}
    for item in bill.items if bill else ():
        counted = item.rate.meter_id, item.usage.part
        found[*counted, seen[counted]] = item
        seen[counted] += 1
    return found


def _quantity(item: LineItem | None) -> float:
    return 0.0 if item is None else float(item.usage.quantity)


def _cost(item: LineItem | None) -> float:
    return 0.0 if item is None else float(item.cost_usd)


def _average(item: LineItem | None) -> float | None:
    quantity = _quantity(item)
    return _cost(item) / quantity if quantity else None


def _prices(item: LineItem | None) -> str:
    if item is None:
        return ""
    both = zip(item.units_by_tier, item.rate.tariff.usd_per_unit, strict=True)
    used = dict.fromkeys(
        f"${unit_price(float(price))}" for units, price in both if units > 0 and price > 0
    )
    return " / ".join(used) or "free"
