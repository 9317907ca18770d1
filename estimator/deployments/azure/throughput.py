"""What the vendor measured units to carry, by the way messages are sent.

https://learn.microsoft.com/azure/azure-web-pubsub/concept-performance and
https://learn.microsoft.com/azure/azure-signalr/signalr-concept-performance
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from estimator.arrays import FloatArray
from estimator.errors import UnknownNameError
from estimator.files import Sourced, load_rows


class Throughput(Sourced):
    """One measurement: messages of 2,048 bytes, 99% of them in under a second."""

    service: str
    pattern: str
    units: float
    in_messages_per_second: float
    out_messages_per_second: float
    out_mbytes_per_second: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """What so many units carry in one pattern of sending; not always in proportion to them."""

    units: FloatArray
    messages_in: FloatArray
    messages_out: FloatArray

    def messages_in_at(self, units: FloatArray) -> FloatArray:
        """Messages per second into so many units, on a line between two measurements."""
        return np.interp(units, self.units, self.messages_in)

    def messages_out_at(self, units: FloatArray) -> FloatArray:
        """Messages per second out of so many units, on a line between two measurements."""
        return np.interp(units, self.units, self.messages_out)

    @property
    def fan_out(self) -> float:
        """Recipients of a message in the measurement of the smallest size."""
        return float(self.messages_out[0] / self.messages_in[0])


@cache
def capacity(service: str, pattern: str) -> Capacity:
    """The measurements of a service in one pattern.

    >>> groups = capacity("web_pubsub", "small_group")
    >>> groups.fan_out, groups.messages_out_at(np.array([50, 100]))
    (10.0, array([100000., 100000.]))

    Raises:
        UnknownNameError: a pattern that was not measured.
    """
    rows = [r for r in load_rows("azure/throughput.csv", Throughput) if r.service == service]
    found = sorted((r for r in rows if r.pattern == pattern), key=lambda row: row.units)
    if not found:
        raise UnknownNameError("pattern", pattern, {row.pattern for row in rows})
    return Capacity(
        np.array([row.units for row in found]),
        np.array([row.in_messages_per_second for row in found]),
        np.array([row.out_messages_per_second for row in found]),
    )
