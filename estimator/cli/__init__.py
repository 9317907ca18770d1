"""How does one ask on a command line? One verb for each question, the answer in several forms.

What a verb requires is an argument, all else is an option with the same name everywhere. Each
answer is printed as tables for people, with ``--json`` as one document for programs, or with
``--markdown`` as a comment for a pull request.

Exit status: 0 done; 1 a simulation misses an assumption or a limit, or a budget check fails; 2 the
input cannot be used (a message on standard error says why); 3 a vendor's price list says something
else than ours; 70 an error of this program (one
line on standard error says how to report it); 130 stopped with Ctrl-C. A reader of the output that
stops early, such as ``head``, changes nothing.
"""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info
from typer.models import CommandInfo

from estimator.cli.common import INPUT_ERROR, INTERRUPTED, UNEXPECTED
from estimator.cli.verbs import USUAL_PATH, VERBS, Verb, marked_up
from estimator.errors import MOST_MESSAGE_CHARACTERS, EstimatorError, cut, release, unexpected
from estimator.render.printable import printable

_USAGE_ERROR: Any = typer.BadParameter.__base__
"""The class of all errors in the arguments themselves; typer names only some of them."""
_MOST_SAID = 90
_EXIT_STATUSES = """
[bold]Exit status[/bold]
0    done
1    a simulation misses an assumption or a limit, or a budget check fails
2    the input cannot be used; a message on standard error says why
3    a vendor's price list says something else than ours, or moves saved bills
70   an error of this program; a line on standard error says how to report it,
     and with ESTIMATOR_TRACEBACK=1 in the environment where it happened
130  stopped with Ctrl-C"""


class _Terse:
    """Has help name no type behind a flag, and errors repeat no long text.

    ``--json <bool>`` would ask for a value.
    """

    def make_context(self, *given: Any, **named: Any) -> Any:
        """Read the arguments."""
        try:
            return super().make_context(*given, **named)  # pyright: ignore[reportAttributeAccessIssue]
        except _USAGE_ERROR as error:
            error.message = cut(error.message, MOST_MESSAGE_CHARACTERS - _MOST_SAID)
            raise

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters there are, including those that typer adds."""
        parameters: list[Any] = super().get_params(ctx)  # pyright: ignore[reportAttributeAccessIssue]
        for parameter in parameters:
            if isinstance(parameter, TyperOption) and parameter.is_flag:
                parameter.metavar = ""
        return parameters


class _Command(_Terse, TyperCommand):
    """A command whose flags show no type."""


@cache
def _command(verb: Verb) -> Any:
    about, examples = verb.help
    info = CommandInfo(
        verb.name, cls=_Command, callback=verb.function, help=about, epilog=marked_up(examples)
    )
    return get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode="rich")


class _Commands(Mapping[str, Any]):
    """Commands by the names of their verbs, each made when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        for verb in VERBS:
            if verb.name == name:
                return _command(verb)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (verb.name for verb in VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class _Group(_Terse, TyperGroup):
    """The verbs of the table."""

    def __init__(self, **given: Any) -> None:
        given["commands"] = _Commands()
        super().__init__(**given)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # what typer calls
        """Their names, without loading any."""
        return list(self.commands)


app = typer.Typer(
    name="estimator",
    cls=_Group,
    help="Estimate what a WebSocket deployment costs on AWS, Azure, Google Cloud and OCI, and "
    "whether it stays within their limits.",
    epilog=marked_up(USUAL_PATH, "The usual path") + "\n" + _EXIT_STATUSES,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"{release()}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        sys.stdout.write(context.get_help())


def main() -> None:
    """Run the command line; every refusal is one message and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # what a terminal cannot show is shown as its number
            stream.reconfigure(errors="backslashreplace")
    try:
        # named here, since what started Python may have another name, as `python -m pytest` has;
        # shells ask for completion through a variable with this name in it
        app(prog_name="estimator")
    except EstimatorError as error:
        sys.stderr.write(f"error: {printable(str(error))}\n")
        sys.exit(INPUT_ERROR)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if os.environ.get("ESTIMATOR_TRACEBACK"):
            raise
        command = cut(shlex.join(["estimator", *sys.argv[1:]]), _MOST_SAID)
        sys.stderr.write(f"error: {unexpected(error)}, {printable(command)}\n")
        sys.exit(UNEXPECTED)
