"""What do the parts of the page What if ask? Which number moves, from where to where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st

from estimator.analysis.breakeven.crossovers import is_logarithmic
from estimator.analysis.fields import current_value, field_names, takes_arrays
from estimator.arrays import FloatArray
from estimator.dashboard.session.state import IN_ADDRESS
from estimator.dashboard.widgets.document import full_title
from estimator.deployments.registry import DEPLOYMENTS
from estimator.errors import ScenarioError
from estimator.format import capitalized
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.scenario import Scenario

ENGINEER_HOURS: Final = "engineering.engineer_hours_per_month"
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
            title = f"{capitalized(flow.replace('_', ' '))}: {_ENDINGS[ending]}"
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
    title = "Engineer-hours per month, your own servers"
    yield Movable(ENGINEER_HOURS, title, 0, max(160, _round(2 * hours)), hours)
    for cloud, name in CLOUDS.items():
        yield Movable(f"percent_off.{cloud}.*", f"Discount on {name} prices (%)", 0, 60, None)


@dataclass(frozen=True, slots=True)
class Moved:
    """A field that moves, and from where to where."""

    field: str
    low: float
    high: float

    def in_one_pass(self, scenario: Scenario) -> bool:
        """Whether all its values are priced together."""
        return takes_arrays(scenario, self.field, self.low)


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


def moved_input(label: str, key: str, known: Mapping[str, Movable], first: str) -> Moved:
    """Widgets for what moves, and from where to where.

    Args:
        label: of the choice.
        key: of the choice, in the session and in the address.
        known: what can be chosen, by the full names of the fields.
        first: what is chosen until somebody chooses otherwise.

    Raises:
        ScenarioError: the range does not ascend.
    """
    which, ends = st.columns([5, 4])
    names = list(known)
    chosen = which.selectbox(
        label,
        names,
        index=names.index(first) if first in known else 0,
        key=key,
        format_func=lambda name: known[name].title if name in known else str(name),
        **IN_ADDRESS,
    )
    each = known.get(chosen or first) or known[names[0]]
    # side by side, on a phone too
    with ends, st.container(horizontal=True):
        low = _end("From", each.field, each.low)
        high = _end("To", each.field, each.high)
    if not low < high:
        raise ScenarioError(
            f"a range must ascend, and {each.title} from {low:,.10g} to {high:,.10g} does not"
        )
    return Moved(each.field, low, high)


def _end(label: str, field: str, preset: float) -> float:
    """One end of a range; each field keeps its own."""
    value = st.number_input(
        label,
        min_value=0.0,
        value=None,
        format="%g",
        placeholder=f"{preset:,.10g}",
        key=f"{field.removeprefix('profile.flows.').removesuffix('.*')}_{label.lower()}",
        **IN_ADDRESS,
        help=f"Empty: {preset:,.10g}, based on the scenario.",
    )
    return preset if value is None else float(value)


def rivals_input(key: str, placeholder: str) -> Sequence[str]:
    """A list of the deployments to compare; if none is chosen, the page chooses."""
    return st.multiselect(
        "Deployments",
        list(DEPLOYMENTS),
        key=key,
        format_func=full_title,
        placeholder=placeholder,
        **IN_ADDRESS,
    )
