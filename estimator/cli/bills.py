"""The commands about money: compare deployments, read one bill, read the prices."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated

import typer

from estimator.analysis.estimate import estimate
from estimator.cli.shared import (
    INPUT_ERROR,
    AsJson,
    AtPlace,
    ScenarioFile,
    UnderContract,
    print_json,
    print_table,
    read_scenario,
)
from estimator.deployments.registry import DEPLOYMENTS, PROVIDERS
from estimator.report.comparison import bill_data
from estimator.report.comparison import compare as compare_bills
from estimator.report.price_list import prices as price_list
from estimator.report.price_list import prices_text
from estimator.report.tables import bill_table, comparison_table


def compare(
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
    comparison = compare_bills(read_scenario(file, place, contract), wanted)
    if as_json:
        print_json(comparison.as_data())
    else:
        print_table(comparison_table(comparison))
    if not comparison.bills:
        raise typer.Exit(INPUT_ERROR)


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
    found = estimate(read_scenario(file, place, contract), deployment)
    if as_json:
        print_json(bill_data(found))
    elif explain:
        sys.stdout.write(found.explain() + "\n")
    else:
        print_table(bill_table(found))


def prices(
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
    table = price_list(
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
