"""Every conversion factor of the project, and the reading of quantities people write.

Clouds disagree on what a GB is, tools disagree on what a month is. Whatever converts one into
the other lives here, so that a factor can be wrong in one place only.
"""

from __future__ import annotations

import re
from fractions import Fraction
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
MIB: Final = 1024**2
GB: Final = 1000**3
GIB: Final = 1024**3
BITS_PER_BYTE: Final = 8
BITS_PER_MEGABIT: Final = 1_000_000

Dimension = Literal["time", "size", "rate"]

# exact factors, so that "20 min" is the float nearest to a third of an hour
_TIME_IN_SECONDS: Final = {
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86_400),
}
_SIZE_IN_BYTES: Final = {
    "B": Fraction(1),
    "KB": Fraction(10**3),
    "MB": Fraction(10**6),
    "GB": Fraction(10**9),
    "KiB": Fraction(2**10),
    "MiB": Fraction(2**20),
    "GiB": Fraction(2**30),
}
_RATE_PER_SECOND: Final = {
    f"/{unit}": 1 / seconds for unit, seconds in _TIME_IN_SECONDS.items() if unit != "ms"
}
_FACTORS: Final[dict[Dimension, dict[str, Fraction]]] = {
    "time": _TIME_IN_SECONDS,
    "size": _SIZE_IN_BYTES,
    "rate": _RATE_PER_SECOND,
}
# a comma may only part thousands: "1,5" is one and a half to some and fifteen to nobody
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d*)?(?:[eE][-+]?\d+)?"
_QUANTITY: Final = re.compile(rf"^\s*({_NUMBER})\s*(?!,)(.*?)\s*$")


def parse_number(text: str) -> Fraction:
    """Read a number as people write it, exactly.

    Raises:
        ValueError: it is none.

    >>> float(parse_number("1,250.5")), float(parse_number("50_000"))
    (1250.5, 50000.0)
    """
    match = _QUANTITY.match(text)
    if match is None or match[2]:
        raise ValueError(f"'{text}' is not a number")
    return Fraction(match[1].replace("_", "").replace(",", ""))


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
    number = parse_number(match[1])
    return float(number * factors[written] / factors[unit] if written else number)
