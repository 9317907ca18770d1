"""Processes that simulate, and how they stop."""

from __future__ import annotations

import signal
from collections.abc import Generator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context

from estimator.errors import EstimatorError


@contextmanager
def workers(processes: int) -> Generator[Executor | None]:
    """An executor of so many processes, or none for one: then this process does the work.

    Ctrl-C reaches all processes of a terminal. Only this one heeds it; it then ends the others,
    whatever they are about, so that nobody waits for a week to be simulated to its end.

    Raises:
        EstimatorError: one of the processes was ended from outside.
    """
    if processes == 1:
        yield None
        return
    # fresh processes, since a fork would copy locks that threads hold at that moment
    pool = ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_leave_ctrl_c_to_the_parent
    )
    try:
        _start_all(pool, processes)
        yield pool
    except BaseException as error:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in active_children():
            child.terminate()
        if isinstance(error, BrokenProcessPool):
            raise EstimatorError(
                "a process that simulates was ended from outside, perhaps for want of memory: "
                "take fewer --processes"
            ) from None
        raise
    pool.shutdown()


def _start_all(pool: Executor, processes: int) -> None:
    """Start every process while Ctrl-C is ignored, which they inherit until they are set up."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(processes):
            pool.submit(_nothing)
    finally:
        signal.signal(signal.SIGINT, before)


def _nothing() -> None:
    """All that a process does for a start."""


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
