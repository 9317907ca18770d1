"""Which scenario is on screen? Exactly one, carried by the address; an edit makes the next one.

The address decides when a page is opened, reloaded or gone back to. While somebody edits, the
session does: the address that a browser reports may lag behind quick edits.

Widgets show the scenario and hold nothing of their own (``bind``). What their users changed is
found at the start of the next run, by comparing what they hold with what they were made with, and
not in callbacks: Streamlit ends a run, and a callback too, wherever it touches the session while a
newer edit waits, so that quick edits would be lost in callbacks. Here an edit that was cut off is
found again by the next run. Runs must follow each other for that: ``runner.fastReruns`` is off,
with which the next run would start while the one before still makes widgets.

A widget is never told another value: another value is another widget, and so are other words for
what it offers, since a browser reports what was chosen by its words. A browser may report what a
widget held before it heard of the next value, or never hear of it, since Streamlit drops what waits
to be sent when the next run starts. Such a report names a widget that is gone, and is no edit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import streamlit as st

from estimator.analysis.compare import Comparison, compare
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.log import log_unexpected
from estimator.errors import EstimatorError, ScenarioError
from estimator.pricing.price_files import price_list
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import PRICE_LIST_PATTERN, Scenario

PARAMETER = "scenario"
PRICE_LIST = "price_list"
"""In the address, beside the scenario: the price list under which somebody saw it."""
LONGEST_LINK_CHARACTERS = 2_000
"""Chats, mail programs and some servers cut or refuse longer addresses."""

Change = Callable[[Scenario, Any], Scenario]
"""Makes the next scenario from the present one and the value of a widget."""

IN_ADDRESS: Final[dict[str, Any]] = {"bind": "query-params", "persist_state": "session"}
"""Arguments of a widget that belongs to its page only: its value stands in the address."""
_EXAMPLE_INSTEAD: Final = "An example is on screen instead."
_NOT_MADE: Final = "This change was not made"
_MISSING = object()


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """Something that was asked for and not done."""

    what: str
    why: str
    instead: str = "The scenario on screen did not change."


@dataclass(frozen=True, slots=True)
class Refused:
    """What a widget holds that cannot be, for its user to correct."""

    name: str
    """Of the widget."""
    value: object
    why: str


@dataclass(slots=True)
class _Bound:
    """A widget, and what a change of it does."""

    key: str
    held: object
    change: Change
    refusal: str
    """Head of the message if the change is refused; empty if that is said near the widget."""
    offered: tuple[str, ...] = ()
    """The words for all that it offers."""


@dataclass(slots=True)
class _Session:
    """What one visitor has on screen.

    A plain object: unlike the session itself, it can be changed without being interrupted.
    """

    scenario: Scenario | None = None
    address: str = ""
    seen_under: str | None = None
    """The price list that the address names: of who shared it, and after an edit the one in
    force."""
    page: str = ""
    """The page of the run before."""
    address_written: bool = False
    """Whether the browser was told the address; before, it cannot but report the old one."""
    edited: bool = False
    """Whether this run follows an edit."""
    address_decides: bool = True
    """Whether this run shows what the address says, and not what was edited or left behind."""
    told: dict[str, str] = field(default_factory=dict)
    """What else this page wrote into the address, by parameter; empty for one that it left out."""
    error: ErrorMessage | None = None
    notice: str = ""
    """What the last edit did, where the page alone would not tell."""
    refused: Refused | None = None
    """The last edit, if it was refused and is to be corrected where it was made."""
    drawn: Scenario | None = None
    """The last scenario for which what stands beside a page could be drawn."""
    is_to_draw: bool = False
    """Whether this run shows a scenario and has not drawn that yet."""
    own_profile: Profile | None = None
    """The last profile that does not ship with the package."""
    own_contract: Mapping[str, Any] | None = None
    """The last contract that does not ship with the package."""
    widgets: dict[str, _Bound] = field(default_factory=dict)
    """By name."""
    made: Counter[str] = field(default_factory=Counter)
    """How many widgets of each name there were."""
    pressed: list[tuple[Change, str]] = field(default_factory=list)
    """What buttons pressed since the last run shall change, and the head if that is refused."""


def default_scenario() -> Scenario:
    """What a visitor sees who says nothing."""
    return Scenario(profile="workplace-chat", location="virginia", peak_connections=10_000)


def current(page: str) -> Scenario:
    """The scenario to draw in this run: of the link, or after the edits since the last run.

    Args:
        page: which page is drawn. Going from one to another leaves the address empty, and that
            does not mean that another scenario was asked for.
    """
    session = _session()
    turned = page != session.page
    session.page = page
    session.is_to_draw = True
    edited = session.scenario is not None and _apply_edits(session)
    if turned:
        # the browser may still know the widgets that this page had when it was left
        session.widgets.clear()
        session.told.clear()
        if edited and session.refused is not None:
            session.error = ErrorMessage(_NOT_MADE, session.refused.why)
        session.refused = None
    address = st.query_params.get(PARAMETER, "")
    left_behind = turned and not address
    session.edited = edited
    session.address_decides = session.scenario is None or (
        session.address_written and not edited and not left_behind
    )
    if session.scenario is None or (session.address_decides and address != session.address):
        _open(session, address)
    _write_address(session.address, session.seen_under)
    session.address_written = True
    assert session.scenario is not None
    return session.scenario


def shown_page() -> str:
    """The name of the page that this run draws."""
    return _session().page


def on_screen() -> Scenario:
    """The scenario that this run draws."""
    return _session().scenario or default_scenario()


@kept
def comparison_of(token: str) -> Comparison:
    """All deployments compared, worked out once for all who look at it and so only read.

    Args:
        token: of the scenario; it holds everything the user said.

    Raises:
        EstimatorError: the scenario asks for something that does not exist.
    """
    scenario = Scenario.from_token(token)
    if scenario.many:
        raise ScenarioError(
            f"a field is a list, so this file describes {scenario.many[0]} scenarios; the "
            "dashboard shows one, use the Python API for many"
        )
    return compare(scenario)


def bind(name: str, value: object, change: Change, offered: Iterable[str] = ()) -> str:
    """Say what a user's change of a widget shall do.

    Args:
        name: of the widget.
        value: what it shows; its default, so that each message to the browser carries it.
        change: makes the next scenario; may raise an EstimatorError.
        offered: the words for all that can be chosen, where they can change.

    Returns:
        The key to draw it with: a new one if it does not hold the value, or offered other words.
    """
    return _bound(name, value, change, _NOT_MADE, tuple(offered)).key


def bind_checked(name: str, value: object, change: Change) -> tuple[str, Any]:
    """Like ``bind``; what is refused stays in the widget to be corrected, until the next edit.

    The page says near the widget what ``last_refused`` returns; the scenario never holds it.

    Returns:
        The key to draw it with, and what it shows.
    """
    refused = _session().refused
    shown = refused.value if refused is not None and refused.name == name else value
    return _bound(name, shown, change, "").key, shown


def last_refused() -> Refused | None:
    """The last edit, if it was refused and is to be corrected where it was made."""
    return _session().refused


def bind_optional(name: str, value: object, change: Change) -> dict[str, Any]:
    """The same as the arguments of a widget that can be emptied, whose default is to be empty.

    Its value is part of the session, which tells it to the browser until that reports the widget.
    """
    session = _session()
    known = session.widgets.get(name)
    key = bind(name, value, change)
    if known is None or known.key != key:
        st.session_state[key] = value
    return {"key": key, "value": None, "persist_state": "session"}


def watch(name: str, change: Change, refusal: str) -> str:
    """Like ``bind``, for a widget whose value only its user can set, such as an upload.

    ``refusal`` is the head of the message if the change raises an EstimatorError.
    """
    return _bound(name, held(name), change, refusal).key


def held(name: str) -> Any:
    """What a widget of this page holds; None if it was not drawn yet."""
    known = _session().widgets.get(name)
    return None if known is None else known.held


def _bound(
    name: str, value: object, change: Change, refusal: str, offered: tuple[str, ...] = ()
) -> _Bound:
    session = _session()
    known = session.widgets.get(name)
    if known is not None and (known.held, known.offered) == (value, offered):
        key = known.key
    else:
        number = session.made[name]
        key = f"{name} {number}" if number else name
        session.made[name] += 1
    session.widgets[name] = _Bound(key, value, change, refusal, offered)
    return session.widgets[name]


def press(change: Change, refusal: str = _NOT_MADE) -> dict[str, Any]:
    """Arguments of a button whose press makes the next scenario.

    A button is down for one run only, and that run may be cut off. So each press is noted, in a
    callback that touches nothing but a list, until a run has made its change.
    """
    return {"on_click": _session().pressed.append, "args": ((change, refusal),)}


def redraw() -> None:
    """Draw the whole page anew, from within a fragment that draws itself by the clock.

    What a browser asks for by the clock may cross the address that it is just being told, and so
    still carry the one from before. One that carries the present one has been told: if its visitor
    goes back meanwhile, that counts.
    """
    session = _session()
    told = {PARAMETER: session.address, **session.told}
    session.address_written = all(
        st.query_params.get(name, "") == value for name, value in told.items()
    )
    st.rerun()


def is_edited() -> bool:
    """Whether this run follows an edit."""
    return _session().edited


def asked_in_address(name: str) -> str | None:
    """What the address asks for by a parameter of this page; None if that is not news.

    It is news in a link that was opened, and after going back in the browser: not where somebody
    edits, whose browser may report an address that is older than the edit.
    """
    session, asked = _session(), st.query_params.get(name, "")
    is_news = session.address_decides and asked != session.told.get(name, "")
    return asked if is_news else None


def tell_address(name: str, value: str) -> None:
    """Write a parameter of this page into the address, or leave it out if it is empty."""
    _session().told[name] = value
    if value and st.query_params.get(name, "") != value:
        st.query_params[name] = value
    elif not value and name in st.query_params:
        del st.query_params[name]


def nothing_to_draw() -> None:
    """Take note that no scenario is shown: not yet, as a run begins, or not on this page."""
    _session().is_to_draw = False


def note_drawn() -> None:
    """Take note that what stands beside every page could be drawn."""
    session = _session()
    session.drawn = session.scenario
    session.is_to_draw = False


def still_to_draw() -> Scenario | None:
    """The scenario on screen, if what stands beside every page was not drawn in this run."""
    session = _session()
    return session.scenario if session.is_to_draw else None


def go_back(why: str) -> bool:
    """Go back to the last scenario that could be drawn, if the one on screen could not.

    A scenario that breaks what stands beside every page would leave no way out.

    Args:
        why: it could not be drawn.

    Returns:
        Whether there is another scenario on screen now.
    """
    session = _session()
    # the same, not equal: what cannot be drawn may not be comparable either
    if session.scenario is session.drawn:
        return False
    instead = "The last one is on screen."
    if session.drawn is None:
        session.drawn, instead = default_scenario(), _EXAMPLE_INSTEAD
    _put_on_screen(session, session.drawn)
    session.address, session.address_written = session.drawn.to_token(), False
    session.error = ErrorMessage("This scenario cannot be shown", why, instead)
    session.notice = ""
    return True


def last_error() -> ErrorMessage | None:
    """What was asked for last and not done."""
    return _session().error


def announce(what: str) -> None:
    """Say what a change does, from within it; it is not said if the change is refused."""
    _session().notice = what


def last_notice() -> str:
    """What the last edit did, if it said so."""
    return _session().notice


def own_profile() -> Profile | None:
    """The last profile of the visitor that does not ship with the package."""
    return _session().own_profile


def own_contract() -> Mapping[str, Any] | None:
    """The last contract of the visitor that does not ship with the package."""
    return _session().own_contract


def changed(scenario: Scenario, **changes: Any) -> Scenario:
    """The scenario with some fields changed; None takes back what was said of a field."""
    said = {name: getattr(scenario, name) for name in scenario.model_fields_set - changes.keys()}
    return Scenario(**said, **{name: new for name, new in changes.items() if new is not None})


def with_profile(scenario: Scenario, profile: str | Profile | Mapping[str, Any] | None) -> Scenario:
    """The scenario with another profile; clients that the one before brought go with it."""
    brought = scenario.profile.other_clients
    others = {name: kind for name, kind in scenario.other_clients.items() if name not in brought}
    return changed(scenario, profile=profile, other_clients=others or None)


def saved_under() -> str | None:
    """The price list under which the scenario on screen was saved or shared, if that is known."""
    session = _session()
    return on_screen().price_list or session.seen_under


def is_shipped(scenario: Scenario) -> bool:
    """Whether the profile is one of the package's own."""
    return isinstance(scenario.as_data()["profile"], str)


