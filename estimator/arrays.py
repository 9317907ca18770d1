"""How are arrays typed, and read from what people give? One name for each type of number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import PlainValidator

from estimator.errors import echo

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


_MOST_DIMENSIONS = 8
_NUMBERS = (int, float, np.integer, np.floating)
_NO_NUMBERS = (bool, np.timedelta64)
"""Truth values and spans of time are numbers to Python and numpy."""
_DIGITS = 14
"""Decimal digits that a sum of a few floats gets right."""
_DIGITS_PER_BIT = np.log10(2.0)
_POWERS_OF_TEN = 10.0 ** np.arange(23)
"""Those that a float holds exactly."""


def numbers(given: Any) -> FloatArray:
    """Numbers as an array of its own; truth values, texts and dates are none.

    Args:
        given: a number, or lists, an array or a column of numbers, of any shape.

    Raises:
        ValueError: something else, or a number that floating point does not hold.

    >>> numbers([1, -0.0])
    array([1., 0.])
    >>> numbers([True, 5])
    Traceback (most recent call last):
    ValueError: expected a number or a list of numbers, not [True, 5]
    """
    try:
        array = given if isinstance(given, np.ndarray) else np.array(given, dtype=object)
        kinds = {*map(type, array.ravel())} if array.dtype == object else {array.dtype.type}
        if any(issubclass(kind, _NO_NUMBERS) or not issubclass(kind, _NUMBERS) for kind in kinds):
            raise TypeError
        if array.ndim > _MOST_DIMENSIONS:
            raise ValueError
        return np.asarray(array.astype(np.float64) + 0.0)  # no negative zero
    except OverflowError:
        raise ValueError(f"{echo(given)} is too large a number") from None
    except (RuntimeError, TypeError, ValueError):
        raise ValueError(f"expected a number or a list of numbers, not {echo(given)}") from None


Numbers = Annotated[npt.ArrayLike, PlainValidator(numbers)]
"""A parameter that takes a number or many; what arrives is an array of floating point."""


def without_noise(numbers: FloatArray) -> FloatArray:
    """The same to fourteen digits, so that sums print as they are worked out on paper.

    >>> float(without_noise(np.array(0.1) + np.array(0.2)))
    0.3
    """
    _, bits = np.frexp(numbers)
    decimals = np.clip(_DIGITS - np.ceil(bits * _DIGITS_PER_BIT), 0, len(_POWERS_OF_TEN) - 1)
    scale = _POWERS_OF_TEN[decimals.astype(np.intp)]
    return np.rint(numbers * scale) / scale


def spread(*figures: FloatArray | float) -> tuple[FloatArray, ...]:
    """Figures in the one shape that all of them can be spread to; not to be written to.

    >>> [each.tolist() for each in spread(np.array(1.0), np.array([2.0, 3.0]))]
    [[1.0, 1.0], [2.0, 3.0]]
    """
    arrays = tuple(np.asarray(each, dtype=np.float64) for each in figures)
    # of a single scenario, spreading would take longer than all that is done with them
    return arrays if {array.shape for array in arrays} == {()} else np.broadcast_arrays(*arrays)


def side_by_side(figures: Iterable[FloatArray | float]) -> FloatArray:
    """The same along an axis of their own, which comes first.

    >>> side_by_side([np.array(1.0), np.array([2.0, 3.0])]).tolist()
    [[1.0, 1.0], [2.0, 3.0]]
    """
    return np.array(spread(*figures))


def most(figures: float | FloatArray) -> float:
    """The largest of many scenarios, or the one figure there is.

    >>> most(2.5), most(np.array([1.0, 3.0]))
    (2.5, 3.0)
    """
    # a number, of NumPy or not, needs no reduction, which takes longer than all else here
    return float(figures) if isinstance(figures, float) else float(np.max(figures))
