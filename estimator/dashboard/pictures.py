"""Charts as pictures: in the colours of the theme, for wide screens and for phones."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

import streamlit as st

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.report.charts import Look

_WIDE_INCHES, _PHONE_INCHES = 8.0, 4.2
_DPI = 160
_CSS = """<style>
.picture { width: 100%; max-width: 60rem; }
.picture.phone { display: none; }
@media (max-width: 640px) {
  .picture.wide { display: none; }
  .picture.phone { display: block; }
}
</style>"""


@dataclass(frozen=True, slots=True)
class Pictures:
    """A chart as PNG files."""

    wide: bytes
    phone: bytes


def draw(chart: Callable[[Look], Figure], theme: str) -> Pictures:
    """A chart in the colours of a theme, ``light`` or ``dark``."""
    wide, phone = (_png(chart(_look(theme, width))) for width in (_WIDE_INCHES, _PHONE_INCHES))
    return Pictures(wide, phone)


def drawn(chart: Callable[[Look], Figure], theme: str, form: Literal["png", "svg"]) -> bytes:
    """A chart for wide screens as a file."""
    figure = chart(_look(theme, _WIDE_INCHES))
    if form == "png":
        return _png(figure)
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


def _look(theme: str, width_inches: float) -> Look:
    # matplotlib takes long to import, and the figures above a chart need not wait for it
    from estimator.report.charts import Look

    ink = str(st.get_option(f"theme.{theme}.textColor"))
    paper = str(st.get_option(f"theme.{theme}.backgroundColor"))
    return Look(ink, paper, width_inches)


def show(pictures: Pictures, words: str, name: str) -> None:
    """The picture that fits the screen; ``words`` tell it to those who cannot see it."""
    st.html(
        _CSS
        + "".join(
            f'<img class="picture {name} {screen}" alt="{escape(words, quote=True)}" '
            f'src="data:image/png;base64,{base64.b64encode(image).decode()}">'
            for screen, image in (("wide", pictures.wide), ("phone", pictures.phone))
        )
    )


def theme() -> str:
    """The theme of the page, ``light`` or ``dark``."""
    return st.context.theme.type or "light"


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()
