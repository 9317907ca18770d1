"""What does another price list do to scenarios that somebody saved?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from estimator.analysis.diff.bill_changes import BillChange, changes_between, cheapest, priced
from estimator.analysis.diff.both_bills import LineChange
from estimator.deployments.registry import DEPLOYMENTS
from estimator.errors import EstimatorError
from estimator.files import prices_of
from estimator.format import dollars_and_cents, number_of, signed_dollars, signed_percent
from estimator.pricing.price_files import price_list
from estimator.result import Refusal, Result
from estimator.scenario.scenario import Scenario
from estimator.units import HALF_A_CENT_USD


@dataclass(frozen=True, slots=True)
class ScenarioDrift:
    """A saved scenario under the price list of before and under that of now."""

    name: str
    """The file."""
    bills: tuple[BillChange, ...]
    """Each deployment before and after, cheapest within limits first."""

    @property
    def moved(self) -> tuple[BillChange, ...]:
        """Bills that cost something else."""
        return tuple(each for each in self.bills if each.is_moved)

    @property
    def cheapest(self) -> tuple[BillChange | None, BillChange | None]:
        """The cheapest within limits before and after."""
        return cheapest(self.bills, 0), cheapest(self.bills, 1)

    @property
    def is_changed(self) -> bool:
        """Whether a bill costs something else, or was or is without a price."""
        return bool(self.moved) or any(bool(e.before) != bool(e.after) for e in self.bills)

    @property
    def headline(self) -> str:
        """Which deployment is the cheapest now, and what moved, in a sentence."""
        before, after = self.cheapest
        if after is None:
            return "No deployment within its limits has a price."
        now = f"{after.name} at {dollars_and_cents(after.usd[1])} per month"
        if before is None or before.deployment != after.deployment:
            was = f", no longer {before.name}" if before else ""
            return f"The cheapest is now {now}{was}."
        change = after.change_usd or 0.0
        if abs(change) < HALF_A_CENT_USD:
            return f"The cheapest is still {now}, as before."
        return f"The cheapest is still {now}, {signed_dollars(change)} ({_share(after)})."


def _share(change: BillChange) -> str:
    return signed_percent(change.change_percent)


@dataclass(frozen=True)
class Drift(Result):
    """What a price list does to saved scenarios, beside another one."""

    schema: ClassVar[str] = "drift"
    instead_of_bills: ClassVar[str] = "see the bills of its scenarios"

    before: str
    """The price list of before, in words: its id and its date."""
    after: str
    """That of now."""
    scenarios: tuple[ScenarioDrift, ...]
    refusals: tuple[Refusal, ...] = ()

    @property
    def title(self) -> str:
        """What is compared, for the head of a table."""
        return f"Saved scenarios under {self.after}, beside {self.before}"

    @property
    def changed(self) -> tuple[ScenarioDrift, ...]:
        """Scenarios of which a bill moved."""
        return tuple(each for each in self.scenarios if each.is_changed)

    @property
    def answer(self) -> str:
        """How many moved, in a sentence."""
        every = number_of(len(self.scenarios), "scenario")
        if not self.changed:
            return f"No bill of {every} moves."
        return f"Bills of {len(self.changed)} of {every} move."

    def _data(self) -> dict[str, Any]:
        return {
            "answer": self.answer,
            "before": self.before,
            "after": self.after,
            "scenarios": [_scenario_data(each) for each in self.scenarios],
        }


def drift(
    scenarios: Mapping[str, Scenario],
    *,
    before: Path | None = None,
    since: dt.date | None = None,
    deployments: Iterable[str] | None = None,
) -> Drift:
    """Price scenarios under the list of now, and under another one.

    Args:
        scenarios: by a name for each.
        before: a folder with the refreshed prices of before; those that ship alone, if None.
        since: prices that were in force on this day instead.
        deployments: ids; all on the clouds, if None.

    Raises:
        EstimatorError: a scenario cannot be priced at all, or there is no such folder.
    """
    if before is not None and not before.is_dir():
        raise EstimatorError(f"{before}: not a folder of refreshed prices")
    wanted = tuple(dict.fromkeys(DEPLOYMENTS if deployments is None else deployments))
    old_list = nullcontext() if since else prices_of(before)
    with old_list:
        old = {
            name: priced(scenario.replace(as_of=since) if since else scenario, wanted)
            for name, scenario in scenarios.items()
        }
        old_words = f"the prices in force on {since}" if since else f"price list {price_list()}"
    found = tuple(
        ScenarioDrift(name, changes_between(old[name], priced(scenario, wanted)))
        for name, scenario in scenarios.items()
    )
    return Drift(old_words, f"price list {price_list()}", found)


def changed_lines(bill: BillChange) -> tuple[LineChange, ...]:
    """Lines that cost something else, what changes the bill most first."""
    return tuple(each for each in bill.lines if abs(each.change_usd) >= HALF_A_CENT_USD)


def _scenario_data(each: ScenarioDrift) -> dict[str, Any]:
    before, after = each.cheapest
    return {
        "name": each.name,
        "headline": each.headline,
        "cheapest_before": before.deployment if before else None,
        "cheapest_after": after.deployment if after else None,
        "deployments": [
            {
                "deployment": bill.deployment,
                "before_usd": bill.usd[0],
                "after_usd": bill.usd[1],
                "change_usd": bill.change_usd,
                "lines": [
                    {
                        "meter": line.meter_id,
                        "before_usd": line.usd[0],
                        "after_usd": line.usd[1],
                        "change_usd": line.change_usd,
                    }
                    for line in changed_lines(bill)
                ],
            }
            for bill in each.bills
        ],
    }
