"""Documents for a terminal of 80 columns or more.

Names and notes may come from a file or link of somebody else, so every text is made printable here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from rich import table as rich_table
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.text import Text as RichText

from estimator.render import document as doc
from estimator.render.printable import printable
from estimator.states import Tone

_STYLES: Final[dict[Tone, str]] = {
    "plain": "",
    "quiet": "dim",
    "strong": "bold",
    "good": "green",
    "warning": "yellow",
    "bad": "red",
    "struck": "strike dim",
}


def render(document: doc.Document, *, in_short: bool = False) -> RenderableType:
    """A document for ``rich`` to print.

    Args:
        document: what is printed.
        in_short: leave folds closed and small print out.
    """
    style = f"bold {_STYLES[document.tone]}".rstrip()
    title = [literal(document.title, style)] if document.title else []
    return Group(*title, *_blocks(document.for_medium("terminal"), in_short))


def literal(text: str, style: str = "") -> RichText:
    """A text of which a terminal takes nothing for an order, and ``rich`` nothing for markup."""
    return RichText(printable(text), style=style)


def wrapped(text: str, width: int = 80) -> str:
    """A text with its longer lines folded, but for what cannot be parted, such as an address."""
    lines = printable(text).splitlines()
    return "\n".join(line for long in lines for line in _folded(long, width))


def _folded(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    further = indent + "  "
    return textwrap.wrap(
        line, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def _blocks(blocks: Iterable[doc.Block], in_short: bool) -> Iterator[RenderableType]:
    for block in blocks:
        match block:
            case doc.Table():
                yield _table(block)
            case doc.Paragraph():
                if not (in_short and block.tone == "quiet"):
                    yield _labelled(block.label, block.text, block.tone)
            case doc.Bullets():
                yield from (_labelled("-", item, block.tone) for item in block.items)
            case doc.Folded():
                yield literal(block.title if in_short else f"{block.title}:", "dim")
                yield from () if in_short else _blocks(block.blocks, in_short)
            case doc.Only():
                yield from _blocks(block.blocks, in_short)


def _table(block: doc.Table) -> rich_table.Table:
    table = rich_table.Table(
        title=literal(block.title, "bold") if block.title else None,
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for column in block.columns:
        table.add_column(
            literal(column.head),
            justify="right" if column.is_number else "left",
            style=_STYLES[column.tone],
            no_wrap=not column.wraps,
            overflow="fold" if column.wraps else "ellipsis",
        )
    tones = block.tones or ("plain",) * len(block.rows)
    for row, tone in zip(block.rows, tones, strict=True):
        table.add_row(*map(_inline, row), style=_STYLES[tone])
    return table


def _labelled(label: str, text: doc.Inline, tone: Tone) -> RenderableType:
    """A paragraph whose lines begin behind its label."""
    shown = _inline(text)
    shown.stylize(_STYLES[tone])
    if not label:
        return shown
    row = rich_table.Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column()
    row.add_row(literal(label, _STYLES[tone]), shown)
    return row


def _inline(text: doc.Inline) -> RichText:
    line = RichText()
    for piece in doc.pieces(text):
        style = _STYLES[piece.tone] if isinstance(piece, doc.Text) else ""
        line.append(literal(str(piece), style))
    return line
