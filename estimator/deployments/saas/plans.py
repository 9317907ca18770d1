"""Which plan of fixed size holds a workload, and how full it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.weekly import Weekly
from estimator.deployments.limits import BusiestSecond, Check
from estimator.files import Sourced, load_rows
from estimator.format import range_text, value_text
from estimator.pricing.lines import Usage

Need = Literal[
    "peak_connections",
    "peak_channels",
    "messages_per_day",
    "messages_per_hour",
    "messages_per_second",
    "new_connections_per_second",
    "new_channels_per_second",
    "kib_per_second",
    "gib_per_hour",
    "gib_per_month",
    "message_max_bytes",
    "monthly_active_users",
    "transactions_per_month",
]
_IN_WORDS: Mapping[Need, str] = {
    "peak_connections": "connections at once",
    "peak_channels": "channels at once",
    "messages_per_day": "messages per day",
    "messages_per_hour": "messages per hour",
    "messages_per_second": "messages per second",
    "new_connections_per_second": "new connections per second",
    "new_channels_per_second": "new channels per second",
    "kib_per_second": "KiB per second",
    "gib_per_hour": "GiB per hour",
    "gib_per_month": "GiB per month",
    "message_max_bytes": "bytes in a message",
    "monthly_active_users": "active users per month",
    "transactions_per_month": "transactions per month",
}
_ROUNDING_NOISE = 1e-9
"""Of a limit; must not make the next plan necessary."""
_SMALLEST, _LARGEST = "the smallest that holds the workload", "the largest there is"


class Plan(Sourced):
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
    messages_per_hour: float | None = None
    messages_per_second: float | None = None
    new_connections_per_second: float | None = None
    new_channels_per_second: float | None = None
    kib_per_second: float | None = None
    """Application data of messages, published and received."""
    gib_per_hour: float | None = None
    gib_per_month: float | None = None
    message_max_bytes: float | None = None
    monthly_active_users: float | None = None
    """People who connect at least once in a calendar month."""
    transactions_per_month: float | None = None

    def limit(self, need: Need) -> float:
        """How much of it the plan holds."""
        limit: float | None = getattr(self, need)
        return np.inf if limit is None else limit

    def holds(self, needs: Mapping[Need, FloatArray]) -> npt.NDArray[np.bool_]:
        """Whether it holds all that is needed, shape (*many,)."""
        each = (need <= self.limit(name) * (1 + _ROUNDING_NOISE) for name, need in needs.items())
        return np.logical_and.reduce(np.broadcast_arrays(*each))


def find_plans(vendor: str) -> list[Plan]:
    """The plans of a vendor, the smallest first."""
    return [plan for plan in load_rows("saas/plans.csv", Plan) if plan.vendor == vendor]


@dataclass(frozen=True)
class ChosenPlan:
    """The smallest plan that holds all needs, or the largest there is, for each scenario."""

    service: str
    """Id of the deployment; that of its limits begins with it."""
    needs: Mapping[Need, FloatArray]
    """How much is needed in the busiest second, hour or day, one number per scenario."""

    @cached_property
    def plans(self) -> list[Plan]:
        """Of the vendor, the smallest first."""
        return find_plans(self.service.partition(".")[0])

    @cached_property
    def _holding(self) -> npt.NDArray[np.intp]:
        """Index of the smallest plan that holds all needs, or one more than there is."""
        enough = np.stack([plan.holds(self.needs) for plan in self.plans])
        return np.where(enough.any(axis=0), np.argmax(enough, axis=0), len(self.plans))

    @cached_property
    def index(self) -> npt.NDArray[np.intp]:
        """Of the plan taken, shape (*many,)."""
        return np.minimum(self._holding, len(self.plans) - 1)

    def limit(self, need: Need) -> FloatArray:
        """How much of it the plans taken hold, shape (*many,)."""
        return np.array([plan.limit(need) for plan in self.plans])[self.index]

    def check(self, need: Need, used: Weekly | FloatArray) -> Check:
        """What is asked of the plans taken."""
        return Check(f"{self.service}.{need}", used, self.limit(need))

    def check_second(self, need: Need, second: BusiestSecond) -> Check:
        """What the busiest second asks of the plans taken."""
        return second.check(f"{self.service}.{need}", allowed=self.limit(need))

    @property
    def fees(self) -> tuple[Usage, ...]:
        """One line for each plan that some scenario takes, 1 where it does and 0 elsewhere."""
        taken = [(plan, self.index == index) for index, plan in enumerate(self.plans)]
        return tuple(
            Usage(
                plan.meter,
                takes.astype(np.float64),
                f"one month, whatever its length, of the {plan.plan} plan: "
                f"{_LARGEST if plan is self.plans[-1] and self.notes else _SMALLEST}",
            )
            for plan, takes in taken
            if np.any(takes)
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """That even the largest plan holds too little, if it does."""
        unserved = self._holding == len(self.plans)
        if not np.any(unserved):
            return ()
        largest = self.plans[-1]
        beyond = [
            f"{range_text(need, value_text)} {_IN_WORDS[name]} of {largest.limit(name):,g}"
            for name, need in self.needs.items()
            if np.any(need > largest.limit(name) * (1 + _ROUNDING_NOISE))
        ]
        who = "The workload does" if np.all(unserved) else "Some of the workloads do"
        return (
            f"{who} not fit any plan with a published price: the largest, {largest.plan}, would "
            f"need to hold {', '.join(beyond)}. Its fee is on the bill; only a plan negotiated "
            "with the vendor would suffice, at its own price.",
        )

    def admission(self) -> AdmissionLimits:
        """What the plan lets in; open to all for many scenarios at once."""
        if self.index.ndim:
            return AdmissionLimits()
        rate, most = (
            float(self.limit(need)) for need in ("new_connections_per_second", "peak_connections")
        )
        limits = {"connections_most": f"{self.service}.peak_connections"}
        if np.isfinite(rate):
            limits["new_connections_per_second"] = f"{self.service}.new_connections_per_second"
        return AdmissionLimits(
            new_connections_per_second=rate, connections_most=most, limits=limits
        )
