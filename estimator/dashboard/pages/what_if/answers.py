"""What the page What if works out: each question with all that its answer depends on.

Answers are shared by every session and therefore only read. What takes long is done in the
background (``widgets.progress``), the rest at once and kept.
"""

from __future__ import annotations

from abc import abstractmethod
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np

from estimator.analysis.breakeven.breakeven import BreakEven, break_even
from estimator.analysis.breakeven.crossovers import leaders
from estimator.analysis.growth.growth import Growth, growth
from estimator.analysis.points import Progress
from estimator.analysis.sweep import Sweep, sweep
from estimator.analysis.uncertainty.result import Fan, Uncertainty
from estimator.analysis.uncertainty.sensitivity import Swing
from estimator.analysis.uncertainty.uncertainty import uncertainty
from estimator.dashboard.pages.what_if.inputs import Moved, spaced
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.jobs import Job
from estimator.dashboard.widgets.progress import result_of
from estimator.deployments.registry import DEPLOYMENTS, GROUPS
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_AT, _LOOKED_AT_ONE_BY_ONE = 33, 7
_AT_ONCE: Final = 8
"""Rivals among which the lead is found in a fraction of a second."""
_COLUMNS, _ROWS = 40, 30
_COLUMNS_ONE_BY_ONE, _ROWS_ONE_BY_ONE = 14, 10
_FAN_VALUES: Final = 9
SAMPLES: Final = 256

Answer = TypeVar("Answer")


class QuickJob(Job[Answer]):
    """A job for which a visitor often need not wait."""

    __slots__ = ()

    @abstractmethod
    def run(self, workers: Executor | None = None, report: Progress | None = None) -> Answer:
        """Do it, in this process without ``workers``."""

    def is_quick(self) -> bool:
        """Whether a visitor need not wait for it."""
        return True


@dataclass(frozen=True, slots=True)
class BreakEvenJob(QuickJob[BreakEven]):
    """Where does the cheapest change?"""

    token: str
    moved: Moved
    rivals: tuple[str, ...] = ()
    """Ids; those within reach of being the cheapest, if empty."""

    def run(self, workers: Executor | None = None, report: Progress | None = None) -> BreakEven:
        """Find every flip."""
        scenario = Scenario.from_token(self.token)
        moved = self.moved
        rivals = self.rivals or within_reach(scenario, moved)
        return break_even(
            scenario, moved.field, moved.low, moved.high, rivals, client=workers, progress=report
        )

    def is_quick(self) -> bool:
        """Whether a visitor need not wait for it."""
        scenario = Scenario.from_token(self.token)
        return len(self.rivals) <= _AT_ONCE and self.moved.in_one_pass(scenario)


def within_reach(scenario: Scenario, moved: Moved) -> tuple[str, ...]:
    """Who is the cheapest somewhere: of all, and of each group.

    Found at a few values; who only leads between two of them is missed.
    """
    count = _LOOKED_AT if moved.in_one_pass(scenario) else _LOOKED_AT_ONE_BY_ONE
    priced = sweep(scenario, {moved.field: spaced(moved.low, moved.high, count)}).priced
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
class MapJob(QuickJob[Sweep]):
    """Who is the cheapest over two fields?"""

    token: str
    across: Moved
    upward: Moved

    def run(self, workers: Executor | None = None, report: Progress | None = None) -> Sweep:
        """Price every point on every deployment."""
        scenario = Scenario.from_token(self.token)
        columns, rows = (_COLUMNS, _ROWS) if self.is_quick() else (
            _COLUMNS_ONE_BY_ONE, _ROWS_ONE_BY_ONE,
        )  # fmt: skip
        axes = {
            moved.field: spaced(moved.low, moved.high, count)
            for moved, count in ((self.across, columns), (self.upward, rows))
        }
        return sweep(scenario, axes, client=workers, progress=report)

    def is_quick(self) -> bool:
        """Whether a visitor need not wait for it."""
        scenario = Scenario.from_token(self.token)
        return all(moved.in_one_pass(scenario) for moved in (self.across, self.upward))


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
class GrowthJob(QuickJob[Growth]):
    """What does it cost in the months to come?"""

    token: str
    months: int
    percent: float
    per_year: bool
    """Whether the percentage is that of twelve months."""

    def run(
        self,
        workers: Executor | None = None,  # noqa: ARG002 - one pass prices all months
        report: Progress | None = None,  # noqa: ARG002 - nothing to report
    ) -> Growth:
        """Price all months on all deployments."""
        scenario = Scenario.from_token(self.token)
        if self.per_year:
            return growth(scenario, self.months, annual_growth_percent=self.percent)
        return growth(scenario, self.months, monthly_growth_percent=self.percent)


def answer_of(purpose: str, job: QuickJob[Answer], doing: str = "") -> Answer | None:
    """What a job finds: at once if it is quick, otherwise None until it is found.

    Raises:
        EstimatorError: a field cannot have such values.
    """
    if job.is_quick():
        return cast("Answer", answer_at_once(job))
    return result_of(purpose, job, doing)


@kept
def answer_at_once(job: QuickJob[Any]) -> Any:
    """What a quick job finds, kept for all who ask the same."""
    return job.run()
