"""The commands about money: compare deployments, read one bill, read the prices."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated

import typer

from estimator.cli import completion
from estimator.cli.common import (
    CHANGES,
    INPUT_ERROR,
    OUTPUT,
    AsJson,
    AtLocation,
    OnlyDeployments,
    ScenarioFile,
    UnderContract,
    print_json,
    print_table,
    print_text,
    read_scenario,
)
from estimator.cli.teaching import taught

_NARROWING = "Which prices"

COMPARE_EXAMPLES = taught(
    ("every deployment on the four clouds", "compare examples/team-chat.yaml"),
    ("those on one cloud", "compare examples/team-chat.yaml --cloud azure"),
    (
        "served from Frankfurt, and with what people would buy instead of a cloud",
        "compare examples/team-chat.yaml --location frankfurt --saas",
    ),
    (
        "two of them, one under reservations of a year, for machines",
        "compare examples/team-chat.yaml --json \\\n"
        "  --deployment azure.signalr --deployment azure.load_balancer_vm \\\n"
        "  --contract azure-reservations-1-year",
    ),
)
BILL_EXAMPLES = taught(
    ("each line with its tiers and cost", "bill examples/team-chat.yaml aws.nlb_ec2"),
    (
        "and how it came to be: quantity, price, source and date",
        "bill examples/team-chat.yaml aws.nlb_ec2 --explain",
    ),
)
PRICES_EXAMPLES = taught(
    (
        "what one service costs at one place",
        "prices --cloud aws --service api_gateway --location frankfurt",
    ),
    ("traffic to the internet, on all clouds", "prices --meter '*.egress.*' --location tokyo"),
    ("what has not been checked for 90 days", "prices --stale 90 --json"),
)


def compare(
    file: ScenarioFile,
    deployment: OnlyDeployments = None,
    cloud: Annotated[
        list[str] | None,
        typer.Option(
            "--cloud",
            help="Only deployments on this one: aws, azure, gcp or oci; may be repeated.",
            metavar="CLOUD",
            autocompletion=completion.clouds,
            rich_help_panel=CHANGES,
        ),
    ] = None,
    providers: Annotated[
        bool,
        typer.Option(
            "--saas",
            help="Add what people would buy instead of a cloud.",
            rich_help_panel=CHANGES,
        ),
    ] = False,
    location: AtLocation = None,
    contract: UnderContract = None,
    as_json: AsJson = False,
) -> None:
    """What a scenario costs a month on every deployment, cheapest first."""
    from estimator.analysis.compare import compare as compare_bills
    from estimator.deployments.registry import DEPLOYMENTS, SAAS, on_clouds
    from estimator.render.terminal.tables import comparison_table

    asked = (*(deployment or ()), *(on_clouds(cloud) if cloud else ())) or DEPLOYMENTS
    wanted = (*asked, *(SAAS if providers else ()))
    comparison = compare_bills(
        read_scenario(file, location, contract), tuple(dict.fromkeys(wanted))
    )
    if as_json:
        print_json(comparison.as_data())
    else:
        print_table(comparison_table(comparison))
    if not comparison.bills:
        sys.stderr.write("error: none of the deployments could be priced\n")
        raise typer.Exit(INPUT_ERROR)


def bill(
    file: ScenarioFile,
    deployment: Annotated[
        str,
        typer.Argument(
            help="Such as aws.api_gateway: an id of 'estimator list deployments' or "
            "'estimator list saas'.",
            metavar="DEPLOYMENT",
            autocompletion=completion.deployments,
        ),
    ],
    location: AtLocation = None,
    contract: UnderContract = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Say how each line came to be, with its source.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """One deployment's bill, line by line, and what would move it."""
    from estimator.analysis.compare import bill_data
    from estimator.analysis.estimate import estimate
    from estimator.render.terminal.tables import bill_table, wrapped

    found = estimate(read_scenario(file, location, contract), deployment)
    if as_json:
        print_json(bill_data(found))
    elif explain:
        print_text(wrapped(found.explain()) + "\n")
    else:
        print_table(bill_table(found))


def prices(
    cloud: Annotated[
        str | None,
        typer.Option(
            help="aws, azure, gcp, oci or a provider such as ably.",
            metavar="CLOUD",
            autocompletion=completion.clouds,
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(
            help="A service, such as api_gateway or 'Cloud Run'.",
            metavar="SERVICE",
            autocompletion=completion.services,
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    location: Annotated[
        str | None,
        typer.Option(
            help="Only regions that serve a place, such as frankfurt.",
            metavar="PLACE",
            autocompletion=completion.locations,
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    meter: Annotated[
        str | None,
        typer.Option(
            help="A meter's id; * stands for any letters (put it in quotes).",
            metavar="ID",
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    stale: Annotated[
        int | None,
        typer.Option(
            help="Only prices last checked more than so many days ago.",
            metavar="DAYS",
            min=0,
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(
            help="Prices in force on a day, such as 2026-10-31.",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prices with their source and age, all of them or some."""
    from estimator.analysis.price_list import prices as price_list
    from estimator.analysis.price_list import prices_text
    from estimator.render.terminal.tables import wrapped

    table = price_list(
        cloud=cloud.lower() if cloud else None,
        service=service,
        location=location,
        meter=meter,
        stale_days=stale,
        as_of=as_of.date() if as_of else None,
    )
    if as_json:
        print_text(table.to_json(orient="records", date_format="iso", indent=2) + "\n")
        return
    print_text(wrapped("\n".join((*prices_text(table), f"{len(table):,} prices"))) + "\n")
