"""How does a table fit a page? Many columns as blocks where it is narrow; few give words width.

Of many columns each row is a block there, each cell below its head. Nothing then has to be scrolled
sideways, on a phone or in a column of a page. The browser decides, by the width that the table has;
it stays a table for screen readers and for copying.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import streamlit as st

_FEW: Final = 3
"""So many columns fit a phone."""
_REM_PER_COLUMN: Final = 7
"""What a column needs, cells of several words and numbers taken together."""


def blocks_where_narrow(heads: Sequence[str]) -> None:
    """Say how the table that is drawn next looks where it is narrow.

    Args:
        heads: of its columns, as plain text.
    """
    if len(heads) <= _FEW:
        return
    name, table = _next_table(heads)
    labels = "\n".join(
        f"{table} td:nth-child({position})::before {{ content: {_quoted(head)}; }}"
        for position, head in enumerate(heads, 1)
        if position > 1 and head
    )
    st.html(
        f'<span class="table-heads {name}"></span><style>'
        f"@container (max-width: {_REM_PER_COLUMN * len(heads)}rem) {{ {labels}\n"
        # what only a screen reader needs there: labels tell the others
        f"{table} thead {{ position: absolute; width: 1px; height: 1px; overflow: hidden;"
        " clip-path: inset(50%); }"
        f"{table} :is(table, tbody) {{ display: block; }}"
        f"{table} tbody tr {{ display: grid; gap: 0.15rem 0.75rem; padding: 0.5rem 0;"
        " grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }"
        f"{table} td {{ display: block; border: 0; padding: 0; min-width: 0;"
        " white-space: normal; }"
        f"{table} td * {{ overflow-wrap: anywhere; }}"
        f"{table} tbody tr + tr {{ border-top: 1px solid rgba(128, 128, 128, 0.35); }}"
        f"{table} td:first-child {{ grid-column: 1 / -1; font-weight: 600; }}"
        f"{table} td::before {{ display: block; font-size: 0.75rem; opacity: 0.8; }}"
        "}</style>"
    )


def width_for_words(heads: Sequence[str], numbers: Sequence[int]) -> None:
    """Say that the few columns of the table that is drawn next give its words all the width.

    Its numbers stay on one line, and take no more than that.

    Args:
        heads: of its columns, as plain text.
        numbers: positions of its columns of numbers, from 0 on.
    """
    if len(heads) > _FEW:
        return
    name, table = _next_table((*heads, *map(str, numbers)))
    of_numbers = ", ".join(f":nth-child({position + 1})" for position in numbers)
    st.html(
        f'<span class="table-heads {name}"></span><style>'
        f'{table} [data-testid="stMarkdownContainer"] {{ max-width: none; }}'
        f"{table} :is(th, td):is({of_numbers}) {{ width: 1%; white-space: nowrap; }}"
        f"{table} :is(th, td):is({of_numbers}) * {{ overflow-wrap: normal !important;"
        " white-space: nowrap; }"
        "</style>"
    )


def _next_table(said: Sequence[str]) -> tuple[str, str]:
    """A class, and what selects the table after the element that has it.

    Tables of which the same is said share a name, and then have the same rules.
    """
    name = f"heads-{hashlib.sha256(repr(said).encode()).hexdigest()[:12]}"
    return name, f".stElementContainer:has(.{name}) + .stElementContainer"


def _quoted(text: str) -> str:
    r"""A text as CSS writes it: whatever is no letter or digit, by its number.

    >>> print(_quoted('a "b"'))
    "a\20 \22 b\22 "
    """
    signs = (sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):x} " for sign in text)
    return f'"{"".join(signs)}"'
