"""What would bring clients back in time after a fault?"""

from __future__ import annotations

from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common
from estimator.cli.commands.simulate import Engines, say_that_it_compiles
from estimator.errors import ScenarioError
from estimator.units import parse_share


def recovery_plan(
    file: common.ScenarioFile,
    deployment: Annotated[
        str,
        common.deployment_id(
            "Where clients come back to, such as aws.api_gateway: its limits, units and prices."
        ),
    ],
    within: Annotated[
        str, typer.Option(help="Time in which the clients must be back.", metavar="TIME")
    ] = "5 min",
    share: Annotated[
        str,
        typer.Option(help="How many of them: 50%, 95%, 99% or 100%.", metavar="SHARE"),
    ] = "99%",
    fault: Annotated[
        str | None,
        common.change(
            "--fault",
            help="What goes wrong, such as 'outage at Tue 14:00 share 30%', instead of the file's "
            "first fault; without either, a zone fails for 10 minutes in the busiest hour. "
            "See 'estimator list faults'.",
            metavar="TEXT",
        ),
    ] = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    replications: Annotated[
        int,
        common.sampling(
            help="Storms of each setting, of which the slowest counts.", min=1, max=100, metavar="N"
        ),
    ] = 2,
    seed: common.Seed = 0,
    engine: Annotated[
        Engines,
        common.sampling(help="Follow each client (exact) or groups of clients (aggregate)."),
    ] = Engines.auto,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Find what would bring clients back in time after a fault.

    Simulates storms under another backoff, other limits of new connections,
    shorter backlogs and more nodes, and shows the smallest change that is enough.
    The exit status is 1 if none was found, or if nothing is known of how fast
    clients are let in.

    Examples:
        # what brings 99% back in 45 s after a zone has failed?
        $ estimator recovery-plan examples/team-chat.yaml --deployment aws.api_gateway \
          --within 45s
        # after another fault, as JSON
        $ estimator recovery-plan examples/team-chat.yaml --deployment aws.api_gateway \
          --fault 'outage at Tue 14:00 share 50%' --json
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    is_watched = not (as_json or as_markdown)
    with common.progress_bar("simulated settings", wanted=is_watched) as progress:
        scenario = common.read_scenario(file, location, contract)
        say_that_it_compiles(wanted=progress is not None)
        found = ws.recovery_plan(
            scenario,
            deployment,
            fault=fault,
            within_s=common.seconds_of(within, "--within"),
            share=_share(share),
            seed=seed,
            replications=replications,
            engine=engine.value,
            progress=progress,
        )
    common.print_result(found, as_json=as_json, as_markdown=as_markdown)
    if not found.is_met:
        raise typer.Exit(common.FAILED)


def _share(text: str) -> float:
    try:
        return parse_share(text)
    except ValueError as error:
        raise ScenarioError(f"--share: {error}") from None
