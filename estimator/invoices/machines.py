"""Which machines does an invoice say are run?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from estimator.analysis.estimate.bill import bill_of
from estimator.deployments.fleet.behind_balancer import BehindBalancer
from estimator.deployments.fleet.machine import CHEAPEST, Kind, machines
from estimator.deployments.fleet.redis_nodes import redis_nodes
from estimator.errors import MissingRateError, ScenarioError
from estimator.invoices.invoice import Invoice
from estimator.invoices.month import EstimatedMonth, Key

_OPTIONS: Final = {
    "machine": "the estimate’s machine",
    "redis_machine": "its Redis",
    "application_machine": "its application servers",
}
"""Options that name what is rented, and what for."""
_SAME_MIX: Final = 0.1
"""Relative: how far the parts of a machine may be from those billed, which others share."""
_FAR: Final = np.log(1.5)
"""Beyond this, a line is no further off: something else may be counted."""
_SIZES_AT_MOST: Final = 12
Parts = Mapping[str, float]


@dataclass(frozen=True)
class Billed:
    """What stands on an invoice, by meter, wherever it was used."""

    units: Mapping[str, float]
    """Above 0."""
    usd: Mapping[str, float]
    by_region: Mapping[tuple[str, str], float]
    """Units by meter and region."""

    @classmethod
    def on(cls, invoice: Invoice) -> Billed:
        """What stands on an invoice."""
        used = invoice.lines[invoice.lines["quantity"] > 0]
        sums = used.groupby("meter")[["quantity", "billed_usd"]].sum()
        by_region: dict[Any, float] = used.groupby(["meter", "region"])["quantity"].sum().to_dict()
        units: dict[Any, float] = sums["quantity"].to_dict()
        usd: dict[Any, float] = sums["billed_usd"].to_dict()
        return cls(units, usd, by_region)

    def lines(self, month: EstimatedMonth) -> dict[Key, float]:
        """Units by line, named as an estimate names them."""
        found: dict[Key, float] = defaultdict(float)
        for (meter, region), units in self.by_region.items():
            found[month.key(meter, region)] += units
        return dict(found)


def on_invoiced_machines(month: EstimatedMonth, billed: Billed) -> EstimatedMonth:
    """The estimate on the machines of the invoice, where the scenario leaves the choice.

    Prices, not demand, decide which machine an estimate takes, and near a tie they decide nothing:
    an invoice is compared with an estimate for the machines that are on it.

    Args:
        month: the estimate with the machines that it chose.
        billed: what is on the invoice.
    """
    names = month.deployment.names.keys()
    given = month.month.resolved.scenario.options.get(month.deployment.id, {})
    for option in _OPTIONS:
        if option in names and given.get(option, CHEAPEST) == CHEAPEST:
            month = _on_invoiced(month, option, billed)
    return month


def on_fitting_sizes(month: EstimatedMonth, billed: Billed) -> EstimatedMonth:
    """The estimate on sizes that no meter of their own tells apart, but that others do: disks.

    That size is taken under which the lines of the estimate are in the most even proportion to
    those billed, whatever the demand.

    Args:
        month: the estimate on the machines of the invoice.
        billed: what is on the invoice.
    """
    given = month.month.resolved.scenario.options.get(month.deployment.id, {})
    if "machine" not in month.deployment.names or given.get("machine", CHEAPEST) != CHEAPEST:
        return month
    alike = _alike(month, "machine", billed)
    if len(alike) <= 1:
        return month
    tried = (_with_machine(month, "machine", name) for name in alike[:_SIZES_AT_MOST])
    return min(
        (each for each in tried if each is not None),
        key=lambda each: _unevenness(each, billed),
        default=month,
    )


def _unevenness(month: EstimatedMonth, billed: Billed) -> float:
    """How far lines are from their median proportion to those billed, none of them counting much.

    In logarithms, the mean of lines that both have.
    """
    units = billed.lines(month)
    both = [key for key, each in month.lines.items() if each.quantity > 0 and key in units]
    if not both:
        return np.inf
    times = np.log([units[key] / month.lines[key].quantity for key in both])
    return float(np.minimum(np.abs(times - np.median(times)), _FAR).mean())


def _on_invoiced(month: EstimatedMonth, option: str, billed: Billed) -> EstimatedMonth:
    """The estimate with one of its options as the invoice says."""
    alike = _alike(month, option, billed)
    sizing = month.bill.sizing
    is_own = option == "machine" and sizing is not None and bool({*sizing.machines} & {*alike})
    if is_own and len(alike) > 1:
        return month  # one of sizes that no meter tells apart
    tried = (_with_machine(month, option, name) for name in alike[:_SIZES_AT_MOST])
    cheapest = min(
        (each for each in tried if each is not None),
        key=lambda each: float(each.bill.total),
        default=month,
    )
    meters = ({key.meter for key in each.lines} for each in (month, cheapest))
    if cheapest is month or len({frozenset(each) for each in meters}) == 1:
        return cheapest
    name = cheapest.machines[option]
    note = f"As on the invoice, {_OPTIONS[option]}: {name}; left to choose, it takes another."
    noted = replace(cheapest.month, notes=(*month.month.notes, note))
    return replace(cheapest, month=noted)


def _with_machine(month: EstimatedMonth, option: str, name: str) -> EstimatedMonth | None:
    """The estimate with a machine; None if it cannot have that."""
    machines = {**month.machines, option: name}
    try:
        resolved = month.month.resolved.with_options(month.deployment, machines)
        bill = bill_of(resolved, month.deployment)
    except (ScenarioError, MissingRateError):
        return None
    asked = replace(month.month, resolved=resolved)
    return EstimatedMonth(asked, month.deployment, bill, machines)


def _alike(month: EstimatedMonth, option: str, billed: Billed) -> tuple[str, ...]:
    """Machines of the invoice that no meter tells apart; of several kinds, that of most dollars."""
    kinds: dict[frozenset[str], list[str]] = defaultdict(list)
    for name, parts in _rentable(month, option):
        if parts and all(meter in billed.units for meter in parts) and _has_mix(parts, billed):
            kinds[frozenset(parts)].append(name)

    def usd(meters: frozenset[str]) -> float:
        return sum(billed.usd[meter] for meter in sorted(meters))

    return tuple(kinds[max(kinds, key=usd)]) if kinds else ()


def _has_mix(parts: Parts, billed: Billed) -> bool:
    """Whether what is billed is mixed as the parts of a machine are."""
    hours = [billed.units[meter] / quantity for meter, quantity in parts.items()]
    return max(hours) <= min(hours) * (1 + _SAME_MIX)


def _rentable(month: EstimatedMonth, option: str) -> Iterator[tuple[str, Parts]]:
    """What an option can name, and the meters of an hour of it."""
    deployment = month.deployment
    if option == "redis_machine":
        for name, node in redis_nodes(deployment.cloud).items():
            yield name, node.parts_replicated or node.parts_single
        return
    kind: Kind = "vm"
    if option == "machine" and isinstance(deployment, BehindBalancer):
        kind = deployment.kind
    for name, machine in machines(deployment.cloud, kind).items():
        yield name, machine.parts
