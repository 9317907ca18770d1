"""Which answer to an open question does an invoice speak for, and how strongly?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from estimator.analysis.estimate.resolve import Resolved
from estimator.deployments.base import Deployment
from estimator.errors import MissingRateError, ScenarioError
from estimator.invoices.demands import LikelyDemand, likely_demand
from estimator.invoices.differences import LineDifference
from estimator.invoices.likelihood import (
    LOG_OTHER_USE,
    STRENGTHS,
    Strength,
    log_likelihoods,
    strength,
)
from estimator.invoices.month import EstimatedMonth, Key
from estimator.pricing.price_files import Assumption

PRICE_ERROR: Final = 0.005
"""Of one standard deviation, relative: what rounding does to prices on invoices. Assumption."""
_SETTLED_FROM: Final = STRENGTHS.index("strongly")
_MOST_LOG_ODDS: Final = 700.0
"""So that odds stay numbers."""
_MOVES_FROM: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to an open question, beside the invoice."""

    answer: str
    meaning: str
    estimated: Mapping[Key, float]
    """Of lines that the question moves: the quantity under this answer, the demand being what is
    likeliest under it; or USD at list prices, if the question is about prices."""
    demand: LikelyDemand | None
    """The likeliest demand; None if the question is about prices."""
    log_evidence: float


@dataclass(frozen=True, slots=True)
class QuestionOnInvoice:
    """An open question that moves lines of an invoice."""

    assumption: Assumption
    given: str
    """The answer that the estimate took."""
    billed: Mapping[Key, float]
    """Of lines that the question moves: the quantity, or USD at list prices."""
    answers: tuple[Answer, ...]
    """The likeliest first."""

    @property
    def best(self) -> Answer:
        """The answer that the invoice speaks for."""
        return self.answers[0]

    @property
    def odds(self) -> float:
        """How much likelier the invoice is under the best answer than under the next one."""
        return self._odds_against(self.answers[1])

    @property
    def odds_against_given(self) -> float:
        """How much likelier it is than under the answer that the estimate took."""
        return next(self._odds_against(each) for each in self.answers if each.answer == self.given)

    def _odds_against(self, other: Answer) -> float:
        return float(np.exp(min(self.best.log_evidence - other.log_evidence, _MOST_LOG_ODDS)))

    @property
    def strength(self) -> Strength:
        """How strongly the invoice speaks, in the words of Kass and Raftery."""
        return strength(self.odds)

    @property
    def is_settled(self) -> bool:
        """Whether it speaks strongly for one answer: 20 times as likely as under any other."""
        return STRENGTHS.index(self.strength) >= _SETTLED_FROM

    @property
    def strength_against_given(self) -> Strength:
        """How strongly it speaks against the answer that the estimate took."""
        return strength(self.odds_against_given)

    @property
    def is_contradicted(self) -> bool:
        """Whether it speaks strongly against that answer."""
        return STRENGTHS.index(self.strength_against_given) >= _SETTLED_FROM

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {
            "question": self.assumption.id,
            "text": self.assumption.question,
            "given": self.given,
            "best": self.best.answer,
            "odds": self.odds,
            "odds_against_given": self.odds_against_given,
            "strength": self.strength,
            "is_settled": self.is_settled,
            "billed": [_line_data(key, billed) for key, billed in self.billed.items()],
            "answers": [
                {
                    "answer": each.answer,
                    "meaning": each.meaning,
                    "estimated": [_line_data(key, value) for key, value in each.estimated.items()],
                }
                for each in self.answers
            ],
        }


@dataclass(frozen=True)
class Answered:
    """What an invoice says of open questions and of the demand."""

    questions: tuple[QuestionOnInvoice, ...]
    """The clearest first."""
    demand: LikelyDemand | None
    """The likeliest demand under the answers that the invoice speaks for; None without lines that
    both have."""
    changed: Mapping[str, str]
    """The likeliest answers to questions where the invoice speaks strongly against the estimate's,
    by id."""
    resolved: Resolved
    """The scenario of the month under these answers."""


def _line_data(key: Key, amount: float) -> dict[str, Any]:
    return {"meter": key.meter, "region": key.region, "amount": amount}


def questions_on_invoice(
    month: EstimatedMonth, lines: tuple[LineDifference, ...], relative_error: float
) -> Answered:
    """What an invoice says of the demand, and of open questions that move its lines.

    Where it speaks strongly for another answer than the one that the estimate took, that answer is
    taken, the clearest first, and the other questions are asked again under it.

    Args:
        month: the estimate beside the invoice.
        lines: how they differ.
        relative_error: of a billed quantity whose demand and answers are right.
    """
    resolved = month.month.resolved
    billed = {**billed_quantities(lines), **_under_other_answers(month, lines)}
    demand = likely_demand(month, resolved, billed, relative_error) if billed else None
    changed: dict[str, str] = {}
    while True:
        about_counting = (
            _about_counting(month, resolved, billed, demand, relative_error) if demand else ()
        )
        questions = sorted((*about_counting, *_about_prices(month, lines)), key=_least_clear)
        against = [
            each for each in questions if each.assumption.id not in changed and each.is_contradicted
        ]
        if not against:
            return Answered(tuple(questions), demand, changed, resolved)
        clearest = max(against, key=lambda each: each.odds_against_given)
        changed[clearest.assumption.id] = clearest.best.answer
        resolved = resolved.with_answers({**resolved.answers, **changed})
        demand = clearest.best.demand or demand


