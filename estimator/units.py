"""Every conversion factor of the project, and the reading of quantities people write.

Clouds disagree on what a GB is, tools disagree on what a month is. Whatever converts one into
the other lives here, so that a factor can be wrong in one file only.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, Literal

from estimator.errors import echo

HOURS_PER_DAY: Final = 24
DAYS_PER_WEEK: Final = 7
HOURS_PER_WEEK: Final = HOURS_PER_DAY * DAYS_PER_WEEK
MINUTES_PER_HOUR: Final = 60
SECONDS_PER_MINUTE: Final = 60
SECONDS_PER_HOUR: Final = 3600
MS_PER_SECOND: Final = 1000
HOURS_PER_MONTH: Final = 730.0
"""The usual billing month: a 365-day year divided by twelve."""

HALF_A_CENT_USD: Final = 0.005
"""Amounts that differ by less are shown as the same."""

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
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)(?:\.\d*)?(?:[eE][-+]?\d{1,3})?"
_QUANTITY: Final = re.compile(rf"^\s*({_NUMBER})\s*(?!,)(.*?)\s*$")
_LARGEST: Final = 1e100
"""Far beyond any quantity, and far enough from where floats end to be converted."""
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_LETTERS: Final = 3
_WEEK_TIME: Final = re.compile(r"^\s*([A-Za-z]{3,})\s+(\d\d?)(?::(\d\d))?(?::(\d\d))?\s*$")


def parse_number(text: str) -> Fraction:
    """Read a number as people write it, exactly.

    Raises:
        ValueError: it is not a number.

    >>> float(parse_number("1,250.5")), float(parse_number("50_000"))
    (1250.5, 50000.0)
    """
    match = _QUANTITY.match(text)
    if match is None or match[2]:
        raise ValueError(f"{echo(text)} is not a number")
    written = match[1].replace("_", "").replace(",", "")
    if abs(float(written)) > _LARGEST:
        raise ValueError(f"{echo(text)} is too large a number")
    return Fraction(written)


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
            f"{echo(text)} is not a {dimension}; write a number of {unit}, "
            f"or a text with one of {', '.join(factors)}"
        )
    number = parse_number(match[1])
    return float(number * factors[written] / factors[unit] if written else number)


def parse_share(text: str) -> float:
    """Read a share of a whole: a number, a percentage or a fraction.

    Raises:
        ValueError: it is none of these.

    >>> parse_share("0.3"), parse_share("30%"), parse_share("1/4")
    (0.3, 0.3, 0.25)
    """
    written = text.strip()
    number, slash, whole = written.removesuffix("%").partition("/")
    try:
        divisor = parse_number(whole) if slash else 100 if written.endswith("%") else 1
        return float(parse_number(number) / divisor)
    except (ValueError, ArithmeticError):
        raise ValueError(f"{echo(text)} is not a share: write 0.3, '30%' or '1/3'") from None


def parse_week_time(text: str) -> float:
    """Read a moment of the week as hours from Monday 00:00.

    Args:
        text: a day and an hour, such as ``"Tue 14:00"`` or ``"tuesday 14:00:30"``, or a number of
            hours.

    Raises:
        ValueError: it is not a time of the week, or there is no such hour.

    >>> parse_week_time("Tue 14:30"), parse_week_time("38.5")
    (38.5, 38.5)
    """
    match = _WEEK_TIME.match(text)
    try:
        if match is None:
            return float(parse_number(text))
        [day] = [at for at, name in enumerate(_DAYS) if name.startswith(match[1].lower())]
    except ValueError:
        raise ValueError(
            f"{echo(text)} is not a time of the week: write a day and an hour, such as 'Tue 14:00'"
        ) from None
    hour, minute, second = (int(part or 0) for part in match.groups()[1:])
    if hour >= HOURS_PER_DAY or max(minute, second) >= SECONDS_PER_MINUTE:
        raise ValueError(f"{echo(text)} is not a time of the week: hours go to 23, minutes to 59")
    seconds = (hour * MINUTES_PER_HOUR + minute) * SECONDS_PER_MINUTE + second
    return float(day * HOURS_PER_DAY + Fraction(seconds, SECONDS_PER_HOUR))


def week_time_text(hours: float) -> str:
    """A moment of the week in words, to the second.

    >>> week_time_text(38.5), week_time_text(38 + 1 / 120)
    ('Tue 14:30', 'Tue 14:00:30')
    """
    minutes, second = divmod(round(hours * SECONDS_PER_HOUR), SECONDS_PER_MINUTE)
    of_week, minute = divmod(minutes, MINUTES_PER_HOUR)
    day, hour = divmod(of_week, HOURS_PER_DAY)
    clock = f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")
    return f"{_DAYS[day % DAYS_PER_WEEK][:_DAY_LETTERS].title()} {clock}"


def duration_text(seconds: float) -> str:
    """A span of time in the largest unit of which it is a whole number.

    >>> duration_text(300), duration_text(90), duration_text(0.2)
    ('5 min', '90 s', '200 ms')
    """
    spans = [(seconds / float(length), unit) for unit, length in _TIME_IN_SECONDS.items()]
    whole = [(span, unit) for span, unit in spans if span == round(span) and span >= 1]
    span, unit = min(whole, default=(seconds, "s"))
    return f"{span:,.6g} {unit}"
