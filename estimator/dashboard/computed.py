"""What follows from a scenario, worked out once for all who look at it.

Everything here is shared by every session and therefore only read. The key is the token of the
scenario, which holds all that was said.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from estimator.dashboard.text import inert
from estimator.deployments.registry import PROVIDERS
from estimator.errors import ScenarioError
from estimator.report.comparison import Comparison, compare
from estimator.report.price_list import prices
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KEPT = 128
_WIDE_INCHES, _PHONE_INCHES = 8.0, 4.2


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


@st.cache_data(max_entries=1, ttl="1h", show_spinner=False)
def price_list() -> pd.DataFrame:
    """Every price in force; their ages change by the day."""
    return prices()


@dataclass(frozen=True, slots=True)
class Charts:
    """The chart of cost drivers as PNG files."""

    wide: bytes
    phone: bytes


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def charts_of(token: str, theme: str) -> Charts:
    """The chart in the colours of a theme, ``light`` or ``dark``, for wide and narrow screens."""
    # matplotlib takes long to import, and the figures above the chart need not wait for it
    from estimator.report.charts import Look

    ink = str(st.get_option(f"theme.{theme}.textColor"))
    paper = str(st.get_option(f"theme.{theme}.backgroundColor"))
    comparison = comparison_of(token)
    wide, phone = (
        _png(comparison.chart(Look(ink, paper, width_inches)))
        for width_inches in (_WIDE_INCHES, _PHONE_INCHES)
    )
    return Charts(wide, phone)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160)
    return file.getvalue()


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
