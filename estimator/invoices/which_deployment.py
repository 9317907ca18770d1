"""Which deployment is an invoice of? The one whose meters are on it, and whose quantities fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from estimator.analysis.estimate.estimate import usual_deployments
from estimator.deployments.registry import ALL_DEPLOYMENTS, find_deployment
from estimator.errors import EstimatorError, MissingRateError, NotCarriedError
from estimator.format import number_of, percent
from estimator.invoices.invoice import Invoice
from estimator.invoices.machines import Billed, on_fitting_sizes, on_invoiced_machines
from estimator.invoices.month import EstimatedMonth, Month
from estimator.invoices.open_questions import log_evidence
from estimator.pricing.price_files import VENDORS

_NEARLY: Final = 0.9
"""Of the best score: deployments whose meters are nearly the same are told apart by quantities."""


@dataclass(frozen=True, slots=True)
class Recognized:
    """The deployment that an invoice is taken to be of."""

    month: EstimatedMonth
    reason: str
    """Why, as a sentence."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    month: EstimatedMonth
    score: float
    """The share of dollars that stand on meters of both (Dice's coefficient), from 0 to 1."""
    meters: int
    """Of the estimate's, so many are on the invoice."""

    @property
    def id(self) -> str:
        return self.month.deployment.id


def which_deployment(
    month: Month, invoice: Invoice, deployment: str | None, relative_error: float
) -> Recognized:
    """The deployment of an invoice, on the machines that are on it.

    Args:
        month: the scenario in the days of the invoice.
        invoice: what was billed.
        deployment: the one that was named; recognized by its meters, if None.
        relative_error: of a billed quantity whose demand and answers are right.

    Raises:
        UnknownNameError: there is no such deployment.
        NotCarriedError: the one that was named cannot carry the transport of the scenario.
        MissingRateError: a meter of it has no price in the region.
        EstimatorError: no line of the invoice is of a meter that a deployment uses.
    """
    billed = Billed.on(invoice)
    if deployment is not None:
        named = on_invoiced_machines(month.estimated(find_deployment(deployment)), billed)
        return Recognized(on_fitting_sizes(named, billed), "It was named.")
    found = sorted(_candidates(month, invoice, billed), key=lambda each: (-each.score, each.id))
    if not found or not found[0].score:
        clouds = " and ".join(VENDORS.get(cloud, cloud) for cloud in invoice.cloud) or "its cloud"
        raise EstimatorError(
            f"no line of the invoice is of a meter that a deployment on {clouds} uses for this "
            "scenario: name the deployment if it is of one, or look at the lines that no meter "
            "stands for"
        )
    return _best(found, billed, relative_error)


def _best(found: list[_Candidate], billed: Billed, relative_error: float) -> Recognized:
    """The best of some candidates, the first of which has the best score."""
    alike = [each for each in found if each.score >= _NEARLY * found[0].score]
    sized = {each.id: on_fitting_sizes(each.month, billed) for each in alike}

    def fit(candidate: _Candidate) -> float:
        month = sized[candidate.id]
        return log_evidence(month, billed.lines(month), relative_error)

    best = alike[0] if len(alike) == 1 else max(alike, key=fit)
    own = {key.meter for key in best.month.lines}
    reason = (
        f"Recognized by its meters: {best.meters} of the {number_of(len(own), 'meter')} of "
        f"{best.id} are on the invoice"
    )
    others = [each for each in found if each is not best and each.score]
    if len(alike) > 1:
        names = ", ".join(each.id for each in alike if each is not best)
        reason += f", and its quantities fit better than those of {names}"
    elif others:
        reason += (
            f"; the next one is {others[0].id} ({percent(others[0].score)} of the dollars on both "
            f"sides are on meters of both, against {percent(best.score)})"
        )
    return Recognized(sized[best.id], f"{reason}.")


def _candidates(month: Month, invoice: Invoice, billed: Billed) -> Iterator[_Candidate]:
    weights = {meter: max(usd, 0.0) for meter, usd in billed.usd.items()}
    total = sum(weights.values())
    for name in usual_deployments(month.resolved.scenario):
        if ALL_DEPLOYMENTS[name].cloud not in invoice.cloud:
            continue
        try:
            estimated = on_invoiced_machines(month.estimated(find_deployment(name)), billed)
        except (MissingRateError, NotCarriedError):
            continue
        own: dict[str, float] = {}
        for key, amounts in estimated.lines.items():
            own[key.meter] = own.get(key.meter, 0.0) + amounts.usd
        both = own.keys() & weights.keys()
        dollars = total + sum(own.values())
        on_both = sum(own[meter] + weights[meter] for meter in both)
        yield _Candidate(estimated, on_both / dollars if dollars else 0.0, len(both))
