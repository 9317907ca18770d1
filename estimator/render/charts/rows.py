"""What do charts show? Rows of figures, the same for pictures and for charts on a page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from estimator.analysis.breakeven.crossovers import NONE_WITHIN_LIMITS, leaders
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.growth import milestones
from estimator.analysis.transports.choices import table_order
from estimator.arrays import FloatArray
from estimator.deployments.registry import find_deployment
from estimator.pricing.bill import Bill
from estimator.pricing.price_files import DRIVERS, LAYERS, VENDORS, CostLayer, Driver
from estimator.simulation.flows import CloseUp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estimator.analysis.breakeven.breakeven import BreakEven
    from estimator.analysis.growth.growth import Growth
    from estimator.analysis.transports.result import Transports

_MOST_LINES: Final = 8
_LEAST_DELAY_S: Final = 0.001
"""What is shorter nobody notices."""
_LEFT_OF_ALL: Final = 4.0
"""Times as short as the shortest delay is what stands for none, on a logarithmic axis."""
_LINE_COLUMNS: Final = ["at", "deployment", "name", "usd", "is_within_limits", "least_usd"]


def cost_rows(bills: Iterable[Bill]) -> pd.DataFrame:
    """What of each bill is for what: a row for each bill, layer and driver that costs something.

    Columns: bill (its position), deployment, title, cloud, beyond (why it may not be called the
    cheapest; empty if it may), layer, driver, usd, share of the bill, and total_usd of the bill.
    A bill of nothing has no row.
    """
    found = [
        (row, bill.deployment, bill.title, bill.cloud_name, beyond(bill), layer, driver, usd)
        for row, bill in enumerate(bills)
        for layer, driver in product(LAYERS, DRIVERS)
        if (usd := _usd_of(bill, layer, driver))
    ]
    columns = ["bill", "deployment", "title", "cloud", "beyond", "layer", "driver", "usd"]
    rows = pd.DataFrame(found, columns=columns)
    total = rows.groupby("bill")["usd"].transform("sum")
    return rows.assign(share=rows["usd"] / total, total_usd=total)


def beyond(bill: Bill) -> str:
    """Why a bill may not be called the cheapest; empty if it may."""
    if not isinstance(bill, Estimate) or bill.state.is_within_limits:
        return ""
    return bill.state_words


def line_rows(
    values: FloatArray, usd: FloatArray, within: FloatArray, deployments: Sequence[str]
) -> pd.DataFrame:
    """Bills over a number: a row for each line that is drawn and each value at which it has one.

    Columns: at (the value), deployment, name, usd, is_within_limits, and least_usd, the cheapest
    of all within limits at this value, if there is one. The lines are the cheapest somewhere, then
    those that come closest.

    Args:
        values: ascending, shape (values,).
        usd: per month, shape (deployments, values); infinite where there is no bill.
        within: the same, infinite also where a limit is exceeded.
        deployments: ids.
    """
    least = within.min(axis=0)
    frames = [
        pd.DataFrame(
            {
                "at": values,
                "deployment": deployments[row],
                "name": line_name(deployments[row]),
                "usd": usd[row],
                "is_within_limits": np.isfinite(within[row]),
                "least_usd": np.where(np.isfinite(least), least, np.nan),
            }
        )
        for row in _worth_drawing(usd, within)
    ]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_LINE_COLUMNS)
    return rows.assign(usd=rows["usd"].replace(np.inf, np.nan))


def break_even_rows(found: BreakEven) -> pd.DataFrame:
    """Bills over the range of a break-even, as ``line_rows``; only those within limits."""
    traced = found.traced
    return line_rows(traced.values, traced.costs, traced.costs, found.deployments)


def growth_rows(growth: Growth, most: int = _MOST_LINES) -> pd.DataFrame:
    """Bills by month, with the columns of ``line_rows`` and connections, open at the peak.

    Args:
        growth: the bills of all months.
        most: lines at most.
    """
    leading = milestones.cheapest_within_limits(growth.bills, growth.months)
    least = [
        np.nan if bill is None else float(growth.totals(bill)[month])
        for month, bill in enumerate(leading)
    ]
    frames = [
        pd.DataFrame(
            {
                "at": np.arange(growth.months + 1),
                "deployment": bill.deployment,
                "name": f"{bill.title}, {bill.cloud_name}",
                "usd": growth.totals(bill),
                "is_within_limits": milestones.within_limits_by_month(bill, growth.months),
                "least_usd": least,
                "connections": growth.connections,
            }
        )
        for bill in growth.shown(most)
    ]
    columns = [*_LINE_COLUMNS, "connections"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def storm_rows(near: CloseUp, since_s: float) -> pd.DataFrame:
    """The seconds around a fault, a row for each.

    Columns: at_s (seconds after the first connection was lost), connected, not_connected,
    attempts and connections_made per second, in_queues, longest_queue, processors_busy and
    processors_wasted (parts of one).

    Args:
        near: what happened.
        since_s: second of the week from which on seconds are counted.
    """
    return pd.DataFrame(
        {
            "at_s": near.from_s + np.arange(near.open.size) - since_s,
            "connected": near.open,
            "not_connected": near.waiting,
            "attempts": near.attempts,
            "connections_made": near.new_connections,
            "in_queues": near.connecting,
            "longest_queue": near.queue_most,
            "processors_busy": near.processor,
            "processors_wasted": near.wasted,
        }
    )


def transport_rows(found: Transports) -> pd.DataFrame:
    """Delay and dollars of the best deployment of each transport, a row for each point.

    Columns: number (in the order of tables), name (the transports that share the point, on the
    same deployment), deployment, title, usd per month, mean_s and p95_s (seconds added), at_s
    (where it is drawn: what adds nothing stands left of all else on an axis without 0), and
    is_choice: whether nothing that is sooner costs less.
    """
    best = sorted(found.best_of_each, key=lambda option: table_order(option.transport))
    choices = {(option.usd, float(option.delay.p95_seconds)) for option in found.frontier}
    p95 = np.array([float(option.delay.p95_seconds) for option in best])
    noticed = p95[p95 >= _LEAST_DELAY_S]
    none_at = float(noticed.min()) / _LEFT_OF_ALL if noticed.size else _LEAST_DELAY_S
    rows = pd.DataFrame(
        {
            "name": [option.transport.words for option in best],
            "deployment": [option.bill.deployment for option in best],
            "title": [f"{option.bill.title}, {option.bill.cloud_name}" for option in best],
            "usd": [option.usd for option in best],
            "mean_s": [float(option.delay.mean_seconds) for option in best],
            "p95_s": p95,
            "at_s": np.where(p95 >= _LEAST_DELAY_S, p95, none_at),
            "is_choice": [
                (option.usd, late) in choices for option, late in zip(best, p95, strict=True)
            ],
            "cents": [round(option.usd, 2) for option in best],
        }
    )
    points = (
        rows.groupby(["deployment", "at_s", "cents"], sort=False, as_index=False)
        .agg(
            name=("name", ", ".join),
            title=("title", "first"),
            usd=("usd", "first"),
            mean_s=("mean_s", "max"),
            p95_s=("p95_s", "max"),
            is_choice=("is_choice", "any"),
        )
        .drop(columns="cents")
    )
    return points.assign(number=np.arange(1, len(points) + 1))


def thinned(rows: pd.DataFrame, column: str, most: int, weight: str | None = None) -> pd.DataFrame:
    """Rows of so many values of a column at most, evenly spaced, and of the first and the last.

    Args:
        rows: ascending in the column; for each line, if there are several.
        column: which.
        most: values that stay, at least two.
        weight: of rows that stand together, the one with the most of this column stays.

    >>> seconds = pd.DataFrame({"at": range(9), "attempts": [0, 0, 9, 0, 0, 0, 0, 7, 0]})
    >>> thinned(seconds, "at", 4, "attempts")["at"].tolist()
    [0, 2, 7, 8]
    """
    values = rows[column].unique()
    if len(values) <= most:
        return rows
    if weight is None:
        kept = values[np.linspace(0, len(values) - 1, most).round().astype(int)]
    else:
        inner = rows.iloc[1:-1]
        part = np.arange(len(inner)) * (most - 2) // len(inner)
        kept = [
            values[0],
            *inner.loc[inner.groupby(part)[weight].idxmax(), column],
            values[-1],
        ]
    return rows[rows[column].isin(kept)].reset_index(drop=True)


def line_name(deployment: str) -> str:
    """A deployment and its cloud, beside a line."""
    found = find_deployment(deployment)
    return f"{found.title}, {VENDORS[found.cloud]}"


def _usd_of(bill: Bill, layer: CostLayer, driver: Driver) -> float:
    return sum(
        float(item.cost_usd)
        for item in bill.items
        if item.usage.layer == layer and item.rate.meter.driver == driver
    )


def _worth_drawing(usd: FloatArray, within: FloatArray) -> list[int]:
    """Rows of the lines that are drawn: the cheapest somewhere, then those that come closest."""
    lead = leaders(within)
    ahead = [int(row) for row in np.unique(lead) if row != NONE_WITHIN_LIMITS]
    least = np.where(np.isfinite(within.min(axis=0)), within.min(axis=0), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        behind = np.nanmin(np.where(np.isfinite(usd), usd / least, np.inf), axis=1, initial=np.inf)
    others = [int(row) for row in np.argsort(behind) if row not in ahead]
    priced = [row for row in (*ahead, *others) if np.isfinite(usd[row]).any()]
    return priced[:_MOST_LINES]
