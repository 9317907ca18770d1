"""How do bills change with some numbers? Bills at every point of one or more axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from estimator.analysis.breakeven.crossovers import NONE_WITHIN_LIMITS, leaders
from estimator.analysis.compare import title_of
from estimator.analysis.points import (
    POINTS_AT_ONCE,
    STATE_WORDS,
    Priced,
    Progress,
    chosen,
    price_batches,
    price_points,
    resolved,
)
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, Numbers
from estimator.errors import ScenarioError
from estimator.format import bytes_text, number_of
from estimator.pricing.price_files import DRIVERS
from estimator.result import Refusal, Result, plain
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

Axes = Mapping[str, Numbers]
"""Values by the name of a field."""
MOST_BYTES = 2 * 10**9
"""Memory that the bills of one sweep may take: a laptop has four times that."""
_BYTES_PER_NUMBER = 8


@dataclass(frozen=True, slots=True)
class Grid:
    """Points over some axes: every combination of their values, or one value of each at a time.

    >>> grid = Grid({"peak_connections": np.array([1.0, 2.0]), "hours": np.array([5.0, 6.0, 7.0])})
    >>> grid.shape, grid.points["hours"]
    ((2, 3), array([5., 6., 7., 5., 6., 7.]))
    """

    axes: Mapping[str, FloatArray]
    """Values by the name of each field."""
    together: bool = False
    """Whether all fields change at once, point by point, and not in every combination."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Values along each axis; a single axis if all fields change together.

        Raises:
            ScenarioError: fields that change together have unequal numbers of values.
        """
        lengths = {name: len(values) for name, values in self.axes.items()}
        if not self.together:
            return tuple(lengths.values())
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length:,}" for name, length in lengths.items())
            raise ScenarioError(
                f"fields that change together need equally many values, but {told}; without "
                "together=True every combination of values is priced"
            )
        return (next(iter(lengths.values())),)

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    @property
    def points(self) -> dict[str, FloatArray]:
        """The value of each field at every point, shape (points,)."""
        return self.part(0, self.size)

    def part(self, start: int, stop: int) -> dict[str, FloatArray]:
        """The value of each field at the points from ``start`` to before ``stop``."""
        if self.together:
            return {name: values[start:stop] for name, values in self.axes.items()}
        indices = np.unravel_index(np.arange(start, stop), self.shape)
        return {
            name: values[index]
            for (name, values), index in zip(self.axes.items(), indices, strict=True)
        }

    def parts(self) -> Iterator[dict[str, FloatArray]]:
        """All points, in batches that fit into memory and caches."""
        for start in range(0, self.size, POINTS_AT_ONCE):
            yield self.part(start, min(start + POINTS_AT_ONCE, self.size))

    def check_memory(self, deployments: int) -> None:
        """Refuse a sweep that would not fit into memory.

        Raises:
            ScenarioError: bills at so many points take more than ``MOST_BYTES``.
        """
        numbers = len(self.axes) + deployments * (len(DRIVERS) + 2)
        needed = self.size * numbers * _BYTES_PER_NUMBER
        if needed > MOST_BYTES:
            lengths = " x ".join(f"{length:,}" for length in self.shape)
            raise ScenarioError(
                f"{lengths} points on {number_of(deployments, 'deployment')} would take "
                f"{bytes_text(needed)} of memory, more than {bytes_text(MOST_BYTES)}; use fewer "
                "values or deployments, or process the points in parts: "
                "for table in estimator.sweep_parts(...)"
            )


@checks_arguments
@dataclass(frozen=True, repr=False)
class Sweep(Result):
    """Bills at every point of some axes, in USD per month.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1)
    >>> swept = sweep(scenario, {"peak_connections": [10, 100, 1000]}, ["aws.api_gateway"])
    >>> swept.total("aws.api_gateway").shape, list(swept.totals.columns[:3])
    ((3,), ['peak_connections', 'deployment', 'state'])
    """

    schema = "sweep"
    instead_of_bills = ".total() has its totals; ws.estimate() makes the bill of one point"

    scenario: Scenario
    """What all points have in common."""
    grid: Grid
    """The axes, by the full names of their fields."""
    priced: Priced
    """The bills, point by point in the order of the grid, the last axis fastest."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced at some point, and why."""

    @property
    def axes(self) -> Mapping[str, FloatArray]:
        """Values along each axis, by the full name of the field."""
        return self.grid.axes

    @property
    def shape(self) -> tuple[int, ...]:
        """Values along each axis."""
        return self.grid.shape

    @property
    def deployments(self) -> tuple[str, ...]:
        """Ids, in the order asked for."""
        return self.priced.deployments

    @property
    def dims(self) -> tuple[str, ...]:
        """What the axes of ``cube`` are."""
        return ("deployment", "driver", *(self.axes if not self.grid.together else ("point",)))

    @property
    def cube(self) -> FloatArray:
        """USD per month by deployment, cost driver and axis, in the order of ``dims``."""
        return self.priced.drivers_usd.reshape(len(self.deployments), len(DRIVERS), *self.shape)

    def total(self, deployment: str) -> FloatArray:
        """USD per month of a deployment over the axes; NaN where it could not be priced.

        Raises:
            ScenarioError: the deployment is not part of the sweep.
        """
        return self.priced.total_usd[self._row(deployment)].reshape(self.shape)

    def states(self, deployment: str) -> npt.NDArray[np.str_]:
        """State of a deployment over the axes, in words; not priced where it has no price.

        Raises:
            ScenarioError: the deployment is not part of the sweep.
        """
        return np.array(STATE_WORDS)[self.priced.states[self._row(deployment)]].reshape(self.shape)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """One row for each point and deployment: the axes, deployment, state, total_usd."""
        return _totals(self.grid.points, self.priced)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each point, deployment and cost driver: the axes, state, driver, usd.

        What drives no cost anywhere is left out.
        """
        import pandas as pd

        used = [i for i, usd in enumerate(np.moveaxis(self.priced.drivers_usd, 1, 0)) if usd.any()]
        drivers = [DRIVERS[i] for i in used]
        many = len(drivers)
        frame = self.totals.loc[self.totals.index.repeat(many)].drop(columns="total_usd")
        frame["driver"] = pd.Categorical(drivers * len(self.totals), categories=drivers)
        # the order of the totals: deployment, then point
        frame["usd"] = np.moveaxis(self.priced.drivers_usd[:, used], 1, -1).ravel()
        return frame.reset_index(drop=True)

    @cached_property
    def winners(self) -> npt.NDArray[np.intp]:
        """Index of the cheapest deployment within limits at each point; -1 where there is none."""
        return leaders(self.priced.within_limits_usd).reshape(self.shape)

    @cached_property
    def lead_usd(self) -> FloatArray:
        """How much less the cheapest within limits costs than the next; infinite without a next."""
        if len(self.deployments) == 1:
            return np.full(self.shape, np.inf)
        first, second = np.partition(self.priced.within_limits_usd, 1, axis=0)[:2]
        with np.errstate(invalid="ignore"):
            return (second - first).reshape(self.shape)

    @cached_property
    def cheapest(self) -> pd.DataFrame:
        """One row for each point: the axes, the cheapest within limits, its total and its lead.

        ``deployment`` is empty, and ``total_usd`` NaN, where none is within limits.
        """
        import pandas as pd

        winners = self.winners.ravel()
        names = np.array([*self.deployments, ""])
        least = self.priced.within_limits_usd.min(axis=0)
        return pd.DataFrame(
            {
                **self.grid.points,
                "deployment": names[winners],
                "total_usd": np.where(winners == NONE_WITHIN_LIMITS, np.nan, least),
                "lead_usd": self.lead_usd.ravel(),
            }
        )

    @property
    def title(self) -> str:
        """What was swept, for the head of a chart."""
        return title_of(self.scenario)

    @property
    def shares_cheapest(self) -> list[tuple[str | None, float]]:
        """Share of the points at which each deployment is the cheapest, the largest first.

        None stands for points at which no deployment is within limits.
        """
        found, times = np.unique(self.winners, return_counts=True)
        counted = sorted(zip(times.tolist(), found.tolist(), strict=True), reverse=True)
        names = (*self.deployments, None)
        return [(names[index], count / self.grid.size) for count, index in counted]

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "axes": {name: values.tolist() for name, values in self.axes.items()},
            "together": self.grid.together,
            "deployments": {
                name: {
                    "total_usd": plain(self.total(name)),
                    "states": self.states(name).tolist(),
                }
                for name in self.deployments
            },
        }

    def _row(self, deployment: str) -> int:
        if deployment not in self.deployments:
            raise ScenarioError(f"{deployment} is not part of the sweep")
        return self.deployments.index(deployment)

    def __repr__(self) -> str:
        lengths = " x ".join(f"{length:,}" for length in self.shape)
        priced = number_of(len(self.deployments), "deployment")
        return f"<Sweep {self.title!r}: {lengths} points, {priced}>"


@checks_arguments
def sweep(
    scenario: Scenario,
    axes: Axes,
    deployments: Iterable[str] | str | None = None,
    *,
    together: bool = False,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """The bills of a scenario while some of its numbers vary.

    Args:
        scenario: what stays as it is.
        axes: values by the name of a field: of the scenario (``peak_connections``), of its profile
            (``posts.rate_per_hour``), of a deployment's options
            (``options.aws.api_gateway.lambda_ms``, ``options.*.messages_per_core_second``), of
            prices (``prices.aws.api_gateway.messages`` in USD, ``percent_off.aws.*``) or
            ``hours_per_day``. The end of a name suffices if no other field ends so. All
            combinations of the values are priced.
        deployments: ids of the deployments; all on the clouds, if left out.
        together: change all axes at once, point by point; they need equally many values.
        client: a ``dask.distributed.Client``, or an executor such as a ``ProcessPoolExecutor``,
            that prices batches of points; this process if left out. The results are the same.
        progress: called with the points done and all of them.

    Returns:
        Bills in USD per month at each point, on each deployment, by cost driver.

    Raises:
        UnknownNameError: no such field or deployment.
        ScenarioError: a value its field cannot have, axes of unequal length that move together, or
            more points than memory holds.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1)
    >>> axes = {"peak_connections": [100, 10_000], "tickers.rate_per_hour": [60, 600, 6000]}
    >>> sweep(scenario, axes, ["aws.api_gateway", "oci.load_balancer_vm"]).shape
    (2, 3)
    """
    grid, names = _asked(scenario, axes, deployments, together=together)
    grid.check_memory(len(names))
    priced = price_points(scenario, grid.points, names, client=client, progress=progress)
    return Sweep(scenario, grid, priced, tuple(priced.refusals.values()))


@checks_arguments
def sweep_parts(
    scenario: Scenario,
    axes: Axes,
    deployments: Iterable[str] | str | None = None,
    *,
    together: bool = False,
    client: Client | Executor | None = None,
) -> Iterator[pd.DataFrame]:
    """A sweep of any size, one part at a time in memory.

    Args:
        scenario: as for ``sweep``.
        axes: as for ``sweep``.
        deployments: as for ``sweep``.
        together: as for ``sweep``.
        client: as for ``sweep``.

    Returns:
        Tables as ``Sweep.totals``, of some thousand points each, in the order of the axes.

    Raises:
        UnknownNameError: as for ``sweep``.
        ScenarioError: a value its field cannot have, or axes of unequal length.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1)
    >>> parts = sweep_parts(scenario, {"peak_connections": range(1, 5001)}, "aws.api_gateway")
    >>> sum(len(part) for part in parts)
    5000
    """
    grid, names = _asked(scenario, axes, deployments, together=together)
    batches = price_batches(scenario, grid.parts(), names, client=client)
    return (_totals(points, priced) for points, priced in zip(grid.parts(), batches, strict=True))


def _asked(
    scenario: Scenario,
    axes: Axes,
    deployments: Iterable[str] | str | None,
    *,
    together: bool,
) -> tuple[Grid, tuple[str, ...]]:
    if not axes:
        raise ScenarioError("no axis: name a field to vary, such as peak_connections")
    return Grid(resolved(scenario, axes), together), chosen(deployments)


def _totals(points: Mapping[str, FloatArray], priced: Priced) -> pd.DataFrame:
    import pandas as pd

    many, deployments = priced.states.shape[1], priced.deployments
    codes = np.repeat(np.arange(len(deployments)), many)
    return pd.DataFrame(
        {
            **{name: np.tile(values, len(deployments)) for name, values in points.items()},
            "deployment": pd.Categorical.from_codes(
                codes, dtype=pd.CategoricalDtype([*deployments])
            ),
            "state": pd.Categorical.from_codes(
                priced.states.ravel(), dtype=pd.CategoricalDtype([*STATE_WORDS])
            ),
            "total_usd": priced.total_usd.ravel(),
        }
    )
