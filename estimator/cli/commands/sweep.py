"""The commands that vary a number: bills over a range, and where the cheapest changes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

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
from estimator.render import to_terminal

if TYPE_CHECKING:
    from estimator.analysis.breakeven.breakeven import BreakEven
    from estimator.analysis.sweep import Sweep
    from estimator.arrays import FloatArray

_VARIED = "What varies"
_DEFAULT_VALUES = 13
_MOST_VALUES = 10_000
_RIGHT = "write peak_connections=100,1000 or peak_connections=100..1e6"

SWEEP_EXAMPLES = taught(
    (
        "the cheapest deployment from a hundred to a million connections",
        "sweep examples/team-chat.yaml --vary peak_connections=100..1e6",
    ),
    (
        "connections against messages, every bill for a spreadsheet",
        "sweep examples/team-chat.yaml --csv \\\n"
        "  --vary peak_connections=1000,10000,100000 \\\n"
        "  --vary posts.rate_per_hour=1..50/10",
    ),
    (
        "the effect of another server on all fleets at once",
        "sweep examples/team-chat.yaml \\\n"
        "  --vary 'options.*.messages_per_core_second=2000..50000/5'",
    ),
)
BREAKEVEN_EXAMPLES = taught(
    (
        "the number of connections from which self-hosting costs less",
        "breakeven examples/team-chat.yaml peak_connections=100..1e6 \\\n"
        "  --deployment aws.api_gateway --deployment aws.alb_ec2",
    ),
    (
        "the discount that would make API Gateway the cheaper one",
        "breakeven examples/team-chat.yaml \\\n"
        "  'percent_off.aws.api_gateway.*=0..95' \\\n"
        "  --deployment aws.api_gateway --deployment aws.alb_ec2",
    ),
    (
        "all clouds, over the hours per day that clients are connected",
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
            "repeated: all combinations are priced.",
            metavar="FIELD=VALUES",
            rich_help_panel=_VARIED,
        ),
    ],
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="Change all fields at once, value by value.",
            rich_help_panel=_VARIED,
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
    """Bills while some numbers of a scenario, an option or a price vary.

    The table shows the cheapest deployment within limits; --csv and --json
    print every bill.
    """
    if as_csv and as_json:
        raise ScenarioError("--csv and --json: one of them can be printed, not both")
    from estimator.analysis.sweep import sweep as sweep_over

    scenario = read_scenario(file, location, contract)
    found = sweep_over(scenario, _parse_axes(vary), deployment, together=together)
    if as_json:
        print_json(found.as_data())
    elif as_csv:
        print_text(found.totals.to_csv(index=False, lineterminator="\n"))
    else:
        print_table(to_terminal(found))
    _require_bills(found)


def breakeven(
    file: ScenarioFile,
    field: Annotated[
        str,
        typer.Argument(
            help="What varies, from which value to which: peak_connections=100..1e6. The end of a "
            "name suffices, such as posts.rate_per_hour.",
            metavar="FIELD=FROM..TO",
        ),
    ],
    deployment: OnlyDeployments = None,
    location: AtLocation = None,
    contract: UnderContract = None,
    as_json: AsJson = False,
) -> None:
    """Every value of a number at which another deployment becomes the cheapest.

    Only deployments within limits are compared. Each value is checked by
    pricing 1% to both sides.
    """
    from estimator.analysis.breakeven.breakeven import break_even

    name, low, high = _parse_range(field)
    found = break_even(read_scenario(file, location, contract), name, low, high, deployment)
    if as_json:
        print_json(found.as_data())
    else:
        print_table(to_terminal(found))
    _require_bills(found)


def _require_bills(found: Sweep | BreakEven) -> None:
    if len(found.refusals) == len(found.deployments):
        sys.stderr.write("error: none of the deployments could be priced\n")
        raise typer.Exit(INPUT_ERROR)


def _parse_axes(texts: Iterable[str]) -> dict[str, FloatArray]:
    """Values by the name of their field, in the order given.

    Raises:
        ScenarioError: a text is not a field with values, or a field is given twice.

    >>> _parse_axes(["peak_connections=10,20", "posts.rate_per_hour=1..100/3"])
    {'peak_connections': array([10., 20.]), 'posts.rate_per_hour': array([  1.,  10., 100.])}
    """
    axes: dict[str, FloatArray] = {}
    for text in texts:
        name, values = _parted(text)
        if name in axes:
            raise ScenarioError(f"'{name}' is given twice")
        axes[name] = _values(text, values)
    return axes


def _parse_range(text: str) -> tuple[str, float, float]:
    """A field and the ends of its range.

    Raises:
        ScenarioError: the text is not a field with a range.

    >>> _parse_range("peak_connections=1,000..1e6")
    ('peak_connections', 1000.0, 1000000.0)
    """
    name, values = _parted(text)
    low, dots, high = values.partition("..")
    if not dots:
        raise ScenarioError(f"'{text}' has no range: write {name}=100..1e6")
    return name, _number(text, low), _number(text, high)


def _parted(text: str) -> tuple[str, str]:
    name, sign, values = text.partition("=")
    if not (name.strip() and sign and values.strip()):
        raise ScenarioError(f"'{text}' is not a field with values: {_RIGHT}")
    return name.strip(), values.strip()


def _values(text: str, values: str) -> FloatArray:
    import numpy as np

    from estimator.analysis.breakeven.crossovers import is_logarithmic

    if ".." not in values:
        return np.array([_number(text, each) for each in values.split(",")])
    ends, slash, said = values.partition("/")
    low, high = (_number(text, end) for end in ends.split("..", 1))
    count = _count(text, said) if slash else _DEFAULT_VALUES
    if low >= high:
        raise ScenarioError(f"'{text}': a range must ascend, as in {high:g}..{low:g}")
    spaced = np.geomspace if is_logarithmic(low, high) else np.linspace
    return spaced(low, high, count)


def _count(text: str, said: str) -> int:
    if not said.strip().isdecimal() or not 2 <= int(said) <= _MOST_VALUES:
        raise ScenarioError(
            f"'{text}': after / write how many values, from 2 to {_MOST_VALUES:,}, not '{said}'"
        )
    return int(said)


def _number(text: str, said: str) -> float:
    try:
        return float(said.replace(",", "").replace("_", ""))
    except ValueError:
        raise ScenarioError(f"'{text}': '{said}' is not a number; {_RIGHT}") from None
