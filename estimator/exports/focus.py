"""How does a FinOps tool read an estimate? As FOCUS, the FinOps Open Cost and Usage Specification.

Columns and rules are those of version 1.2 (https://focus.finops.org/focus-specification/v1-2/). Of
1.4, which leaves out ``ProviderName`` and ``PublisherName`` for ``ServiceProviderName`` and
``HostProviderName``, the table of the working draft that followed it was read
(https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec, cost_and_usage/dataset.md).

FOCUS is a form for invoices. What marks these rows as an estimate, and says where each price is
from, stands in columns that begin with ``x_``, as the specification has it for one's own.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

import numpy as np
import pandas as pd

from estimator.exports.charges import Charge, charges_of
from estimator.exports.contents import Contents, answers_of, state_of
from estimator.format import quantity_text, unit_price
from estimator.pricing.bill import Bill
from estimator.pricing.commitments import UNUSED
from estimator.pricing.lines import LineItem
from estimator.pricing.price_files import EVERYWHERE, SAAS, load_price_files
from estimator.render.spreadsheet import csv

FocusVersion = Literal["1.2", "1.4"]
Row = dict[str, str | None]
YOURSELF: Final = "Your own organization"
"""Who bills people's time, and what only a contract names."""
_VENDORS: Final = {
    "aws": "AWS",
    "azure": "Microsoft",
    "gcp": "Google Cloud",
    "oci": "Oracle",
    **SAAS,
}
"""Names as vendors have them in their own FOCUS files
(https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS-Sample-Data)."""
_FEES: Final = frozenset({"Plan-Months", "Package-Months", "Unit-Days"})
"""Units that are paid for as long as something is there, whatever it does."""
_TIMES: Final = frozenset({"Seconds", "Minutes", "Hours", "Days", "Months", "Years"})
_WORD: Final = re.compile("[A-Za-z][A-Za-z0-9]*")
_ALL_REGIONS: Final = frozenset({"", EVERYWHERE, "global"})
_NAMES_OF_PARTIES: Final[Mapping[FocusVersion, tuple[str, str]]] = {
    "1.2": ("ProviderName", "PublisherName"),
    "1.4": ("ServiceProviderName", "HostProviderName"),
}
_COMMITMENT_COLUMNS: Final = (
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
)


def focus_table(contents: Contents, version: FocusVersion = "1.2") -> pd.DataFrame:
    """One row for each charge of each bill and month, all cells as texts, null as None.

    Args:
        contents: whose bills; those of a comparison are alternatives, and each is a billing account
            of its own, so that nobody adds them up unawares.
        version: of the specification.
    """
    rows = [
        {
            **of_month,
            **_amounts(charge),
            **_of_line(charge, bill, version),
            **_commitment(charge, bill, account),
        }
        for bill in contents.bills
        for account in (_account(contents, bill),)
        for of_bill in (_of_bill(contents, bill, account),)
        for month in contents.months
        for of_month in ({**of_bill, **_of_month(contents, bill, month)},)
        for charge in charges_of(bill, month)
    ]
    table = pd.DataFrame(rows, columns=sorted(_columns(version), key=_own_last), dtype=object)
    return table.drop(columns=[name for name in _COMMITMENT_COLUMNS if table[name].isna().all()])


def write(contents: Contents, version: FocusVersion = "1.2") -> str:
    """The table as CSV, of which no cell is a formula."""
    return csv(focus_table(contents, version))


def _own_last(column: str) -> tuple[bool, str]:
    return column.startswith("x_"), column


