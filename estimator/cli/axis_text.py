"""A field and its values on one line, as people write them on a command line or in a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from estimator.analysis.breakeven.crossovers import is_logarithmic
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError

_VALUES_OF_A_RANGE: Final = 13
_MOST_VALUES: Final = 10_000
_RIGHT: Final = "write peak_connections=100,1000 or peak_connections=100..1e6"


def parse_axes(texts: Iterable[str]) -> dict[str, FloatArray]:
    """Values by the name of their field, in the order given.

    Raises:
        ScenarioError: a text is no field with values, or a field is given twice.

    >>> parse_axes(["peak_connections=10,20", "posts.rate_per_hour=1..100/3"])
    {'peak_connections': array([10., 20.]), 'posts.rate_per_hour': array([  1.,  10., 100.])}
    """
    axes: dict[str, FloatArray] = {}
    for text in texts:
        name, values = _parted(text)
        if name in axes:
            raise ScenarioError(f"'{name}' is given twice")
        axes[name] = _values(text, values)
    return axes


def parse_range(text: str) -> tuple[str, float, float]:
    """A field and the ends of its range.

    Raises:
        ScenarioError: the text is no field with a range.

    >>> parse_range("peak_connections=1,000..1e6")
    ('peak_connections', 1000.0, 1000000.0)
    """
    name, values = _parted(text)
    low, dots, high = values.partition("..")
    if not dots:
        raise ScenarioError(f"'{text}' has no range: write {name}=100..1e6")
    return name, _number(text, low), _number(text, high)


def _parted(text: str) -> tuple[str, str]:
    name, sign, values = text.partition("=")
    if not (name.strip() and sign and values.strip()):
        raise ScenarioError(f"'{text}' is no field with values: {_RIGHT}")
    return name.strip(), values.strip()


def _values(text: str, values: str) -> FloatArray:
    if ".." not in values:
        return np.array([_number(text, each) for each in values.split(",")])
    ends, slash, said = values.partition("/")
    low, high = (_number(text, end) for end in ends.split("..", 1))
    count = _count(text, said) if slash else _VALUES_OF_A_RANGE
    if low >= high:
        raise ScenarioError(f"'{text}': a range ascends, as in {high:g}..{low:g}")
    spaced = np.geomspace if is_logarithmic(low, high) else np.linspace
    return spaced(low, high, count)


def _count(text: str, said: str) -> int:
    if not said.strip().isdecimal() or not 2 <= int(said) <= _MOST_VALUES:
        raise ScenarioError(
            f"'{text}': behind / stands how many values, from 2 to {_MOST_VALUES:,}, not '{said}'"
        )
    return int(said)


def _number(text: str, said: str) -> float:
    try:
        return float(said.replace(",", "").replace("_", ""))
    except ValueError:
        raise ScenarioError(f"'{text}': '{said}' is no number; {_RIGHT}") from None
