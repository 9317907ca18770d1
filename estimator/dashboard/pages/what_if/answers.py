"""What the page What if works out: each question with all that its answer depends on.

Answers are shared by every session and therefore only read. What takes long is done in the
background (``widgets.progress``), the rest at once and kept.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from estimator.analysis.breakeven.breakeven import BreakEven, break_even
from estimator.analysis.breakeven.crossovers import leaders
from estimator.analysis.growth.growth import Growth, growth
from estimator.analysis.points import Progress
from estimator.analysis.sweep import Sweep, sweep
from estimator.analysis.uncertainty.fan import Fan
from estimator.analysis.uncertainty.result import Uncertainty
from estimator.analysis.uncertainty.sensitivity import Swing
from estimator.analysis.uncertainty.uncertainty import uncertainty
from estimator.dashboard.pages.what_if.inputs import Moved, spaced
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.jobs import Job
from estimator.deployments.registry import DEPLOYMENTS, GROUPS
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_AT, _LOOKED_AT_ONE_BY_ONE = 33, 7
_COLUMNS, _ROWS = 40, 30
_COLUMNS_ONE_BY_ONE, _ROWS_ONE_BY_ONE = 14, 10
_FAN_VALUES: Final = 9
SAMPLES: Final = 256


@dataclass(frozen=True, slots=True)
class BreakEvenJob(Job[BreakEven]):
    """Where does the cheapest change?"""

    token: str
    moved: Moved
    rivals: tuple[str, ...] = ()
    """Ids; those within reach of being the cheapest, if empty."""

    def run(self, workers: Executor, report: Progress) -> BreakEven:
        """Find every flip; where all values are priced in one pass, in a single process."""
        scenario = Scenario.from_token(self.token)
        moved = self.moved
        rivals = self.rivals or within_reach(scenario, moved, workers)
        asked = (scenario, moved.field, moved.low, moved.high, rivals)
        if moved.in_one_pass(scenario):
            return workers.submit(break_even, *asked).result()
        return break_even(*asked, client=workers, progress=report)


def within_reach(scenario: Scenario, moved: Moved, workers: Executor) -> tuple[str, ...]:
    """Who is the cheapest somewhere: of all, and of each group.

    Found at a few values; who only leads between two of them is missed.
    """
    count = _LOOKED_AT if moved.in_one_pass(scenario) else _LOOKED_AT_ONE_BY_ONE
    values = {moved.field: spaced(moved.low, moved.high, count)}
    priced = workers.submit(sweep, scenario, values).result().priced
    usd = np.where(np.isfinite(priced.within_limits_usd), priced.within_limits_usd, np.inf)
    groups = np.array([DEPLOYMENTS.entries[name].group for name in priced.deployments])
    found: set[int] = set()
    for group in (groups != "", *(groups == name for name in GROUPS)):
        found |= {int(row) for row in leaders(np.where(group[:, None], usd, np.inf)) if row >= 0}
    if len(found) < 2:  # hardly any holds: then those that cost least, held or not
        cost = np.nan_to_num(priced.total_usd.mean(axis=1), nan=np.inf)
        found |= {int(row) for row in np.argsort(cost, kind="stable")[:2]}
    return tuple(priced.deployments[row] for row in sorted(found))


@dataclass(frozen=True, slots=True)
class MapJob(Job[Sweep]):
    """Who is the cheapest over two fields?"""

    token: str
    across: Moved
    upward: Moved

    def run(self, workers: Executor, report: Progress) -> Sweep:
        """Price every point on every deployment."""
        scenario = Scenario.from_token(self.token)
        both = (self.across, self.upward)
        in_one_pass = all(moved.in_one_pass(scenario) for moved in both)
        counts = (_COLUMNS, _ROWS) if in_one_pass else (_COLUMNS_ONE_BY_ONE, _ROWS_ONE_BY_ONE)
        axes = {
            moved.field: spaced(moved.low, moved.high, count)
            for moved, count in zip(both, counts, strict=True)
        }
        if in_one_pass:
            return workers.submit(sweep, scenario, axes).result()
        return sweep(scenario, axes, client=workers, progress=report)


@dataclass(frozen=True, slots=True)
class RangesJob(Job[Uncertainty]):
    """How far may the bills be off?"""

    token: str
    inputs: tuple[tuple[str, str], ...]
    """How far numbers may be off, by full name of the field; beside what their evidence says."""
    deployments: tuple[str, ...]

    def run(self, workers: Executor, report: Progress) -> Uncertainty:
        """Price the draws."""
        return uncertainty(
            Scenario.from_token(self.token),
            dict(self.inputs),
            self.deployments,
            samples=SAMPLES,
            client=workers,
            progress=report,
        )


@dataclass(frozen=True, slots=True)
class Causes:
    """What makes a bill uncertain."""

    swings: tuple[Swing, ...]
    shares: pd.DataFrame
    """What to measure next, the first row first; as ``Uncertainty.sensitivity``."""


@dataclass(frozen=True, slots=True)
class CausesJob(Job[Causes]):
    """What makes a bill uncertain?"""

    ranges: RangesJob
    deployment: str
    found: Uncertainty = field(compare=False, repr=False)
    """What ``ranges`` came to."""

    def run(self, workers: Executor, report: Progress) -> Causes:
        """Move each input alone, and then all of them together."""
        return Causes(
            self.found.swings(self.deployment),
            self.found.sensitivity(self.deployment, client=workers, progress=report),
        )


@dataclass(frozen=True, slots=True)
class FanJob(Job[Fan]):
    """How do the ranges widen with the connections?"""

    ranges: RangesJob
    moved: Moved
    deployments: tuple[str, ...]
    found: Uncertainty = field(compare=False, repr=False)
    """What ``ranges`` came to."""

    def run(self, workers: Executor, report: Progress) -> Fan:
        """Price the draws at each number of connections."""
        moved = self.moved
        values = spaced(moved.low, moved.high, _FAN_VALUES)
        return self.found.fan(
            moved.field, values, self.deployments, samples=SAMPLES // 2, client=workers,
            progress=report,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GrowthQuestion:
    """What does it cost in the months to come?"""

    token: str
    months: int
    percent: float
    per_year: bool
    """Whether the percentage is that of twelve months."""


@kept
def growth_of(asked: GrowthQuestion) -> Growth:
    """All months on all deployments, priced in one pass, and kept for all who ask the same.

    Raises:
        EstimatorError: the audience cannot grow so far.
    """
    scenario = Scenario.from_token(asked.token)
    if asked.per_year:
        return growth(scenario, asked.months, annual_growth_percent=asked.percent)
    return growth(scenario, asked.months, monthly_growth_percent=asked.percent)
