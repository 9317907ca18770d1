"""The bill month by month while the audience grows: one object behind screen, table and chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.compare import title_of
from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.growth.audience import factors_by_month, grown
from estimator.analysis.growth.milestones import (
    CheapestChanged,
    LimitExceeded,
    Milestone,
    TierReached,
    by_month,
    cheapest_within_limits,
    milestones,
    within_limits_by_month,
)
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, Numbers
from estimator.demand.expected import expected_demand
from estimator.format import count_text, dollars_and_cents
from estimator.pricing.bill import conventions
from estimator.pricing.price_files import DRIVERS
from estimator.result import Refusal, Result, plain
from estimator.scenario.scenario import Scenario
from estimator.shown import Look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LINES_SHOWN = 8
"""More lines than these cannot be told apart in a chart."""


@checks_arguments
@dataclass(frozen=True, repr=False)
class Growth(Result):
    """The bills of every month while the audience of a scenario grows, and its milestones.

    Month 0 is the scenario as it is. The period is the months after it: what they cost together
    is what a commitment for that time would cost.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> grows = growth(scenario, 12, monthly_growth_percent=10, deployments=["aws.api_gateway"])
    >>> grows.months, grows.connections[[0, 12]].round()
    (12, array([1000., 3138.]))
    """

    schema = "growth"

    scenario: Scenario
    """What grows, as it is in month 0."""
    factors: FloatArray
    """What the audience is multiplied by in each month, shape (months + 1,)."""
    connections: FloatArray
    """Open connections in the busiest hour of the week of each month, shape (months + 1,)."""
    bills: tuple[Estimate, ...]
    """Of arrays, one USD amount for each month; those within limits in all of them first, then by
    what the period costs."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""
    milestones: tuple[Milestone, ...]
    """In the order of the months: a limit is exceeded, a price tier is reached, another deployment
    is the cheapest within limits. ``words`` of each says so in sentences."""

    @property
    def months(self) -> int:
        """How many months follow month 0."""
        return len(self.factors) - 1

    @property
    def cheapest(self) -> tuple[str | None, ...]:
        """Id of the cheapest deployment within limits in each month from month 0 on."""
        return tuple(bill.deployment if bill else None for bill in self._leaders)

    @cached_property
    def _leaders(self) -> list[Estimate | None]:
        return cheapest_within_limits(self.bills, self.months)

    def bill(self, deployment: str) -> Estimate:
        """The bills of one deployment, as arrays of one number for each month.

        Raises:
            ScenarioError: it was not asked for, or could not be priced; the message says why.
        """
        return self._bill_of(deployment, self.bills)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment and month.

        Columns: month, connections (open at the peak), deployment, title, state (how it stands to
        its limits), total_usd of the month, cumulated_usd from month 1 on, and USD by driver.
        """
        import pandas as pd

        frames = [pd.DataFrame(self._columns(bill)) for bill in self.bills]
        columns = [
            *("month", "connections", "deployment", "title", "state"),
            *("total_usd", "cumulated_usd", *DRIVERS),
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row for each deployment.

        Columns: deployment, title, state (the worst of all months), first_usd (month 0),
        middle_usd (half way), last_usd, period_usd (all months after month 0 together) and
        within_limits_through (the last month before one beyond limits; -1 if month 0 is one).
        """
        import pandas as pd

        columns = [
            *("deployment", "title", "state"),
            *("first_usd", "middle_usd", "last_usd", "period_usd", "within_limits_through"),
        ]
        rows: list[tuple[object, ...]] = []
        for bill in self.bills:
            usd = self.totals(bill)
            amounts = (usd[0], usd[self.middle], usd[-1], usd[1:].sum())
            through = self.within_limits_through(bill)
            rows.append((bill.deployment, bill.title, bill.state, *map(float, amounts), through))
        return pd.DataFrame(rows, columns=columns)

    @property
    def middle(self) -> int:
        """The month half way."""
        return self.months // 2

    def within_limits_through(self, bill: Estimate) -> int:
        """The last month before the first in which it is beyond limits; -1 if month 0 is."""
        over = np.flatnonzero(~within_limits_by_month(bill, self.months))
        return int(over[0]) - 1 if over.size else self.months

    def totals(self, bill: Estimate) -> FloatArray:
        """What a deployment costs in each month, USD, shape (months + 1,)."""
        return by_month(bill.total, self.months)

    @property
    def title(self) -> str:
        """What grows and how fast, for the head of a table or chart."""
        return f"{title_of(self.scenario)}, {self.pace}"

    @property
    def pace(self) -> str:
        """How fast the audience grows, in words."""
        ratio = float(self.factors[1])
        if not np.allclose(self.factors, ratio ** np.arange(self.months + 1.0), rtol=1e-9, atol=0):
            return f"audience month by month up to {float(self.factors.max()):,.3g} times today's"
        percent = 100 * (ratio - 1)
        if abs(percent) < 1e-9:
            return "audience as it is"
        return f"{abs(percent):,.3g}% {'more' if percent > 0 else 'fewer'} users every month"

    @property
    def audience(self) -> str:
        """Connections at the first and the last peak, in words."""
        first, last = (count_text(float(self.connections[month])) for month in (0, -1))
        return f"{first} connections at the peak now, {last} in month {self.months}"

    @property
    def answer(self) -> str:
        """What to choose: the cheapest within limits, until when, and what all months cost."""
        if not self.bills:
            return "None of the deployments could be priced."
        if not any(self.cheapest):
            return "No deployment is within its limits in any month."
        first = self._leaders[0]
        changes = [each for each in self.milestones if isinstance(each, CheapestChanged)]
        now = f"{first.name} is the cheapest within limits" if first else "None is within limits"
        if not changes:
            return f"{now} in every month; {self.months} months cost {self._period(self.bills[0])}."
        more = ""
        if len(changes) > 1:
            again = "once more" if len(changes) == 2 else f"{len(changes) - 1} more times"
            more = f" The cheapest changes {again} after that."
        return f"{now} now. {changes[0].words}{more} {self._commitment}"

    @property
    def _commitment(self) -> str:
        best = self.bills[0]  # those within limits throughout stand first
        if self.within_limits_through(best) < self.months:
            return "None is within its limits in every month."
        return (
            f"Over all {self.months} months, {best.name} costs the least of those within limits "
            f"throughout: {self._period(best)}."
        )

    def _period(self, bill: Estimate) -> str:
        return dollars_and_cents(float(self.totals(bill)[1:].sum()))

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts; empty if nothing could be priced."""
        return conventions(self.bills)

    def shown(self, most: int = LINES_SHOWN) -> tuple[Estimate, ...]:
        """The bills a chart shows: the cheapest of each month, then the cheapest of the others.

        Args:
            most: the largest number of bills.
        """
        leaders = {name for name in self.cheapest if name}
        first = [bill for bill in self.bills if bill.deployment in leaders]
        others = [bill for bill in self.bills if bill.deployment not in leaders]
        return tuple((first + others)[:most])

    def chart(self, look: Look | None = None, most: int = LINES_SHOWN) -> Figure:
        """The bill by month, a line for each deployment, with its milestones.

        Args:
            look: colors and width; dark on white, if left out.
            most: the largest number of lines: see ``shown``.
        """
        return self._drawn("growth", look, most)

    def chart_in_words(self, most: int = LINES_SHOWN) -> str:
        """The chart for those who cannot see it.

        Args:
            most: lines of the chart.
        """
        lines = " ".join(
            f"{bill.name}: {dollars_and_cents(self.totals(bill)[0])} now, "
            f"{dollars_and_cents(self.totals(bill)[-1])} in month {self.months}."
            for bill in self.shown(most)
        )
        return f"Monthly cost, {self.title}: {self.audience}. {self.answer} {lines}"

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "months": list(range(self.months + 1)),
            "factors": self.factors.tolist(),
            "peak_connections": self.connections.tolist(),
            "cheapest": list(self.cheapest),
            "deployments": [self._bill_data(bill) for bill in self.bills],
            "milestones": [_milestone_data(each) for each in self.milestones],
        }

    def __repr__(self) -> str:
        within = sum(self.within_limits_through(bill) == self.months for bill in self.bills)
        return (
            f"<Growth {self.title!r}: {self.months} months, {len(self.bills)} priced, {within} "
            f"within limits throughout, {len(self.milestones)} milestones>"
        )

    def _columns(self, bill: Estimate) -> dict[str, object]:
        totals = self.totals(bill)
        columns: dict[str, object] = {
            "month": np.arange(self.months + 1),
            "connections": self.connections,
            "deployment": bill.deployment,
            "title": bill.title,
            "state": np.broadcast_to(bill.states, totals.shape),
            "total_usd": totals,
            "cumulated_usd": np.cumsum(totals) - totals[0],
        }
        for driver in DRIVERS:
            columns[driver] = by_month(bill.by_driver.get(driver, 0.0), self.months)
        return columns

    def _bill_data(self, bill: Estimate) -> dict[str, Any]:
        totals = self.totals(bill)
        return {
            "deployment": bill.deployment,
            "title": bill.title,
            "region": bill.region,
            "states": np.broadcast_to(bill.states, totals.shape).tolist(),
            "within_limits_through": self.within_limits_through(bill),
            "total_usd": totals.tolist(),
            "by_driver_usd": {
                driver: by_month(usd, self.months).tolist()
                for driver, usd in bill.by_driver.items()
            },
            "period_usd": float(totals[1:].sum()),
            "conventions": bill.conventions,
        }


@checks_arguments
def growth(
    scenario: Scenario,
    months: int | None = None,
    *,
    monthly_growth_percent: float | None = None,
    annual_growth_percent: float | None = None,
    factors: Numbers | None = None,
    deployments: Iterable[str] | str | None = None,
) -> Growth:
    """What a scenario costs month by month while its audience grows, and its milestones.

    Month 0 is the scenario as it is. Every audience given (peak_connections, mean_connections,
    users_per_day) is multiplied by the factor of the month; prices stay as they are.

    Args:
        scenario: who connects now, from where, how often.
        months: how many months after this one, up to 120; 24, or as many as there are factors,
            if left out.
        monthly_growth_percent: growth from each month to the next; below 0 if the audience shrinks.
        annual_growth_percent: growth over twelve months, spread evenly.
        factors: instead of a percentage: what the audience is multiplied by in month 1, month 2
            and so on, shape (months,).
        deployments: ids of the deployments; all on the clouds, if left out.

    Returns:
        Bills in USD per month, as a table, as a chart, and one by one; and the month of each
        milestone.

    Raises:
        ScenarioError: the scenario is one of arrays, growth is not given in exactly one way, a
            number makes no sense, or a deployment does not have an option.
        UnknownNameError: no such deployment or assumption.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> grows = growth(scenario, 24, monthly_growth_percent=5, deployments=["gcp.cloud_run"])
    >>> list(grows.table["month"]) == list(range(25))
    True
    """
    by = factors_by_month(months, monthly_growth_percent, annual_growth_percent, factors)
    of_months = grown(scenario, by)
    count = len(by) - 1
    wanted = [deployments] if isinstance(deployments, str) else deployments
    bills, refusals = estimate_all(of_months, wanted)

    def order(bill: Estimate) -> tuple[bool, float]:
        return not bill.state.is_within_limits, float(by_month(bill.total, count)[1:].sum())

    return Growth(
        scenario=scenario,
        factors=by,
        connections=by_month(expected_demand(of_months).peak_connections, count),
        bills=tuple(sorted(bills, key=order)),
        refusals=tuple(refusals),
        milestones=milestones(bills, count),
    )


def _milestone_data(milestone: Milestone) -> dict[str, Any]:
    data: dict[str, Any] = {
        "month": milestone.month,
        "kind": milestone.kind,
        "deployments": list(milestone.deployments),
        "words": milestone.words,
    }
    if isinstance(milestone, LimitExceeded):
        return data | {
            "until": milestone.until,
            "limit": milestone.limit.limit,
            # no end: the silence of a client that sends no heartbeat
            "used": plain(milestone.used),
            # what has no end cannot be exceeded, so it is a number
            "allowed": milestone.allowed,
            "unit": milestone.limit.unit,
            "raised_by": milestone.limit.raised_by,
            "state": milestone.state,
            "fix": milestone.fix,
        }
    if isinstance(milestone, TierReached):
        return data | {
            "meter": milestone.meter_id,
            "tier_from": milestone.tier_from,
            "unit": milestone.meter.unit,
            "usd_per_unit_before": milestone.usd_before,
            "usd_per_unit_after": milestone.usd_after,
        }
    return data | {
        "cheapest": milestone.deployment,
        "before": milestone.before,
        "before_is_within_limits": milestone.before_is_within_limits,
        "saving_usd": milestone.saving_usd,
    }
