"""What is due when: rows of arrays, found again in the order of time."""

from __future__ import annotations

import numpy as np

from estimator.scenario.model import FloatArray


class Agenda:
    """Rows (time, further columns) in slots of time, so that only those at hand are looked at."""

    def __init__(self, slot_s: float, *dtypes: type) -> None:
        """Take a length of the slots, and the types of the columns besides the time."""
        self._slot_s = slot_s
        self._dtypes = (np.float64, *dtypes)
        self._slots: dict[int, list[tuple[np.ndarray, ...]]] = {}

    def put(self, times_s: FloatArray, *columns: np.ndarray) -> None:
        """Add rows in any order."""
        if not times_s.size:
            return
        slots = np.floor(times_s / self._slot_s).astype(np.int64)
        order = np.argsort(slots, kind="stable")
        rows = [times_s[order], *(column[order] for column in columns)]
        slots = slots[order]
        edges = np.flatnonzero(np.diff(slots)) + 1
        starts, ends = [0, *edges.tolist()], [*edges.tolist(), slots.size]
        for start, end in zip(starts, ends, strict=True):
            chunk = tuple(row[start:end] for row in rows)
            self._slots.setdefault(int(slots[start]), []).append(chunk)

    def due(self, until_s: float) -> tuple[np.ndarray, ...]:
        """Rows before a time, in the order of time; they stay until ``drop``."""
        chunks = [
            tuple(column[chunk[0] < until_s] for column in chunk)
            for slot in self._at_hand(until_s)
            for chunk in self._slots[slot]
        ]
        if not chunks:
            return tuple(np.empty(0, dtype=dtype) for dtype in self._dtypes)
        rows = [np.concatenate(parts) for parts in zip(*chunks, strict=True)]
        order = np.argsort(rows[0], kind="stable")
        return tuple(row[order] for row in rows)

    def drop(self, until_s: float) -> None:
        """Forget the rows before a time."""
        for slot in self._at_hand(until_s):
            kept = [
                tuple(column[chunk[0] >= until_s] for column in chunk)
                for chunk in self._slots.pop(slot)
            ]
            kept = [chunk for chunk in kept if chunk[0].size]
            if kept:
                rows = tuple(np.concatenate(parts) for parts in zip(*kept, strict=True))
                self._slots[slot] = [rows]

    def _at_hand(self, until_s: float) -> list[int]:
        last = int(np.floor(until_s / self._slot_s))
        return sorted(slot for slot in self._slots if slot <= last)
