"""A recovery plan: what happens as it is, what each lever alone can do, what does it together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from estimator.analysis.recovery_plan.storm import Storm
from estimator.arguments import checks_arguments
from estimator.format import figure_text, number_of, percent, signed_dollars, span_text
from estimator.result import Refusal, Result, plain
from estimator.scenario.scenario import Scenario
from estimator.states import Assessment

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 3
"""Changes that fit into a sentence."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting of one lever, or of several together, and the storms under it."""

    lever: str
    """Id; ``together`` for several."""
    title: str
    present: str
    """How it is set now, in words."""
    instead_of: str
    """The same in short; empty where the setting says by how much it is more."""
    setting: float | None
    """In the unit of the lever; None for several, or where it is a name."""
    words: str
    """The setting in words."""
    storm: Storm
    """Under the setting."""
    checked: Storm | None
    """Storms with other seeds; None if clients were not back in time in the first ones."""
    usd_per_month: float | None
    """What it adds to the bill; None if that could not be worked out."""
    effort: str
    """What it takes besides."""
    state: Assessment
    """Met; at risk if only some storms are in time; missed."""
    tried: tuple[tuple[float, float], ...] = ()
    """Each setting that was simulated, and the seconds until the wanted share was back."""

    @property
    def named(self) -> str:
        """What to do, with what it costs."""
        instead = f" instead of {self.instead_of}" if self.instead_of else ""
        usd = self.usd_per_month
        cost = f" ({signed_dollars(usd)} per month)" if usd else ""
        return f"{self.words}{instead}{cost}"


