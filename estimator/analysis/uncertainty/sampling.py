"""What are the bills of many draws of what is uncertain, line by line, on each deployment?"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.fields import fields_of, with_values
from estimator.analysis.points import POINTS_AT_ONCE, Progress, alike
from estimator.analysis.uncertainty.inputs import Question, Uncertain
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.result import Refusal
from estimator.runtime import Client, executor_of
from estimator.scenario.scenario import Scenario

LEVELS: Final = (0.1, 0.5, 0.9)
"""P10, P50 and P90: in eight of ten cases the bill is between the outer two."""
COLUMNS: Final = ("p10_usd", "p50_usd", "p90_usd")
"""Their names in tables."""
METHOD: Final = "hazen"
"""Of quantiles: each draw stands for the middle of its stratum."""
SCRAMBLES: Final = 8
"""Independent scrambles of the Sobol sequence, whose results tell how well these are known."""
_FEWEST_SAMPLES: Final = 128
_MOST_SAMPLES: Final = 65_536
_DRAWS_PER_BLOCK: Final = 16
"""Draws that share answers and laws: 1,024 draws have 64 of each."""


@dataclass(frozen=True, slots=True)
class SampledBills:
    """The bills of some deployments for every draw, in USD per month."""

    deployments: tuple[str, ...]
    total_usd: FloatArray
    """Shape (deployments, draws); NaN where it could not be priced."""
    within_limits: npt.NDArray[np.bool_]
    """Whether it may be called the cheapest, shape (deployments, draws)."""
    lines_usd: Mapping[str, Mapping[str, FloatArray]]
    """Cost of each meter, shape (draws,), by deployment and id of the meter."""
    refusals: Mapping[str, Refusal]
    """Deployments that could not be priced for some draw, and why, by id."""


@dataclass(frozen=True, slots=True)
class PricingJob:
    """Draws that differ only in numbers that go through in one pass."""

    scenario: Scenario
    moving: Mapping[str, FloatArray]
    deployments: tuple[str, ...]
    draws: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Found:
    """The bill of one deployment for the draws of a job."""

    deployment: str
    total_usd: float | FloatArray
    within_limits: bool | npt.NDArray[np.bool_]
    lines_usd: Mapping[str, FloatArray]


def quantiles(usd: FloatArray) -> FloatArray:
    """P10, P50 and P90 over the last axis, which becomes the first.

    >>> quantiles(np.arange(1.0, 11.0))
    array([1.5, 5.5, 9.5])
    """
    return np.quantile(usd, LEVELS, axis=-1, method=METHOD)


def checked_samples(samples: int) -> int:
    """A number of draws.

    Raises:
        ScenarioError: not a power of two, too few or too many; the message says what to take.
    """
    if samples & (samples - 1) or not _FEWEST_SAMPLES <= samples <= _MOST_SAMPLES:
        next_one = 1 << (max(samples, 1) - 1).bit_length()
        taken = min(max(next_one, _FEWEST_SAMPLES), _MOST_SAMPLES)
        raise ScenarioError(
            f"samples must be a power of two from {_FEWEST_SAMPLES} to {_MOST_SAMPLES:,}, "
            f"not {samples:,}: take {taken:,}"
        )
    return samples


def even_shares(
    uncertain: Sequence[Uncertain], draws: int, rng: np.random.SeedSequence, columns: int = 1
) -> FloatArray:
    """Quasi-random shares that fill the unit cube evenly: a scrambled Sobol sequence.

    What draws share has a sequence of its own with a 16th of the points, each of which stands for
    16 draws, so that passes and laws are so many at most, however many such inputs there are.

    Args:
        uncertain: the inputs, one column each.
        draws: how many; a power of two.
        rng: seeds of the scrambles.
        columns: how many independent columns each input has.

    Returns:
        Shape (draws, columns * inputs): all inputs, then all again.
    """
    # scipy.stats takes seconds to import, and who only looks at a page need not wait for it
    from scipy.stats import qmc

    shared = np.tile([each.draws_share for each in uncertain], columns)
    shares = np.empty((draws, shared.size))
    blocks = block_count(uncertain, draws)
    seeds = rng.spawn(2)
    if not shared.all():
        of_each = qmc.Sobol(int((~shared).sum()), rng=np.random.default_rng(seeds[0]))
        shares[:, ~shared] = of_each.random(draws)
    if shared.any():
        few = qmc.Sobol(int(shared.sum()), rng=np.random.default_rng(seeds[1])).random(blocks)
        shares[:, shared] = np.repeat(few, draws // blocks, axis=0)
    return shares


def block_count(uncertain: Sequence[Uncertain], draws: int) -> int:
    """Blocks of draws that are independent of each other; each draw, if they share nothing."""
    if not any(each.draws_share for each in uncertain):
        return draws
    return max(draws // _DRAWS_PER_BLOCK, 1)


def scrambled_draws(uncertain: Sequence[Uncertain], samples: int, seed: int) -> FloatArray:
    """Values of every draw, in ``SCRAMBLES`` independent parts of equal size.

    Args:
        uncertain: the inputs, one column each.
        samples: draws in all; a power of two, and of ``SCRAMBLES`` at least.
        seed: any whole number of at least 0.

    Returns:
        Numbers, and indices of answers, shape (samples, inputs).
    """
    parts = [
        even_shares(uncertain, samples // SCRAMBLES, each)
        for each in np.random.SeedSequence(seed).spawn(SCRAMBLES)
    ]
    return values_of(uncertain, np.concatenate(parts))


def values_of(uncertain: Sequence[Uncertain], shares: FloatArray) -> FloatArray:
    """Values at shares of all cases, both of shape (draws, inputs)."""
    columns = [each.values(shares[:, i]) for i, each in enumerate(uncertain)]
    return np.stack(columns, axis=1) if columns else np.empty((len(shares), 0))


def price_draws(
    scenario: Scenario,
    uncertain: Sequence[Uncertain],
    values: FloatArray,
    deployments: Sequence[str],
    *,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> SampledBills:
    """The bills of every draw.

    Args:
        scenario: what all draws have in common.
        uncertain: the inputs.
        values: of each draw, shape (draws, inputs).
        deployments: ids.
        client: where bills are priced; here if left out.
        progress: called with the bills done and all of them.

    Raises:
        ScenarioError: a combination of values that no scenario can have.
    """
    jobs = pricing_jobs(scenario, uncertain, values, deployments)
    return price_jobs(jobs, len(values), deployments, client=client, progress=progress)


def price_jobs(
    jobs: Sequence[PricingJob],
    draws: int,
    deployments: Sequence[str],
    *,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> SampledBills:
    """The same, from what ``pricing_jobs`` made of so many draws."""
    total = np.full((len(deployments), draws), np.nan)
    within_limits = np.zeros(total.shape, dtype=np.bool_)
    lines: dict[str, dict[str, FloatArray]] = {each: {} for each in deployments}
    refusals: dict[str, Refusal] = {}
    row_of = {deployment: row for row, deployment in enumerate(deployments)}
    done = 0
    with closing(_priced(jobs, client)) as priced:
        for job, (bills, refused) in zip(jobs, priced, strict=True):
            for bill in bills:
                row, meters = row_of[bill.deployment], lines[bill.deployment]
                total[row, job.draws] = bill.total_usd
                within_limits[row, job.draws] = bill.within_limits
                for meter, usd in bill.lines_usd.items():
                    # some draws do not have the meter, such as that of another machine
                    meters.setdefault(meter, np.zeros(draws))[job.draws] = usd
            for refusal in refused:
                refusals.setdefault(refusal.deployment, refusal)
            done += job.draws.size * len(job.deployments)
            if progress:
                progress(done, total.size)
    return SampledBills(tuple(deployments), total, within_limits, lines, refusals)


def pricing_jobs(
    scenario: Scenario,
    uncertain: Sequence[Uncertain],
    values: FloatArray,
    deployments: Sequence[str],
) -> list[PricingJob]:
    """Draws alike in what is priced value by value, for the deployments that share their demand.

    Of each deployment there are as many as it has combinations of such values. Arguments are those
    of ``price_draws``.
    """
    jobs: list[PricingJob] = []
    # deployments with the same draws apart from others share them, whatever sets these apart
    sharing: dict[tuple[int, ...], dict[str, list[int]]] = {}
    for deployment in deployments:
        apart = [
            i
            for i, each in enumerate(uncertain)
            if not each.in_one_pass and each.matters_to(deployment)
        ]
        for draws in alike(values[:, apart]):
            sharing.setdefault(tuple(draws.tolist()), {})[deployment] = apart
    for draws, apart_in in sharing.items():
        together = tuple(apart_in)
        apart = sorted({i for each in apart_in.values() for i in each})
        asked = _settled(scenario, [(uncertain[i], values[draws[0], i]) for i in apart])
        for start in range(0, len(draws), POINTS_AT_ONCE):
            part = np.array(draws[start : start + POINTS_AT_ONCE])
            moving = {
                name: values[part, i]
                for i, each in enumerate(uncertain)
                if each.in_one_pass and any(map(each.matters_to, together))
                for name in fields_of(each.name, together)
            }
            jobs.append(PricingJob(asked, moving, together, part))
    return jobs


def _settled(scenario: Scenario, fixed: Sequence[tuple[Uncertain, float]]) -> Scenario:
    """The scenario with numbers and answers of some inputs."""
    numbers = {each.name: float(value) for each, value in fixed if each.kind == "number"}
    answers = {
        each.name: each.answers[int(value)] for each, value in fixed if isinstance(each, Question)
    }
    asked = with_values(scenario, numbers)
    return asked.replace(assumptions={**asked.assumptions, **answers}) if answers else asked


def _priced(
    jobs: Sequence[PricingJob], client: Client | Executor | None
) -> Generator[tuple[list[_Found], list[Refusal]]]:
    executor = executor_of(client)
    if executor is None:
        yield from map(_price, jobs)
        return
    futures = [executor.submit(_price, job) for job in jobs]
    try:
        yield from (future.result() for future in futures)
    finally:
        # who asked may have gone before all were priced
        for future in futures:
            future.cancel()


def _price(job: PricingJob) -> tuple[list[_Found], list[Refusal]]:
    bills, refused = estimate_all(with_values(job.scenario, job.moving), job.deployments)
    found: list[_Found] = []
    for bill in bills:
        lines: dict[str, FloatArray] = {}
        for item in bill.items:
            meter = item.usage.meter_id
            lines[meter] = np.asarray(lines.get(meter, 0.0) + item.cost_usd)
        found.append(_Found(bill.deployment or "", bill.total, bill.is_within_limits, lines))
    return found, refused
