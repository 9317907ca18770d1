"""What does a file tell of? A scenario, its bills, and where they come from."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from estimator.analysis.compare import Comparison
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.growth.growth import Growth
from estimator.analysis.uncertainty.total_ranges import P10ToP90
from estimator.pricing.bill import Bill
from estimator.pricing.price_files import price_list
from estimator.render.printable import printable
from estimator.scenario.scenario import Scenario

_HASH_DIGITS = 16


@dataclass(frozen=True)
class Contents:
    """What every format writes from."""

    result: Bill | Comparison | Growth
    made_on: dt.date
    ranges: Mapping[str, P10ToP90]
    """P10 and P90 of totals in USD per month, by deployment, where somebody asked for them."""
    about: tuple[str, ...] = ()
    """Lines that say where it comes from."""

    @property
    def scenario(self) -> Scenario | None:
        """None of plain quantities, or of a bill on its own."""
        return None if isinstance(self.result, Bill) else self.result.scenario

    @property
    def bills(self) -> tuple[Bill, ...]:
        """One for each deployment; of a growth, those of all months."""
        return (self.result,) if isinstance(self.result, Bill) else self.result.bills

    @property
    def months(self) -> tuple[int, ...] | tuple[None]:
        """The months of a growth, from 0 on; a bill is of one month."""
        return (*range(self.result.months + 1),) if isinstance(self.result, Growth) else (None,)

    @cached_property
    def scenario_hash(self) -> str:
        """The same for the same scenario under the same prices; of a bill on its own, its lines."""
        text = self.result.title if self.scenario is None else self.scenario.to_yaml()
        if self.scenario is None:
            text += "".join(f"{i.rate.meter_id} {i.usage.quantity!r}" for i in self.bills[0].items)
        told = f"{text}\n{price_list()}"
        return hashlib.sha256(told.encode()).hexdigest()[:_HASH_DIGITS]

    def first_day(self, month: int | None) -> dt.date:
        """The first day of the month that a bill is of.

        Month 0 of a growth, and a single bill, are of the month of its prices (``as_of``), or of
        the one in which the file is made.
        """
        of = (self.bills[0].as_of if self.bills else None) or self.made_on
        years, months = divmod(of.year * 12 + of.month - 1 + (month or 0), 12)
        return dt.date(years, months + 1, 1)

    def comments(self, sign: str) -> Iterator[str]:
        """Where it comes from, and the scenario as a file, as comments of a language.

        Args:
            sign: what a comment begins with.
        """
        lines = [line for text in self.about for line in text.splitlines()]
        if self.scenario is not None:
            lines += ["The scenario as a file:", *self.scenario.to_yaml().splitlines()]
        yield from (f"{sign} {printable(line)}".rstrip() for line in lines)


def answers_of(bill: Bill) -> str:
    """The open questions of a bill with the answers assumed, in one line."""
    return "; ".join(f"{each.assumption.id} = {each.chosen}" for each in bill.effects)


def state_of(bill: Bill, month: int | None) -> str:
    """How a deployment stands to its limits in a month; empty of plain quantities."""
    if not isinstance(bill, Estimate):
        return ""
    states = bill.states
    return str(states[month] if states.ndim else states)
