"""Where does a choice break even? Values of a field at which another deployment is the cheapest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.breakeven.crossovers import (
    NONE_WITHIN_LIMITS,
    Curves,
    IntArray,
    Kind,
    LeadChange,
    Traced,
    leaders,
    trace,
)
from estimator.analysis.compare import title_of
from estimator.analysis.fields import field_words, scales_a_law, takes_arrays
from estimator.analysis.points import Progress, chosen, price_points, resolved
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.format import number_of, range_text, value_text
from estimator.result import Refusal, Result
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

_TO_BOTH_SIDES = 0.01
_FINE, _COARSE = (1e-3, 1e-9, 16), (1e-2, 1e-6, 2)
"""Resolution, precision and parts where values are priced together, and where much is worked out
for each of them."""
_ALTERNATIONS_WORTH_A_SUMMARY = 4


@dataclass(frozen=True, slots=True)
class Crossover:
    """A value at which another deployment becomes the cheapest within limits."""

    at: float
    """The value of the field from which on it is."""
    below: str | None
    """The cheapest below; None if none is within limits."""
    above: str | None
    """The cheapest from here on; None if none is within limits."""
    kind: Kind
    """meets: the two cost the same here; steps: one of the two bills jumps, as units are added;
    stops: the cheaper one exceeds a limit; starts: the new one is within limits only from here."""
    below_usd: tuple[float, float]
    """USD per month of both, 1% below."""
    above_usd: tuple[float, float]
    """USD per month of both, 1% above."""
    confirmed: bool
    """Whether the order is that one 1% to either side; if not, the lead changes again nearby."""


@checks_arguments
@dataclass(frozen=True, repr=False)
class BreakEven(Result):
    """Which deployment is the cheapest within limits, over a range of one field.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1)
    >>> found = break_even(
    ...     scenario, "peak_connections", 1e3, 1e6, ["aws.api_gateway", "aws.nlb_ec2"]
    ... )
    >>> [(each.below, each.above) for each in found.crossovers]
    [('aws.api_gateway', 'aws.nlb_ec2')]
    """

    schema = "break_even"
    instead_of_bills = ".traced has the totals; ws.estimate() makes the bill of one value"

    scenario: Scenario
    """What all values have in common."""
    field: str
    """Full name of what varies."""
    low: float
    """Lowest value examined."""
    high: float
    """Highest value examined."""
    deployments: tuple[str, ...]
    """Ids of the deployments compared."""
    traced: Traced
    """All totals that were computed, in USD per month; infinite beyond a limit."""
    crossovers: tuple[Crossover, ...]
    """In ascending order."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced at some value, and why."""

    @property
    def ranges(self) -> list[tuple[float, float, str | None]]:
        """From and to which value which deployment is the cheapest; None: none within limits."""
        edges = [self.low, *(each.at for each in self.crossovers), self.high]
        first = int(leaders(self.traced.costs[:, :1])[0])
        names = [
            None if first == NONE_WITHIN_LIMITS else self.deployments[first],
            *(each.above for each in self.crossovers),
        ]
        return list(zip(edges[:-1], edges[1:], names, strict=True))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each crossover: at, below, above, kind, the four bills near it, confirmed."""
        import pandas as pd

        columns = [
            "at", "below", "above", "kind", "below_usd_1_percent_below",
            "above_usd_1_percent_below", "below_usd_1_percent_above",
            "above_usd_1_percent_above", "confirmed",
        ]  # fmt: skip
        rows = [
            (each.at, each.below, each.above, each.kind, *each.below_usd, *each.above_usd,
             each.confirmed)
            for each in self.crossovers
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @property
    def sentences(self) -> list[str]:
        """The answer in words: which deployment is the cheapest where, and why that changes."""
        return list(self._sentences())

    def _sentences(self) -> Iterator[str]:
        words = field_words(self.field)
        if not self.crossovers:
            [(low, high, winner)] = self.ranges
            cheapest = (
                f"{_title(winner)} is the cheapest" if winner else "No deployment is within limits"
            )
            yield f"{cheapest} from {value_text(low)} to {value_text(high)} ({words})."
        for those in _alternations(self.crossovers):
            first, last = those[0], those[-1]
            if len(those) < _ALTERNATIONS_WORTH_A_SUMMARY:
                yield from (f"{words} {value_text(each.at)}: {_change(each)}." for each in those)
            else:
                span = range_text(np.array([first.at, last.at]), value_text)
                yield (
                    f"{words} {span}: the cheapest alternates {len(those)} times between "
                    f"{_title(first.below)} and {_title(first.above)}; above, "
                    f"{_title(last.above)} is the cheapest."
                )

    @property
    def title(self) -> str:
        """What was examined, for the head of a chart."""
        return title_of(self.scenario)

    def _data(self) -> dict[str, Any]:
        left_out = {"below_usd", "above_usd"}
        return {
            "scenario": self.scenario.as_data(),
            "field": self.field,
            "from": self.low,
            "to": self.high,
            "deployments": list(self.deployments),
            "ranges": [
                {"from": low, "to": high, "cheapest": name} for low, high, name in self.ranges
            ],
            "crossovers": [
                {name: value for name, value in asdict(each).items() if name not in left_out}
                for each in self.crossovers
            ],
            "resolution": self.traced.resolution,
        }

    def __repr__(self) -> str:
        found = number_of(len(self.crossovers), "crossover")
        span = range_text(np.array([self.low, self.high]), value_text)
        return f"<BreakEven {self.title!r}: {found} over {self.field} {span}>"


@checks_arguments
def break_even(
    scenario: Scenario,
    field: str,
    low: float,
    high: float,
    deployments: Iterable[str] | str | None = None,
    *,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> BreakEven:
    """Find every value of a field at which another deployment becomes the cheapest within limits.

    Between two values a bill lies between its costs at both, within 2%, since it grows with what
    drives it; only where that leaves a doubt are more values priced. So no crossover is missed,
    except those closer together than the resolution.

    Args:
        scenario: what stays as it is.
        field: what varies, by name as for ``sweep``.
        low: lowest value.
        high: highest value.
        deployments: ids of two deployments or more; all on the clouds, if left out.
        client: where bills are priced, as for ``sweep``.
        progress: called with the values priced so far, and again with those.

    Returns:
        The crossovers, each checked by pricing 1% to both sides.

    Raises:
        UnknownNameError: no such field or deployment.
        ScenarioError: a range that does not ascend, a value that the field cannot have, or a
            deployment that was asked for and has no price at any value.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=5000)
    >>> pair = ["aws.api_gateway", "azure.web_pubsub"]
    >>> break_even(scenario, "hours_per_day", 1, 24, pair).field
    'hours_per_day'
    """
    [(name, ends)] = resolved(scenario, {field: [low, high]}).items()
    if not ends[0] < ends[1]:
        raise ScenarioError(f"the range of '{field}' must ascend, not go from {low:g} to {high:g}")
    rivals = chosen(deployments)
    if len(rivals) == 1:
        raise ScenarioError("a break-even point needs two deployments or more")
    priced_values = 0
    refusals: dict[str, Refusal] = {}
    found_prices: set[str] = set()

    def curves(values: FloatArray, rows: IntArray) -> FloatArray:
        nonlocal priced_values
        asked = tuple(rivals[row] for row in rows)
        priced = price_points(scenario, {name: values}, asked, client=client)
        refusals.update(priced.refusals)
        totals = zip(asked, priced.total_usd, strict=True)
        found_prices.update(name for name, usd in totals if np.isfinite(usd).any())
        priced_values += values.size
        if progress:
            progress(priced_values, priced_values)
        return priced.within_limits_usd

    together = takes_arrays(scenario, name, float(ends[0])) and not scales_a_law(scenario, name)
    resolution, precision, parts = _FINE if together else _COARSE
    traced = trace(
        curves,
        len(rivals),
        *map(float, ends),
        resolution=resolution,
        precision=precision,
        parts=parts,
    )
    if deployments is not None and (never := [r for r in rivals if r not in found_prices]):
        # a comparison without one that was asked for would answer another question
        raise ScenarioError(f"{never[0]} could not be priced: {refusals[never[0]].reason}")
    return BreakEven(
        scenario=scenario,
        field=name,
        low=float(ends[0]),
        high=float(ends[1]),
        deployments=rivals,
        traced=traced,
        crossovers=tuple(_checked(traced.changes, curves, ends, rivals)),
        refusals=tuple(refusals.values()),
    )


def _checked(
    changes: tuple[LeadChange, ...],
    curves: Curves,
    ends: FloatArray,
    rivals: tuple[str, ...],
) -> Iterator[Crossover]:
    """Each change of the lead with the bills 1% to both sides."""
    if not changes:
        return
    at = np.array([each.at for each in changes])
    everyone = np.arange(len(rivals))
    sides = [
        curves(np.clip(at * share, *ends), everyone)
        for share in (1 - _TO_BOTH_SIDES, 1 + _TO_BOTH_SIDES)
    ]
    leading = [leaders(costs) for costs in sides]
    for index, each in enumerate(changes):
        pair = each.below, each.above
        below, above = (None if row == NONE_WITHIN_LIMITS else rivals[row] for row in pair)
        below_usd, above_usd = (
            (_usd(costs, each.below, index), _usd(costs, each.above, index)) for costs in sides
        )
        confirmed = leading[0][index] == each.below and leading[1][index] == each.above
        yield Crossover(each.at, below, above, each.kind, below_usd, above_usd, bool(confirmed))


def _usd(costs: FloatArray, row: int, index: int) -> float:
    return np.nan if row == NONE_WITHIN_LIMITS else float(costs[row, index])


def _alternations(crossovers: Sequence[Crossover]) -> Iterator[list[Crossover]]:
    """Crossovers in their order, those between the same two deployments together."""
    those: list[Crossover] = []
    for each in crossovers:
        if those and {each.below, each.above} != {those[0].below, those[0].above}:
            yield those
            those = []
        those.append(each)
    if those:
        yield those


def _change(crossover: Crossover) -> str:
    old, new = _title(crossover.below), _title(crossover.above)
    if crossover.above is None:
        return f"{old} exceeds a limit, and no other deployment is within limits"
    if crossover.below is None:
        return f"{new} is the first deployment within limits"
    why = {
        "meets": "both cost the same",
        "steps": "one of the two bills jumps",
        "stops": f"{old} exceeds a limit",
        "starts": f"{new} is within its limits from here",
    }[crossover.kind]
    again = "" if crossover.confirmed else "; the lead changes again within 1%"
    return f"{new} becomes the cheapest instead of {old} ({why}{again})"


def _title(deployment: str | None) -> str:
    return find_deployment(deployment).title if deployment else "none within limits"
