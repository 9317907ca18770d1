"""Documents as HTML for a notebook, in the colors of the page.

Names and notes may come from a file or link of somebody else, so every text is escaped here.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final

from estimator.render import document as doc
from estimator.states import Tone

# JupyterLab's own variables follow its theme; elsewhere the color of the text is taken
_STYLES: Final[dict[Tone, str]] = {
    "plain": "",
    "quiet": "opacity:.75",
    "strong": "font-weight:bold",
    "good": "color:var(--jp-success-color1, currentColor)",
    "warning": "color:var(--jp-warn-color1, currentColor)",
    "bad": "color:var(--jp-error-color1, currentColor)",
    "struck": "opacity:.75;text-decoration:line-through",
}


def render(document: doc.Document) -> str:
    """A document as HTML.

    >>> render(doc.Document("Bill <1>"))
    '<div class="tex2jax_ignore mathjax_ignore"><b>Bill &lt;1&gt;</b></div>'
    """
    # notebooks would set what stands between two dollar signs as a formula
    title = html.escape(document.title)
    if title:
        title = f"<b{_style(document.tone)}>{title}</b>"
    body = _blocks(document.for_medium("notebook"))
    return f'<div class="tex2jax_ignore mathjax_ignore">{title}{body}</div>'


def _blocks(blocks: Iterable[doc.Block]) -> str:
    return "".join(map(_block, blocks))


def _block(block: doc.Block) -> str:
    match block:
        case doc.Table():
            return _table(block)
        case doc.Paragraph():
            label = f"{block.label} " if block.label else ""
            return f"<div{_style(block.tone)}>{html.escape(label)}{_inline(block.text)}</div>"
        case doc.Bullets():
            items = "".join(f"<li>{_inline(item)}</li>" for item in block.items)
            return f"<ul{_style(block.tone)}>{items}</ul>"
        case doc.Folded():
            return (
                f"<details><summary>{html.escape(block.title)}</summary>{_blocks(block.blocks)}"
                "</details>"
            )
        case doc.Only():
            return _blocks(block.blocks)


def _table(table: doc.Table) -> str:
    heads = "".join(_cell("th", column, column.head) for column in table.columns)
    tones = table.tones or ("plain",) * len(table.rows)
    rows = "".join(
        f"<tr{_style(tone)}>"
        + "".join(
            _cell("td", column, cell) for column, cell in zip(table.columns, row, strict=True)
        )
        + "</tr>"
        for row, tone in zip(table.rows, tones, strict=True)
    )
    caption = f"<div>{html.escape(table.title)}</div>" if table.title else ""
    return f"{caption}<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(tag: str, column: doc.Column, text: doc.Inline) -> str:
    side = "right" if column.is_number else "left"
    return f'<{tag} style="text-align:{side};vertical-align:top">{_inline(text)}</{tag}>'


def _inline(text: doc.Inline) -> str:
    return "".join(map(_piece, doc.pieces(text)))


def _piece(piece: str | doc.Text) -> str:
    if isinstance(piece, str):
        return html.escape(piece)
    shown = html.escape(piece.text)
    if piece.is_code:
        shown = f"<code>{shown}</code>"
    if address := doc.web_address(piece.link):
        shown = f'<a href="{html.escape(address)}" rel="noreferrer">{shown}</a>'
    return f"<span{_style(piece.tone)}>{shown}</span>" if piece.tone != "plain" else shown


def _style(tone: Tone) -> str:
    return f' style="{_STYLES[tone]}"' if _STYLES[tone] else ""
