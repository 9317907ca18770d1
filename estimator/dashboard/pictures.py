"""Charts as pictures: in the colours of the theme, for wide screens and for phones."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import streamlit as st
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.report.charts import Look

Screen = Literal["wide", "phone"]
_INCHES: Final[dict[Screen, float]] = {"wide": 8.0, "phone": 4.2}
_DPI = 160
_COLOURS = 128
_LOOK_S = 0.03
_CSS = """<style>
.picture { width: 100%; max-width: 60rem; }
.picture.phone { display: none; }
@media (max-width: 640px) {
  .picture.wide { display: none; }
  .picture.phone { display: block; }
}
</style>"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as a PNG file."""

    png: bytes
    title: str
    """Says what there is to see."""


def draw(chart: Callable[[Look], Figure], theme: str, screen: Screen) -> Picture:
    """A chart in the colours of a theme, ``light`` or ``dark``, with texts for a screen."""
    figure = chart(_look(theme, _INCHES[screen]))
    return Picture(_png(figure), figure.get_suptitle().replace("\n", " "))


def drawn(chart: Callable[[Look], Figure], theme: str, form: Literal["png", "svg"]) -> bytes:
    """A chart for wide screens as a file."""
    figure = chart(_look(theme, _INCHES["wide"]))
    file = io.BytesIO()
    figure.savefig(file, format=form, dpi=_DPI)
    return file.getvalue()


def _look(theme: str, width_inches: float) -> Look:
    # matplotlib takes long to import, and the figures above a chart need not wait for it
    from estimator.report.charts import Look

    ink = str(st.get_option(f"theme.{theme}.textColor"))
    paper = str(st.get_option(f"theme.{theme}.backgroundColor"))
    return Look(ink, paper, width_inches)


def show(picture: Callable[[Screen], Picture], name: str, words: str | None = None) -> None:
    """The picture that fits the screen.

    Args:
        picture: for a kind of screen.
        name: a class of the image.
        words: tell the picture to those who cannot see it; its title, if left out.
    """
    with st.container(gap=None):
        for screen in _INCHES:
            drawn = _drawn_beside(picture, screen)
            st.html(
                f'{_CSS}<img class="picture {name} {screen}" '
                f'alt="{escape(words or drawn.title, quote=True)}" '
                f'src="data:image/png;base64,{base64.b64encode(drawn.png).decode()}">'
            )


def _drawn_beside(picture: Callable[[Screen], Picture], screen: Screen) -> Picture:
    """Draw in another thread, so that an edit need not wait for the chart of the one before."""
    drawing = _easel().submit(picture, screen)
    try:
        while True:
            with suppress(TimeoutError):
                return drawing.result(timeout=_LOOK_S)
            _let_edits_in()
    finally:
        drawing.cancel()  # nobody wants it any more, if it has not been begun


def _let_edits_in() -> None:
    """Streamlit ends a run wherever it touches the session while a newer edit waits."""
    _ = "session" in st.session_state


@st.cache_resource(show_spinner=False)
def _easel() -> Executor:
    # one chart at a time: Python would not draw two of them any faster
    return ThreadPoolExecutor(1, thread_name_prefix="chart")


def theme() -> str:
    """The theme of the page, ``light`` or ``dark``."""
    return st.context.theme.type or "light"


def _png(figure: Figure) -> bytes:
    """A chart for screens, in so few colours that it is sent in a quarter of the time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = picture.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    # the paper is that of the page, to the last bit
    palette, paper = few.getpalette() or [], 3 * int(np.asarray(few)[0, 0])
    palette[paper : paper + 3] = np.asarray(picture)[0, 0].tolist()
    few.putpalette(palette)
    file = io.BytesIO()
    few.save(file, format="png")
    return file.getvalue()
