"""One family of errors; each says what is wrong, where, and what would be right."""

from __future__ import annotations

import datetime as dt
import difflib
import platform
import re
import traceback
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from reprlib import Repr
from typing import Any

MOST_MESSAGE_CHARACTERS = 400
"""What is longer is not read."""
_MOST_ECHOED = 60
_PACKAGE = Path(__file__).parent
_CLOSE_NAMES = 5
_MOST_LISTED_CHARACTERS = 250
_CUT = " […] "

_shown = Repr()
_shown.maxstring = _shown.maxother = _shown.maxlong = _MOST_ECHOED


def cut(text: str, most: int = _MOST_ECHOED) -> str:
    """A text with a gap, if it is longer than ``most`` characters.

    The gap is near the end: a message begins with where and what, and ends with what would be
    right.

    >>> cut("peak_connections", 40), cut("a" * 5000, 17)
    ('peak_connections', 'aaaaaaaaa […] aaa')
    """
    if len(text) <= most:
        return text
    tail = (most - len(_CUT)) // 4
    return f"{text[: most - len(_CUT) - tail]}{_CUT}{text[len(text) - tail :]}"


def echo(value: object) -> str:
    """What was given, as a message repeats it: short whatever it is.

    >>> echo(2.5), echo("5 min"), len(echo("x" * 5000)) <= 60, echo([[1, 2]] * 1000)[:8]
    ('2.5', "'5 min'", True, '[[1, 2],')
    """
    return cut(" ".join(_shown.repr(value).split()))


class EstimatorError(Exception):
    """Anything this package refuses to do, in words a person can act on.

    >>> issubclass(MissingRateError, EstimatorError)
    True
    """

    def __init__(self, message: str) -> None:
        """State what is wrong, where, and what would be right."""
        super().__init__(cut(message, MOST_MESSAGE_CHARACTERS))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel from a worker as the message, whatever an error was made of."""
        return _received, (type(self), str(self))


def _received(kind: type[EstimatorError], message: str) -> EstimatorError:
    made = kind.__new__(kind)
    EstimatorError.__init__(made, message)
    return made


class ArgumentError(EstimatorError):
    """An argument that a function cannot take.

    >>> from estimator import load_profile
    >>> load_profile(5)
    Traceback (most recent call last):
    estimator.errors.ArgumentError: load_profile, name: expected a text or a path, not 5
    """


def release() -> str:
    """Which release of the program this is, installed or as a checkout on the path."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"websocket-estimator {version('websocket-estimator')}"
    except PackageNotFoundError:
        return "websocket-estimator (from a checkout)"


def unexpected(error: BaseException) -> str:
    """What people see of an error that is none of the family: this package's own mistake.

    It names what went wrong and where in the code, and nothing of what was calculated.

    >>> unexpected(ZeroDivisionError("division by zero"))
    'an error of this program, not of yours: ZeroDivisionError. Please report this line, ...'
    """
    own = [each for each in traceback.extract_tb(error.__traceback__) if _is_own(each.filename)]
    where = f" in {_within(own[-1].filename)}, line {own[-1].lineno}" if own else ""
    return (
        f"an error of this program, not of yours: {type(error).__name__}{where}. Please report "
        "this line, and what you did before, to those who maintain it: "
        f"{release()}, Python {platform.python_version()}"
    )


def is_own_mistake(error: BaseException) -> bool:
    """Whether an error was raised by a line of this package, and not by what it was given.

    ValueErrors are no mistakes, but how validators refuse.

    >>> try:
    ...     {}["a key"]
    ... except KeyError as error:
    ...     is_own_mistake(error)
    False
    """
    where = traceback.extract_tb(error.__traceback__)[-1].filename
    return _is_own(where) and not isinstance(error, ValueError)


def _is_own(file: str) -> bool:
    return _PACKAGE in Path(file).parents


def _within(file: str) -> str:
    return Path(file).relative_to(_PACKAGE).as_posix()


class ScenarioError(EstimatorError):
    """A scenario or profile that cannot be read or does not make sense.

    >>> from estimator import Scenario
    >>> Scenario(profile="market-data", location="virginia")
    Traceback (most recent call last):
    estimator.errors.ScenarioError: ...no audience: give peak_connections...
    """


