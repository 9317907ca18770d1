"""Whose bill is this? Its columns say so, not the name of its file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from estimator.invoices.formats import (
    aws_cur,
    azure_export,
    focus,
    google_export,
    oci_report,
)
from estimator.invoices.invoice import InvoiceError

if TYPE_CHECKING:
    import pandas as pd

_LEAST_SHARE: Final = 0.5
"""A file that has so much of what a format requires is of that format, with columns missing."""
_MOST_NAMED: Final = 5


class Format(NamedTuple):
    """How the bills of one kind are told from others and read."""

    name: str
    title: str
    """For people."""
    columns: Mapping[str, tuple[str, ...]]
    """The spellings of each column that is read, without capitals and signs."""
    required: Mapping[str, str]
    """The columns that every file has, as the vendor spells them."""
    amounts: Mapping[str, str]
    """Columns that hold numbers, and what people call them."""
    lines: Callable[[pd.DataFrame], pd.DataFrame]
    time_zone: str = "UTC"
    """In which its days and months begin."""


FORMATS: Final = tuple(
    Format(
        each.NAME,
        each.TITLE,
        each.COLUMNS,
        each.REQUIRED,
        each.AMOUNTS,
        each.lines,
        each.TIME_ZONE if each is google_export else "UTC",
    )
    for each in (focus, aws_cur, oci_report, google_export, azure_export)
)


class Recognized(NamedTuple):
    """A format, and where a file of it has which column."""

    format: Format
    at: Mapping[str, int]
    """Position of each column that the file has."""


def recognized(header: Sequence[str], name: str) -> Recognized | None:
    """The format of a file with this header; None if it is none of ours.

    Raises:
        InvoiceError: it is a format of ours, but columns are missing.

    >>> recognized(["lineItem/UsageType", "product/sku"], "bill.csv") is None
    True
    """
    position: dict[str, int] = {}
    for at, cell in enumerate(header):
        position.setdefault(_plain(cell), at)
    found = [_found(each, position) for each in FORMATS]
    best = max(found, key=_share)
    if _share(best) < _LEAST_SHARE:
        return None
    required = best.format.required
    if spelled := [required[each] for each in required if each not in best.at]:
        others = f" and {len(spelled) - _MOST_NAMED} more" if len(spelled) > _MOST_NAMED else ""
        raise InvoiceError(
            f"{name}: it looks like {best.format.title}, but has no column "
            f"{', '.join(spelled[:_MOST_NAMED])}{others}; export it with all columns"
        )
    return best


def _found(kind: Format, position: Mapping[str, int]) -> Recognized:
    at = {
        column: next(position[each] for each in spellings if each in position)
        for column, spellings in kind.columns.items()
        if any(each in position for each in spellings)
    }
    return Recognized(kind, at)


def _share(found: Recognized) -> float:
    return sum(each in found.at for each in found.format.required) / len(found.format.required)


def _plain(cell: str) -> str:
    """A column's name without capitals and signs: lineItem/UsageType is line_item_usage_type."""
    return re.sub(r"[^a-z0-9]", "", cell.casefold())
