"""How far may bills be off, and what makes them so?"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.ticker import MaxNLocator, NullFormatter

from estimator.analysis.fields import field_words
from estimator.analysis.uncertainty.sensitivity import Swing
from estimator.arrays import FloatArray
from estimator.deployments.registry import find_deployment
from estimator.format import dollars, percent
from estimator.pricing.price_files import VENDORS
from estimator.render.charts.lines import line_colors, scale_usd
from estimator.render.charts.style import Chart, blank, dress, legend, name_rows, say_below_title
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from estimator.analysis.uncertainty.budget import BudgetCheck
    from estimator.analysis.uncertainty.fan import Fan
    from estimator.analysis.uncertainty.result import Uncertainty

_MOST_BARS: Final = 10
_LEAST_SHOWN: Final = 0.005
"""Of the widest swing: narrower bars cannot be seen."""
_BAR_INCHES: Final = 0.5
_RANGE_INCHES: Final = 0.46
_LABEL_LETTERS: Final = 38
_NARROW_LABEL_LETTERS: Final = 22
_ANSWER_LETTERS: Final = 18
_TITLE_LETTERS: Final = 66
_NARROW_TITLE_LETTERS: Final = 34
"""Beside the labels of the bars there is less room than below the title of other charts."""
_RATIO_FOR_LOG: Final = 10.0
_RATIO_OF_GEOMETRIC: Final = 20.0
_LIKELY: Final = 0.9
_HALF: Final = 0.5
"""Shares of the draws within limits, below which a line is dashed and a bar pale."""


def tornado_chart(
    found: Uncertainty, deployment: str | None = None, look: Look | None = None
) -> Chart:
    """What each input alone does to a bill, the widest swing on top.

    Args:
        found: the ranges.
        deployment: id; the cheapest within limits, if left out.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    bill = found.bill(deployment)
    swings = found.swings(bill.deployment)
    widest = swings[0].swing_usd if swings else 0.0
    shown = [each for each in swings if widest and each.swing_usd >= _LEAST_SHOWN * widest]
    shown = shown[:_MOST_BARS]
    figure = blank(look, 1.7 + _BAR_INCHES * max(len(shown), 1), f"{bill.title}: {found.title}")
    axes = figure.subplots()
    for row, each in enumerate(shown):
        low, middle, high = each.low_usd, each.middle_usd, each.high_usd
        axes.barh(row, middle - low, left=low, height=0.62, color=look.blue)
        axes.barh(row, high - middle, left=middle, height=0.62, color=look.red)
        _name_ends(axes, look, row, each)
    labels = [_input_label(each, look) for each in shown]
    name_rows(axes, labels, "x-small" if look.is_narrow else "small")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("US dollars per month")
    _leave_room(axes, look, shown)
    axes.xaxis.set_major_locator(MaxNLocator(max(2, int(look.width_inches * 0.7))))
    axes.xaxis.set_major_formatter("${x:,.0f}")
    if shown:
        axes.axvline(shown[0].middle_usd, color=look.ink, linewidth=1)
    dress(axes, look)
    told = "No input changes this bill."
    if shown:
        told = (
            "Each input alone: numbers from P10 to P90, open questions through their answers. "
            f"All at their medians: {dollars(shown[0].middle_usd)}."
        )
    axes.set_title(
        textwrap.fill(told, _NARROW_TITLE_LETTERS if look.is_narrow else _TITLE_LETTERS),
        loc="left", fontsize="small", color=look.ink,
    )  # fmt: skip
    return figure


def budget_chart(check: BudgetCheck, look: Look | None = None) -> Chart:
    """What each input alone does to the bill that was checked."""
    return tornado_chart(check.found, check.deployment, look)


def _leave_room(axes: Axes, look: Look, shown: Sequence[Swing]) -> None:
    """Room beside the bars for what stands at their ends."""
    if shown:
        low = min(each.low_usd for each in shown)
        high = max(each.high_usd for each in shown)
        beside = (0.34 if look.is_narrow else 0.16) * (high - low)
        axes.set_xlim(low - beside, high + beside)


