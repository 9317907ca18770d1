"""What do AWS's metered-unit maps say? The files behind its own pricing pages, one per service.

They give an entry twice for each region: under a code that is the same in all regions
(``RegionlessRateCode``) and under a label. They hold neither units nor the edges of tiers: each
tier is an entry of its own, and its label says what it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from estimator.pricing.price_files import load_price_files
from estimator.vendor_lists.listed import Listed, UnreadableAnswerError, VendorList, amount, day

HOST = "https://b0.p.awsstatic.com"
_MAPS = "/pricing/2.0/meteredUnitMaps"
_INSTANCES = "ec2"
"""The offer that has a file for each region."""
_IN_FOLDER_OF = {"natgateway": "ec2"}
"""Maps that are not in a folder of their own name."""


def addresses(offer: str) -> list[str]:
    """Paths of the files of a map.

    >>> addresses("elb")
    ['/pricing/2.0/meteredUnitMaps/elb/USD/current/elb.json']
    """
    if offer == _INSTANCES:
        return [
            f"{_MAPS}/ec2/USD/current/ec2-ondemand-without-sec-sel/{quote(title)}/Linux/index.json"
            for title in _titles()
        ]
    return [f"{_MAPS}/{_IN_FOLDER_OF.get(offer, offer)}/USD/current/{offer}.json"]


def is_ours(content: Mapping[str, Any]) -> bool:
    """Whether an answer is a metered-unit map."""
    return {"manifest", "regions"} <= content.keys()


def read(content: Mapping[str, Any], name: str) -> Iterator[VendorList]:
    """The map as one list.

    Raises:
        UnreadableAnswerError: an entry has no price, or another currency.
    """
    manifest = content["manifest"]
    if manifest.get("currencyCode") != "USD":
        raise UnreadableAnswerError(f"{name}: in {manifest.get('currencyCode')!r}, not in USD")
    titles = _titles()
    entries: list[Listed] = []
    regions: set[str] = set()
    for title, by_key in content["regions"].items():
        region = titles.get(_plain(title))
        if region is not None:
            regions.add(region)
            entries += _entries(by_key, region, name)
    offer = manifest.get("source") or manifest.get("serviceId") or ""
    if any("Instance Type" in entry.fields for entry in entries) and offer.startswith(_INSTANCES):
        offer = _INSTANCES
    yield VendorList(
        vendor="aws",
        offer=offer,
        read_on=day(manifest.get("hawkFilePublicationDate")),
        published_on=day(manifest.get("hawkFilePublicationDate")),
        source=f"{HOST}{addresses(offer)[0]}",
        name=name,
        regions=frozenset(regions),
        entries=tuple(entries),
    )


def _entries(by_key: Mapping[str, Any], region: str, name: str) -> Iterator[Listed]:
    labels: dict[str, set[str]] = {}
    said: dict[str, Mapping[str, Any]] = {}
    for key, entry in by_key.items():
        code = str(entry.get("RegionlessRateCode") or entry.get("rateCode") or key)
        said[code] = entry
        labels.setdefault(code, set()).update({key} - {code})
    for code, entry in said.items():
        price = amount(entry.get("price"), f"{name}, {region}, {code}")
        texts = {key: text for key, text in entry.items() if isinstance(text, str)}
        texts.pop("price", None)
        # where two tiers cost the same, one code has the labels of both
        for label in sorted(labels[code]) or [""]:
            yield Listed(
                region=region,
                ids=frozenset({code, *str(entry.get("rateCode", "")).split(".")[:1]} - {""}),
                fields={**texts, "label": label},
                unit="",
                tiers=((amount(0, name), price),),
            )


def _titles() -> dict[str, str]:
    """Our regions, by what the maps call them."""
    regions = (load_price_files().regions or {}).get("aws", {})
    return {_plain(row.title): region for region, row in regions.items()}


def _plain(title: str) -> str:
    """A title of a region as the maps spell it: EU for Europe, and no accents.

    >>> _plain("Europe (Frankfurt)"), _plain("South America (São Paulo)")
    ('EU (Frankfurt)', 'South America (Sao Paulo)')
    """
    parts = unicodedata.normalize("NFKD", title)
    return "".join(sign for sign in parts if sign.isascii()).replace("Europe (", "EU (")
