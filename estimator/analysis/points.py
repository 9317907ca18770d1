"""Bills at many points: each a scenario that differs from another in some of its numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.fields import find_field, matters_to, takes_arrays, with_values
from estimator.arrays import FloatArray
from estimator.deployments.registry import DEPLOYMENTS, find_deployment
from estimator.errors import ScenarioError
from estimator.pricing.price_files import DRIVERS
from estimator.result import Refusal
from estimator.runtime import Client, executor_of
from estimator.scenario.scenario import Scenario
from estimator.states import STATES

POINTS_AT_ONCE = 4096
"""Points priced in one pass: enough that the cost of a call is small beside that of its points, few
enough that the hours of the week of all of them stay in the processor's cache."""
_BATCHES_BEGUN = 32
"""Batches that are out at once: enough for many workers, while their results fit into memory."""
STATE_WORDS = (*map(str, STATES), "not priced")
"""What the numbers in ``Priced.states`` mean, in words."""
NOT_PRICED = len(STATES)
_MAY_BE_CHEAPEST = np.array([*(state.is_within_limits for state in STATES), False])

Progress = Callable[[int, int], object]
"""Called with what is done and what there is to do."""


@dataclass(frozen=True, slots=True)
class Priced:
    """The bills of some deployments at many points."""

    deployments: tuple[str, ...]
    total_usd: FloatArray
    """USD per month, shape (deployments, points); NaN where it could not be priced."""
    drivers_usd: FloatArray
    """USD per month by what drives it, as in ``DRIVERS``, shape (deployments, drivers, points)."""
    states: npt.NDArray[np.int8]
    """Index into ``STATE_WORDS``, shape (deployments, points)."""
    refusals: Mapping[str, Refusal]
    """Deployments that could not be priced at some point, and why, by id."""

    @property
    def within_limits_usd(self) -> FloatArray:
        """Totals, shape (deployments, points); infinite where it may not be called the cheapest.

        That is beyond a limit, where no limit was checked, and where it could not be priced.
        """
        return np.where(_MAY_BE_CHEAPEST[self.states], self.total_usd, np.inf)

    def __reduce__(self) -> tuple[Callable[..., Priced], tuple[object, ...]]:
        """How it travels: most deployments have few drivers; rows of zeros do not go along."""
        paid = np.any(self.drivers_usd != 0, axis=-1)
        rows = self.drivers_usd[paid]
        return _unpacked, (self.deployments, self.total_usd, paid, rows, self.states, self.refusals)


def _unpacked(
    deployments: tuple[str, ...],
    total_usd: FloatArray,
    paid: npt.NDArray[np.bool_],
    rows: FloatArray,
    states: npt.NDArray[np.int8],
    refusals: Mapping[str, Refusal],
) -> Priced:
    drivers_usd = np.zeros((*paid.shape, states.shape[-1]))
    drivers_usd[paid] = rows
    return Priced(deployments, total_usd, drivers_usd, states, refusals)


