"""What drives the cost of bills? Stacked bars, one for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, NullFormatter

from estimator.analysis.compare import Comparison
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.format import dollars
from estimator.pricing.bill import Bill
from estimator.pricing.price_files import DRIVERS, LAYERS, CostLayer
from estimator.render.charts.rows import beyond, cost_rows
from estimator.render.charts.style import DRIVER_COLORS, Chart, blank, dress, name_rows
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_GRAY: Final = "#999999"
_HATCHES: Final[Mapping[CostLayer, str]] = {
    "messaging": "",
    "application": "///",
    "engineering": "",
}
"""What answers messages is told from what carries them; people's time has a color of its own."""
_FEW = 6
_THICK, _THIN = 0.8, 0.4
"""Of bars, in rows."""
_PALE = 0.35
LEAST_USD: Final = 0.01
"""Where a logarithmic axis begins at the least: what costs less stands there."""
_SHORT_NAME_CHARACTERS = 52
"""Longer ones are cut off on a phone, unless they are smaller."""


def comparison_chart(compared: Comparison, look: Look | None = None) -> Chart:
    """Stacked bars of what drives the cost of each deployment of a comparison."""
    return cost_chart(compared.bills, comparison_title(compared), look)


def comparison_title(compared: Comparison) -> str:
    """What stands above the chart of a comparison."""
    return f"Monthly cost: {compared.title}"


def bill_chart(bill: Bill, look: Look | None = None) -> Chart:
    """One stacked bar of what drives the cost of a bill."""
    return cost_chart([bill], f"Monthly cost: {bill.title}, {bill.region}", look)


@checks_arguments
def cost_chart(
    bills: Sequence[Bill], title: str, look: Look | None = None, *, logarithmic: bool = False
) -> Chart:
    """Stacked bars of what drives the cost of each bill; bars not within limits are pale.

    On a logarithmic axis each driver is a dot, and the total a line across: there the length of a
    part would depend on where in the bar it stands.

    Args:
        bills: bills of single scenarios, cheapest first.
        title: what is compared.
        look: colors and width; dark on white, if left out.
        logarithmic: for bills too far apart for one linear axis.

    Returns:
        A matplotlib figure.

    Raises:
        ScenarioError: a bill stands for many scenarios; a bar can show only one.

    >>> from estimator import Scenario, estimate
    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> bills = [estimate(scenario, name) for name in ("aws.api_gateway", "aws.alb_ec2")]
    >>> cost_chart(bills, "Two ways on AWS").axes[0].get_xlabel()
    'US dollars per month'
    """
    if any(np.ndim(bill.total) for bill in bills):
        raise ScenarioError("a chart of cost drivers shows one scenario, not an array of them")
    look = look or Look()
    figure = blank(look, 1.5 + (0.55 if len(bills) <= _FEW else 0.42) * len(bills), title)
    axes = figure.subplots()
    thick = _THIN if look.is_narrow else _THICK
    # on a phone there is no room for names beside the bars: they stand above them
    positions = np.arange(len(bills), dtype=np.float64) + (thick / 2 if look.is_narrow else 0.0)
    draw = _dots if logarithmic else _bars
    reached = draw(axes, look, bills, positions, thick)
    for position, end, bill in zip(positions, reached, bills, strict=True):
        axes.annotate(
            f" {amount_text(bill)}",
            (end, position),
            va="center",
            color=look.ink,
        )
    _name_bars(axes, look, bills)
    axes.set_ylim(max(len(bills), 1) - 0.5, -0.5)
    axes.margins(x=0.28 if look.is_narrow else 0.18)
    axes.set_xlabel("US dollars per month")
    if logarithmic:
        left, right = axes.get_xlim()
        axes.set_xlim(left, right * (8 if look.is_narrow else 3))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(max(2, int(look.width_inches * 0.7))))
    axes.xaxis.set_major_formatter("${x:,.0f}")
    dress(axes, look)
    if handles := _legend(axes, look, bills):
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=4 if look.width_inches > 6 else 2,
            frameon=False,
            labelcolor=look.ink,
        )
    return figure


