"""Which demands are tried as explanations of an invoice? More or fewer clients, or messages.

Each of both alone is tried at fine factors, both together at coarse ones, between which logarithms
are taken for straight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from estimator.analysis.fields import current_value, field_names, with_values
from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.month import expected_month
from estimator.errors import EstimatorError
from estimator.scenario.scenario import Scenario

MOST_FACTOR: Final = 8.0
"""More or fewer clients or messages than stated, of the demands that are tried."""
_FINE: Final = 385
_BOTH: Final = 97
_COARSE: Final = 25
FINE: Final[FloatArray] = np.geomspace(1 / MOST_FACTOR, MOST_FACTOR, _FINE)
"""Factors of one of both, 1.1% apart; 1 is in the middle, and 2 and 4 are among them."""
BOTH: Final = FINE[:: (_FINE - 1) // (_BOTH - 1)]
"""Factors of each of both together."""
_COARSE_FACTORS: Final = FINE[:: (_FINE - 1) // (_COARSE - 1)]
_AUDIENCE: Final = ("peak_connections", "mean_connections", "users_per_day")


class Factors(NamedTuple):
    """A demand, as factors of what a scenario states; arrays for many."""

    connections: float | FloatArray = 1.0
    messages: float | FloatArray = 1.0
    """Per connection."""


@dataclass(frozen=True)
class Variations:
    """Demands that differ from that of a scenario, all in one."""

    scenario: Scenario
    """Of as many scenarios as there are demands."""
    demand: Demand

    def parted(self, quantities: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Quantities by what is varied.

        Args:
            quantities: of all demands, shape (demands, lines).

        Returns:
            With other clients and with other messages, both of shape (``FINE``, lines), and with
            both, shape (``BOTH``, ``BOTH``, lines).
        """
        clients, messages, both = np.split(quantities, (_FINE, 2 * _FINE))
        grid = both.reshape(_COARSE, _COARSE, -1)
        logs = np.log(np.maximum(grid, np.finfo(float).tiny))
        between = _BETWEEN @ np.moveaxis(logs, -1, 0) @ _BETWEEN.T
        return clients, messages, np.exp(np.moveaxis(between, 0, -1))


def _straight_between(wanted: FloatArray, known: FloatArray) -> FloatArray:
    """Shares of known points in those between them, shape (wanted, known)."""
    left = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, known.size - 2)
    share = np.clip((wanted - known[left]) / (known[left + 1] - known[left]), 0.0, 1.0)
    weights = np.zeros((wanted.size, known.size))
    rows = np.arange(wanted.size)
    weights[rows, left] = 1 - share
    weights[rows, left + 1] += share
    return weights


_BETWEEN: Final = _straight_between(np.log(BOTH), np.log(_COARSE_FACTORS))


def varied(scenario: Scenario) -> Variations | None:
    """The demands to try; None if the scenario cannot stand for many.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> found = varied(scenario)
    >>> found.scenario.many == (385 + 385 + 25 * 25,)
    True
    """
    one = np.ones(_FINE)
    coarse = np.meshgrid(_COARSE_FACTORS, _COARSE_FACTORS, indexing="ij")
    clients = np.concatenate([FINE, one, coarse[0].ravel()])
    messages = np.concatenate([one, FINE, coarse[1].ravel()])
    try:
        many = varied_by(scenario, Factors(clients, messages))
        return Variations(many, expected_month(many))
    except EstimatorError:
        return None


def varied_by(scenario: Scenario, factors: Factors) -> Scenario:
    """The scenario with other numbers of clients, and of messages that each of them sends.

    Raises:
        ScenarioError: it cannot have these, or cannot stand for many.
    """
    if not np.ndim(factors.connections) and factors == Factors():
        return scenario
    names = field_names(scenario)
    rates = (name for name in names if name.endswith(".rate_per_hour"))
    values = {name: current_value(scenario, name) * factors.messages for name in rates}
    for name in _audience_of(scenario, names):
        values[name] = current_value(scenario, name) * factors.connections
    return with_values(scenario, values)


def _audience_of(scenario: Scenario, names: Sequence[str]) -> Iterator[str]:
    """Numbers that say how many clients there are; some follow from the others."""
    yield "mean_connections" if scenario.mean_connections is not None else "peak_connections"
    yield from (name for name in names if "." in name and name.rpartition(".")[2] in _AUDIENCE)
