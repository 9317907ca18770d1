"""The gallery: each profile with the best deployments for it, ranges, limits and an advice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.estimate.result import Estimate
from estimator.analysis.gallery.advice import advised, cheapest_first
from estimator.analysis.growth.milestones import LimitExceeded
from estimator.analysis.headline import Best, Headline, main_drivers
from estimator.arguments import checks_arguments
from estimator.format import count_text, percent, short_dollars
from estimator.pricing.bill import conventions
from estimator.pricing.price_files import Assumption
from estimator.result import Refusal, Result, plain
from estimator.scenario.clients import MAIN
from estimator.scenario.locations import find_location
from estimator.scenario.scenario import Scenario
from estimator.states import State

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Broken:
    """The first limit that a deployment exceeds while its audience grows."""

    at_connections: float
    """Main connections at the peak from which on it is exceeded, to the step that was looked at."""
    event: LimitExceeded

    def __str__(self) -> str:
        """The limit, from when on, and what it takes."""
        title, state = self.event.limit.title, self.event.state
        return f"{title}, from {count_text(self.at_connections)} connections on ({state})"


@dataclass(frozen=True, slots=True)
class CostlyAnswer:
    """What a vendor leaves open, and the answer that would add most to a bill."""

    question: Assumption
    answer: str
    adds_usd: float

    def __str__(self) -> str:
        """The question, and what the answer would add."""
        meaning = self.question.choices[self.answer]
        return f"{self.question.question} If {meaning}: {short_dollars(self.adds_usd)} more."


@dataclass(frozen=True, slots=True)
class GroupBest:
    """The best deployment of a group for a profile, with what its bill may turn out to be."""

    best: Best
    p10_usd: float
    """USD per month that one of ten draws stays within; NaN without a bill."""
    p50_usd: float
    p90_usd: float
    within_limits_share: float
    """Share of the draws within limits."""
    grown_usd: float
    """USD per month of the grown audience, whether or not within limits."""
    breaks: Broken | None
    """What breaks first while the audience grows; None if nothing does."""

    costly_answer: CostlyAnswer | None
    """What the vendor may answer that would add most; None if nothing adds a fifth."""

    @property
    def range_words(self) -> str:
        """P10 to P90, for people."""
        return f"{short_dollars(self.p10_usd)}–{short_dollars(self.p90_usd).removeprefix('$')}"

    @property
    def breaks_words(self) -> str:
        """What must be raised now, and what breaks first, for people."""
        breaks = "nothing" if self.breaks is None else str(self.breaks)
        bill = self.best.bill
        is_beyond = bill is not None and bill.state in (State.SETTING, State.QUOTA)
        return f"now: {bill.state_words}; later: {breaks}" if bill and is_beyond else breaks


@dataclass(frozen=True, slots=True)
class Halved:
    """What half as many messages of a flow would save on a bill."""

    flow: str
    clients: str
    """The kind of clients that the flow belongs to."""
    saves_usd: float
    of_usd: float

    @property
    def share(self) -> float:
        """Of the bill."""
        return self.saves_usd / self.of_usd if self.of_usd else 0.0

    def __str__(self) -> str:
        """What it would save, for people."""
        whose = "" if self.clients == MAIN else f" of {self.clients}"
        saved = f"{short_dollars(self.saves_usd)} ({percent(self.share)})"
        return f"half as many messages of '{self.flow}'{whose} would take {saved} off that bill"


@dataclass(frozen=True)
class App:
    """A profile in the gallery."""

    profile: str
    """Its name."""
    scenario: Scenario
    """What was priced."""
    headline: Headline
    """The best of each group within limits."""
    groups: tuple[GroupBest, ...]
    """The same with their ranges, and what breaks."""
    halved: Halved | None
    """The flow of which half as many messages save most on the bill that is advised; None if none
    saves much."""

    @property
    def title(self) -> str:
        """The profile, for people."""
        return self.scenario.profile.title

    @property
    def priced(self) -> tuple[Estimate, ...]:
        """The bills of the best, cheapest first."""
        return cheapest_first(self.headline)

    @property
    def breaks_first(self) -> tuple[Estimate, Broken] | None:
        """What breaks first of any of the best; None if nothing does."""
        broken = [
            (each.best.bill, each.breaks)
            for each in self.groups
            if each.best.bill is not None and each.breaks is not None
        ]
        return min(broken, key=lambda each: each[1].at_connections, default=None)

    @property
    def breaks_first_words(self) -> str:
        """The same in words."""
        first = self.breaks_first
        return "nothing" if first is None else f"{first[0].name}: {first[1]}"

    @cached_property
    def advice(self) -> str:
        """What to do, in one sentence that follows from the figures."""
        more = f"; {self.halved}" if self.halved else ""
        return f"{advised(self.headline)}{more}."

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        first = self.breaks_first
        return {
            "profile": self.profile,
            "title": self.title,
            "scenario": self.scenario.as_data(),
            "groups": [_group_data(each) for each in self.groups],
            "breaks_first": first and first[0].deployment,
            "halved": self.halved
            and {
                "flow": self.halved.flow,
                "clients": self.halved.clients,
                "saves_usd": self.halved.saves_usd,
            },
            "advice": self.advice,
        }


@checks_arguments
@dataclass(frozen=True, repr=False)
class Gallery(Result):
    """What the shipped profiles cost side by side, how sure that is, and what breaks as they grow.

    >>> from estimator import gallery
    >>> found = gallery("workplace-chat", samples=128)
    >>> [app.title for app in found.apps], list(found.table["group"])
    (['Workplace chat'], ['managed', 'serverless containers', 'own servers'])
    """

    schema = "gallery"
    instead_of_bills = ".apps keep their bills; ws.compare() makes those of all deployments"

    apps: tuple[App, ...]
    """The profiles, in the order asked for."""
    peak_connections: float
    """Main connections of each at the peak."""
    location: str
    """Where the users are."""
    growth: float
    """How many times the audience the grown one is."""
    samples: int
    """Draws behind each range."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""

    @property
    def title(self) -> str:
        """What is shown, for the head of a table or chart."""
        where = find_location(self.location).title
        return f"Which app costs what, {count_text(self.peak_connections)} connections, {where}"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each profile and group, in USD per month.

        Columns: profile, title, group, deployment (the best within limits; missing without one),
        compared (how many of the group), total_usd, p10_usd, p50_usd, p90_usd, within_limits_share
        (of the draws), drivers (what makes up the bill), grown_usd (of the grown audience), breaks
        (the limit that breaks first; missing if none does) and breaks_at_connections.
        """
        import pandas as pd

        return pd.DataFrame([_row(app, each) for app in self.apps for each in app.groups])

    @cached_property
    def answers(self) -> pd.DataFrame:
        """One row for each profile.

        Columns: profile, title, cheapest (of all groups, within limits), total_usd, breaks_first
        and advice.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "profile": app.profile,
                    "title": app.title,
                    "cheapest": app.priced[0].deployment if app.priced else None,
                    "total_usd": float(app.priced[0].total) if app.priced else np.nan,
                    "breaks_first": app.breaks_first_words,
                    "advice": app.advice,
                }
                for app in self.apps
            ]
        )

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts; empty if nothing could be priced."""
        return conventions([bill for app in self.apps for bill in app.priced])

    def _data(self) -> dict[str, Any]:
        return {
            "location": self.location,
            "peak_connections": self.peak_connections,
            "growth": self.growth,
            "samples": self.samples,
            "profiles": [app.as_data() for app in self.apps],
        }

    def __repr__(self) -> str:
        return f"<Gallery {self.title!r}: {', '.join(app.profile for app in self.apps)}>"


def _row(app: App, one: GroupBest) -> dict[str, Any]:
    bill = one.best.bill
    return {
        "profile": app.profile,
        "title": app.title,
        "group": one.best.group,
        "deployment": bill and bill.deployment,
        "compared": one.best.compared,
        "total_usd": np.nan if bill is None else float(bill.total),
        "p10_usd": one.p10_usd,
        "p50_usd": one.p50_usd,
        "p90_usd": one.p90_usd,
        "within_limits_share": one.within_limits_share,
        "drivers": "" if bill is None else main_drivers(bill),
        "grown_usd": one.grown_usd,
        "breaks": one.breaks and one.breaks.event.limit.title,
        "breaks_at_connections": np.nan if one.breaks is None else one.breaks.at_connections,
    }


def _group_data(one: GroupBest) -> dict[str, Any]:
    bill, breaks = one.best.bill, one.breaks
    return {
        "group": one.best.group,
        "deployment": bill and bill.deployment,
        "compared": one.best.compared,
        "total_usd": bill and float(bill.total),
        "p10_usd": _number(one.p10_usd),
        "p50_usd": _number(one.p50_usd),
        "p90_usd": _number(one.p90_usd),
        "within_limits_share": _number(one.within_limits_share),
        "by_driver_usd": {} if bill is None else {k: float(v) for k, v in bill.by_driver.items()},
        "grown_usd": _number(one.grown_usd),
        "costly_answer": one.costly_answer
        and {
            "question": one.costly_answer.question.id,
            "answer": one.costly_answer.answer,
            "adds_usd": one.costly_answer.adds_usd,
        },
        "breaks": breaks
        and {
            "at_connections": breaks.at_connections,
            "limit": breaks.event.limit.limit,
            "title": breaks.event.limit.title,
            "state": breaks.event.state,
            "used": plain(breaks.event.used),
            "allowed": breaks.event.allowed,
            "unit": breaks.event.limit.unit,
            "fix": breaks.event.fix,
        },
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
