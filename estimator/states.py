"""Does it hold? The states of a limit, an assumption or a deployment, from best to worst."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Literal

Tone = Literal["plain", "quiet", "strong", "good", "warning", "bad", "struck"]
"""What a text means, whatever colors a terminal, page or notebook has for it."""


class State(StrEnum):
    """How a demand stands to what it was checked against; a member is its own word.

    >>> State.AT_RISK, State("broken").mark, str(State.PASS)
    (<State.AT_RISK: 'at risk'>, '!', 'pass')
    """

    PASS = "pass"  # noqa: S105 - a state, no password
    """Within every limit."""
    AT_RISK = "at risk"
    """Close to a limit, or beyond one that can be raised."""
    BROKEN = "broken"
    """Beyond a limit that nobody can raise."""

    @property
    def mark(self) -> str:
        """A sign behind a name, where there is no room for the word."""
        return _MARKS[self]

    @property
    def tone(self) -> Tone:
        """What the state means."""
        return _TONES[self]

    @property
    def symbol(self) -> str:
        """A shape that tells as much as the color."""
        return _SYMBOLS[self]

    @property
    def is_within_limits(self) -> bool:
        """Whether a deployment in this state may be called the cheapest."""
        return self is not State.BROKEN


_MARKS: Final = {State.PASS: "", State.AT_RISK: "?", State.BROKEN: "!"}
_TONES: Final[dict[State, Tone]] = {
    State.PASS: "good",
    State.AT_RISK: "warning",
    State.BROKEN: "bad",
}
_SYMBOLS: Final = {State.PASS: "●", State.AT_RISK: "▲", State.BROKEN: "✖"}


def worst(states: Iterable[str]) -> State:
    """The worst of some states; pass if there is none.

    >>> worst(["pass", "broken", "at risk"])
    <State.BROKEN: 'broken'>
    """
    found = set(states)
    return next((state for state in reversed(State) if state in found), State.PASS)
