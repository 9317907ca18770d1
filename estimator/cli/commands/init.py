"""The command that writes a scenario file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from estimator.cli import completion
from estimator.cli.common import STANDARD_STREAM, print_text
from estimator.cli.teaching import taught
from estimator.errors import ScenarioError

EXAMPLES = taught(
    ("writes scenario.yaml", "init"),
    (
        "another start, under another name",
        "init boards.yaml --profile board-collaboration --location frankfurt",
    ),
    ("read it without writing a file", "init -"),
)


def init(
    file: Annotated[
        Path,
        typer.Argument(
            help="File to write; - writes to standard output.",
            metavar="FILE",
            autocompletion=completion.yaml_files,
        ),
    ] = Path("scenario.yaml"),
    profile: Annotated[
        str,
        typer.Option(
            help="How clients behave, to begin with: a name of 'estimator list profiles'.",
            metavar="NAME",
            autocompletion=completion.profiles,
        ),
    ] = "workplace-chat",
    location: Annotated[
        str,
        typer.Option(
            help="Where users are served from: a name of 'estimator list locations'.",
            metavar="PLACE",
            autocompletion=completion.locations,
        ),
    ] = "virginia",
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the file if there is one.")
    ] = False,
) -> None:
    """Write a commented scenario file to start from.

    It can be compared at once. Every other field there is stands there too, explained, left out.
    """
    from estimator.cli.starter_file import schema_beside, starter_file

    text = starter_file(profile, location, schema_beside(file))
    if str(file) == STANDARD_STREAM:
        print_text(text)
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise ScenarioError(
            f"{file}: there is such a file already; overwrite it with --force, or name another: "
            "estimator init FILE"
        ) from None
    except OSError as error:
        raise ScenarioError(f"{file}: {error.strerror or error}") from None
    print_text(f"{file} is written; next: estimator compare {file}\n")
