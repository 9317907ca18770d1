"""How does what was agreed with a vendor change? One entry of the scenario's contract at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from estimator.dashboard.session.state import changed
from estimator.pricing.bill import Bill
from estimator.pricing.contract import Commitment, ContractRate, as_contract
from estimator.pricing.price_files import load_price_files
from estimator.scenario.scenario import Scenario

Price = Literal["percent_off", "usd_per_unit"]
_OWN_TITLE: Final = "Your own prices"
_ENTRIES: Final = {"rates", "commitments", "meters", "prices"}
"""Where a contract says something."""


def is_of_line(rate: ContractRate, meter: str) -> bool:
    """Whether a rate is a price or a discount of one meter and nothing more."""
    is_partial = rate.regions or rate.tiers or rate.roles or rate.share != 1
    return rate.meters == (meter,) and not is_partial


def with_price(old: Scenario, meter: str, field: Price, number: float | None) -> Scenario:
    """The scenario with another price, or another discount, of one meter.

    Args:
        old: the scenario.
        meter: id of the meter.
        field: what the number is.
        number: None takes back what was agreed on this meter alone.
    """
    kept = [rate for rate in rates_of(old) if not is_of_line(rate, meter)]
    if number is not None:
        price: Any = {field: number}
        kept.append(ContractRate(meters=(meter,), **price))  # the last one applies
    return _with(old, {"rates": kept})


def with_commitment(old: Scenario, commitment: Commitment) -> Scenario:
    """The scenario with one more commitment, which covers what those before it leave."""
    return _with(old, {"commitments": [*commitments_of(old), commitment]})


def without(old: Scenario, entry: ContractRate | Commitment) -> Scenario:
    """The scenario without one thing that was agreed."""
    return _with(
        old,
        {
            "rates": [each for each in rates_of(old) if each != entry],
            "commitments": [each for each in commitments_of(old) if each != entry],
        },
    )


def rates_of(scenario: Scenario) -> Sequence[ContractRate]:
    """The rates of its contract."""
    contract = as_contract(scenario.contract)
    return () if contract is None else contract.rates


def commitments_of(scenario: Scenario) -> Sequence[Commitment]:
    """The commitments of its contract."""
    contract = as_contract(scenario.contract)
    return () if contract is None else contract.commitments


def _with(
    old: Scenario, entries: Mapping[str, Sequence[ContractRate] | Sequence[Commitment]]
) -> Scenario:
    """The scenario with other entries in its contract, and none where nothing is left of it."""
    contract = as_contract(old.contract)
    said: dict[str, Any] = {"title": _OWN_TITLE} if contract is None else contract.as_data()
    if isinstance(old.contract, str):  # what ships keeps its name to itself
        said["title"] = f"{said['title']}, changed"
    for name, each in entries.items():
        said[name] = [entry.model_dump(mode="json", exclude_unset=True) for entry in each]
    left = {key: value for key, value in said.items() if value != []}
    return changed(old, contract=left if left.keys() & _ENTRIES else None)


def titles_on(bill: Bill, entry: ContractRate | Commitment) -> list[str]:
    """The lines of a bill that an entry of its contract is about."""
    lines = (
        item.rate.meter.title
        for item in bill.items
        if entry.covers(item.rate.meter_id, item.usage.region)
    )
    return list(dict.fromkeys(lines))


def titles_anywhere(entry: ContractRate | Commitment) -> list[str]:
    """All meters that an entry is about, for people."""
    return [each.title for each in load_price_files().meters if entry.names(each.meter)]
