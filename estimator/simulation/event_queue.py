"""What is due when? Rows of arrays, found again in the order of time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray, IntArray

AnyArray = npt.NDArray[Any]
_BINS: Final = 65_535


def order_of(times_s: FloatArray, clients: IntArray) -> IntArray:
    """Order by time, and by client at the same moment.

    >>> order_of(np.array([2.0, 1.0, 1.0]), np.array([4, 7, 5])).tolist()
    [2, 1, 0]
    """
    order = np.argsort(times_s, kind="stable")
    sorted_s = times_s[order]
    if (sorted_s[1:] == sorted_s[:-1]).any():
        return np.lexsort((clients, times_s))
    return order


class Timetable:
    """Moments known from the start, one of each client, found again by the stretch of time."""

    def __init__(self, times_s: FloatArray, from_s: float, until_s: float) -> None:
        """Sort the moments from one time to another coarsely: few bins sort fast."""
        self._times_s, self._from_s = times_s, from_s
        self._bin_s = (until_s - from_s) / _BINS
        bins = times_s - from_s
        bins /= self._bin_s
        bins = np.clip(bins, 0, _BINS, out=bins).astype(np.uint16)
        self._by_bin: IntArray = np.argsort(bins, kind="stable")
        self._ends = np.concatenate([[0], np.cumsum(np.bincount(bins, minlength=_BINS + 1))])

    def between(self, from_s: float, until_s: float) -> IntArray:
        """Clients whose moment is in a stretch of time, its end not included, in any order."""
        first, last = ((moment - self._from_s) / self._bin_s for moment in (from_s, until_s))
        near = self._by_bin[self._ends[int(first)] : self._ends[min(int(last), _BINS) + 1]]
        times_s = self._times_s[near]
        return near[(times_s >= from_s) & (times_s < until_s)]


class EventQueue:
    """Rows (time, further columns) in slots of time, so that only those at hand are looked at."""

    def __init__(self, slot_s: float, *dtypes: type) -> None:
        """Take a length of the slots, and the types of the columns besides the time."""
        self._slot_s = slot_s
        self._nothing = tuple(np.empty(0, dtype=dtype) for dtype in (np.float64, *dtypes))
        self._slots: dict[int, list[tuple[AnyArray, ...]]] = {}
        self._first = 0
        """No slot before this one has rows."""

    def put(self, times_s: FloatArray, *columns: AnyArray) -> None:
        """Add rows in any order."""
        if not times_s.size:
            return
        slots = np.floor(times_s / self._slot_s).astype(np.int64)
        order = np.argsort(slots, kind="stable")
        rows = [times_s[order], *(column[order] for column in columns)]
        slots = slots[order]
        self._first = min(self._first, int(slots[0])) if self._slots else int(slots[0])
        edges = np.flatnonzero(np.diff(slots)) + 1
        starts, ends = [0, *edges.tolist()], [*edges.tolist(), slots.size]
        for start, end in zip(starts, ends, strict=True):
            chunk = tuple(row[start:end] for row in rows)
            self._slots.setdefault(int(slots[start]), []).append(chunk)

    def due(self, until_s: float) -> tuple[AnyArray, ...]:
        """Rows before a time, in the order of time; they stay until ``drop``."""
        chunks = [chunk for slot in self._at_hand(until_s) for chunk in self._slots[slot]]
        if not chunks:
            return self._nothing
        rows = _together(chunks)
        due = np.flatnonzero(rows[0] < until_s)
        due = due[np.argsort(rows[0][due], kind="stable")]
        return tuple(row[due] for row in rows)

    def may_be_due(self, until_s: float) -> bool:
        """Whether a slot before a time, or with it, has rows."""
        return bool(self._slots) and bool(self._at_hand(until_s))

    def drop(self, until_s: float) -> None:
        """Forget the rows before a time."""
        at_hand = self._at_hand(until_s)
        self._first = self._slot(until_s)
        for slot in at_hand:
            chunks = self._slots.pop(slot)
            if slot == self._first:
                rows = _together(chunks)
                later = rows[0] >= until_s
                if later.any():
                    self._slots[slot] = [tuple(row[later] for row in rows)]

    def _at_hand(self, until_s: float) -> list[int]:
        return [slot for slot in range(self._first, self._slot(until_s) + 1) if slot in self._slots]

    def _slot(self, time_s: float) -> int:
        return int(np.floor(time_s / self._slot_s))


def _together(chunks: list[tuple[AnyArray, ...]]) -> tuple[AnyArray, ...]:
    if len(chunks) == 1:
        return chunks[0]
    return tuple(np.concatenate(parts) for parts in zip(*chunks, strict=True))
