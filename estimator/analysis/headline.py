"""What is the answer of a comparison? The best of each group, and what decides between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from estimator.analysis.engineering import has_hours, usd_per_hour
from estimator.analysis.estimate.result import Estimate
from estimator.deployments.registry import GROUPS, Group
from estimator.format import dollars, given_text, number_of, percent, range_text, value_text
from estimator.pricing.price_files import CostLayer
from estimator.scenario.scenario import Engineering, Scenario
from estimator.units import HALF_A_CENT_USD

_WORTH_SAYING = 1.5
"""Times its size that an audience could grow within what runs, from which that is said."""
_WORTH_NAMING = 0.05
_RUN_BY: dict[Group, str] = {
    "managed": "Managed",
    "serverless containers": "Serverless containers",
    "own servers": "Own servers",
}


def main_drivers(bill: Estimate) -> str:
    """What makes up most of a bill, or of many together, in words."""
    total = float(np.sum(bill.total))
    shares = {driver: float(np.sum(usd)) / (total or 1.0) for driver, usd in bill.by_driver.items()}
    largest = sorted(shares, key=lambda driver: -shares[driver])
    return ", ".join(
        f"{driver} {percent(shares[driver])}"
        for driver in largest
        if shares[driver] >= _WORTH_NAMING
    )


@dataclass(frozen=True, slots=True)
class Best:
    """The cheapest deployment within limits of a group."""

    group: Group
    bill: Estimate | None
    """None if none of the group is within limits."""
    compared: int
    """Deployments of the group that were compared."""

    def __str__(self) -> str:
        """The deployment, its cost and what that is for."""
        name = _RUN_BY[self.group]
        if self.bill is None:
            none = "it is not" if self.compared == 1 else f"none of {self.compared} is"
            return f"{name}: {none} within limits."
        cheapest = f", the cheapest of {self.compared}" if self.compared > 1 else ""
        drivers = main_drivers(self.bill)
        of_which = f" ({drivers})" if drivers else ""
        said = f"{name}: {self.bill.name}, {dollars(self.bill.total)}{of_which}{cheapest}."
        shared = self.bill.shared_allowances
        worth = float(self.bill.free_worth_usd)
        if worth < _WORTH_NAMING * (float(self.bill.total) + worth):
            return said
        what = max(shared, key=lambda each: float(each.worth_usd)).allowance.shares
        others = " and others" if len(shared) > 1 else ""
        return f"{said} Another {dollars(worth)} is free only if nothing else uses {what}{others}."


@dataclass(frozen=True)
class Headline:
    """The best of each group, and the hours that decide between them; of a single scenario."""

    best: tuple[Best, ...]
    """In the order of ``GROUPS``; without groups that were not compared."""
    engineering: Engineering | None
    """Hours that the scenario states, and what one costs."""
    layers: tuple[CostLayer, ...]
    """What is added up."""

    @property
    def deployments(self) -> tuple[str, ...]:
        """Ids of the best of each group that has one."""
        return tuple(each.bill.deployment or "" for each in self.best if each.bill is not None)

    @property
    def usd_per_engineer_hour(self) -> float:
        """What an hour costs, as the scenario states it, or assumed."""
        return usd_per_hour(self.engineering)

    @property
    def has_hours(self) -> bool:
        """Whether the bills hold hours that the scenario states."""
        return has_hours(self.engineering, self.layers)

    @cached_property
    def savings(self) -> tuple[tuple[Estimate, Estimate, float], ...]:
        """Of each group that runs code of one's own, its best, the best managed one, and USD saved.

        Below 0 where the managed one costs less.
        """
        by_group = {each.group: each.bill for each in self.best}
        managed = by_group.get("managed")
        if managed is None or self.layers == ("engineering",):
            return ()
        own = (by_group.get(group) for group in GROUPS[1:])
        return tuple(
            (bill, managed, float(managed.total) - float(bill.total))
            for bill in own
            if bill is not None
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer in words."""
        return (*map(str, self.best), *self.decisions, *self.audience)

    @property
    def decisions(self) -> tuple[str, ...]:
        """What decides between buying and running it."""
        return tuple(self._decisions())

    @property
    def audience(self) -> tuple[str, ...]:
        """Why what runs does not follow an audience that moves."""
        return tuple(self._audience())

    def _decisions(self) -> Iterator[str]:
        rate = self.usd_per_engineer_hour
        for own, managed, usd in self.savings:
            name = _RUN_BY[own.group] if own.group else own.title
            if usd < HALF_A_CENT_USD:
                before = "" if self.has_hours else ", before anybody's time"
                less = f"{dollars(-usd)} less than" if usd <= -HALF_A_CENT_USD else "the same as"
                yield f"{managed.title} costs {less} {name.lower()}{before}."
                continue
            saves = f"{name} save {dollars(usd)} per month over {managed.title}"
            hours = usd / rate if rate else np.inf
            if self.has_hours:
                yield f"{saves}, the hours that you state included."
            elif np.isfinite(hours):
                more = len(own.duties.keys() - managed.duties.keys())
                work = (
                    f", for {number_of(more, 'kind')} of work that the managed service does not "
                    "leave to you"
                )
                yield (
                    f"{saves}; at ${given_text(rate)} per hour that is {hours_text(hours)} of "
                    f"engineering per month{work if more else ''}."
                )
            else:
                yield f"{saves}."

    def _audience(self) -> Iterator[str]:
        for each in self.best:
            bill, room = each.bill, None if each.bill is None else spare_room(each.bill)
            if bill is None or bill.sizing is None or room is None or room < _WORTH_SAYING:
                continue
            count = range_text(bill.sizing.peak_units)
            have = f"{bill.sizing.unit} has" if count == "1" else f"{bill.sizing.unit}s have"
            yield (
                f"{bill.title}: its {count} {have} room for an audience {_two_digits(room)} times "
                "as large; until then, only what is billed by use costs more."
            )

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {
            "best": [
                {
                    "group": each.group,
                    "deployment": each.bill and each.bill.deployment,
                    "total_usd": each.bill and float(each.bill.total),
                    "compared": each.compared,
                }
                for each in self.best
            ],
            "usd_per_engineer_hour": self.usd_per_engineer_hour,
            "savings": [
                {
                    "deployment": own.deployment,
                    "over": managed.deployment,
                    "usd": usd,
                    "hours": usd / self.usd_per_engineer_hour
                    if self.usd_per_engineer_hour and not self.has_hours
                    else None,
                }
                for own, managed, usd in self.savings
            ],
            "sentences": list(self.sentences),
        }


