"""How does an estimate become a file of another program?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import estimator as ws
from estimator.cli import common, completion
from estimator.errors import ScenarioError, UnknownNameError
from estimator.exports.formats import FORMATS

if TYPE_CHECKING:
    from estimator.exports.export import ExportedFile
    from estimator.scenario.scenario import Scenario

_VERSIONS = ("1.2", "1.4")
_WITH_RANGES = ("focus", "xlsx")
_pace = partial(typer.Option, rich_help_panel="Months, for focus, csv, json and markdown")


def export(
    file: common.ScenarioFile,
    file_format: Annotated[
        str,
        common.output(
            "--format",
            help="focus, xlsx, infracost, k6, csv, json or markdown.",
            metavar="FORMAT",
            autocompletion=completion.formats,
        ),
    ],
    to: Annotated[
        Path | None,
        common.output(
            "--output",
            "-o",
            help="The file to write; standard output, if left out. A workbook needs a file.",
            metavar="FILE",
        ),
    ] = None,
    focus_version: Annotated[
        str, common.output("--focus-version", help="Of FOCUS: 1.2 or 1.4.", metavar="VERSION")
    ] = "1.2",
    ranges: Annotated[
        bool,
        common.output(
            "--ranges", help="Add P10 and P90 of each total (focus, xlsx); takes some seconds."
        ),
    ] = False,
    monthly_growth: Annotated[
        float | None,
        _pace(help="Percent per month: a bill for each month.", metavar="PERCENT"),
    ] = None,
    months: Annotated[int, _pace(help="Months to look ahead, up to 120.", metavar="N")] = 12,
    deployment: common.OnlyDeployments = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
) -> None:
    r"""Write an estimate as a file for a FinOps tool, a spreadsheet, Infracost or k6.

    Deployments of a comparison are alternatives: in FOCUS each is a billing
    account of its own. All rows say that they are estimates.

    Examples:
        # two deployments for a FinOps tool; all, if none is named
        $ estimator export examples/team-chat.yaml --format focus -o focus.csv \
          --deployment aws.api_gateway --deployment gcp.cloud_run
        # one deployment over a year of growth, with the columns of FOCUS 1.4
        $ estimator export examples/team-chat.yaml --format focus --focus-version 1.4 \
          --monthly-growth 5 --months 12 --deployment aws.api_gateway
        # a workbook whose totals follow its quantities, prices and answers
        $ estimator export examples/team-chat.yaml --format xlsx -o team-chat.xlsx \
          --deployment aws.api_gateway --deployment aws.nlb_ec2
        # what Infracost cannot know from Terraform
        $ estimator export examples/team-chat.yaml --format infracost \
          --deployment aws.api_gateway
        # the same demand as a load test
        $ estimator export examples/team-chat.yaml --format k6
    """
    if file_format not in FORMATS:
        raise UnknownNameError("format", file_format, FORMATS)
    if focus_version not in _VERSIONS:
        raise UnknownNameError("version of FOCUS", focus_version, _VERSIONS)
    if file_format == "xlsx" and to is None:
        raise ScenarioError("xlsx: a workbook is not a text; name a file, as in -o bills.xlsx")
    if ranges and file_format not in _WITH_RANGES:
        raise ScenarioError(
            f"--ranges: {file_format} holds no ranges; {' and '.join(_WITH_RANGES)} do"
        )
    if focus_version != _VERSIONS[0] and file_format != "focus":
        raise ScenarioError(f"--focus-version: the format is {file_format}; write --format focus")
    scenario = common.read_scenario(file, location, contract, layer)
    found = _answer(scenario, file_format, deployment, monthly_growth, months)
    written: ExportedFile = ws.export(
        found,
        file_format,
        focus_version="1.4" if focus_version == "1.4" else "1.2",
        ranges=_ranges(found) if ranges else None,
    )
    if to is None:
        common.print_text(written.text)
    else:
        written.write(to)
        title = FORMATS[file_format].title
        common.print_text(f"{to}: {title}, {len(written.content):,} bytes\n")


def _answer(
    scenario: Scenario,
    file_format: str,
    deployments: list[str] | None,
    monthly_growth: float | None,
    months: int,
) -> Any:
    """The scenario itself where nothing is priced; else its bills, or those of all months."""
    if monthly_growth is not None:
        return ws.growth(
            scenario, months, monthly_growth_percent=monthly_growth, deployments=deployments
        )
    if not FORMATS[file_format].is_priced:
        return scenario
    found = ws.compare(scenario, deployments)
    common.check_priced(found.bills)
    return found


def _ranges(found: Any) -> dict[str, tuple[float, float]]:
    from estimator.analysis.compare import Comparison
    from estimator.analysis.uncertainty.total_ranges import total_ranges

    if not isinstance(found, Comparison):
        raise ScenarioError("--ranges: ranges are of one month, not of the months of a growth")
    return total_ranges(found.scenario, [bill.deployment or "" for bill in found.bills])
