"""What is the bill of a scenario, and what is there to know about it beside its lines?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from estimator.analysis.alternatives import Alternative
from estimator.analysis.assumed_defaults import AssumedDefault
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.deployments.base import Sizing
from estimator.deployments.duties import Component, Duty, duties_of
from estimator.deployments.limits import Verdict, state_numbers, words_of
from estimator.deployments.registry import Group
from estimator.format import signed_dollars
from estimator.pricing.bill import Bill
from estimator.result import plain
from estimator.scenario.calendar import CalendarEntry
from estimator.states import STATES, State, within_limits
from estimator.units import HOURS_PER_WEEK

NOTHING_CHECKED = "No limit of this deployment was checked"


def _nothing_assumed(_: Estimate) -> tuple[AssumedDefault, ...]:
    """No assumed default does anything."""
    return ()


@dataclass(frozen=True, slots=True)
class CalendarCost:
    """What an entry of the calendar does to a bill."""

    entry: CalendarEntry
    adds_usd: float | FloatArray
    """By how much less the month would cost without it, shape (*many,)."""

    def explain(self) -> str:
        """The entry and what it adds; for a bill of a single scenario."""
        return f"{self.entry.words}: {signed_dollars(float(self.adds_usd))} per month"

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        entry = self.entry
        return {"name": entry.name, "words": entry.words, "adds_usd": plain(self.adds_usd)}


def _no_alternatives(_: Estimate) -> tuple[Alternative, ...]:
    """No other options."""
    return ()


def _nothing_on_it(_: Bill) -> tuple[CalendarCost, ...]:
    """No calendar does anything."""
    return ()


@checks_arguments
@dataclass(frozen=True, repr=False)
class Estimate(Bill):
    """The bill of a deployment, and whether it is within its limits.

    >>> from estimator import Scenario, estimate
    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> bill.is_within_limits, bill.state
    (True, <State.WITHIN_LIMITS: 'within limits'>)
    """

    group: Group | None = None
    """Who runs what holds the connections."""
    components: frozenset[Component] = frozenset()
    """What of the deployment brings work along for the people who run it."""
    verdicts: tuple[Verdict, ...] = ()
    """How the demand compares with each limit, the closest first."""
    sizing: Sizing | None = None
    """What must run, and which resource decides; None if the service has no units."""
    messages_per_day: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    """Messages by their direction on the mean day, shape (*many,); control frames are none."""
    assume: Callable[[Estimate], tuple[AssumedDefault, ...]] = field(
        default=_nothing_assumed, repr=False
    )
    """Works out what assumed defaults of the profile do to the bill it is given."""

    @cached_property
    def assumed_defaults(self) -> tuple[AssumedDefault, ...]:
        """Defaults of the profile that nobody published and that move the bill far.

        They move the total by more than a fifth, or decide whether a limit is exceeded.
        None, if the bill stands for many scenarios, or for a demand that was not expected from a
        profile.
        """
        return () if np.ndim(self.total) else self.assume(self)

    assess_calendar: Callable[[Bill], tuple[CalendarCost, ...]] = field(
        default=_nothing_on_it, repr=False
    )
    """Works out what each entry of the calendar does to the bill it is given."""

    @cached_property
    def calendar(self) -> tuple[CalendarCost, ...]:
        """What each entry of the calendar adds to this bill."""
        return self.assess_calendar(self)

    assess_starting_values: Callable[[Estimate], tuple[Alternative, ...]] = field(
        default=_no_alternatives, repr=False
    )
    """Works out what the vendor's starting values would make of the bill it is given."""
    assess_differences: Callable[[Estimate], tuple[Alternative, ...]] = field(
        default=_no_alternatives, repr=False
    )
    """Works out what would make the deployment of the bill it is given equal with rivals."""

    @cached_property
    def starting_values(self) -> tuple[Alternative, ...]:
        """Options that the vendor starts with other values of, and what those would change.

        None, if the bill stands for many scenarios.
        """
        return () if np.ndim(self.total) else self.assess_starting_values(self)

    @cached_property
    def differences(self) -> tuple[Alternative, ...]:
        """What cannot be made equal with rivals, and what the options that come closest would cost.

        None, if the bill stands for many scenarios.
        """
        return () if np.ndim(self.total) else self.assess_differences(self)

    @property
    def duties(self) -> dict[str, Duty]:
        """Work that falls to the people who run the deployment, by its id."""
        return duties_of(self.components)

    @property
    def is_within_limits(self) -> bool | npt.NDArray[np.bool_]:
        """Whether it may be called the cheapest: one answer, or one for each scenario.

        It was checked, exceeds no hard limit, and needs at most ten times a default quota; settings
        to change do not count.
        """
        within = within_limits(self.state_numbers)
        return within if np.ndim(self.total) else bool(within)

    @property
    def state(self) -> State:
        """The worst of ``states``."""
        return STATES[int(np.max(self.state_numbers))]

    @property
    def state_words(self) -> str:
        """That state, with how many times a default quota it takes."""
        return words_of(self.state, self.quota_factor)

    @property
    def quota_factor(self) -> float:
        """How many times its default quota the demand takes of the scarcest; of many, the most."""
        quotas = (each.share for each in self.verdicts if each.limit.raised_by == "quota")
        return float(max(map(np.max, quotas), default=0.0))

    @property
    def states(self) -> npt.NDArray[np.str_]:
        """State of each scenario in words, shape (*many,): the worst of all its limits."""
        return np.array(STATES)[self.state_numbers]

    @cached_property
    def state_numbers(self) -> npt.NDArray[np.int8]:
        """State of each scenario as an index into ``STATES``, shape (*many,)."""
        return state_numbers(self.verdicts, np.shape(self.total))

    @property
    def reason(self) -> str:
        """The verdict that decides the state, in words."""
        state = self.state
        deciding = next((each for each in self.verdicts if each.state is state), None)
        return deciding.explain() if deciding else f"{NOTHING_CHECKED}."

    def explain(self) -> str:
        """The bill in plain words, and each limit it was checked against."""
        if np.ndim(self.total):
            return super().explain()
        assumed = (f"Assumed: {default.explain()}" for default in self.assumed_defaults)
        calendar = (f"On the calendar: {each.explain()}." for each in self.calendar)
        differs = (f"Unequal: {each}." for each in self.differences)
        starts = (f"Starting value: {each}." for each in self.starting_values)
        falls = (f"Work: {duty.title} ({duty.source})." for duty in self.duties.values())
        limits = (verdict.explain() for verdict in self.verdicts)
        parts = [super().explain(), *differs, *starts, *assumed, *calendar, *falls, *limits]
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, {self.state_words}>"

    def _data(self) -> dict[str, Any]:
        return super()._data() | {
            "assumed_defaults": [
                {
                    "path": each.path,
                    "title": each.words,
                    "totals_usd": dict(each.totals_usd),
                    "states": dict(each.states),
                }
                for each in self.assumed_defaults
            ],
            "group": self.group,
            "duties": [
                {"id": name, "title": duty.title, "source": duty.source}
                for name, duty in self.duties.items()
            ],
            "starting_values": [each.as_data() for each in self.starting_values],
            "differences": [each.as_data() for each in self.differences],
            "state": self.state,
            "quota_factor": plain(self.quota_factor),
            "limits": [verdict_data(verdict) for verdict in self.verdicts],
            "sizing": self.sizing and _sizing_data(self.sizing, np.shape(self.total)),
            "messages_per_day": {way: plain(count) for way, count in self.messages_per_day.items()},
            "calendar": [each.as_data() for each in self.calendar],
        }


