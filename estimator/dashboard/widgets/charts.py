"""Charts as pictures: in the colors of the visitor's theme, for a wide screen or for a phone."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, Literal

import streamlit as st

from estimator.dashboard.session.cache import kept
from estimator.shown import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Screen = Literal["wide", "phone"]
_INCHES: Final[dict[Screen, float]] = {"wide": 8.0, "phone": 4.2}
_DPI = 160
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


def drawn(chart: Callable[[Look], Figure], theme: str, form: Literal["png", "svg"]) -> bytes:
    """A chart for wide screens as a file."""
    figure = chart(look_of(theme, "wide"))
    if form == "png":
        return _png(figure)
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


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
