"""Which demand makes the billed quantities likely: as stated, other clients, other messages?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import numpy as np
from scipy.special import logsumexp

from estimator.analysis.estimate.resolve import Resolved
from estimator.arrays import FloatArray
from estimator.invoices.likelihood import log_likelihoods, log_prior
from estimator.invoices.month import EstimatedMonth, Key
from estimator.invoices.variations import BOTH, FINE, Factors

DemandKind = Literal["as stated", "connections", "messages", "connections and messages"]
DEMANDS: Final[tuple[DemandKind, ...]] = get_args(DemandKind)
_PRIOR: Final = np.log([1 / 2, 1 / 6, 1 / 6, 1 / 6])
"""Of each of them before the invoice is looked at. Assumption: as stated, or else any other."""
_BARE_MENTION: Final = np.log(3)
_PRIOR_OF_FACTORS: Final = (
    np.zeros(()),
    log_prior(FINE),
    log_prior(FINE),
    log_prior(BOTH)[:, None] + log_prior(BOTH),
)


@dataclass(frozen=True, slots=True)
class LikelyDemand:
    """What an invoice says of the demand behind it, under given answers."""

    kind: DemandKind
    """The likeliest."""
    factors: Factors
    """Of the clients and messages stated."""
    quantities: Mapping[Key, float]
    """What the meters count then."""
    counts_other_use: Mapping[Key, bool]
    """Of lines that rather count something else as well."""
    log_evidence: float
    """How likely the invoice is under these answers, whatever the demand, as a logarithm."""
    log_odds: float
    """How much likelier this kind is than that the demand is as stated, as a logarithm."""
    as_well: tuple[tuple[DemandKind, Factors], ...] = ()
    """Other kinds that the invoice does not speak against: less than three times as unlikely."""


def likely_demand(
    month: EstimatedMonth, resolved: Resolved, billed: Mapping[Key, float], relative_error: float
) -> LikelyDemand:
    """The demand that explains billed quantities best.

    Args:
        month: the estimate beside the invoice.
        resolved: the scenario of that month, under the answers that are tried.
        billed: quantities above 0 of lines that both have, in units of their meters.
        relative_error: of a line whose demand and answers are right.
    """
    keys = tuple(billed)
    amounts = np.array([billed[key] for key in keys])
    stated = _quantities(month, resolved, keys, ())
    tried: list[FloatArray] = [stated]
    if (others := month.month.demands()) is not None:
        many = replace(resolved, scenario=others.scenario, demand=others.demand)
        tried += others.parted(_quantities(month, many, keys, others.scenario.many))
    lines = [log_likelihoods(amounts, each, relative_error)[0].sum(axis=-1) for each in tried]
    fits = [found + prior for found, prior in zip(lines, _PRIOR_OF_FACTORS, strict=False)]
    evidence = np.array([logsumexp(each) for each in fits]) + _PRIOR[: len(fits)]
    best = int(np.argmax(evidence))
    found = [_likeliest(kind, fit) for kind, fit in zip(DEMANDS, fits, strict=False)]
    at, factors = found[best]
    quantities = tried[best][at]
    _, other = log_likelihoods(amounts, quantities, relative_error)
    return LikelyDemand(
        kind=DEMANDS[best],
        factors=factors,
        quantities=dict(zip(keys, quantities.tolist(), strict=True)),
        counts_other_use=dict(zip(keys, other.tolist(), strict=True)),
        log_evidence=float(logsumexp(evidence)),
        log_odds=float(evidence[best] - evidence[0]),
        as_well=tuple(
            (DEMANDS[index], found[index][1])
            for index in range(len(found))
            if index != best and evidence[best] - evidence[index] < _BARE_MENTION
        ),
    )


def _likeliest(kind: DemandKind, fit: FloatArray) -> tuple[tuple[int, ...], Factors]:
    """The likeliest demand of a kind: where it stands among those tried, and its factors."""
    at = tuple(int(index) for index in np.unravel_index(int(np.argmax(fit)), fit.shape))
    if kind == "as stated":
        return at, Factors()
    if kind == "connections and messages":
        return at, Factors(float(BOTH[at[0]]), float(BOTH[at[1]]))
    factor = float(FINE[at[0]])
    return at, Factors(connections=factor) if kind == "connections" else Factors(messages=factor)


def _quantities(
    month: EstimatedMonth, resolved: Resolved, keys: Sequence[Key], many: tuple[int, ...]
) -> FloatArray:
    """What the meters of lines count, shape (*many, lines)."""
    found = month.quantities(resolved)
    nothing = np.zeros(())
    columns = [np.broadcast_to(found.get(key, nothing), many) for key in keys]
    return np.stack(columns, axis=-1)
