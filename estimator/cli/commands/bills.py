"""What does it cost? Compare deployments, read one bill, look up prices."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common, completion
from estimator.deployments.registry import on_clouds

_narrow = partial(typer.Option, rich_help_panel="Which prices")


def compare(
    file: common.ScenarioFile,
    deployment: common.OnlyDeployments = None,
    cloud: Annotated[
        list[str] | None,
        common.change(
            "--cloud",
            help="Only deployments on this cloud: aws, azure, gcp or oci. Can be repeated.",
            metavar="CLOUD",
            autocompletion=completion.clouds,
        ),
    ] = None,
    saas: Annotated[bool, common.change("--saas", help="Add realtime SaaS to the clouds.")] = False,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Compare the monthly cost of a scenario on every deployment, cheapest first.

    Examples:
        # every deployment on the four clouds
        $ estimator compare examples/team-chat.yaml
        # the deployments on one cloud
        $ estimator compare examples/team-chat.yaml --cloud azure
        # users in Frankfurt, and realtime SaaS beside the clouds
        $ estimator compare examples/team-chat.yaml --location frankfurt --saas
        # only what carries the messages
        $ estimator compare examples/team-chat.yaml --layer messaging
        # two deployments under one-year reservations, as JSON
        $ estimator compare examples/team-chat.yaml --json \
          --deployment azure.signalr --deployment azure.load_balancer_vm \
          --contract azure-reservations-1-year
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    asked = (*(deployment or ()), *(on_clouds(cloud) if cloud else ())) or ws.DEPLOYMENTS
    wanted = (*asked, *(ws.SAAS if saas else ()))
    compared = ws.compare(
        common.read_scenario(file, location, contract, layer), tuple(dict.fromkeys(wanted))
    )
    common.print_result(compared, as_json=as_json, as_markdown=as_markdown)
    common.check_priced(compared.bills)


def estimate(
    file: common.ScenarioFile,
    deployment: Annotated[
        str,
        typer.Argument(
            help="Deployment, such as aws.api_gateway: an id from 'estimator list deployments' "
            "or 'estimator list saas'.",
            metavar="DEPLOYMENT",
            autocompletion=completion.deployments,
        ),
    ],
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    explain: common.Explain = False,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    """Show one deployment's bill line by line, its limits, and what could change it.

    Examples:
        # each line with its price tiers and cost
        $ estimator estimate examples/team-chat.yaml aws.nlb_ec2
        # how each line is calculated: quantity, price, source and date
        $ estimator estimate examples/team-chat.yaml aws.nlb_ec2 --explain
    """
    common.check_one_form(explain=explain, markdown=as_markdown, json=as_json)
    bill = ws.estimate(common.read_scenario(file, location, contract, layer), deployment)
    if explain:
        common.print_paragraphs(bill.explain())
    else:
        common.print_result(bill, as_json=as_json, as_markdown=as_markdown)


def prices(
    cloud: Annotated[
        str | None,
        _narrow(
            help="A cloud (aws, azure, gcp or oci) or a SaaS vendor such as ably.",
            metavar="CLOUD",
            autocompletion=completion.clouds,
        ),
    ] = None,
    service: Annotated[
        str | None,
        _narrow(
            help="A service, such as api_gateway or 'Cloud Run'.",
            metavar="SERVICE",
            autocompletion=completion.services,
        ),
    ] = None,
    location: Annotated[
        str | None,
        _narrow(
            help="Only the regions that serve this location, such as frankfurt.",
            metavar="LOCATION",
            autocompletion=completion.locations,
        ),
    ] = None,
    meter: Annotated[
        str | None,
        _narrow(help="The id of a meter; * stands for any letters (quote it).", metavar="ID"),
    ] = None,
    stale: Annotated[
        int | None,
        _narrow(
            help="Only prices that were last checked more than this many days ago.",
            metavar="DAYS",
            min=0,
        ),
    ] = None,
    as_of: Annotated[dt.datetime | None, common.as_of_option(_narrow)] = None,
    as_json: common.AsJson = False,
) -> None:
    """List prices with their source and age.

    Examples:
        # one service in the regions that serve one location
        $ estimator prices --cloud aws --service api_gateway --location frankfurt
        # traffic to the internet on all clouds
        $ estimator prices --meter '*.egress.*' --location tokyo
        # prices that were last checked more than 90 days ago
        $ estimator prices --stale 90 --json
    """
    from estimator.analysis.price_list import prices_text

    table = ws.prices(
        cloud=cloud.lower() if cloud else None,
        service=service,
        location=location,
        meter=meter,
        stale_days=stale,
        as_of=as_of.date() if as_of else None,
    )
    if as_json:
        common.print_text(table.to_json(orient="records", date_format="iso", indent=2) + "\n")
    else:
        common.print_paragraphs("\n".join((*prices_text(table), f"{len(table):,} prices")))
