"""How is a table written for spreadsheets? As CSV, of which they take no cell for a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from estimator.render.printable import printable

if TYPE_CHECKING:
    import pandas as pd

_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv(table: pd.DataFrame) -> str:
    """A table as CSV."""
    return table.map(inert).rename(columns=inert).to_csv(index=False, lineterminator="\n")


def inert(cell: object) -> object:
    r"""A cell that no spreadsheet takes for a formula, and no terminal for an order.

    >>> inert("=1+1"), inert("plain"), inert(-5.0)
    ("'=1+1", 'plain', -5.0)
    """
    if not isinstance(cell, str):
        return cell
    return printable(f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_SIGNS) else cell)
