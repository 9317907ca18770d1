"""What does a change of the scenario do to each bill: driver by driver, line by line?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from estimator.analysis.estimate import Estimate, estimate_all
from estimator.deployments.registry import DEPLOYMENTS
from estimator.errors import ScenarioError
from estimator.format import unit_price
from estimator.pricing.lines import LineItem
from estimator.pricing.price_files import DRIVERS, Driver, Meter
from estimator.result import Refusal
from estimator.scenario.scenario import Scenario
from estimator.states import NUMBERS, State
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


@dataclass(frozen=True)
class BillChange:
    """The bill of a deployment before and after; None where it could not be priced."""

    deployment: str
    title: str
    """Of the deployment, without its cloud."""
    before: Estimate | None
    after: Estimate | None
    reason_before: str = ""
    """Why it could not be priced before."""
    reason_after: str = ""
    """Why it cannot be priced now."""

    @property
    def name(self) -> str:
        """The deployment with its cloud, for people."""
        bill = self.after or self.before
        return bill.name if bill else self.title

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

    @property
    def newly_beyond_limits(self) -> bool:
        """Whether it is not within limits now, but was before."""
        return self._within == (True, False)

    @property
    def newly_within_limits(self) -> bool:
        """Whether it is within limits now, but was not before."""
        return self._within == (False, True)

    @property
    def newly_tight(self) -> bool:
        """Whether it is within limits, but nearer to one than before, or with more to raise."""
        before, after = self.states
        if before is None or after is None or not after.is_within_limits:
            return False
        return NUMBERS[after] > NUMBERS[before]

    @property
    def _within(self) -> tuple[bool | None, ...]:
        return tuple(None if each is None else each.is_within_limits for each in self.states)

    @property
    def reason(self) -> str:
        """Why it is not simply within limits now, in words; empty if it is."""
        if self.after is None or self.after.state is State.WITHIN_LIMITS:
            return ""
        return self.after.reason

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


def bill_changes(
    old: Scenario, new: Scenario, deployments: Iterable[str] | None = None
) -> tuple[BillChange, ...]:
    """The bills of two scenarios: those within limits under the new one first, cheapest first.

    Args:
        old: before.
        new: after.
        deployments: ids of the deployments; all on the clouds, if left out.

    Raises:
        ScenarioError: a scenario of arrays, or an option that a deployment does not have.
        UnknownNameError: no such deployment or assumption.
    """
    for which, scenario in (("old", old), ("new", new)):
        if scenario.many:
            raise ScenarioError(
                f"the {which} scenario stands for {scenario.many[0]} (a field is a list): a "
                "difference is that of two single ones"
            )
    wanted = tuple(dict.fromkeys(DEPLOYMENTS if deployments is None else deployments))
    sides = [_priced(scenario, wanted) for scenario in (old, new)]
    found = [_change(id_, *(side[id_] for side in sides)) for id_ in wanted]
    return tuple(sorted(found, key=_order))


def cheapest(bills: Iterable[BillChange], side: int) -> BillChange | None:
    """The cheapest within limits before (0) or after (1); None if there is none."""
    within = [each for each in bills if (now := each.states[side]) and now.is_within_limits]
    return min(within, key=lambda each: each.usd[side] or 0.0, default=None)


def _priced(scenario: Scenario, wanted: tuple[str, ...]) -> dict[str, Estimate | Refusal]:
    bills, refusals = estimate_all(scenario, wanted)
    return {each.deployment or "": each for each in (*bills, *refusals)}


def _change(deployment: str, before: Estimate | Refusal, after: Estimate | Refusal) -> BillChange:
    return BillChange(
        deployment=deployment,
        title=after.title,
        before=before if isinstance(before, Estimate) else None,
        after=after if isinstance(after, Estimate) else None,
        reason_before=before.reason if isinstance(before, Refusal) else "",
        reason_after=after.reason if isinstance(after, Refusal) else "",
    )


def _order(change: BillChange) -> tuple[bool, bool, float]:
    after, state = change.usd[1], change.states[1]
    return after is None, state is not None and not state.is_within_limits, after or 0.0


def _by_meter(bill: Estimate | None) -> dict[tuple[str, int], LineItem]:
    """Lines by meter, and by their number among those of the same meter in several regions."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], LineItem] = {}
    for item in bill.items if bill else ():
        meter_id = item.rate.meter_id
        found[meter_id, seen[meter_id]] = item
        seen[meter_id] += 1
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
