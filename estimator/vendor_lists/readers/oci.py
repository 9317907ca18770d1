"""What does Oracle's price list say? One answer with all parts; it names no regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from estimator.pricing.price_files import EVERYWHERE
from estimator.vendor_lists.listed import (
    Listed,
    Tiers,
    UnreadableAnswerError,
    VendorList,
    amount,
    day,
)

HOST = "https://apexapps.oracle.com"
_PATH = "/pls/apex/cetools/api/v1/products/?currencyCode=USD"
OFFER = "products"
_MODEL = "PAY_AS_YOU_GO"


def addresses(offer: str) -> list[str]:
    """The path of the list.

    >>> addresses("products")
    ['/pls/apex/cetools/api/v1/products/?currencyCode=USD']
    """
    return [_PATH] if offer == OFFER else []


def is_ours(content: Mapping[str, Any]) -> bool:
    """Whether an answer is of this list."""
    items = content.get("items")
    return isinstance(items, list) and any("partNumber" in item for item in items[:1])


def next_page(content: Mapping[str, Any]) -> str | None:
    """The address of what follows; None on the last page."""
    links = content.get("links") or []
    return next((link["href"] for link in links if link.get("rel") == "next"), None)


def read(content: Mapping[str, Any], name: str) -> Iterator[VendorList]:
    """Its parts as one list.

    Raises:
        UnreadableAnswerError: a part has no price in USD.
    """
    entries = tuple(_entry(item, f"{name}, {item.get('partNumber')}") for item in content["items"])
    yield VendorList(
        vendor="oci",
        offer=OFFER,
        read_on=day(content.get("lastUpdated")),
        published_on=day(content.get("lastUpdated")),
        source=f"{HOST}{_PATH}",
        name=name,
        regions=frozenset({EVERYWHERE}),
        entries=entries,
    )


def _entry(item: Mapping[str, Any], what: str) -> Listed:
    return Listed(
        region=EVERYWHERE,
        ids=frozenset({str(item["partNumber"])}),
        fields={
            # the list has stray double spaces
            "displayName": " ".join(str(item.get("displayName", "")).split()),
            "serviceCategory": str(item.get("serviceCategory", "")),
        },
        unit=" ".join(str(item.get("metricName", "")).split()),
        tiers=_tiers(item, what),
    )


def _tiers(item: Mapping[str, Any], what: str) -> Tiers:
    # the older form of the list has prices[] where the newer one has currencyCodeLocalizations[]
    for localized in item.get("currencyCodeLocalizations") or item.get("prices") or []:
        if localized.get("currencyCode") == "USD":
            prices = [each for each in localized["prices"] if each.get("model") == _MODEL]
            found = (
                (amount(each.get("rangeMin", 0), what), amount(each.get("value"), what))
                for each in prices
            )
            return tuple(sorted(found))
    raise UnreadableAnswerError(f"{what}: no price in USD")
