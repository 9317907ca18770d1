"""How do texts of any length stand on a picture of one size? Each in a box that it never leaves.

A text gets smaller and takes more lines where it is long, and is cut only where the smallest
letters leave no room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties

from estimator.render.charts.style import Chart
from estimator.render.printable import printable
from estimator.shown import Look

_DPI: Final = 100
_POINTS_PER_PX: Final = 72 / _DPI
_LINE: Final = 1.3
"""From one line to the next, in sizes of letters; a little more than matplotlib takes."""
_ELLIPSIS: Final = "…"
_MOST_LETTERS: Final = 1_000
"""More than fit into any box; the rest need not be measured."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a text may stand, in pixels from the upper left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Letters:
    """How a text is set."""

    most_px: int
    """Size of the letters, if the text fits."""
    least_px: int
    is_bold: bool = False

    def font(self, size_px: int) -> FontProperties:
        """The letters in one size."""
        weight = "bold" if self.is_bold else "normal"
        return FontProperties(size=size_px * _POINTS_PER_PX, weight=weight)


class Sheet:
    """An empty picture, measured in pixels from its upper left corner."""

    def __init__(self, look: Look, width_px: int, height_px: int) -> None:
        self.look = look
        self.chart = Chart(
            figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI, facecolor=look.paper
        )
        self._measure = FigureCanvasAgg(self.chart).get_renderer()
        self.axes = self.chart.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width_px), ylim=(height_px, 0))
        self.axes.set_axis_off()

    def title(self, text: str, box: Box, letters: Letters) -> None:
        """A text that programs find as the title of the picture."""
        lines, font = self._fitted(text, box, letters)
        x, y = self.chart.transFigure.inverted().transform(
            self.axes.transData.transform((box.left, box.top))
        )
        self.chart.suptitle(
            lines, x=x, y=y, ha="left", va="top", fontproperties=font, color=self.look.ink
        )

    def write(
        self,
        text: str,
        box: Box,
        letters: Letters,
        color: str | None = None,
        align: Literal["left", "right"] = "left",
    ) -> None:
        """A text in a box, as large as fits."""
        if text:
            lines, font = self._fitted(text, box, letters)
            self.axes.text(
                box.left if align == "left" else box.left + box.width,
                box.top,
                lines,
                ha=align,
                va="top",
                fontproperties=font,
                color=color or self.look.ink,
            )

    def width(self, text: str, font: FontProperties) -> float:
        """Of a line, in pixels."""
        return self._measure.get_text_width_height_descent(text, font, ismath=False)[0]

    def _fitted(self, text: str, box: Box, letters: Letters) -> tuple[str, FontProperties]:
        """A text in lines, and the largest letters in which it fits; cut where none do."""
        words = printable(" ".join(text.split()))[:_MOST_LETTERS]
        size_px = letters.most_px
        while True:
            font = letters.font(size_px)
            most = max(1, int(box.height / (size_px * _LINE)))
            lines = [*islice(self._lines(words, font, box.width), most + 1)]
            if len(lines) <= most:
                return "\n".join(lines), font
            if size_px <= letters.least_px:
                break
            size_px -= 1
        last = lines[most - 1]
        kept = self._letters_that_fit(last, font, box.width, ending=_ELLIPSIS)
        return "\n".join([*lines[: most - 1], f"{last[:kept]}{_ELLIPSIS}"]), font

    def _lines(self, words: str, font: FontProperties, width: float) -> Iterator[str]:
        """Lines no wider than that; a word that is wider is parted."""
        line = ""
        for word in words.split(" "):
            longer = f"{line} {word}" if line else word
            if self.width(longer, font) <= width:
                line = longer
                continue
            if line:
                yield line
            line = word
            while self.width(line, font) > width:
                kept = self._letters_that_fit(line, font, width)
                yield line[:kept]
                line = line[kept:]
        yield line

    def _letters_that_fit(
        self, word: str, font: FontProperties, width: float, ending: str = ""
    ) -> int:
        """How many letters of a word fit, one at least."""
        least, most = 1, len(word)
        while least < most:
            middle = (least + most + 1) // 2
            if self.width(f"{word[:middle]}{ending}", font) <= width:
                least = middle
            else:
                most = middle - 1
        return least
