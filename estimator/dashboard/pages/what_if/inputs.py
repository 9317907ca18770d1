"""What do the parts of the page What if ask? Which number moves, from where to where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from estimator.dashboard.pages.what_if.answers import Moved
from estimator.dashboard.pages.what_if.fields import USD_PER_ENGINEER_HOUR, Movable
from estimator.dashboard.session.state import Change, bind, changed
from estimator.dashboard.widgets.text import literal
from estimator.deployments.registry import DEPLOYMENTS
from estimator.errors import ScenarioError
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.scenario import Engineering, Scenario


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
        bind="query-params",
        persist_state="session",
    )
    each = known.get(chosen or first) or known[names[0]]
    # side by side, on a phone too
    with ends, st.container(horizontal=True):
        low = _end("From", each.field, each.low)
        high = _end("To", each.field, each.high)
    if not low < high:
        raise ScenarioError(
            f"a range ascends, and {each.title} from {low:,.10g} to {high:,.10g} does not"
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
        bind="query-params",
        persist_state="session",
        help=f"Empty: {preset:,.10g}, from what the scenario says.",
    )
    return preset if value is None else float(value)


def hour_price_input(scenario: Scenario) -> None:
    """What an hour of an engineer costs; part of the scenario, like all that is billed."""
    known = scenario.engineering
    st.number_input(
        "An hour of an engineer costs (USD)",
        min_value=0.0,
        value=None,
        step=10.0,
        format="%g",
        key=bind(
            "usd_per_engineer_hour",
            known.usd_per_engineer_hour if known else USD_PER_ENGINEER_HOUR,
            _stating("usd_per_engineer_hour"),
        ),
        help="Your own figure: no price list has it. It becomes part of the scenario.",
    )


def hours_input(scenario: Scenario) -> None:
    """Engineer-hours per month for a fleet of one's own; part of the scenario."""
    known = scenario.engineering
    st.number_input(
        "Engineer-hours per month for a fleet of your own",
        min_value=0.0,
        value=None,
        step=5.0,
        format="%g",
        key=bind(
            "engineer_hours",
            known.engineer_hours_per_month if known else 0.0,
            _stating("engineer_hours_per_month"),
        ),
        help="To build, patch, watch and be called out, beside what a managed service would take. "
        "It becomes part of the scenario and a line of the bills of fleets.",
    )


def _stating(figure: str) -> Change:
    nothing = Engineering(engineer_hours_per_month=0, usd_per_engineer_hour=USD_PER_ENGINEER_HOUR)

    def state(old: Scenario, value: float | None) -> Scenario:
        if value is None:  # an emptied field is no answer: the last number stays
            return old
        figures = {**(old.engineering or nothing).model_dump(), figure: value}
        new = Engineering(**figures)
        return changed(old, engineering=None if new == nothing else new)

    return state


def rivals_input(label: str, key: str, placeholder: str, most: int | None = None) -> Sequence[str]:
    """Widgets for the deployments that are looked at; nothing chosen means the page's choice."""
    return st.multiselect(
        label,
        list(DEPLOYMENTS),
        key=key,
        format_func=plain_name,
        placeholder=placeholder,
        max_selections=most,
        bind="query-params",
        persist_state="session",
    )


def plain_name(deployment: str) -> str:
    """A deployment for people.

    >>> plain_name("gcp.cloud_run")
    'Cloud Run on Google Cloud'
    """
    found = DEPLOYMENTS[deployment]
    return f"{found.title} on {CLOUDS[found.cloud]}"


def name_of(deployment: str) -> str:
    """A deployment inside Markdown."""
    return literal(plain_name(deployment))