def log_evidence(month: EstimatedMonth, units: Mapping[Key, float], relative_error: float) -> float:
    """How likely an invoice is under an estimate and the answers it took, as a logarithm.

    A line of the invoice that the estimate lacks counts something else; one that only the estimate
    has is as unlikely as that.

    Args:
        month: the estimate.
        units: what is on the invoice, by line.
        relative_error: of a billed quantity whose demand and answers are right.
    """
    own = {key for key, amounts in month.lines.items() if amounts.quantity > 0}
    both = {key: amount for key, amount in units.items() if key in own and amount > 0}
    if not both:
        return -np.inf
    alone = len(own ^ units.keys())
    found = likely_demand(month, month.month.resolved, both, relative_error).log_evidence
    return found + alone * LOG_OTHER_USE


def _least_clear(question: QuestionOnInvoice) -> float:
    return -question.odds


def _about_counting(
    month: EstimatedMonth,
    resolved: Resolved,
    billed: Mapping[Key, float],
    demand: LikelyDemand,
    relative_error: float,
) -> Iterator[QuestionOnInvoice]:
    """Questions of the deployment, each asked while all others have the answers of ``resolved``."""
    deployment = month.deployment
    carried = resolved.request(deployment).demand
    for question in deployment.assumptions:
        if not deployment.is_open(question, carried):
            continue
        taken = resolved.answers.get(question.id, question.default)
        others = dict(_other_answers(resolved, deployment, question, taken))
        moved = _moved(month, resolved, billed, others)
        if not moved:
            continue
        demands = {
            taken: demand,
            **{
                answer: likely_demand(month, other, billed, relative_error)
                for answer, other in others.items()
            },
        }
        answers = (
            Answer(
                answer,
                question.choices[answer],
                {key: demand.quantities[key] for key in moved},
                demand,
                demand.log_evidence,
            )
            for answer, demand in demands.items()
        )
        given = month.month.resolved.answers.get(question.id, question.default)
        yield _question(question, given, {key: billed[key] for key in moved}, answers)


def _question(
    question: Assumption, given: str, billed: Mapping[Key, float], answers: Iterator[Answer]
) -> QuestionOnInvoice:
    ordered = sorted(answers, key=lambda each: (-each.log_evidence, each.answer != given))
    return QuestionOnInvoice(question, given, billed, tuple(ordered))


def _other_answers(
    resolved: Resolved, deployment: Deployment, question: Assumption, taken: str
) -> Iterator[tuple[str, Resolved]]:
    """The scenario under each other answer that goes together with its options."""
    for answer in question.choices:
        if answer != taken:
            other = resolved.with_answers({**resolved.answers, question.id: answer})
            try:
                other.metered(deployment)
            except (ScenarioError, MissingRateError):
                continue
            yield answer, other


def _moved(
    month: EstimatedMonth,
    resolved: Resolved,
    billed: Mapping[Key, float],
    others: Mapping[str, Resolved],
) -> tuple[Key, ...]:
    """Lines of the invoice whose quantity depends on the answer."""
    taken, *under = (month.quantities(each) for each in (resolved, *others.values()))
    nothing = np.zeros(())
    return tuple(
        key
        for key in billed
        if not all(
            np.isclose(each.get(key, nothing), taken.get(key, nothing), rtol=_MOVES_FROM, atol=0)
            for each in under
        )
    )


def billed_quantities(lines: tuple[LineDifference, ...]) -> dict[Key, float]:
    """Quantities above 0 of lines that both have."""
    return {
        line.key: line.counted.quantity
        for line in lines
        if not line.scope and line.counted.quantity > 0 and line.estimated.quantity > 0
    }


def _under_other_answers(
    month: EstimatedMonth, lines: tuple[LineDifference, ...]
) -> dict[Key, float]:
    """Quantities of lines that the estimate has under another answer only."""
    missing = {
        line.key: line.counted.quantity
        for line in lines
        if line.scope == "not in the estimate" and line.counted.quantity > 0
    }
    if not missing:
        return {}
    resolved, deployment = month.month.resolved, month.deployment
    carried = resolved.request(deployment).demand
    found: set[Key] = set()
    for question in deployment.assumptions:
        if deployment.is_open(question, carried):
            taken = resolved.answers.get(question.id, question.default)
            for _, other in _other_answers(resolved, deployment, question, taken):
                found |= {key for key, units in month.quantities(other).items() if units > 0}
    return {key: units for key, units in missing.items() if key in found}


def _about_prices(
    month: EstimatedMonth, lines: tuple[LineDifference, ...]
) -> Iterator[QuestionOnInvoice]:
    """What sources disagree on about prices, beside what the invoice says are list prices."""
    resolved = month.month.resolved
    both = {line.key: line for line in lines if line.names_list_price and line.billed_list_usd > 0}
    counted = {key: line.counted for key, line in both.items()}
    questions = {
        question.id: question for key in both for question in resolved.catalog.questions_about(*key)
    }
    for question in questions.values():
        given = resolved.catalog.answer(question.id)
        usd = {}
        for answer in question.choices:
            under = resolved.with_answers({**resolved.answers, question.id: answer})
            try:
                priced = month.priced(counted, under)
            except MissingRateError:
                continue
            usd[answer] = {key: priced[key].list_usd for key in both}
        moved = [key for key in both if len({each[key] for each in usd.values()}) > 1]
        if not moved:
            continue
        billed = {key: both[key].billed_list_usd for key in moved}
        answers = (
            Answer(
                answer,
                question.choices[answer],
                {key: listed[key] for key in moved},
                None,
                float(_likelihood(billed, listed).sum()),
            )
            for answer, listed in usd.items()
        )
        yield _question(question, given, billed, answers)


def _likelihood(billed: Mapping[Key, float], listed: Mapping[Key, float]) -> np.ndarray:
    found, _ = log_likelihoods(
        np.array([*billed.values()]), np.array([listed[key] for key in billed]), PRICE_ERROR
    )
    return found