def _name_ends(axes: Axes, look: Look, row: int, each: Swing) -> None:
    """What the input is at either end of its bar; a bar of one side has one end to name."""
    ends = (
        (each.low, each.low_usd, -3, "right", each.middle_usd > each.low_usd),
        (each.high, each.high_usd, 3, "left", each.high_usd > each.middle_usd),
    )
    for words, usd, shift, side, differs in ends:
        if differs:
            axes.annotate(
                textwrap.shorten(words, _ANSWER_LETTERS, placeholder="..."),
                (usd, row),
                xytext=(shift, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize="x-small",
                color=look.ink,
            )


def _input_label(each: Swing, look: Look) -> str:
    letters = _NARROW_LABEL_LETTERS if look.is_narrow else _LABEL_LETTERS
    return textwrap.fill(each.uncertain.words, letters, max_lines=3, placeholder=" ...")


def range_chart(found: Uncertainty, look: Look | None = None) -> Chart:
    """P10 to P90 of every deployment with P50 and the single estimate.

    Args:
        found: the ranges.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    figure = blank(look, 1.6 + _RANGE_INCHES * max(len(found.bills), 1), found.title)
    axes = figure.subplots()
    table = found.table
    rows = np.arange(len(table))
    low, middle, high = (table[name].to_numpy() for name in ("p10_usd", "p50_usd", "p90_usd"))
    within = table["within_limits_share"].to_numpy()
    expected = table["expected_usd"].to_numpy()
    least, most = np.minimum(low, expected), np.maximum(high, expected)
    pale = np.where(within < _HALF, 0.35, 1.0)
    bars = axes.barh(rows, high - low, left=low, height=0.4, color=look.blue, label="P10 to P90")
    for bar, alpha in zip(bars, pale, strict=True):
        bar.set_alpha(float(alpha))
    axes.vlines(middle, rows - 0.28, rows + 0.28, color=look.ink, linewidth=1.8, label="P50")
    axes.scatter(
        expected, rows, marker="D", s=22, color=look.red, zorder=5, label="single estimate",
        edgecolors=look.paper, linewidths=0.6,
    )  # fmt: skip
    names = [
        textwrap.fill(bill.title, _NARROW_LABEL_LETTERS if look.is_narrow else _LABEL_LETTERS)
        + f"\n{bill.cloud_name}"
        for bill in found.bills
    ]
    name_rows(axes, names, "x-small")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(table) - 0.4, -0.6)
    if len(table):
        _scale_ranges(axes, look, float(least.min()), float(most.max()))
    for row in range(len(table)):
        over = f", within limits in {percent(within[row])}" if within[row] < 1 else ""
        words = f"{dollars(low[row])}–{dollars(high[row])}{over}"
        _name_range(axes, look, row, words, (float(least[row]), float(most[row])))
    axes.set_xlabel("US dollars per month")
    axes.xaxis.set_major_formatter("${x:,.0f}")
    dress(axes, look)
    legend(figure, look)
    return figure


def _scale_ranges(axes: Axes, look: Look, least: float, most: float) -> None:
    """Dollars, logarithmic if the bills differ much; with room to the right for words."""
    # on a phone words stand below the bars
    room = 0.03 if look.is_narrow else 0.45
    if least > 0 and most / least > _RATIO_FOR_LOG:
        axes.set_xscale("log")
        axes.set_xlim(least / 1.3, most * 1.3 * (most / least) ** room)
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, most * (1 + room))
        axes.xaxis.set_major_locator(MaxNLocator(max(2, int(look.width_inches * 0.7))))


def _name_range(
    axes: Axes, look: Look, row: int, words: str, ends_usd: tuple[float, float]
) -> None:
    """What a bar reaches from and to, beside it or, on a phone, below it."""
    to_fraction = axes.transScale + axes.transLimits
    left, right = (float(to_fraction.transform((usd, row))[0]) for usd in ends_usd)
    leftwards = look.is_narrow and left + right > 1
    if look.is_narrow:
        position, shift = (ends_usd[1] if leftwards else ends_usd[0], row + 0.44), (0, 0)
    else:
        position, shift = (ends_usd[1], row), (6, 0)
    axes.annotate(
        words, position, xytext=shift, textcoords="offset points",
        ha="right" if leftwards else "left", va="center", fontsize="x-small", color=look.ink,
    )  # fmt: skip


def fan_chart(fan: Fan, look: Look | None = None) -> Chart:
    """A band from P10 to P90 around a line of P50 for each deployment; dashed if beyond limits.

    Args:
        fan: the ranges.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    figure = blank(look, 4.6, fan.title)
    axes = figure.subplots()
    colors = line_colors(look, len(fan.deployments))
    for row, (deployment, color) in enumerate(zip(fan.deployments, colors, strict=True)):
        low, middle, high = fan.usd[:, row]
        known = find_deployment(deployment)
        axes.fill_between(fan.values, low, high, color=color, alpha=0.25, linewidth=0)
        axes.plot(
            fan.values, middle, color=color, linewidth=2,
            label=f"{known.title}, {VENDORS[known.cloud]}",
        )  # fmt: skip
        doubtful = np.where(fan.within_limits_share[row] < _LIKELY, middle, np.nan)
        axes.plot(fan.values, doubtful, color=look.paper, linewidth=2, linestyle=(0, (2, 2)))
    if _is_geometric(fan.values):
        axes.set_xscale("log")
    axes.set_xlim(fan.values[0], fan.values[-1])
    scale_usd(axes, [fan.usd])
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.set_xlabel(field_words(fan.field))
    axes.set_ylabel("US dollars per month")
    axes.grid(color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    dress(axes, look)
    sentences = ["Line: P50. Band: P10 to P90, eight of ten cases."]
    if np.any(fan.within_limits_share < _LIKELY):
        sentences.append("Dashed: within limits in fewer than nine of ten.")
    say_below_title(axes, look, sentences, 0)
    legend(figure, look)
    return figure


def _is_geometric(values: FloatArray) -> bool:
    """Whether values were chosen for a logarithmic axis."""
    return bool(values[0] > 0 and values[-1] / values[0] >= _RATIO_OF_GEOMETRIC)
