"""What becomes of memory that numpy frees? A worker of Dask keeps it, as other processes do."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Final

_ASKED_TO_GIVE_BACK: Final = "MALLOC_TRIM_THRESHOLD_"
"""Dask starts its workers with this at 64 KB: what was freed goes back to the system at once."""
# numbers of <malloc.h>, and the largest values that the C library reaches when it is left alone
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_LARGEST_MMAP_THRESHOLD_BYTES: Final = 32 << 20
_LARGEST_TRIM_THRESHOLD_BYTES: Final = 2 * _LARGEST_MMAP_THRESHOLD_BYTES


@cache
def keep_freed_memory() -> None:
    """Let this process use memory again instead of asking the system for it at each array.

    Otherwise a worker takes two to three times as long: half of it the system spends on clearing
    pages. At most 64 MB are kept. Does nothing where nobody asked to give memory back, nor where
    the C library has no such settings.

    Source: mallopt(3), https://man7.org/linux/man-pages/man3/mallopt.3.html.

    >>> keep_freed_memory()
    """
    if _ASKED_TO_GIVE_BACK not in os.environ or sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _LARGEST_TRIM_THRESHOLD_BYTES)
        mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD_BYTES)
