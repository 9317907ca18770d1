"""How is a table written for spreadsheets? As CSV, of which they take no cell for a formula."""

from __future__ import annotations

import re
from csv import QUOTE_NONNUMERIC
from typing import TYPE_CHECKING, Final

from estimator.render.printable import printable

if TYPE_CHECKING:
    import pandas as pd

_COMMENT: Final = "#"
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
"""What is written out in digits, of which a spreadsheet makes a number."""


def csv(table: pd.DataFrame, *, comments: bool = False) -> str:
    """A table as CSV.

    Args:
        table: the table.
        comments: lines that begin with ``#`` come before it. Where a text holds that sign, all
            texts are quoted, so that who skips comments does not cut it off.
    """
    inert_table = table.map(inert).rename(columns=inert)
    text = inert_table.to_csv(index=False, lineterminator="\n")
    if not comments or _COMMENT not in text:
        return text
    return inert_table.to_csv(index=False, lineterminator="\n", quoting=QUOTE_NONNUMERIC)


def inert(cell: object) -> object:
    r"""A cell that no spreadsheet takes for a formula, and no terminal for an order.

    >>> inert("=1+1"), inert("plain"), inert(-5.0), inert("-0.25")
    ("'=1+1", 'plain', -5.0, '-0.25')
    """
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    return printable(f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_SIGNS) else cell)
