"""How close does a deployment come to its limits, hour by hour?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from estimator.analysis.estimate import Estimate
from estimator.arrays import FloatArray
from estimator.deployments.limits import Verdict
from estimator.units import HOURS_PER_WEEK


@dataclass(frozen=True, slots=True)
class Utilization:
    """The largest used share of any limit of a deployment."""

    at_all_hours: float
    """Of limits that do not depend on the hour, such as the size of a message; 0 without any."""
    by_hour: FloatArray
    """Of the others in each hour of the week, Monday 00:00 UTC first; NaN without any."""

    @property
    def peak(self) -> float:
        """The largest of all; 0 if nothing was checked."""
        return float(np.nanmax([self.at_all_hours, *self.by_hour]))


def utilization(bill: Estimate) -> Utilization:
    """How close the demand of a single scenario comes to the limits of its deployment.

    >>> from estimator.analysis.estimate import estimate
    >>> from estimator.scenario.scenario import Scenario
    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> utilization(estimate(scenario, "aws.api_gateway")).by_hour.shape
    (168,)
    """
    hourly = [share for verdict in bill.verdicts if (share := verdict.share_by_hour) is not None]
    steady = [float(each.share) for each in bill.verdicts if each.share_by_hour is None]
    return Utilization(
        at_all_hours=max(steady, default=0.0),
        by_hour=np.max(hourly, axis=0) if hourly else np.full(HOURS_PER_WEEK, np.nan),
    )


def worst_first(bills: Sequence[Estimate]) -> list[Estimate]:
    """Those that cannot hold first, then those at risk; within each the closest to a limit."""
    order = {"broken": 0, "at risk": 1, "pass": 2}
    return sorted(bills, key=lambda bill: (order[bill.state], -_closest(bill.verdicts)))


def _closest(verdicts: Sequence[Verdict]) -> float:
    return max((float(each.share) for each in verdicts), default=0.0)
