"""How do ranges of bills widen or shift while one number of the scenario varies?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.compare import title_of
from estimator.analysis.points import Progress, resolved
from estimator.analysis.uncertainty.input_ranges import Uniform
from estimator.analysis.uncertainty.inputs import Uncertain, uncertain_quantities
from estimator.analysis.uncertainty.sampling import (
    COLUMNS,
    price_draws,
    quantiles,
    scrambled_draws,
)
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, Numbers
from estimator.errors import ScenarioError
from estimator.format import number_of
from estimator.result import Refusal, Result, plain
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@checks_arguments
@dataclass(frozen=True, repr=False)
class Fan(Result):
    """Ranges of bills while one number of the scenario varies, in USD per month.

    >>> import estimator as ws
    >>> scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = ws.uncertainty(scenario, deployments="aws.api_gateway", questions=(), samples=128)
    >>> found.fan("peak_connections", [1000, 2000, 3000], samples=128).usd.shape
    (3, 1, 3)
    """

    schema = "fan"
    instead_of_bills = ".usd has its ranges; ws.estimate() makes the bill of one value"

    scenario: Scenario
    """What is certain, but for what varies."""
    field: str
    """Full name of what varies."""
    values: FloatArray
    """Its values, ascending, shape (values,)."""
    deployments: tuple[str, ...]
    """Ids."""
    usd: FloatArray
    """P10, P50 and P90, shape (3, deployments, values); NaN where it could not be priced."""
    within_limits_share: FloatArray
    """Share of the draws within limits, shape (deployments, values)."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced at some value, and why."""

    @property
    def title(self) -> str:
        """What was estimated, for the head of a table or chart."""
        return title_of(self.scenario)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment and value: both, P10, P50, P90, the share within limits."""
        import pandas as pd

        many = len(self.values)
        return pd.DataFrame(
            {
                "deployment": np.repeat(np.array(self.deployments, dtype=object), many),
                self.field: np.tile(self.values, len(self.deployments)),
                **{name: usd.ravel() for name, usd in zip(COLUMNS, self.usd, strict=True)},
                "within_limits_share": self.within_limits_share.ravel(),
            }
        )

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "field": self.field,
            "values": self.values.tolist(),
            "deployments": {
                name: {
                    **{
                        level: plain(usd[row]) for level, usd in zip(COLUMNS, self.usd, strict=True)
                    },
                    "within_limits_share": self.within_limits_share[row].tolist(),
                }
                for row, name in enumerate(self.deployments)
            },
        }

    def __repr__(self) -> str:
        return (
            f"<Fan {self.title!r}: {len(self.values)} values of {self.field}, "
            f"{number_of(len(self.deployments), 'deployment')}>"
        )


def fan_of(
    scenario: Scenario,
    uncertain: Sequence[Uncertain],
    deployments: Sequence[str],
    varies: Mapping[str, Numbers],
    *,
    samples: int,
    seed: int,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> Fan:
    """Price the same draws at each value of one number.

    Args:
        scenario: what is certain.
        uncertain: what may move its bills; what varies is taken as known all the same.
        deployments: ids.
        varies: the one number, by the name of its field, and at least two values of it.
        samples: draws at each value.
        seed: of the draws.
        client: where bills are priced; this process if left out.
        progress: called with the bills done and all of them.

    Raises:
        UnknownNameError: no such field.
        ScenarioError: a value the field cannot have, or a single one.
    """
    [(name, array)] = resolved(scenario, varies).items()
    axis = np.unique(array)
    if axis.size < 2:
        raise ScenarioError(f"a fan needs at least two values of '{name}'")
    ends = Uniform(float(axis[0]), float(axis[-1]))
    [moving] = uncertain_quantities(scenario, {name: ends}, evidence=False)
    others = tuple(each for each in uncertain if each.name != name)
    draws = scrambled_draws(others, samples, seed)
    points = np.column_stack([np.repeat(axis, samples), np.tile(draws, (axis.size, 1))])
    priced = price_draws(
        scenario, (moving, *others), points, deployments, client=client, progress=progress
    )
    shape = (len(deployments), axis.size, samples)
    return Fan(
        scenario=scenario,
        field=name,
        values=axis,
        deployments=tuple(deployments),
        usd=quantiles(priced.total_usd.reshape(shape)),
        within_limits_share=priced.within_limits.reshape(shape).mean(axis=-1),
        refusals=tuple(priced.refusals.values()),
    )
