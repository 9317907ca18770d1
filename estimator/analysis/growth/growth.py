"""The bill month by month while the audience grows: one object behind screen, table and chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.compare import title_of
from estimator.analysis.estimate import Estimate, estimate_all
from estimator.analysis.growth.audience import factors_by_month, grown
from estimator.analysis.growth.milestones import (
    CheapestChanged,
    LimitExceeded,
    Milestone,
    TierReached,
    by_month,
    cheapest_holding,
    held,
    milestones,
    name_of,
)
from estimator.analysis.result import Refusal
from estimator.arrays import FloatArray
from estimator.demand.expected import expected_demand
from estimator.errors import ScenarioError
from estimator.format import count_text
from estimator.hypertext import card, folded, rows_under, small, state_sign
from estimator.pricing.bill import conventions
from estimator.pricing.price_files import DRIVERS
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.shown import Look

LINES_SHOWN = 8
"""More lines than these cannot be told apart in a chart."""


@dataclass(frozen=True, repr=False)
class Growth:
    """The bills of every month while the audience of a scenario grows, and what happens when.

    Month 0 is the scenario as it is. The period is the months after it: what they cost together
    is what a commitment for that time would cost.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> grows = growth(scenario, 12, monthly_growth_percent=10, deployments=["aws.api_gateway"])
    >>> grows.months, grows.connections[[0, 12]].round()
    (12, array([1000., 3138.]))
    """

    scenario: Scenario
    """What grows, as it is in month 0."""
    factors: FloatArray
    """What the audience is multiplied with in each month, shape (months + 1,)."""
    connections: FloatArray
    """Open connections in the busiest hour of the week of each month, shape (months + 1,)."""
    bills: tuple[Estimate, ...]
    """Of arrays, one USD amount for each month; those that hold in all of them first, then by what
    the period costs."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""
    events: tuple[Milestone, ...]
    """What happens, in the order of the months: a limit is exceeded, a price tier is reached,
    another deployment is the cheapest within limits. ``words`` of each tells it."""

    @property
    def months(self) -> int:
        """How many months follow month 0."""
        return len(self.factors) - 1

    @property
    def cheapest(self) -> tuple[str | None, ...]:
        """Id of the cheapest deployment that holds in each month from month 0 on."""
        leaders = cheapest_holding(self.bills, self.months)
        return tuple(bill.deployment if bill else None for bill in leaders)

    def bill(self, deployment: str) -> Estimate:
        """The bills of one deployment, as arrays of one number for each month.

        Raises:
            ScenarioError: it was not asked for, or could not be priced; the message says why.
        """
        for bill in self.bills:
            if bill.deployment == deployment:
                return bill
        for refusal in self.refusals:
            if refusal.deployment == deployment:
                raise ScenarioError(f"{deployment} could not be priced: {refusal.reason}")
        raise ScenarioError(f"{deployment} was not asked for")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment and month.

        Columns: month, connections (open at the peak), deployment, title, state (pass, at risk,
        broken), total_usd of the month, cumulated_usd from month 1 on, and USD by driver.
        """
        import pandas as pd

        frames = [pd.DataFrame(self._columns(bill)) for bill in self.bills]
        columns = ["month", "connections", "deployment", "title", "state", "total_usd",
                   "cumulated_usd", *DRIVERS]  # fmt: skip
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row for each deployment.

        Columns: deployment, title, state (the worst of all months), first_usd (month 0),
        middle_usd (half way), last_usd, period_usd (all months after month 0 together) and
        holds_through (the last month before one in which it cannot hold; -1 if it never holds).
        """
        import pandas as pd

        columns = ["deployment", "title", "state", "first_usd", "middle_usd", "last_usd",
                   "period_usd", "holds_through"]  # fmt: skip
        rows: list[dict[str, object]] = []
        for bill in self.bills:
            totals = self._totals(bill)
            usd = (totals[0], totals[self.middle], totals[-1], totals[1:].sum())
            through = self.holds_through(bill)
            values = (bill.deployment, bill.title, bill.state, *map(float, usd), through)
            rows.append(dict(zip(columns, values, strict=True)))
        return pd.DataFrame(rows, columns=columns)

    @property
    def middle(self) -> int:
        """The month half way."""
        return self.months // 2

    def holds_through(self, bill: Estimate) -> int:
        """The last month before the first in which a deployment cannot hold; -1 if month 0."""
        broken = np.flatnonzero(~held(bill, self.months))
        return int(broken[0]) - 1 if broken.size else self.months

    @property
    def title(self) -> str:
        """What grows and how fast, for the head of a table or chart."""
        return f"{title_of(self.scenario)}, {self.pace}"

    @property
    def pace(self) -> str:
        """How fast the audience grows, in words."""
        ratio = float(self.factors[1])
        if not np.allclose(self.factors, ratio ** np.arange(self.months + 1.0), rtol=1e-9, atol=0):
            return f"audience month by month up to {float(self.factors.max()):,.3g} times"
        percent = 100 * (ratio - 1)
        if abs(percent) < 1e-9:
            return "audience as it is"
        return f"{abs(percent):,.3g} % {'more' if percent > 0 else 'fewer'} users every month"

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
            return "None of the deployments holds in any month."
        first = cheapest_holding(self.bills, self.months)[0]
        changes = [event for event in self.events if isinstance(event, CheapestChanged)]
        now = f"{name_of(first)} is the cheapest within limits" if first else "None of them holds"
        if not changes:
            usd = float(self._totals(self.bills[0])[1:].sum())
            return f"{now} in every month; {self.months} months together cost ${usd:,.2f}."
        more = ""
        if len(changes) > 1:
            again = "once more" if len(changes) == 2 else f"{len(changes) - 1} times more"
            more = f" The cheapest changes {again} after that."
        return f"{now} now. {changes[0].words}{more} {self._commitment}"

    @property
    def _commitment(self) -> str:
        best = self.bills[0]  # those that hold throughout stand first
        if self.holds_through(best) < self.months:
            return "None of them holds in every month."
        usd = float(self._totals(best)[1:].sum())
        return (
            f"Over {self.months} months together {name_of(best)} costs least of those that hold "
            f"throughout, ${usd:,.2f}."
        )

    @property
    def conventions(self) -> str:
        """Under which conventions the amounts hold; empty if nothing could be priced."""
        return conventions(self.bills) if self.bills else ""

    def shown(self, most: int = LINES_SHOWN) -> tuple[Estimate, ...]:
        """The bills a chart shows: whatever is the cheapest in some month, then the cheapest ones.

        Args:
            most: so many at most.
        """
        leaders = {name for name in self.cheapest if name}
        first = [bill for bill in self.bills if bill.deployment in leaders]
        others = [bill for bill in self.bills if bill.deployment not in leaders]
        return tuple((first + others)[:most])

    def chart(self, look: Look | None = None, most: int = LINES_SHOWN) -> Figure:
        """The bill by month, a line for each deployment, with what happens marked on it.

        Args:
            look: colors and width; dark on white, if left out.
            most: lines at most: whatever is the cheapest in some month, then the cheapest ones.
        """
        # matplotlib takes longer to import than the bills take to make
        from estimator.render.charts.growth import growth_chart

        return growth_chart(self, look, most)

    def chart_in_words(self, most: int = LINES_SHOWN) -> str:
        """The chart for those who cannot see it.

        Args:
            most: lines of the chart.
        """
        lines = " ".join(
            f"{name_of(bill)}: ${self._totals(bill)[0]:,.2f} now, "
            f"${self._totals(bill)[-1]:,.2f} in month {self.months}."
            for bill in self.shown(most)
        )
        return f"Monthly cost, {self.title}: {self.audience}. {self.answer} {lines}"

    def as_data(self) -> dict[str, Any]:
        """The growth as plain lists, texts and numbers, for machines."""
        return {
            "scenario": self.scenario.as_data(),
            "currency": "USD",
            "period": "month",
            "months": list(range(self.months + 1)),
            "factors": self.factors.tolist(),
            "peak_connections": self.connections.tolist(),
            "cheapest": list(self.cheapest),
            "deployments": [self._bill_data(bill) for bill in self.bills],
            "events": [_event_data(event) for event in self.events],
            "refused": [
                {"deployment": refusal.deployment, "reason": refusal.reason}
                for refusal in self.refusals
            ],
        }

    def __repr__(self) -> str:
        holding = sum(self.holds_through(bill) == self.months for bill in self.bills)
        return (
            f"<Growth {self.title!r}: {self.months} months, {len(self.bills)} priced, {holding} "
            f"hold throughout, {len(self.events)} events>"
        )

    def __str__(self) -> str:
        rows = [
            f"  {bill.deployment}: {bill.total_text}{self._until(bill)}"
            for bill in self.bills[: 2 * LINES_SHOWN]
        ]
        return "\n".join([f"{self.title}, {self.months} months", self.answer, *rows])

    def _repr_html_(self) -> str:
        last = f"month {self.months}"
        heads = ("deployment", "holds", "now", last, f"{self.months} months together")
        rows = [
            (
                f"{row.deployment}",
                self._sign(bill),
                f"${row.first_usd:,.2f}",
                f"${row.last_usd:,.2f}",
                f"${row.period_usd:,.2f}",
            )
            for bill, row in zip(self.bills, self.summary.itertuples(), strict=True)
        ]
        refusals = (f"{refusal.deployment}: {refusal.reason}" for refusal in self.refusals)
        return card(
            self.title,
            small(f"{self.audience}. {self.answer}"),
            rows_under(heads, rows, numbers=heads[2:]),
            folded("What happens", (event.words for event in self.events)),
            folded("Could not be priced", refusals),
            small(self.conventions and f"{self.conventions}."),
        )

    def _sign(self, bill: Estimate) -> object:
        if 0 <= self.holds_through(bill) < self.months:
            return f"through month {self.holds_through(bill)}"
        return state_sign(bill.state)

    def _until(self, bill: Estimate) -> str:
        through = self.holds_through(bill)
        if through == self.months:
            return ""
        return " (broken)" if through < 0 else f" (holds through month {through})"

    def _totals(self, bill: Estimate) -> FloatArray:
        return by_month(bill.total, self.months)

    def _columns(self, bill: Estimate) -> dict[str, object]:
        totals = self._totals(bill)
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
        totals = self._totals(bill)
        return {
            "deployment": bill.deployment,
            "title": bill.title,
            "region": bill.region,
            "states": np.broadcast_to(bill.states, totals.shape).tolist(),
            "holds_through": self.holds_through(bill),
            "total_usd": totals.tolist(),
            "by_driver_usd": {
                driver: by_month(usd, self.months).tolist()
                for driver, usd in bill.by_driver.items()
            },
            "period_usd": float(totals[1:].sum()),
            "conventions": bill.conventions,
        }


