"""How far a month's bill is moved by chance alone, beside what is not known about the inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from estimator.analysis.estimate import resolve
from estimator.analysis.simulate.simulate import Simulation
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.simulation.load import each_alone, hourly_demand
from estimator.simulation.run import CONFIDENCE
from estimator.units import HOURS_PER_WEEK


@dataclass(frozen=True, slots=True)
class Chance:
    """The standard deviation of a month's bill that chance alone makes, in USD."""

    sd_usd: float
    sd_interval_usd: tuple[float, float]
    """Holds the true one in 95 % of the cases; by the chi-square law, from so few weeks."""
    weeks: int
    """Simulated weeks from which it is known."""


def variability_of(simulation: Simulation) -> Chance:
    """How far the bills of months with the same inputs differ.

    Each simulated week is priced as if every week of the month were like it. The weeks of a month
    are independent and a bill is close to proportional within chance, so the variance of a month
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
        raise ScenarioError("one simulated week does not tell how weeks differ: simulate more")
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
    return Chance(math.sqrt(variance), interval, weeks)


@dataclass(frozen=True, slots=True)
class VariabilityBesideInputs:
    """What makes a month's bill differ from its estimate: inputs that may be off, and chance.

    Inputs can be measured, after which they move the bill no more; chance stays.
    """

    deployment: str
    """Id."""
    inputs_sd_usd: float
    """Standard deviation of the expected bill over what the inputs may be, USD per month."""
    chance: Chance
    """Standard deviation of the bill with the inputs as the scenario has them."""
    offset_usd: float
    """Mean bill of the simulated weeks, less the estimate: what doors, faults and reconnects
    change; no spread."""

    @property
    def sd_usd(self) -> float:
        """Of both together: variances of independent causes add up."""
        return math.hypot(self.inputs_sd_usd, self.chance.sd_usd)

    @property
    def inputs_share(self) -> float:
        """Share of the variance that would go if all inputs were known."""
        return self.inputs_sd_usd**2 / self.sd_usd**2 if self.sd_usd else 0.0

    @property
    def chance_share(self) -> float:
        """Share of the variance that would stay."""
        return self.chance.sd_usd**2 / self.sd_usd**2 if self.sd_usd else 0.0

    def __str__(self) -> str:
        low, high = self.chance.sd_interval_usd
        return (
            f"{self.deployment}: inputs ±${self.inputs_sd_usd:,.2f} ({self.inputs_share:.2%} of "
            f"the variance), chance from month to month ±${self.chance.sd_usd:,.2f} "
            f"({self.chance_share:.2%}; ±${low:,.2f} to ±${high:,.2f}, known from "
            f"{self.chance.weeks} weeks); simulated weeks cost {self.offset_usd:+,.2f} USD"
        )
