"""How does an answer become a file of another program?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from estimator.analysis.compare import Comparison, compare
from estimator.analysis.growth.growth import Growth
from estimator.arguments import checks_arguments
from estimator.errors import EstimatorError, ScenarioError, UnknownNameError
from estimator.exports.contents import Contents
from estimator.exports.formats import FORMATS, Format
from estimator.pricing.bill import Bill
from estimator.scenario.scenario import Scenario

_YEARS = range(2000, 3000)
"""In which somebody may make a file; the months of a growth come on top."""


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that another program reads."""

    name: str
    """What it holds, and its ending."""
    media_type: str
    content: bytes

    @property
    def text(self) -> str:
        """The content as text; of a workbook, there is none.

        Raises:
            EstimatorError: it is no text.
        """
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            raise EstimatorError(
                f"{self.name} is not a text: write it to a file, or take its content"
            ) from None

    def write(self, path: str | Path) -> None:
        """Write it to a file.

        Raises:
            EstimatorError: it cannot be written there.
        """
        try:
            Path(path).write_bytes(self.content)
        except (OSError, ValueError) as error:
            raise EstimatorError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


@checks_arguments
def export(
    result: Scenario | Comparison | Growth | Bill,
    file_format: str,
    *,
    focus_version: Literal["1.2", "1.4"] = "1.2",
    ranges: Mapping[str, tuple[float, float]] | None = None,
    about: Sequence[str] = (),
    made_on: dt.date | None = None,
) -> ExportedFile:
    """Write an answer as a file that another program reads.

    Args:
        result: a bill, a comparison or a growth; or a scenario, which then is compared on all
            deployments.
        file_format: focus, xlsx, infracost, k6, csv, json or markdown.
        focus_version: of the FOCUS specification.
        ranges: P10 and P90 of totals in USD per month, by deployment, as ``Uncertainty.p10_to_p90``
            has them.
        about: lines that the file says of itself, such as who made it.
        made_on: the day that stands in the file; today if left out. A bill is for the month of that
            day, unless its prices are those of another one.

    Returns:
        The file, with its ``name``, ``media_type`` and ``content``; ``write(path)`` saves it.

    Raises:
        UnknownNameError: no such format.
        ScenarioError: the format cannot hold the answer, such as the months of a growth.
        EstimatorError: the library that writes a workbook is not installed.

    >>> from estimator import Scenario, compare, export
    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> found = compare(scenario, ["aws.api_gateway"])
    >>> export(found, "focus").text.startswith("BilledCost,BillingAccountId,")
    True
    """
    if file_format not in FORMATS:
        raise UnknownNameError("format", file_format, FORMATS)
    wanted = FORMATS[file_format]
    day = made_on or dt.datetime.now(tz=dt.UTC).date()
    if day.year not in _YEARS:
        raise ScenarioError(f"made_on: a day from {_YEARS[0]} to {_YEARS[-1]}, not {day}")
    contents = Contents(
        _answered(result, wanted),
        day,
        ranges or {},
        tuple(about),
    )
    _check(contents, file_format, wanted)
    versions = (focus_version,) if file_format == "focus" else ()
    content = wanted.write(contents, *versions)
    return ExportedFile(
        wanted.file_name,
        wanted.media_type,
        content.encode() if isinstance(content, str) else content,
    )


def _answered(
    result: Scenario | Comparison | Growth | Bill, wanted: Format
) -> Comparison | Growth | Bill:
    if not isinstance(result, Scenario):
        return result
    return compare(result) if wanted.is_priced else Comparison(result, (), ())


def _check(contents: Contents, name: str, wanted: Format) -> None:
    """Refuse what a format cannot hold.

    Raises:
        ScenarioError: the months of a growth, several deployments, or arrays of scenarios.
    """
    if len(contents.months) > 1 and not wanted.holds_months:
        able = ", ".join(each for each, form in FORMATS.items() if form.holds_months)
        raise ScenarioError(
            f"{name}: the file is of one month and cannot hold the {len(contents.months)} of a "
            f"growth; those that can are {able}"
        )
    if contents.scenario is not None and contents.scenario.many:
        raise ScenarioError(f"{name}: a file is of one scenario, not of an array of them")
    if wanted.is_of_one and len(contents.bills) != 1:
        raise ScenarioError(
            f"{name}: the file is of one deployment, not of {len(contents.bills)}; name it, as in "
            "export(estimate(scenario, 'aws.api_gateway'), 'infracost') or --deployment "
            "aws.api_gateway"
        )
