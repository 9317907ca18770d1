"""What does the user say? The scenario as widgets, in the sidebar."""

from __future__ import annotations

import streamlit as st

from estimator.dashboard.session.state import bind, changed, is_shipped, own_profile
from estimator.dashboard.widgets import audience
from estimator.dashboard.widgets.text import literal
from estimator.pricing.contract import contract_names, shipped_contract
from estimator.scenario.locations import locations
from estimator.scenario.profile import load_profile, profile_names
from estimator.scenario.scenario import Scenario
from estimator.units import HOURS_PER_MONTH

_OWN = "your profile"
_LIST_PRICES = "list"
_OWN_CONTRACT = "your contract"
_ALLOWANCES = {
    "always": "Those every account has",
    "all": "Also those of new accounts",
    "none": "Ignore them",
}


def scenario_inputs(scenario: Scenario) -> None:
    """Who connects, from where, how often, and how it shall be billed."""
    st.text_input(
        "Name",
        key=bind("name", scenario.name, lambda old, name: changed(old, name=name.strip() or None)),
        placeholder=scenario.profile.title,
    )
    _profile(scenario)
    st.selectbox(
        "Place",
        list(locations()),
        key=bind(
            "location", scenario.location, lambda old, location: changed(old, location=location)
        ),
        format_func=lambda name: locations()[name].title,
        help="Where the users are served from; one region of each cloud.",
    )
    for note in scenario.found_location.stand_ins.values():
        st.caption(literal(note))
    audience.inputs(scenario)
    billing = st.expander(
        "Billing", icon=":material/receipt_long:", key="billing", on_change="rerun"
    )
    if billing.open:
        with billing:
            _billing(scenario)
    _also_said(scenario)


def _profile(scenario: Scenario) -> None:
    own = own_profile()
    titles = {name: load_profile(name).title for name in profile_names()}
    if own is not None:
        titles[_OWN] = f"{own.title} ({_OWN})"
    shown = str(scenario.as_data()["profile"]) if is_shipped(scenario) else _OWN
    st.selectbox(
        "Profile",
        list(titles),
        key=bind(
            "profile",
            shown,
            lambda old, name: changed(old, profile=own if name == _OWN else name),
        ),
        format_func=lambda name: titles[name],
        help="How one client behaves: sessions, messages, heartbeat and hours of the week. "
        "A scenario file may bring its own.",
    )


def _billing(scenario: Scenario) -> None:
    st.selectbox(
        "Free allowances taken off",
        list(_ALLOWANCES),
        key=bind(
            "free_allowances",
            scenario.free_allowances,
            lambda old, wanted: changed(old, free_allowances=wanted),
        ),
        format_func=lambda name: _ALLOWANCES[name],
    )
    _contract(scenario)
    st.date_input(
        "Prices in force on",
        value=None,
        format="YYYY-MM-DD",
        max_value="today",
        key=bind("as_of", scenario.as_of, lambda old, day: changed(old, as_of=day)),
        help="Empty: the newest prices known.",
    )
    st.number_input(
        "Hours in the month",
        min_value=0.0,
        value=None,
        step=1.0,
        format="%g",
        key=bind(
            "hours_per_month",
            scenario.hours_per_month,
            lambda old, hours: changed(old, hours_per_month=hours),
        ),
        help=f"{HOURS_PER_MONTH:g} is a twelfth of a year; vendors also use 720 and 744.",
    )


def _contract(scenario: Scenario) -> None:
    titles = {_LIST_PRICES: "List prices"}
    titles |= {name: shipped_contract(name).title for name in contract_names()}
    contract = scenario.contract
    if isinstance(contract, dict):
        titles[_OWN_CONTRACT] = f"{contract['title']} ({_OWN_CONTRACT})"
    st.selectbox(
        "What is paid",
        list(titles),
        key=bind(
            "contract",
            _OWN_CONTRACT if isinstance(contract, dict) else contract or _LIST_PRICES,
            lambda old, name: changed(
                old,
                contract={_LIST_PRICES: None, _OWN_CONTRACT: old.contract}.get(name, name),
            ),
        ),
        format_func=lambda name: titles[name],
        help="Published discounts for reserved and committed use. Rates of your own come in a "
        "scenario file, under 'contract'.",
    )


def _also_said(scenario: Scenario) -> None:
    """What a file or link said for which there is no widget here: it still counts."""
    said = audience.also_said(scenario)
    if scenario.users_in:
        shares = (f"{share:.0%} {area}" for area, share in scenario.destinations.items())
        said.append(f"users in {', '.join(shares)}".replace("_", " "))
    if said:
        st.caption(literal(f"Also in this scenario: {'; '.join(said)}."))
