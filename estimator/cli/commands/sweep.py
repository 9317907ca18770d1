"""The commands that move a number: bills over a range, and where the cheapest changes."""

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
    print_json,
    print_table,
    print_text,
    read_scenario,
)
from estimator.cli.teaching import taught
from estimator.errors import ScenarioError

_MOVED = "What moves"

SWEEP_EXAMPLES = taught(
    (
        "who is the cheapest from a hundred to a million connections",
        "sweep examples/team-chat.yaml --vary peak_connections=100..1e6",
    ),
    (
        "connections against messages, every bill for a spreadsheet",
        "sweep examples/team-chat.yaml --csv \\\n"
        "  --vary peak_connections=1000,10000,100000 \\\n"
        "  --vary posts.rate_per_hour=1..50/10",
    ),
    (
        "what another server would change, for all fleets at once",
        "sweep examples/team-chat.yaml \\\n"
        "  --vary 'options.*.messages_per_core_second=2000..50000/5'",
    ),
)
BREAKEVEN_EXAMPLES = taught(
    (
        "from how many connections on does a fleet of one's own pay?",
        "breakeven examples/team-chat.yaml peak_connections=100..1e6 \\\n"
        "  --deployment aws.api_gateway --deployment aws.alb_ec2",
    ),
    (
        "which discount would make API Gateway the cheaper one?",
        "breakeven examples/team-chat.yaml \\\n"
        "  'percent_off.aws.api_gateway.*=0..95' \\\n"
        "  --deployment aws.api_gateway --deployment aws.alb_ec2",
    ),
    (
        "on all clouds, over the hours per day that people are connected",
        "breakeven examples/team-chat.yaml hours_per_day=1..24",
    ),
)


def sweep(
    file: ScenarioFile,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            help="A field and its values: peak_connections=100,1000 or 100..1e6, or 100..1e6/50 "
            "for 50 of them. The end of a name suffices, such as posts.rate_per_hour. May be "
            "repeated: each value meets each of the others.",
            metavar="FIELD=VALUES",
            rich_help_panel=_MOVED,
        ),
    ],
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="Move all fields at once, value by value.",
            rich_help_panel=_MOVED,
        ),
    ] = False,
    deployment: OnlyDeployments = None,
    location: AtLocation = None,
    contract: UnderContract = None,
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Print a row for each bill.", rich_help_panel=OUTPUT),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bills while some numbers of a scenario, an option or a price move.

    The table shows the cheapest deployment that holds; --csv and --json hold
    every bill.
    """
    if as_csv and as_json:
        raise ScenarioError("--csv and --json: one of them can be printed, not both")
    from estimator.analysis.sweep.sweep import sweep as sweep_over
    from estimator.cli.axis_text import parse_axes
    from estimator.render.terminal.sweep import sweep_table

    scenario = read_scenario(file, location, contract)
    found = sweep_over(scenario, parse_axes(vary), deployment, together=together)
    if as_json:
        print_json(found.as_data())
    elif as_csv:
        print_text(found.totals.to_csv(index=False, lineterminator="\n"))
    else:
        print_table(sweep_table(found))
    if len(found.refusals) == len(found.deployments):
        sys.stderr.write("error: none of the deployments could be priced\n")
        raise typer.Exit(INPUT_ERROR)


def breakeven(
    file: ScenarioFile,
    field: Annotated[
        str,
        typer.Argument(
            help="What moves, from where to where: peak_connections=100..1e6. The end of a name "
            "suffices, such as posts.rate_per_hour.",
            metavar="FIELD=FROM..TO",
        ),
    ],
    deployment: OnlyDeployments = None,
    location: AtLocation = None,
    contract: UnderContract = None,
    as_json: AsJson = False,
) -> None:
    """Every value of a number at which another deployment becomes the cheapest.

    Only deployments that hold take part. Each value was checked by pricing
    1 % to both sides.
    """
    from estimator.analysis.breakeven.breakeven import break_even
    from estimator.cli.axis_text import parse_range
    from estimator.render.terminal.sweep import break_even_table

    name, low, high = parse_range(field)
    found = break_even(read_scenario(file, location, contract), name, low, high, deployment)
    if as_json:
        print_json(found.as_data())
    else:
        print_table(break_even_table(found))
    if len(found.refusals) == len(found.deployments):
        sys.stderr.write("error: none of the deployments could be priced\n")
        raise typer.Exit(INPUT_ERROR)
