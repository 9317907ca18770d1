"""Verdicts on limits as tables: one row for each limit, or one column for each hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from estimator.analysis.estimate import Estimate
from estimator.analysis.limit_utilization import utilization, worst_first
from estimator.units import HOURS_PER_WEEK, week_time_text

if TYPE_CHECKING:
    import pandas as pd


def verdict_rows(bills: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Every limit of every deployment, the worst first; for single scenarios.

    Shares and figures without end are None, which JSON knows.
    """
    return [row for bill in worst_first(bills) for row in _rows(bill)]


def verdict_table(bills: Sequence[Estimate]) -> pd.DataFrame:
    """``verdict_rows`` as a table."""
    import pandas as pd

    return pd.DataFrame(verdict_rows(bills))


def utilization_table(bills: Sequence[Estimate]) -> pd.DataFrame:
    """Used share of the closest limit: rows are deployments, columns the hours of the week.

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


def _rows(bill: Estimate) -> Iterator[dict[str, Any]]:
    for verdict in bill.verdicts:
        limit = verdict.limit
        yield {
            "deployment": bill.deployment,
            "title": bill.title,
            "cloud": bill.cloud,
            "deployment_state": bill.state,
            "limit": limit.limit,
            "limit_title": limit.title,
            "state": verdict.state,
            "used": _finite(float(verdict.used)),
            "allowed": _finite(float(verdict.allowed)),
            "unit": limit.unit,
            "used_share": _finite(float(verdict.share)),
            "closest_at_utc": verdict.when.removesuffix(" UTC"),
            "adjustable": limit.adjustable,
            "fix": verdict.fix,
            "source": limit.source,
            "checked_on": limit.checked_on.isoformat(),
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
