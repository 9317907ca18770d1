"""The command that compares two scenario files: what was changed, and what does it cost?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from estimator.cli import completion
from estimator.cli.common import (
    INPUT_ERROR,
    STANDARD_STREAM,
    AsJson,
    AsMarkdown,
    OnlyDeployments,
    check_one_form,
    print_result,
    read_scenario,
)
from estimator.cli.teaching import taught
from estimator.errors import ScenarioError

EXAMPLES = taught(
    (
        "what another file would cost instead",
        "diff examples/market-open.yaml examples/market-data.yaml",
    ),
    (
        "line by line for one deployment",
        "diff examples/market-open.yaml examples/market-data.yaml \\\n  --deployment aws.nlb_ec2",
    ),
    (
        "a comment for a pull request",
        "diff examples/market-open.yaml examples/market-data.yaml \\\n  --markdown",
    ),
)


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
            help="Scenario file after it.",
            metavar="NEW",
            autocompletion=completion.yaml_files,
        ),
    ],
    deployment: OnlyDeployments = None,
    as_markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """What was changed between two scenario files, and what that does to each bill.

    The exit status is 0 whatever the difference is.
    """
    check_one_form(as_markdown=as_markdown, as_json=as_json)
    if str(old) == str(new) == STANDARD_STREAM:
        raise ScenarioError("standard input can be read only once: name a file for OLD or for NEW")
    from estimator.analysis.diff.diff import diff as difference

    before, after = (read_scenario(file, None, None) for file in (old, new))
    found = difference(before, after, deployment)
    print_result(found, as_json=as_json, as_markdown=as_markdown)
    if not any(each.before or each.after for each in found.bills):
        sys.stderr.write("error: none of the deployments could be priced\n")
        raise typer.Exit(INPUT_ERROR)
