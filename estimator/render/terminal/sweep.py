"""Sweeps and break-even points as tables for a terminal of 80 columns or more."""

from __future__ import annotations

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from estimator.analysis.breakeven.breakeven import BreakEven
from estimator.analysis.field_words import field_words
from estimator.analysis.sweep.sweep import Sweep
from estimator.format import value_text
from estimator.render.terminal.tables import hung, money

_MOST_ROWS = 60
"""A longer table is for a file."""


def sweep_table(swept: Sweep) -> RenderableType:
    """The cheapest deployment that holds at each point, and its lead."""
    table = _table()
    for name in swept.axes:
        table.add_column(field_words(name), justify="right")
    table.add_column("cheapest within limits", no_wrap=True)
    table.add_column("a month", justify="right", style="bold", no_wrap=True)
    table.add_column("lead", justify="right", no_wrap=True)
    shown = swept.cheapest.head(_MOST_ROWS)
    for *point, name, total, lead in shown.itertuples(index=False):
        figures = [value_text(value) for value in point]
        leads_by = money(lead) if np.isfinite(lead) else "alone"
        amounts = (name, money(total), leads_by) if name else ("none holds", "", "")
        table.add_row(*figures, *amounts)
    parts: list[RenderableType] = [_head(swept.title), table]
    left = len(swept.cheapest) - len(shown)
    if left:
        parts.append(Text(f"and {left:,} more: --csv prints them all", style="dim"))
    parts += [
        Text(f"{name} cannot be priced: {reason}", style="red")
        for name, reason in swept.refusals.items()
    ]
    return Group(*parts)


def break_even_table(found: BreakEven) -> RenderableType:
    """Who is the cheapest from where to where, and why that changes."""
    table = _table()
    table.add_column("from", justify="right", no_wrap=True)
    table.add_column("to", justify="right", no_wrap=True)
    table.add_column("cheapest within limits", no_wrap=True)
    for low, high, name in found.ranges[:_MOST_ROWS]:
        table.add_row(value_text(low), value_text(high), name or "none holds")
    parts: list[RenderableType] = [
        _head(f"{found.title}, over {field_words(found.field)}"),
        table,
    ]
    left = len(found.ranges) - _MOST_ROWS
    if left > 0:
        parts.append(Text(f"and {left:,} more: --json prints them all", style="dim"))
    parts += [hung("-", sentence, "") for sentence in found.sentences]
    parts += [Text(f"cannot be priced: {refusal}", style="red") for refusal in found.refusals]
    return Group(*parts)


def _head(title: str) -> Text:
    """Above a table that may be narrower than its title."""
    return Text(title, style="bold")


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