def resolved(scenario: Scenario, values: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Values by the full names of their fields, as arrays of numbers.

    Raises:
        UnknownNameError: there is no such field.
        ScenarioError: what a name holds are not numbers, none at all, or none that its field can
            have, or two names mean one field.
    """
    if scenario.many:
        raise ScenarioError(
            "a field of the scenario is a list, so that it stands for many: give its values as "
            "those of a field instead"
        )
    found: dict[str, FloatArray] = {}
    for name, given in values.items():
        field = find_field(scenario, name)
        if field in found:
            raise ScenarioError(f"'{field}' is given twice")
        try:
            array = np.atleast_1d(np.asarray(given, dtype=np.float64))
        except (TypeError, ValueError):
            raise ScenarioError(f"the values of '{name}' must be numbers, not {given!r}") from None
        if array.ndim != 1 or not array.size:
            raise ScenarioError(f"the values of '{name}' must be a list of at least one number")
        if not np.all(np.isfinite(array)):
            raise ScenarioError(f"the values of '{name}' must be finite numbers")
        for extreme in (array.min(), array.max()):
            with_values(scenario, {field: float(extreme)})
        found[field] = array
    return found


def chosen(deployments: Iterable[str] | str | None) -> tuple[str, ...]:
    """Ids of the deployments asked for, each once; all on the clouds if none is named.

    Raises:
        UnknownNameError: there is no such deployment.
        ScenarioError: an empty list.
    """
    named = [deployments] if isinstance(deployments, str) else deployments
    ids = tuple(dict.fromkeys(DEPLOYMENTS if named is None else named))
    if not ids:
        raise ScenarioError("no deployment was named")
    return tuple(find_deployment(name).id for name in ids)


def price_points(
    scenario: Scenario,
    points: Mapping[str, FloatArray],
    deployments: Sequence[str],
    *,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> Priced:
    """Price every point on every deployment.

    Args:
        scenario: what all points have in common.
        points: one array of values for each field that differs, by its full name, all of shape
            (points,).
        deployments: ids.
        client: where batches of points are priced; here if left out. Batches are the same
            wherever they run, so that results are too.
        progress: called with the points done and all of them.

    Raises:
        ScenarioError: a value that its field cannot have.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1)
    >>> priced = price_points(
    ...     scenario, {"peak_connections": np.array([10.0, 1000.0])}, ["aws.api_gateway"]
    ... )
    >>> priced.total_usd.shape, STATE_WORDS[priced.states[0, 0]]
    ((1, 2), 'within limits')
    """
    count = len(next(iter(points.values())))
    batches = (
        {field: values[start : start + POINTS_AT_ONCE] for field, values in points.items()}
        for start in range(0, count, POINTS_AT_ONCE)
    )
    refusals: dict[str, Refusal] = {}
    priced = _blank(deployments, count, refusals)
    done = 0
    for part in price_batches(scenario, batches, deployments, client=client):
        here = slice(done, done + part.states.shape[1])
        priced.total_usd[:, here] = part.total_usd
        priced.drivers_usd[:, :, here] = part.drivers_usd
        priced.states[:, here] = part.states
        for name, why in part.refusals.items():
            refusals.setdefault(name, why)
        done = here.stop
        if progress:
            progress(done, count)
    return priced


def price_batches(
    scenario: Scenario,
    batches: Iterable[Mapping[str, FloatArray]],
    deployments: Sequence[str],
    *,
    client: Client | Executor | None = None,
) -> Iterator[Priced]:
    """Price batches of points one after the other, or wherever a client has them priced.

    Args:
        scenario: what all points have in common.
        batches: each as the points of ``price_points``; at most ``POINTS_AT_ONCE`` of them keep
            memory small.
        deployments: ids.
        client: as for ``price_points``.
    """
    executor = executor_of(client)
    if executor is None:
        yield from (_price_batch(scenario, batch, deployments) for batch in batches)
        return
    begun: deque[Future[Priced]] = deque()
    for batch in batches:
        begun.append(executor.submit(_price_batch, scenario, batch, deployments))
        if len(begun) == _BATCHES_BEGUN:
            yield begun.popleft().result()
    yield from (future.result() for future in begun)


def _price_batch(
    scenario: Scenario, points: Mapping[str, FloatArray], deployments: Sequence[str]
) -> Priced:
    count = len(next(iter(points.values())))
    refusals: dict[str, Refusal] = {}
    priced = _blank(deployments, count, refusals)
    row_of = {deployment: row for row, deployment in enumerate(deployments)}
    one_at_a_time = _one_at_a_time(scenario, points)
    for together, fields in _sharing(points, deployments):
        apart = [field for field in fields if field in one_at_a_time]
        table = np.array([points[field] for field in apart]).reshape(len(apart), count)
        for indices in _in_parts(alike(table.T), 1 + len(scenario.calendar_weeks)):
            fixed = {field: float(points[field][indices[0]]) for field in apart}
            moving = {field: points[field][indices] for field in fields if field not in fixed}
            asked = with_values(scenario, {**fixed, **moving})
            bills, refused = estimate_all(asked, together)
            for refusal in refused:
                refusals.setdefault(refusal.deployment, refusal)
            for bill in bills:
                row = row_of[bill.deployment or ""]
                priced.total_usd[row, indices] = bill.total
                priced.states[row, indices] = bill.state_numbers
                for driver, usd in bill.by_driver.items():
                    priced.drivers_usd[row, DRIVERS.index(driver), indices] = usd
    return priced


def _blank(deployments: Sequence[str], count: int, refusals: dict[str, Refusal]) -> Priced:
    return Priced(
        deployments=tuple(deployments),
        total_usd=np.full((len(deployments), count), np.nan),
        drivers_usd=np.zeros((len(deployments), len(DRIVERS), count)),
        states=np.full((len(deployments), count), NOT_PRICED, dtype=np.int8),
        refusals=refusals,
    )


def _one_at_a_time(scenario: Scenario, points: Mapping[str, FloatArray]) -> set[str]:
    """Fields whose values go through the models one after the other."""
    return {
        field
        for field, values in points.items()
        if not takes_arrays(scenario, field, float(values[0]))
    }


def _sharing(
    points: Mapping[str, FloatArray], deployments: Sequence[str]
) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """Deployments that depend on the same fields, with these fields: they share one demand."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for deployment in deployments:
        fields = tuple(field for field in points if matters_to(field, deployment))
        groups.setdefault(fields, []).append(deployment)
    for fields, together in groups.items():
        yield together, fields


def _in_parts(groups: Iterable[npt.NDArray[np.intp]], weeks: int) -> Iterator[npt.NDArray[np.intp]]:
    """Groups of points, of which each week that is priced apart lets fewer be priced at once."""
    most = max(POINTS_AT_ONCE // weeks, 1)
    for group in groups:
        yield from np.split(group, range(most, len(group), most))


def alike(table: FloatArray) -> Iterator[npt.NDArray[np.intp]]:
    """Indices of the rows that are equal, shape (rows, columns)."""
    if not table.shape[1]:
        yield np.arange(len(table))
        return
    _, which = np.unique(table, axis=0, return_inverse=True)
    which = which.ravel()
    order = np.argsort(which, kind="stable")
    yield from np.split(order, np.cumsum(np.bincount(which))[:-1])
