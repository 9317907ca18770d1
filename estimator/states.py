"""Does it hold? The states of limits and deployments, and those of what a simulation finds."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Tone = Literal["plain", "quiet", "strong", "good", "warning", "bad", "struck"]
"""What a text means, whatever colors a terminal, page or notebook has for it."""


class _Meaning(NamedTuple):
    """What a state means, wherever it is shown or decides something."""

    tone: Tone
    symbol: str
    """A shape that tells as much as the color."""
    mark: str
    """A sign behind a name, where there is no room for the word."""
    may_be_cheapest: bool
    """Whether what is in this state may be called the cheapest."""
    fails: bool
    """Whether a command that was asked whether it holds ends with exit status 1."""


class _Judgment(StrEnum):
    """A word with a meaning; the members of a subclass go from best to worst."""

    @property
    def _meaning(self) -> _Meaning:
        return _MEANINGS[type(self), self.value]

    @property
    def tone(self) -> Tone:
        """What the state means."""
        return self._meaning.tone

    @property
    def symbol(self) -> str:
        """A shape that tells as much as the color."""
        return self._meaning.symbol

    @property
    def mark(self) -> str:
        """A sign behind a name, where there is no room for the word."""
        return self._meaning.mark

    @property
    def fails(self) -> bool:
        """Whether a command that was asked whether it holds ends with exit status 1."""
        return self._meaning.fails


class State(_Judgment):
    """How a demand stands to a limit, or to all those of a deployment; a member is its own word.

    >>> State.SETTING, State("over a hard limit").mark, str(State.WITHIN_LIMITS)
    (<State.SETTING: 'setting to change'>, '!', 'within limits')
    """

    WITHIN_LIMITS = "within limits"
    """Checked against a figure, and far enough from it."""
    NEAR_LIMIT = "near a limit"
    """Close to a limit, or beyond what is only advised."""
    SETTING = "setting to change"
    """Beyond a limit that the user can raise."""
    QUOTA = "quota increase"
    """Beyond a limit that the vendor raises on request."""
    BEYOND_QUOTA = "quota increase beyond reach"
    """Beyond a limit that the vendor raises on request, by more than anybody can count on."""
    NOT_CHECKED = "not checked"
    """There was no figure to check it against."""
    OVER_LIMIT = "over a hard limit"
    """Beyond a limit that nobody can raise."""

    @property
    def is_within_limits(self) -> bool:
        """Whether a deployment in this state may be called the cheapest."""
        return self._meaning.may_be_cheapest


class Assessment(_Judgment):
    """What a simulation finds of an assumption; a member is its own word.

    >>> Assessment.AT_RISK.symbol, Assessment("missed").fails
    ('▲', True)
    """

    MET = "met"
    """What was assumed is what was found."""
    NOT_CHECKED = "not checked"
    """There was nothing to hold against it."""
    AT_RISK = "at risk"
    """It is met with little margin, or nearly met."""
    MISSED = "missed"
    """It does not hold."""
    DOES_NOT_RECOVER = "does not recover"
    """A storm goes on by itself, though there was time enough for it to end."""

    @classmethod
    def of(cls, state: State) -> Assessment:
        """What the state of a limit says of the assumption that one stays within it.

        >>> Assessment.of(State.QUOTA)
        <Assessment.AT_RISK: 'at risk'>
        """
        if state is State.NOT_CHECKED:
            return cls.NOT_CHECKED
        if state is State.WITHIN_LIMITS:
            return cls.MET
        return cls.AT_RISK if state.is_within_limits else cls.MISSED


_GOOD: Final = _Meaning("good", "●", "", may_be_cheapest=True, fails=False)
_WARNING: Final = _Meaning("warning", "▲", "?", may_be_cheapest=True, fails=False)
_BAD: Final = _Meaning("bad", "✖", "!", may_be_cheapest=False, fails=True)
_UNKNOWN: Final = _Meaning("warning", "○", "-", may_be_cheapest=False, fails=True)

_MEANINGS: Final[dict[tuple[type[_Judgment], str], _Meaning]] = {
    (State, State.WITHIN_LIMITS.value): _GOOD,
    (State, State.NEAR_LIMIT.value): _WARNING,
    (State, State.SETTING.value): _WARNING,
    (State, State.QUOTA.value): _WARNING,
    (State, State.BEYOND_QUOTA.value): _BAD,
    (State, State.NOT_CHECKED.value): _UNKNOWN,
    (State, State.OVER_LIMIT.value): _BAD,
    (Assessment, Assessment.MET.value): _GOOD,
    # weeks are simulated to see what nobody has a figure for, too
    (Assessment, Assessment.NOT_CHECKED.value): _UNKNOWN._replace(fails=False),
    (Assessment, Assessment.AT_RISK.value): _WARNING,
    (Assessment, Assessment.MISSED.value): _BAD,
    (Assessment, Assessment.DOES_NOT_RECOVER.value): _BAD,
}

STATES: Final = (*State,)
"""What the numbers of states in arrays mean."""
NUMBERS: Final = {state: number for number, state in enumerate(STATES)}
"""The number of each state in arrays; the worst is the largest."""
_IS_WITHIN_LIMITS: Final = np.array([state.is_within_limits for state in STATES])

_OfOneKind = TypeVar("_OfOneKind", bound=_Judgment)


def within_limits(numbers: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Where a deployment may be called the cheapest, by the numbers of its states.

    >>> within_limits(np.array([NUMBERS[State.QUOTA], NUMBERS[State.NOT_CHECKED]], np.int8))
    array([ True, False])
    """
    return _IS_WITHIN_LIMITS[numbers]


def worst(states: Iterable[_OfOneKind], otherwise: _OfOneKind) -> _OfOneKind:
    """The worst of some states of one kind; ``otherwise`` if there is none.

    >>> worst([State.QUOTA, State.OVER_LIMIT, State.NEAR_LIMIT], State.NOT_CHECKED)
    <State.OVER_LIMIT: 'over a hard limit'>
    """
    found = set(states)
    return next((state for state in reversed(type(otherwise)) if state in found), otherwise)
