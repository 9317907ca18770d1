"""What does it cost? Compare deployments, read one bill, look up prices."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import estimator as ws
from estimator.cli import common, completion
from estimator.deployments.registry import on_clouds
from estimator.errors import ScenarioError

if TYPE_CHECKING:
    from estimator.analysis.compare import Comparison

_PICTURES = (".png", ".svg")
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
    card: Annotated[
        Path | None,
        common.output(
            help="Also write a picture to share: the best of each group with its range, what "
            "drives its cost, and what is left out. Ends in .png or .svg.",
            metavar="FILE",
        ),
    ] = None,
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
        # a picture of 1200 x 630 pixels for a chat
        $ estimator compare examples/team-chat.yaml --card team-chat.png
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    if card is not None and card.suffix.lower() not in _PICTURES:
        raise ScenarioError(f"{card}: a card is a picture, whose name ends in .png or .svg")
    asked = (*(deployment or ()), *(on_clouds(cloud) if cloud else ())) or ws.DEPLOYMENTS
    wanted = (*asked, *(ws.SAAS if saas else ()))
    compared = ws.compare(
        common.read_scenario(file, location, contract, layer), tuple(dict.fromkeys(wanted))
    )
    if card is not None:
        _write_card(compared, card)
    common.print_result(compared, as_json=as_json, as_markdown=as_markdown)
    common.check_priced(compared.bills)


def _write_card(compared: Comparison, file: Path) -> None:
    from estimator.analysis.uncertainty.total_ranges import best_ranges
    from estimator.pricing.price_files import price_list

    picture = compared.share_card(
        ranges=best_ranges(compared), made_on=dt.datetime.now(tz=dt.UTC).date()
    )
    shown = compared.scenario.replace(price_list=price_list())
    told = {"Title": picture.get_suptitle(), "Description": shown.to_yaml()}
    try:
        picture.savefig(file, metadata=told)
    except OSError as error:
        raise ScenarioError(f"{file}: {error.strerror or error}") from None


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
    path: Annotated[
        bool,
        common.output("--path", help="Print the folder of prices that 'refresh' wrote, and stop."),
    ] = False,
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
        # where the prices are that 'estimator refresh --write' wrote
        $ estimator prices --path
    """
    if path:
        from estimator.files import refreshed_folder

        common.print_text(f"{refreshed_folder() or 'none: platformdirs is not installed'}\n")
        return
    from estimator.analysis.price_list import overlaid_text, prices_text
    from estimator.format import number_of
    from estimator.pricing.price_files import price_list

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
        counted = f"{number_of(len(table), 'price')}, price list {price_list()}"
        common.print_paragraphs("\n".join((*prices_text(table), *overlaid_text(table), counted)))
