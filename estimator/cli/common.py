"""What do the commands share? Arguments and options, reading a scenario, printing an answer.

What is only needed once a command runs is imported there: help and completion answer at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from estimator.cli import completion
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.errors import EstimatorError, ScenarioError, UnknownNameError
from estimator.units import parse_quantity

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from estimator.pricing.contract import Contract
    from estimator.render.document import Document
    from estimator.result import Result
    from estimator.scenario.scenario import Scenario

FAILED = 1
"""What was asked has an answer, and it is no."""
INPUT_ERROR = 2
UNEXPECTED = 70
"""An error of this program, as ``sysexits.h`` has it: no pipeline shall take it for an answer."""
INTERRUPTED = 130
"""As shells count a program that was ended by Ctrl-C."""
STANDARD_STREAM = "-"
"""Stands for standard input or output where a file is asked for."""
_NARROWEST = 80

change = partial(typer.Option, rich_help_panel="Changes to the scenario")
"""An option that replaces something in the file."""
output = partial(typer.Option, rich_help_panel="Output")
"""An option that says what is printed."""
sampling = partial(typer.Option, rich_help_panel="Sampling")
"""An option that says how much is drawn at random, and how."""


def deployment_id(about: str) -> Any:
    """An option that takes the id of a deployment, or several."""
    return change("--deployment", help=about, metavar="ID", autocompletion=completion.deployments)


def contract_option(option: Callable[..., Any]) -> Any:
    """An option that takes a contract, under the heading of ``option``."""
    return option(
        "--contract",
        help="Pay your own rates: a YAML file, or a name from 'estimator list contracts'.",
        metavar="NAME|FILE",
        autocompletion=completion.contracts,
    )


def as_of_option(option: Callable[..., Any]) -> Any:
    """An option that takes the day whose prices apply, under the heading of ``option``."""
    return option(
        "--as-of",
        help="Prices in force on this day, such as 2026-10-31.",
        formats=["%Y-%m-%d"],
        metavar="DAY",
    )


ScenarioFile = Annotated[
    Path,
    typer.Argument(
        help="Scenario file, such as examples/team-chat.yaml; - reads standard input. "
        "'estimator init' writes one.",
        metavar="SCENARIO",
        autocompletion=completion.yaml_files,
    ),
]
AsJson = Annotated[bool, output("--json", help="Print one JSON document.")]
AsMarkdown = Annotated[
    bool, output("--markdown", help="Print a comment for a pull request, with details folded.")
]
Explain = Annotated[
    bool, output("--explain", help="Say how each line is calculated, with its source.")
]
AsCsv = Annotated[bool, output("--csv", help="Print one row for each bill, for a spreadsheet.")]
Seed = Annotated[
    int,
    sampling(help="Any whole number from 0; the same seed gives the same answer.", min=0),
]
AtLocation = Annotated[
    str | None,
    change(
        "--location",
        help="Serve the users in this location: a name from 'estimator list locations'.",
        metavar="LOCATION",
        autocompletion=completion.locations,
    ),
]
OnlyDeployments = Annotated[
    list[str] | None,
    deployment_id("Only this deployment, such as aws.api_gateway. Can be repeated."),
]
UnderContract = Annotated[str | None, contract_option(change)]
OfLayers = Annotated[
    list[str] | None,
    change(
        "--layer",
        help="Add up only this layer: messaging, application or engineering. Can be repeated.",
        metavar="LAYER",
        autocompletion=completion.layers,
    ),
]


def read_scenario(
    file: Path,
    location: str | None = None,
    contract: str | None = None,
    layers: Collection[str] | None = None,
) -> Scenario:
    """The scenario in a file, in another location, under a contract, or in some layers if asked.

    Raises:
        EstimatorError: the file, the location or the contract cannot be used, or the file stands
            for many scenarios.
    """
    from estimator.scenario.locations import find_location

    scenario = _load(file)
    if location is not None:
        find_location(location)  # its message names no field, for it was not the file that said so
        scenario = scenario.replace(location=location)
    if contract is not None:
        scenario = scenario.replace(contract=read_contract(contract))
    if layers:
        for layer in layers:
            if layer not in completion.LAYERS:
                raise UnknownNameError("layer", layer, completion.LAYERS)
        scenario = scenario.replace(layers=tuple(dict.fromkeys(layers)))
    if scenario.many:
        raise ScenarioError(
            f"{file}: stands for {scenario.many[0]} scenarios (a field is a list); "
            "the command line takes one, the Python API takes many"
        )
    return scenario


def _load(file: Path) -> Scenario:
    from estimator.documents import MOST_TEXT_CHARACTERS
    from estimator.scenario.scenario import Scenario

    if str(file) == STANDARD_STREAM:
        try:
            return Scenario.from_yaml(sys.stdin.read(MOST_TEXT_CHARACTERS + 1), "standard input")
        except UnicodeDecodeError:
            raise ScenarioError("standard input: not a text in UTF-8") from None
    try:
        return Scenario.load(file)
    except ScenarioError as error:
        if _exists(file):
            raise
        if str(file) in ALL_DEPLOYMENTS:
            raise ScenarioError(
                f"{file} is a deployment; the scenario file comes first, as in "
                f"'estimator estimate scenario.yaml {file}'"
            ) from None
        raise ScenarioError(f"{error}; 'estimator init {file}' writes one to start from") from None


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # longer than a name can be
        return False


def read_contract(name_or_path: str) -> Contract:
    """The contract of that name or in that file, which names meters and regions that exist.

    Raises:
        EstimatorError: it cannot be read, or changes the price of nothing.
    """
    from estimator.pricing.catalog import load_catalog
    from estimator.pricing.contract import ContractError, load_contract

    contract = load_contract(name_or_path)
    try:
        load_catalog(contract=contract)
    except UnknownNameError as error:
        raise ContractError(f"{name_or_path}: {error}") from None
    return contract


def seconds_of(text: str, option: str) -> float:
    """A span of time as people write it, such as ``2s`` or ``1 min``.

    Args:
        text: what was given.
        option: for what.
    """
    try:
        return parse_quantity(text, "time", "s")
    except ValueError as error:
        raise ScenarioError(f"{option}: {error}") from None


def check_one_form(**wanted: bool) -> None:
    """Refuse to print in two forms at once, such as ``json`` and ``csv``."""
    flags = [f"--{form}" for form, is_wanted in wanted.items() if is_wanted]
    if len(flags) > 1:
        raise ScenarioError(f"{' and '.join(flags)}: only one of them can be printed")


def check_priced(priced: object) -> None:
    """Refuse an answer that names no price, once it was printed with what was missing."""
    if not priced:
        raise EstimatorError("none of the deployments could be priced")


def print_result(
    result: Result,
    *,
    as_json: bool = False,
    as_markdown: bool = False,
    as_csv: Callable[[], pd.DataFrame] | None = None,
) -> None:
    """Print an answer in the form that was asked for; as tables for a terminal, if none was.

    Args:
        result: the answer.
        as_json: as one JSON document.
        as_markdown: as a comment for a pull request.
        as_csv: as this table.
    """
    if as_json:
        print_text(result.to_json() + "\n")
    elif as_csv:
        from estimator.render.spreadsheet import csv

        print_text(csv(as_csv()))
    else:
        from estimator.render import document_of

        print_document(document_of(result), as_markdown=as_markdown)


def print_document(document: Document, *, as_markdown: bool = False) -> None:
    """Print what is shown of an answer, as tables for a terminal or as Markdown."""
    from estimator.render import markdown
    from estimator.render.terminal.document import render

    if as_markdown:
        print_text(markdown.render(document))
    else:
        _print_table(render(document))


def print_paragraphs(text: str) -> None:
    """Print for people, longer lines folded."""
    from estimator.render.terminal.document import wrapped

    print_text(wrapped(text) + "\n")


def _print_table(renderable: RenderableType) -> None:
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

    A reader that has seen enough, such as ``head``, is no error and changes no exit status.
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


CountProgress = Callable[[int, int], object]
"""Called with what is done and what there is to do."""


@contextmanager
def progress_bar(of_what: str, *, wanted: bool) -> Generator[CountProgress | None]:
    """A bar on standard error; nothing where no person looks at it."""
    if not (wanted and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(of_what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, needed: bar.update(task, completed=done, total=needed)
