"""What the views of several results share."""

from __future__ import annotations

from collections.abc import Iterable

from estimator.analysis.result import Refusal
from estimator.format import sentence
from estimator.render.document import Folded, Paragraph, Text, folded


def refused(refusals: Iterable[Refusal]) -> Folded:
    """What could not be priced, and why."""
    return folded(
        "Could not be priced",
        ((Text(each.deployment, is_code=True), f": {each.reason}") for each in refusals),
    )


def under(conventions: str) -> Paragraph:
    """Under which conventions the amounts hold."""
    return Paragraph(sentence(conventions), "quiet")
