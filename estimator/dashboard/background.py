"""Who simulates while the page stays usable? Two processes, for all sessions together.

A run lives in a thread that only waits: its weeks are simulated in the processes. Threads never
touch the page; the page looks at the run. Nothing here needs Streamlit, so that the processes start
without it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import OrderedDict
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from estimator.analysis.simulate import Simulation, simulate
from estimator.errors import EstimatorError
from estimator.scenario.scenario import Scenario

AT_ONCE = 2
"""Runs, and processes for all of them."""
KEPT_WEEKS = 150
"""Results are kept until they hold so many replications, of up to two megabytes each."""
UNWATCHED_AFTER_S = 300.0
"""A run at which no page looks for so long is given up: its visitor has gone."""
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a simulation depends on."""

    token: str
    """Of the scenario, faults and crowds included."""
    deployment: str | None
    recover_within_s: float
    replications: int | None
    """None: as many as it takes."""
    seed: int


class _StopError(Exception):
    """Nobody waits for the run any more."""


@dataclass(slots=True)
class Job:
    """A run on its way, and what became of it; written by its thread and read by pages."""

    asked: Asked
    weeks_done: int = 0
    weeks_wanted: int = 0
    begun: bool = False
    """Whether it has a place; until then it waits for another run to end."""
    over: bool = False
    stopped: bool = False
    result: Simulation | None = None
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
        self.weeks_done, self.weeks_wanted = done, wanted
        self.go_on()

    def go_on(self) -> None:
        """Raise _StopError if it was stopped, or if nobody looks any more."""
        if self.stopped or time.monotonic() - self.looked_at > UNWATCHED_AFTER_S:
            raise _StopError


class Office:
    """Takes in runs, does a few at a time, and keeps what they came to."""

    def __init__(self) -> None:
        self._places = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._pool: Executor | None = None
        self._kept: OrderedDict[Asked, Simulation] = OrderedDict()

    def result(self, asked: Asked) -> Simulation | None:
        """What it came to, if somebody asked for the same lately."""
        with self._lock:
            found = self._kept.get(asked)
            if found is not None:
                self._kept.move_to_end(asked)
            return found

    def start(self, asked: Asked) -> Job:
        """Begin a run, as soon as there is a place for it."""
        job = Job(asked)
        threading.Thread(target=self._do, args=(job,), name="simulation", daemon=True).start()
        return job

    def _do(self, job: Job) -> None:
        try:
            while not self._places.acquire(timeout=_LOOK_S):
                job.go_on()
            try:
                job.go_on()
                job.begun = True
                job.result = self._simulated(job)
                self._keep(job.asked, job.result)
            finally:
                self._places.release()
        except _StopError:
            job.stopped = True
        except EstimatorError as fault:
            job.error = str(fault)
        except BrokenProcessPool:
            self._pool = None
            job.error = (
                "a process that simulates was ended from outside, perhaps for want of memory"
            )
        finally:
            if not (job.result or job.error or job.stopped):
                job.error = "the simulation failed; the log of the dashboard says why"
            job.over = True

    def _simulated(self, job: Job) -> Simulation:
        asked = job.asked
        return simulate(
            Scenario.from_token(asked.token),
            asked.deployment,
            replications=asked.replications or "auto",
            seed=asked.seed,
            recover_within_s=asked.recover_within_s,
            client=self._workers(),
            progress=job.report,
        )

    def _workers(self) -> Executor:
        with self._lock:
            if self._pool is None:
                self._pool = processes()
            return self._pool

    def _keep(self, asked: Asked, result: Simulation) -> None:
        with self._lock:
            self._kept[asked] = result
            while (
                len(self._kept) > 1
                and sum(len(each.run.replications) for each in self._kept.values()) > KEPT_WEEKS
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
