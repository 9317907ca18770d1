"""Why does an invoice differ from an estimate? Causes that add up to the difference.

Quantities are explained by the answers and the demand that make the invoice likeliest
(``open_questions``, ``demands``); prices by what the invoice says of list prices and of what was
paid; the rest is scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from estimator.format import figure_text, number_of, precise_percent, signed_percent
from estimator.invoices.demands import LikelyDemand
from estimator.invoices.differences import SAME_PRICE_WITHIN, LineDifference
from estimator.invoices.likelihood import STRENGTHS, strength
from estimator.invoices.month import EstimatedMonth, Key
from estimator.invoices.open_questions import Answered, QuestionOnInvoice
from estimator.invoices.variations import Factors
from estimator.units import HALF_A_CENT_USD

CauseKind = Literal[
    "connections",
    "messages",
    "connections and messages",
    "connections or messages",
    "answer",
    "other use",
    "contract",
    "list price",
    "tier",
    "not modeled",
    "not in the estimate",
    "not on the invoice",
    "smaller differences",
]
NAMED_FROM_SHARE: Final = 0.01
"""Of the larger total: causes that move less are added up as smaller differences."""
_NAMED_AT_MOST: Final = 3
_STRONGLY: Final = STRENGTHS.index("strongly")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an invoice differs, and by how much."""

    kind: CauseKind
    text: str
    """In words, as a sentence."""
    usd: float
    """How much more is on the invoice because of it."""
    meters: tuple[str, ...]
    """Ids of the meters concerned; names of the vendor's, where there is none."""

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {
            "kind": self.kind,
            "text": self.text,
            "usd": self.usd,
            "meters": list(self.meters),
        }


def causes(
    month: EstimatedMonth, lines: Sequence[LineDifference], answered: Answered
) -> tuple[Cause, ...]:
    """Causes of the difference, the largest first; they add up to it.

    Args:
        month: the estimate beside the invoice.
        lines: how they differ, line by line.
        answered: what the invoice says of demand and open questions.
    """
    found = [
        *_of_quantity(month, lines, answered),
        *_of_contract(lines),
        *_of_list_prices(lines),
        *_of_tiers(lines),
        *_of_scope([line for line in lines if not _is_explained(line, answered)]),
    ]
    totals = (sum(line.billed_usd for line in lines), sum(line.estimated.usd for line in lines))
    least = max(NAMED_FROM_SHARE * max(totals), HALF_A_CENT_USD)
    named = [each for each in found if abs(each.usd) >= least]
    rest = sum(line.change_usd for line in lines) - sum(each.usd for each in named)
    named.sort(key=lambda each: -abs(each.usd))
    if abs(rest) >= HALF_A_CENT_USD:
        words = (
            "Quantities within the error that was stated, and causes that move less than "
            f"{precise_percent(NAMED_FROM_SHARE)} each."
        )
        named.append(Cause("smaller differences", words, rest, ()))
    return tuple(named)


def _of_quantity(
    month: EstimatedMonth, lines: Sequence[LineDifference], answered: Answered
) -> Iterator[Cause]:
    """What other answers, another demand and other use of the account move."""
    demand = answered.demand
    if demand is None:
        return
    known = {line.key: line for line in lines if _is_explained(line, answered)}
    asked = {each.assumption.id: each for each in answered.questions}
    resolved = month.month.resolved
    before = {key: each.usd for key, each in month.lines.items()}
    for name, answer in answered.changed.items():
        if asked[name].best.demand is None:
            continue  # about prices, which the list price tells of
        resolved = resolved.with_answers({**resolved.answers, name: answer})
        after = month.costs(resolved, Factors())
        yield _moved("answer", _answer_words(asked[name]), known, before, after)
        before = after
    if demand.kind != "as stated" and _is_strong(demand.log_odds):
        after = month.costs(resolved, demand.factors)
        yield _moved(_demand_kind(demand), _demand_words(demand), known, before, after)
        before = after
    for key, line in known.items():
        if demand.counts_other_use[key]:
            usd = line.billed_usd if line.scope else line.repriced.usd
            usd -= before.get(key, 0.0)
            yield Cause("other use", _other_words(line, demand), usd, (key.meter,))


def _is_explained(line: LineDifference, answered: Answered) -> bool:
    """Whether demand and answers make something of a line, whoever else has it."""
    demand = answered.demand
    if demand is None or line.key not in demand.quantities:
        return False
    return not line.scope or demand.quantities[line.key] > 0


def _other_words(line: LineDifference, demand: LikelyDemand) -> str:
    expected = demand.quantities[line.key]
    if not expected:
        return f"{line.title}: the estimate has none of it, whatever the demand."
    times = line.counted.quantity / expected
    why = "something else in the account uses it too" if times > 1 else "less of it is in use"
    return (
        f"{line.title}: {figure_text(times)} times what demand and answers explain, so that {why}."
    )


def _moved(
    kind: CauseKind,
    words: str,
    known: Iterable[Key],
    before: Mapping[Key, float],
    after: Mapping[Key, float],
) -> Cause:
    """What an explanation moves of the lines that both have."""
    usd = {key: after.get(key, 0.0) - before.get(key, 0.0) for key in known}
    moved = (key.meter for key, change in usd.items() if abs(change) >= HALF_A_CENT_USD)
    return Cause(kind, words, sum(usd.values()), tuple(moved))


def _is_strong(log_odds: float) -> bool:
    return STRENGTHS.index(strength(float(np.exp(min(log_odds, 700.0))))) >= _STRONGLY


