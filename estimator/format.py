"""How is a number written for people? One way for each kind, used by every interface."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.units import HALF_A_CENT_USD, KB, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

NO_END: Final = "no end"
"""What is written for infinity."""
NO_PRICE: Final = "no price"
_CENTS_BELOW_USD: Final = 1000
_CENTS_SUFFICE_FROM_USD: Final = 0.1
"""From here on, cents have two digits that matter."""
_MILLION: Final = 1e6
_MINUS: Final = "−"
_MOST_DIGITS: Final = 6
_ROUNDING: Final = 1e-9
_NOTICED_FROM_S: Final = 0.001
_LARGER_UNIT_FROM: Final = 2
"""Of a larger unit of time there are at least so many."""


def dollars(usd: float | FloatArray | None) -> str:
    """An amount, with cents only where they matter.

    >>> dollars(1234.5), dollars(12.345), dollars(-1234.5), dollars(None)
    ('$1,234', '$12.35', '−$1,234', 'no price')
    """
    if usd is None:
        return NO_PRICE
    digits = 0 if abs(usd) >= _CENTS_BELOW_USD else 2
    return f"{_MINUS if usd < 0 else ''}${abs(usd):,.{digits}f}"


def dollars_and_cents(usd: float | FloatArray | None) -> str:
    """An amount to the cent, as on an invoice.

    >>> dollars_and_cents(1234.5), dollars_and_cents(None)
    ('$1,234.50', 'no price')
    """
    if usd is None:
        return NO_PRICE
    return f"{_MINUS if usd < 0 else ''}${abs(usd):,.2f}"


def dollars_each(usd: float) -> str:
    """An amount for one of many, which may be far below a cent.

    >>> dollars_each(1234.5), dollars_each(0.213512), dollars_each(0.0000213512), dollars_each(0)
    ('$1,234.50', '$0.21', '$0.000021', '$0.00')
    """
    if usd >= _CENTS_SUFFICE_FROM_USD or not usd:
        return dollars_and_cents(usd)
    return f"${unit_price(float(f'{usd:.2g}'))}"


def signed_dollars(usd: float | None) -> str:
    """A change of an amount; empty if there is none to tell.

    >>> signed_dollars(13.24), signed_dollars(-1234.5), signed_dollars(0.001), signed_dollars(None)
    ('+$13.24', '−$1,234', '$0', '')
    """
    if usd is None:
        return ""
    if abs(usd) < HALF_A_CENT_USD:
        return "$0"
    return dollars(usd) if usd < 0 else f"+{dollars(usd)}"


def percent(share: float) -> str:
    """A share of a whole; 0% and 100% only for none and all.

    >>> percent(0.5), percent(0.9999), percent(0.0001), percent(1.0), percent(0.0124)
    ('50%', '>99%', '<1%', '100%', '1%')
    """
    if 0 < share < HALF_A_CENT_USD:
        return "<1%"
    return ">99%" if 1 - HALF_A_CENT_USD <= share < 1 else f"{share:,.0%}"


def increase_text(factor: float) -> str:
    """How many times as much is needed, rounded up so that it suffices.

    >>> increase_text(1.01), increase_text(3.14), increase_text(10.0), increase_text(1234)
    ('×1.1', '×3.2', '×10', '×1,300')
    """
    if math.isinf(factor):
        return NO_END
    step = 10.0 ** (math.floor(math.log10(factor)) - 1)
    return f"×{figure_text(step * math.ceil(factor / step * (1 - _ROUNDING)))}"


def precise_percent(share: float) -> str:
    """A share of a whole, with as many digits as it takes to say neither none nor all of it.

    >>> precise_percent(0.123), precise_percent(0.99996), precise_percent(0.00012)
    ('12%', '99.996%', '0.01%')
    """
    digits = next(
        (d for d in range(_MOST_DIGITS) if 0 < round(share, d + 2) < 1 or share in (0, 1)), 0
    )
    return f"{100 * share:.{digits}f}%"


def signed_percent(change: float | None) -> str:
    """A change in percent, without needless decimals; empty if it has none.

    >>> signed_percent(19.23), signed_percent(-0.04), signed_percent(250.4), signed_percent(None)
    ('+19.2%', '−0.04%', '+250%', '')
    """
    if change is None:
        return ""
    size = abs(change)
    if size < HALF_A_CENT_USD:
        return "0%"
    digits = f"{size:,.0f}" if size >= 100 else f"{size:.{3 if size >= 1 else 2}g}"
    return f"{'+' if change > 0 else _MINUS}{digits}%"


def count_text(number: float) -> str:
    """A count, short where it is large.

    >>> (
    ...     count_text(96_000),
    ...     count_text(1_234_567),
    ...     count_text(2.5),
    ...     count_text(3e9),
    ...     count_text(float("inf")),
    ... )
    ('96,000', '1.23M', '2.5', '3B', 'no end')
    """
    if math.isinf(number):
        return NO_END
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        # 999,999.6 would be shown as 1,000,000, so it is the next unit's
        if abs(number) >= size - 0.5:
            return f"{number / size:.3g}{letter}"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def short_dollars(usd: float) -> str:
    """An amount in few characters, where many stand beside each other.

    >>> short_dollars(1234.5), short_dollars(12.6), short_dollars(-3.0), short_dollars(15_104_648)
    ('$1,234', '$13', '−$3', '$15.1M')
    """
    size = abs(usd)
    written = count_text(size) if size >= _MILLION else f"{size:,.0f}"
    return f"{_MINUS if usd < 0 else ''}${written}"


def figure_text(value: float) -> str:
    """A measured or published figure, whole from a hundred on.

    >>> figure_text(1234.5), figure_text(0.123456), figure_text(float("inf"))
    ('1,234', '0.123', 'no end')
    """
    if math.isinf(value):
        return NO_END
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def value_text(number: float) -> str:
    """The value of any field: whole where it is large, four digits at least.

    >>> value_text(24_817.3), value_text(0.0123456)
    ('24,817', '0.01235')
    """
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def given_text(number: float) -> str:
    """What a person gave, with its digits.

    >>> given_text(12.345), given_text(50_000)
    ('12.345', '50,000')
    """
    return f"{number:,.6g}"


def quantity_text(units: float | FloatArray) -> str:
    """A metered quantity, with as many decimals as matter.

    >>> quantity_text(1_234_567.891), quantity_text(0.75)
    ('1,234,568', '0.75')
    """
    return f"{float(units):,.0f}" if abs(units) >= 100_000 else f"{float(units):,.6g}"


def unit_price(usd: float) -> str:
    """A price of one unit in plain digits, without the noise of binary fractions.

    >>> unit_price(0.00000025), unit_price(0.7 * 0.3)
    ('0.00000025', '0.21')
    """
    return np.format_float_positional(float(f"{usd:.12g}"), trim="-")


def range_text(
    values: float | FloatArray, written: Callable[[float], str] = count_text, unit: str = ""
) -> str:
    """One number, or the range from the least to the most of many.

    Args:
        values: one number, or one for each scenario.
        written: how each end is written.
        unit: what is counted.

    >>> (
    ...     range_text(np.array([1.0, 2500.0]), unit="units"),
    ...     range_text(9.0505),
    ...     range_text(5.0, dollars),
    ... )
    ('1–2,500 units', '9.05', '$5.00')
    """
    if np.ndim(values) == 0:
        return f"{written(float(values))} {unit}".rstrip()
    low, high = (written(float(edge)) for edge in (np.min(values), np.max(values)))
    return f"{low if low == high else f'{low}–{high}'} {unit}".rstrip()


def bytes_text(size: float) -> str:
    """A number of bytes, in decimal units.

    >>> bytes_text(120), bytes_text(10_000), bytes_text(3.06e11), bytes_text(0.4)
    ('120 B', '10 KB', '306 GB', '0.4 B')
    """
    units = ("B", "KB", "MB", "GB", "TB", "PB", "EB")
    power = 0
    # 999.6 is shown as 1,000, so it is the next unit's
    while power < len(units) - 1 and size >= 999.5 * float(KB) ** power:
        power += 1
    return f"{size / float(KB) ** power:.3g} {units[power]}"


def span_text(seconds: float) -> str:
    """A span of time, in a unit of which there are at least two.

    >>> span_text(18), span_text(1247), span_text(86_400), span_text(float("inf"))
    ('18 s', '20.8 min', '24 h', 'no end')
    """
    if math.isinf(seconds):
        return NO_END
    if seconds < _LARGER_UNIT_FROM * SECONDS_PER_MINUTE:
        return f"{seconds:.3g} s"
    if seconds < _LARGER_UNIT_FROM * SECONDS_PER_HOUR:
        return f"{seconds / SECONDS_PER_MINUTE:.3g} min"
    return f"{seconds / SECONDS_PER_HOUR:.3g} h"


def delay_text(seconds: float) -> str:
    """A delay; what nobody notices is none.

    >>> delay_text(0.000424), delay_text(0.05), delay_text(285)
    ('none', '0.05 s', '4.75 min')
    """
    return "none" if seconds < _NOTICED_FROM_S else span_text(seconds)


def number_of(number: int, thing: str) -> str:
    """So many of a thing.

    >>> number_of(1, "line"), number_of(3, "line")
    ('1 line', '3 lines')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def sentence(text: str) -> str:
    """A text as a sentence: a capital first, a full stop last.

    >>> sentence("prices in force"), sentence("")
    ('Prices in force.', '')
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def capitalized(text: str) -> str:
    """A text with a capital first; the rest stays as it is.

    >>> capitalized("TLS of AWS"), capitalized("over a limit")
    ('TLS of AWS', 'Over a limit')
    """
    return f"{text[:1].upper()}{text[1:]}"
