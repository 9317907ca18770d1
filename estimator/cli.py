"""The command line: compare deployments, read one bill, read the prices, list what there is.

Exit status: 0 done, 2 the input cannot be used (one message on standard error says why).
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from estimator.analysis.estimate import estimate
from estimator.deployments.registry import DEPLOYMENTS, PROVIDERS
from estimator.errors import EstimatorError, ScenarioError, UnknownNameError
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import (
    Contract,
    ContractError,
    contract_names,
    load_contract,
    shipped_contract,
)
from estimator.report.comparison import bill_data, compare
from estimator.report.editor_schema import editor_schema
from estimator.report.price_list import prices, prices_text
from estimator.report.tables import bill_table, comparison_table
from estimator.scenario.places import places
from estimator.scenario.profile import load_profile, profile_names
from estimator.scenario.scenario import Scenario

INPUT_ERROR = 2
_NARROWEST = 80

app = typer.Typer(
    name="estimator",
    help="What a WebSocket deployment costs on AWS, Azure, Google Cloud and OCI, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

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


class Thing(StrEnum):
    """What can be listed."""

    contracts = "contracts"
    deployments = "deployments"
    places = "places"
    profiles = "profiles"
    providers = "providers"


@app.command("compare")
def compare_command(
    file: ScenarioFile,
    place: AtPlace = None,
    contract: UnderContract = None,
    providers: Annotated[
        bool, typer.Option("--providers", help="Add what people would buy instead of a cloud.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Monthly cost of a scenario on every deployment, cheapest first.

    Example: estimator compare examples/team-chat.yaml
    """
    wanted = (*DEPLOYMENTS, *PROVIDERS) if providers else DEPLOYMENTS
    comparison = compare(_scenario(file, place, contract), wanted)
    if as_json:
        _print_json(comparison.as_data())
    else:
        _print(comparison_table(comparison))
    if not comparison.bills:
        raise typer.Exit(INPUT_ERROR)


@app.command()
def bill(
    file: ScenarioFile,
    deployment: Annotated[
        str,
        typer.Argument(
            help="Deployment, such as aws.api_gateway or ably.per_minute.", metavar="DEPLOYMENT"
        ),
    ],
    place: AtPlace = None,
    contract: UnderContract = None,
    as_json: AsJson = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say how each line came to be, with its source.")
    ] = False,
) -> None:
    """One deployment's bill, line by line, and what would move it.

    Example: estimator bill examples/team-chat.yaml aws.api_gateway --explain
    """
    found = estimate(_scenario(file, place, contract), deployment)
    if as_json:
        _print_json(bill_data(found))
    elif explain:
        sys.stdout.write(found.explain() + "\n")
    else:
        _print(bill_table(found))


@app.command("prices")
def prices_command(
    cloud: Annotated[
        str | None, typer.Option(help="aws, azure, gcp, oci or a provider such as ably.")
    ] = None,
    service: Annotated[
        str | None, typer.Option(help="A service, such as api_gateway or 'Cloud Run'.")
    ] = None,
    place: Annotated[
        str | None, typer.Option(help="Only regions that serve a place, such as frankfurt.")
    ] = None,
    meter: Annotated[
        str | None, typer.Option(help="A meter's id; * stands for any letters.")
    ] = None,
    stale: Annotated[
        int | None,
        typer.Option(help="Only prices last checked more than so many days ago.", metavar="DAYS"),
    ] = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(help="Prices in force on a day.", formats=["%Y-%m-%d"]),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prices with their source and age.

    Example: estimator prices --cloud aws --service api_gateway --place frankfurt
    """
    table = prices(
        cloud=cloud,
        service=service,
        place=place,
        meter=meter,
        stale_days=stale,
        as_of=as_of.date() if as_of else None,
    )
    if as_json:
        sys.stdout.write(table.to_json(orient="records", date_format="iso", indent=2) + "\n")
        return
    sys.stdout.write("\n".join((*prices_text(table), f"{len(table):,} prices")) + "\n")


@app.command("list")
def list_command(thing: Annotated[Thing, typer.Argument(help="What to list.")]) -> None:
    """The contracts, deployments, places, profiles or providers there are."""
    titles = {
        Thing.contracts: {name: shipped_contract(name).title for name in contract_names()},
        Thing.deployments: {name: each.title for name, each in DEPLOYMENTS.items()},
        Thing.places: {name: each.title for name, each in places().items()},
        Thing.profiles: {name: load_profile(name).title for name in profile_names()},
        Thing.providers: {name: each.title for name, each in PROVIDERS.items()},
    }[thing]
    width = max(map(len, titles))
    sys.stdout.write("".join(f"{name:{width}}  {title}\n" for name, title in titles.items()))


@app.command()
def schema() -> None:
    """The JSON schema of scenario files, for editors."""
    _print_json(editor_schema())


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"websocket-estimator {version('websocket-estimator')}\n")
        raise typer.Exit


@app.callback()
def _main(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def _scenario(file: Path, place: str | None, contract: str | None) -> Scenario:
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


def _print(renderable: RenderableType) -> None:
    console = Console()
    # a pipe has no width of its own, and narrower than this no table can be read
    console.width = max(console.width, _NARROWEST)
    console.print(renderable)


def _print_json(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def main() -> None:
    """Run the command line; every refusal is one message and exit status 2."""
    try:
        app()
    except EstimatorError as fault:
        sys.stderr.write(f"error: {fault}\n")
        sys.exit(INPUT_ERROR)
