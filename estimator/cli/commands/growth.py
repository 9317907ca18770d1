"""What does it cost month by month while the audience grows?"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common
from estimator.errors import ScenarioError

_pace = partial(typer.Option, rich_help_panel="How fast the audience grows")


def growth(
    file: common.ScenarioFile,
    months: Annotated[
        int, _pace(help="Months to look ahead, up to 120; prices stay as they are.", metavar="N")
    ] = 24,
    monthly_growth: Annotated[
        float | None,
        _pace(help="Percent per month, such as 5; negative to shrink.", metavar="PERCENT"),
    ] = None,
    annual_growth: Annotated[
        float | None,
        _pace(help="Percent per year instead, spread evenly over the months.", metavar="PERCENT"),
    ] = None,
    deployment: common.OnlyDeployments = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    as_csv: common.AsCsv = False,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Show the monthly cost of a scenario while its audience grows.

    Also shows when a limit is exceeded, a price tier is reached, or another
    deployment becomes the cheapest within limits.

    Examples:
        # two years with 5% more users every month
        $ estimator growth examples/team-chat.yaml --monthly-growth 5
        # two deployments over three years, with twice the users every year
        $ estimator growth examples/team-chat.yaml --annual-growth 100 --months 36 \
          --deployment aws.api_gateway --deployment aws.nlb_ec2
        # every month of every deployment, for a spreadsheet
        $ estimator growth examples/team-chat.yaml --monthly-growth 5 --csv
    """
    common.check_one_form(csv=as_csv, markdown=as_markdown, json=as_json)
    if (monthly_growth is None) == (annual_growth is None):
        raise ScenarioError(
            "say how fast the audience grows: --monthly-growth 5 or --annual-growth 80, not both"
        )
    found = ws.growth(
        common.read_scenario(file, location, contract, layer),
        months,
        monthly_growth_percent=monthly_growth,
        annual_growth_percent=annual_growth,
        deployments=deployment,
    )
    table = (lambda: found.table) if as_csv else None
    common.print_result(found, as_json=as_json, as_markdown=as_markdown, as_csv=table)
    common.check_priced(found.bills)
