"""Where the answer flips: every value of a field at which another deployment is the cheapest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.breakeven.crossovers import (
    NOBODY,
    Crossover,
    Curves,
    Kind,
    Traced,
    leaders,
    trace,
)
from estimator.analysis.compare import title_of
from estimator.analysis.field_words import field_words
from estimator.analysis.fields import takes_arrays
from estimator.analysis.points import Progress, chosen, price_points, resolved
from estimator.arrays import FloatArray
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.format import value_text
from estimator.hypertext import card, folded, rows_under, small
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.shown import Look

_TO_BOTH_SIDES = 0.01
_FINE, _COARSE = (1e-3, 1e-9, 16), (1e-2, 1e-6, 2)
"""Resolution, precision and parts where values are priced together, and where one by one."""
_TURNS_WORTH_A_SUMMARY = 4
_NOBODY_HOLDS = "none holds"


@dataclass(frozen=True, slots=True)
class Flip:
    """A value at which another deployment becomes the cheapest within limits."""

    at: float
    """The value of the field from which on it is."""
    below: str | None
    """The cheapest below; None if none holds."""
    above: str | None
    """The cheapest from here on; None if none holds."""
    kind: Kind
    """meets: the two cost the same here; steps: one of the two bills jumps, as units are added;
    stops: the cheaper one no longer holds; starts: the new one only holds from here."""
    below_usd: tuple[float, float]
    """USD per month of both, 1 % below."""
    above_usd: tuple[float, float]
    """USD per month of both, 1 % above."""
    confirmed: bool
    """Whether the order is that one 1 % to either side; if not, the lead changes again nearby."""


@dataclass(frozen=True, repr=False)
class BreakEven:
    """Which deployment is the cheapest within limits, over a range of one field.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1)
    >>> flips = break_even(
    ...     scenario, "peak_connections", 1e3, 1e6, ["aws.api_gateway", "aws.nlb_ec2"]
    ... )
    >>> [(flip.below, flip.above) for flip in flips.flips]
    [('aws.api_gateway', 'aws.nlb_ec2')]
    """

    scenario: Scenario
    """What stays as it is."""
    field: str
    """Full name of what moves."""
    low: float
    """Least value looked at."""
    high: float
    """Largest value looked at."""
    deployments: tuple[str, ...]
    """Ids of the rivals."""
    traced: Traced
    """Every bill that was looked at, in USD per month; infinite where it would not hold."""
    flips: tuple[Flip, ...]
    """In ascending order."""
    refusals: tuple[str, ...]
    """Why deployments could not be priced."""

    @property
    def ranges(self) -> list[tuple[float, float, str | None]]:
        """From where to where which deployment is the cheapest; None where none holds."""
        edges = [self.low, *(flip.at for flip in self.flips), self.high]
        first = int(leaders(self.traced.costs[:, :1])[0])
        names = [self._name(first), *(flip.above for flip in self.flips)]
        return list(zip(edges[:-1], edges[1:], names, strict=True))

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each flip: at, below, above, kind, the four bills beside it, confirmed."""
        import pandas as pd

        columns = [
            "at", "below", "above", "kind", "below_usd_1_percent_below",
            "above_usd_1_percent_below", "below_usd_1_percent_above",
            "above_usd_1_percent_above", "confirmed",
        ]  # fmt: skip
        rows = [
            (f.at, f.below, f.above, f.kind, *f.below_usd, *f.above_usd, f.confirmed)
            for f in self.flips
        ]
        return pd.DataFrame(rows, columns=columns)

    @property
    def sentences(self) -> list[str]:
        """The answer in words: which is the cheapest from where to where, and why it changes."""
        return list(self._sentences())

    def _sentences(self) -> Iterator[str]:
        words = field_words(self.field)
        if not self.flips:
            [(_, _, winner)] = self.ranges
            who = f"{self._title(winner)} is the cheapest" if winner else "No deployment holds"
            yield f"{who} from {value_text(self.low)} to {value_text(self.high)} ({words})."
        for turns in _turns(self.flips):
            first, last = turns[0], turns[-1]
            if len(turns) < _TURNS_WORTH_A_SUMMARY:
                yield from (
                    f"{words} {value_text(flip.at)}: {self._change(flip)}." for flip in turns
                )
            else:
                yield (
                    f"{words} {value_text(first.at)} to {value_text(last.at)}: "
                    f"{self._title(first.below)} and {self._title(first.above)} take turns, "
                    f"{len(turns)} times; from there on {self._title(last.above)} is the cheapest."
                )

    def _change(self, flip: Flip) -> str:
        old, new = self._title(flip.below), self._title(flip.above)
        if flip.above is None:
            return f"{old} no longer holds, and no other does"
        if flip.below is None:
            return f"{new} is the first to hold"
        why = {
            "meets": "both cost the same",
            "steps": "one of the two bills jumps",
            "stops": f"{old} no longer holds",
            "starts": f"{new} holds from here on",
        }[flip.kind]
        again = "" if flip.confirmed else "; the lead changes again within 1 %"
        return f"{new} becomes the cheapest instead of {old} ({why}{again})"

    @property
    def title(self) -> str:
        """What was looked at, for the head of a chart."""
        return title_of(self.scenario)

    def chart(self, look: Look | None = None) -> Figure:
        """The bills over the range, and where the lead changes.

        Args:
            look: colors and width; dark on white, if left out.
        """
        from estimator.render.charts.sweep import break_even_chart

        return break_even_chart(self, look)

    def as_data(self) -> dict[str, Any]:
        """The flips as plain lists, texts and numbers, for machines."""
        return {
            "scenario": self.scenario.as_data(),
            "currency": "USD",
            "period": "month",
            "field": self.field,
            "from": self.low,
            "to": self.high,
            "deployments": list(self.deployments),
            "ranges": [
                {"from": low, "to": high, "cheapest": name} for low, high, name in self.ranges
            ],
            "flips": [
                {
                    "at": flip.at,
                    "below": flip.below,
                    "above": flip.above,
                    "kind": flip.kind,
                    "confirmed": flip.confirmed,
                }
                for flip in self.flips
            ],
            "resolution": self.traced.resolution,
            "refused": list(self.refusals),
        }

    def _name(self, index: int) -> str | None:
        return None if index == NOBODY else self.deployments[index]

    @staticmethod
    def _title(deployment: str | None) -> str:
        return find_deployment(deployment).title if deployment else _NOBODY_HOLDS

    def __repr__(self) -> str:
        return (
            f"<BreakEven {self.title!r}: {len(self.flips)} flips over {self.field} from "
            f"{value_text(self.low)} to {value_text(self.high)}>"
        )

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"  {sentence}" for sentence in self.sentences)])

    def _repr_html_(self) -> str:
        rows = (
            (value_text(low), value_text(high), self._title(winner))
            for low, high, winner in self.ranges
        )
        heads = ("from", "to", "cheapest within limits")
        return card(
            self.title,
            small(f"Over {field_words(self.field)}."),
            rows_under(heads, rows, numbers=heads[:2]),
            folded("What happens where it flips", self.sentences),
            folded("Could not be priced", self.refusals),
        )


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
    """Find every value of a field at which the cheapest deployment that holds changes.

    Between two values a bill lies between its costs at both, but for 2 %, since it grows with what
    drives it; only where that leaves a doubt more values are priced. So no crossover is missed but
    those that lie closer together than the resolution.

    Args:
        scenario: what stays as it is.
        field: what moves, by name as for ``sweep``.
        low: least value.
        high: largest value.
        deployments: ids of two rivals or more; all on the clouds, if left out.
        client: where bills are made, as for ``sweep``.
        progress: called with the values priced so far, and again with those.

    Returns:
        The flips, each checked by pricing 1 % to both sides.

    Raises:
        UnknownNameError: no such field or deployment.
        ScenarioError: a range that is none, or a value that the field cannot have.

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
        raise ScenarioError("a break-even needs two deployments or more")
    priced_values = 0
    refusals: dict[str, str] = {}

    def curves(values: FloatArray) -> FloatArray:
        nonlocal priced_values
        priced = price_points(scenario, {name: values}, rivals, client=client)
        refusals.update(priced.refusals)
        priced_values += values.size
        if progress:
            progress(priced_values, priced_values)
        return priced.holding_usd

    together = takes_arrays(scenario, name, float(ends[0]))
    resolution, precision, parts = _FINE if together else _COARSE
    traced = trace(
        curves, *map(float, ends), resolution=resolution, precision=precision, parts=parts
    )
    return BreakEven(
        scenario=scenario,
        field=name,
        low=float(ends[0]),
        high=float(ends[1]),
        deployments=rivals,
        traced=traced,
        flips=tuple(_checked(traced.crossovers, curves, ends, rivals)),
        refusals=tuple(f"{deployment}: {why}" for deployment, why in refusals.items()),
    )


def _checked(
    crossovers: tuple[Crossover, ...],
    curves: Curves,
    ends: FloatArray,
    rivals: tuple[str, ...],
) -> Iterator[Flip]:
    """Each crossover with the bills 1 % to both sides."""
    if not crossovers:
        return
    at = np.array([each.at for each in crossovers])
    sides = [
        curves(np.clip(at * share, *ends)) for share in (1 - _TO_BOTH_SIDES, 1 + _TO_BOTH_SIDES)
    ]
    leading = [leaders(costs) for costs in sides]
    for index, each in enumerate(crossovers):
        was, now = (None if who == NOBODY else rivals[who] for who in (each.below, each.above))
        below_usd, above_usd = (
            (_usd(costs, each.below, index), _usd(costs, each.above, index)) for costs in sides
        )
        confirmed = leading[0][index] == each.below and leading[1][index] == each.above
        yield Flip(each.at, was, now, each.kind, below_usd, above_usd, bool(confirmed))


def _usd(costs: FloatArray, who: int, index: int) -> float:
    return np.nan if who == NOBODY else float(costs[who, index])


def _turns(flips: Sequence[Flip]) -> Iterator[list[Flip]]:
    """Flips in their order, those together in which the same two take turns."""
    turns: list[Flip] = []
    for flip in flips:
        if turns and {flip.below, flip.above} != {turns[0].below, turns[0].above}:
            yield turns
            turns = []
        turns.append(flip)
    if turns:
        yield turns
