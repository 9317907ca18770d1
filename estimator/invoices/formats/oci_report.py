"""How does Oracle write a bill? The cost report (``reports/cost-csv``).

It has no list price: a unit price is what the contract says. Columns:
https://docs.oracle.com/iaas/Content/Billing/Concepts/usagereportsoverview.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from estimator.invoices.line import amounts, changed, first_given, joined

NAME: Final = "oci_report"
TITLE: Final = "an OCI cost report"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "part": ("costproductsku",),
    "quantity": ("usagebilledquantity",),
    "cost": ("costmycost",),
    "currency": ("costcurrencycode",),
    "start": ("lineitemintervalusagestart",),
    "end": ("lineitemintervalusageend",),
    "description": ("productdescription",),
    "service": ("productservice",),
    "region": ("productregion",),
    "unit": ("costbillingunitreadable",),
    "unit_name": ("costskuunitdescription",),
    "correction": ("lineitemiscorrection",),
}
REQUIRED: Final = {
    "part": "cost/productSku",
    "quantity": "usage/billedQuantity",
    "cost": "cost/myCost",
    "currency": "cost/currencyCode",
    "start": "lineItem/intervalUsageStart",
}
AMOUNTS: Final = {"quantity": "quantity", "cost": "cost"}


def lines(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a report as lines (see ``invoices.line``)."""
    correction = changed(rows["correction"], str.casefold) == "true"
    return pd.DataFrame(
        {
            "cloud": "oci",
            "id": rows["part"],
            "name": first_given(rows["description"], rows["part"]),
            "says": joined(rows["service"], rows["unit_name"]),
            "unit": first_given(rows["unit_name"], rows["unit"]),
            "region": rows["region"],
            "category": np.where(correction, "adjustment", "usage"),
            "currency": rows["currency"],
            "list_price": np.nan,
            "quantity": amounts(rows["quantity"]),
            "list_cost": np.nan,
            "billed_cost": amounts(rows["cost"]),
        }
    )
