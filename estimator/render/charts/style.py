"""What all charts share: colors, paper, titles, the axis of the week."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text as MatplotlibText
from matplotlib.ticker import LogFormatter

from estimator.pricing.price_files import DRIVERS
from estimator.render.printable import printable
from estimator.shown import Look
from estimator.units import DAYS_PER_WEEK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase

DRIVER_COLORS: Final = dict(
    zip(
        DRIVERS,
        (
            "#0072B2",
            "#E69F00",
            "#009E73",
            "#CC79A7",
            "#56B4E9",
            "#D55E00",
            "#999999",
            "#F0E442",
        ),
        strict=True,
    )
)
"""Okabe and Ito's palette, which people with color blindness can tell apart, and a gray."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TITLE_LETTERS_PER_INCH = 9.5
_SUBTITLE_LETTERS_PER_INCH = 13.0
_MARK_LETTERS_PER_INCH = 15.0
_MARGIN_INCHES = 1.1
"""Left of the axes, for the numbers."""
_MARK_POINTS = 8
_MARK_ROW_POINTS = 11
_LEGEND_HANDLE_INCHES = 0.6


class Chart(Figure):
    """A figure that a notebook shows without being told to, and whose texts are no formulas."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it; people may name things as they like, with dollar signs or orders in them."""
        powers = {id(each) for axes in self.axes for each in _powers(axes)}
        for each in self.findobj(MatplotlibText):
            if id(each) not in powers:
                each.set_parse_math(False)
                each.set_text(printable(each.get_text()))
        super().draw(renderer)

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=110)
        return png.getvalue()


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that is named on a chart."""

    at: float
    """On the horizontal axis."""
    label: str


def _powers(axes: Axes) -> Iterator[MatplotlibText]:
    """The labels that matplotlib itself writes as formulas."""
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            yield from axis.get_majorticklabels()
        if isinstance(axis.get_minor_formatter(), LogFormatter):
            yield from axis.get_minorticklabels()


def blank(look: Look, height_inches: float, title: str) -> Chart:
    """An empty figure under its title, which may take several lines."""
    # people may name a scenario at length
    lines = textwrap.wrap(title, int(look.width_inches * _TITLE_LETTERS_PER_INCH))
    figure = Chart(
        figsize=(look.width_inches, height_inches + 0.2 * len(lines)),
        layout="constrained",
        facecolor=look.paper,
    )
    figure.suptitle("\n".join(lines), x=0.01, ha="left", color=look.ink)
    return figure


def dress(axes: Axes, look: Look) -> None:
    """Ink, paper, thousands parted by commas, and no frame above and to the right."""
    axes.set_facecolor(look.paper)
    axes.tick_params(which="both", colors=look.ink)
    axes.xaxis.label.set_color(look.ink)
    axes.yaxis.label.set_color(look.ink)
    axes.spines[:].set_color(look.ink)
    axes.spines[["top", "right"]].set_visible(False)


def name_rows(axes: Axes, names: Iterable[str], font_size: str) -> None:
    """Name rows 0, 1, 2, … of the vertical axis.

    Matplotlib writes the names of ticks anew while it draws, so they are made printable here.
    """
    labels = [printable(name) for name in names]
    axes.set_yticks(range(len(labels)), labels, fontsize=font_size)


def say_below_title(axes: Axes, look: Look, sentences: Iterable[str], rows_of_marks: int) -> None:
    """Smaller sentences between the title of the figure and its marks."""
    letters = int((look.width_inches - _MARGIN_INCHES) * _SUBTITLE_LETTERS_PER_INCH)
    axes.set_title(
        "\n".join(textwrap.wrap(" ".join(sentences), letters)),
        loc="left",
        fontsize="small",
        color=look.ink,
        pad=6 + rows_of_marks * _MARK_ROW_POINTS,
    )


def legend(figure: Figure, look: Look) -> None:
    """The legend below everything, in as many columns as there is room for."""
    handles = {
        label: handle
        for axes in figure.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if handles:
        longest_inches = max(map(len, handles)) / _SUBTITLE_LETTERS_PER_INCH + _LEGEND_HANDLE_INCHES
        rows = math.ceil(len(handles) / max(1, int(look.width_inches / longest_inches)))
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=math.ceil(len(handles) / rows),
            frameon=False,
            fontsize="small",
            labelcolor=look.ink,
        )


def week_axis(axes: Axes, look: Look) -> None:
    """Days of the week as the unit of the horizontal axis, each named in its middle."""
    axes.set_xlim(0, DAYS_PER_WEEK)
    axes.set_xticks(range(DAYS_PER_WEEK + 1), [""] * (DAYS_PER_WEEK + 1))
    axes.set_xticks(np.arange(DAYS_PER_WEEK) + 0.5, DAYS, minor=True)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set_xlabel("day of the week (UTC)")
    axes.grid(axis="x", color=look.gray, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def draw_marks(axes: Axes, look: Look, marks: Sequence[Mark]) -> int:
    """Name moments above the axes, in as many rows as keep the names apart.

    Args:
        axes: with the limits of its horizontal axis set.
        look: the chart's.
        marks: those outside the limits are left out.

    Returns:
        The number of rows.
    """
    left, right = axes.get_xlim()
    to_fraction = axes.transScale + axes.transLimits
    per_letter = 1 / (look.width_inches - _MARGIN_INCHES) / _MARK_LETTERS_PER_INCH
    shown = sorted((each for each in marks if left <= each.at <= right), key=lambda each: each.at)
    at = [float(to_fraction.transform((mark.at, axes.get_ylim()[0]))[0]) for mark in shown]
    widths = [(len(mark.label) + 2) * per_letter for mark in shown]
    sides = [position + width > 1 for position, width in zip(at, widths, strict=True)]
    rows = rows_apart(
        (position - width, position) if leftwards else (position, position + width)
        for position, width, leftwards in zip(at, widths, sides, strict=True)
    )
    for mark, leftwards, row in zip(shown, sides, rows, strict=True):
        axes.axvline(mark.at, color=look.gray, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0.9)
        axes.annotate(
            mark.label,
            (mark.at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-2 if leftwards else 2, 2 + row * _MARK_ROW_POINTS),
            textcoords="offset points",
            ha="right" if leftwards else "left",
            fontsize=_MARK_POINTS,
            color=look.ink,
            annotation_clip=False,
        )
    return 1 + max(rows, default=-1)


def rows_apart(spans: Iterable[tuple[float, float]]) -> list[int]:
    """In which row each span has room beside those before it, the lowest first.

    >>> rows_apart([(0.0, 0.4), (0.3, 0.5), (0.4, 0.6)])
    [0, 1, 0]
    """
    taken: list[list[tuple[float, float]]] = []
    found: list[int] = []
    for begin, end in spans:
        free = (
            row
            for row, others in enumerate(taken)
            if all(end <= first or last <= begin for first, last in others)
        )
        row = next(free, len(taken))
        if row == len(taken):
            taken.append([])
        taken[row].append((begin, end))
        found.append(row)
    return found
