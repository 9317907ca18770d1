"""What does the page of transports wait for? The comparison, and the rates at which it changes.

Both are found in a process of their own, and come back as what the page shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estimator.analysis.transports.choices import choices
from estimator.analysis.transports.message_rates import RateBreakEven, rate_break_even
from estimator.analysis.transports.transports import transports
from estimator.dashboard.session.jobs import InOneProcess
from estimator.deployments.registry import DEPLOYMENTS, HTTP_ONLY, find_deployment
from estimator.render.charts.rows import transport_rows
from estimator.render.document import Block
from estimator.render.views.transports import details
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TransportsShown:
    """All transports of a scenario, as a page shows them."""

    headline: str
    title: str
    within_seconds: float | None
    blocks: tuple[Block, ...]
    rows: pd.DataFrame
    """Of the chart: ``transport_rows``."""
    table: pd.DataFrame
    data: Mapping[str, Any]
    """As JSON says it."""
    per_minute: float
    """Messages of a client, both ways together."""


@dataclass(frozen=True, slots=True)
class TransportsJob(InOneProcess[TransportsShown]):
    """What does each transport cost, and how late do messages come?"""

    token: str
    within_seconds: float | None

    def found(self) -> TransportsShown:
        """Price all of them."""
        found = transports(Scenario.from_token(self.token), within_seconds=self.within_seconds)
        return TransportsShown(
            found.headline,
            found.title,
            found.within_seconds,
            tuple(details(found)),
            transport_rows(found),
            found.table,
            found.as_data(),
            found.up_per_minute + found.down_per_minute,
        )


@dataclass(frozen=True, slots=True)
class TransportRatesJob(InOneProcess[RateBreakEven]):
    """At which message rate is another transport the cheapest?"""

    token: str
    within_seconds: float
    per_minute: float

    def found(self) -> RateBreakEven:
        """Price all of them at many rates."""
        scenario = Scenario.from_token(self.token)
        return rate_break_even(
            scenario,
            choices(scenario, self.within_seconds),
            tuple(map(find_deployment, (*DEPLOYMENTS, *HTTP_ONLY))),
            self.within_seconds,
            self.per_minute,
        )
