"""What is shown, as files: a row of buttons.

A file is made by the run that follows the press of its button, and not by Streamlit's own button
for downloads. That one fetches what the last run has prepared, while the number that somebody has
just typed is still on its way: the file would hold the scenario before it, or be gone. Here, the
run has taken in all edits before it draws, and what it draws is what it writes.
"""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pandas as pd
import streamlit as st

from estimator.dashboard.scripts import SAVE_FILES
from estimator.dashboard.session.log import log_unexpected
from estimator.dashboard.widgets.charts import drawn, theme
from estimator.dashboard.widgets.document import literal
from estimator.dashboard.widgets.origin import Origin, origin_on_screen
from estimator.dashboard.widgets.progress import job_owner
from estimator.exports.export import export
from estimator.exports.formats import FORMATS
from estimator.format import capitalized
from estimator.render.spreadsheet import csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from streamlit.elements.lib.layout_utils import Width

    from estimator.analysis.compare import Comparison
    from estimator.analysis.growth.growth import Growth
    from estimator.analysis.uncertainty.total_ranges import P10ToP90
    from estimator.shown import Look

_MIME_TYPES: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "yaml": "application/yaml",
    **{each.file_name.rpartition(".")[2]: each.media_type for each in FORMATS.values()},
}
_REPEATED_S: Final = 10.0
"""A browser may never hear of what a run draws if the next one follows at once."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file, which is written when somebody wants it."""

    label: str
    file_name: str
    """What it holds, and its ending; whose it is and the day are added."""
    content: Callable[[Origin], str | bytes]


@dataclass(slots=True)
class _File:
    """A file on its way to the browser."""

    name: str
    content: bytes
    number: str = field(default_factory=lambda: uuid4().hex)
    repeated_until: float = math.inf
    """A moment of ``time.monotonic``; without end until a run has handed it over."""


@dataclass(slots=True)
class _Downloads:
    """The files of one visitor; a plain object, which can be changed without an interruption."""

    offered: dict[str, tuple[Download, Callable[[], Origin]]] = field(default_factory=dict)
    """By this run, by name."""
    wanted: dict[str, Download] = field(default_factory=dict)
    """Whose buttons were pressed, until a run has made them."""
    handed_over: list[_File] = field(default_factory=list)


def table_file(label: str, file_name: str, table: Callable[[], pd.DataFrame]) -> Download:
    """A table for spreadsheets, below lines that say where it comes from."""
    return Download(
        f"{label} (CSV)", file_name, lambda origin: origin.comments() + csv(table(), comments=True)
    )


def data_file(label: str, file_name: str, data: Callable[[], dict[str, Any]]) -> Download:
    """Plain data for machines; days as texts."""

    def content(origin: Origin) -> str:
        told = {"origin": origin.as_data(), **data()}
        return json.dumps(told, indent=2, default=str, allow_nan=False) + "\n"

    return Download(f"{label} (JSON)", file_name, content)


def chart_files(title: str, stem: str, chart: Callable[[Look], Figure]) -> list[Download]:
    """A chart in the colors of the page, as PNG for slides and as SVG for print."""
    colors = theme()
    return [
        Download(
            f"{title} (PNG)", f"{stem}.png", lambda origin: drawn(chart, colors, "png", origin)
        ),
        Download(
            f"{title} (SVG)", f"{stem}.svg", lambda origin: drawn(chart, colors, "svg", origin)
        ),
    ]


def export_file(
    file_format: str,
    stem: str,
    answer: Callable[[], Comparison | Growth],
    ranges: Mapping[str, P10ToP90] | None = None,
) -> Download:
    """A file for another program.

    Args:
        file_format: its name.
        stem: what the file holds, before the name of the format's own file.
        answer: what is written.
        ranges: P10 and P90 of its totals, as far as they are known.
    """

    def content(origin: Origin) -> bytes:
        told = origin.sentences
        found = export(answer(), file_format, ranges=ranges, about=told, made_on=origin.made_on)
        return found.content

    found = FORMATS[file_format]
    return Download(capitalized(found.title), f"{stem}-{found.file_name}", content)


def download_row(
    files: Sequence[Download], origin: Callable[[], Origin] = origin_on_screen
) -> None:
    """A button for each.

    Args:
        files: what can be saved.
        origin: where they come from, asked when one of them is made.
    """
    with st.container(horizontal=True):
        for each in files:
            download_button(each, origin)


def download_button(
    file: Download,
    origin: Callable[[], Origin] = origin_on_screen,
    width: Width = "content",
) -> None:
    """A button that saves a file."""
    downloads = _downloads()
    downloads.offered[file.file_name] = (file, origin)
    st.button(
        file.label,
        key=file.file_name,
        # a plain mapping, since a callback that touches the session can be cut off
        on_click=downloads.wanted.update,
        args=({file.file_name: file},),
        icon=":material/download:",
        width=width,
    )


def forget_offers() -> None:
    """Take note that a page is drawn anew: what it offers is still to come."""
    _downloads().offered.clear()


def hand_over() -> None:
    """Make the files whose buttons were pressed, from what this run has drawn, and save them.

    A file whose page still works out what belongs into it is made once that is there.
    """
    downloads = _downloads()
    is_working = any(not run.finished for run in job_owner().runs.values())
    for name, wanted in (*downloads.wanted.items(),):
        if name in downloads.offered:
            if file := _made(*downloads.offered[name]):
                downloads.handed_over.append(file)
        elif is_working:
            continue
        else:
            _say_why_not(
                wanted, "it is not on this page any more. Press the button again once it is."
            )
        del downloads.wanted[name]
    # counted from here: what was made first may have waited long for what was made last
    now = time.monotonic()
    for each in downloads.handed_over:
        each.repeated_until = min(each.repeated_until, now + _REPEATED_S)
    downloads.handed_over = [each for each in downloads.handed_over if now < each.repeated_until]
    for each in downloads.handed_over:
        _save(each)


def _made(file: Download, origin: Callable[[], Origin]) -> _File | None:
    """The file; None if it cannot be made, which is told."""
    try:
        whence = origin()
        content = file.content(whence)
    except Exception as error:  # noqa: BLE001 - what is on screen stays, whatever it was
        _say_why_not(file, log_unexpected(error))
        return None
    return _File(
        whence.file_name(file.file_name),
        content.encode() if isinstance(content, str) else content,
    )


def _say_why_not(file: Download, why: str) -> None:
    st.toast(
        f"**“{literal(file.label)}” was not saved:** {literal(why)}",
        icon=":material/error:",
        duration="long",
    )


def _save(file: _File) -> None:
    """Have the browser save a file, without asking the server again."""
    told = {
        "number": file.number,
        "name": file.name,
        "type": _MIME_TYPES[file.name.rpartition(".")[2]],
        "content": base64.b64encode(file.content).decode(),
    }
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in told.items())
    st.html(
        f'<div class="file-to-save" hidden {data}></div><script>{SAVE_FILES}</script>',
        unsafe_allow_javascript=True,
    )


def _downloads() -> _Downloads:
    return st.session_state.setdefault("downloads", _Downloads())


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as plain data: JSON has null where a table has a gap, or a number without end."""
    finite = table.replace([math.inf, -math.inf], None).astype(object)
    return [
        {str(name): cell for name, cell in row.items()}
        for row in finite.where(finite.notna(), None).to_dict(orient="records")
    ]
