"""In which month does something change: a limit, a price tier, the cheapest deployment?

Bills of arrays have one number for each month; milestones are read off them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from estimator.analysis.estimate.result import Estimate
from estimator.arrays import FloatArray
from estimator.deployments.limits import (
    MOST_QUOTA_INCREASE,
    Limit,
    Verdict,
    state_at,
    words_of,
)
from estimator.format import dollars_and_cents, figure_text, quantity_text, unit_price
from estimator.pricing.lines import LineItem
from estimator.pricing.price_files import Meter
from estimator.states import NUMBERS, State, within_limits
from estimator.units import HALF_A_CENT_USD

Kind = Literal["limit", "tier", "cheapest"]
"""What a milestone is about."""


@dataclass(frozen=True, slots=True)
class LimitExceeded:
    """A deployment needs more than a limit allows, for the first time.

    Of a quota there may be two: it must be raised, and later by more than one can count on.
    """

    kind: ClassVar[Kind] = "limit"
    month: int
    """The first in which it is exceeded; 0 is the scenario as it is."""
    until: int | None
    """The first month after it that is within the limit again; None if there is none."""
    deployments: tuple[str, ...]
    """Ids of those that need the same of it."""
    names: tuple[str, ...]
    """The same deployments, for people."""
    limit: Limit
    used: float
    """In that month, in the unit of the limit."""
    allowed: float
    state: State
    """How the deployment stands to the limit in that month."""
    worst_month: int
    """The month in which most of the limit is used."""
    fix: str
    """What would keep that month within the limit, and so all of them."""

    @property
    def words(self) -> str:
        """The milestone in sentences."""
        who = _listed(self.names)
        of_worst = "" if self.worst_month == self.month else f" for month {self.worst_month}"
        fix = f" Fix{of_worst}: {self.fix}." if self.fix else ""
        used = f"{figure_text(self.used)} of {figure_text(self.allowed)} {self.limit.unit}"
        limit = f"{self.limit.title}, {used}"
        when = _when(self.month, self.until)
        if self.state is State.OVER_LIMIT:
            over = "are" if len(self.names) > 1 else "is"
            return f"{when} {who} {over} over a hard limit: {limit}.{fix}"
        factor = self.used / self.allowed if self.allowed else np.inf
        needed = {
            State.SETTING: "a setting must be changed",
            State.QUOTA: f"a {words_of(self.state, factor)} is needed",
            State.BEYOND_QUOTA: f"a {words_of(self.state, factor)} would be needed",
        }.get(self.state, "more is used than is advised")
        return f"{when} {needed}: {limit} ({who}).{fix}"


@dataclass(frozen=True, slots=True)
class TierReached:
    """So much of a meter is used that each further unit has another price."""

    kind: ClassVar[Kind] = "tier"
    month: int
    """The first in which a unit is paid at that price."""
    deployments: tuple[str, ...]
    """Ids of those that use it."""
    names: tuple[str, ...]
    """The same deployments, for people."""
    meter_id: str
    meter: Meter
    tier_from: float
    """Where the tier begins, in units of the meter."""
    usd_before: float
    """Price of a unit until then; 0 while all was free."""
    usd_after: float
    """Price of a unit from there on."""

    @property
    def words(self) -> str:
        """The milestone in sentences."""
        what = f"{self.meter.service}: {self.meter.title}"
        after = f"${unit_price(self.usd_after)}"
        if self.usd_before == 0:
            then = f"the free tier of {what} is used up; each further unit costs {after}"
        else:
            then = (
                f"{what} beyond {quantity_text(self.tier_from)} {self.meter.unit} costs {after} "
                f"instead of ${unit_price(self.usd_before)}"
            )
        return f"{_when(self.month)} {then} ({_listed(self.names)})."


@dataclass(frozen=True, slots=True)
class CheapestChanged:
    """Another deployment than in the month before is the cheapest within limits."""

    kind: ClassVar[Kind] = "cheapest"
    month: int
    """The first month in which it is another."""
    deployment: str | None
    """The cheapest from then on; None if none is within limits."""
    name: str
    before: str | None
    """The cheapest until then; None if none was within limits."""
    name_before: str
    before_is_within_limits: bool
    """Whether the one before is still within its limits."""
    saving_usd: float
    """How much less than the one before it costs in that month; negative if that one would cost
    less, but is beyond its limits. 0 if there is no other to compare it with."""

    @property
    def deployments(self) -> tuple[str, ...]:
        """Ids of those concerned, the new one first."""
        return tuple(each for each in (self.deployment, self.before) if each)

    @property
    def words(self) -> str:
        """The milestone in a sentence."""
        when = _when(self.month)
        if self.deployment is None:
            return f"{when} no deployment is within its limits; {self.name_before} was the last."
        if self.before is None:
            return f"{when} {self.name} is the cheapest within limits; before, there was none."
        less = "less" if self.saving_usd >= 0 else "more"
        apart = f"{dollars_and_cents(abs(self.saving_usd))} per month {less}"
        than = f"than {self.name_before}"
        if not self.before_is_within_limits:
            than += ", which is beyond its limits"
        return f"{when} {self.name} is the cheapest within limits, {apart} {than}."


Milestone = LimitExceeded | TierReached | CheapestChanged


def milestones(bills: Sequence[Estimate], months: int) -> tuple[Milestone, ...]:
    """Milestones of the months 0 to ``months``, in their order.

    Args:
        bills: of arrays, one number for each month from month 0 on.
        months: how many follow month 0.
    """
    limits = _together(event for bill in bills for event in _limits_exceeded(bill, months))
    tiers = _together(event for bill in bills for event in _tiers_reached(bill, months))
    found = [
        *_cheapest_changes(bills, months),
        *sorted(limits, key=lambda event: -NUMBERS[event.state]),
        *tiers,
    ]
    return tuple(sorted(found, key=lambda event: event.month))


_OfSome = TypeVar("_OfSome", LimitExceeded, TierReached)


def _together(events: Iterable[_OfSome]) -> Iterator[_OfSome]:
    """One event for all deployments to which the same happens in the same month."""
    alike: dict[str, list[_OfSome]] = {}
    for event in events:
        alike.setdefault(repr(replace(event, deployments=(), names=())), []).append(event)
    for same in alike.values():
        yield replace(
            same[0],
            deployments=tuple(id_ for event in same for id_ in event.deployments),
            names=tuple(name for event in same for name in event.names),
        )


def by_month(amounts: object, months: int) -> FloatArray:
    """One amount for each month, shape (months + 1,); what does not grow is the same in all."""
    return np.broadcast_to(np.asarray(amounts, dtype=np.float64), (months + 1,))


def within_limits_by_month(bill: Estimate, months: int) -> npt.NDArray[np.bool_]:
    """Whether a deployment is within its limits in each month, shape (months + 1,)."""
    return np.broadcast_to(within_limits(bill.state_numbers), (months + 1,))


def cheapest_within_limits(bills: Sequence[Estimate], months: int) -> list[Estimate | None]:
    """The cheapest deployment within its limits in each month; None where there is none.

    One stays the cheapest until another costs at least a cent less.
    """
    totals = [
        np.where(within_limits_by_month(bill, months), by_month(bill.total, months), np.inf)
        for bill in bills
    ]
    found: list[Estimate | None] = []
    leading: int | None = None
    for month in range(months + 1):
        now = [float(total[month]) for total in totals]
        least = int(np.argmin(now)) if now and min(now) < np.inf else None
        if leading is None or least is None or now[leading] - now[least] >= HALF_A_CENT_USD:
            leading = least
        found.append(None if leading is None else bills[leading])
    return found


def _cheapest_changes(bills: Sequence[Estimate], months: int) -> Iterator[CheapestChanged]:
    leaders = cheapest_within_limits(bills, months)
    for month, (before, after) in enumerate(pairwise(leaders), start=1):
        if before is after:
            continue
        saving = 0.0
        if before is not None and after is not None:
            saving = float(by_month(before.total, months)[month])
            saving -= float(by_month(after.total, months)[month])
        yield CheapestChanged(
            month=month,
            deployment=after.deployment if after else None,
            name=after.name if after else "",
            before=before.deployment if before else None,
            name_before=before.name if before else "",
            before_is_within_limits=(
                before is not None and bool(within_limits_by_month(before, months)[month])
            ),
            saving_usd=saving,
        )


def _limits_exceeded(bill: Estimate, months: int) -> Iterator[LimitExceeded]:
    for verdict in bill.verdicts:
        both = (_limit_exceeded(bill, verdict, each, months) for each in _masks(verdict))
        # what is beyond reach at once is one milestone
        yield from {event.month: event for event in both if event}.values()


def _masks(verdict: Verdict) -> Iterator[npt.NDArray[np.bool_]]:
    yield verdict.exceeded
    if verdict.limit.raised_by == "quota":
        yield verdict.share > MOST_QUOTA_INCREASE


def _limit_exceeded(
    bill: Estimate, verdict: Verdict, where: npt.NDArray[np.bool_], months: int
) -> LimitExceeded | None:
    exceeded = np.broadcast_to(where, (months + 1,))
    if not exceeded.any():
        return None
    month = int(np.argmax(exceeded))
    within = np.flatnonzero(~exceeded[month:])
    shares = by_month(verdict.share, months)
    return LimitExceeded(
        month=month,
        until=month + int(within[0]) if within.size else None,
        deployments=(bill.deployment or "",),
        names=(bill.name,),
        limit=verdict.limit,
        used=float(by_month(verdict.used, months)[month]),
        allowed=float(by_month(verdict.allowed, months)[month]),
        state=state_at(float(shares[month]), verdict.limit.raised_by),
        worst_month=int(np.argmax(shares)),
        fix=verdict.fix,
    )


def _tiers_reached(bill: Estimate, months: int) -> Iterator[TierReached]:
    for item in bill.items:
        highest = _highest_tiers(item, months)
        # what was reached before stays known, when the audience shrinks and grows again
        reached = np.maximum.accumulate(highest)
        for month in (np.flatnonzero(np.diff(reached)) + 1).tolist():
            before, after = int(reached[month - 1]), int(reached[month])
            prices = item.rate.tariff.usd_per_unit
            usd_before = float(prices[before]) if before >= 0 else 0.0
            if usd_before == float(prices[after]):
                continue
            yield TierReached(
                month=month,
                deployments=(bill.deployment or "",),
                names=(bill.name,),
                meter_id=item.rate.meter_id,
                meter=item.rate.meter,
                tier_from=float(item.rate.tariff.tier_from[after]),
                usd_before=usd_before,
                usd_after=float(prices[after]),
            )


def _highest_tiers(item: LineItem, months: int) -> npt.NDArray[np.intp]:
    """The highest tier in which units are paid in each month; -1 where all units are free."""
    tiers = len(item.units_by_tier)
    paid = item.units_by_tier > 0
    if paid.ndim == 1:  # nothing of it grows
        paid = paid[:, np.newaxis]
    highest = np.where(paid.any(axis=0), tiers - 1 - np.argmax(paid[::-1], axis=0), 0)
    all_free = ~paid.any(axis=0) & (item.free_units > 0)
    return np.broadcast_to(np.where(all_free, -1, highest), (months + 1,))


def _listed(names: Sequence[str]) -> str:
    """Names, with the cloud once if it is the same: ``A; B on AWS``."""
    clouds = {name.rpartition(" on ")[2] for name in names}
    if len(names) > 1 and len(clouds) == 1 and all(" on " in name for name in names):
        return f"{'; '.join(name.rpartition(' on ')[0] for name in names)} on {clouds.pop()}"
    return "; ".join(names)


def _when(month: int, until: int | None = None) -> str:
    begin = "Now" if month == 0 else f"From month {month} on"
    if until is None:
        return f"{begin},"
    if until == month + 1:
        return "Only now," if month == 0 else f"Only in month {month},"
    return f"Until month {until - 1}," if month == 0 else f"In months {month}–{until - 1},"