def _session() -> _Session:
    return st.session_state.setdefault("session", _Session())


def _apply_edits(session: _Session) -> bool:
    """Let every widget that was changed or pressed make the next scenario; whether one was."""
    found = [
        (name, widget, st.session_state.get(widget.key, _MISSING))
        for name, widget in session.widgets.items()
    ]
    edits = [each for each in found if each[2] is not _MISSING and each[2] != each[1].held]
    pressed = bool(session.pressed)
    if edits or pressed:
        session.error = session.refused = None
        session.notice = ""
    for name, widget, value in edits:
        _make(session, widget.change, value, widget.refusal, name)
        widget.held = value
    while session.pressed:
        change, refusal = session.pressed[0]
        _make(session, change, True, refusal)
        del session.pressed[0]
    return bool(edits) or pressed


def _make(session: _Session, change: Change, value: object, refusal: str, name: str = "") -> None:
    """Make one change, or say why it was not made: above the page, or near the widget."""
    try:
        old = session.scenario or default_scenario()
        new = change(old, value)
        is_edit = new.price_list == old.price_list
        # what is opened keeps the list that it was saved under, so that the page can tell
        _adopt(session, changed(new, price_list=None) if is_edit and new.price_list else new)
        session.seen_under = price_list() if is_edit else None
    except Exception as error:  # noqa: BLE001 - what is on screen stays, whatever it was
        why, session.notice = _reason(error), ""
        if refusal:
            session.error = ErrorMessage(refusal, why)
        else:
            session.refused = Refused(name, value, why)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, EstimatorError) else log_unexpected(error)


