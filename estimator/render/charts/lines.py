"""Lines that stand for deployments: their colors, their scale, their names beside them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT_HEIGHT_INCHES: Final = 4.6
LEGEND_ROW_INCHES: Final = 0.2
"""Added to the height for each name, where names stand below."""
_PLOT_POINTS: Final = 235.0
"""Height of the axes themselves, about; labels beside them must keep apart."""
_LABEL_LETTERS: Final = 34
_LINE_POINTS: Final = 9.5
_RATIO_FOR_LOG: Final = 10.0
"""From this ratio of the largest to the smallest bill on, the smallest could not be seen."""
_ON_LIGHT: Final = (
    "#0072B2", "#D55E00", "#00825F", "#B0568C", "#B37700", "#2E2E2E", "#3E93C6", "#7B7B7B",
)  # fmt: skip
_ON_DARK: Final = (
    "#56B4E9", "#F2853D", "#2BBF94", "#E79CC5", "#F0C75E", "#F2F2F2", "#8FA9F5", "#A5ADB5",
)  # fmt: skip
"""Okabe and Ito's hues, as dark or as light as thin lines on the paper need."""
COLORS: Final = len(_ON_LIGHT)
"""Lines beyond so many share theirs with others."""


def line_colors(look: Look, count: int) -> list[str]:
    """Colors of so many lines; they come again after ``COLORS``."""
    palette = _ON_DARK if look.is_dark else _ON_LIGHT
    return [palette[index % len(palette)] for index in range(count)]


def scale_usd(axes: Axes, totals: Sequence[FloatArray]) -> None:
    """A vertical axis of dollars, logarithmic where small bills could not be seen otherwise."""
    is_logarithmic, low, high = usd_span(totals)
    if is_logarithmic:
        axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_major_formatter("${x:,.0f}")


def usd_span(totals: Sequence[FloatArray]) -> tuple[bool, float, float]:
    """Whether an axis of these dollars is logarithmic, and where it begins and ends.

    >>> usd_span([np.array([10.0, 20.0]), np.array([50.0, np.nan])])
    (False, 0.0, 54.0)
    """
    everything = np.concatenate([np.ravel(total) for total in totals]) if totals else np.ones(1)
    everything = everything[np.isfinite(everything)]
    least, most = (float(everything.min()), float(everything.max())) if everything.size else (0, 1)
    if least > 0 and most / least >= _RATIO_FOR_LOG:
        return True, least / 1.3, most * 1.3
    return False, 0.0, most * 1.08 or 1.0


def name_lines(
    axes: Axes, names: Sequence[str], ends_usd: Sequence[float], colors: Sequence[str]
) -> None:
    """Each line by its name, to the right of its end, where no other name stands.

    Args:
        axes: with the limits and scale of its vertical axis set.
        names: one a line.
        ends_usd: where each line ends.
        colors: one a line.
    """
    texts = [textwrap.wrap(name, _LABEL_LETTERS) for name in names]
    to_fraction = axes.transScale + axes.transLimits
    left = axes.get_xlim()[0]
    ends = [float(to_fraction.transform((left, usd))[1]) for usd in ends_usd]
    heights = [(_LINE_POINTS * len(lines) + 3) / _PLOT_POINTS for lines in texts]
    for lines, end, position, color in zip(texts, ends, _apart(ends, heights), colors, strict=True):
        axes.annotate(
            "\n".join(lines),
            (1.0, end),
            xycoords="axes fraction",
            xytext=(1.045, position),
            textcoords="axes fraction",
            va="center",
            fontsize="x-small",
            linespacing=1.0,
            color=color,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 1,
                        "shrinkB": 3, "relpos": (0.0, 0.5)},
        )  # fmt: skip


def _apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Places near those wanted at which labels of such heights do not overlap.

    >>> _apart([0.5, 0.5], [0.1, 0.1])
    [0.45, 0.55]
    """
    # labels that touch form a block around the mean of what they want; blocks that touch are one
    blocks: list[list[int]] = []
    for index in sorted(range(len(wanted)), key=lambda each: wanted[each]):
        blocks.append([index])
        while len(blocks) > 1 and _top(blocks[-2], wanted, heights) > _bottom(
            blocks[-1], wanted, heights
        ):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    positions = [0.0] * len(wanted)
    for block in blocks:
        low = _bottom(block, wanted, heights)
        for index in block:
            positions[index] = low + heights[index] / 2
            low += heights[index]
    return positions


def _bottom(block: list[int], wanted: Sequence[float], heights: Sequence[float]) -> float:
    height = sum(heights[index] for index in block)
    return sum(wanted[index] for index in block) / len(block) - height / 2


def _top(block: list[int], wanted: Sequence[float], heights: Sequence[float]) -> float:
    return _bottom(block, wanted, heights) + sum(heights[index] for index in block)
