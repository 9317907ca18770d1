"""What makes a bill uncertain? Swings of each input, shares of the variance, and what is random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import special

from estimator.analysis.estimate.bill import bill_of
from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.points import Progress
from estimator.analysis.simulate.result import Simulation
from estimator.analysis.uncertainty.inputs import Question, Uncertain
from estimator.analysis.uncertainty.sampling import block_count, even_shares, price_draws, values_of
from estimator.arrays import FloatArray
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.format import dollars_and_cents, given_text, number_of, range_text, signed_dollars
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario
from estimator.simulation.load import Kinds, each_alone, hourly_demand
from estimator.units import HOURS_PER_WEEK

CONFIDENCE: Final = 0.95
LEAST_SHARE: Final = 0.005
"""Of the sum of squared swings: an input with less is not worth pricing, and stays at its
median when the variance is divided."""
_RESAMPLES: Final = 400


@dataclass(frozen=True, slots=True)
class Swing:
    """What one input alone does to a bill, with all others at their medians."""

    uncertain: Uncertain
    """What moves; for an open question the others stay as the scenario has them."""
    low: str
    """Where the bill is lower: P10 or P90 of a number, or an answer."""
    high: str
    """Where it is higher."""
    low_usd: float
    """The lower bill, USD per month."""
    high_usd: float
    """The higher bill, USD per month."""
    middle_usd: float
    """With this at its median too, or as the scenario has it."""

    @property
    def swing_usd(self) -> float:
        """From the lower to the higher bill."""
        return self.high_usd - self.low_usd


@dataclass(frozen=True, slots=True)
class VarianceShare:
    """Sobol indices of one input: its share of the variance of a bill, with 95% intervals.

    Estimates may lie a little below 0 or above 1 where the interval holds 0 or 1.
    """

    uncertain: Uncertain
    first: float
    """Share that would go if this alone were known."""
    first_interval: tuple[float, float]
    total: float
    """Share that would stay if all else were known; above ``first`` where inputs act together."""
    total_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class RandomVariation:
    """The standard deviation of a monthly bill whose inputs are known, in USD."""

    sd_usd: float
    sd_interval_usd: tuple[float, float]
    """95% confidence interval, by the chi-square law."""
    weeks: int
    """Simulated weeks behind it."""


@dataclass(frozen=True, slots=True)
class VarianceSplit:
    """Why a monthly bill differs from its estimate: inputs that may be off, and random variation.

    Inputs can be measured, after which they change the bill no more; random variation stays.
    """

    deployment: str
    """Id."""
    inputs_sd_usd: float
    """Standard deviation of the expected bill over what the inputs may be, USD per month."""
    random: RandomVariation
    """Standard deviation of the bill with the inputs as the scenario has them."""
    offset_usd: float
    """Mean bill of the simulated weeks, less the estimate: what admission limits, faults and
    reconnects change; no part of the variance."""

    @property
    def sd_usd(self) -> float:
        """Of both together: the variances of independent causes add up."""
        return math.hypot(self.inputs_sd_usd, self.random.sd_usd)

    @property
    def inputs_share(self) -> float:
        """Share of the variance that would go if all inputs were known."""
        return self.inputs_sd_usd**2 / self.sd_usd**2 if self.sd_usd else 0.0

    @property
    def random_share(self) -> float:
        """Share of the variance that would stay."""
        return self.random.sd_usd**2 / self.sd_usd**2 if self.sd_usd else 0.0

    def __str__(self) -> str:
        interval = range_text(np.array(self.random.sd_interval_usd), dollars_and_cents)
        return (
            f"{self.deployment}: inputs ±{dollars_and_cents(self.inputs_sd_usd)} "
            f"({self.inputs_share:.2%} of the variance), random variation between months "
            f"±{dollars_and_cents(self.random.sd_usd)} ({self.random_share:.2%}; ±{interval}, "
            f"from {number_of(self.random.weeks, 'week')}); the simulated weeks cost "
            f"{signed_dollars(self.offset_usd)} per month more or less than estimated"
        )


def swings(
    scenario: Scenario,
    uncertain: Sequence[Uncertain],
    deployment: str,
    *,
    client: Client | Executor | None = None,
) -> list[Swing]:
    """How far each input alone moves a bill, P10 to P90 or over all answers; the widest first.

    Args:
        scenario: what is certain.
        uncertain: the inputs; those that do not matter to the deployment are left out.
        deployment: id.
        client: where bills are priced; here if left out.
    """
    mattering = [each for each in uncertain if each.matters_to(deployment)]
    medians = _medians(scenario, mattering)
    rows = [medians]
    locations: list[tuple[int, str]] = []
    for i, each in enumerate(mattering):
        for words, value in _ends(each):
            row = medians.copy()
            row[i] = value
            rows.append(row)
            locations.append((i, words))
    priced = price_draws(scenario, mattering, np.array(rows), [deployment], client=client)
    middle_usd, *ends_usd = map(float, priced.total_usd[0])
    usd_at: dict[int, list[tuple[float, str]]] = {}
    for (i, words), usd in zip(locations, ends_usd, strict=True):
        usd_at.setdefault(i, []).append((usd, words))
    found: list[Swing] = []
    for i, each in enumerate(mattering):
        low_usd, low = min(usd_at[i], key=lambda end: end[0])
        high_usd, high = max(usd_at[i], key=lambda end: end[0])
        found.append(Swing(each, low, high, low_usd, high_usd, middle_usd))
    return sorted(found, key=lambda swing: -swing.swing_usd)


def variance_shares(
    scenario: Scenario,
    moving: Sequence[Swing],
    deployment: str,
    *,
    samples: int,
    seed: int,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> list[VarianceShare]:
    """Sobol indices of every input that is worth pricing; the largest first.

    Args:
        scenario: what is certain.
        moving: the inputs with their swings. Those below ``LEAST_SHARE`` of the sum of squared
            swings are kept at their medians and left out.
        deployment: id.
        samples: draws, a power of two; each takes a bill for each input, and two more.
        seed: any whole number of at least 0.
        client: where bills are priced; here if left out.
        progress: called with the bills done and all of them.

    References:
        Saltelli et al., Variance based sensitivity analysis of model output, Computer Physics
        Communications 181 (2010) 259-270. Intervals are percentiles of a bootstrap over draws that
        are independent of each other: over blocks, where draws share answers or laws.
    """
    squares = np.array([swing.swing_usd**2 for swing in moving])
    kept = [
        swing.uncertain
        for swing, square in zip(moving, squares, strict=True)
        if square > LEAST_SHARE * squares.sum()
    ]
    if len(kept) < 2:
        # all that varies is of the one input
        return [VarianceShare(each, 1.0, (1.0, 1.0), 1.0, (1.0, 1.0)) for each in kept]
    inputs = [*kept, *(swing.uncertain for swing in moving if swing.uncertain not in kept)]
    many = len(kept)
    shares = even_shares(kept, samples, np.random.SeedSequence(seed), columns=2)
    first, second = (values_of(kept, part) for part in np.split(shares, 2, axis=1))
    mixed = np.repeat(first[None], many, axis=0)
    for i in range(many):
        mixed[i, :, i] = second[:, i]
    drawn = np.concatenate([first, second, *mixed])
    rest = np.broadcast_to(_medians(scenario, inputs)[many:], (len(drawn), len(inputs) - many))
    values = np.concatenate([drawn, rest], axis=1)
    priced = price_draws(scenario, inputs, values, [deployment], client=client, progress=progress)
    usd = priced.total_usd[0].reshape(many + 2, samples)
    indices = _indices(usd)
    low, high = _intervals(usd, block_count(kept, samples), seed)
    found = [
        VarianceShare(
            each,
            first=float(indices[0, i]),
            first_interval=(float(low[0, i]), float(high[0, i])),
            total=float(indices[1, i]),
            total_interval=(float(low[1, i]), float(high[1, i])),
        )
        for i, each in enumerate(kept)
    ]
    return sorted(found, key=lambda each: -each.total)


def variability_of(simulation: Simulation) -> RandomVariation:
    """How much the bills of months with the same inputs differ.

    Each simulated week is priced as if every week of the month were like it. The weeks of a month
    are independent and a bill is close to proportional to its demand, so the variance of a month
    is that of these bills divided by the weeks in it. What must run for the peak is taken to follow
    each week, as if it were rented by the week.

    Raises:
        ScenarioError: no deployment was simulated, or fewer than two weeks.
    """
    if not simulation.deployment:
        raise ScenarioError(
            "the simulation has no bill: name a deployment, as in "
            "simulate(scenario, 'aws.api_gateway')"
        )
    run, scenario = simulation.run, simulation.scenario
    weeks = len(run.replications)
    if weeks < 2:
        raise ScenarioError("one simulated week does not show how weeks differ: simulate more")
    hours_per_month = float(scenario.hours_per_month)
    deployed = find_deployment(simulation.deployment)
    resolved = resolve(scenario, simulation.demand)
    as_simulated = resolved.with_options(deployed, run.model.admission.options)
    kinds = Kinds.of(scenario, simulation.expected)
    demands = (
        hourly_demand(one, scenario.profile, hours_per_month, scenario.surges, kinds)
        for one in each_alone(run)
    )
    bills = np.array(
        [bill_of(replace(as_simulated, demand=one), deployed).total for one in demands]
    )
    variance = float(np.var(bills, ddof=1)) * HOURS_PER_WEEK / hours_per_month
    free = weeks - 1
    tail = (1 - CONFIDENCE) / 2
    # chi-square quantiles, as of the gamma law with half the degrees of freedom
    small, large = (2 * float(special.gammaincinv(free / 2, share)) for share in (tail, 1 - tail))
    interval = (math.sqrt(variance * free / large), math.sqrt(variance * free / small))
    return RandomVariation(math.sqrt(variance), interval, weeks)


def _indices(usd: FloatArray) -> FloatArray:
    """First and total index of each input, shape (2, inputs), of bills (2 + inputs, draws)."""
    # scipy.stats takes seconds to import, and who only looks at a page need not wait for it
    from scipy.stats import sobol_indices

    found = sobol_indices(
        func={"f_A": usd[None, 0], "f_B": usd[None, 1], "f_AB": usd[2:, None]},
        n=usd.shape[1],
    )
    return np.stack([found.first_order, found.total_order])


def _intervals(usd: FloatArray, blocks: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Ends of the intervals of the indices, each of shape (2, inputs)."""
    rng = np.random.default_rng(seed)
    by_block = usd.reshape(len(usd), blocks, -1)
    resampled = [
        _indices(by_block[:, rng.integers(blocks, size=blocks)].reshape(usd.shape))
        for _ in range(_RESAMPLES)
    ]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail], axis=0)
    return low, high


def _medians(scenario: Scenario, uncertain: Sequence[Uncertain]) -> FloatArray:
    """Medians of numbers; of questions the answer that the scenario has."""
    return np.array([_middle(scenario, each) for each in uncertain])


def _middle(scenario: Scenario, each: Uncertain) -> float:
    if isinstance(each, Question):
        taken = scenario.assumptions.get(each.name, each.assumption.default)
        return float(each.answers.index(taken))
    return float(each.values(np.array(0.5)))


def _ends(each: Uncertain) -> list[tuple[str, float]]:
    if isinstance(each, Question):
        return [(answer, float(i)) for i, answer in enumerate(each.answers)]
    values = [float(each.values(np.array(share))) for share in (0.1, 0.9)]
    return [(given_text(value), value) for value in values]
