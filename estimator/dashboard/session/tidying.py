"""When is memory looked through for what nobody needs? Between runs, while nobody waits.

All answers that are kept are objects that Python's collector would look through in the middle of an
edit, about every tenth of them, for as long as the edit itself takes.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

_LOOK_S: Final = 1.0
_QUIET_S: Final = 0.3
"""So long after a run the browser has what it drew."""
_WORTH_IT: Final = 30
"""Collections of what is new, after which all is looked through: some edits."""
_AT_THE_LATEST: Final = 300
"""The same where there is no quiet moment."""


@dataclass(slots=True)
class _Runs:
    """Runs that draw pages, of all visitors."""

    under_way: set[int] = field(default_factory=set[int])
    """Their threads."""
    last_ended: float = 0.0

    @property
    def are_quiet(self) -> bool:
        """Whether nobody waits for one."""
        return not self.under_way and time.monotonic() - self.last_ended > _QUIET_S


_RUNS: Final = _Runs()


@contextmanager
def somebody_waits() -> Generator[None]:
    """While a page is drawn."""
    thread = threading.get_ident()
    _RUNS.under_way.add(thread)
    try:
        yield
    finally:
        _RUNS.under_way.discard(thread)
        _RUNS.last_ended = time.monotonic()


async def tidy_up_between_runs() -> None:
    """Look through memory in quiet moments, for as long as the server runs."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _AT_THE_LATEST)
    while True:
        await asyncio.sleep(_LOOK_S)
        if _RUNS.are_quiet and gc.get_count()[2] >= _WORTH_IT:
            gc.collect()
