"""Who draws when several people wait? One after the other, and first those who have least.

Runs share one interpreter: side by side, each takes as long as all of them together, so that every
answer would come as late as the last one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import streamlit as st

_Ticket = tuple[int, int]
"""How much its visitor has of the page, and how many came before."""
_LONGEST_TURN_S: Final = 0.5
"""From then on a run goes on beside the next one: nobody is to wait for what takes seconds."""
_LOOK_S: Final = 0.05
"""Between looks whether a turn has become too long, or a wait pointless."""
_SEND_S: Final = 0.002
"""What is written is sent by another thread, which hardly gets the interpreter while this one goes
on, whether others wait or not."""


@dataclass(slots=True)
class Turns:
    """Runs that wait for each other; each has a thread of its own.

    >>> turns = Turns()
    >>> with turns.one():
    ...     turns.step_back()
    """

    longest_s: float = _LONGEST_TURN_S
    check: Callable[[], object] = lambda: None
    """Raises what ends a run that waits in vain, as its visitor has edited again or left."""
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[_Ticket] = field(default_factory=list[_Ticket])
    _came: count[int] = field(default_factory=count)
    _drawing: _Ticket | None = None
    _until: float = 0.0
    """When another one may draw at the latest."""
    _mine: threading.local = field(default_factory=threading.local)

    @contextmanager
    def one(self) -> Generator[None]:
        """Draw when it is one's turn."""
        self._take(has=0)
        try:
            yield
        finally:
            self._give_back()
            del self._mine.ticket

    def step_back(self) -> None:
        """Let others draw before whose visitors have less, as one's own has more by now.

        What draws without a turn, such as a part of a page by the clock, just goes on.
        """
        ticket: _Ticket | None = getattr(self._mine, "ticket", None)
        if ticket is not None:
            time.sleep(_SEND_S)
            self._give_back()
            self._take(has=ticket[0] + 1)

    def _take(self, has: int) -> None:
        ticket = has, next(self._came)
        with self._changed:
            self._waiting.append(ticket)
            try:
                while min(self._waiting) != ticket or self._is_taken():
                    self._changed.wait(_LOOK_S)
                    self.check()
            finally:
                self._waiting.remove(ticket)
            self._drawing, self._until = ticket, time.monotonic() + self.longest_s
        self._mine.ticket = ticket

    def _is_taken(self) -> bool:
        return self._drawing is not None and time.monotonic() < self._until

    def _give_back(self) -> None:
        with self._changed:
            # unless it took so long that another one draws by now
            if self._drawing == self._mine.ticket:
                self._drawing = None
                self._changed.notify_all()


def _touch_session() -> None:
    """Streamlit ends a run where it touches the session while a newer edit waits."""
    st.session_state.get("session")


TURNS: Final = Turns(check=_touch_session)
"""Of all visitors."""