def _answer_words(question: QuestionOnInvoice) -> str:
    best, against = question.best, question.strength_against_given
    return (
        f"{question.assumption.question} The invoice speaks {against} against "
        f"‘{question.given}’, as the estimate has it; ‘{best.answer}’ is likeliest: {best.meaning}."
    )


def _demand_kind(demand: LikelyDemand) -> CauseKind:
    """What of the demand it is, if the invoice tells connections and messages apart."""
    as_well = {kind for kind, _ in demand.as_well}
    if {demand.kind, *as_well} >= {"connections", "messages"}:
        return "connections or messages"
    return "other use" if demand.kind == "as stated" else demand.kind


def _demand_words(demand: LikelyDemand) -> str:
    others = [_factor_words(factors) for kind, factors in demand.as_well if kind != "as stated"]
    as_well = f"; {', or '.join(others)}, would fit as well" if others else ""
    return f"The lines fit {_factor_words(demand.factors)}{as_well}."


def _factor_words(factors: Factors) -> str:
    clients = f"{factors.connections:.2g} times as many connections as stated"
    messages = f"{factors.messages:.2g} times as many messages per connection as stated"
    if factors.messages == 1:
        return clients
    return messages if factors.connections == 1 else f"{clients}, and {messages}"


def _of_contract(lines: Sequence[LineDifference]) -> Iterator[Cause]:
    """Lines on which another share is off the list price than in the estimate."""
    changed = [
        line
        for line in lines
        if abs(line.contract_usd) >= HALF_A_CENT_USD
        and abs(line.off_list[1] - line.off_list[0]) > _slack(line.billed_list_usd)
    ]
    for alike in _alike(changed, lambda line: line.off_list[1], lambda each: each.billed_list_usd):
        usd = sum(line.contract_usd for line in alike)
        listed = sum(line.billed_list_usd for line in alike)
        off = 1 - sum(line.billed_usd for line in alike) / listed if listed else 0.0
        paid = f"{precise_percent(off)} off" if off >= 0 else f"{precise_percent(-off)} above"
        own = {line.off_list[0] for line in alike}
        less = "" if not any(own) else ", where the estimate has another share off"
        words = f"{paid} list prices on {number_of(len(alike), 'line')}{less}: {_names(alike)}."
        yield Cause("contract", words, usd, _meters(alike))


def _of_list_prices(lines: Sequence[LineDifference]) -> Iterator[Cause]:
    """Lines whose list price on the invoice is none of those known for the month."""
    moved = [line for line in lines if abs(line.list_price_usd) >= HALF_A_CENT_USD]
    for alike in _alike(moved, _moved_by, lambda line: line.repriced.list_usd):
        usd = sum(line.list_price_usd for line in alike)
        change = _moved_by(alike[0])
        how = signed_percent(100 * change) if np.isfinite(change) else "from nothing"
        words = f"Other list prices than those known here ({how}): {_names(alike)}."
        yield Cause("list price", words, usd, _meters(alike))


def _moved_by(line: LineDifference) -> float:
    listed = line.repriced.list_usd
    return line.list_price_usd / listed if listed else np.inf


def _of_tiers(lines: Sequence[LineDifference]) -> Iterator[Cause]:
    for line in lines:
        if not line.scope and abs(line.tier_usd) >= HALF_A_CENT_USD:
            words = (
                f"{line.title}: units in other tiers, or with another free allowance, than the "
                "estimate has; other use of the account comes first, or last."
            )
            yield Cause("tier", words, line.tier_usd, (line.key.meter,))


def _of_scope(lines: Sequence[LineDifference]) -> Iterator[Cause]:
    words: dict[CauseKind, str] = {
        "not modeled": "On the invoice, and no meter of this price list",
        "not in the estimate": "On the invoice, and not used by this deployment",
        "not on the invoice": "In the estimate, and not on the invoice",
    }
    for kind, what in words.items():
        of_kind = [line for line in lines if line.scope == kind and line.change_usd]
        if of_kind:
            usd = sum(line.scope_usd for line in of_kind)
            yield Cause(kind, f"{what}: {_names(of_kind)}.", usd, _meters(of_kind))


def _alike(
    lines: Iterable[LineDifference],
    share: Callable[[LineDifference], float],
    usd: Callable[[LineDifference], float],
) -> Iterator[list[LineDifference]]:
    """Lines whose shares are the same, up to what rounding to cents does."""
    alike: list[LineDifference] = []
    # lines of many dollars say their share most exactly, so that they come first
    left = sorted(lines, key=lambda line: -usd(line))
    while left:
        first = left[0]
        alike = [
            line
            for line in left
            if line is first
            or abs(share(line) - share(first)) <= _slack(usd(line)) + _slack(usd(first))
        ]
        yield alike
        left = [line for line in left if line not in alike]


def _slack(usd: float) -> float:
    """By how much a share may differ for rounding: of prices, and of cents."""
    return SAME_PRICE_WITHIN + (2 * HALF_A_CENT_USD / usd if usd > 0 else 0.0)


def _names(lines: Sequence[LineDifference]) -> str:
    titles = list(dict.fromkeys(line.title for line in lines))
    more = len(titles) - _NAMED_AT_MOST
    shown = ", ".join(titles[:_NAMED_AT_MOST])
    return f"{shown} and {more} more" if more > 0 else shown


def _meters(lines: Sequence[LineDifference]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            line.key.meter if line.scope != "not modeled" else line.title for line in lines
        )
    )
