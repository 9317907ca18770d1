"""Every conversion factor of the project, and the reading of quantities people write.

Clouds disagree on what a GB is, tools disagree on what a month is. Whatever converts one into
the other lives here, so that a factor can be wrong in one place only.
"""

from __future__ import annotations

import math
import re
from typing import Final, Literal

HOURS_PER_DAY: Final = 24
DAYS_PER_WEEK: Final = 7
HOURS_PER_WEEK: Final = HOURS_PER_DAY * DAYS_PER_WEEK
MINUTES_PER_HOUR: Final = 60
SECONDS_PER_MINUTE: Final = 60
SECONDS_PER_HOUR: Final = 3600
HOURS_PER_MONTH: Final = 730.0
"""The usual billing month: a 365-day year divided by twelve."""

KB: Final = 1000
KIB: Final = 1024
GB: Final = 1000**3
GIB: Final = 1024**3
BITS_PER_BYTE: Final = 8
BITS_PER_MEGABIT: Final = 1_000_000

Dimension = Literal["time", "size", "rate"]

_TIME_IN_SECONDS: Final = {
    "ms": 0.001,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_SIZE_IN_BYTES: Final = {
    "B": 1.0,
    "KB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "KiB": 1024.0,
    "MiB": 1024.0**2,
    "GiB": 1024.0**3,
}
_RATE_PER_SECOND: Final = {
    f"/{unit}": 1 / seconds for unit, seconds in _TIME_IN_SECONDS.items() if unit != "ms"
}
_FACTORS: Final[dict[Dimension, dict[str, float]]] = {
    "time": _TIME_IN_SECONDS,
    "size": _SIZE_IN_BYTES,
    "rate": _RATE_PER_SECOND,
}
_QUANTITY: Final = re.compile(r"^\s*([-+]?[0-9][0-9_,]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?)\s*(.*?)\s*$")


def parse_quantity(text: str, dimension: Dimension, unit: str) -> float:
    """Turn a quantity as people write it into a number of ``unit``.

    Args:
        text: a number with a unit, such as ``"90 min"``, ``"2 KB"`` or ``"12 / h"``; a bare
            number is taken to be in ``unit`` already.
        dimension: what the quantity must measure.
        unit: the unit of the result; one of the units of ``dimension``.

    Raises:
        ValueError: no number, or a unit that does not measure ``dimension``.

    >>> parse_quantity("90 min", "time", "h")
    1.5
    >>> parse_quantity("2 / min", "rate", "/h")
    120.0
    >>> parse_quantity("300 kg", "size", "B")
    Traceback (most recent call last):
    ...
    ValueError: '300 kg' is not a size; write a number of B, or a text with one of B, KB, MB, \
GB, KiB, MiB, GiB
    """
    factors = _FACTORS[dimension]
    match = _QUANTITY.match(text)
    written = re.sub(r"\s+|^per(?=\s)", "", match[2].replace("per ", "/")) if match else ""
    if match is None or (written and written not in factors):
        raise ValueError(
            f"'{text}' is not a {dimension}; write a number of {unit}, "
            f"or a text with one of {', '.join(factors)}"
        )
    number = float(match[1].replace("_", "").replace(",", ""))
    if not written:
        return number
    value = number * factors[written] / factors[unit]
    # 0.1 + 0.2 is no way to show a person's "12 / min" back to them
    return round(value, 12) if math.isfinite(value) else value
