"""How much of a bill's variance comes from uncertain inputs, and how much is random every month?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from estimator.analysis.estimate import resolve
from estimator.analysis.simulate.result import Simulation
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.format import dollars_and_cents, number_of, range_text, signed_dollars
from estimator.simulation.load import each_alone, hourly_demand
from estimator.simulation.run import CONFIDENCE
from estimator.units import HOURS_PER_WEEK


@dataclass(frozen=True, slots=True)
class RandomVariation:
    """The standard deviation of a monthly bill whose inputs are known, in USD."""

    sd_usd: float
    sd_interval_usd: tuple[float, float]
    """95% confidence interval, by the chi-square law."""
    weeks: int
    """Simulated weeks behind it."""


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
    demands = (
        hourly_demand(one, scenario.profile, hours_per_month, scenario.surges)
        for one in each_alone(run)
    )
    bills = np.array([replace(as_simulated, demand=one).bill(deployed).total for one in demands])
    variance = float(np.var(bills, ddof=1)) * HOURS_PER_WEEK / hours_per_month
    free = weeks - 1
    tail = (1 - CONFIDENCE) / 2
    # chi-square quantiles, as of the gamma law with half the degrees of freedom
    small, large = (2 * float(special.gammaincinv(free / 2, share)) for share in (tail, 1 - tail))
    interval = (math.sqrt(variance * free / large), math.sqrt(variance * free / small))
    return RandomVariation(math.sqrt(variance), interval, weeks)


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
