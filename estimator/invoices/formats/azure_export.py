"""How does Azure write a bill? The export of Cost Management.

Enterprise agreements (``MeterCategory``), customer agreements (``meterCategory``) and pay-as-you-go
spell and name some columns differently. Columns:
https://learn.microsoft.com/azure/cost-management-billing/automate/understand-usage-details-fields
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pandas as pd

from estimator.invoices.line import amounts, by_value, changed, joined

NAME: Final = "azure_export"
TITLE: Final = "an Azure cost export"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "category": ("metercategory",),
    "meter": ("metername",),
    "quantity": ("quantity", "usagequantity"),
    "unit": ("unitofmeasure",),
    "cost": ("costinbillingcurrency", "cost", "pretaxcost"),
    "currency": ("billingcurrencycode", "billingcurrency", "currency"),
    "start": ("date", "usagedatetime", "usagedate"),
    "subcategory": ("metersubcategory",),
    "meter_id": ("meterid",),
    "product": ("productname", "product"),
    "region": ("resourcelocation", "resourcelocationnormalized", "location"),
    "charge": ("chargetype",),
    "list_price": ("paygprice",),
    "list_cost": ("paygcostinbillingcurrency",),
    "service": ("consumedservice",),
}
REQUIRED: Final = {
    "category": "MeterCategory",
    "meter": "MeterName",
    "quantity": "Quantity",
    "unit": "UnitOfMeasure",
    "cost": "CostInBillingCurrency",
    "currency": "BillingCurrencyCode",
    "start": "Date",
}
AMOUNTS: Final = {"quantity": "quantity", "cost": "cost", "list_price": "list price"}
_CHARGES: Final = {
    "": "usage",
    "usage": "usage",
    "purchase": "purchase",
    "unusedreservation": "purchase",
    "unusedsavingsplan": "purchase",
    "tax": "tax",
    "refund": "adjustment",
    "adjustment": "adjustment",
    "roundingadjustment": "adjustment",
}
_UNIT: Final = re.compile(r"\s*([\d,.]+)\s*([KMB]?)(?![A-Za-z])\s*(.*)")
_THOUSANDS: Final = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}


def lines(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of an export as lines (see ``invoices.line``).

    A quantity counts blocks (``1M``, ``100 Hours``); lines count what is in them.
    """
    block = changed(rows["unit"], lambda each: _block_and_unit(each)[0]).astype(float)
    blocks = amounts(rows["quantity"])
    list_price = amounts(rows["list_price"])
    list_price = list_price.where(list_price > 0)
    list_cost = amounts(rows["list_cost"])
    return pd.DataFrame(
        {
            "cloud": "azure",
            "id": rows["meter_id"],
            "name": rows["meter"],
            "says": joined(
                rows["category"],
                rows["subcategory"],
                rows["product"],
                rows["service"],
            ),
            "unit": changed(rows["unit"], lambda each: _block_and_unit(each)[1]),
            "region": changed(rows["region"], lambda each: each.casefold().replace(" ", "")),
            "category": by_value(rows["charge"], _CHARGES, "adjustment"),
            "currency": rows["currency"],
            "list_price": list_price / block,
            "quantity": blocks * block,
            "list_cost": list_cost.where(list_cost.notna(), blocks * list_price),
            "billed_cost": amounts(rows["cost"]),
        }
    )


def _block_and_unit(text: str) -> tuple[float, str]:
    """How many are in a block, and of what; what is only a number counts ones.

    >>> _block_and_unit("1M"), _block_and_unit("100 Hours"), _block_and_unit("1/Day")
    ((1000000.0, '1'), (100.0, 'Hours'), (1.0, '/Day'))
    """
    found = _UNIT.fullmatch(text)
    if found is None:
        return 1.0, text
    try:
        number = float(found[1].replace(",", ""))
    except ValueError:
        return 1.0, text
    return number * _THOUSANDS[found[2]], found[3] or "1"
