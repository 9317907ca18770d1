"""The command line: a first scenario file, bills, changes, growth, simulations, prices.

What a verb cannot do without stands by itself, all else is an option of the same name everywhere;
``--json`` prints one document and nothing else.

Exit status: 0 done; 1 a simulation found an assumption or a limit broken, or a check a budget not
kept; 2 the input cannot be used (a message on standard error says why); 130 stopped with Ctrl-C. A
reader of the output that stops early, such as ``head``, changes nothing.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from estimator.cli.commands import bills, diff, growth, init, listing, simulate, sweep, uncertainty
from estimator.cli.common import INPUT_ERROR, INTERRUPTED
from estimator.cli.flags import Command, Group
from estimator.cli.teaching import taught
from estimator.errors import EstimatorError

_USUAL_PATH = taught(
    ("a commented scenario file: say who connects, and from where", "init scenario.yaml"),
    ("what that costs a month on every deployment", "compare scenario.yaml"),
    (
        "one of the bills, and how each of its lines came to be",
        "bill scenario.yaml aws.nlb_ec2 --explain",
    ),
    (
        "would it hold? two weeks by chance; the exit status tells",
        "simulate scenario.yaml --deployment aws.nlb_ec2 --replications 2",
    ),
    (
        "the prices behind it, with source and age",
        "prices --cloud aws --service nlb --location virginia",
    ),
    title="The usual path",
)
_EXIT_STATUSES = """
[bold]Exit status[/bold]
0    done
1    a simulation found an assumption or a limit broken, a check a budget not kept
2    the input cannot be used; a message on standard error says why
130  stopped with Ctrl-C"""

app = typer.Typer(
    name="estimator",
    cls=Group,
    help="What a WebSocket deployment costs on AWS, Azure, Google Cloud and OCI, why, and whether "
    "it holds.",
    epilog=_USUAL_PATH + "\n" + _EXIT_STATUSES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command(cls=Command, epilog=init.EXAMPLES)(init.init)
app.command(cls=Command, epilog=bills.COMPARE_EXAMPLES)(bills.compare)
app.command(cls=Command, epilog=bills.BILL_EXAMPLES)(bills.bill)
app.command(cls=Command, epilog=diff.EXAMPLES)(diff.diff)
app.command(cls=Command, epilog=growth.EXAMPLES)(growth.growth)
app.command(cls=Command, epilog=sweep.SWEEP_EXAMPLES)(sweep.sweep)
app.command(cls=Command, epilog=sweep.BREAKEVEN_EXAMPLES)(sweep.breakeven)
app.command(cls=Command, epilog=uncertainty.UNCERTAINTY_EXAMPLES)(uncertainty.uncertainty)
app.command(cls=Command, epilog=uncertainty.CHECK_EXAMPLES)(uncertainty.check)
app.command(cls=Command, epilog=simulate.EXAMPLES)(simulate.simulate)
app.command(cls=Command, epilog=bills.PRICES_EXAMPLES)(bills.prices)
app.command("list", cls=Command, epilog=listing.LIST_EXAMPLES)(listing.list_things)
app.command(cls=Command, epilog=listing.SCHEMA_EXAMPLES)(listing.schema)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

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
    except EstimatorError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(INPUT_ERROR)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
