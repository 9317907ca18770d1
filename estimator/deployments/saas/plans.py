"""Plans of fixed size: the smallest one that holds a workload."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.deployments.base import spread
from estimator.files import Confidence, Entry, load_rows
from estimator.pricing.lines import Usage

Need = Literal[
    "peak_connections",
    "peak_channels",
    "messages_per_day",
    "messages_per_second",
    "new_connections_per_second",
]
_IN_WORDS: Mapping[Need, str] = {
    "peak_connections": "connections at once",
    "peak_channels": "channels at once",
    "messages_per_day": "messages per day",
    "messages_per_second": "messages per second",
    "new_connections_per_second": "new connections per second",
}
_ROUNDING_NOISE = 1e-9
"""Of a limit; must not make the next plan necessary."""


class Plan(Entry):
    """A plan or package at a fixed fee, and how much it holds; None is no limit of the plan."""

    vendor: str
    plan: str
    """The vendor's name."""
    meter: str
    """The meter of its monthly fee."""
    peak_connections: float | None = None
    """Open connections at once."""
    peak_channels: float | None = None
    """Active channels at once."""
    messages_per_day: float | None = None
    messages_per_second: float | None = None
    new_connections_per_second: float | None = None
    monthly_active_users: float | None = None
    source: str
    checked_on: dt.date
    confidence: Confidence
    note: str | None = None

    def limit(self, need: Need) -> float:
        """How much of it the plan holds."""
        limit: float | None = getattr(self, need)
        return np.inf if limit is None else limit

    def holds(self, needs: Mapping[Need, FloatArray]) -> npt.NDArray[np.bool_]:
        """Whether it holds all that is needed, shape (*many,)."""
        each = (need <= self.limit(name) * (1 + _ROUNDING_NOISE) for name, need in needs.items())
        return np.logical_and.reduce(np.broadcast_arrays(*each))

    def in_words(self, needs: Mapping[Need, FloatArray]) -> str:
        """What it holds of all that is needed."""
        return ", ".join(f"{self.limit(need):,.0f} {_IN_WORDS[need]}" for need in needs)


def find_plans(vendor: str) -> list[Plan]:
    """The plans of a vendor, the smallest first."""
    return [plan for plan in load_rows("saas/plans.csv", Plan) if plan.vendor == vendor]


def plan_admission(vendor: str, needs: Mapping[Need, FloatArray]) -> AdmissionLimits:
    """What the plan that ``plan_fees`` takes lets in; open to all for many scenarios at once."""
    plans = find_plans(vendor)
    if any(np.ndim(need) for need in needs.values()):
        return AdmissionLimits()
    plan = next((one for one in plans if np.all(one.holds(needs))), plans[-1])
    return AdmissionLimits(
        new_connections_per_second=plan.limit("new_connections_per_second"),
        connections_most=plan.limit("peak_connections"),
    )


def plan_fees(
    vendor: str, needs: Mapping[Need, FloatArray]
) -> tuple[tuple[Usage, ...], tuple[str, ...]]:
    """One month of the smallest plan that holds all needs, or of the largest plan there is.

    Args:
        vendor: whose plans.
        needs: how much is needed in the busiest hour or day, one number per scenario.

    Returns:
        One line for each plan that some scenario takes, 1 where it does and 0 elsewhere; and a
        note if the largest plan holds too little.
    """
    plans = find_plans(vendor)
    unserved = np.full(np.broadcast_shapes(*(np.shape(need) for need in needs.values())), True)
    wanted = ", ".join(f"{spread(need)} {_IN_WORDS[name]}" for name, need in needs.items())
    fees: list[Usage] = []
    for plan in plans:
        enough = plan.holds(needs)
        takes = unserved & enough
        unserved = unserved & ~enough
        if plan is plans[-1]:
            takes = takes | unserved
        if np.any(takes):
            formula = f"one month, whatever its length, of a plan for {plan.in_words(needs)}; "
            fees.append(Usage(plan.meter, takes.astype(np.float64), f"{formula}needed: {wanted}"))
    if not np.any(unserved):
        return tuple(fees), ()
    largest = plans[-1]
    who = "The workload does" if np.all(unserved) else "Some of the workloads do"
    return tuple(fees), (
        f"{who} not fit any plan with a published price: {wanted} are needed, and the "
        f"largest plan, {largest.plan}, ends at {largest.in_words(needs)}. Its fee is on the bill; "
        "only a plan negotiated with the vendor would do, at a price of its own.",
    )
