"""What do visitors share? Answers, kept while all of them together take less than a bound of bytes.

Entries differ by orders of magnitude, and a link can ask for large ones: a bound on their number
bounds no memory. The newest entry stays however large it is: somebody waits for it, and who made it
bounds it. An entry is measured once nobody waits for it, since that takes a tenth of what an answer
takes; what it works out later and keeps for itself adds some percent.
"""

from __future__ import annotations

import gc
import inspect
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Hashable, Iterator
from contextlib import suppress
from functools import cache, partial, wraps
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final, TypeVar, TypeVarTuple

import numpy as np
import pandas as pd

from estimator.deployments.limits import OWNERS, load_limits
from estimator.deployments.registry import assumptions
from estimator.pricing.catalog import load_catalog
from estimator.pricing.price_files import price_list_version
from estimator.units import MIB

_MOST_UNMEASURED: Final = 16
"""Then they are measured all the same, as where answers are made and no page is drawn."""
MOST_BYTES: Final = 64 * MIB
"""Of all answers and pictures together, or of the newest alone if that takes more.

That holds those of about a hundred edits. Each edit makes others, so that more of it would only be
more memory."""

_CODE: Final = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)
_LEAVES: Final = (pd.DataFrame, pd.Series, str, bytes, int, float)
"""What tells its whole size itself."""

Given = TypeVarTuple("Given")
Answer = TypeVar("Answer")


class Cache:
    """Answers by what was asked; those not asked for the longest give way, the newest never.

    >>> kept = Cache(most_bytes=5_000)
    >>> for name in ("a", "b", "c"):
    ...     _ = kept.get(name, lambda: bytes(2_000))
    >>> kept.measure()
    >>> kept.find("a"), len(kept.find("c")), kept.size_bytes <= 5_000
    (None, 2000, True)
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.size_bytes = 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._unmeasured: list[Hashable] = []
        self._being_made: dict[Hashable, threading.Lock] = {}

    def get(self, asked: Hashable, make: Callable[[], Any]) -> Any:
        """The answer, made if there is none; who asks the same meanwhile waits for it."""
        with self._lock:
            being_made = self._being_made.setdefault(asked, threading.Lock())
        try:
            with being_made:
                found = self.find(asked)
                if found is None:
                    found = make()
                    self._put(asked, found)
                return found
        finally:
            with self._lock:
                self._being_made.pop(asked, None)
            if len(self._unmeasured) > _MOST_UNMEASURED:
                self.measure()

    def find(self, asked: Hashable) -> Any:
        """The answer, if it is there."""
        with self._lock:
            if asked not in self._entries:
                return None
            self._entries.move_to_end(asked)
            return self._entries[asked][0]

    def keep(self, asked: Hashable, answer: object) -> None:
        """Keep an answer that nobody waits for; others go until all fit, or until it is alone."""
        self._put(asked, answer)
        self.measure()

    def measure(self) -> None:
        """Measure what was not measured; others go until all fit, or until the newest is alone."""
        while self._unmeasured:
            with suppress(IndexError):  # another thread took the last one
                self._measure(self._unmeasured.pop())

    def _put(self, asked: Hashable, answer: object) -> None:
        with self._lock:
            self.size_bytes -= self._entries.get(asked, (None, 0))[1]
            self._entries[asked] = (answer, 0)
            self._entries.move_to_end(asked)
            self._unmeasured.append(asked)

    def _measure(self, asked: Hashable) -> None:
        answer = self._entries.get(asked, (None, 0))[0]
        size = size_of((asked, answer))
        with self._lock:
            if asked not in self._entries:
                return
            self.size_bytes += size - self._entries[asked][1]
            self._entries[asked] = (answer, size)
            while self.size_bytes > self.most_bytes and len(self._entries) > 1:
                _, (_, freed) = self._entries.popitem(last=False)
                self.size_bytes -= freed

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._entries.clear()
            self._unmeasured.clear()
            self.size_bytes = 0


ANSWERS: Final = Cache(MOST_BYTES)
"""Of all pages, for all sessions; who gets an answer only reads it."""


def kept(function: Callable[[*Given], Answer]) -> Callable[[*Given], Answer]:
    """Keep what a function returns for the same arguments; those that begin with _ do not count."""
    counts = [not name.startswith("_") for name in inspect.signature(function).parameters]

    @wraps(function)
    def answer(*given: *Given) -> Answer:
        asked = [each for each, counted in zip(given, counts, strict=True) if counted]
        # refreshed prices make other answers
        key = (function, price_list_version(), *asked)
        return ANSWERS.get(key, partial(function, *given))

    return answer


def size_of(answer: object) -> int:
    """Bytes that an answer takes, without prices, limits and questions, which are there anyway.

    >>> size_of(np.zeros(1_000)) in range(8_000, 8_300)
    True
    """
    return sum(map(sys.getsizeof, _reached(answer, _shipped()[1])))


def _reached(root: object, known: Container[int]) -> Iterator[object]:
    """An object and all that it holds, each once, without what is known by its identity."""
    seen, waiting = set[int](), [root]
    while waiting:
        one = waiting.pop()
        if id(one) in known or id(one) in seen or isinstance(one, _CODE):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, np.ndarray):
            waiting.extend([one.base, *(one.flat if one.dtype == object else ())])
        elif not isinstance(one, _LEAVES):
            waiting.extend(gc.get_referents(one))


@cache
def _shipped() -> tuple[object, frozenset[int]]:
    """What ships with the package, held for good, and the identities of all its parts."""
    shipped = load_catalog(), [*map(load_limits, OWNERS)], assumptions()
    return shipped, frozenset(map(id, _reached(shipped, ())))
