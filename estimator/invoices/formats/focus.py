"""How does FOCUS write a bill? One table for all vendors, versions 1.0 to 1.4.

The specification: https://focus.finops.org. Columns that begin with ``x_`` are a vendor's own; what
they say is used where they are present, and nothing depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from estimator.invoices.line import amounts, by_value, changed, first_given, joined
from estimator.invoices.usage_types import region_of, sku_of_rate, without_region

NAME: Final = "focus"
TITLE: Final = "a FOCUS table"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "vendor": ("serviceprovidername", "providername", "publisher"),
    "charge": ("chargecategory",),
    "cost": ("billedcost",),
    "currency": ("billingcurrency",),
    "start": ("chargeperiodstart",),
    "end": ("chargeperiodend",),
    "description": ("chargedescription",),
    "pricing_quantity": ("pricingquantity",),
    "pricing_unit": ("pricingunit",),
    "service": ("servicename",),
    "charge_class": ("chargeclass",),
    "consumed_quantity": ("consumedquantity", "usagequantity"),
    "consumed_unit": ("consumedunit", "usageunit"),
    "list_cost": ("listcost",),
    "list_price": ("listunitprice",),
    "sku": ("skuid",),
    "sku_price": ("skupriceid",),
    "sku_meter": ("skumeter",),
    "region": ("regionid", "region"),
    "region_name": ("regionname",),
    "resource_type": ("resourcetype",),
    "usage_type": ("xusagetype",),
    "operation": ("xoperation",),
    "meter_name": ("xskumetername",),
    "meter_category": ("xskumetercategory",),
    "meter_subcategory": ("xskumetersubcategory",),
    "block": ("xpricingblocksize",),
    "our_meter": ("xmeterid",),
}
REQUIRED: Final = {
    "vendor": "ProviderName",
    "charge": "ChargeCategory",
    "cost": "BilledCost",
    "currency": "BillingCurrency",
    "start": "ChargePeriodStart",
    "description": "ChargeDescription",
}
AMOUNTS: Final = {
    "cost": "cost",
    "pricing_quantity": "quantity",
    "consumed_quantity": "consumed quantity",
    "list_cost": "list cost",
    "list_price": "list price",
}
_CLOUDS: Final = {
    "amazon": "aws",
    "aws": "aws",
    "microsoft": "azure",
    "azure": "azure",
    "google": "gcp",
    "gcp": "gcp",
    "oracle": "oci",
    "oci": "oci",
}
_OTHER: Final = "other"
_CHARGES: Final = {
    "usage": "usage",
    "purchase": "purchase",
    "tax": "tax",
    "credit": "credit",
    "adjustment": "adjustment",
}


def lines(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a FOCUS table as lines (see ``invoices.line``)."""
    cloud = changed(rows["vendor"], _cloud)
    correction = changed(rows["charge_class"], str.casefold) == "correction"
    category = by_value(rows["charge"], _CHARGES, "adjustment")
    quantity, unit, list_price = _counted(rows, cloud == "azure")
    return pd.DataFrame(
        {
            "cloud": cloud,
            "id": first_given(
                rows["our_meter"], rows["sku"], changed(rows["sku_price"], sku_of_rate)
            ),
            "name": first_given(
                without_region(rows["usage_type"]), rows["meter_name"], rows["description"]
            ),
            "says": joined(
                rows["description"],
                rows["service"],
                rows["operation"],
                rows["resource_type"],
                rows["sku_meter"],
                rows["meter_category"],
                rows["meter_subcategory"],
            ),
            "unit": unit,
            "region": first_given(
                rows["region"], rows["region_name"], region_of(rows["usage_type"])
            ),
            "category": category.where(~correction, "adjustment"),
            "currency": rows["currency"],
            "list_price": list_price,
            "quantity": quantity,
            "list_cost": amounts(rows["list_cost"]),
            "billed_cost": amounts(rows["cost"]),
        }
    )


def _cloud(vendor: str) -> str:
    plain = vendor.casefold()
    return next((cloud for name, cloud in _CLOUDS.items() if name in plain), _OTHER)


def _counted(rows: pd.DataFrame, is_azure: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Quantities, their units, and the list price of one of these.

    Azure prices blocks (a million messages) and names no block in the standard columns, and some of
    its files divide by the block twice: cost by price says how many blocks there are.
    """
    pricing = amounts(rows["pricing_quantity"])
    consumed = amounts(rows["consumed_quantity"])
    quantity = pricing.where(pricing.notna(), consumed)
    unit = rows["pricing_unit"].where(pricing.notna(), rows["consumed_unit"])
    list_price = amounts(rows["list_price"])
    if not is_azure.any():
        return quantity, unit, list_price
    list_cost = amounts(rows["list_cost"])
    priced = is_azure & (list_cost.abs() > 0) & (list_price > 0)
    quantity = quantity.where(~priced, list_cost / list_price)
    block = amounts(rows["block"])
    known = is_azure & (block > 0)
    return (
        quantity.where(~known, quantity * block),
        unit.where(~(known & (unit.str.casefold() == "units")), "1"),
        list_price.where(~known, list_price / block),
    )