def _adopt(session: _Session, scenario: Scenario) -> None:
    token = scenario.to_token()
    comparison_of(token)
    _put_on_screen(session, scenario)
    session.address = token if len(token) <= LONGEST_LINK_CHARACTERS else ""
    session.address_written = False


def _open(session: _Session, address: str) -> None:
    """Show what an address says; if nothing sensible, keep what there is and say so."""
    session.notice = ""
    session.seen_under = _price_list_in_address() if address else None
    try:
        scenario = Scenario.from_token(address) if address else default_scenario()
        comparison_of(scenario.to_token())
    except Exception as error:  # noqa: BLE001 - what is on screen stays, whatever it was
        session.error = ErrorMessage("This link cannot be opened", _reason(error))
        if session.scenario is None:
            session.error = replace(session.error, instead=_EXAMPLE_INSTEAD)
            _put_on_screen(session, default_scenario())
    else:
        _put_on_screen(session, scenario)
        session.error = session.refused = None
    session.address = address


def _put_on_screen(session: _Session, scenario: Scenario) -> None:
    session.scenario = scenario
    if not is_shipped(scenario):
        session.own_profile = scenario.profile
    if isinstance(scenario.contract, Mapping):
        session.own_contract = scenario.contract


def _price_list_in_address() -> str | None:
    """The price list that the address names; None if it names none, or something else."""
    found = st.query_params.get(PRICE_LIST, "")
    return found if re.fullmatch(PRICE_LIST_PATTERN, found) else None


def _write_address(token: str, seen_under: str | None) -> None:
    if not token:
        if PARAMETER in st.query_params:
            del st.query_params[PARAMETER]
        return
    said = {PARAMETER: token} | ({PRICE_LIST: seen_under} if seen_under else {})
    changes = {
        name: value for name, value in said.items() if st.query_params.get(name, "") != value
    }
    if changes:
        # at once, so that going back takes one step
        st.query_params.update(changes)
