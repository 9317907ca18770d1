"""What is shown, as files: a row of buttons."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from estimator.dashboard.widgets.charts import drawn, theme
from estimator.render.spreadsheet import csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_MIME_TYPES: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "yaml": "application/yaml",
}


@dataclass(frozen=True, slots=True)
class Download:
    """A file, whose content is worked out when somebody wants it."""

    label: str
    file_name: str
    content: Callable[[], str | bytes]


def table_file(label: str, file_name: str, table: Callable[[], pd.DataFrame]) -> Download:
    """A table for spreadsheets."""
    return Download(f"{label} (CSV)", file_name, lambda: csv(table()))


def data_file(label: str, file_name: str, data: Callable[[], dict[str, Any]]) -> Download:
    """Plain data for machines; days as texts."""
    return Download(
        f"{label} (JSON)",
        file_name,
        lambda: json.dumps(data(), indent=2, default=str, allow_nan=False) + "\n",
    )


def chart_files(title: str, stem: str, chart: Callable[[Look], Figure]) -> list[Download]:
    """A chart in the colors of the page, as PNG for slides and as SVG for print."""
    colors = theme()
    return [
        Download(f"{title} (PNG)", f"{stem}.png", lambda: drawn(chart, colors, "png")),
        Download(f"{title} (SVG)", f"{stem}.svg", lambda: drawn(chart, colors, "svg")),
    ]


def download_row(files: Sequence[Download]) -> None:
    """A button for each."""
    with st.container(horizontal=True):
        for each in files:
            st.download_button(
                each.label,
                each.content,
                file_name=each.file_name,
                mime=_MIME_TYPES[each.file_name.rpartition(".")[2]],
                key=each.file_name,
                on_click="ignore",
                icon=":material/download:",
            )


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as plain data: JSON has null where a table has a gap, or a number without end."""
    finite = table.replace([math.inf, -math.inf], None).astype(object)
    return [
        {str(name): cell for name, cell in row.items()}
        for row in finite.where(finite.notna(), None).to_dict(orient="records")
    ]
