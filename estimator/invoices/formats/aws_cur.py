"""How does AWS write a bill? The cost and usage report.

The legacy report (``lineItem/UsageType``) and 2.0 (``line_item_usage_type``) have the same columns
in two spellings. Discounts, and what takes away the cost that Savings Plans cover, stand on rows of
their own beside the usage: they belong to its cost and count nothing. Columns:
https://docs.aws.amazon.com/cur/latest/userguide/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from estimator.invoices.line import amounts, by_value, changed, first_given, joined
from estimator.invoices.usage_types import region_of, sku_of_rate, without_region

NAME: Final = "aws_cur"
TITLE: Final = "an AWS cost and usage report"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("lineitemlineitemtype",),
    "usage_type": ("lineitemusagetype",),
    "product": ("lineitemproductcode",),
    "quantity": ("lineitemusageamount",),
    "cost": ("lineitemunblendedcost",),
    "currency": ("lineitemcurrencycode",),
    "start": ("lineitemusagestartdate",),
    "end": ("lineitemusageenddate",),
    "operation": ("lineitemoperation",),
    "description": ("lineitemlineitemdescription",),
    "list_cost": ("pricingpublicondemandcost",),
    "list_price": ("pricingpublicondemandrate",),
    "unit": ("pricingunit",),
    "sku": ("productsku",),
    "rate_code": ("pricingratecode",),
    "region": ("productregioncode", "productregion"),
    "product_name": ("productproductname",),
    "family": ("productproductfamily",),
    "engine": ("productcacheengine",),
}
REQUIRED: Final = {
    "kind": "lineItem/LineItemType",
    "usage_type": "lineItem/UsageType",
    "product": "lineItem/ProductCode",
    "quantity": "lineItem/UsageAmount",
    "cost": "lineItem/UnblendedCost",
    "currency": "lineItem/CurrencyCode",
    "start": "lineItem/UsageStartDate",
}
AMOUNTS: Final = {"quantity": "quantity", "cost": "cost", "list_cost": "list cost"}
_ON_USAGE: Final = "discount"
_KINDS: Final = {
    "usage": "usage",
    "discountedusage": "usage",
    "savingsplancoveredusage": "usage",
    "savingsplannegation": _ON_USAGE,
    "edpdiscount": _ON_USAGE,
    "sppdiscount": _ON_USAGE,
    "privateratediscount": _ON_USAGE,
    "bundleddiscount": _ON_USAGE,
    "discount": _ON_USAGE,
    "credit": "credit",
    "refund": "adjustment",
    "tax": "tax",
    "fee": "purchase",
    "rifee": "purchase",
    "savingsplanrecurringfee": "purchase",
    "savingsplanupfrontfee": "purchase",
    "flatratesubscription": "purchase",
}


def lines(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a report as lines (see ``invoices.line``)."""
    kind = by_value(rows["kind"], _KINDS, "adjustment")
    discount = (kind == _ON_USAGE) & (rows["usage_type"] != "")
    category = kind.where(kind != _ON_USAGE, np.where(discount, "usage", "adjustment"))
    list_cost = amounts(rows["list_cost"])
    return pd.DataFrame(
        {
            "cloud": "aws",
            "id": first_given(rows["sku"], changed(rows["rate_code"], sku_of_rate)),
            "name": first_given(without_region(rows["usage_type"]), rows["product"]),
            "says": joined(
                rows["operation"],
                rows["product"],
                rows["description"],
                rows["product_name"],
                rows["family"],
                rows["engine"],
            ),
            "unit": rows["unit"],
            "region": first_given(rows["region"], region_of(rows["usage_type"])),
            "category": category,
            "currency": rows["currency"],
            "list_price": amounts(rows["list_price"]),
            "quantity": amounts(rows["quantity"]).where(~discount, 0.0),
            "list_cost": list_cost.where(~discount, 0.0),
            "billed_cost": amounts(rows["cost"]),
        }
    )
