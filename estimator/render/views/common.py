"""What the views of several results share."""

from __future__ import annotations

from collections.abc import Iterable

from estimator.format import sentence
from estimator.render.document import (
    MEDIA,
    Column,
    Folded,
    Inline,
    Paragraph,
    Text,
    folded,
    marked,
    state_text,
)
from estimator.result import Refusal
from estimator.states import State


def refused(refusals: Iterable[Refusal]) -> Folded:
    """What could not be priced, and why."""
    return folded(
        "Could not be priced",
        ((Text(each.deployment, is_code=True), f": {each.reason}") for each in refusals),
    )


def under(conventions: str) -> Paragraph:
    """The conventions behind the amounts."""
    return Paragraph(sentence(conventions), "quiet")


def name_columns(*, wraps: bool = False) -> tuple[Column, ...]:
    """A deployment and its state; a terminal has room only for a mark behind the name.

    Args:
        wraps: whether names give way where amounts need the width of the terminal.
    """
    return (
        Column("deployment", wraps=wraps, media=frozenset({"terminal"})),
        Column("deployment", media=MEDIA - {"terminal"}),
        Column("state", media=MEDIA - {"terminal"}),
    )


def name_cells(
    deployment: str | None, state: State | None, shown: Inline | None = None
) -> tuple[Inline, ...]:
    """The cells of ``name_columns``; ``shown`` may say more than the word of the state."""
    name = deployment or ""
    named = Text(name, is_code=True)
    if state is None:
        return name, named, shown or ""
    return marked(name, state), named, shown or state_text(state)
