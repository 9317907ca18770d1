"""What does the estimate say for the days that an invoice covers?"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from typing import NamedTuple

import numpy as np

from estimator.analysis.estimate.bill import bill_of
from estimator.analysis.estimate.resolve import Resolved, resolve
from estimator.analysis.estimate.result import Estimate
from estimator.demand.month import expected_month
from estimator.deployments.base import WORLDWIDE, Deployment
from estimator.errors import MissingRateError, ScenarioError
from estimator.format import number_of
from estimator.invoices.invoice import Invoice, months_words
from estimator.invoices.variations import Factors, Variations, varied, varied_by
from estimator.pricing.commitments import with_commitments
from estimator.pricing.lines import LineItem, Usage, price_usage
from estimator.pricing.price_files import EVERYWHERE
from estimator.scenario.scenario import Scenario
from estimator.units import HOURS_PER_DAY

MOST_DAYS = 31
"""What vendors bill in tiers and allowances by the month."""
CLOUD_LAYERS = ("messaging", "application")
"""What a cloud bills; people's time is on no invoice of one."""


_NO_REGION = ("", EVERYWHERE, WORLDWIDE)


class Key(NamedTuple):
    """A line of an invoice or an estimate: what was counted, and where."""

    meter: str
    region: str


class Counted(NamedTuple):
    """What an invoice counts of a line, in units of the meter."""

    quantity: float
    free: float
    """Of it, what was billed at nothing."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """A line of an estimate."""

    quantity: float
    """In units of the meter."""
    usd: float
    list_usd: float
    """What it would cost without the contract of the scenario."""
    paid_units: float = 0.0
    """Of the quantity, what no free allowance covers."""


@dataclass(frozen=True)
class Month:
    """A scenario in the days of an invoice, before a deployment is chosen."""

    resolved: Resolved
    notes: tuple[str, ...]
    demands: Callable[[], Variations | None]
    """Other demands than the stated one; None if the scenario cannot be varied so."""

    @property
    def hours(self) -> float:
        """Of those days."""
        return float(np.asarray(self.resolved.scenario.hours_per_month))

    def estimated(self, deployment: Deployment) -> EstimatedMonth:
        """The estimate of a deployment, at the prices of those days.

        Raises:
            NotCarriedError: it cannot carry the transport of the scenario.
            MissingRateError: a meter has no price in the region, on no day.
        """
        try:
            return EstimatedMonth(self, deployment, bill_of(self.resolved, deployment))
        except MissingRateError as error:
            day = self.resolved.scenario.as_of
            newest = replace(self, resolved=resolve(self.resolved.scenario.replace(as_of=None)))
            note = f"Prices of {day} are not known ({error}): the newest known ones are taken."
            newest = replace(newest, notes=(*self.notes, note))
            return EstimatedMonth(newest, deployment, bill_of(newest.resolved, deployment))


def month_of(scenario: Scenario, invoice: Invoice, today: dt.date | None = None) -> Month:
    """A scenario as it is estimated beside an invoice.

    A month has the hours of the invoice's days, and the prices that were in force on its last day.

    Args:
        scenario: what was estimated.
        invoice: its days count.
        today: prices of later days are not known; the day it is now, if None.

    Raises:
        ScenarioError: many scenarios at once, or more days than a month has.
    """
    if scenario.many:
        raise ScenarioError(
            f"the scenario stands for {scenario.many[0]} (a field is a list): an invoice is about "
            "a single one"
        )
    days = (invoice.end_day - invoice.first_day).days
    if not 0 < days <= MOST_DAYS:
        several = len(invoice.months) > 1
        there = f"; month (--month) reads one of {months_words(invoice.months)}" if several else ""
        raise ScenarioError(
            f"the invoice is of {number_of(days, 'day')}: tiers and free allowances go by the "
            f"month, so reconcile the lines of one month, {MOST_DAYS} days at most{there}"
        )
    hours = float(days * HOURS_PER_DAY)
    last_day = invoice.end_day - dt.timedelta(days=1)
    known_until = today or dt.datetime.now(tz=dt.UTC).date()
    asked = scenario.replace(
        hours_per_month=hours, as_of=min(last_day, known_until), layers=CLOUD_LAYERS
    )
    return Month(
        resolve(asked), tuple(_notes(scenario, invoice, days)), cache(partial(varied, asked))
    )


def _notes(scenario: Scenario, invoice: Invoice, days: int) -> list[str]:
    notes: list[str] = []
    first, end = invoice.first_day, invoice.end_day
    is_whole_month = first.day == end.day == 1  # at most 31 days lie between them
    if not is_whole_month:
        notes.append(
            f"The invoice covers {number_of(days, 'day')}, which is no calendar month; tiers and "
            "free allowances are taken as for a whole one."
        )
    if scenario.engineering is not None:
        notes.append("People’s time is on no invoice of a cloud, and left out of the estimate.")
    return notes


@dataclass(frozen=True)
class EstimatedMonth:
    """The estimate of one deployment for the days of an invoice."""

    month: Month
    deployment: Deployment
    bill: Estimate
    machines: Mapping[str, str] = field(default_factory=dict[str, str])
    """Machines of the invoice that options name, where the scenario leaves the choice."""

    @cached_property
    def lines(self) -> dict[Key, Amounts]:
        """The lines of the estimate; parts of one meter in one region are added up."""
        return _added_up(self.bill.items)

    @cached_property
    def titles(self) -> dict[Key, str]:
        """What was counted, for people."""
        return {_key(item): item.rate.meter.title for item in self.bill.items}

    def key(self, meter: str, region: str) -> Key:
        """A line of an invoice, named as the estimate names it.

        One without a region is of the estimate's, if that has its meter in one region only.
        """
        own = self._regions.get(meter, ())
        return Key(meter, own[0] if region in _NO_REGION and len(own) == 1 else region)

    @cached_property
    def _regions(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for key in self.lines:
            found[key.meter].append(key.region)
        return dict(found)

    def quantities(self, resolved: Resolved) -> dict[Key, np.ndarray]:
        """What the meters count under other answers, or for other demands; shape (*many,)."""
        found: dict[Key, np.ndarray] = defaultdict(lambda: np.zeros(()))
        region, _ = self.month.resolved.region(self.deployment)
        for usage in resolved.metered(self.deployment).usage:
            key = Key(usage.meter_id, usage.region or region)
            found[key] = found[key] + usage.quantity
        return dict(found)

    def costs(self, resolved: Resolved, factors: Factors) -> dict[Key, float]:
        """USD of each line under other answers, and for another demand."""
        scenario = varied_by(resolved.scenario, factors)
        other = replace(resolved, scenario=scenario, demand=expected_month(scenario))
        items = bill_of(other, self.deployment).items
        return {key: each.usd for key, each in _added_up(items).items()}

    def priced(
        self, counted: Mapping[Key, Counted], resolved: Resolved | None = None
    ) -> dict[Key, Amounts]:
        """The lines of the estimate with other quantities, through its own tiers and terms.

        Args:
            counted: of some lines, what an invoice counts; others keep their quantity.
            resolved: the scenario under other answers or another contract, if not as it is.
        """
        resolved = resolved or self.month.resolved
        scenario, catalog, hours = resolved.scenario, resolved.catalog, self.month.hours
        usage = [
            self._as_counted(item.usage, counted)
            for item in self.bill.items
            if item.rate.meter_id in catalog.meters
        ]
        priced = price_usage(usage, self.bill.region, catalog, scenario.free_allowances, hours)
        lines, _ = with_commitments(priced, catalog.contract, hours)
        return _added_up(lines)

    def _as_counted(self, usage: Usage, counted: Mapping[Key, Counted]) -> Usage:
        """A part of a line, as large a part of what was counted as it was of the estimate.

        What comes free with something else is what was billed at nothing.
        """
        key = Key(usage.meter_id, usage.region)
        if key not in counted:
            return usage
        own = self.lines[key].quantity
        parts = sum(_key(item) == key for item in self.bill.items)
        share = float(usage.quantity) / own if own else 1 / parts
        included = None if usage.included is None else np.asarray(counted[key].free * share)
        return replace(usage, quantity=np.asarray(counted[key].quantity * share), included=included)


def _key(item: LineItem) -> Key:
    return Key(item.rate.meter_id, item.usage.region)


def _added_up(items: tuple[LineItem, ...]) -> dict[Key, Amounts]:
    found: dict[Key, Amounts] = {}
    for item in items:
        key, before = _key(item), found.get(_key(item), Amounts(0.0, 0.0, 0.0))
        found[key] = Amounts(
            before.quantity + float(item.usage.quantity),
            before.usd + float(item.cost_usd),
            before.list_usd + float(item.list_usd),
            before.paid_units + float(item.usage.quantity - item.free_units),
        )
    return found
