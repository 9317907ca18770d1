"""How does a table look on a page? As one piece of HTML, as texts do.

Streamlit's own makes a small document of each cell, and a browser takes as long for those of two
tables as for all else on a page. Of many columns each row is a block where the table is narrow,
each cell below its head: nothing has to be scrolled sideways, on a phone or in a column of a page.
The browser decides, by the width that the table has; it stays a table for screen readers and for
copying.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from estimator.dashboard.widgets.texts import escaped, inline_html
from estimator.format import capitalized
from estimator.render import document as doc
from estimator.states import Tone

_FEW: Final = 3
"""So many columns fit a phone."""
_STEP_REM: Final = 7
_STEPS: Final = range(4, 13)
"""Widths below which tables are blocks, in steps; who needs more is so below the last one."""
_SIGN_REM: Final = 0.45
_BETWEEN_REM: Final = 1
_WORDS_SIGNS: Final = 16
"""A column of words needs no more: they go on in the next line."""
_AS_BLOCKS: Final = {
    # what only a screen reader needs there: labels tell the others
    "thead": "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)",
    "tbody": "display: block",
    "tbody tr": "display: grid; gap: 0.15rem 0.75rem; padding: 0.5rem 0; "
    "grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr))",
    "tbody tr + tr": "border-top: 1px solid rgba(128, 128, 128, 0.35)",
    "td": "display: block; border: 0; padding: 0; min-width: 0; text-align: left; "
    "white-space: normal; overflow-wrap: anywhere",
    "td:empty": "display: none",
    "td:first-child": "grid-column: 1 / -1; font-weight: 600",
    "td[data-head]::before": "content: attr(data-head); display: block; font-size: 0.75rem; "
    "opacity: 0.8",
}
"""Parts of a table that is narrow, and their styles."""


def styles_where_narrow() -> str:
    """Styles of tables of many columns; what all have is in ``style.css``."""
    return "\n".join(
        f"@container (max-width: {_STEP_REM * steps}rem) {{\n"
        + "\n".join(
            f".figures .steps-{steps} {part} {{ {style}; }}" for part, style in _AS_BLOCKS.items()
        )
        + "\n}"
        for steps in _STEPS
    )


def table_html(shown: doc.Table) -> str:
    """A table as HTML, every text of it escaped.

    Few columns with numbers among them give their words all the width.

    >>> page = doc.table(("what", "usd#"), [("a <b>", doc.Text("$1", "strong"))])
    >>> print(table_html(page))  # doctest: +NORMALIZE_WHITESPACE
    <div class="figures"><table class=""><thead><tr><th scope="col">What</th><th
    scope="col" class="number">Usd</th></tr></thead><tbody><tr><td>a &lt;b&gt;</td><td
    class="number" data-head="Usd"><strong>$1</strong></td></tr></tbody></table></div>
    """
    tones = shown.tones or ("plain",) * len(shown.rows)
    rows = "".join(
        f"<tr>{''.join(_cells(shown.columns, row, tone))}</tr>"
        for row, tone in zip(shown.rows, tones, strict=True)
    )
    caption = f"<caption>{escaped(shown.title)}</caption>" if shown.title else ""
    heads = "".join(
        f'<th scope="col"{_side(column)}>{escaped(capitalized(column.head))}</th>'
        for column in shown.columns
    )
    return (
        f'<div class="figures"><table class="{_layout(shown)}">{caption}'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _layout(shown: doc.Table) -> str:
    """The class of a table."""
    if len(shown.columns) > _FEW:
        needed_rem = sum(
            _BETWEEN_REM + _SIGN_REM * _signs(column, [row[position] for row in shown.rows])
            for position, column in enumerate(shown.columns)
        )
        steps = math.ceil(needed_rem / _STEP_REM)
        return f"steps-{min(max(steps, _STEPS.start), _STEPS.stop - 1)}"
    has_words = any(column.wraps and not column.is_number for column in shown.columns)
    has_numbers = any(column.is_number for column in shown.columns)
    return "words" if has_words and has_numbers else ""


def _signs(column: doc.Column, cells: Sequence[doc.Inline]) -> int:
    """How many signs of a column stand side by side: its numbers, or some of its words."""
    longest = max(len(doc.plain_text(cell)) for cell in cells)
    if not column.is_number:
        longest = min(longest, _WORDS_SIGNS)
    return max(longest, *map(len, column.head.split()), 0)


def _cells(
    columns: tuple[doc.Column, ...], row: tuple[doc.Inline, ...], of_row: Tone
) -> Iterator[str]:
    for position, (column, cell) in enumerate(zip(columns, row, strict=True)):
        # the first one heads its row
        head = escaped(capitalized(column.head)) if position else ""
        labeled = f' data-head="{head}"' if head else ""
        tone = column.tone if of_row == "plain" else of_row
        yield f"<td{_side(column)}{labeled}>{inline_html(cell, tone)}</td>"


def _side(column: doc.Column) -> str:
    return ' class="number"' if column.is_number else ""
