"""Bills of ours, written as each vendor writes its own: what the round trip reads back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from estimator.invoices.meter_map import InvoiceLine

DAY = "2026-11-01"
PREFIXES = {"us-east-1": "", "eu-central-1": "EUC1-", "ap-southeast-1": "APS1-"}
VENDORS = {"aws": "AWS", "azure": "Microsoft", "gcp": "Google Cloud", "oci": "Oracle"}


@dataclass(frozen=True)
class Charge:
    """A line of a bill of ours, and the row of the map that says how the vendor names it."""

    row: InvoiceLine
    region: str
    quantity: float
    """In our unit."""
    list_usd: float
    billed_usd: float

    @property
    def cloud(self) -> str:
        return (self.row.meter or "").partition(".")[0]

    @property
    def name(self) -> str:
        """The vendor's name; its id where it is found by that alone."""
        return self.row.names[0].replace("*", "Frankfurt") if self.row.names else "Usage"

    @property
    def line_id(self) -> str:
        return self.row.ids[0] if self.row.ids and not self.row.names else ""

    @property
    def says(self) -> str:
        return " ".join(self.row.where)

    @property
    def unit(self) -> str:
        """The vendor's unit, where the map has one."""
        return next(iter(self.row.units)).replace("*", "")

    @property
    def in_vendor_units(self) -> float:
        return self.quantity / next(iter(self.row.units.values()))


def aws_cur(charges: Iterable[Charge]) -> str:
    return _csv(
        {
            "lineItem/UsageAccountId": "111122223333",
            "lineItem/LineItemType": "Usage",
            "lineItem/UsageStartDate": f"{DAY}T00:00:00Z",
            "lineItem/ProductCode": "AmazonX",
            "lineItem/UsageType": PREFIXES[each.region] + each.name,
            "lineItem/Operation": each.says,
            "lineItem/UsageAmount": repr(each.in_vendor_units),
            "lineItem/CurrencyCode": "USD",
            "lineItem/UnblendedCost": repr(each.billed_usd),
            "lineItem/LineItemDescription": "",
            "product/sku": each.line_id,
            "product/regionCode": "",
            "pricing/publicOnDemandCost": repr(each.list_usd),
            "pricing/unit": each.unit,
        }
        for each in charges
    )


def azure_export(charges: Iterable[Charge]) -> str:
    blocks = {"1": ("1M", 1e6), "GB": ("1 GB", 1), "Hour": ("100 Hours", 100), "/Day": ("1/Day", 1)}

    def row(each: Charge) -> dict[str, str]:
        unit, size = blocks.get(each.unit, (f"1 {each.unit}".replace(" /", "/"), 1))
        blocks_of_it = each.in_vendor_units / size
        return {
            "SubscriptionName": "ours",
            "Date": "11/01/2026",
            "MeterCategory": each.says,
            "MeterSubCategory": "",
            "MeterName": each.name,
            "UnitOfMeasure": unit,
            "Quantity": repr(blocks_of_it),
            "CostInBillingCurrency": repr(each.billed_usd),
            "BillingCurrencyCode": "USD",
            "ResourceLocation": each.region,
            "ChargeType": "Usage",
            "PayGPrice": repr(each.list_usd / blocks_of_it),
        }

    return _csv(map(row, charges))


def google_export(charges: Iterable[Charge]) -> str:
    return _csv(
        {
            "service.description": each.says,
            "sku.id": each.line_id,
            "sku.description": each.name,
            "usage_start_time": f"{DAY} 00:00:00 UTC",
            "location.region": each.region,
            "cost": repr(each.billed_usd),
            "currency": "USD",
            "usage.amount_in_pricing_units": repr(each.in_vendor_units),
            "usage.pricing_unit": each.unit,
            "credits": "[]",
            "cost_type": "regular",
            "cost_at_list": repr(each.list_usd),
        }
        for each in charges
    )


def oci_report(charges: Iterable[Charge]) -> str:
    return _csv(
        {
            "lineItem/intervalUsageStart": f"{DAY}T00:00Z",
            "product/service": "X",
            "product/region": each.region,
            "usage/billedQuantity": repr(each.in_vendor_units),
            "cost/productSku": each.line_id,
            "product/Description": "Standard",
            "cost/myCost": repr(each.billed_usd),
            "cost/currencyCode": "USD",
            "cost/billingUnitReadable": "1 NONE NONE X",
            "lineItem/isCorrection": "false",
        }
        for each in charges
    )


def focus(charges: Iterable[Charge]) -> str:
    """With the columns of the specification only."""
    return _csv(
        {
            "BilledCost": repr(each.billed_usd),
            "BillingAccountId": "111122223333",
            "BillingCurrency": "USD",
            "ChargeCategory": "Usage",
            "ChargeClass": "",
            "ChargeDescription": each.name,
            "ChargePeriodStart": f"{DAY}T00:00:00Z",
            "ListCost": repr(each.list_usd),
            "ListUnitPrice": repr(each.list_usd / each.in_vendor_units),
            "PricingQuantity": repr(each.in_vendor_units),
            "PricingUnit": each.unit,
            "ProviderName": VENDORS[each.cloud],
            "RegionId": each.region,
            "ServiceName": each.says,
            "SkuId": each.line_id,
        }
        for each in charges
    )


def _csv(rows: Iterable[dict[str, str]]) -> str:
    rows = iter(rows)
    first = next(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, first.keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_all(first, rows))
    return text.getvalue()


def _all(first: dict[str, str], rest: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
    yield first
    yield from rest
