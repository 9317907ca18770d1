"""How does work run? Linear algebra on one thread; pieces here, on processes, or on a cluster."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from functools import cache
from typing import Protocol, runtime_checkable

from threadpoolctl import ThreadpoolController

_RETRIES = 3
"""How often a piece is begun anew when the worker that had it is lost."""


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


@runtime_checkable
class Client(Protocol):
    """A ``dask.distributed.Client``, or anything else that hands out an executor."""

    def get_executor(self, **kwargs: object) -> Executor:
        """An executor whose calls run on the cluster."""
        ...


def executor_of(client: Client | Executor | None) -> Executor | None:
    """The executor that runs pieces of work; None to run them here.

    Args:
        client: a ``dask.distributed.Client``, an executor such as a ``ProcessPoolExecutor``, or
            None.

    >>> executor_of(None) is None
    True
    """
    if client is None or isinstance(client, Executor):
        return client
    return client.get_executor(retries=_RETRIES, pure=False)
