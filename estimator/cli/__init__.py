"""The command line: compare deployments, read one bill, simulate, read the prices, list the rest.

Exit status: 0 done; 1 a simulation found an assumption or a limit broken; 2 the input cannot be
used (one message on standard error says why); 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from estimator.cli import bills, listing, simulation
from estimator.cli.shared import INPUT_ERROR
from estimator.errors import EstimatorError

app = typer.Typer(
    name="estimator",
    help="What a WebSocket deployment costs on AWS, Azure, Google Cloud and OCI, why, and whether "
    "it holds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(bills.compare)
app.command()(bills.bill)
app.command()(simulation.simulate)
app.command()(bills.prices)
app.command("list")(listing.list_things)
app.command()(listing.schema)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"websocket-estimator {version('websocket-estimator')}\n")
        raise typer.Exit


@app.callback()
def _main(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; every refusal is one message and exit status 2."""
    try:
        app()
    except EstimatorError as fault:
        sys.stderr.write(f"error: {fault}\n")
        sys.exit(INPUT_ERROR)
