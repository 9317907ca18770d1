"""How does a scenario begin? With a file that explains itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from estimator.cli import completion
from estimator.cli.common import STANDARD_STREAM, print_text
from estimator.errors import ScenarioError


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
            help="How clients behave: a name from 'estimator list profiles'.",
            metavar="NAME",
            autocompletion=completion.profiles,
        ),
    ] = "workplace-chat",
    location: Annotated[
        str,
        typer.Option(
            help="Where users are served from: a name from 'estimator list locations'.",
            metavar="LOCATION",
            autocompletion=completion.locations,
        ),
    ] = "virginia",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    r"""Write a commented scenario file to start from.

    The file can be compared at once. All other fields are in it too, explained and commented out.

    Examples:
        # write scenario.yaml
        $ estimator init
        # start from another profile, in a file of another name
        $ estimator init boards.yaml --profile board-collaboration \
          --location frankfurt
        # print the file instead of writing it
        $ estimator init -
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
            f"{file}: the file exists; overwrite it with --force, or choose another name: "
            "estimator init FILE"
        ) from None
    except OSError as error:
        raise ScenarioError(f"{file}: {error.strerror or error}") from None
    print_text(f"Wrote {file}. Next: estimator compare {file}\n")
