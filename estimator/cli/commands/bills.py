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
    print_paragraphs,
    print_result,
    print_text,
    read_scenario,
)
from estimator.cli.teaching import taught

_NARROWING = "Which prices"

COMPARE_EXAMPLES = taught(
    ("every deployment on the four clouds", "compare examples/team-chat.yaml"),
    ("those on one cloud", "compare examples/team-chat.yaml --cloud azure"),
    (
        "served from Frankfurt, with realtime SaaS",
        "compare examples/team-chat.yaml --location frankfurt --saas",
    ),
    (
        "two deployments, one under one-year reservations, as JSON",
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
        "what one service costs in one location",
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
    saas: Annotated[
        bool,
        typer.Option(
            "--saas",
            help="Add realtime SaaS such as Ably or Pusher.",
            rich_help_panel=CHANGES,
        ),
    ] = False,
    location: AtLocation = None,
    contract: UnderContract = None,
    as_json: AsJson = False,
) -> None:
    """What a scenario costs per month on every deployment, cheapest first."""
    from estimator.analysis.compare import compare as compare_bills
    from estimator.deployments.registry import DEPLOYMENTS, SAAS, on_clouds

    asked = (*(deployment or ()), *(on_clouds(cloud) if cloud else ())) or DEPLOYMENTS
    wanted = (*asked, *(SAAS if saas else ()))
    comparison = compare_bills(
        read_scenario(file, location, contract), tuple(dict.fromkeys(wanted))
    )
    print_result(comparison, as_json=as_json)
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
            help="Show how each line came to be, with its source.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """One deployment's bill, line by line, and what would change it."""
    from estimator.analysis.estimate import estimate

    found = estimate(read_scenario(file, location, contract), deployment)
    if explain and not as_json:
        print_paragraphs(found.explain())
    else:
        print_result(found, as_json=as_json)


def prices(
    cloud: Annotated[
        str | None,
        typer.Option(
            help="aws, azure, gcp, oci or a SaaS vendor such as ably.",
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
            help="Only regions that serve a location, such as frankfurt.",
            metavar="LOCATION",
            autocompletion=completion.locations,
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    meter: Annotated[
        str | None,
        typer.Option(
            help="The id of a meter; * stands for any letters (quote it).",
            metavar="ID",
            rich_help_panel=_NARROWING,
        ),
    ] = None,
    stale: Annotated[
        int | None,
        typer.Option(
            help="Only prices last checked more than this many days ago.",
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
    print_paragraphs("\n".join((*prices_text(table), f"{len(table):,} prices")))
