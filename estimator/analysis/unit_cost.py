"""What is a bill for each user, or for a thousand connections? As the audience was given."""

from __future__ import annotations

from estimator.demand.expected import audiences
from estimator.format import dollars_each
from estimator.pricing.bill import Bill
from estimator.scenario.scenario import Scenario

_MANY_CONNECTIONS = 1_000


def unit_cost_words(scenario: Scenario, bill: Bill) -> str:
    """A total for each user and month, or for a thousand connections; empty without an audience.

    Args:
        scenario: a single one.
        bill: of it.

    >>> from estimator.analysis.estimate.estimate import estimate
    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=2000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> words = unit_cost_words(scenario, bill)
    >>> words == f"${bill.total / 2:,.2f} per 1,000 connections at the peak"
    True
    """
    [way, peak], *_ = audiences(scenario).items()
    if scenario.users_per_day is not None and way.startswith("users_per_day"):
        users = float(scenario.users_per_day)
        return f"{dollars_each(float(bill.total) / users)} per user and month" if users else ""
    if not peak:
        return ""
    usd = _MANY_CONNECTIONS * float(bill.total) / float(peak)
    return f"{dollars_each(usd)} per {_MANY_CONNECTIONS:,} connections at the peak"
