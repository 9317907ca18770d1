"""At which message rate does another transport become the cheapest?

All flows of all clients come so many times as often; the bills of all multiples are one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from estimator.analysis.estimate.bill import bill_of
from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.transports.choices import delay_on
from estimator.arrays import FloatArray
from estimator.deployments.base import Deployment
from estimator.errors import MissingRateError, NotCarriedError, ScenarioError
from estimator.format import capitalized, unit_price, value_text
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import KIND_WORDS, Transport, TransportKind

_DECADES: Final = 3
"""By which rates are lowered and raised."""
_PER_DECADE: Final = 8
_FEW: Final = 4
"""Crossovers that are told one by one."""
_SHORT_FROM: Final = 1e-3
"""Smaller numbers would have an exponent."""
_PARTS: Final = 32
"""Of an interval in which the cheapest changes."""

Costs = Callable[[FloatArray], dict[TransportKind, FloatArray]]
"""USD per month of the cheapest deployment of each kind of transport, by multiples of the rates;
infinite where none is within limits and in time."""


@dataclass(frozen=True, slots=True)
class RateCrossover:
    """A message rate at which another kind of transport becomes the cheapest."""

    per_minute: float
    """Messages of a client per minute, both ways together."""
    multiple: float
    """Of the rates of the scenario."""
    below: TransportKind | None
    """The cheapest below; None if none is within limits and in time."""
    above: TransportKind | None
    """The cheapest above."""


@dataclass(frozen=True, slots=True)
class RateBreakEven:
    """The cheapest kind of transport by message rate, all else as it is."""

    per_minute: float
    """Messages of a client per minute, both ways together, of the scenario."""
    lowest_per_minute: float
    highest_per_minute: float
    first: TransportKind | None
    """The cheapest at the lowest rate."""
    crossovers: tuple[RateCrossover, ...]
    """In ascending order."""

    @property
    def websocket_from(self) -> float | None:
        """Messages per minute from which on a WebSocket is the cheapest; None if it nowhere is."""
        if self.first == "websocket":
            return self.lowest_per_minute
        return next((c.per_minute for c in self.crossovers if c.above == "websocket"), None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer in words."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        first = _words(self.first)
        if not self.crossovers:
            yield (
                f"{first} from {_rate(self.lowest_per_minute)} to {_rate(self.highest_per_minute)} "
                "messages of a client per minute."
            )
            return
        yield (
            f"{first} up to {_rate(self.crossovers[0].per_minute)} messages of a client per minute."
        )
        start, end = self.crossovers[0].per_minute, self.crossovers[-1].per_minute
        if len(self.crossovers) > _FEW:
            kinds = dict.fromkeys(_name(crossover.above) for crossover in self.crossovers)
            yield (
                f"From {_rate(start)} to {_rate(end)} the cheapest alternates, as nodes are added "
                f"for one or the other: {', '.join(kinds)}."
            )
        else:
            for crossover, following in pairwise(self.crossovers):
                yield (
                    f"{_words(crossover.above)} from {_rate(crossover.per_minute)} to "
                    f"{_rate(following.per_minute)}."
                )
        yield f"{_words(self.crossovers[-1].above)} from {_rate(end)} on."
        if self.websocket_from is None:
            yield (
                f"A WebSocket is the cheapest at no rate from {_rate(self.lowest_per_minute)} to "
                f"{_rate(self.highest_per_minute)}."
            )

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {
            "per_minute": self.per_minute,
            "from_per_minute": self.lowest_per_minute,
            "to_per_minute": self.highest_per_minute,
            "cheapest_at_first": self.first,
            "crossovers": [
                {
                    "per_minute": each.per_minute,
                    "multiple": each.multiple,
                    "below": each.below,
                    "above": each.above,
                }
                for each in self.crossovers
            ],
            "sentences": list(self.sentences),
        }


def _words(kind: TransportKind | None) -> str:
    if kind is None:
        return "Nothing is within limits and in time"
    return f"{capitalized(_name(kind))} is the cheapest"


def _name(kind: TransportKind | None) -> str:
    """A kind of transport, for people."""
    return "none" if kind is None else KIND_WORDS[kind]


def _rate(per_minute: float) -> str:
    """In plain digits, however rare.

    >>> _rate(0.0000833333), _rate(1234.5)
    ('0.0000833', '1,230')
    """
    rounded = float(f"{per_minute:.3g}")
    return value_text(rounded) if rounded >= _SHORT_FROM else unit_price(rounded)


def rate_break_even(
    scenario: Scenario,
    compared: tuple[Transport, ...],
    deployments: tuple[Deployment, ...],
    within_seconds: float | None,
    per_minute: float,
) -> RateBreakEven:
    """Where the cheapest kind of transport changes with the rate of all messages.

    Args:
        scenario: whose rates are multiplied.
        compared: transports.
        deployments: which may carry them.
        within_seconds: by when 95% of the messages must have come.
        per_minute: messages of a client, both ways together.

    Raises:
        ScenarioError: nobody says by when messages must have come, nothing is sent, or the sizes
            of batches depend on the rates.
    """
    if within_seconds is None:
        raise ScenarioError(
            "give within_seconds: polls that may come at any time are the cheapest at every rate"
        )
    if not per_minute:
        raise ScenarioError("no messages are sent, so that no rate can be multiplied")
    flows = (flow for profile in scenario.profiles.values() for flow in profile.flows.values())
    if any(flow.batch is not None and flow.batch.keep == "all" for flow in flows):
        raise ScenarioError(
            "a flow whose batches keep all messages has no closed form over many rates: compare "
            "transports at a few rates instead"
        )

    def costs(multiples: FloatArray) -> dict[TransportKind, FloatArray]:
        return _costs(scenario, compared, deployments, within_seconds, multiples)

    multiples = np.logspace(-_DECADES, _DECADES, 2 * _DECADES * _PER_DECADE + 1)
    leaders = _leaders(costs(multiples))
    changes = [
        found
        for (low, below), (high, above) in pairwise(zip(multiples.tolist(), leaders, strict=True))
        if below != above
        for found in _between(costs, low, high)
    ]
    return RateBreakEven(
        per_minute,
        float(multiples[0]) * per_minute,
        float(multiples[-1]) * per_minute,
        leaders[0],
        tuple(RateCrossover(at * per_minute, at, below, above) for at, below, above in changes),
    )


def _between(
    costs: Costs, low: float, high: float
) -> Iterator[tuple[float, TransportKind | None, TransportKind | None]]:
    """The changes between two multiples, each at the middle of a small interval."""
    multiples = np.geomspace(low, high, _PARTS + 1)
    leaders = _leaders(costs(multiples))
    for (start, below), (end, above) in pairwise(zip(multiples.tolist(), leaders, strict=True)):
        if below != above:
            yield float(np.sqrt(start * end)), below, above


def _leaders(costs: dict[TransportKind, FloatArray]) -> list[TransportKind | None]:
    """The cheapest kind at each multiple."""
    kinds: list[TransportKind] = [*costs]
    table = np.stack([costs[kind] for kind in kinds])
    least = np.argmin(table, axis=0)
    return [kinds[kind] if np.isfinite(table[kind, at]) else None for at, kind in enumerate(least)]


def _costs(
    scenario: Scenario,
    compared: tuple[Transport, ...],
    deployments: tuple[Deployment, ...],
    within_seconds: float,
    multiples: FloatArray,
) -> dict[TransportKind, FloatArray]:
    many = scenario.with_profiles(
        {kind: _more_often(profile, multiples) for kind, profile in scenario.profiles.items()}
    )
    resolved = resolve(many)
    least: dict[TransportKind, FloatArray] = {}
    for transport in compared:
        over = replace(resolved, scenario=many.replace(transport=transport))
        found = np.full(multiples.shape, np.inf)
        for deployment in deployments:
            try:
                bill = bill_of(over, deployment)
            except (MissingRateError, NotCarriedError):
                continue
            is_in_time = delay_on(over, deployment).p95_seconds <= within_seconds
            is_allowed = bill.is_within_limits & is_in_time
            found = np.minimum(found, np.where(is_allowed, bill.total, np.inf))
        known = least.get(transport.kind)
        least[transport.kind] = found if known is None else np.minimum(known, found)
    return least


def _more_often(profile: Profile, multiples: FloatArray) -> Profile:
    """The same clients, whose messages come so many times as often."""
    flows = {
        name: flow.model_copy(update={"rate_per_hour": flow.rate_per_hour * multiples})
        for name, flow in profile.flows.items()
    }
    return profile.model_copy(update={"flows": flows})
