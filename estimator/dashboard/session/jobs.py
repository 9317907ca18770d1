"""Who works while the page stays usable? Two processes, for all sessions together.

A run lives in a thread that only waits: weeks are simulated and bills are priced in the processes.
Threads never touch the page; the page looks at the run. Nothing here needs Streamlit, so that the
processes start without it.
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from secrets import token_urlsafe
from typing import Any, ClassVar, Generic, TypeVar, cast
from weakref import WeakValueDictionary

from estimator.analysis.compare import compare
from estimator.analysis.points import Progress
from estimator.analysis.simulate.result import Simulation
from estimator.analysis.simulate.simulate import simulate
from estimator.analysis.uncertainty.total_ranges import P10ToP90, total_ranges
from estimator.dashboard.session.cache import Cache
from estimator.dashboard.session.log import log_unexpected
from estimator.errors import EstimatorError
from estimator.render.document import Block
from estimator.render.views.bill import reasons_blocks
from estimator.runtime import process_pool
from estimator.scenario.scenario import Scenario
from estimator.units import MIB

MOST_RUNS = 2
"""Runs at once, and processes for all of them."""
MOST_RESULT_BYTES = 256 * MIB
"""Of all results that are kept, or of the newest alone; a week has up to two megabytes."""
UNWATCHED_AFTER_S = 300.0
"""A run at which no page looks for so long is given up: its visitor has gone."""
_CHECK_EVERY_S = 0.5
_NICENESS = 5

Result = TypeVar("Result")


class Job(ABC, Generic[Result]):
    """Something that takes long, with all that its result depends on: equal job, equal result."""

    __slots__ = ()
    head_start_s: ClassVar[float] = 0.1
    """Before it begins, so that the page can show that it does: both take the same processor, as
    far as the job is not done in the processes."""

    @abstractmethod
    def run(self, workers: Executor, report: Progress) -> Result:
        """Do it.

        Args:
            workers: processes that share in it.
            report: told what is done and what there is to do; ends the job if nobody waits.

        Raises:
            EstimatorError: it cannot be done; the message says why.
        """


@dataclass(frozen=True, slots=True)
class SimulationJob(Job[Simulation]):
    """All that a simulation depends on."""

    token: str
    """Of the scenario, faults and surges included."""
    deployment: str | None
    recover_within_s: float
    replications: int | None
    """None: as many as it takes."""
    seed: int

    def run(self, workers: Executor, report: Progress) -> Simulation:
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


class InOneProcess(Job[Result]):
    """Too short to report on: found as a whole, in one process beside that of the page."""

    __slots__ = ()
    head_start_s: ClassVar[float] = 0.0

    @abstractmethod
    def found(self) -> Result:
        """Find it, there."""

    def run(self, workers: Executor, report: Progress) -> Result:  # noqa: ARG002 - too short for it
        """Let a process find it."""
        return workers.submit(self.found).result()


Ranges = Mapping[str, P10ToP90]
"""Of totals, by deployment."""


@dataclass(frozen=True, slots=True)
class TotalRangesJob(Job[Ranges]):
    """From what to what do totals go in eight of ten cases?"""

    token: str
    deployments: tuple[str, ...]
    head_start_s: ClassVar[float] = 0.05
    """The answer on the page is sent meanwhile."""

    def run(self, workers: Executor, report: Progress) -> Ranges:
        """Price the draws, on all processes."""
        scenario = Scenario.from_token(self.token)
        return total_ranges(scenario, self.deployments, client=workers, progress=report)


@dataclass(frozen=True, slots=True)
class ReasonsJob(InOneProcess[tuple[Block, ...]]):
    """What could change the totals of a comparison?"""

    token: str
    deployments: tuple[str, ...]

    def found(self) -> tuple[Block, ...]:
        """Price other answers and other assumptions."""
        return tuple(reasons_blocks(compare(Scenario.from_token(self.token), self.deployments)))


class _StopError(Exception):
    """Nobody waits for the run any more."""


@dataclass(slots=True, weakref_slot=True)
class JobRun(Generic[Result]):
    """A job on its way; written by its thread and read by pages.

    Its result is with the queue alone, where all results are bounded together.
    """

    job: Job[Result]
    name: str = field(default_factory=partial(token_urlsafe, 12))
    """By which a browser may ask for what it finds; nobody else can guess it."""
    done: int = 0
    """Weeks or bills."""
    total: int = 0
    """How many there will be; 0 while nobody knows."""
    started: bool = False
    """Whether it is under way; until then it waits for another run to end."""
    finished: bool = False
    stopped: bool = False
    error: str = ""
    """Why there is no result, for people."""
    last_watched: float = field(default_factory=time.monotonic)

    def watch(self) -> None:
        """Tell that a page still waits for it."""
        self.last_watched = time.monotonic()

    def stop(self) -> None:
        """Let it end as soon as it can."""
        self.stopped = self.finished = True

    def report(self, done: int, total: int) -> None:
        """Take note of the progress.

        Raises:
            _StopError: it was stopped, or nobody looks any more.
        """
        self.done, self.total = done, total
        self.check()

    def check(self) -> None:
        """Raise _StopError if it was stopped, or if nobody looks any more."""
        if self.stopped or time.monotonic() - self.last_watched > UNWATCHED_AFTER_S:
            raise _StopError


class JobQueue:
    """Takes in jobs, runs a few at a time, and keeps their results."""

    def __init__(self) -> None:
        self._slots = threading.Semaphore(MOST_RUNS)
        self._lock = threading.Lock()
        self._pool: Executor | None = None
        self._results = Cache(MOST_RESULT_BYTES)
        self._runs = WeakValueDictionary[str, JobRun[Any]]()

    def result(self, job: Job[Result]) -> Result | None:
        """The result, if somebody asked for the same lately."""
        return cast("Result | None", self._results.find(job))

    def start(self, job: Job[Result]) -> JobRun[Result]:
        """Begin a run, as soon as a slot is free."""
        run = JobRun(job)
        self._runs[run.name] = run
        threading.Thread(target=self._run, args=(run,), name="run", daemon=True).start()
        return run

    def run_named(self, name: str) -> JobRun[Any] | None:
        """The run of that name, as long as somebody waits for it or looks at it."""
        return self._runs.get(name)

    def _run(self, run: JobRun[Any]) -> None:
        try:
            time.sleep(run.job.head_start_s)
            while not self._slots.acquire(timeout=_CHECK_EVERY_S):
                run.check()
            try:
                run.check()
                run.started = True
                self._results.keep(run.job, run.job.run(self._workers(), run.report))
            finally:
                self._slots.release()
        except _StopError:
            run.stopped = True
        except EstimatorError as error:
            run.error = str(error)
        except BrokenProcessPool:
            self._pool = None
            run.error = (
                "a process that works for this page was ended from outside, perhaps for lack of "
                "memory"
            )
        except Exception as error:  # noqa: BLE001 - its visitor waits for an answer
            run.error = log_unexpected(error)
        finally:
            run.finished = True

    def _workers(self) -> Executor:
        with self._lock:
            if self._pool is None:
                self._pool = processes()
            return self._pool


@dataclass(slots=True)
class JobOwner:
    """What one visitor waits for; a plain object, which can be changed without an interruption."""

    runs: dict[str, JobRun[Any]] = field(default_factory=dict)
    """One for each purpose."""
    requested: set[str] = field(default_factory=set)
    """Purposes for which a button was pressed whose run is still to start."""

    def start(self, purpose: str, job: Job[Result], queue: JobQueue) -> JobRun[Result]:
        """Begin; what was begun before for the same purpose is no longer waited for."""
        self.stop(purpose)
        self.requested.discard(purpose)
        run = self.runs[purpose] = queue.start(job)
        return run

    def stop(self, purpose: str) -> None:
        """Wait no longer."""
        if run := self.runs.pop(purpose, None):
            run.stop()


def processes() -> Executor:
    """Those that work for all sessions and end with the server; pages go first."""
    return process_pool(min(MOST_RUNS, os.cpu_count() or 1), _NICENESS)
