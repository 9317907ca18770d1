"""What is shown, whatever shows it: titles, paragraphs, tables and lists with a meaning.

A view makes one ``Document`` of an object; a terminal, a notebook, a page and a Markdown comment
each show that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, get_args
from urllib.parse import quote

from estimator.states import Assessment, State, Tone

Medium = Literal["terminal", "notebook", "markdown"]
_OF_ADDRESSES: Final = ":/?#@!$&*+,;=%~"
MEDIA: Final[frozenset[Medium]] = frozenset(get_args(Medium))


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text with its meaning."""

    text: str
    tone: Tone = "plain"
    link: str = ""
    """Address that it leads to."""
    is_code: bool = False
    """Whether it is a name or value as it is written in a file."""

    def __str__(self) -> str:
        return self.text


Inline = str | Text | tuple["str | Text", ...]
"""A text, or several pieces on one line."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    head: str
    is_number: bool = False
    """Aligned to the right."""
    tone: Tone = "plain"
    wraps: bool = False
    """Whether its texts may take several lines."""
    media: frozenset[Medium] = MEDIA
    """Which have room for it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their heads; nothing is shown without rows."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Inline, ...], ...]
    title: str = ""
    tones: tuple[Tone, ...] = ()
    """Of each row; plain if left out."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, behind a label if it has one."""

    text: Inline
    tone: Tone = "plain"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Inline, ...]
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Folded:
    """What opens on a click where there are clicks; nothing is shown without blocks."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Only:
    """What only some media show, such as how to see more."""

    media: frozenset[Medium]
    blocks: tuple[Block, ...]


Block = Table | Paragraph | Bullets | Folded | Only


@dataclass(frozen=True, slots=True)
class Document:
    """A title and what stands below it."""

    title: str
    blocks: tuple[Block, ...] = field(default=())
    tone: Tone = "plain"
    """Of the title."""

    def for_medium(self, medium: Medium) -> tuple[Block, ...]:
        """The blocks that a medium shows; those without content are left out."""
        return tuple(_for_medium(self.blocks, medium))


def _for_medium(blocks: Iterable[Block], medium: Medium) -> Iterable[Block]:
    for block in blocks:
        if isinstance(block, Only):
            if medium in block.media:
                yield from _for_medium(block.blocks, medium)
        elif isinstance(block, Folded):
            if inner := tuple(_for_medium(block.blocks, medium)):
                yield Folded(block.title, inner)
        elif isinstance(block, Table):
            if block.rows:
                yield _columns_for(block, medium)
        elif block.items if isinstance(block, Bullets) else block.text:
            yield block


def _columns_for(block: Table, medium: Medium) -> Table:
    kept = [index for index, column in enumerate(block.columns) if medium in column.media]
    columns = tuple(block.columns[index] for index in kept)
    return replace(
        block, columns=columns, rows=tuple(tuple(row[i] for i in kept) for row in block.rows)
    )


def only(media: Iterable[Medium], *blocks: Block | None) -> Only:
    """Blocks that only some media show."""
    return Only(frozenset(media), shown(*blocks))


def shown(*blocks: Block | None) -> tuple[Block, ...]:
    """Blocks without those that are None."""
    return tuple(block for block in blocks if block is not None)


def table(
    columns: Iterable[Column | str],
    rows: Iterable[Sequence[Inline]],
    title: str = "",
    tones: Iterable[Tone] = (),
) -> Table:
    """A table; a column given as a text ending in ``#`` holds numbers.

    >>> [each.is_number for each in table(["deployment", "per month#"], []).columns]
    [False, True]
    """
    heads = tuple(
        each if isinstance(each, Column) else Column(each.removesuffix("#"), each.endswith("#"))
        for each in columns
    )
    return Table(heads, tuple(map(tuple, rows)), title, tuple(tones))


def folded(title: str, items: Iterable[Inline]) -> Folded:
    """A folded list with the number of its items."""
    listed = tuple(items)
    return Folded(f"{title} ({len(listed)})", (Bullets(listed),) if listed else ())


def state_text(state: State | Assessment, words: str = "") -> Text:
    """A state with its sign; ``words`` may say more than its own word.

    >>> state_text(State.QUOTA, "quota increase ×3.2").text
    '▲ quota increase ×3.2'
    """
    return Text(f"{state.symbol} {words or state}", state.tone)


def marked(name: str, state: State) -> str:
    """A name, with the mark of its state behind it.

    >>> marked("aws.nlb_ec2", State.NEAR_LIMIT)
    'aws.nlb_ec2 ?'
    """
    return f"{name} {state.mark}".rstrip()


def web_address(link: str) -> str:
    """An address that ends nothing around it, whoever wrote it; empty if it is none on the web.

    >>> web_address("https://example.org/a b) ![](http://elsewhere.example)")
    'https://example.org/a%20b%29%20!%5B%5D%28http://elsewhere.example%29'
    >>> web_address("javascript:alert(1)")
    ''
    """
    return quote(link, safe=_OF_ADDRESSES) if link.startswith(("https://", "http://")) else ""


def pieces(text: Inline) -> tuple[str | Text, ...]:
    """A text as its pieces."""
    return text if isinstance(text, tuple) else (text,)


def plain_text(text: Inline) -> str:
    """A text without its meaning."""
    return "".join(str(piece) for piece in pieces(text))
