"""How close does each deployment come to its limits: limit by limit, hour by hour?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.estimate.result import Estimate, verdict_data
from estimator.arrays import FloatArray
from estimator.deployments.limits import Verdict
from estimator.states import NUMBERS
from estimator.units import HOURS_PER_WEEK, week_time_text

if TYPE_CHECKING:
    import pandas as pd


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

    >>> from estimator.analysis.estimate.estimate import estimate
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
    """The worst state first; within each, the closest to a limit."""
    return sorted(bills, key=lambda bill: (-NUMBERS[bill.state], -_closest(bill.verdicts)))


def verdict_rows(bills: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Every limit of every deployment, the worst first; for single scenarios.

    None stands for shares and figures without end, since JSON has no infinity.
    """
    return [
        {
            "deployment": bill.deployment,
            "deployment_title": bill.title,
            "cloud": bill.cloud,
            "deployment_state": bill.state,
            **verdict_data(verdict),
        }
        for bill in worst_first(bills)
        for verdict in bill.verdicts
    ]


def verdict_table(bills: Sequence[Estimate]) -> pd.DataFrame:
    """``verdict_rows`` as a table."""
    import pandas as pd

    return pd.DataFrame(verdict_rows(bills))


def utilization_table(bills: Sequence[Estimate]) -> pd.DataFrame:
    """Used share of the closest limit: rows are deployments, columns the hours of the week in UTC.

    The column ``at all hours`` holds limits that do not depend on the hour.
    """
    import pandas as pd

    hours = [week_time_text(hour) for hour in range(HOURS_PER_WEEK)]
    rows = {
        bill.deployment: [(found := utilization(bill)).at_all_hours, *found.by_hour]
        for bill in worst_first(bills)
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["at all hours", *hours])
    return table.rename_axis("deployment")


def _closest(verdicts: Sequence[Verdict]) -> float:
    return max((float(each.share) for each in verdicts), default=0.0)
