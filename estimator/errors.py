"""One family of errors; each says what is wrong, where, and what would be right."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable

_MOST_NAMES_LISTED = 40
_CLOSE_NAMES = 5


class EstimatorError(Exception):
    """Anything this package refuses to do, in words a person can act on.

    >>> issubclass(MissingRateError, EstimatorError)
    True
    """


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

    def __init__(self, kind: str, name: str, valid: Iterable[str]) -> None:
        """State the ``kind`` of thing, the ``name`` given and every ``valid`` one."""
        choices = sorted(valid)
        close = _close_to(name, choices)
        hint = f"did you mean '{close[0]}'? " if close else ""
        shown, more = choices, ""
        if len(choices) > _MOST_NAMES_LISTED:
            shown = close or choices[:_CLOSE_NAMES]
            more = f" and {len(choices) - len(shown)} more"
        super().__init__(f"unknown {kind} '{name}': {hint}Valid: {', '.join(shown)}{more}")


def _close_to(name: str, choices: Iterable[str]) -> list[str]:
    """Names that could have been meant, the closest first, however words are joined."""
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
        regions = ", ".join(sorted(priced_regions)) or "none"
        when = f" in force on {as_of}" if as_of else ""
        why = f": {reason.rstrip('.')}" if reason else ""
        super().__init__(
            f"no price for meter '{meter}' in region '{region}'{when}{why}. "
            f"Regions with a price: {regions}"
        )