@checks_arguments
@dataclass(frozen=True, repr=False)
class RecoveryPlan(Result):
    """What would bring clients back in time after a fault, found by search over simulated storms.

    >>> import estimator as ws
    >>> scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=9000)
    >>> plan = ws.recovery_plan(
    ...     scenario, "aws.api_gateway", fault="outage at Tue 14:00 share 30%", within_s=60
    ... )
    >>> plan.state, plan.as_it_is.back_s[0.99] <= 60
    (<Assessment.MET: 'met'>, True)
    """

    schema = "recovery_plan"
    instead_of_bills = "ask estimate for one"

    scenario: Scenario
    """Who comes back."""
    deployment: str
    """Where to."""
    fault: str
    """In words."""
    within_s: float
    """Seconds after the last connection was taken within which clients shall be back,"""
    share: float
    """and which share of them."""
    as_it_is: Storm
    """What happens if nothing is changed."""
    sight_s: float
    """Seconds after the fault for which storms were simulated,"""
    seen_s: float
    """and the one in which nothing is changed."""
    checked: Storm | None
    """Storms with other seeds in which nothing is changed, if clients are back in time."""
    changes: tuple[Change, ...]
    """Of each lever alone."""
    together: Change | None
    """Several levers, if none alone is enough."""
    state: Assessment
    """Whether there is a plan: met, at risk (in some storms only), missed, or not checked."""
    engine: str
    """Which engine simulated the storms."""
    seed: int
    """Of all storms."""
    replications: int
    """Storms of each setting; twice as many with other seeds check what was found."""
    unknown: str
    """What nobody has told, if the plan is not checked."""
    notes: tuple[str, ...]
    """What a reader should know of the simulated storms."""
    refusals: tuple[Refusal, ...] = ()
    """None: a deployment without a price has no plan."""

    @property
    def is_met(self) -> bool:
        """Whether there is a plan that is in time in all storms."""
        return self.state is Assessment.MET

    @property
    def recovers(self) -> bool:
        """Whether clients come back by themselves in the time that was simulated."""
        return math.isfinite(self.as_it_is.back_s[self.share])

    @property
    def title(self) -> str:
        """What was asked, for the head of a table or chart."""
        name = self.scenario.name or self.scenario.profile.title
        return (
            f"{name}, {self.deployment}: {percent(self.share)} back in {span_text(self.within_s)}"
        )

    @property
    def met(self) -> tuple[Change, ...]:
        """Changes after which clients are back in time in all storms, what costs least first."""
        good = [each for each in self.changes if each.state is Assessment.MET]
        return tuple(sorted(good, key=_cost))

    @property
    def best(self) -> Change | None:
        """What comes closest to the wanted time; the cheapest of those that reach it."""
        several = () if self.together is None else (self.together,)
        reached = [*self.met, *(each for each in several if each.state is Assessment.MET)]
        if reached:
            return reached[0]
        return min((*self.changes, *several), key=self._seconds_of, default=None)

    def _seconds_of(self, change: Change) -> tuple[float, float]:
        return max(each.back_s[self.share] for each in _storms(change)), change.storm.back_s[0.5]

    @property
    def answer(self) -> str:
        """The plan in one sentence."""
        who = percent(self.share)
        if self.state is Assessment.NOT_CHECKED:
            return f"Not checked: {self.unknown}."
        if self.checked is not None and not self.changes:
            back = span_text(self._slowest(self.as_it_is, self.checked))
            return (
                f"As it is, {who} of {figure_text(self.as_it_is.lost)} clients are back in {back}: "
                "nothing needs to change."
            )
        best = self.best
        wanted = span_text(self.within_s)
        if best is None:
            return f"No plan found within {wanted}: nothing that could be changed is known."
        back = f"{who} are {self._back(self._seconds_of(best)[0])}"
        if best.state is Assessment.MISSED:
            return f"No plan found within {wanted}: with {best.named}, the best found, {back}."
        if best.state is Assessment.AT_RISK:
            return (
                f"No plan found that is sure within {wanted}: with {best.named}, {back} in the "
                "slowest storm."
            )
        if best is self.together:
            return f"No single change is enough; with {best.named}, {back}."
        others = "".join(
            f"; with {each.named}, in {span_text(self._seconds_of(each)[0])}"
            for each in self.met[1:_NAMED]
        )
        return f"With {best.named}, {back}{others}."

    def _back(self, seconds: float, sight_s: float | None = None) -> str:
        """When clients are back, in words."""
        if math.isinf(seconds):
            return f"not back within {span_text(sight_s or self.sight_s)}"
        return f"back in {span_text(seconds)}"

    @property
    def as_it_is_words(self) -> str:
        """What happens if nothing is changed, in a sentence."""
        storm = self.as_it_is
        back = self._back(storm.back_s[self.share], self.seen_s)
        words = f"As it is, {percent(self.share)} of {figure_text(storm.lost)} clients are {back}"
        if math.isfinite(storm.attempts_per_connection):
            words += f", with {storm.attempts_per_connection:.1f} attempts per connection"
        if storm.wasted_share is not None:
            words += f"; {percent(storm.wasted_share)} of the work for new connections is wasted"
        return f"{words}{'' if self.recovers else '; the storm did not end in that time'}."

    def _slowest(self, *storms: Storm) -> float:
        return max(storm.back_s[self.share] for storm in storms)

    @cached_property
    def levers(self) -> pd.DataFrame:
        """One row for each lever, and one for several together if none alone is enough.

        Columns: lever, title, present, plan (setting in words), setting, seconds (until the wanted
        share is back, in the slowest storm), checked_seconds (in storms with other seeds),
        usd_per_month, effort, state.
        """
        import pandas as pd

        columns = [
            *("lever", "title", "present", "plan", "setting", "seconds", "checked_seconds"),
            *("usd_per_month", "effort", "state"),
        ]
        return pd.DataFrame([self._row(each) for each in self.rows], columns=columns)

    @property
    def rows(self) -> tuple[Change, ...]:
        """Each lever, and several together if there is such a row."""
        return (*self.changes, *(() if self.together is None else (self.together,)))

    @property
    def charted(self) -> tuple[Change, ...]:
        """Levers of which several settings were simulated, which a chart can show."""
        return tuple(each for each in self.changes if each.setting is not None and each.tried[1:])

    def _row(self, change: Change) -> dict[str, Any]:
        checked = change.checked
        return {
            "lever": change.lever,
            "title": change.title,
            "present": change.present,
            "plan": change.words,
            "setting": change.setting,
            "seconds": change.storm.back_s[self.share],
            "checked_seconds": None if checked is None else checked.back_s[self.share],
            "usd_per_month": change.usd_per_month,
            "effort": change.effort,
            "state": change.state,
        }

    @property
    def storms(self) -> str:
        """How much was simulated, in words."""
        return (
            f"{number_of(self.replications, 'storm')} of each setting simulated by the "
            f"{self.engine} engine, seed {self.seed}; what is in time was simulated "
            f"{number_of(2 * self.replications, 'more time')} with other seeds"
        )

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "deployment": self.deployment,
            "fault": self.fault,
            "within_s": self.within_s,
            "share": self.share,
            "state": self.state,
            "answer": self.answer,
            "as_it_is": {
                "lost": plain(self.as_it_is.lost),
                "back_s": {
                    f"{share:.0%}": plain(seconds)
                    for share, seconds in self.as_it_is.back_s.items()
                },
                "attempts_per_connection": plain(self.as_it_is.attempts_per_connection),
                "wasted_share": plain(self.as_it_is.wasted_share),
                "recovers": self.recovers,
                "simulated_s": self.seen_s,
            },
            "levers": [
                {
                    **{name: plain(value) for name, value in self._row(each).items()},
                    "tried": [
                        {"setting": plain(setting), "seconds": plain(seconds)}
                        for setting, seconds in each.tried
                    ],
                }
                for each in self.rows
            ],
            "engine": self.engine,
            "seed": self.seed,
            "replications": self.replications,
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        return f"<RecoveryPlan {self.title!r}: {self.state}>"


def _storms(change: Change) -> Iterator[Storm]:
    yield change.storm
    if change.checked is not None:
        yield change.checked


def _cost(change: Change) -> tuple[bool, float]:
    """What costs nothing first, what could not be priced last."""
    return change.usd_per_month is None, change.usd_per_month or 0.0