def _sizing_data(sizing: Sizing, many: tuple[int, ...]) -> dict[str, Any]:
    """A sizing as plain texts and numbers; of many scenarios, one for each of them."""

    def each(value: npt.ArrayLike) -> Any:
        return plain(np.broadcast_to(value, many))

    return {
        "unit": sizing.unit,
        "machines": list(sizing.machines),
        "peak_units": each(sizing.peak_units),
        "binding": each(sizing.binding),
        "resource_shares": {name: each(share) for name, share in sizing.shares.items()},
        "units_per_hour": plain(np.broadcast_to(sizing.units.hourly, (*many, HOURS_PER_WEEK))),
    }


def verdict_data(verdict: Any) -> dict[str, Any]:
    """A verdict, of an hour or of a minute, as plain texts and numbers."""
    limit = verdict.limit
    return {
        "limit": limit.limit,
        "title": limit.title,
        "state": verdict.state,
        "used": plain(verdict.used),
        "allowed": plain(verdict.allowed),
        "used_share": plain(verdict.share),
        "unit": limit.unit,
        "when": verdict.when,
        "burst_seconds": verdict.burst and plain(verdict.burst.seconds),
        "fix": verdict.fix,
        "source": limit.source,
        "checked": str(limit.checked_on),
        "raised_by": limit.raised_by,
    }
