"""How many threads does numpy's linear algebra take? One, where the last digit matters."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Linear algebra on one thread, inside a ``with``.

    Several threads add in another order, so that another machine, or another worker on this one,
    would find other last digits.

    >>> with one_thread():
    ...     pass
    """
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    # to look for the libraries takes milliseconds
    return ThreadpoolController()
