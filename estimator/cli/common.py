"""What several commands take, and how they answer.

What is only needed once a command runs is imported there: help and completion answer at once.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from estimator.cli import completion
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.errors import ScenarioError, UnknownNameError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from estimator.pricing.contract import Contract
    from estimator.result import Result
    from estimator.scenario.scenario import Scenario

ASSUMPTION_BROKEN = 1
INPUT_ERROR = 2
INTERRUPTED = 130
"""As shells count a program that was ended by Ctrl-C."""
STANDARD_STREAM = "-"
"""Stands for standard input or output where a file is asked for."""
_NARROWEST = 80

CHANGES = "What is asked instead of what the file says"
OUTPUT = "What is printed"
"""Headings above the options of a command."""

ScenarioFile = Annotated[
    Path,
    typer.Argument(
        help="Scenario file, such as examples/team-chat.yaml; - reads standard input. "
        "'estimator init' writes one.",
        metavar="SCENARIO",
        autocompletion=completion.yaml_files,
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document for machines.", rich_help_panel=OUTPUT),
]
AsMarkdown = Annotated[
    bool,
    typer.Option(
        "--markdown",
        help="Print a comment for a pull request, details folded.",
        rich_help_panel=OUTPUT,
    ),
]
AtLocation = Annotated[
    str | None,
    typer.Option(
        "--location",
        help="Serve the users from there: a name of 'estimator list locations'.",
        metavar="PLACE",
        autocompletion=completion.locations,
        rich_help_panel=CHANGES,
    ),
]
OnlyDeployments = Annotated[
    list[str] | None,
    typer.Option(
        "--deployment",
        help="Only this one, such as aws.api_gateway; may be repeated.",
        metavar="ID",
        autocompletion=completion.deployments,
        rich_help_panel=CHANGES,
    ),
]
UnderContract = Annotated[
    str | None,
    typer.Option(
        "--contract",
        help="Pay your own rates: a YAML file, or a name of 'estimator list contracts'.",
        metavar="NAME|FILE",
        autocompletion=completion.contracts,
        rich_help_panel=CHANGES,
    ),
]


def read_scenario(file: Path, location: str | None, contract: str | None) -> Scenario:
    """The scenario of a file, at another place or under a contract if asked.

    Raises:
        EstimatorError: the file, the place or the contract cannot be used, or the file stands for
            many scenarios.
    """
    from estimator.scenario.locations import find_location

    scenario = _load(file)
    if location is not None:
        find_location(location)  # its message names no field, for it was not the file that said so
        scenario = scenario.replace(location=location)
    if contract is not None:
        scenario = scenario.replace(contract=_contract(contract))
    if scenario.many:
        raise ScenarioError(
            f"{file}: stands for {scenario.many[0]} scenarios (a field is a list); "
            "the command line shows one, use the Python API for many"
        )
    return scenario


def _load(file: Path) -> Scenario:
    from estimator.scenario.scenario import Scenario

    if str(file) == STANDARD_STREAM:
        return Scenario.from_yaml(_standard_input(), "standard input")
    try:
        return Scenario.load(file)
    except ScenarioError as error:
        if file.exists():
            raise
        if str(file) in ALL_DEPLOYMENTS:
            raise ScenarioError(
                f"{file} is a deployment; the scenario file stands first, as in "
                f"'estimator bill scenario.yaml {file}'"
            ) from None
        raise ScenarioError(f"{error}; 'estimator init {file}' writes one to start from") from None


def _standard_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise ScenarioError("standard input: not a text in UTF-8") from None


def _contract(name_or_path: str) -> Contract:
    from estimator.pricing.catalog import load_catalog
    from estimator.pricing.contract import ContractError, load_contract

    contract = load_contract(name_or_path)
    try:
        load_catalog(contract=contract)
    except UnknownNameError as error:
        raise ContractError(f"{name_or_path}: {error}") from None
    return contract


def check_one_form(*, as_markdown: bool, as_json: bool) -> None:
    """Refuse to print in two forms at once."""
    if as_markdown and as_json:
        raise ScenarioError("--markdown and --json: one of them can be printed, not both")


def print_result(result: Result, *, as_json: bool = False, as_markdown: bool = False) -> None:
    """Print a result in the form that was asked for; for people, if in none."""
    from estimator import render

    if as_json:
        print_text(result.to_json() + "\n")
    elif as_markdown:
        print_text(result.to_markdown())
    else:
        print_table(render.to_terminal(result))


def print_paragraphs(text: str) -> None:
    """Print for people, longer lines folded."""
    from estimator.render.terminal.document import wrapped

    print_text(wrapped(text) + "\n")


def print_table(renderable: RenderableType) -> None:
    """Print for people, as wide as the terminal and at least 80 columns."""
    from rich.console import Console

    console = Console()
    # a pipe has no width of its own, and narrower than this no table can be read
    console.width = max(console.width, _NARROWEST)
    with console.capture() as captured:
        console.print(renderable)
    print_text(captured.get())


def print_text(text: str) -> None:
    """Print for people what has its lines already.

    A reader that has seen enough, such as ``head``, is no fault and changes no exit status.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still in the buffer is written when Python ends, and must go somewhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(data: dict[str, Any] | list[Any]) -> None:
    """Print one document for machines."""
    print_text(json.dumps(data, indent=2, allow_nan=False) + "\n")
