"""What does the price list of now do to scenarios that somebody saved?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from estimator.cli import common, completion


def drift(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Scenario files, such as scenarios/*.yaml.",
            metavar="SCENARIO...",
            autocompletion=completion.yaml_files,
        ),
    ],
    before: Annotated[
        Path | None,
        common.change(
            "--before",
            help="A folder of refreshed prices to compare with, such as that of the main branch; "
            "the prices that ship, if left out.",
            metavar="FOLDER",
        ),
    ] = None,
    since: Annotated[
        dt.datetime | None,
        common.change(
            "--since",
            help="Compare with the prices in force on this day, such as 2026-10-31.",
            formats=["%Y-%m-%d"],
            metavar="DAY",
        ),
    ] = None,
    deployment: common.OnlyDeployments = None,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Show what refreshed prices do to saved scenarios, and which deployment is cheapest now.

    The exit status is 0 if no bill moves, and 3 if one does.

    Examples:
        # what refreshes have changed, beside the prices that ship
        $ estimator drift examples/team-chat.yaml --deployment aws.nlb_ec2
        # two scenarios, as a comment for a pull request
        $ estimator drift examples/team-chat.yaml examples/notifications.yaml \
          --deployment aws.api_gateway --markdown
    """
    from estimator.analysis.drift import drift as drifted
    from estimator.errors import ScenarioError
    from estimator.vendor_lists.report import CHANGES_FOUND

    common.check_one_form(markdown=as_markdown, json=as_json)
    if before and since:
        raise ScenarioError("--before and --since: only one of them says what is compared with")
    scenarios = {str(file): common.read_scenario(file) for file in files}
    found = drifted(
        scenarios,
        before=before,
        since=since.date() if since else None,
        deployments=deployment,
    )
    common.print_result(found, as_json=as_json, as_markdown=as_markdown)
    if found.changed:
        raise typer.Exit(CHANGES_FOUND)
