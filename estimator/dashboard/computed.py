"""What follows from a scenario, worked out once for all who look at it.

Everything here is shared by every session and therefore only read. The key is the token of the
scenario, which holds all that was said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from estimator.analysis.estimate import metered
from estimator.dashboard.background import Office
from estimator.dashboard.pictures import Pictures, draw
from estimator.dashboard.text import inert
from estimator.demand.doors import Doors
from estimator.demand.expected import expected_demand
from estimator.deployments.registry import PROVIDERS
from estimator.errors import ScenarioError
from estimator.report.comparison import Comparison, compare
from estimator.report.price_list import prices
from estimator.scenario.scenario import Scenario
from estimator.simulation.theory import poisson_quantile
from estimator.units import SECONDS_PER_HOUR

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
def providers_of(token: str) -> Comparison:
    """What people would buy instead of a cloud."""
    return compare(Scenario.from_token(token), PROVIDERS)


@st.cache_resource(show_spinner=False)
def office() -> Office:
    """Who simulates, for all sessions."""
    return Office()


@st.cache_data(max_entries=1, ttl="1h", show_spinner=False)
def price_list() -> pd.DataFrame:
    """Every price in force; their ages change by the day."""
    return prices()


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def charts_of(token: str, theme: str) -> Pictures:
    """The chart of cost drivers in the colours of a theme, ``light`` or ``dark``."""
    return draw(comparison_of(token).chart, theme)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What calculators take for granted of the connections, and what the deployment lets in."""

    peak: float
    """Open connections in the busiest hour."""
    mean: float
    by_chance: float
    """What the open connections of that hour stay below in 999 of 1,000 looks."""
    connects_per_second: float
    """In the busiest hour, those included that were cut at their age."""
    doors: Doors


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def expectation_of(token: str, deployment: str | None) -> Expectation:
    """The closed forms, which need no simulation.

    Raises:
        EstimatorError: the deployment has no price there, or an option that does not exist.
    """
    scenario = Scenario.from_token(token)
    expected = expected_demand(scenario)
    doors = Doors() if deployment is None else metered(scenario, deployment, expected).doors
    peak = float(expected.peak_connections)
    if np.isfinite(doors.age_most_seconds):
        expected = expected.cut_after(doors.age_most_seconds / SECONDS_PER_HOUR)
    return Expectation(
        peak=peak,
        mean=float(expected.connections.mean),
        by_chance=float(poisson_quantile(peak, _OFTEN)) if peak else 0.0,
        connects_per_second=float(expected.connects.peak) / SECONDS_PER_HOUR,
        doors=doors,
    )


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
        totals_csv=_csv(_totals(comparison)),
        lines_csv=_csv(_lines(comparison)),
        json=json.dumps(comparison.as_data(), indent=2) + "\n",
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


def _csv(table: pd.DataFrame) -> str:
    return table.map(inert).to_csv(index=False)
