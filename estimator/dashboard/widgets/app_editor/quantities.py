"""How are rates, sizes and times written in fields that people edit, and read from them?

Every digit is kept, in the unit that takes the fewest of them. Whatever a scenario file may say of
a quantity may be typed, too, also with units in words; a bare number keeps the unit that is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from estimator.errors import ScenarioError, echo
from estimator.format import given_text
from estimator.units import (
    HOURS_PER_DAY,
    KB,
    KIB,
    MIB,
    MINUTES_PER_HOUR,
    MS_PER_SECOND,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
    Dimension,
    parse_number,
    parse_quantity,
)

_PER_HOUR: Final = {
    "per second": float(SECONDS_PER_HOUR),
    "per minute": float(MINUTES_PER_HOUR),
    "per hour": 1.0,
    "per day": 1.0 / HOURS_PER_DAY,
}
_BYTES: Final = {
    "B": 1.0,
    "KB": float(KB),
    "MB": float(KB**2),
    "KiB": float(KIB),
    "MiB": float(MIB),
}
_SECONDS: Final = {
    "s": 1.0,
    "min": float(SECONDS_PER_MINUTE),
    "h": float(SECONDS_PER_HOUR),
    "days": float(SECONDS_PER_HOUR * HOURS_PER_DAY),
    "ms": 1.0 / MS_PER_SECOND,
}
_WORDS: Final = {
    r"milliseconds?": "ms",
    r"seconds?|secs?": "s",
    r"minutes?|mins?": "min",
    r"hours?|hrs?": "h",
    r"days?": "d",
    r"bytes?": "B",
}
_USUAL: Final[Mapping[Dimension, str]] = {"rate": "/h", "size": "B", "time": "s"}
_DIGITS: Final = 12
"""As many as people write; more would show the noise of binary fractions."""
_EXACT: Final = 1e-12


def rate_text(per_hour: float) -> str:
    """How often something happens.

    >>> rate_text(72_000), rate_text(2.3), rate_text(60), rate_text(0.5), rate_text(0)
    ('20 per second', '2.3 per hour', '1 per minute', '12 per day', '0 per hour')
    """
    return _shortest(per_hour, _PER_HOUR, "per hour")


def size_text(size_bytes: float) -> str:
    """A size of messages.

    >>> size_text(225), size_text(17_000), size_text(30_720), size_text(1_234.5)
    ('225 B', '17 KB', '30 KiB', '1,234.5 B')
    >>> size_text(1_000_000), size_text(1_234_567)
    ('1 MB', '1,234,567 B')
    """
    return _shortest(size_bytes, _BYTES, "B")


def time_text(seconds: float) -> str:
    """A span of time.

    >>> time_text(25), time_text(0.5), time_text(5_400), time_text(100)
    ('25 s', '500 ms', '90 min', '100 s')
    """
    return _shortest(seconds, _SECONDS, "s")


def share_text(share: float) -> str:
    """A part of a whole.

    >>> share_text(1.0), share_text(0.125)
    ('100%', '12.5%')
    """
    return f"{given_text(100 * share)}%"


def as_written(typed: str, dimension: Dimension, like: str) -> str:
    """What was typed, as a scenario file would say it.

    Args:
        typed: a number with or without its unit.
        dimension: what it measures.
        like: what the field shows, or an example: a bare number takes its unit.

    Raises:
        ScenarioError: it is no such quantity.

    >>> as_written("90 minutes", "time", "8 h"), as_written("25", "rate", "20 per second")
    ('90 min', '25 per s')
    >>> as_written("300 kg", "size", "2 KB")
    Traceback (most recent call last):
    ...
    estimator.errors.ScenarioError: '300 kg' is not a size: write a number with its unit, such as \
2 KB
    """
    with suppress(ValueError):
        parse_number(typed)
        typed = f"{typed} {like.partition(' ')[2]}"
    text = typed.strip()
    for words, unit in _WORDS.items():
        text = re.sub(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])", unit, text, flags=re.IGNORECASE)
    try:
        parse_quantity(text, dimension, _USUAL[dimension])
    except ValueError:
        raise ScenarioError(
            f"{echo(typed)} is not a {dimension}: write a number with its unit, such as {like}"
        ) from None
    return text


def _shortest(value: float, units: Mapping[str, float], usual: str) -> str:
    """In the unit that takes the fewest digits and loses none, of equals the first."""
    written = {unit: f"{value / factor:,.{_DIGITS}g}" for unit, factor in units.items()}
    exact = [
        unit
        for unit, text in written.items()
        if value >= units[unit]
        and math.isclose(
            float(text.replace(",", "")) * units[unit], value, rel_tol=_EXACT, abs_tol=0
        )
    ]
    if not exact:
        return f"{given_text(value / units[usual])} {usual}"
    unit = min(exact, key=lambda each: sum(map(str.isdigit, written[each])))
    return f"{written[unit]} {unit}"