def headline(scenario: Scenario, bills: Sequence[Estimate]) -> Headline:
    """The answer of a comparison.

    Args:
        scenario: what was compared; a single one.
        bills: those within limits first, cheapest first.
    """
    by_group: dict[Group, list[Estimate]] = {
        group: [bill for bill in bills if bill.group == group] for group in GROUPS
    }
    return Headline(
        tuple(
            Best(group, next((b for b in its if b.state.is_within_limits), None), len(its))
            for group, its in by_group.items()
            if its
        ),
        scenario.engineering,
        scenario.layers,
    )


def spare_room(bill: Estimate) -> float | None:
    """How many times as large the audience could be until more must run; None without units."""
    sizing = bill.sizing
    if sizing is None or not sizing.shares:
        return None
    fullest = max(float(np.max(share)) for share in sizing.shares.values())
    return sizing.carrying_share / fullest if fullest > 0 else None


def _two_digits(number: float) -> str:
    """A number that is known roughly.

    >>> _two_digits(1.534), _two_digits(126.7), _two_digits(12_670)
    ('1.5', '130', '13,000')
    """
    return value_text(float(f"{number:.2g}"))


def hours_text(hours: float) -> str:
    """Hours of people's time, for people.

    >>> hours_text(154.58), hours_text(1.02), hours_text(0.4)
    ('150 hours', '1 hour', 'less than an hour')
    """
    if hours < 1:
        return "less than an hour"
    rounded = _two_digits(hours)
    return f"{rounded} hour{'' if rounded == '1' else 's'}"
