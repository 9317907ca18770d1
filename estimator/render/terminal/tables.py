"""What tables of a terminal share."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from estimator.format import dollars as money

__all__ = ["hung", "money"]


def hung(label: str, text: str, style: str = "") -> RenderableType:
    """A paragraph whose lines begin behind its label."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column()
    row.add_row(Text(label, style=style), Text(text, style=style))
    return row
