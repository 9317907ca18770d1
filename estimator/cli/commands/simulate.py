"""Is what a scenario assumes true? Weeks of it, simulated, by several processes if asked."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterable
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Final, Literal

import typer

import estimator as ws
from estimator.cli import common
from estimator.errors import EstimatorError, ScenarioError
from estimator.runtime import end_now, process_pool

_FAULTS: Final = (
    "outage, zone outage, rolling deployment, balancer resize, network flap, connection throttle, "
    "slow dependency, refused attempts"
)
_MOST_PROCESSES: Final = 61
"""What Windows can wait for."""


class Engines(StrEnum):
    """How clients are followed."""

    auto = "auto"
    exact = "exact"
    aggregate = "aggregate"


def simulate(
    file: common.ScenarioFile,
    deployment: Annotated[
        str | None,
        common.deployment_id(
            "Apply this deployment's limits, units and prices, such as aws.api_gateway; "
            "without it, nothing is limited."
        ),
    ] = None,
    recover_within: Annotated[
        str,
        typer.Option(
            help="Time within which 99% of the clients must be back after a fault.", metavar="TIME"
        ),
    ] = "5 min",
    fault: Annotated[
        list[str] | None,
        common.change(
            "--fault",
            help="What goes wrong, such as 'outage at Tue 14:00 share 30%', instead of the file's "
            f"faults: {_FAULTS}. Can be repeated. See 'estimator list faults'.",
            metavar="TEXT",
        ),
    ] = None,
    no_faults: Annotated[
        bool, common.change("--no-faults", help="Ignore the file's faults.")
    ] = False,
    surge: Annotated[
        list[str] | None,
        common.change(
            "--surge",
            help="Traffic on top of the weekly shape, such as 'flash crowd at Sat 20:15 clients "
            "20,000 over 5 min', instead of the file's surges. Can be repeated. See 'estimator "
            "list surges'.",
            metavar="TEXT",
        ),
    ] = None,
    no_surges: Annotated[
        bool, common.change("--no-surges", help="Ignore the file's surges.")
    ] = False,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    replications: Annotated[
        str,
        common.sampling(
            help="Weeks to simulate, at most 5,000; auto: until the mean peak is known to 1%.",
            metavar="N|auto",
        ),
    ] = "auto",
    seed: Annotated[
        int, common.sampling(help="Any whole number; the same seed gives the same weeks.")
    ] = 0,
    engine: Annotated[
        Engines,
        common.sampling(
            help="Follow each client (exact) or groups of clients (aggregate). A week may take 8 s "
            "of a core and 0.5 GB, or 600 s and 8 GB if its engine is named."
        ),
    ] = Engines.auto,
    processes: Annotated[
        int,
        common.sampling(
            help="Number of processes that share the work.", min=1, max=_MOST_PROCESSES
        ),
    ] = 1,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Simulate weeks of a scenario to see whether its assumptions hold.

    The first sentence is the answer: how clients come back after the worst fault, or how high the
    peak is. The exit status is 1 if an assumption is missed, clients do not come back, a hard limit
    is exceeded or a quota by more than ten times, or if no limit of the deployment was checked, so
    that a pipeline stops there.

    Examples:
        # is the peak right, if nothing limits it?
        $ estimator simulate examples/team-chat.yaml
        # two weeks in which a deployment loses 30% of its nodes
        $ estimator simulate examples/team-chat.yaml --deployment aws.alb_fargate \
          --fault 'outage at Tue 14:00 share 30%' --replications 2
        # the file's own surge and fault, which are too much (exit status 1)
        $ estimator simulate examples/market-open.yaml --deployment aws.alb_fargate
        # the same week without them, as JSON
        $ estimator simulate examples/market-open.yaml --deployment aws.alb_fargate \
          --no-faults --no-surges --json
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    is_watched = not (as_json or as_markdown)
    with (
        _stopped_by_ctrl_c(),
        common.progress_bar("simulated weeks", wanted=is_watched) as progress,
    ):
        scenario = common.read_scenario(file, location, contract)
        say_that_it_compiles(wanted=progress is not None)
        with _workers(processes) as executor:
            found = ws.simulate(
                scenario,
                deployment,
                faults=_instead(fault, none=no_faults),
                surges=_instead(surge, none=no_surges),
                replications=_replications(replications),
                seed=seed,
                engine=engine.value,
                recover_within_s=common.seconds_of(recover_within, "--recover-within"),
                client=executor,
                progress=progress,
            )
    if as_json:
        common.print_result(found, as_json=True)
    else:
        from estimator.render.views.simulation import simulation_view

        common.print_document(simulation_view(found, in_full=True), as_markdown=as_markdown)
    if not found.assumptions_held:
        raise typer.Exit(common.FAILED)


def say_that_it_compiles(*, wanted: bool) -> None:
    """Tell a person who watches why nothing happens at first."""
    if wanted:
        from estimator.simulation.compiling import must_compile

        if must_compile():
            sys.stderr.write("compiling the simulation for this machine, once ...\n")
            sys.stderr.flush()


def _instead(said: list[str] | None, *, none: bool) -> Iterable[str] | None:
    """What replaces that of the file; None leaves it as it is."""
    return said or (() if none else None)


@contextmanager
def _stopped_by_ctrl_c() -> Generator[None]:
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("stopped before the simulation was done\n")
        sys.stderr.flush()
        # a process that was ended in the middle of its answer leaves a thread that waits for the
        # rest, and Python would wait for that thread
        os._exit(common.INTERRUPTED)


def _replications(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise ScenarioError(
            f"--replications: '{text}' is neither a whole number nor auto"
        ) from None


class _SignalError(BaseException):
    """A signal that ends this process, once the others have ended."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _heed_signals() -> None:
    """Raise signals that would end this process alone, unless they are ignored."""

    def heed(number: int, _: object) -> None:
        raise _SignalError(number)

    for name in ("SIGTERM", "SIGHUP"):  # there is no hang-up on Windows
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, heed)


@contextmanager
def _workers(processes: int) -> Generator[Executor | None]:
    """An executor of so many processes, or none for one: then this process does the work.

    Ctrl-C reaches all processes of a terminal. Only this one heeds it; it then ends the others,
    whatever they are about, so that nobody waits for a week to be simulated to its end.

    Raises:
        EstimatorError: one of the processes was ended from outside.
    """
    if processes == 1:
        yield None
        return
    pool = process_pool(processes)
    try:
        _heed_signals()
        _start_all(pool, processes)
        yield pool
    except BaseException as error:
        end_now(pool)
        if isinstance(error, _SignalError):
            # as if nobody had waited for the others to end
            signal.signal(error.number, signal.SIG_DFL)
            os.kill(os.getpid(), error.number)
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
            pool.submit(int)  # a call that does nothing, for the start
    finally:
        signal.signal(signal.SIGINT, before)
