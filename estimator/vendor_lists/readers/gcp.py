"""What does Google's Cloud Billing Catalog say? Pages of SKUs, each with its regions and tiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from estimator.pricing.price_files import EVERYWHERE
from estimator.vendor_lists.listed import Listed, UnreadableAnswerError, VendorList, amount, day

HOST = "https://cloudbilling.googleapis.com"
KEY_VARIABLE = "GOOGLE_API_KEY"
"""The environment variable with the key that the catalog asks for; it costs nothing."""
_WORLDWIDE = "global"
_NANOS = Decimal(10) ** -9


def addresses(offer: str) -> list[str]:
    """The path of the first page of a service.

    >>> addresses("152E-C115-5142")
    ['/v1/services/152E-C115-5142/skus?currencyCode=USD&pageSize=5000']
    """
    return [f"/v1/services/{offer}/skus?currencyCode=USD&pageSize=5000"]


def is_ours(content: Mapping[str, Any]) -> bool:
    """Whether an answer is of the catalog."""
    return "skus" in content


def next_page(content: Mapping[str, Any]) -> str | None:
    """The path of what follows; None on the last page."""
    token = content.get("nextPageToken")
    if not token or not content["skus"]:
        return None
    return f"{addresses(_service(content['skus'][0]))[0]}&pageToken={quote(token)}"


def read(content: Mapping[str, Any], name: str) -> Iterator[VendorList]:
    """Its SKUs as one list for each service.

    Raises:
        UnreadableAnswerError: a SKU has no price, or one in another currency.
    """
    services: dict[str, list[Listed]] = {}
    for sku in content["skus"]:
        services.setdefault(_service(sku), []).extend(_entries(sku, name))
    for service, entries in services.items():
        yield VendorList(
            vendor="gcp",
            offer=service,
            read_on=None,
            source=f"{HOST}{addresses(service)[0]}",
            name=name,
            regions=frozenset(entry.region for entry in entries),
            entries=tuple(entries),
        )


def _service(sku: Mapping[str, Any]) -> str:
    """The id of its service: ``services/152E-C115-5142/skus/2DA5-55D3-E679``."""
    return "".join(str(sku.get("name", "")).split("/")[1:2])


def _entries(sku: Mapping[str, Any], name: str) -> Iterator[Listed]:
    what = f"{name}, {sku.get('skuId')}"
    priced = sku.get("pricingInfo") or []
    if not priced:
        return
    expression = priced[-1]["pricingExpression"]
    tiers = tuple(
        sorted((amount(rate.get("startUsageAmount", 0), what), _usd(rate["unitPrice"], what))
               for rate in expression["tieredRates"])
    )  # fmt: skip
    category = sku.get("category", {})
    for region in sku.get("serviceRegions", []):
        yield Listed(
            region=EVERYWHERE if region == _WORLDWIDE else region,
            ids=frozenset({str(sku["skuId"])}),
            fields={
                "description": " ".join(str(sku.get("description", "")).split()),
                "resourceGroup": str(category.get("resourceGroup", "")),
                "usageType": str(category.get("usageType", "")),
            },
            unit=str(expression["usageUnit"]),
            tiers=tiers,
            since=day(priced[-1].get("effectiveTime")),
        )


def _usd(price: Mapping[str, Any], what: str) -> Decimal:
    """Of one unit: whole dollars and billionths."""
    if price.get("currencyCode", "USD") != "USD":
        raise UnreadableAnswerError(f"{what}: in {price['currencyCode']!r}, not in USD")
    return amount(price.get("units", 0), what) + amount(price.get("nanos", 0), what) * _NANOS
