"""Invoices that differ for one reason are diagnosed as differing for that reason."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import estimator as ws
from estimator.analysis.fields import current_value, field_names, with_values
from estimator.deployments.registry import find_deployment
from estimator.invoices.invoice import Invoice
from made_invoices import invoice_of, of_month

NOISE = 0.01
"""Relative, of each quantity."""
PROFILES = (
    "workplace-chat",
    "market-data",
    "customer-support",
    "delivery-tracking",
    "multiplayer-game",
)
LOCATIONS = ("virginia", "frankfurt", "tokyo", "london")
KINDS = ("contract", "list price", "answer", "messages", "not modeled")


@dataclass(frozen=True)
class Case:
    kind: str
    scenario: ws.Scenario
    invoice: Invoice
    answer: dict[str, str]
    """The answer that is true, if it is not the default."""


def _case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    names = list(ws.DEPLOYMENTS)
    while True:
        scenario = ws.Scenario(
            profile=str(rng.choice(PROFILES)),
            location=str(rng.choice(LOCATIONS)),
            peak_connections=float(np.exp(rng.uniform(np.log(3_000), np.log(200_000)))),
        )
        made = _perturbed(kind, of_month(scenario), str(rng.choice(names)), rng)
        if made is not None:
            return Case(kind, scenario, *made)


def _perturbed(kind, month, deployment, rng):
    answer: dict[str, str] = {}
    try:
        bill = ws.estimate(month, deployment)
    except ws.EstimatorError:
        return None
    if kind == "messages":
        rates = [name for name in field_names(month) if name.endswith(".rate_per_hour")]
        busier = with_values(month, {name: 2 * current_value(month, name) for name in rates})
        before, bill = bill, ws.estimate(busier, deployment)
        if bill.total < 1.1 * before.total:
            return None  # the vendor does not bill them
    if kind == "answer":
        answer = _other_answer(month, deployment, rng, bill)
        if not answer:
            return None
        bill = ws.estimate(month.replace(assumptions=answer), deployment)
    off, unmapped = 0.0, []
    if kind == "contract":
        off = rng.uniform(0.05, 0.4)
    if kind == "not modeled":
        usd = rng.uniform(0.05, 0.5) * bill.total
        unmapped = [(bill.cloud, "Managed NAT", "GB", 1000.0, usd, usd, 30)]
    invoice = invoice_of(bill, lambda _: off, unmapped)
    lines = invoice.lines
    factor = np.exp(rng.normal(0, NOISE, len(bill.items)))
    by_meter = dict(zip((i.rate.meter_id for i in bill.items), factor, strict=True))
    noise = lines["meter"].map(by_meter)
    if kind == "list price":
        largest = lines.groupby("meter")["billed_usd"].sum().idxmax()
        moved = np.where(lines["meter"] == largest, rng.choice([0.7, 0.85, 1.1, 1.25]), 1.0)
        lines["list_unit_usd"] *= moved
        lines["list_usd"] *= moved
        lines["billed_usd"] *= moved
    noise = noise.where(lines["list_unit_usd"] > 0, 1.0)  # allowances are as they are
    for column in ("quantity", "list_usd", "billed_usd"):
        lines[column] *= noise
    return invoice, answer


def _other_answer(month, deployment, rng, bill):
    """An answer that moves the bill by more than a twentieth."""
    found = []
    for question in find_deployment(deployment).assumptions:
        for answer in list(question.choices)[1:]:
            try:
                other = ws.estimate(month.replace(assumptions={question.id: answer}), deployment)
            except ws.EstimatorError:
                continue
            if abs(other.total / bill.total - 1) > 0.05:
                found.append({question.id: answer})
    return found[rng.integers(len(found))] if found else {}


def as_named(kind: str) -> list[list[str]]:
    """What a case may be called: where all grows with connections alike, nobody can tell."""
    return [[kind], ["connections or messages"]] if kind == "messages" else [[kind]]


def test_what_moved_an_invoice_is_what_is_named(seeds: Callable[[int, int], range]):
    wrong: list[tuple[int, str, list[str]]] = []
    for seed in (tried := seeds(10, 100)):
        case = _case(seed)
        found = ws.reconcile(case.scenario, case.invoice, relative_error=0.02)
        named = [cause.kind for cause in found.causes if cause.kind != "smaller differences"]
        if named not in as_named(case.kind) or found.answered.changed.keys() != case.answer.keys():
            wrong.append((seed, case.kind, named))
    assert len(wrong) <= 0.05 * len(tried), wrong
