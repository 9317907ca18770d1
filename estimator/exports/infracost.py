"""How does Infracost price the same month? From a usage file with the quantities of a bill.

Infracost reads resources from Terraform and prices them; how much they are used stands in a file
(https://www.infracost.io/docs/features/usage_based_resources/). Which of our meters is which of its
keys is data: ``pricing_data/infracost_usage.csv``. Quantities are those that are billed, in steps
where a vendor counts in steps, so that Infracost's dollars are the same at the same prices, but for
free allowances, which it ignores.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal

from estimator.errors import ScenarioError
from estimator.exports.contents import Contents
from estimator.files import Entry, load_rows
from estimator.format import dollars_and_cents, quantity_text
from estimator.pricing.bill import Bill
from estimator.pricing.lines import LineItem
from estimator.render.printable import printable
from estimator.units import KIB

Resource = dict[str, float | str]


class UsageKey(Entry):
    """A key of a usage file that says how much of a meter is used."""

    meter: str
    resource: str
    """The type of resource in Terraform, or one of Infracost's own."""
    key: str
    amount: Literal["quantity", "paid", "step", "region"]
    """quantity: all units; paid: those that are not free; step: KiB in which messages are counted;
    region: where it is."""
    factor: float
    """Infracost's units in one of ours."""
    whole: bool
    """Whether it takes whole numbers only."""
    source: str
    checked_on: dt.date
    note: str | None = None


def write(contents: Contents) -> str:
    """The usage file of one deployment.

    Raises:
        ScenarioError: Infracost has a key for none of the meters on the bill.
    """
    [bill] = contents.bills
    if not has_keys(bill):
        raise ScenarioError(
            f"infracost: its usage files have no key for any meter of {bill.title}: what Infracost "
            "knows of it stands in Terraform alone, or it does not know the service"
        )
    of_type: dict[str, Resource] = {}
    named: dict[str, Resource] = {}
    left_out: list[LineItem] = []
    for item in bill.items:
        keys = _usage_keys().get(item.rate.meter_id, ())
        if not keys:
            left_out.append(item)
        has_name = any(each.amount == "region" for each in keys)
        for each in keys:
            resource = each.resource
            if has_name:  # Infracost's own: no resource of Terraform stands for it
                resource += "." + re.sub("[^A-Za-z0-9_]+", "_", item.usage.region)
            values = (named if has_name else of_type).setdefault(resource, {})
            _add(values, each, item)
    lines = [
        *contents.comments("#"),
        f"# {printable(bill.name)}: {bill.total_text} per month by our prices.",
        *_left_out(left_out),
        "version: 0.1",
        *_section("resource_type_default_usage", of_type),
        *_section("resource_usage", named),
    ]
    return "\n".join(lines) + "\n"


def has_keys(bill: Bill) -> bool:
    """Whether a usage file can say anything of a bill."""
    return any(item.rate.meter_id in _usage_keys() for item in bill.items)


@cache
def _usage_keys() -> Mapping[str, tuple[UsageKey, ...]]:
    found: dict[str, tuple[UsageKey, ...]] = {}
    for row in load_rows("infracost_usage.csv", UsageKey):
        found[row.meter] = (*found.get(row.meter, ()), row)
    return found


def _add(values: Resource, key: UsageKey, item: LineItem) -> None:
    if key.amount == "region":
        values[key.key] = item.usage.region
        return
    if key.amount == "step":
        values[key.key] = (item.rate.meter.step_bytes or 0) / KIB * key.factor
        return
    units = item.usage.quantity if key.amount == "quantity" else item.units_by_tier.sum(axis=0)
    before = values.get(key.key, 0.0)
    values[key.key] = float(units) * key.factor + (before if isinstance(before, float) else 0.0)


def _section(name: str, resources: Mapping[str, Resource]) -> Iterator[str]:
    if not resources:
        return
    keys = [each for keys in _usage_keys().values() for each in keys]
    whole = {(each.resource, each.key) for each in keys if each.whole}
    yield f"{name}:"
    for resource, values in resources.items():
        yield f"  {resource}:"
        for key, value in values.items():
            yield f"    {key}: {_value(value, is_whole=(resource, key) in whole)}"


def _value(value: float | str, *, is_whole: bool) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    return str(round(value)) if is_whole else f"{value:.6f}".rstrip("0").rstrip(".")


def _left_out(items: list[LineItem]) -> Iterator[str]:
    """What Infracost takes from Terraform, or has no key for, with its cost."""
    for item in items:
        if float(item.cost_usd):
            amount = f"{quantity_text(item.usage.quantity)} {item.rate.meter.unit}"
            told = f"{item.title}, {amount}: {dollars_and_cents(item.cost_usd)}"
            yield f"# Not in this file, as no key takes it: {printable(' '.join(told.split()))}"
