"""How far may bills be off? They are priced over everything that the inputs may turn out to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Final

import numpy as np

from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.fields import with_values
from estimator.analysis.points import Progress, chosen
from estimator.analysis.uncertainty.input_ranges import InputRange
from estimator.analysis.uncertainty.inputs import (
    Questions,
    Uncertain,
    open_questions,
    uncertain_quantities,
)
from estimator.analysis.uncertainty.result import Uncertainty
from estimator.analysis.uncertainty.sampling import (
    SampledBills,
    checked_samples,
    price_draws,
    scrambled_draws,
)
from estimator.arguments import checks_arguments
from estimator.errors import ScenarioError
from estimator.result import Refusal
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario

_HIGH: Final = np.array(0.9)


@checks_arguments
def uncertainty(
    scenario: Scenario,
    inputs: Mapping[str, InputRange | str] | None = None,
    deployments: Iterable[str] | str | None = None,
    *,
    evidence: bool = True,
    questions: Questions = "all",
    samples: int = 1024,
    seed: int = 0,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> Uncertainty:
    """The bills of a scenario over everything that its inputs may turn out to be.

    Args:
        scenario: what is certain.
        inputs: how far numbers may be off, by the name of a field as for ``sweep``: ``20..40``
            (uniform), ``20..30..45`` (least, most likely, most), ``300 x/ 2`` (P10 is half, P90
            twice of 300), ``x/ 2`` and ``± 25%`` (around the value in the scenario), or a
            ``Uniform``, ``Triangular`` or ``Lognormal``. They are independent of each other.
        deployments: ids of the deployments; all on the clouds, if left out.
        evidence: defaults of the profile may be off too, as their evidence says
            (``input_ranges_by_evidence``), and so may derived figures of the server that runs and
            the work that its application is taken to do; ``inputs`` take precedence.
        questions: ids of billing assumptions that are open, each answer equally likely; ``all``
            that change a bill, that the scenario does not answer, and that a vendor can answer.
        samples: draws, a power of two from 128 to 65,536.
        seed: any whole number of at least 0; the same seed gives the same draws.
        client: a ``dask.distributed.Client``, or an executor such as a ``ProcessPoolExecutor``,
            that prices draws; this process if left out. The results are the same.
        progress: called with the bills done and all of them.

    Returns:
        P10, P50 and P90 in USD per month of each total and each line, with the error that sampling
        leaves, and what makes them uncertain.

    Raises:
        UnknownNameError: no such field, deployment or assumption.
        ScenarioError: a text that is not a distribution, or one that reaches beyond what its field
            can have; a question the scenario answers; samples that are not a power of two; nothing
            uncertain.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = uncertainty(scenario, {"peak_connections": "± 20%"}, "oci.load_balancer_vm")
    >>> found.samples, found.inputs["peak_connections"]
    (1024, '800..1200')
    """
    checked_samples(samples)
    if seed < 0:
        raise ScenarioError(f"seed must be a whole number of at least 0, not {seed}")
    names = chosen(deployments)
    bills, refused, uncertain = what_is_uncertain(
        scenario, inputs or {}, names, evidence=evidence, questions=questions
    )
    draws = scrambled_draws(uncertain, samples, seed)
    ids = [bill.deployment or "" for bill in bills]
    drawn = price_draws(scenario, uncertain, draws, ids, client=client, progress=progress)
    kept = [row for row, name in enumerate(ids) if name not in drawn.refusals]
    return Uncertainty(
        scenario=scenario,
        uncertain=uncertain,
        bills=tuple(bills[row] for row in kept),
        draws=draws,
        drawn=SampledBills(
            tuple(ids[row] for row in kept),
            drawn.total_usd[kept],
            drawn.within_limits[kept],
            {ids[row]: drawn.lines_usd[ids[row]] for row in kept},
            drawn.refusals,
        ),
        seed=seed,
        refusals=(*refused, *(drawn.refusals[name] for name in ids if name in drawn.refusals)),
    )


def what_is_uncertain(
    scenario: Scenario,
    inputs: Mapping[str, InputRange | str],
    deployments: Sequence[str],
    *,
    evidence: bool = True,
    questions: Questions = "all",
) -> tuple[list[Estimate], list[Refusal], tuple[Uncertain, ...]]:
    """The bills as they are, and what may move them.

    Args:
        scenario: what is certain.
        inputs: how far numbers may be off, by the name of a field.
        deployments: ids.
        evidence: as for ``uncertainty``.
        questions: as for ``uncertainty``.

    Returns:
        Bills, those within limits first, cheapest first; what cannot be priced; and the inputs.

    Raises:
        UnknownNameError: no such field or assumption.
        ScenarioError: a distribution that cannot be, a question the scenario answers, or nothing
            uncertain.
    """
    # before the inputs, which would be blamed for what is wrong with the scenario itself
    bills, refused = estimate_all(scenario, deployments)
    quantities = uncertain_quantities(scenario, inputs, evidence=evidence, deployments=deployments)
    bills.sort(key=lambda bill: (not bill.state.is_within_limits, float(np.sum(bill.total))))
    # an allowance may cover now what an answer moves once there is more of everything
    more = with_values(scenario, {each.name: float(each.values(_HIGH)) for each in quantities})
    both = [*bills, *estimate_all(more, deployments)[0]]
    uncertain: tuple[Uncertain, ...] = (*quantities, *open_questions(scenario, both, questions))
    idle = [each.name for each in quantities if not any(map(each.matters_to, deployments))]
    if idle:
        raise ScenarioError(f"'{idle[0]}' affects none of the deployments asked for")
    if not uncertain:
        raise ScenarioError(
            "nothing is uncertain: give the range of a number, as in "
            "inputs={'peak_connections': '± 20%'}"
        )
    return bills, refused, uncertain
