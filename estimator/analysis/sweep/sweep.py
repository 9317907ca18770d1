"""Bills over whole ranges: tables, the cheapest at every point, and charts of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from estimator.analysis.compare import title_of
from estimator.analysis.field_words import field_words
from estimator.analysis.points import (
    STATES,
    Priced,
    Progress,
    chosen,
    price_batches,
    price_points,
    resolved,
)
from estimator.analysis.sweep.grid import Grid
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.hypertext import card, folded, rows_under, small
from estimator.pricing.price_files import DRIVERS
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.shown import Look

Axes = Mapping[str, npt.ArrayLike]
"""Values by the name of a field."""
_NOBODY = -1
_MOST_AXES_DRAWN = 2


@dataclass(frozen=True, repr=False)
class Sweep:
    """Bills at every point of some axes, in USD per month.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1)
    >>> swept = sweep(scenario, {"peak_connections": [10, 100, 1000]}, ["aws.api_gateway"])
    >>> swept.total("aws.api_gateway").shape, list(swept.totals.columns[:3])
    ((3,), ['peak_connections', 'deployment', 'state'])
    """

    scenario: Scenario
    """What all points have in common."""
    grid: Grid
    """The axes, by the full names of their fields."""
    priced: Priced
    """The bills, point by point in the order of the grid, the last axis fastest."""

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
    def refusals(self) -> Mapping[str, str]:
        """Why a deployment could not be priced somewhere, by its id."""
        return self.priced.refusals

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
        """Whether a deployment would hold, over the axes: pass, at risk, broken or not priced.

        Raises:
            ScenarioError: the deployment is not part of the sweep.
        """
        return np.array(STATES)[self.priced.states[self._row(deployment)]].reshape(self.shape)

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
        """Index of the cheapest deployment that holds at each point; -1 where none does."""
        usd = self.priced.holding_usd
        winners = np.where(np.isfinite(usd.min(axis=0)), usd.argmin(axis=0), _NOBODY)
        return winners.reshape(self.shape)

    @cached_property
    def lead_usd(self) -> FloatArray:
        """By how much the cheapest within limits is cheaper than the next one; infinite if alone."""
        if len(self.deployments) == 1:
            return np.full(self.shape, np.inf)
        first, second = np.partition(self.priced.holding_usd, 1, axis=0)[:2]
        with np.errstate(invalid="ignore"):
            return (second - first).reshape(self.shape)

    @cached_property
    def cheapest(self) -> pd.DataFrame:
        """One row for each point: the axes, the cheapest within limits, its total and its lead.

        ``deployment`` is empty, and ``total_usd`` NaN, where none holds.
        """
        import pandas as pd

        winners = self.winners.ravel()
        names = np.array([*self.deployments, ""])
        least = self.priced.holding_usd.min(axis=0)
        return pd.DataFrame(
            {
                **self.grid.points,
                "deployment": names[winners],
                "total_usd": np.where(winners == _NOBODY, np.nan, least),
                "lead_usd": self.lead_usd.ravel(),
            }
        )

    @property
    def title(self) -> str:
        """What was swept, for the head of a chart."""
        return title_of(self.scenario)

    def chart(self, look: Look | None = None) -> Figure:
        """Lines of cost over one axis, or a map of the cheapest over two.

        Args:
            look: colors and width; dark on white, if left out.

        Raises:
            ScenarioError: there are more axes than a chart has.
        """
        from estimator.render.charts.sweep import cost_lines, winner_map

        if len(self.shape) > _MOST_AXES_DRAWN:
            raise ScenarioError(
                f"a chart shows one or two axes, not {len(self.shape)}: sweep fewer, or draw "
                "from .totals"
            )
        return winner_map(self, look) if len(self.shape) > 1 else cost_lines(self, look)

    def as_data(self) -> dict[str, Any]:
        """The sweep as plain lists, texts and numbers, for machines."""
        totals = self.priced.total_usd.astype(object)
        totals[np.isnan(self.priced.total_usd)] = None
        return {
            "scenario": self.scenario.as_data(),
            "currency": "USD",
            "period": "month",
            "axes": {name: values.tolist() for name, values in self.axes.items()},
            "together": self.grid.together,
            "deployments": {
                name: {
                    "total_usd": totals[row].reshape(self.shape).tolist(),
                    "states": self.states(name).tolist(),
                }
                for row, name in enumerate(self.deployments)
            },
            "refused": [
                {"deployment": name, "reason": reason} for name, reason in self.refusals.items()
            ],
        }

    def _row(self, deployment: str) -> int:
        if deployment not in self.deployments:
            raise ScenarioError(f"{deployment} is not part of the sweep")
        return self.deployments.index(deployment)

    def __repr__(self) -> str:
        lengths = " x ".join(f"{length:,}" for length in self.shape)
        return f"<Sweep {self.title!r}: {lengths} points, {len(self.deployments)} deployments>"

    def __str__(self) -> str:
        lines = [f"{self.title}: {' x '.join(map(field_words, self.axes))}"]
        lines += [f"  {share}  {name}" for name, share in self._won()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        ranges = (
            f"{field_words(name)}: {len(values):,} values from {values.min():,.6g} to "
            f"{values.max():,.6g}"
            for name, values in self.axes.items()
        )
        refusals = (f"{name}: {reason}" for name, reason in self.refusals.items())
        return card(
            self.title,
            small(". ".join(ranges)),
            rows_under(("deployment", "cheapest at"), self._won(), numbers={"cheapest at"}),
            small(".totals and .table hold every bill, .cheapest the least, .chart() draws them"),
            folded("Could not be priced", refusals),
        )

    def _won(self) -> list[tuple[str, str]]:
        """Deployments that are the cheapest somewhere, and at which share of the points."""
        found, times = np.unique(self.winners, return_counts=True)
        names = (*self.deployments, "none holds")
        shares = sorted(zip(times.tolist(), found.tolist(), strict=True), reverse=True)
        return [(names[index], f"{count / self.grid.size:.0%}") for count, index in shares]


def sweep(
    scenario: Scenario,
    axes: Axes,
    deployments: Iterable[str] | str | None = None,
    *,
    together: bool = False,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """The bills of a scenario while some of its numbers move.

    Args:
        scenario: what stays as it is.
        axes: values by the name of a field: of the scenario (``peak_connections``), of its profile
            (``posts.rate_per_hour``), of a deployment's options
            (``options.aws.api_gateway.lambda_ms``, ``options.*.messages_per_core_second``), of
            prices (``prices.aws.api_gateway.messages`` in USD, ``percent_off.aws.*``) or
            ``hours_per_day``. The end of a name suffices if no other field ends so. Each value
            meets each value of the other axes.
        deployments: ids of the deployments; all on the clouds, if left out.
        together: the axes move at once, point by point; they need equally many values.
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
    return Sweep(scenario, grid, priced)


def sweep_parts(
    scenario: Scenario,
    axes: Axes,
    deployments: Iterable[str] | str | None = None,
    *,
    together: bool = False,
    client: Client | Executor | None = None,
) -> Iterator[pd.DataFrame]:
    """A sweep of any size, part by part: memory holds one part at a time.

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
        raise ScenarioError("no axis: name a field to move, such as peak_connections")
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
                priced.states.ravel(), dtype=pd.CategoricalDtype([*STATES])
            ),
            "total_usd": priced.total_usd.ravel(),
        }
    )