class UnknownNameError(EstimatorError, ValueError):
    """A name that is none of the valid ones.

    Also a ValueError, so that models that look a name up report the field that holds it.

    >>> str(UnknownNameError("location", "frankfort", ["frankfurt", "virginia"]))
    "unknown location 'frankfort': did you mean 'frankfurt'? Valid: frankfurt, virginia"
    >>> str(UnknownNameError("deployment", "AWS.ALB-EC2", ["aws.alb_ec2", "aws.nlb_ec2"]))
    "unknown deployment 'AWS.ALB-EC2': did you mean 'aws.alb_ec2'? Valid: aws.alb_ec2, aws.nlb_ec2"
    """

    def __init__(
        self,
        kind: str,
        name: str,
        valid: Iterable[str],
        unlisted: Iterable[str] = (),
        also: str = "",
    ) -> None:
        """State the ``kind`` of thing, the ``name`` given and every ``valid`` one.

        Names that are valid too but too many to list are ``unlisted``; ``also`` words what they
        are.
        """
        choices = sorted(valid)
        close = close_names(cut(name), [*choices, *unlisted])
        hint = f"did you mean '{close[0]}'? " if close else ""
        super().__init__(
            f"unknown {kind} '{cut(name)}': {hint}Valid: {_listed(choices, close)}{also}"
        )


def _listed(choices: list[str], close: list[str]) -> str:
    """All choices, if they are short; else those that are close, or as many as are short."""
    if len(whole := ", ".join(choices)) <= _MOST_LISTED_CHARACTERS:
        return whole
    ends = accumulate(len(f"{name}, ") for name in close or choices)
    count = sum(end <= _MOST_LISTED_CHARACTERS for end in ends) or 1
    shown = ", ".join(map(cut, (close or choices)[:count]))
    return f"{shown} and {len(choices) - count:,} more"


def close_names(name: str, choices: Iterable[str]) -> list[str]:
    """Names that could have been meant, the closest first, however words are joined.

    >>> close_names("us-east-11", ["us-west-2", "us-east-1", "sa-east-1"])[0]
    'us-east-1'
    """
    spelt: dict[str, list[str]] = {}
    for choice in choices:
        spelt.setdefault(_spelling(choice), []).append(choice)
    close = difflib.get_close_matches(_spelling(name), spelt, n=_CLOSE_NAMES)
    return [choice for spelling in close for choice in spelt[spelling]]


def _spelling(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


class PricingDataError(EstimatorError):
    """A file of ``pricing_data`` that breaks its own rules.

    >>> raise PricingDataError("aws/rates.csv, line 7, usd_per_unit: must not be below 0")
    Traceback (most recent call last):
    estimator.errors.PricingDataError: aws/rates.csv, line 7, usd_per_unit: must not be below 0
    """


class NotCarriedError(EstimatorError):
    """A deployment that cannot carry the transport of a scenario.

    >>> str(NotCarriedError("aws.iot_core does not carry polling"))
    'aws.iot_core does not carry polling'
    """


class MissingRateError(EstimatorError):
    """A meter without a price in a region; never priced at zero instead.

    >>> str(MissingRateError("aws.alb.hours", "mars-1", ["us-east-1"]))
    "no price for meter 'aws.alb.hours' in region 'mars-1'. Regions with a price: us-east-1"
    """

    def __init__(
        self,
        meter: str,
        region: str,
        priced_regions: Iterable[str],
        as_of: dt.date | None = None,
        reason: str = "",
    ) -> None:
        """State the ``meter``, the ``region``, why there is no price and where there is one."""
        regions = _listed(sorted(priced_regions), []) or "none"
        when = f" in force on {as_of}" if as_of else ""
        why = f": {reason.rstrip('.')}" if reason else ""
        end = "" if why.endswith("?") else "."
        super().__init__(
            f"no price for meter '{meter}' in region '{region}'{when}{why}{end} "
            f"Regions with a price: {regions}"
        )
