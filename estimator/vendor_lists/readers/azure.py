"""What does Azure's Retail Prices API say? Pages of items, one item for each tier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from estimator.pricing.price_files import EVERYWHERE, load_price_files
from estimator.vendor_lists.listed import Listed, UnreadableAnswerError, VendorList, amount, day

HOST = "https://prices.azure.com"
_PATH = "/api/retail/prices"
_NAMES = ("serviceName", "productName", "skuName", "meterName", "type", "armSkuName", "meterId")
_WORLDWIDE = {"Global", ""}
"""What the API calls a price that holds in every region."""


def addresses(offer: str) -> list[str]:
    """The path of the first page: one broad question, since many small ones are refused.

    >>> len(addresses("SignalR")), addresses("SignalR")[0][:60]
    (1, '/api/retail/prices?%24filter=serviceName+eq+%27SignalR%27+an')
    """
    regions = ["Global", *(load_price_files().regions or {}).get("azure", {})]
    where = " or ".join(f"armRegionName eq '{name}'" for name in regions)
    return [_asked(f"serviceName eq '{offer}' and priceType eq 'Consumption' and ({where})")]


def _asked(what: str) -> str:
    return f"{_PATH}?{urlencode({'$filter': what})}"


def is_ours(content: Mapping[str, Any]) -> bool:
    """Whether an answer is of this API."""
    return {"BillingCurrency", "Items"} <= content.keys()


def next_page(content: Mapping[str, Any]) -> str | None:
    """The address of what follows; None on the last page."""
    return content.get("NextPageLink") or None


def read(content: Mapping[str, Any], name: str) -> Iterator[VendorList]:
    """Its items as one list for each service.

    Raises:
        UnreadableAnswerError: an item has no price, or another currency; or there is no item, as
            the API answers to a misspelled question.
    """
    if content["BillingCurrency"] != "USD":
        raise UnreadableAnswerError(f"{name}: in {content['BillingCurrency']!r}, not in USD")
    items: list[Mapping[str, Any]] = content["Items"]
    if not items:
        raise UnreadableAnswerError(
            f"{name}: no items, as the API answers to a misspelled question"
        )
    services: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        services[_service(item)].append(item)
    for service, found in services.items():
        entries = tuple(_entries(found, name))
        yield VendorList(
            vendor="azure",
            offer=service,
            read_on=None,
            source=HOST + _asked(f"serviceName eq '{service}'"),
            name=name,
            regions=frozenset(entry.region for entry in entries),
            entries=entries,
        )


def _service(item: Mapping[str, Any]) -> str:
    """The service of an item; old copies leave it out of items of virtual machines."""
    return str(item.get("serviceName") or "Virtual Machines")


def _entries(items: list[Mapping[str, Any]], name: str) -> Iterator[Listed]:
    tiers: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        kept = tuple(str(item.get(field, "")) for field in _NAMES)
        term = str(item.get("reservationTerm", ""))
        tiers[*kept, str(item.get("armRegionName", "")), term].append(item)
    for key, found in tiers.items():
        first = found[0]
        where = str(first.get("armRegionName", ""))
        # pages that were read while the list changed hold some items twice
        edges = sorted({_tier(item, f"{name}, {key[3]}") for item in found})
        yield Listed(
            region=EVERYWHERE if where in _WORLDWIDE else where,
            ids=frozenset({str(first.get("meterId", ""))} - {""}),
            fields=dict(zip(_NAMES, key, strict=False)),
            unit=str(first.get("unitOfMeasure", "")),
            tiers=tuple(edges),
            since=max(filter(None, (day(item.get("effectiveStartDate")) for item in found)),
                      default=None),
        )  # fmt: skip


def _tier(item: Mapping[str, Any], what: str) -> tuple[Decimal, Decimal]:
    """Where the tier of an item begins, and its price."""
    currency = item.get("currencyCode", "USD")
    if currency != "USD":
        raise UnreadableAnswerError(f"{what}: in {currency!r}, not in USD")
    return amount(item.get("tierMinimumUnits", 0), what), amount(item.get("retailPrice"), what)
