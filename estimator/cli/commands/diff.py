"""What changed between two scenario files, and what does that cost?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common, completion
from estimator.errors import ScenarioError


def diff(
    old: Annotated[
        Path,
        typer.Argument(
            help="Scenario file before the change; - reads standard input, as in "
            "'git show main:scenario.yaml | estimator diff - scenario.yaml'.",
            metavar="OLD",
            autocompletion=completion.yaml_files,
        ),
    ],
    new: Annotated[
        Path,
        typer.Argument(
            help="Scenario file after the change.",
            metavar="NEW",
            autocompletion=completion.yaml_files,
        ),
    ],
    deployment: common.OnlyDeployments = None,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Show what changed between two scenario files and what it does to each bill.

    The exit status is 0 whatever the difference is.

    Examples:
        # what a changed scenario costs
        $ estimator diff examples/market-open.yaml examples/market-data.yaml
        # line by line for one deployment
        $ estimator diff examples/market-open.yaml examples/market-data.yaml \
          --deployment aws.nlb_ec2
        # a comment for a pull request
        $ estimator diff examples/market-open.yaml examples/market-data.yaml \
          --markdown
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    if str(old) == str(new) == common.STANDARD_STREAM:
        raise ScenarioError("standard input can be read only once: name a file for OLD or for NEW")
    found = ws.diff(common.read_scenario(old), common.read_scenario(new), deployment)
    common.print_result(found, as_json=as_json, as_markdown=as_markdown)
    common.check_priced(any(each.before or each.after for each in found.bills))
