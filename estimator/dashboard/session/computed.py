"""What follows from a scenario, worked out once for all who look at it.

Everything here is shared by every session and therefore only read. The key is the token of the
scenario, which holds all that was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.compare import Comparison, compare
from estimator.analysis.estimate import resolve
from estimator.analysis.price_list import prices
from estimator.analysis.workload.tables import messages_table, sizes_table, week_table, wire_table
from estimator.analysis.workload.transport import Outcome, PublishedShare, outcomes, published_share
from estimator.dashboard.session.background import JobQueue
from estimator.dashboard.widgets.charts import Picture, Screen, draw
from estimator.dashboard.widgets.downloads import as_json, csv, rows_of
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.arrivals import poisson_quantile
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.demand.traffic import busiest_hour
from estimator.deployments.registry import SAAS, find_deployment
from estimator.errors import ScenarioError
from estimator.scenario.scenario import Scenario
from estimator.units import SECONDS_PER_HOUR, week_time_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_KEPT = 128
_OFTEN = 0.999


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def comparison_of(token: str) -> Comparison:
    """All deployments compared.

    Raises:
        EstimatorError: the scenario asks for something that does not exist.
    """
    scenario = Scenario.from_token(token)
    if scenario.many:
        raise ScenarioError(
            f"a field is a list, so that this stands for {scenario.many[0]} scenarios; the "
            "dashboard shows one, use the Python API for many"
        )
    return compare(scenario)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def saas_of(token: str) -> Comparison:
    """What people would buy instead of a cloud."""
    return compare(Scenario.from_token(token), SAAS)


@st.cache_resource(show_spinner=False)
def office() -> JobQueue:
    """Who works in the background, for all sessions."""
    return JobQueue()


@st.cache_data(max_entries=1, ttl="1h", show_spinner=False)
def price_list() -> pd.DataFrame:
    """Every price in force; their ages change by the day."""
    return prices()


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def cost_picture_of(token: str, theme: str, screen: Screen) -> Picture:
    """The chart of cost drivers in the colors of a theme, ``light`` or ``dark``."""
    return draw(comparison_of(token).chart, theme, screen)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What calculators take for granted of the connections, and what the deployment lets in."""

    peak: float
    """Open connections in the busiest hour."""
    mean: float
    by_chance: float
    """What the open connections of that hour stay below in 999 of 1,000 looks."""
    new_connections_per_second: float
    """In the busiest hour, those included that were cut at their age."""
    admission: AdmissionLimits


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def expectation_of(token: str, deployment: str | None) -> Expectation:
    """The closed forms, which need no simulation.

    Raises:
        EstimatorError: the deployment has no price there, or an option that does not exist.
    """
    scenario = Scenario.from_token(token)
    expected = expected_demand(scenario)
    admission = (
        AdmissionLimits()
        if deployment is None
        else resolve(scenario, expected).metered(find_deployment(deployment)).admission
    )
    peak = float(expected.peak_connections)
    if np.isfinite(admission.age_most_seconds):
        expected = expected.cut_after(admission.age_most_seconds / SECONDS_PER_HOUR)
    return Expectation(
        peak=peak,
        mean=float(expected.connections.mean),
        by_chance=float(poisson_quantile(peak, _OFTEN)) if peak else 0.0,
        new_connections_per_second=float(expected.new_connections.peak) / SECONDS_PER_HOUR,
        admission=admission,
    )


@dataclass(frozen=True)
class Workload:
    """What the clients do, and the tables that say so."""

    scenario: Scenario
    demand: Demand
    peak: float
    """Most connections open at once."""
    mean: float
    new_connections_per_month: float
    week: pd.DataFrame
    messages: pd.DataFrame
    sizes: pd.DataFrame
    wire: pd.DataFrame

    @property
    def busiest(self) -> str:
        """The hour of the week with most messages, in UTC."""
        return week_time_text(busiest_hour(self.demand))

    def as_data(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "scenario": self.scenario.as_data(),
            "peak_connections": self.peak,
            "mean_connections": self.mean,
            "new_connections_per_month": self.new_connections_per_month,
            "busiest_hour_utc": self.busiest,
            **{
                name: rows_of(getattr(self, name)) for name in ("week", "messages", "sizes", "wire")
            },
        }

    def chart_token(self, name: str) -> str:
        """Of a scenario with the same chart.

        Sizes and shares of bytes do not change with the audience, so that an edit of the audience
        need not draw them again.
        """
        if name == "week":
            return self.scenario.to_token()
        alike = Scenario(
            profile=self.scenario.profile, location=self.scenario.location, mean_connections=1.0
        )
        return alike.to_token()

    def chart(self, name: str, look: Look | None = None) -> Figure:
        """One of the charts ``week``, ``sizes`` and ``wire``."""
        # matplotlib takes long to import, and the texts need not wait for it
        from estimator.render import charts

        of = {"week": charts.week_chart, "sizes": charts.sizes_chart, "wire": charts.wire_chart}
        return of[name](self.demand, look)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def workload_of(token: str) -> Workload:
    """The expected workload of a single scenario."""
    scenario = Scenario.from_token(token)
    demand = expected_demand(scenario)
    return Workload(
        scenario=scenario,
        demand=demand,
        peak=float(demand.peak_connections),
        mean=float(demand.connections.mean),
        new_connections_per_month=float(demand.per_month(demand.new_connections)),
        week=week_table(demand),
        messages=messages_table(demand),
        sizes=sizes_table(demand),
        wire=wire_table(demand),
    )


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def workload_picture_of(token: str, name: str, theme: str, screen: Screen) -> Picture:
    """A chart of the workload."""
    return draw(partial(workload_of(token).chart, name), theme, screen)


@st.cache_resource(max_entries=1, show_spinner=False)
def published_compression() -> PublishedShare:
    """What somebody measured of compressed messages."""
    return published_share()


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def outcomes_of(
    token: str, deployments: tuple[str, ...], compressed_share: float
) -> tuple[Outcome, ...]:
    """What heartbeat and compression change.

    Raises:
        EstimatorError: a deployment has no price there.
    """
    return outcomes(Scenario.from_token(token), deployments, compressed_share)


@dataclass(frozen=True, slots=True)
class Files:
    """The comparison as files."""

    totals_csv: str
    lines_csv: str
    json: str


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def files_of(token: str) -> Files:
    """What is on screen, as tables for spreadsheets and as data for machines."""
    comparison = comparison_of(token)
    return Files(
        totals_csv=csv(_totals(comparison)),
        lines_csv=csv(_lines(comparison)),
        json=as_json(comparison.as_data()),
    )


def _totals(comparison: Comparison) -> pd.DataFrame:
    refused = pd.DataFrame(
        {
            "deployment": [refusal.deployment for refusal in comparison.refusals],
            "title": [refusal.title for refusal in comparison.refusals],
            "cannot_be_priced": [refusal.reason for refusal in comparison.refusals],
        }
    )
    totals = pd.concat([comparison.table, refused], ignore_index=True)
    totals.insert(0, "scenario", comparison.title)
    return totals


def _lines(comparison: Comparison) -> pd.DataFrame:
    frames = [bill.lines.assign(deployment=bill.deployment) for bill in comparison.bills]
    if not frames:
        return pd.DataFrame({"scenario": [], "deployment": []})
    lines = pd.concat(frames, ignore_index=True)
    first = ["scenario", "deployment", "region"]
    lines.insert(0, "scenario", comparison.title)
    return lines[first + [column for column in lines.columns if column not in first]]
