"""How objects show themselves in a notebook: small HTML that takes its colors from the page.

Names and notes may come from a file or link of somebody else, so every text is escaped here, and
only what this module made itself is taken as HTML.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Sequence
from typing import Final

_QUIET: Final = "opacity:.75"
# JupyterLab's own variables follow its theme; elsewhere the color of the text is taken
_SIGNS: Final = {
    "pass": "var(--jp-success-color1, currentColor)",
    "at risk": "var(--jp-warn-color1, currentColor)",
    "broken": "var(--jp-error-color1, currentColor)",
}
_SHAPES: Final = {"pass": "&#9679;", "at risk": "&#9650;", "broken": "&#10006;"}


class Html(str):
    """A text that is HTML already, and made by this module."""

    __slots__ = ()


def escaped(text: object) -> Html:
    """Any text, made harmless.

    >>> escaped("<b> & Co")
    '&lt;b&gt; &amp; Co'
    """
    return text if isinstance(text, Html) else Html(html.escape(str(text)))


def card(title: object, *parts: Html) -> Html:
    """A heading and what stands below it.

    >>> card("Bill <1>")
    '<div class="tex2jax_ignore mathjax_ignore"><b>Bill &lt;1&gt;</b></div>'
    """
    # notebooks would set what stands between two dollar signs as a formula
    return Html(
        f'<div class="tex2jax_ignore mathjax_ignore"><b>{escaped(title)}</b>{"".join(parts)}</div>'
    )


def small(text: object) -> Html:
    """A quiet line; nothing at all without a text."""
    return Html(f'<div style="{_QUIET}">{escaped(text)}</div>' if text else "")


def strong(text: object) -> Html:
    """A text that stands out."""
    return Html(f"<b>{escaped(text)}</b>")


def link(address: str, text: object) -> Html:
    """A link, if it is one to a page; the text alone otherwise."""
    if not address.startswith(("https://", "http://")):
        return escaped(text)
    return Html(f'<a href="{html.escape(address)}">{escaped(text)}</a>')


def state_sign(state: str) -> Html:
    """A state with its sign, of which the shape tells as much as the color."""
    sign = f'<span style="color:{_SIGNS[state]}">{_SHAPES[state]}</span>'
    return Html(f'<span style="white-space:nowrap">{sign} {escaped(state)}</span>')


def rows_under(
    heads: Sequence[str], rows: Iterable[Sequence[object]], numbers: Collection[str] = ()
) -> Html:
    """Rows under their heads.

    Args:
        heads: names of the columns.
        rows: cells, one for each column.
        numbers: heads of the columns that are aligned to the right.
    """
    aligned = ["right" if head in numbers else "left" for head in heads]

    def row(cells: Sequence[object], tag: str) -> str:
        return "".join(
            f'<{tag} style="text-align:{side};vertical-align:top">{escaped(cell)}</{tag}>'
            for cell, side in zip(cells, aligned, strict=True)
        )

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return Html(f"<table><thead><tr>{row(heads, 'th')}</tr></thead><tbody>{body}</tbody></table>")


def folded(title: str, texts: Iterable[object]) -> Html:
    """A list that opens on a click, with the number of its entries; nothing without entries."""
    entries = [f"<li>{escaped(text)}</li>" for text in texts]
    if not entries:
        return Html()
    return Html(
        f"<details><summary>{escaped(title)} ({len(entries)})</summary>"
        f"<ul>{''.join(entries)}</ul></details>"
    )
