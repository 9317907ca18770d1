"""The command that simulates: do the assumptions of a scenario hold?"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Literal

import typer

from estimator.cli import completion
from estimator.cli.common import (
    ASSUMPTION_BROKEN,
    CHANGES,
    INTERRUPTED,
    AsJson,
    AtLocation,
    ScenarioFile,
    UnderContract,
    print_json,
    print_table,
    read_scenario,
)
from estimator.cli.progress import progress_bar
from estimator.cli.teaching import taught
from estimator.errors import ScenarioError
from estimator.units import parse_quantity

_MOST_PROCESSES = 61
"""What Windows can wait for."""
_HOW = "How it is simulated"

EXAMPLES = taught(
    ("does the assumed peak hold, without limits?", "simulate examples/team-chat.yaml"),
    (
        "two weeks of a deployment that loses some of its nodes",
        "simulate examples/team-chat.yaml --deployment aws.alb_fargate \\\n"
        "  --fault 'outage at Tue 14:00 share 30%' --replications 2",
    ),
    (
        "with the surge and the fault of the file, more than it can serve (exit status 1)",
        "simulate examples/market-open.yaml --deployment aws.alb_fargate",
    ),
    (
        "the same week without them, for machines",
        "simulate examples/market-open.yaml --deployment aws.alb_fargate \\\n"
        "  --no-faults --no-surges --json",
    ),
)


class Engines(StrEnum):
    """How clients are followed."""

    auto = "auto"
    exact = "exact"
    cohort = "cohort"


def simulate(
    file: ScenarioFile,
    deployment: Annotated[
        str | None,
        typer.Option(
            "--deployment",
            help="Whose limits, units and bill count, such as aws.api_gateway; "
            "no limits if left out.",
            metavar="ID",
            autocompletion=completion.deployments,
        ),
    ] = None,
    recover_within: Annotated[
        str,
        typer.Option(
            help="Time within which 99% of the clients must be back after a fault.",
            metavar="TIME",
        ),
    ] = "5 min",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            help="A fault, such as 'outage at Tue 14:00 share 30%', instead of the file's; "
            "may be repeated. See 'estimator list faults'.",
            metavar="TEXT",
            rich_help_panel=CHANGES,
        ),
    ] = None,
    no_faults: Annotated[
        bool,
        typer.Option("--no-faults", help="Ignore the faults of the file.", rich_help_panel=CHANGES),
    ] = False,
    surge: Annotated[
        list[str] | None,
        typer.Option(
            "--surge",
            help="A surge on top of the weekly shape, such as 'flash crowd at Sat 20:15 clients "
            "20,000 over 5 min', instead of the file's; may be repeated. See 'estimator list "
            "surges'.",
            metavar="TEXT",
            rich_help_panel=CHANGES,
        ),
    ] = None,
    no_surges: Annotated[
        bool,
        typer.Option("--no-surges", help="Ignore the surges of the file.", rich_help_panel=CHANGES),
    ] = False,
    location: AtLocation = None,
    contract: UnderContract = None,
    replications: Annotated[
        str,
        typer.Option(
            help="Weeks to simulate; auto: until the mean peak is known to 1%.",
            metavar="N|auto",
            rich_help_panel=_HOW,
        ),
    ] = "auto",
    seed: Annotated[
        int,
        typer.Option(
            help="Any whole number; the same seed gives the same weeks.", rich_help_panel=_HOW
        ),
    ] = 0,
    engine: Annotated[
        Engines,
        typer.Option(
            help="Follow each client (exact) or groups of them (cohort).", rich_help_panel=_HOW
        ),
    ] = Engines.auto,
    processes: Annotated[
        int,
        typer.Option(
            help="Processes that share the work.",
            min=1,
            max=_MOST_PROCESSES,
            rich_help_panel=_HOW,
        ),
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Simulate weeks of a scenario: do its assumptions hold?

    The exit status is 1 if an assumption or a limit is broken.
    """
    with _stopped_by_ctrl_c(), progress_bar("simulated weeks", wanted=not as_json) as progress:
        from estimator.analysis.simulate.simulate import simulate as simulate_weeks
        from estimator.cli.workers import workers
        from estimator.render.terminal.document import render
        from estimator.render.views.simulation import simulation_view

        scenario = read_scenario(file, location, contract)
        with workers(processes) as executor:
            found = simulate_weeks(
                scenario,
                deployment,
                faults=_instead(fault, none=no_faults),
                surges=_instead(surge, none=no_surges),
                replications=_replications(replications),
                seed=seed,
                engine=engine.value,
                recover_within_s=_recover_within_s(recover_within),
                client=executor,
                progress=progress,
            )
    if as_json:
        print_json(found.as_data())
    else:
        print_table(render(simulation_view(found, in_full=True)))
    if not found.assumptions_held:
        raise typer.Exit(ASSUMPTION_BROKEN)


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
        os._exit(INTERRUPTED)


def _replications(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise ScenarioError(
            f"--replications: '{text}' is neither a whole number nor auto"
        ) from None


def _recover_within_s(text: str) -> float:
    try:
        return parse_quantity(text, "time", "s")
    except ValueError as error:
        raise ScenarioError(f"--recover-within: {error}") from None
