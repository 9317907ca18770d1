"""What do AWS's usage types and rate codes say? The region, the SKU, and what is used.

Usage types begin with a short name of the region (``EUC1-BoxUsage:c7g.large``), those of Northern
Virginia often with none. The short names are those of the usage types in AWS's price list.
"""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from estimator.invoices.line import changed

_PREFIX: Final = re.compile(r"^(?:[A-Z]{2,4}\d{1,2}|EU|Global|[a-z]{2}(?:-[a-z]+)+-\d)-")
_REGIONS: Final = {
    "USE1": "us-east-1",
    "USE2": "us-east-2",
    "USW1": "us-west-1",
    "USW2": "us-west-2",
    "CAN1": "ca-central-1",
    "EU": "eu-west-1",
    "EUW1": "eu-west-1",
    "EUW2": "eu-west-2",
    "EUW3": "eu-west-3",
    "EUC1": "eu-central-1",
    "EUN1": "eu-north-1",
    "APN1": "ap-northeast-1",
    "APN2": "ap-northeast-2",
    "APS1": "ap-southeast-1",
    "APS2": "ap-southeast-2",
    "APS3": "ap-south-1",
    "SAE1": "sa-east-1",
}
_WITHOUT_PREFIX: Final = "us-east-1"


def without_region(usage_types: pd.Series) -> pd.Series:
    """Usage types without the prefix of their region.

    >>> list(without_region(pd.Series(["EUC1-BoxUsage:c7g.large", "DataTransfer-Out-Bytes"])))
    ['BoxUsage:c7g.large', 'DataTransfer-Out-Bytes']
    """
    return changed(usage_types, lambda each: _PREFIX.sub("", each))


def region_of(usage_types: pd.Series) -> pd.Series:
    """The regions that usage types name; empty where the prefix is not of one of ours.

    >>> list(region_of(pd.Series(["EUC1-BoxUsage:c7g.large", "DataTransfer-Out-Bytes", ""])))
    ['eu-central-1', 'us-east-1', '']
    """
    return changed(usage_types, _region)


def sku_of_rate(rate_code: str) -> str:
    """The SKU of a rate, which begins with it (``SKU.TERM.RATE``)."""
    return rate_code.partition(".")[0]


def _region(usage_type: str) -> str:
    if not usage_type:
        return ""
    prefix = _PREFIX.match(usage_type)
    return _REGIONS.get(prefix[0][:-1], "") if prefix else _WITHOUT_PREFIX
