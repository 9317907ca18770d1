"""How does work run? Linear algebra on one thread; pieces here, on processes, or on a cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from multiprocessing import util
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


def process_pool(count: int, niceness: int = 0) -> ProcessPoolExecutor:
    """So many processes that leave Ctrl-C to this one, and end with it however it ends.

    They are fresh ones: a fork would copy the locks that threads hold at that moment.

    Args:
        count: of processes.
        niceness: how far they stand back where processors are scarce, as ``os.nice`` takes it;
            Windows knows none.
    """
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=spawn, initializer=_serve, initargs=(niceness,))


def _serve(niceness: int) -> None:
    if hasattr(os, "nice"):
        os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    # a pipe tells, which the system closes even if the parent is killed
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def end_now(pool: ProcessPoolExecutor) -> None:
    """End all processes that this one has begun, those of a pool, before it ends itself."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in multiprocessing.active_children():
        child.terminate()
    # Gives back the semaphores that they shared. A pool does so once it has read all answers, and
    # would wait for ever for the rest of one that was cut in half.
    util._run_finalizers(0)  # pyright: ignore[reportAttributeAccessIssue]