def _columns(version: FocusVersion) -> tuple[str, ...]:
    return (
        *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency"),
        *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass"),
        *("ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart"),
        *_COMMITMENT_COLUMNS,
        *("ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice"),
        *("EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice"),
        *("PricingCategory", "PricingQuantity", "PricingUnit", *_NAMES_OF_PARTIES[version]),
        *("RegionId", "RegionName", "ServiceCategory", "ServiceName", "ServiceSubcategory"),
        *("SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "Tags"),
        *("x_About", "x_Assumption", "x_Confidence", "x_Conventions", "x_Driver"),
        *("x_EstimateCostP10", "x_EstimateCostP90", "x_EstimateId", "x_Formula"),
        *("x_HoursPerMonth", "x_IsEstimate", "x_Layer", "x_LimitsState", "x_MadeOn", "x_MeterId"),
        *("x_Month", "x_PriceCheckedOn", "x_PriceSourceUrl", "x_ScenarioHash", "x_ScenarioName"),
    )


def _account(contents: Contents, bill: Bill) -> str:
    deployment = f":{bill.deployment}" if bill.deployment else ""
    return f"estimate:{contents.scenario_hash}{deployment}"


def _of_bill(contents: Contents, bill: Bill, account: str) -> Row:
    """What all rows of a bill say."""
    low, high = contents.ranges.get(bill.deployment or "", (None, None))
    scenario = contents.scenario
    return {
        "BillingAccountId": account,
        "BillingAccountName": f"Estimate: {bill.name}",
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "x_About": " ".join(contents.about) or None,
        "x_Assumption": answers_of(bill) or None,
        "x_Conventions": bill.conventions,
        "x_EstimateCostP10": None if low is None else _number(Decimal(repr(float(low)))),
        "x_EstimateCostP90": None if high is None else _number(Decimal(repr(float(high)))),
        "x_EstimateId": account.removeprefix("estimate:"),
        "x_IsEstimate": "true",
        "x_MadeOn": contents.made_on.isoformat(),
        "x_ScenarioHash": contents.scenario_hash,
        "x_ScenarioName": (scenario and scenario.name) or None,
    }


def _of_month(contents: Contents, bill: Bill, month: int | None) -> Row:
    first = contents.first_day(month)
    begin, end = _moment(first), _moment((first + dt.timedelta(days=32)).replace(day=1))
    return {
        "BillingPeriodEnd": end,
        "BillingPeriodStart": begin,
        "ChargePeriodEnd": end,
        "ChargePeriodStart": begin,
        "x_HoursPerMonth": _hours(bill, month),
        "x_LimitsState": state_of(bill, month) or None,
        "x_Month": None if month is None else str(month),
    }


def _of_line(charge: Charge, bill: Bill, version: FocusVersion) -> Row:
    """What was counted, who bills it, and where its price is from."""
    item, meter = charge.item, charge.item.rate.meter
    vendor = _VENDORS.get(item.rate.meter_id.partition(".")[0], YOURSELF)
    region = None if item.usage.region in _ALL_REGIONS else item.usage.region
    return {
        "ChargeDescription": _description(charge),
        "InvoiceIssuerName": vendor,
        **dict.fromkeys(_NAMES_OF_PARTIES[version], vendor),
        "RegionId": region,
        "RegionName": region and _region_title(item, region),
        "ServiceCategory": meter.focus_category,
        "ServiceName": meter.service,
        "ServiceSubcategory": meter.focus_subcategory,
        "Tags": _object({"deployment": bill.deployment or "", "layer": item.usage.layer}),
        "x_Confidence": item.rate.confidence,
        "x_Driver": meter.driver,
        "x_Formula": item.usage.formula or None,
        "x_Layer": item.usage.layer,
        "x_MeterId": item.rate.meter_id,
        "x_PriceCheckedOn": item.rate.checked_on.isoformat(),
        "x_PriceSourceUrl": item.rate.source,
    }


def _amounts(charge: Charge) -> Row:
    """Quantities, prices and costs; of a credit, costs alone."""
    costs: Row = {
        "BilledCost": _number(charge.billed_usd),
        "ContractedCost": _number(charge.contracted_usd),
        "EffectiveCost": _number(charge.billed_usd),
        "ListCost": _number(charge.list_usd),
    }
    item = charge.item
    if charge.kind == "credit":
        return {**costs, "ChargeCategory": "Credit", "ChargeFrequency": "Recurring"}
    tier = "free" if charge.kind == "free" else _number(charge.tier_from)
    is_committed = any(discount.committed for discount in item.discounts)
    used = item.rate.meter_id != UNUSED
    return {
        **costs,
        "ChargeFrequency": "Recurring" if item.rate.meter.unit in _FEES else "Usage-Based",
        "ConsumedQuantity": _number(charge.consumed) if used else None,
        "ConsumedUnit": unit_text(item.rate.meter.unit) if used else None,
        "ContractedUnitPrice": _number(charge.contracted_usd_per_unit),
        "ListUnitPrice": _number(charge.list_usd_per_unit),
        "PricingCategory": "Committed" if is_committed and charge.kind == "used" else "Standard",
        "PricingQuantity": _number(charge.quantity),
        "PricingUnit": unit_text(item.rate.meter.unit),
        "SkuId": item.rate.meter_id,
        "SkuMeter": item.rate.meter.title,
        "SkuPriceDetails": _object({"x_TierFrom": tier}),
        "SkuPriceId": f"{item.rate.meter_id}/{item.usage.region}/{tier}",
    }


def _commitment(charge: Charge, bill: Bill, account: str) -> Row:
    """The commitment that a charge is under, if it is under any."""
    titles = [each.title for each in charge.item.discounts if each.committed]
    if not titles or charge.kind != "used":
        return {}
    of_contract = bill.contract.commitments if bill.contract else ()
    by_value = any(each.by_value and each.in_words() in titles[0] for each in of_contract)
    return {
        "CommitmentDiscountCategory": "Spend" if by_value else "Usage",
        "CommitmentDiscountId": f"{account}:{titles[0]}",
        "CommitmentDiscountName": titles[0],
        "CommitmentDiscountStatus": "Unused" if charge.item.rate.meter_id == UNUSED else "Used",
        "CommitmentDiscountType": "Commitment per hour",
    }


def unit_text(unit: str) -> str:
    """A unit in the form of the specification: words, then a hyphen and a time, if it has one.

    >>> unit_text("Load-Balancer-Hours"), unit_text("Write-Units"), unit_text("GB-Months")
    ('Load Balancer-Hours', 'Write Units', 'GB-Months')
    """
    words, _, time = unit.rpartition("-")
    if time not in _TIMES:
        words, time = unit, ""
    told = " ".join(_WORD.findall(words)) or "Units"
    return f"{told}-{time}" if time else told


def _description(charge: Charge) -> str:
    item = charge.item
    if charge.kind == "credit":
        return f"{item.title}: free allowance in money"
    amount = f"{quantity_text(float(charge.quantity))} {item.rate.meter.unit}"
    if charge.kind == "free":
        return f"{item.title}: {amount} of a free allowance"
    return f"{item.title}: {amount} at {unit_price(float(charge.list_usd_per_unit))} USD"


def _region_title(item: LineItem, region: str) -> str:
    regions = load_price_files().regions or {}
    found = regions.get(item.rate.meter_id.partition(".")[0], {}).get(region)
    return found.title if found else region


def _hours(bill: Bill, month: int | None) -> str:
    hours = np.ravel(bill.hours_per_month)
    return _number(Decimal(repr(float(hours[min(month or 0, hours.size - 1)]))))


def _moment(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _object(pairs: Mapping[str, str]) -> str:
    return json.dumps({name: value for name, value in pairs.items() if value})


def _number(amount: Decimal) -> str:
    """Digits and a point: neither an exponent, nor signs, nor zeros that say nothing.

    >>> _number(Decimal("1E+9")), _number(Decimal("0.000000250"))
    ('1000000000', '0.00000025')
    """
    return f"{amount.normalize():f}" if amount else "0"
