"""Charts as matplotlib figures; never through pyplot, whose state all users would share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from estimator.pricing.bill import Bill
from estimator.pricing.catalog import DRIVERS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRIVER_COLOURS = dict(
    zip(DRIVERS, ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"), strict=True)
)
"""Okabe and Ito's palette, which people with colour-blindness can tell apart."""


def cost_drivers(bills: Sequence[Bill], title: str) -> Figure:
    """Stacked bars of what drives the cost of each bill, cheapest on top.

    Args:
        bills: bills of single scenarios, cheapest first.
        title: what is compared.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.6 + 0.55 * len(bills)), layout="constrained")
    axes = figure.subplots()
    names = [f"{bill.title}\n{bill.cloud_name}" for bill in bills]
    positions = range(len(bills))
    reached = [0.0] * len(bills)
    for driver in DRIVERS:
        costs = [float(bill.by_driver.get(driver, 0.0)) for bill in bills]
        if not any(costs):
            continue
        axes.barh(positions, costs, left=reached, label=driver, color=DRIVER_COLOURS[driver])
        reached = [left + cost for left, cost in zip(reached, costs, strict=True)]
    for position, end in zip(positions, reached, strict=True):
        axes.annotate(
            f" ${end:,.0f}" if end >= 100 else f" ${end:,.2f}", (end, position), va="center"
        )
    axes.set_yticks(positions, names)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("US dollars a month")
    axes.xaxis.set_major_formatter("${x:,.0f}")
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    return figure
