"""What the views of several results share."""

from __future__ import annotations

from collections.abc import Iterable

from estimator.analysis.estimate.result import Estimate
from estimator.format import sentence
from estimator.render import document as doc
from estimator.result import Refusal


def refused(refusals: Iterable[Refusal]) -> doc.Folded:
    """What could not be priced, and why."""
    return doc.folded(
        "Could not be priced",
        ((doc.Text(each.deployment, is_code=True), f": {each.reason}") for each in refusals),
    )


def under(conventions: str) -> doc.Paragraph:
    """The conventions behind the amounts."""
    return doc.Paragraph(sentence(conventions), "quiet")


def name_columns(*, wraps: bool = False) -> tuple[doc.Column, ...]:
    """A deployment and its state; a terminal has room only for a mark behind the name.

    Args:
        wraps: whether names give way where amounts need the width of the terminal.
    """
    return (
        doc.Column("deployment", wraps=wraps, media=frozenset({"terminal"})),
        doc.Column("deployment", media=doc.MEDIA - {"terminal"}),
        doc.Column("state", media=doc.MEDIA - {"terminal"}),
    )


def bill_state(bill: Estimate) -> doc.Text:
    """How a deployment stands to its limits."""
    return doc.state_text(bill.state, bill.state_words)


def name_cells(
    deployment: str | None, bill: Estimate | None, shown: doc.Inline | None = None
) -> tuple[doc.Inline, ...]:
    """The cells of ``name_columns``; ``shown`` may say something else than the state of the bill.

    Args:
        deployment: id.
        bill: whose state it is; None if there is none.
        shown: instead of the state, where there is room.
    """
    name = deployment or ""
    named = doc.Text(name, is_code=True)
    if bill is None:
        return name, named, shown or ""
    return doc.marked(name, bill.state), named, shown or bill_state(bill)
