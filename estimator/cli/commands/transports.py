"""Does an app need WebSockets, or do streams or polls cost less?"""

from __future__ import annotations

from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common


def transports(
    file: common.ScenarioFile,
    within: Annotated[
        str | None,
        typer.Option(
            help="By when 95% of the messages must have come, such as 2s or '1 min'; polls are "
            "made as rarely as that allows.",
            metavar="TIME",
        ),
    ] = None,
    break_even: Annotated[
        bool,
        typer.Option(
            "--break-even",
            help="Find the message rates at which another transport becomes the cheapest; needs "
            "--within.",
        ),
    ] = False,
    deployments: common.OnlyDeployments = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    as_markdown: common.AsMarkdown = False,
    as_csv: common.AsCsv = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Compare WebSockets, server-sent events, long polling and polling: dollars and delay.

    The same demand travels over each transport, on every deployment that
    carries it. Delays are what a transport adds to the way of a message.

    Examples:
        # what each transport costs, and how late messages come
        $ estimator transports examples/team-chat.yaml
        # what brings 95% of the messages within a minute, and at which rates
        # another transport costs less
        $ estimator transports examples/status-page.yaml --within '1 min' \
          --break-even
        # as one JSON document, of two deployments
        $ estimator transports examples/team-chat.yaml \
          --deployment aws.api_gateway --deployment aws.alb_fargate --json
    """
    common.check_one_form(markdown=as_markdown, csv=as_csv, json=as_json)
    if break_even and within is None:
        raise ws.ScenarioError(
            "--break-even needs --within: polls that may come at any time are the cheapest at "
            "every rate"
        )
    scenario = common.read_scenario(file, location, contract, layer)
    seconds = None if within is None else common.seconds_of(within, "--within")
    found = ws.transports(scenario, deployments, within_seconds=seconds)
    if break_even:
        found = found.with_break_even()
    common.print_result(
        found,
        as_json=as_json,
        as_markdown=as_markdown,
        as_csv=(lambda: found.table) if as_csv else None,
    )
