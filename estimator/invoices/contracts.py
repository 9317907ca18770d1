"""Which contract follows from what was really paid?

Where the invoice has the list prices known here, the contract says how many percent are off, so
that tiers and allowances hold as before; elsewhere it says what a unit costs. Figures have as few
digits as bring back the dollars of the invoice to the cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from estimator.invoices.differences import LineDifference
from estimator.invoices.invoice import Invoice
from estimator.invoices.month import Amounts, EstimatedMonth, Key
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import Contract, as_contract
from estimator.units import HALF_A_CENT_USD

_MOST_DIGITS: Final = 15


def contract_of(
    month: EstimatedMonth, invoice: Invoice, lines: Sequence[LineDifference]
) -> Contract | None:
    """The contract under which the invoice's quantities cost what was billed.

    Args:
        month: the estimate beside the invoice.
        invoice: what was billed.
        lines: how both differ; lines that both have count.

    Returns:
        None if all of them cost their list prices. A line whose units are all free is not in it.
    """
    paid = [
        line
        for line in lines
        if not line.scope
        and line.counted.quantity > 0
        and abs(line.billed_usd - line.repriced.list_usd) >= HALF_A_CENT_USD
    ]
    if not paid:
        return None
    at_list = priced_under(month, _nothing_off(paid), paid)
    rates: dict[tuple[str, float, str], list[str]] = defaultdict(list)
    percents: list[float] = []
    for line in sorted(paid, key=lambda line: -line.billed_usd):
        before = at_list[line.key]
        has_known_list_price = abs(line.list_price_usd) < HALF_A_CENT_USD
        if has_known_list_price and 0 <= line.billed_usd <= before.usd:
            percent_off = _percent_off(line.billed_usd, before.usd, percents)
            percents.append(percent_off)
            rates["percent_off", percent_off, line.key.region].append(line.key.meter)
        elif before.paid_units > 0 and line.billed_usd >= 0:
            each = _shortest(
                line.billed_usd / before.paid_units, line.billed_usd, before.paid_units
            )
            rates["usd_per_unit", each, line.key.region].append(line.key.meter)
    return _contract(rates, f"{invoice.first_day:%B %Y}") if rates else None


def priced_under(
    month: EstimatedMonth, contract: Contract | None, lines: Iterable[LineDifference]
) -> dict[Key, Amounts]:
    """What the quantities of an invoice cost under a contract."""
    resolved, scenario = month.month.resolved, month.month.resolved.scenario
    catalog = load_catalog(scenario.as_of, resolved.answers, contract, scenario.allowances_left)
    counted = {line.key: line.counted for line in lines if not line.scope}
    return month.priced(counted, replace(resolved, catalog=catalog))


def _nothing_off(lines: Iterable[LineDifference]) -> Contract | None:
    """A contract that takes nothing off, under which discounts for use all month do not hold."""
    meters = dict.fromkeys(line.key.meter for line in lines)
    return as_contract(
        {"title": "list prices", "rates": [{"meters": [each], "percent_off": 0} for each in meters]}
    )


def _percent_off(billed_usd: float, list_usd: float, known: Iterable[float]) -> float:
    """The percent that bring a line to what was billed: those of other lines, if they do."""
    for each in known:
        if abs(list_usd * (1 - each / 100) - billed_usd) < HALF_A_CENT_USD:
            return each
    return _shortest(100 * (1 - billed_usd / list_usd), billed_usd, list_usd / 100, 100.0)


def _shortest(value: float, wanted: float, factor: float, start: float | None = None) -> float:
    """The figure of the fewest digits that still makes the wanted dollars.

    >>> _shortest(19.9987, 80.0, 1.0, 100.0), _shortest(0.10004, 1.0, 10.0)
    (20.0, 0.1)
    """
    for digits in range(_MOST_DIGITS):
        short = round(value, digits)
        made = factor * (short if start is None else start - short)
        if abs(made - wanted) < HALF_A_CENT_USD:
            return short
    return value


def _contract(rates: Mapping[tuple[str, float, str], Sequence[str]], month: str) -> Contract | None:
    entries: list[dict[str, Any]] = [
        {
            "meters": list(dict.fromkeys(meters)),
            **({"regions": [region]} if region != "global" else {}),
            field: value,
            "source": f"invoice of {month}",
        }
        for (field, value, region), meters in rates.items()
    ]
    return as_contract(
        {
            "title": f"As paid in {month}",
            "note": "Written from an invoice: what was paid, which need not be what was agreed.",
            "rates": entries,
        }
    )
