"""How does a text with a meaning look on a page? As HTML, which is there at once after an edit.

A browser takes as long to read a line of Markdown as to draw it, and does so for each line anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final, Literal

from estimator.render import document as doc
from estimator.render.printable import printable
from estimator.states import Tone

CardLine = Literal["quiet", "name", "total", "beside", "state"]
_TAGS: Final[dict[Tone, tuple[str, str]]] = {
    "plain": ("", ""),
    "quiet": ('<span class="quiet">', "</span>"),
    "strong": ("<strong>", "</strong>"),
    "good": ('<span class="badge good">', "</span>"),
    "warning": ('<span class="badge warning">', "</span>"),
    "bad": ('<span class="badge bad">', "</span>"),
    "struck": ("<del>", "</del>"),
}


def document_html(parts: Iterable[str], answer: str = "") -> str:
    """Parts one below the other, with the styles of documents.

    Args:
        parts: as HTML.
        answer: the name of their slot, if they answer the question of a page.

    >>> document_html([bullets_html(["one"])])
    '<div class="document"><ul><li>one</li></ul></div>'
    """
    slot = f' data-answer="{answer}"' if answer else ""
    return f'<div class="document"{slot}>{"".join(parts)}</div>'


def paragraph_html(text: doc.Inline, tone: Tone = "plain", label: str = "") -> str:
    """A paragraph, behind its label if it has one.

    >>> paragraph_html("9 nodes", label="Sizing")
    '<p><strong>Sizing</strong> 9 nodes</p>'
    >>> paragraph_html("before tax", "quiet")
    '<p class="quiet">before tax</p>'
    """
    said = f"<strong>{escaped(label)}</strong> " if label else ""
    if tone == "quiet":
        return f'<p class="quiet">{said}{inline_html(text)}</p>'
    return f"<p>{said}{inline_html(text, tone)}</p>"


def heading_html(text: doc.Inline, level: int = 2) -> str:
    """A heading.

    >>> heading_html("Every limit")
    '<h2>Every limit</h2>'
    """
    return f"<h{level}>{inline_html(text)}</h{level}>"


def late_html(text: str, run: str, what: str) -> str:
    """A quiet line that a browser writes anew once a run has found what is to stand there.

    Args:
        text: until then.
        run: its name; empty if the text is what was found.
        what: which of its findings.

    >>> late_html("to be found: …", "a8Qh", "oci.load_balancer_vm")
    '<p class="quiet" data-run="a8Qh" data-what="oci.load_balancer_vm">to be found: …</p>'
    """
    late = f' data-run="{escaped(run)}" data-what="{escaped(what)}"' if run else ""
    return f'<p class="quiet"{late}>{escaped(text)}</p>'


def cards_html(cards: Iterable[Iterable[str]]) -> str:
    """Cards side by side, each with its lines one below the other.

    >>> cards_html([[line_html("total", "500")]])
    '<div class="cards"><div class="card"><p class="total">500</p></div></div>'
    """
    told = "".join(f'<div class="card">{"".join(lines)}</div>' for lines in cards)
    return f'<div class="cards">{told}</div>'


def figures_html(figures: Iterable[tuple[str, str, str]]) -> str:
    """Figures side by side: the label of each, its value, and what stands below it."""
    kinds: tuple[CardLine, ...] = ("quiet", "total", "beside")
    return cards_html(map(line_html, kinds, each) for each in figures)


def line_html(kind: CardLine, text: doc.Inline) -> str:
    """A line of a card; none if there is nothing to say."""
    return f'<p class="{kind}">{inline_html(text)}</p>' if text else ""


def bullets_html(items: Iterable[doc.Inline], tone: Tone = "plain") -> str:
    """A list."""
    return f"<ul>{''.join(f'<li>{inline_html(item, tone)}</li>' for item in items)}</ul>"


def inline_html(text: doc.Inline, tone: Tone = "plain") -> str:
    """A text with its meaning, every piece of it escaped.

    >>> inline_html(("1 < 2, ", doc.Text("so", "strong")))
    '1 &lt; 2, <strong>so</strong>'
    """
    return "".join(_piece(each, tone) for each in doc.pieces(text))


def _piece(piece: str | doc.Text, of_whole: Tone) -> str:
    text = piece if isinstance(piece, doc.Text) else doc.Text(piece)
    shown = escaped(text.text)
    if not shown.strip():
        return shown
    if text.is_code:
        shown = f"<code>{shown}</code>"
    for each in (text.tone, of_whole):
        begins, ends = _TAGS[each]
        shown = f"{begins}{shown}{ends}"
    if address := doc.web_address(text.link):
        return f'<a href="{escape(address)}" target="_blank">{shown}</a>'
    return shown


def escaped(text: str) -> str:
    """A text that says nothing to a browser but itself."""
    return escape(printable(text))
