"""How are amounts of bytes and messages written for people?"""

from __future__ import annotations

from estimator.units import KB


def bytes_text(size: float) -> str:
    """A number of bytes for people, in decimal units.

    >>> bytes_text(120), bytes_text(10_000), bytes_text(3.06e11), bytes_text(0.4)
    ('120 B', '10 KB', '306 GB', '0.4 B')
    """
    units = ("B", "KB", "MB", "GB", "TB", "PB")
    power = 0
    # 999.6 is shown as 1,000, so it is the next unit's
    while power < len(units) - 1 and size >= 999.5 * float(KB) ** power:
        power += 1
    scaled = size / float(KB) ** power
    return f"{scaled:.3g} {units[power]}"


def count_text(count: float) -> str:
    """A count for people, short where it is large.

    >>> count_text(96_000), count_text(1_234_567), count_text(2.5), count_text(3e9)
    ('96,000', '1.23 M', '2.5', '3 bn')
    """
    for size, name in ((1e12, "tn"), (1e9, "bn"), (1e6, "M")):
        # 999,999.6 would be shown as 1,000,000, so it is the next unit's
        if count >= size - 0.5:
            return f"{count / size:.3g} {name}"
    return f"{count:,.0f}" if count >= 100 else f"{count:.3g}"


def number_of(number: int, thing: str) -> str:
    """So many of a thing, for people.

    >>> number_of(1, "line"), number_of(3, "line")
    ('1 line', '3 lines')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def value_text(value: float) -> str:
    """A value of any field for people: whole where it is large, four digits at least.

    >>> value_text(24_817.3), value_text(0.0123456)
    ('24,817', '0.01235')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