def growth(
    scenario: Scenario,
    months: int | None = None,
    *,
    monthly_growth_percent: float | None = None,
    annual_growth_percent: float | None = None,
    factors: Sequence[float] | FloatArray | None = None,
    deployments: Iterable[str] | None = None,
) -> Growth:
    """What a scenario costs month by month while its audience grows, and what happens when.

    Month 0 is the scenario as it is. Every audience given (peak_connections, mean_connections,
    users_per_day) is multiplied with the factor of the month; prices stay as they are.

    Args:
        scenario: who connects now, from where, how often.
        months: how many months after this one, up to 120; 24, or as many as there are factors,
            if left out.
        monthly_growth_percent: growth from each month to the next; below 0 if the audience shrinks.
        annual_growth_percent: growth over twelve months, spread evenly.
        factors: instead of a percentage: what the audience is multiplied with in month 1, month 2
            and so on, shape (months,).
        deployments: ids of the deployments; all on the clouds, if left out.

    Returns:
        Bills in USD per month, as a table, as a chart, and one by one; and what happens in which
        month.

    Raises:
        ScenarioError: the scenario is one of arrays, growth is not said in exactly one way, a
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
    bills.sort(
        key=lambda bill: (bill.state == "broken", float(by_month(bill.total, count)[1:].sum()))
    )
    return Growth(
        scenario=scenario,
        factors=by,
        connections=by_month(expected_demand(of_months).peak_connections, count),
        bills=tuple(bills),
        refusals=tuple(refusals),
        events=milestones(bills, count),
    )


def _event_data(event: Milestone) -> dict[str, Any]:
    data: dict[str, Any] = {
        "month": event.month,
        "kind": event.kind,
        "deployments": list(event.deployments),
        "words": event.words,
    }
    if isinstance(event, LimitExceeded):
        return data | {
            "until": event.until,
            "limit": event.limit.limit,
            # JSON knows no number without end, such as the silence of who sends no heartbeat
            "used": event.used if np.isfinite(event.used) else None,
            # what has no end cannot be exceeded, so it is a number
            "allowed": event.allowed,
            "unit": event.limit.unit,
            "adjustable": event.limit.adjustable,
            "fix": event.fix,
        }
    if isinstance(event, TierReached):
        return data | {
            "meter": event.meter_id,
            "tier_from": event.tier_from,
            "unit": event.meter.unit,
            "usd_per_unit_before": event.usd_before,
            "usd_per_unit_after": event.usd_after,
        }
    return data | {
        "cheapest": event.deployment,
        "before": event.before,
        "before_holds": event.before_holds,
        "saving_usd": event.saving_usd,
    }
