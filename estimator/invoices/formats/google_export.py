"""How does Google Cloud write a bill? The standard and the detailed export to BigQuery.

Saved as CSV, JSON or Parquet. A row of usage carries its own credits: discounts and free tiers are
part of what the usage costs; promotions are apart. Columns:
https://docs.cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from estimator.invoices.line import amounts, by_value, changed

NAME: Final = "google_export"
TITLE: Final = "Google's billing export"
TIME_ZONE: Final = "America/Los_Angeles"
"""In which days and months of invoices begin; the times of the export are UTC."""
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "sku": ("skuid",),
    "description": ("skudescription",),
    "service": ("servicedescription",),
    "cost": ("cost",),
    "currency": ("currency",),
    "start": ("usagestarttime",),
    "end": ("usageendtime",),
    "quantity": ("usageamountinpricingunits",),
    "unit": ("usagepricingunit",),
    "raw_quantity": ("usageamount",),
    "raw_unit": ("usageunit",),
    "region": ("locationregion", "locationlocation"),
    "charge": ("costtype",),
    "list_cost": ("costatlist",),
    "local_per_usd": ("currencyconversionrate",),
    "credits": ("credits",),
}
REQUIRED: Final = {
    "sku": "sku.id",
    "description": "sku.description",
    "service": "service.description",
    "cost": "cost",
    "currency": "currency",
    "start": "usage_start_time",
}
AMOUNTS: Final = {
    "cost": "cost",
    "quantity": "quantity",
    "raw_quantity": "quantity",
    "list_cost": "list cost",
}
_CHARGES: Final = {
    "": "usage",
    "regular": "usage",
    "tax": "tax",
    "adjustment": "adjustment",
    "rounding_error": "adjustment",
}
_COMMITMENT: Final = "Commitment"
_ON_USAGE: Final = frozenset(
    {
        "COMMITTED_USAGE_DISCOUNT",
        "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE",
        "DISCOUNT",
        "FEE_UTILIZATION_OFFSET",
        "FREE_TIER",
        "SPENDING_BASED_DISCOUNT",
        "SUBSCRIPTION_BENEFIT",
        "SUSTAINED_USAGE_DISCOUNT",
    }
)
"""Types of credits that are part of what usage costs."""


def lines(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of an export as lines (see ``invoices.line``).

    After them come the credits that are apart, which count no rows.
    """
    category = by_value(rows["charge"], _CHARGES, "adjustment")
    commitment = rows["description"].str.startswith(_COMMITMENT) & (category == "usage")
    on_usage = changed(rows["credits"], lambda each: _credits(each)[0]).astype(float)
    apart = changed(rows["credits"], lambda each: _credits(each)[1]).astype(float)
    quantity = amounts(rows["quantity"])
    found = pd.DataFrame(
        {
            "cloud": "gcp",
            "id": rows["sku"],
            "name": rows["description"],
            "says": rows["service"],
            "unit": rows["unit"].where(quantity.notna(), rows["raw_unit"]),
            "region": rows["region"],
            "category": category.where(~commitment, "purchase"),
            "currency": rows["currency"],
            "list_price": np.nan,
            "quantity": quantity.where(quantity.notna(), amounts(rows["raw_quantity"])),
            "list_cost": amounts(rows["list_cost"]),
            "billed_cost": amounts(rows["cost"]) + on_usage,
            "local_per_usd": amounts(rows["local_per_usd"]),
        }
    )
    has_some = apart.fillna(0.0) != 0
    credited = found[has_some].assign(
        category="credit", quantity=0.0, list_cost=0.0, billed_cost=apart[has_some]
    )
    return pd.concat([found.assign(rows=1), credited.assign(rows=0)])


def _credits(text: str) -> tuple[float, float]:
    """Credits of a row: those that are part of what the usage costs, and those that are apart.

    >>> _credits('[{"type": "FREE_TIER", "amount": -2}, {"type": "PROMOTION", "amount": "-1"}]')
    (-2.0, -1.0)
    """
    if text in ("", "[]"):
        return 0.0, 0.0
    try:
        given: Any = json.loads(text)
        amounts_by_type = [(str(each.get("type")), float(each["amount"])) for each in given]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return np.nan, np.nan
    return (
        sum((amount for kind, amount in amounts_by_type if kind in _ON_USAGE), 0.0),
        sum((amount for kind, amount in amounts_by_type if kind not in _ON_USAGE), 0.0),
    )
