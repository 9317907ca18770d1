"""From what to what do totals go in eight of ten cases? P10 and P90 for cards and first screens."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor

import numpy as np

from estimator.analysis.compare import Comparison
from estimator.analysis.points import Progress
from estimator.analysis.uncertainty.sampling import (
    METHOD,
    PricingJob,
    price_jobs,
    pricing_jobs,
    scrambled_draws,
)
from estimator.analysis.uncertainty.uncertainty import what_is_uncertain
from estimator.errors import ScenarioError
from estimator.runtime import Client, executor_of
from estimator.scenario.scenario import Scenario

RANGE_SAMPLES = 256
"""Draws behind each range, as in the gallery.

Beside 4,096 draws, P90 is off by 2% to 4% (root mean square over seeds and deployments, of three
profiles for 20,000 connections), and P10 by 4% to 11%. Half as many draws take half as long, and
are off by up to 18%.
"""
P10ToP90 = tuple[float, float]
"""P10 and P90, in USD per month."""


def total_ranges(
    scenario: Scenario,
    deployments: Iterable[str],
    samples: int = RANGE_SAMPLES,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> dict[str, P10ToP90]:
    """P10 and P90 of totals, by deployment; empty where nothing is uncertain.

    Args:
        scenario: a single one.
        deployments: ids.
        samples: draws behind each range.
        client: where they are found; here if left out. The results are the same.
        progress: called with the bills done and all of them; what it raises ends the work.
    """
    ids = tuple(deployments)
    if not ids:
        return {}
    executor = executor_of(client)
    asked = scenario, ids, samples
    try:
        ids, jobs = _drawn(*asked) if executor is None else executor.submit(_drawn, *asked).result()
    except ScenarioError:
        return {}
    priced = price_jobs(jobs, samples, ids, client=executor, progress=progress)
    return {
        name: (_quantile(usd, 0.1), _quantile(usd, 0.9))
        for name, usd in zip(ids, priced.total_usd, strict=True)
        if name not in priced.refusals
    }


def best_ranges(compared: Comparison, samples: int = RANGE_SAMPLES) -> dict[str, P10ToP90]:
    """The same of the best of each group of a comparison."""
    return total_ranges(compared.scenario, compared.headline.deployments, samples)


def _drawn(
    scenario: Scenario, deployments: tuple[str, ...], samples: int
) -> tuple[tuple[str, ...], list[PricingJob]]:
    """The deployments that can be priced, and what is to be priced of them."""
    bills, _, uncertain = what_is_uncertain(scenario, {}, deployments)
    ids = tuple(bill.deployment or "" for bill in bills)
    return ids, pricing_jobs(scenario, uncertain, scrambled_draws(uncertain, samples, 0), ids)


def _quantile(usd: np.ndarray, share: float) -> float:
    return float(np.quantile(usd, share, method=METHOD))
