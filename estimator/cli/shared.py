"""What several commands take, and how they answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from estimator.errors import ScenarioError, UnknownNameError
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import Contract, ContractError, load_contract
from estimator.scenario.scenario import Scenario

ASSUMPTION_BROKEN = 1
INPUT_ERROR = 2
INTERRUPTED = 130
"""As shells count a program that was ended by Ctrl-C."""
_NARROWEST = 80

ScenarioFile = Annotated[
    Path, typer.Argument(help="Scenario file, such as examples/team-chat.yaml.", metavar="SCENARIO")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
AtPlace = Annotated[
    str | None, typer.Option("--place", help="Another place than the file says.", metavar="PLACE")
]
UnderContract = Annotated[
    str | None,
    typer.Option(
        "--contract",
        help="Your own rates: a YAML file, or a name of 'estimator list contracts'.",
        metavar="FILE_OR_NAME",
    ),
]


def read_scenario(file: Path, place: str | None, contract: str | None) -> Scenario:
    """The scenario of a file, at another place or under a contract if asked.

    Raises:
        EstimatorError: the file, the place or the contract cannot be used, or the file stands for
            many scenarios.
    """
    scenario = Scenario.load(file)
    if place is not None:
        scenario = scenario.replace(place=place)
    if contract is not None:
        scenario = scenario.replace(contract=_contract(contract).as_data())
    if scenario.many:
        raise ScenarioError(
            f"{file}: stands for {scenario.many[0]} scenarios (a field is a list); "
            "the command line shows one, use the Python API for many"
        )
    return scenario


def _contract(name_or_path: str) -> Contract:
    contract = load_contract(name_or_path)
    try:
        load_catalog(contract=contract)
    except UnknownNameError as fault:
        raise ContractError(f"{name_or_path}: {fault}") from None
    return contract


def print_table(renderable: RenderableType) -> None:
    """Print for people, as wide as the terminal and at least 80 columns."""
    console = Console()
    # a pipe has no width of its own, and narrower than this no table can be read
    console.width = max(console.width, _NARROWEST)
    console.print(renderable)


def print_json(data: dict[str, Any]) -> None:
    """Print for machines."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")
