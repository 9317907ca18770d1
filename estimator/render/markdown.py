r"""Answers as Markdown for a comment on a change: short, and safe whoever wrote the names in it.

Every text is escaped here; only what this module made itself is taken as Markdown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from estimator.render import document as doc
from estimator.render.printable import printable
from estimator.states import Tone

_SIGNS: Final = re.compile(r"([\\`*_{}\[\]<>#~&!])")
# what GitHub and GitLab make a link of without being told to
_ADDRESS: Final = re.compile(r"(?i)((?:\w(?=://))|www(?=\.))")
# what would begin a list or rule a line off
_AT_THE_START: Final = re.compile(r"^ ?(?:[-+](?=[-+ ]|$)|\d+(?=[.)](?: |$)))")
# a dollar sign begins a formula, but not before an amount that stands by itself
_FORMULA: Final = re.compile(r"(?<=[^ +−])\$|\$(?!\d)")
_NO_NAME_FOLLOWS: Final = "@\N{WORD JOINER}"
"""Nobody is called to a discussion by the name of a scenario."""


class Markdown(str):
    """A text that is Markdown already, and made by this module."""

    __slots__ = ()


def escaped(text: object) -> Markdown:
    r"""Any text on one line, made harmless.

    >>> print(escaped("<b> & *Co*, $5"))
    \<b\> \& \*Co\*, $5
    """
    if isinstance(text, Markdown):
        return text
    line = _SIGNS.sub(r"\\\1", re.sub(r"\s+", " ", printable(str(text))))
    line = _ADDRESS.sub(r"\1\\", line)
    line = _FORMULA.sub(r"\\$", line).replace("@", _NO_NAME_FOLLOWS)
    start = _AT_THE_START.match(line)
    if start is None:
        return Markdown(line)
    # the backslash stands before the sign, or between a number and its full stop
    at = start.end() if start[0][-1].isdigit() else start.end() - 1
    return Markdown(f"{line[:at]}\\{line[at:]}")


def code(text: object) -> Markdown:
    """A name or value as it is written; nothing in it means anything.

    >>> print(code("aws.nlb_ec2"), code("a`b"))
    `aws.nlb_ec2` ``a`b``
    """
    line = " ".join(printable(str(text)).split())
    if not line:
        return Markdown()
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return Markdown(f"{fence}{room}{line}{room}{fence}")


def strong(text: object) -> Markdown:
    """A text that stands out; nothing at all without a text."""
    return Markdown(f"**{escaped(text)}**" if text else "")


def joined(*parts: object) -> Markdown:
    """Parts of one line."""
    return Markdown("".join(map(escaped, parts)))


def bullets(texts: Iterable[object]) -> Markdown:
    """A list; nothing without entries."""
    return Markdown("\n".join(f"- {escaped(text)}" for text in texts))


def table(
    heads: Sequence[object], rows: Iterable[Sequence[object]], numbers: Collection[str] = ()
) -> Markdown:
    r"""Rows under their heads; nothing without rows.

    Args:
        heads: names of the columns.
        rows: cells, one for each column.
        numbers: heads of the columns that are aligned to the right.

    >>> print(table(["a", "b"], [["x|y", 1]], numbers={"b"}))
    | a | b |
    |---|---:|
    | x\|y | 1 |
    """
    body = [_row(cells) for cells in rows]
    if not body:
        return Markdown()
    rule = "|".join("---:" if str(head) in numbers else "---" for head in heads)
    return Markdown("\n".join([_row(heads), f"|{rule}|", *body]))


def folded(title: str, body: Markdown) -> Markdown:
    """What opens on a click; nothing without a body."""
    if not body:
        return Markdown()
    # without the empty lines what is inside would not be read as Markdown
    head = f"<details>\n<summary>{html.escape(title)}</summary>"
    return Markdown(f"{head}\n\n{body}\n\n</details>")


def render(shown: doc.Document) -> str:
    r"""A document as GitHub and GitLab show it in a comment.

    >>> print(render(doc.Document("Team *chat*", (doc.Paragraph("it holds"),))))
    **Team \*chat\***
    <BLANKLINE>
    it holds
    <BLANKLINE>
    """
    return document(strong(shown.title), *map(_block, shown.for_medium("markdown")))


def document(*parts: Markdown) -> str:
    """Paragraphs, tables and lists below each other; empty ones are left out."""
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: doc.Block) -> Markdown:
    match block:
        case doc.Table():
            heads = [column.head for column in block.columns]
            numbers = {column.head for column in block.columns if column.is_number}
            rows = (tuple(map(_inline, row)) for row in block.rows)
            title = strong(block.title)
            found = table(heads, rows, numbers)
            return Markdown(f"{title}\n\n{found}") if title else found
        case doc.Paragraph():
            label = f"{block.label} " if block.label else ""
            return joined(label, _toned(_inline(block.text), block.tone))
        case doc.Bullets():
            return bullets(map(_inline, block.items))
        case doc.Folded():
            inside = "\n\n".join(map(_block, block.blocks))
            return folded(block.title, Markdown(inside))
        case doc.Only():
            return Markdown("\n\n".join(map(_block, block.blocks)))


def _inline(text: doc.Inline) -> Markdown:
    return joined(*(_piece(piece) for piece in doc.pieces(text)))


def _piece(piece: str | doc.Text) -> Markdown:
    if isinstance(piece, str):
        return escaped(piece)
    shown = code(piece.text) if piece.is_code else escaped(piece.text)
    if address := doc.web_address(piece.link):
        shown = Markdown(f"[{shown}]({address})")
    return _toned(shown, piece.tone)


def _toned(text: Markdown, tone: Tone) -> Markdown:
    if tone == "strong" and text:
        return Markdown(f"**{text}**")
    return Markdown(f"~~{text}~~") if tone == "struck" and text else text


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(escaped(cell).replace('|', chr(92) + '|') for cell in cells)} |"
