"""What does the user say? The scenario as widgets, as a file and as a link, in the sidebar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import streamlit as st

from estimator.dashboard.session.state import (
    Change,
    bind,
    bind_optional,
    changed,
    is_shipped,
    own_contract,
    own_profile,
    with_profile,
)
from estimator.dashboard.widgets.document import literal
from estimator.dashboard.widgets.downloads import Download, download_button
from estimator.dashboard.widgets.share import share_popover
from estimator.dashboard.widgets.upload import upload_input
from estimator.demand.expected import expected_demand
from estimator.format import capitalized, span_text
from estimator.pricing.contract import contract_names, shipped_contract
from estimator.pricing.price_files import LAYERS
from estimator.scenario.clients import Audience
from estimator.scenario.locations import locations
from estimator.scenario.profile import OtherClients, load_profile, profile_names
from estimator.scenario.scenario import FIRST_DAY, LAST_DAY, Scenario
from estimator.units import HOURS_PER_MONTH, SECONDS_PER_HOUR

_OWN_PROFILE: Final = "your profile"
_OWN_CONTRACT: Final = "your contract"
_LIST_PRICES: Final = "list"
_AUDIENCES: Final = {
    "peak_connections": "Peak connections",
    "mean_connections": "Mean connections",
    "users_per_day": "Users per day and their sessions",
}
_SESSIONS: Final = "sessions_per_user_per_day"
_PER_MAIN: Final = "per_main_connection"
_HELP: Final = {
    _PER_MAIN: "Most of them connected at once, for each connection of the main kind at its peak.",
    "peak_connections": "Open connections in the fullest hour of the week.",
    "mean_connections": "Open connections averaged over the whole week, nights included.",
    "users_per_day": "People who connect on the busiest day of the week.",
    _SESSIONS: "Sessions of each of them on that day.",
}
_ALLOWANCES: Final = {
    "always": "Those of every account",
    "all": "Also those of new accounts",
    "none": "None",
}


def profile_input(scenario: Scenario) -> None:
    """Which app it is, or is like."""
    own = own_profile()
    profiles = {name: load_profile(name).title for name in profile_names()}
    if own is not None:
        profiles[_OWN_PROFILE] = f"{own.title} ({_OWN_PROFILE})"
    shipped = str(scenario.as_data()["profile"]) if is_shipped(scenario) else None
    _choice(
        "Your app is like",
        "profile",
        profiles,
        shipped or _OWN_PROFILE,
        replaced={_OWN_PROFILE: own},
        explained="How one client behaves: sessions, messages, heartbeat and hours of the week. "
        "A scenario file can define its own.",
    )


def scenario_inputs(scenario: Scenario) -> None:
    """Who connects, from where, how often, and how it shall be billed; a name comes last."""
    _choice(
        "Location",
        "location",
        {name: each.title for name, each in locations(regions=True).items()},
        scenario.location,
        explained="Where the users are served from; it maps to one region of each cloud. "
        "Behind the ten named ones come cities and the clouds' own regions: type to find them.",
    )
    for note in scenario.found_location.stand_ins.values():
        st.caption(literal(note))
    _audience(scenario)
    _week_of(scenario)
    billing = st.expander(
        "Billing", icon=":material/receipt_long:", key="billing", on_change="rerun"
    )
    if billing.open:
        with billing:
            _billing(scenario)
    name = scenario.name or ""
    st.text_input(
        "Name",
        name,
        key=bind("name", name, lambda old, new: changed(old, name=new.strip() or None)),
        placeholder=scenario.profile.title,
    )


def _choice(
    label: str,
    field: str,
    titles: Mapping[str, str],
    chosen: str,
    explained: str | None = None,
    replaced: Mapping[str, Any] | None = None,
) -> None:
    """A list for one field of the scenario.

    Args:
        label: of the list.
        field: of the scenario.
        titles: of what can be chosen, by its name.
        chosen: what the scenario says.
        explained: help for the user.
        replaced: what a name stands for, unless for itself.
    """
    stands_for = replaced or {}
    choose = with_profile if field == "profile" else lambda old, new: changed(old, **{field: new})
    st.selectbox(
        label,
        list(titles),
        index=list(titles).index(chosen),
        key=bind(
            field,
            chosen,
            lambda old, name: choose(old, stands_for.get(name, name)),
            titles.values(),
        ),
        format_func=lambda name: titles[name],
        help=explained,
    )


def number_input(
    label: str, name: str, value: object, change: Change, *, step: float, explained: str
) -> None:
    """A number of the scenario.

    Args:
        label: of the field.
        name: of the field.
        value: what the scenario says.
        change: makes the next scenario from the number.
        step: of its buttons.
        explained: help for the user.
    """
    st.number_input(
        label,
        min_value=0.0,
        value=float(np.asarray(value)),
        step=step,
        format="%g",
        key=bind(name, value, change),
        help=explained,
    )


def _audience(scenario: Scenario) -> None:
    """How many there are, in whichever way the user knows it."""
    kind = _audience_kind(scenario)
    st.selectbox(
        "Audience given as",
        list(_AUDIENCES),
        index=list(_AUDIENCES).index(kind),
        key=bind("audience", kind, _restated),
        format_func=lambda name: _AUDIENCES[name],
        help="Changing it keeps the audience and expresses it in the other way.",
    )
    _audience_number(
        "Users per day" if kind == "users_per_day" else _AUDIENCES[kind], kind, scenario
    )
    if kind == "users_per_day":
        _audience_number("Sessions per user and day", _SESSIONS, scenario)
    for name, other in {**scenario.profile.other_clients, **scenario.other_clients}.items():
        of_main = other.per_main_connection is not None
        field = _PER_MAIN if of_main else _audience_kind(other)
        label = "For each connection" if of_main else _AUDIENCES[field].split(" and ")[0]
        number_input(
            f"{label}: {literal(name)}",
            f"other_clients.{name}.{field}",
            getattr(other, field),
            partial(_with_other, name, field),
            step=0.01 if of_main else 1.0,
            explained=f"{_HELP[field]} Their profile: {literal(other.profile.title)}.",
        )
    _audience_in_connections(scenario)


def _audience_in_connections(scenario: Scenario) -> None:
    """What the audience means in open connections, and what else was said of it."""
    demand = expected_demand(scenario)
    session = span_text(float(scenario.profile.session.mean) * SECONDS_PER_HOUR)
    others = [kind for kind in _AUDIENCES if getattr(scenario, kind) is not None][1:]
    also = "".join(
        f" Also given: {_AUDIENCES[kind].lower()} {getattr(scenario, kind):,.10g}."
        for kind in others
    )
    together = "" if len(scenario.kinds) == 1 else f" of all {len(scenario.kinds)} kinds together"
    st.caption(literal(f"= {demand.audience}{together}; sessions of {session}.{also}"))


def _with_other(name: str, field: str, old: Scenario, number: object) -> Scenario:
    """The scenario with another number of some further kind of clients."""
    kind = {**old.profile.other_clients, **old.other_clients}[name]
    said = {each: getattr(kind, each) for each in kind.model_fields_set}
    others = {**old.other_clients, name: OtherClients(**{**said, field: number})}
    return changed(old, other_clients=others)


def _audience_kind(audience: Audience) -> str:
    return next(kind for kind in _AUDIENCES if getattr(audience, kind) is not None)


def _audience_number(label: str, field: str, scenario: Scenario) -> None:
    number_input(
        label,
        field,
        getattr(scenario, field),
        lambda old, number: _with_number(old, field, number),
        step=1.0 if field == _SESSIONS else 100.0,
        explained=_HELP[field],
    )


def _with_number(old: Scenario, field: str, number: float) -> Scenario:
    kind = _audience_kind(old)
    given = (kind, _SESSIONS) if kind == "users_per_day" else (kind,)
    if field not in given:
        return old
    return _with_audience(old, {**{name: getattr(old, name) for name in given}, field: number})


def _restated(old: Scenario, kind: str) -> Scenario:
    """The same audience, given in another way."""
    demand = expected_demand(old).kinds[0]
    daily = old.shape_clock(old).daily(demand.new_connections.hourly)
    sessions = old.sessions_per_user_per_day or 1.0
    amounts = {
        "peak_connections": demand.peak_connections,
        "mean_connections": demand.connections.mean,
        "users_per_day": daily.max() / sessions,
    }
    given = {kind: float(np.round(amounts[kind]))}
    if kind == "users_per_day":
        given[_SESSIONS] = float(sessions)
    return _with_audience(old, given)


def _with_audience(old: Scenario, given: dict[str, Any]) -> Scenario:
    """The scenario with this audience and no other statement of it."""
    return changed(old, **{**dict.fromkeys((*_AUDIENCES, _SESSIONS)), **given})


def _week_of(scenario: Scenario) -> None:
    """The week that decides about summer time."""
    named = scenario.week_of if "week_of" in scenario.model_fields_set else None
    st.date_input(
        "Week of the year",
        format="YYYY-MM-DD",
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        **bind_optional("week_of", named, lambda old, day: changed(old, week_of=day)),
        help="Any day of the week that is estimated, which decides whether clocks show summer "
        "time. Empty: that of the first date on the calendar, or a week of standard time north of "
        "the equator.",
    )


def _billing(scenario: Scenario) -> None:
    _choice("Free allowances deducted", "free_allowances", _ALLOWANCES, scenario.free_allowances)
    titles = {_LIST_PRICES: "List prices"}
    titles |= {name: shipped_contract(name).title for name in contract_names()}
    contract, own = scenario.contract, own_contract()
    if own is not None:
        titles[_OWN_CONTRACT] = f"{own['title']} ({_OWN_CONTRACT})"
    _choice(
        "Price basis",
        "contract",
        titles,
        _OWN_CONTRACT if isinstance(contract, dict) else contract or _LIST_PRICES,
        replaced={_LIST_PRICES: None, _OWN_CONTRACT: own},
        explained="Published discounts for reserved and committed use. Your own rates come in a "
        "file (“Open a file”), or are stated beside a bill, under “Your prices”.",
    )
    st.date_input(
        "Prices in force on",
        format="YYYY-MM-DD",
        max_value="today",
        **bind_optional("as_of", scenario.as_of, lambda old, day: changed(old, as_of=day)),
        help="Empty: the newest known prices.",
    )
    st.pills(
        "Added up",
        list(LAYERS),
        selection_mode="multi",
        default=list(scenario.layers),
        format_func=capitalized,
        key=bind("layers", list(scenario.layers), _with_layers),
        help="Messaging is what carries the messages; application is what answers them: "
        "functions, servers, your own code's part of nodes; engineering is people's time, if its "
        "hours are stated.",
    )
    number_input(
        "Hours per month",
        "hours_per_month",
        scenario.hours_per_month,
        lambda old, hours: changed(old, hours_per_month=hours),
        step=1.0,
        explained=f"{HOURS_PER_MONTH:g} is one twelfth of a year; vendors also use 720 and 744.",
    )


def _with_layers(old: Scenario, layers: Sequence[str]) -> Scenario:
    """With these layers added up, and all of them where none is chosen."""
    all_of_them = not layers or len(layers) == len(LAYERS)
    return changed(old, layers=None if all_of_them else tuple(layers))


def scenario_exchange(scenario: Scenario) -> None:
    """Upload a scenario file, download the present one, share it."""
    upload_input()
    download_button(
        Download(
            "Save the scenario",
            "scenario.yaml",
            lambda origin: (
                origin.comments(whole=False)
                + changed(scenario, price_list=origin.price_list).to_yaml()
            ),
        ),
        width="stretch",
    )
    share_popover(scenario)
