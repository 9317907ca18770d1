"""What would moving to another deployment save or lose?"""

from __future__ import annotations

from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common, completion


def move(
    file: common.ScenarioFile,
    today: Annotated[
        str,
        typer.Option(
            "--from",
            help="What runs today, such as aws.api_gateway.",
            metavar="ID",
            autocompletion=completion.deployments,
        ),
    ],
    candidate: Annotated[
        str,
        typer.Option(
            "--to",
            help="What could run instead, such as aws.nlb_ec2.",
            metavar="ID",
            autocompletion=completion.deployments,
        ),
    ],
    migration_hours: Annotated[
        float,
        typer.Option(
            help="Engineers' hours that moving itself takes, once, at the price of an hour that "
            "the scenario states.",
            metavar="HOURS",
        ),
    ] = 0.0,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Show what moving from one deployment to another would save or lose, and why.

    Compares both bills by layer and driver, the work that comes and goes, and
    how both stand to their limits. The exit status is 0 whatever the answer is.

    Examples:
        # from a managed service to servers of your own
        $ estimator move examples/team-chat.yaml \
          --from aws.api_gateway --to aws.nlb_ec2
        # until when are 200 hours of work paid back?
        $ estimator move examples/team-chat.yaml \
          --from aws.api_gateway --to aws.nlb_ec2 --migration-hours 200
        # as one JSON document
        $ estimator move examples/team-chat.yaml \
          --from aws.nlb_ec2 --to azure.web_pubsub --json
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    scenario = common.read_scenario(file, location, contract, layer)
    found = ws.move(scenario, today, candidate, migration_hours=migration_hours)
    common.print_result(found, as_json=as_json, as_markdown=as_markdown)
