"""Charts as pictures: in the colors of the visitor's theme, for a wide screen or for a phone."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, Literal

import streamlit as st

from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.turns import TURNS
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.dashboard.widgets.origin import Origin

Screen = Literal["wide", "phone"]
_INCHES: Final[dict[Screen, float]] = {"wide": 8.0, "phone": 4.2}
_DPI = 160
_SMALL_LETTERS_PER_INCH: Final = 13
_POINTS_PER_INCH: Final = 72
_SMALL_LINE_INCHES: Final = 0.14
_MOBILE = "Mobi"
"""https://developer.mozilla.org/docs/Web/HTTP/Guides/Browser_detection_using_the_user_agent"""
_CSS = """<style>
.pictured { overflow-x: auto; }
.picture { width: 100%; max-width: 60rem; }
.picture.wide { min-width: 36rem; }
</style>"""
"""In a window too narrow for it, a chart for wide screens is scrolled instead of shrunk."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as a PNG file."""

    png: bytes
    title: str
    """Says what there is to see."""


def drawn(
    chart: Callable[[Look], Figure], theme: str, form: Literal["png", "svg"], origin: Origin
) -> bytes:
    """A chart for wide screens as a file, which says below the chart where it comes from."""
    look = look_of(theme, "wide")
    figure = chart(look)
    _write_below(figure, look, filter(None, (origin.subject, origin.dates)))
    told = {"Title": figure.get_suptitle(), "Description": origin.comments()}
    file = io.BytesIO()
    if form == "png":
        figure.savefig(file, format="png", dpi=_DPI, metadata=told)
    else:
        # without a date, the moment of drawing would stand there
        told["Date"] = str(origin.made_on)
        figure.savefig(file, format="svg", metadata=told)
    return file.getvalue()


def _write_below(figure: Figure, look: Look, sentences: Iterable[str]) -> None:
    """Make a figure taller, and write small sentences below all that it holds."""
    letters = int(look.width_inches * _SMALL_LETTERS_PER_INCH)
    lines = [line for each in sentences for line in textwrap.wrap(each, letters)]
    width, height = figure.get_size_inches()
    below = _SMALL_LINE_INCHES * (len(lines) + 1)
    figure.set_figheight(height + below)
    share = below / (height + below)
    figure.set_layout_engine("constrained", rect=(0.0, share, 1.0, 1.0 - share))
    for legend in figure.legends:
        # legends stand at the lower edge; one that is anchored elsewhere gets no room of its own
        legend.borderaxespad += below * _POINTS_PER_INCH / legend.prop.get_size_in_points()
    figure.text(
        _SMALL_LINE_INCHES / width,
        share,
        "\n".join(lines),
        va="top",
        fontsize="x-small",
        linespacing=1.3,
        color=look.ink,
    )


def look_of(theme: str, screen: Screen) -> Look:
    """The colors of a theme, ``light`` or ``dark``, and the width of a screen."""
    ink = str(st.get_option(f"theme.{theme}.textColor"))
    paper = str(st.get_option(f"theme.{theme}.backgroundColor"))
    return Look(ink, paper, _INCHES[screen])


def show_chart(
    asked: object, name: str, chart: Callable[[Look], Figure], words: str | None = None
) -> None:
    """A chart in the form that fits the screen, drawn once for all who ask the same.

    Args:
        asked: what the chart depends on; equal questions have equal charts.
        name: which chart of it; a class of the image.
        chart: draws it.
        words: tell it to those who cannot see it; its title, if left out.
    """
    drawn = picture(str(asked), name, theme(), screen(), chart)
    st.html(
        f'{_CSS}<div class="pictured"><img class="picture {name.partition(" ")[0]} {screen()}" '
        f'alt="{escape(words or drawn.title, quote=True)}" '
        f'src="data:image/png;base64,{base64.b64encode(drawn.png).decode()}"></div>'
    )
    TURNS.step_back()


@kept
def picture(
    asked: str,  # noqa: ARG001 - part of the key
    name: str,  # noqa: ARG001 - part of the key
    theme: str,
    screen: Screen,
    _chart: Callable[[Look], Figure],
) -> Picture:
    """A chart in the colors of a theme, ``light`` or ``dark``, with texts for a screen."""
    figure = _chart(look_of(theme, screen))
    return Picture(_png(figure), figure.get_suptitle().replace("\n", " "))


def theme() -> str:
    """The theme of the page, ``light`` or ``dark``."""
    return st.context.theme.type or "light"


def screen() -> Screen:
    """The screen of the visitor: browsers of phones say that they are mobile."""
    return "phone" if _MOBILE in st.context.headers.get("User-Agent", "") else "wide"


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()