def _bars(
    axes: Axes, look: Look, bills: Sequence[Bill], positions: FloatArray, thick: float
) -> list[float]:
    """Stacked bars; returns where each ends."""
    reached = [0.0] * len(bills)
    named: set[str] = set()
    parts = cost_rows(bills).groupby(["layer", "driver"])
    for layer, driver in product(LAYERS, DRIVERS):
        if (layer, driver) not in parts.groups:
            continue
        part = parts.get_group((layer, driver)).set_index("bill")["usd"]
        costs = part.reindex(range(len(bills)), fill_value=0.0).tolist()
        bars = axes.barh(
            positions,
            costs,
            height=thick,
            left=reached,
            label="" if driver in named else driver,
            color=DRIVER_COLORS[driver],
            hatch=_HATCHES[layer],
            edgecolor=look.paper if _HATCHES[layer] else "none",
            linewidth=0.0,
        )
        named.add(driver)
        for bar, bill in zip(bars, bills, strict=True):
            bar.set_alpha(_PALE if beyond(bill) else 1.0)
        reached = [left + cost for left, cost in zip(reached, costs, strict=True)]
    return reached


def _dots(
    axes: Axes, look: Look, bills: Sequence[Bill], positions: FloatArray, thick: float
) -> list[float]:
    """A dot for each driver, and a line across at the total; returns where that is."""
    axes.set_xscale("log")
    rows = cost_rows(bills)
    by_driver = rows.groupby(["bill", "driver"], as_index=False)["usd"].sum()
    for driver in DRIVERS:
        dots = by_driver[by_driver["driver"] == driver]
        if not dots.empty:
            color = DRIVER_COLORS[driver]
            colors = [to_rgba(color, _PALE if beyond(bills[row]) else 1.0) for row in dots["bill"]]
            axes.scatter(
                dots["usd"].clip(lower=LEAST_USD), positions[dots["bill"]], s=42, c=colors,
                edgecolor=look.paper, linewidth=0.6, label=driver,
                zorder=3,
            )  # fmt: skip
    totals = [max(float(bill.total), LEAST_USD) for bill in bills]
    axes.vlines(totals, positions - thick / 2, positions + thick / 2, color=look.ink, linewidth=2)
    axes.grid(axis="x", color=look.gray, alpha=0.25, linewidth=0.6)
    return totals


def _legend(axes: Axes, look: Look, bills: Sequence[Bill]) -> list[Artist]:
    """Drivers by their colors, and what hatches mean where there are some."""
    handles: list[Artist] = [*axes.get_legend_handles_labels()[0]]
    if axes.get_xscale() == "linear" and any(
        np.any(bill.by_layer["application"]) for bill in bills
    ):
        handles.append(
            Patch(
                facecolor=_GRAY,
                edgecolor=look.paper,
                hatch=_HATCHES["application"],
                linewidth=0.0,
                label="hatched: application",
            )
        )
    return handles


def amount_text(bill: Bill) -> str:
    """What stands at the end of a bar: the total, and why it may not be called the cheapest."""
    return ", ".join(filter(None, [dollars(float(bill.total)), beyond(bill)]))


def _name_bars(axes: Axes, look: Look, bills: Sequence[Bill]) -> None:
    if not look.is_narrow:
        name_rows(axes, [f"{bill.title}\n{bill.cloud_name}" for bill in bills], "medium")
        return
    axes.set_yticks([])
    for row, bill in enumerate(bills):
        name = f"{bill.title}, {bill.cloud_name}"
        axes.annotate(
            name,
            (0.0, row),
            xytext=(3, 1),
            textcoords="offset points",
            va="bottom",
            fontsize="small" if len(name) <= _SHORT_NAME_CHARACTERS else "x-small",
            color=look.ink,
        )
