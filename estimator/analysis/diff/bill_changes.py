"""What does a change of the scenario do to the bill of each deployment?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from estimator.analysis.diff.both_bills import BothBills
from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.estimate.result import Estimate
from estimator.deployments.registry import DEPLOYMENTS
from estimator.errors import ScenarioError
from estimator.result import Refusal
from estimator.scenario.scenario import Scenario
from estimator.states import NUMBERS, State


@dataclass(frozen=True)
class BillChange(BothBills):
    """The bill of a deployment before and after; None where it could not be priced."""

    deployment: str
    title: str
    """Of the deployment, without its cloud."""
    reason_before: str = ""
    """Why it could not be priced before."""
    reason_after: str = ""
    """Why it cannot be priced now."""

    @property
    def name(self) -> str:
        """The deployment with its cloud, for people."""
        bill = self.after or self.before
        return bill.name if bill else self.title

    @property
    def newly_beyond_limits(self) -> bool:
        """Whether it is not within limits now, but was before."""
        return self._within == (True, False)

    @property
    def newly_within_limits(self) -> bool:
        """Whether it is within limits now, but was not before."""
        return self._within == (False, True)

    @property
    def newly_tight(self) -> bool:
        """Whether it is within limits, but nearer to one than before, or with more to raise."""
        before, after = self.states
        if before is None or after is None or not after.is_within_limits:
            return False
        return NUMBERS[after] > NUMBERS[before]

    @property
    def _within(self) -> tuple[bool | None, ...]:
        return tuple(None if each is None else each.is_within_limits for each in self.states)

    @property
    def reason(self) -> str:
        """Why it is not simply within limits now, in words; empty if it is."""
        if self.after is None or self.after.state is State.WITHIN_LIMITS:
            return ""
        return self.after.reason


def bill_changes(
    old: Scenario, new: Scenario, deployments: Iterable[str] | None = None
) -> tuple[BillChange, ...]:
    """The bills of two scenarios: those within limits under the new one first, cheapest first.

    Args:
        old: before.
        new: after.
        deployments: ids of the deployments; all on the clouds, if left out.

    Raises:
        ScenarioError: a scenario of arrays, or an option that a deployment does not have.
        UnknownNameError: no such deployment or assumption.
    """
    for which, scenario in (("old", old), ("new", new)):
        if scenario.many:
            raise ScenarioError(
                f"the {which} scenario stands for {scenario.many[0]} (a field is a list): a "
                "difference is that of two single ones"
            )
    wanted = tuple(dict.fromkeys(DEPLOYMENTS if deployments is None else deployments))
    return changes_between(priced(old, wanted), priced(new, wanted))


def changes_between(
    before: Mapping[str, Estimate | Refusal], after: Mapping[str, Estimate | Refusal]
) -> tuple[BillChange, ...]:
    """What changes of each deployment: within limits first, cheapest first."""
    found = [_change(id_, before[id_], after[id_]) for id_ in after]
    return tuple(sorted(found, key=_order))


def cheapest(bills: Iterable[BillChange], side: int) -> BillChange | None:
    """The cheapest within limits before (0) or after (1); None if there is none."""
    within = [each for each in bills if (now := each.states[side]) and now.is_within_limits]
    return min(within, key=lambda each: each.usd[side] or 0.0, default=None)


def priced(scenario: Scenario, wanted: tuple[str, ...]) -> dict[str, Estimate | Refusal]:
    """The bill of each deployment, or why it has none."""
    bills, refusals = estimate_all(scenario, wanted)
    return {each.deployment or "": each for each in (*bills, *refusals)}


def _change(deployment: str, before: Estimate | Refusal, after: Estimate | Refusal) -> BillChange:
    return BillChange(
        deployment=deployment,
        title=after.title,
        before=before if isinstance(before, Estimate) else None,
        after=after if isinstance(after, Estimate) else None,
        reason_before=before.reason if isinstance(before, Refusal) else "",
        reason_after=after.reason if isinstance(after, Refusal) else "",
    )


def _order(change: BillChange) -> tuple[bool, bool, float]:
    after, state = change.usd[1], change.states[1]
    return after is None, state is not None and not state.is_within_limits, after or 0.0
