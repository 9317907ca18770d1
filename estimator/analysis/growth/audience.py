"""How large is the audience in each month to come?"""

from __future__ import annotations

import operator
from typing import Any, Final

import numpy as np

from estimator.arrays import FloatArray, Numbers
from estimator.errors import ScenarioError
from estimator.scenario.clients import Audience
from estimator.scenario.scenario import Scenario

MOST_MONTHS: Final = 120
"""Ten years: prices that far ahead are unknown, and longer tables cannot be read."""
MONTHS: Final = 24
"""How far ahead growth looks unless told otherwise."""
_MONTHS_PER_YEAR: Final = 12
_LEAST_PERCENT: Final = -100.0
_AUDIENCE: Final = ("peak_connections", "mean_connections", "users_per_day")
"""Each way to give the audience; sessions of a user do not grow with the number of users."""


def factors_by_month(
    months: int | None = None,
    monthly_growth_percent: float | None = None,
    annual_growth_percent: float | None = None,
    factors: Numbers | None = None,
) -> FloatArray:
    """What the audience is multiplied by in each month, from 1 in month 0 on.

    Args:
        months: how many follow month 0; 24, or as many as there are factors, if left out.
        monthly_growth_percent: growth from each month to the next.
        annual_growth_percent: growth over twelve months, spread evenly: the factor of month m is
            (1 + percent / 100) ^ (m / 12).
        factors: of month 1, month 2 and so on, against month 0.

    Returns:
        Shape (months + 1,).

    Raises:
        ScenarioError: not exactly one of the three ways, or a number that makes no sense.

    >>> factors_by_month(2, monthly_growth_percent=10)
    array([1.  , 1.1 , 1.21])
    >>> factors_by_month(factors=[1.5, 3])
    array([1. , 1.5, 3. ])
    """
    ways = {
        "monthly_growth_percent": monthly_growth_percent,
        "annual_growth_percent": annual_growth_percent,
        "factors": factors,
    }
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        found = f"both {' and '.join(given)} are given" if given else "none is given"
        raise ScenarioError(
            "give the growth of the audience in one way, as monthly_growth_percent, "
            f"annual_growth_percent or factors: {found}"
        )
    if factors is not None:
        return _as_given(factors, months)
    count = _whole_months(MONTHS if months is None else months)
    exponents = np.arange(count + 1.0)
    percent = monthly_growth_percent
    if annual_growth_percent is not None:
        percent, exponents = annual_growth_percent, exponents / _MONTHS_PER_YEAR
    base = 1 + _percent(given[0], percent) / 100
    with np.errstate(over="ignore"):  # what is too large for a number is too large an audience
        return base**exponents


def grown(scenario: Scenario, factors: FloatArray) -> Scenario:
    """A scenario of arrays: one for each month, every audience given multiplied by its factor.

    Args:
        scenario: of month 0.
        factors: of each month, shape (months + 1,).

    Raises:
        ScenarioError: the scenario stands for many already, or the audience grows too large.
    """
    if scenario.many:
        raise ScenarioError(
            f"growth begins with one scenario, but this one stands for {scenario.many[0]} "
            "(a field is a list): give the field one number"
        )
    try:
        return scenario.replace(
            **_times(scenario, factors),
            other_clients={
                name: {**dict(kind), **_times(kind, factors)}
                for name, kind in scenario.other_clients.items()
            },
        )
    except ScenarioError as error:
        raise ScenarioError(
            f"the audience grows to {float(factors.max()):,.4g} times what it is, which is more "
            f"than can be priced: take fewer months or less growth ({error})"
        ) from None


def _times(audience: Audience, factors: FloatArray) -> dict[str, Any]:
    """The audience, in each way it was given, in each month."""
    return {
        name: getattr(audience, name) * factors
        for name in _AUDIENCE
        if getattr(audience, name) is not None
    }


def _whole_months(months: object) -> int:
    number: object = months
    if isinstance(months, float) and months.is_integer():
        number = int(months)
    try:
        count = operator.index(number)  # pyright: ignore[reportArgumentType] (that is what is tried)
    except TypeError:
        count = 0
    if isinstance(months, bool) or not 1 <= count <= MOST_MONTHS:
        raise ScenarioError(
            f"months must be a whole number from 1 to {MOST_MONTHS}, but is {months!r}"
        )
    return count


def _percent(name: str, percent: object) -> float:
    number = _numbers(name, percent)
    if number.ndim:
        raise ScenarioError(f"{name} must be one number; give factors for each month instead")
    if not (np.isfinite(number) and number > _LEAST_PERCENT):
        raise ScenarioError(
            f"{name} must be a number above {_LEAST_PERCENT:g}, such as 5 for five percent more, "
            f"but is {float(number):g}"
        )
    return float(number)


def _as_given(factors: object, months: int | None) -> FloatArray:
    numbers = _numbers("factors", factors)
    if numbers.ndim != 1 or not 1 <= numbers.size <= MOST_MONTHS:
        raise ScenarioError(
            f"factors must be a list of 1 to {MOST_MONTHS} numbers, one for each month from "
            f"month 1 on, such as [1.1, 1.25, 1.5], but is {factors!r}"
        )
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ScenarioError(
            f"the factor of month {first + 1} must be a number of at least 0, but is "
            f"{float(numbers[first]):g}"
        )
    if months is not None and _whole_months(months) != numbers.size:
        raise ScenarioError(
            f"there are {numbers.size} factors for {months} months: give one for each month from "
            "month 1 on, or leave out months"
        )
    return np.concatenate(([1.0], numbers))


def _numbers(name: str, value: object) -> FloatArray:
    if not isinstance(value, bool | str):
        try:
            return np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            pass
    raise ScenarioError(
        f"{name}: {value!r} is not a number; write percentages as 5, factors as 1.05"
    )
