"""What do the vendors' own price lists say, and where does ours say something else?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estimator.cli import common, completion
from estimator.errors import EstimatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estimator.vendor_lists.report import RefreshReport

_narrow = partial(typer.Option, rich_help_panel="Which prices")
_answers = partial(typer.Option, rich_help_panel="Answers of vendors")
_writing = partial(typer.Option, rich_help_panel="Writing")


def refresh(
    cloud: Annotated[
        list[str] | None,
        _narrow(
            "--cloud",
            help="Only this cloud: aws, azure, gcp or oci. Can be repeated.",
            metavar="CLOUD",
            autocompletion=completion.clouds,
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        _narrow(
            "--service",
            help="Only this service, such as api_gateway. Can be repeated.",
            metavar="SERVICE",
            autocompletion=completion.services,
        ),
    ] = None,
    meter: Annotated[
        list[str] | None,
        _narrow(
            "--meter",
            help="Only meters of this id; * stands for any letters (quote it). Can be repeated.",
            metavar="ID",
        ),
    ] = None,
    from_files: Annotated[
        Path | None,
        _answers(
            "--from-files",
            help="Read answers that were saved in this folder, and ask nobody.",
            metavar="FOLDER",
        ),
    ] = None,
    keep_in: Annotated[
        Path,
        _answers(
            "--keep-in",
            help="Keep the answers in this folder, to be read with --from-files.",
            metavar="FOLDER",
        ),
    ] = Path("vendor-answers"),
    read_on: Annotated[
        dt.datetime | None,
        _answers(
            "--read-on",
            help="The day on which saved answers were read, where they do not say it themselves.",
            formats=["%Y-%m-%d"],
            metavar="DAY",
        ),
    ] = None,
    write: Annotated[
        bool,
        _writing(
            "--write",
            help="Add what was found to the price list: later days of checks, and new rows for "
            "changes that are accepted. Nothing is deleted.",
        ),
    ] = False,
    accept: Annotated[
        list[str] | None,
        _writing(
            "--accept",
            help="Take the changed prices of this meter; * stands for any letters, but for "
            "prices that rose or fell more than fivefold. Can be repeated.",
            metavar="ID",
        ),
    ] = None,
    accept_all: Annotated[
        float | None,
        _writing(
            "--accept-all",
            help="Take every change by less than this ratio, up or down, such as 1.5.",
            metavar="RATIO",
            min=1.0,
        ),
    ] = None,
    into: Annotated[
        Path | None,
        _writing(
            "--into",
            help="Write to this folder, such as pricing_data of a checkout, instead of the "
            "user's own, which is laid over the prices that ship.",
            metavar="FOLDER",
        ),
    ] = None,
    reset: Annotated[
        bool,
        _writing("--reset", help="Remove what refreshes have written, and do nothing else."),
    ] = False,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Look prices up in the vendors' own lists and report what differs from ours.

    Google's catalog needs a key, which costs nothing: GOOGLE_API_KEY in the environment.

    The exit status is 0 if nothing changed, 3 if something did, and 2 if a list could not be read.

    Examples:
        # answers that somebody saved, such as on a machine with a network
        $ estimator refresh --from-files examples/vendor-answers --cloud aws
        # one service, as a comment for a pull request
        $ estimator refresh --from-files examples/vendor-answers \
          --service load_balancer --markdown
        # write what was found to a folder
        $ estimator refresh --from-files examples/vendor-answers --cloud aws \
          --write --into prices
    """
    from estimator.vendor_lists.refresh import Wanted, refresh_from_files, refresh_from_vendors

    common.check_one_form(markdown=as_markdown, json=as_json)
    if reset:
        common.print_text(_reset(into))
        return
    _check_writing(write, {"--accept": accept, "--accept-all": accept_all, "--into": into})
    wanted = Wanted(tuple(cloud or ()), tuple(service or ()), tuple(meter or ()))
    if accept:
        Wanted(meters=accept).selectors()  # refuses what is no meter
    if from_files is None:
        found = refresh_from_vendors(keep_in, wanted)
    else:
        found = refresh_from_files(from_files, wanted, read_on.date() if read_on else None)
    if write:
        found = _written(found, into, accept, accept_all, is_first_hand=from_files is None)
    common.print_result(found, as_json=as_json, as_markdown=as_markdown)
    if found.exit_status:
        raise typer.Exit(found.exit_status)


def _check_writing(write: bool, options: Mapping[str, object]) -> None:
    """Refuse what would do nothing.

    Raises:
        EstimatorError: an option is about writing, and nothing is to be written.
    """
    given = [name for name, value in options.items() if value]
    if given and not write:
        raise EstimatorError(f"{', '.join(given)}: add --write, without which nothing is written")


def _written(
    found: RefreshReport,
    into: Path | None,
    accept: list[str] | None,
    accept_all: float | None,
    *,
    is_first_hand: bool,
) -> RefreshReport:
    """The report, with what was written of it.

    Raises:
        EstimatorError: what writes is not installed, or somebody else is writing.
    """
    try:
        from estimator.vendor_lists.writing import Accepted, write
    except ImportError:
        raise EstimatorError(
            "what writes prices is not installed: pip install 'websocket-estimator[refresh]'"
        ) from None
    accepted = Accepted(tuple(accept or ()), accept_all)
    confidence = "confirmed" if is_first_hand else "single_source"
    return replace(found, written=write(found, _target(into), accepted, confidence))


def _target(into: Path | None) -> Path:
    """The folder that is written to.

    Raises:
        EstimatorError: nothing finds the user's own.
    """
    from estimator.files import refreshed_folder

    folder = into or refreshed_folder()
    if folder is None:
        raise EstimatorError("name the folder to write to: --into, or ESTIMATOR_PRICES")
    return folder


def _reset(into: Path | None) -> str:
    """Remove what refreshes have written.

    Raises:
        EstimatorError: it is the price list of a checkout, or cannot be removed.
    """
    from estimator.format import number_of
    from estimator.pricing.price_files import CLOUDS

    folder = _target(into)
    if (folder / "aws" / "meters.csv").exists():
        raise EstimatorError(f"{folder}: the price list itself, not what refreshes wrote over it")
    removed = [path for path in folder.glob("*/rates.csv") if path.parent.name in CLOUDS]
    try:
        for path in removed:
            path.unlink()
    except OSError as error:
        raise EstimatorError(f"{folder}: {error.strerror or error}") from None
    return f"{folder}: {number_of(len(removed), 'file')} removed; the prices that ship apply\n"
