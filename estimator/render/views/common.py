"""What the views of several results share."""

from __future__ import annotations

from collections.abc import Iterable

from estimator.format import sentence
from estimator.render.document import Folded, Paragraph, Text, folded, marked
from estimator.result import Refusal
from estimator.states import State


def refused(refusals: Iterable[Refusal]) -> Folded:
    """What could not be priced, and why."""
    return folded(
        "Could not be priced",
        ((Text(each.deployment, is_code=True), f": {each.reason}") for each in refusals),
    )


def under(conventions: str) -> Paragraph:
    """Under which conventions the amounts hold."""
    return Paragraph(sentence(conventions), "quiet")


def named(deployment: str | None, state: State | None, *, has_states: bool) -> Text:
    """The id of a deployment; where a table has no room for states, with the mark of its own."""
    name = deployment or ""
    return Text(name if has_states or not state else marked(name, state), is_code=True)
