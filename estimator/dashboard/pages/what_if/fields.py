"""What can be moved on the page What if, and from where to where unless somebody says otherwise?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.analysis.breakeven.crossovers import is_logarithmic
from estimator.analysis.fields import current_value, field_names
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.scenario import Engineering, Scenario

ENGINEER_HOURS: Final = "engineering.engineer_hours_per_month"
USD_PER_ENGINEER_HOUR: Final = 100.0
"""What stands in the form until somebody says what an hour costs them."""
_FEWEST, _MOST_CONNECTIONS = 10.0, 1e7
_DIGITS: Final = 2
_ENDINGS: Final = {
    "rate_per_hour": "messages per hour",
    "payload.bytes": "message size (bytes)",
    "payload.mean_bytes": "mean message size (bytes)",
}


@dataclass(frozen=True, slots=True)
class Movable:
    """A number of the scenario that can be moved."""

    field: str
    """Its full name."""
    title: str
    """What it is, for a list of choices."""
    low: float
    """Where a range begins, unless said otherwise."""
    high: float
    now: float | None
    """What the scenario says; None if it says nothing."""


def movables(scenario: Scenario) -> dict[str, Movable]:
    """What can be moved, by the full names of the fields."""
    return {each.field: each for each in _movables(scenario)}


def _movables(scenario: Scenario) -> Iterator[Movable]:
    peak = _now(scenario, "peak_connections") or 1e4
    least = max(_round(peak / 100), _FEWEST)
    most = min(_round(max(peak, _FEWEST) * 100), max(_MOST_CONNECTIONS, 2 * peak))
    yield Movable("peak_connections", "Peak connections", least, most, peak)
    for name in field_names(scenario):
        flow, _, ending = name.removeprefix("profile.flows.").partition(".")
        if name.startswith("profile.flows.") and ending in _ENDINGS:
            now = _now(scenario, name) or 1.0
            title = f"{flow.replace('_', ' ').capitalize()}: {_ENDINGS[ending]}"
            whole = ending != "rate_per_hour"
            low = max(1.0, _round(now / 10)) if whole else _round(now / 10)
            yield Movable(name, title, low, _round(now * 10), now)
    now = _now(scenario, "hours_per_day")
    yield Movable("hours_per_day", "Hours per day with clients connected", 1, 24, now)
    hours = (
        float(np.mean(scenario.engineering.engineer_hours_per_month))
        if scenario.engineering
        else 0.0
    )
    title = "Engineer-hours per month for a fleet of your own"
    yield Movable(ENGINEER_HOURS, title, 0, max(160, _round(2 * hours)), hours)
    for cloud, name in CLOUDS.items():
        yield Movable(f"percent_off.{cloud}.*", f"Discount on {name} prices (%)", 0, 60, None)


def with_engineering(scenario: Scenario) -> Scenario:
    """The scenario, which states engineer-hours in any case, so that they can be moved."""
    if scenario.engineering is not None:
        return scenario
    none = Engineering(engineer_hours_per_month=0, usd_per_engineer_hour=USD_PER_ENGINEER_HOUR)
    return scenario.replace(engineering=none)


def spaced(low: float, high: float, count: int) -> FloatArray:
    """Values from one end of a range to the other, evenly, by ratios where it is wide."""
    return (np.geomspace if is_logarithmic(low, high) else np.linspace)(low, high, count)


def _now(scenario: Scenario, field: str) -> float | None:
    try:
        return current_value(scenario, field)
    except ScenarioError:
        return None


def _round(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
