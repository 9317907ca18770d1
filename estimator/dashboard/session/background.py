"""Who works while the page stays usable? Two processes, for all sessions together.

A run lives in a thread that only waits: weeks are simulated and bills are priced in the processes.
Threads never touch the page; the page looks at the run. Nothing here needs Streamlit, so that the
processes start without it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from estimator.analysis.points import Progress
from estimator.analysis.simulate.result import Simulation
from estimator.analysis.simulate.simulate import simulate
from estimator.errors import EstimatorError
from estimator.scenario.scenario import Scenario

AT_ONCE = 2
"""Runs, and processes for all of them."""
KEPT_WEEKS = 150
"""Results are kept until they hold so many simulated weeks, of up to two megabytes each."""
UNWATCHED_AFTER_S = 300.0
"""A run at which no page looks for so long is given up: its visitor has gone."""
_LOOK_S = 0.5


Result = TypeVar("Result")


class Work(ABC, Generic[Result]):
    """Something that takes long, with all that its result depends on: equal work, equal result."""

    __slots__ = ()

    @abstractmethod
    def done_by(self, workers: Executor, report: Progress) -> Result:
        """Do it.

        Args:
            workers: processes that share in it.
            report: told what is done and what there is to do; ends the work if nobody waits.

        Raises:
            EstimatorError: it cannot be done; the message says why.
        """

    def weeks_in(self, result: Result) -> int:  # noqa: ARG002 - what most results come to
        """How much memory the result takes, in simulated weeks."""
        return 1


@dataclass(frozen=True, slots=True)
class SimulationJob(Work[Simulation]):
    """All that a simulation depends on."""

    token: str
    """Of the scenario, faults and surges included."""
    deployment: str | None
    recover_within_s: float
    replications: int | None
    """None: as many as it takes."""
    seed: int

    def done_by(self, workers: Executor, report: Progress) -> Simulation:
        """Simulate the weeks."""
        return simulate(
            Scenario.from_token(self.token),
            self.deployment,
            replications=self.replications or "auto",
            seed=self.seed,
            recover_within_s=self.recover_within_s,
            client=workers,
            progress=report,
        )

    def weeks_in(self, result: Simulation) -> int:
        """Its replications."""
        return len(result.run.replications)


class _StopError(Exception):
    """Nobody waits for the run any more."""


@dataclass(slots=True)
class Job(Generic[Result]):
    """A run on its way, and what became of it; written by its thread and read by pages."""

    asked: Work[Result]
    done: int = 0
    """Weeks or bills."""
    wanted: int = 0
    begun: bool = False
    """Whether it has a place; until then it waits for another run to end."""
    over: bool = False
    stopped: bool = False
    result: Result | None = None
    error: str = ""
    """Why there is no result, for people."""
    looked_at: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Tell that a page still waits for it."""
        self.looked_at = time.monotonic()

    def stop(self) -> None:
        """Let it end as soon as it can."""
        self.stopped = self.over = True

    def report(self, done: int, wanted: int) -> None:
        """Take note of the progress.

        Raises:
            _StopError: it was stopped, or nobody looks any more.
        """
        self.done, self.wanted = done, wanted
        self.go_on()

    def go_on(self) -> None:
        """Raise _StopError if it was stopped, or if nobody looks any more."""
        if self.stopped or time.monotonic() - self.looked_at > UNWATCHED_AFTER_S:
            raise _StopError


class JobQueue:
    """Takes in runs, does a few at a time, and keeps what they came to."""

    def __init__(self) -> None:
        self._places = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._pool: Executor | None = None
        self._kept: OrderedDict[Work[Any], Any] = OrderedDict()

    def result(self, asked: Work[Result]) -> Result | None:
        """What it came to, if somebody asked for the same lately."""
        with self._lock:
            found = self._kept.get(asked)
            if found is not None:
                self._kept.move_to_end(asked)
            return cast("Result | None", found)

    def start(self, asked: Work[Result]) -> Job[Result]:
        """Begin a run, as soon as there is a place for it."""
        job = Job(asked)
        threading.Thread(target=self._do, args=(job,), name="run", daemon=True).start()
        return job

    def _do(self, job: Job[Any]) -> None:
        try:
            while not self._places.acquire(timeout=_LOOK_S):
                job.go_on()
            try:
                job.go_on()
                job.begun = True
                job.result = job.asked.done_by(self._workers(), job.report)
                self._keep(job.asked, job.result)
            finally:
                self._places.release()
        except _StopError:
            job.stopped = True
        except EstimatorError as error:
            job.error = str(error)
        except BrokenProcessPool:
            self._pool = None
            job.error = (
                "a process that works for this page was ended from outside, perhaps for want of "
                "memory"
            )
        finally:
            if not (job.result or job.error or job.stopped):
                job.error = "it failed; the log of the dashboard says why"
            job.over = True

    def _workers(self) -> Executor:
        with self._lock:
            if self._pool is None:
                self._pool = processes()
            return self._pool

    def _keep(self, asked: Work[Result], result: Result) -> None:
        with self._lock:
            self._kept[asked] = result
            while (
                len(self._kept) > 1
                and sum(work.weeks_in(found) for work, found in self._kept.items()) > KEPT_WEEKS
            ):
                self._kept.popitem(last=False)


def processes() -> Executor:
    """Fresh processes: a fork would copy the locks that the server's threads hold."""
    return ProcessPoolExecutor(
        min(AT_ONCE, os.cpu_count() or 1),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_serve,
    )


def _serve() -> None:
    """Leave Ctrl-C to the server, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_server, daemon=True).start()


def _end_with_the_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)
