"""What happens while a number moves? Bills over a range, and where the cheapest changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

import estimator as ws
from estimator.cli import common
from estimator.errors import ScenarioError

if TYPE_CHECKING:
    from estimator.arrays import FloatArray

_moved = partial(typer.Option, rich_help_panel="What varies")
_VALUES_OF_A_RANGE: Final = 13
_MOST_VALUES: Final = 10_000
_RIGHT: Final = "write peak_connections=100,1000 or peak_connections=100..1e6"


def sweep(
    file: common.ScenarioFile,
    vary: Annotated[
        list[str],
        _moved(
            "--vary",
            help="A field and its values: peak_connections=100,1000 or 100..1e6, or 100..1e6/50 "
            "for 50 values. The end of a name is enough, such as posts.rate_per_hour. Can be "
            "repeated: each value is combined with each of the others.",
            metavar="FIELD=VALUES",
        ),
    ],
    together: Annotated[
        bool, _moved("--together", help="Vary all fields at once, value by value.")
    ] = False,
    deployment: common.OnlyDeployments = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    as_csv: common.AsCsv = False,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Show the bills while numbers of the scenario, an option or a price vary.

    The table shows the cheapest deployment within limits; --csv and --json
    hold every bill.

    Examples:
        # the cheapest deployment from 100 to a million connections
        $ estimator sweep examples/team-chat.yaml --vary peak_connections=100..1e6
        # connections against messages, every bill for a spreadsheet
        $ estimator sweep examples/team-chat.yaml --csv \
          --vary peak_connections=1000,10000,100000 \
          --vary posts.rate_per_hour=1..50/10
        # server software of another speed, on all fleets at once
        $ estimator sweep examples/team-chat.yaml \
          --vary 'options.*.messages_per_core_second=2000..50000/5'
    """
    common.check_one_form(csv=as_csv, markdown=as_markdown, json=as_json)
    scenario = common.read_scenario(file, location, contract, layer)
    found = ws.sweep(scenario, _axes(vary), deployment, together=together)
    table = (lambda: found.totals) if as_csv else None
    common.print_result(found, as_json=as_json, as_markdown=as_markdown, as_csv=table)
    common.check_priced(len(found.refusals) < len(found.deployments))


def break_even(
    file: common.ScenarioFile,
    field: Annotated[
        str,
        typer.Argument(
            help="A field and its range: peak_connections=100..1e6. The end of a name is enough, "
            "such as posts.rate_per_hour.",
            metavar="FIELD=FROM..TO",
        ),
    ],
    deployment: common.OnlyDeployments = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Find every value at which another deployment becomes the cheapest.

    Only deployments within their limits take part. Each value is checked by
    pricing 1% to both sides.

    Examples:
        # the number of connections from which a self-hosted fleet pays off
        $ estimator break-even examples/team-chat.yaml peak_connections=100..1e6 \
          --deployment aws.api_gateway --deployment aws.alb_ec2
        # the discount that makes API Gateway the cheaper one
        $ estimator break-even examples/team-chat.yaml \
          'percent_off.aws.api_gateway.*=0..95' \
          --deployment aws.api_gateway --deployment aws.alb_ec2
        # all clouds, over the messages that each user posts per hour
        $ estimator break-even examples/team-chat.yaml posts.rate_per_hour=1..60
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    name, low, high = _range(field)
    found = ws.break_even(
        common.read_scenario(file, location, contract, layer), name, low, high, deployment
    )
    common.print_result(found, as_json=as_json, as_markdown=as_markdown)
    common.check_priced(len(found.refusals) < len(found.deployments))


def _axes(texts: Iterable[str]) -> dict[str, FloatArray]:
    """Values by the name of their field, in the order given.

    >>> _axes(["peak_connections=10,20", "posts.rate_per_hour=1..100/3"])
    {'peak_connections': array([10., 20.]), 'posts.rate_per_hour': array([  1.,  10., 100.])}
    """
    axes: dict[str, FloatArray] = {}
    for text in texts:
        name, values = _parted(text)
        if name in axes:
            raise ScenarioError(f"'{name}' is given twice")
        axes[name] = _values(text, values)
    return axes


def _range(text: str) -> tuple[str, float, float]:
    """A field and the ends of its range.

    >>> _range("peak_connections=1,000..1e6")
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
    count = _count(text, said) if slash else _VALUES_OF_A_RANGE
    if low >= high:
        raise ScenarioError(f"'{text}': a range must ascend, as in {high:g}..{low:g}")
    spaced = np.geomspace if is_logarithmic(low, high) else np.linspace
    return spaced(low, high, count)


def _count(text: str, said: str) -> int:
    if not said.strip().isdecimal() or not 2 <= int(said) <= _MOST_VALUES:
        raise ScenarioError(
            f"'{text}': the number after / is how many values, from 2 to {_MOST_VALUES:,}, "
            f"not '{said}'"
        )
    return int(said)


def _number(text: str, said: str) -> float:
    try:
        return float(said.replace(",", "").replace("_", ""))
    except ValueError:
        raise ScenarioError(f"'{text}': '{said}' is not a number; {_RIGHT}") from None
