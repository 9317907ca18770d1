"""The command that looks ahead: what does it cost when more people come?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from estimator.cli.common import (
    INPUT_ERROR,
    OUTPUT,
    AsJson,
    AtLocation,
    OnlyDeployments,
    ScenarioFile,
    UnderContract,
    print_result,
    print_text,
    read_scenario,
)
from estimator.cli.teaching import taught
from estimator.errors import ScenarioError

_PACE = "How fast the audience grows"

EXAMPLES = taught(
    ("two years at 5% per month", "growth examples/team-chat.yaml --monthly-growth 5"),
    (
        "two deployments over three years, doubling every year",
        "growth examples/team-chat.yaml --annual-growth 100 --months 36 \\\n"
        "  --deployment aws.api_gateway --deployment aws.nlb_ec2",
    ),
    (
        "every month of every deployment, for a spreadsheet",
        "growth examples/team-chat.yaml --monthly-growth 5 --csv",
    ),
)


def growth(
    file: ScenarioFile,
    months: Annotated[
        int,
        typer.Option(
            help="Months to look ahead, up to 120; prices stay as they are.",
            metavar="N",
            rich_help_panel=_PACE,
        ),
    ] = 24,
    monthly_growth_percent: Annotated[
        float | None,
        typer.Option(
            "--monthly-growth",
            help="Growth from each month to the next, such as 5; below 0 if the audience shrinks.",
            metavar="PERCENT",
            rich_help_panel=_PACE,
        ),
    ] = None,
    annual_growth_percent: Annotated[
        float | None,
        typer.Option(
            "--annual-growth",
            help="Growth over twelve months instead, spread evenly.",
            metavar="PERCENT",
            rich_help_panel=_PACE,
        ),
    ] = None,
    deployment: OnlyDeployments = None,
    location: AtLocation = None,
    contract: UnderContract = None,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="Print a row for each deployment and month.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What a scenario costs month by month while its audience grows.

    And in which month a limit is exceeded, a price tier is reached
    or another deployment becomes the cheapest within limits.
    """
    if (monthly_growth_percent is None) == (annual_growth_percent is None):
        raise ScenarioError(
            "give the growth of the audience: --monthly-growth 5 or --annual-growth 80, not both"
        )
    if as_csv and as_json:
        raise ScenarioError("--csv and --json: print one of them, not both")
    from estimator.analysis.growth.growth import growth as growth_of

    found = growth_of(
        read_scenario(file, location, contract),
        months,
        monthly_growth_percent=monthly_growth_percent,
        annual_growth_percent=annual_growth_percent,
        deployments=deployment,
    )
    if as_csv:
        print_text(found.table.to_csv(index=False, lineterminator="\n"))
    else:
        print_result(found, as_json=as_json)
    if not found.bills:
        sys.stderr.write("error: none of the deployments could be priced\n")
        raise typer.Exit(INPUT_ERROR)
