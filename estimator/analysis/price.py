"""What do plain quantities cost, as an invoice would bill them? And what do open questions move?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Generator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from estimator.analysis.price_regions import priced_region
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, Numbers
from estimator.errors import EstimatorError, ScenarioError
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.pricing.catalog import (
    Catalog,
    check_allowances,
    check_answered,
    check_date,
    load_catalog,
)
from estimator.pricing.commitments import contract_notes, with_commitments
from estimator.pricing.contract import Contract, as_contract
from estimator.pricing.lines import (
    FreeAllowances,
    LineItem,
    Usage,
    price_usage,
    rounded_to_cents,
)
from estimator.pricing.price_files import Assumption
from estimator.pricing.range_notes import range_notes
from estimator.units import HOURS_PER_MONTH

_Amount = Numbers


@checks_arguments
def price(
    quantities: Mapping[str, _Amount]
    | Mapping[tuple[str, str], _Amount]
    | Mapping[str | tuple[str, str], _Amount],
    region: str = "",
    *,
    free_allowances: FreeAllowances = "none",
    allowances_left: Mapping[str, float] | None = None,
    as_of: dt.date | None = None,
    assumptions: Mapping[str, str] | None = None,
    contract: str | Mapping[str, Any] | Contract | None = None,
    round_lines: bool = False,
) -> Bill:
    """Price plain monthly quantities, as an invoice would.

    Args:
        quantities: amount in units of the meter, by meter id, or by meter id and region for an
            account that is billed in several regions; numbers or arrays of one shape. ``prices``
            gives the definition of a unit, ``billable_units`` the units that messages make.
        region: the cloud's own name of the region of meters that name none; SaaS needs none.
        free_allowances: which free allowances to take off.
        allowances_left: how much of an allowance nothing else in the account uses, in units, or in
            USD where it is money, by its id; all of those left out.
        as_of: price with what was in force on that day.
        assumptions: answers to what sources disagree on about prices, by id.
        contract: what is paid instead of list prices: the name of a shipped example, rates
            written out, or what ``load_contract`` read.
        round_lines: round each line to the cent, as invoices do, before lines are added up.

    Returns:
        The bill in USD; ``bill["aws.alb.hours"]`` is the line of a meter. Tiers and allowances
        that a vendor adds up are added up.

    Raises:
        UnknownNameError: no such meter, allowance, assumption, answer or contract.
        MissingRateError: no price of a meter in the region, or a region by another name than the
            cloud's own.
        EstimatorError: a quantity that is negative or not a number, or no region.

    >>> price(
    ...     {"aws.api_gateway.messages": 18e6, "aws.api_gateway.connection_minutes": 21.6e6},
    ...     region="us-east-1",
    ... ).total
    23.4
    """
    check_date(as_of)
    check_answered(assumptions or {})
    check_allowances(left := allowances_left or {})
    rates = as_contract(contract)
    catalog = load_catalog(as_of, assumptions, rates, left)
    given = _usage(quantities, region, catalog)
    # which line spends what lines share must not depend on the order of a mapping
    turns = sorted(given, key=lambda one: catalog.position(one.meter_id, one.region))

    def bill_with(answers: Mapping[str, str]) -> Bill:
        catalog = load_catalog(as_of, answers, rates, left)

        def lines(left: Mapping[str, float]) -> tuple[tuple[LineItem, ...], tuple[str, ...]]:
            prices = catalog.with_allowances_left(left)
            priced = {
                (item.rate.meter_id, item.usage.region): item
                for item in price_usage(turns, region, prices, free_allowances)
            }
            items, committed = with_commitments(
                [priced[one.meter_id, one.region] for one in given], rates, HOURS_PER_MONTH
            )
            notes = (*contract_notes(items, rates), *committed, *range_notes(items))
            return tuple(map(rounded_to_cents, items) if round_lines else items), notes

        items, notes = lines({})
        return Bill(
            title="Quantities as given",
            region=", ".join(dict.fromkeys(one.region for one in given)) or region,
            items=items,
            hours_per_month=HOURS_PER_MONTH,
            free_allowances=free_allowances,
            allowances_left=left,
            as_of=as_of,
            contract=rates,
            round_lines=round_lines,
            notes=notes,
            assess=lambda bill, known: tuple(
                price_effects(bill, catalog, answers, bill_with, known)
            ),
            items_with_left=lambda left: lines(left)[0],
        )

    return bill_with(assumptions or {})


def _usage(quantities: Mapping[Any, _Amount], region: str, catalog: Catalog) -> list[Usage]:
    amounts: dict[tuple[str, str], FloatArray] = {}
    shapes: set[tuple[int, ...]] = set()
    for key, quantity in quantities.items():
        meter, named = (key, region) if isinstance(key, str) else key
        amount = _quantity(meter, quantity)
        shapes.add(amount.shape)
        # the same with and without the name of its region is one line
        line = meter, priced_region(catalog.meter(meter).meter, named, catalog)
        if len(shapes - {()}) > 1:
            raise EstimatorError("the arrays of quantities have unequal lengths")
        amounts[line] = np.asarray(amounts.get(line, 0.0) + amount)
    return [
        Usage(meter, amount, "as given", where, role=None)
        for (meter, where), amount in amounts.items()
    ]


def _quantity(meter: str, quantity: Numbers) -> FloatArray:
    amount = np.asarray(quantity, dtype=np.float64)
    if not np.all(np.isfinite(amount)) or np.any(amount < 0):
        raise EstimatorError(f"quantity of '{meter}' must be a number of at least 0")
    return amount


def price_effects(
    bill: Bill,
    catalog: Catalog,
    given: Mapping[str, str],
    bill_with: Callable[[Mapping[str, str]], Bill],
    known: Container[str] = (),
) -> Generator[AssumptionEffect]:
    """What disagreement about prices does to a bill; only what moves it, or was answered.

    Args:
        bill: as it is.
        catalog: the prices.
        given: answers.
        bill_with: the bill under others.
        known: ids of questions that are left out.
    """
    questions = {
        question.id: question
        for item in bill.items
        for question in catalog.questions_about(item.usage.meter_id, item.usage.region)
    }
    for question in questions.values():
        if question.id in known:
            continue
        effect = effect_of(question, catalog.answer(question.id), bill, given, bill_with)
        if question.id in given or any(np.any(usd) for usd in effect.change_usd.values()):
            yield effect


def effect_of(
    assumption: Assumption,
    chosen: str,
    bill: Bill,
    given: Mapping[str, str],
    bill_with: Callable[[Mapping[str, str]], Bill],
) -> AssumptionEffect:
    """What each other answer to an open question would add to a bill or take off it.

    An answer that does not go together with the options has no bill, and is left out.
    """
    changes: dict[str, FloatArray | float] = {}
    for other in assumption.choices:
        if other != chosen:
            with suppress(ScenarioError):
                changes[other] = bill_with({**given, assumption.id: other}).total - bill.total
    return AssumptionEffect(assumption, chosen, changes)
