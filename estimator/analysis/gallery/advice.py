"""Which deployment to take for a profile, by what its saving pays for."""

from __future__ import annotations

from typing import Final

import numpy as np

from estimator.analysis.estimate.result import Estimate
from estimator.analysis.headline import Headline, hours_text
from estimator.format import given_text, short_dollars

_WORTH_RUNNING_HOURS: Final = 8.0
"""Convention: what saves less than a working day of an engineer per month is not worth running."""


def cheapest_first(found: Headline) -> tuple[Estimate, ...]:
    """The bills of the best of each group."""
    bills = (each.bill for each in found.best if each.bill is not None)
    return tuple(sorted(bills, key=lambda bill: float(bill.total)))


def _most_worth_running(found: Headline) -> tuple[Estimate, Estimate, float] | None:
    """The best that one runs oneself, the best managed service, and USD saved per month."""
    return max(found.savings, key=lambda each: each[2], default=None)


def _hours_saved(found: Headline, usd: float) -> float:
    return usd / found.usd_per_engineer_hour if found.usd_per_engineer_hour else np.inf


def advised_bill(found: Headline) -> Estimate | None:
    """The bill of what is advised; None if nothing is within limits."""
    best = _most_worth_running(found)
    if best is None:
        return next(iter(cheapest_first(found)), None)
    own, managed, usd = best
    return own if _hours_saved(found, usd) >= _WORTH_RUNNING_HOURS else managed


def advised(found: Headline) -> str:
    """What to take, in the words that begin the advice."""
    best, advised = _most_worth_running(found), advised_bill(found)
    if advised is None:
        return "No deployment is within its limits: 'estimator compare' says what each would take"
    if best is None:
        others = (
            "nothing that you run yourself" if advised.group == "managed" else "no managed service"
        )
        return f"Take {advised.name}, since {others} is within limits"
    own, managed, usd = best
    if usd <= 0:
        less = short_dollars(-usd)
        return f"Take {managed.name}, which costs {less} less than what you run yourself"
    hours, rate = hours_text(_hours_saved(found, usd)), given_text(found.usd_per_engineer_hour)
    if advised is managed:
        return (
            f"Take {managed.name}: {own.name} would save {short_dollars(usd)} per month, which at "
            f"${rate} per hour is {hours} of engineering"
        )
    return (
        f"Run it on {own.name} if that takes you less than {hours} of engineering per month, which "
        f"is what the {short_dollars(usd)} saved over {managed.name} pay for at ${rate} per hour"
    )
