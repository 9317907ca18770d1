"""Which scenario is on screen? Exactly one, carried by the address; an edit makes the next one.

The address decides when a page is opened, reloaded or gone back to. While somebody edits, the
session does: the address that a browser reports may lag behind quick edits.

Widgets show the scenario and hold nothing of their own (``bind``). What their users changed is
found at the start of the next run, by comparing what they hold with what they were told, and not in
callbacks: Streamlit ends a run, and a callback too, wherever it touches the session while a newer
edit waits, so that quick edits would be lost in callbacks. Here an edit that was cut off is found
again by the next run. Runs must follow each other for that: ``runner.fastReruns`` is off, with
which the next run would start while the one before still tells widgets what they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import streamlit as st

from estimator.analysis.compare import Comparison, compare
from estimator.errors import EstimatorError, ScenarioError
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario

PARAMETER = "scenario"
LONGEST_LINK_CHARACTERS = 16_000
"""Servers and browsers commonly refuse longer addresses."""

Change = Callable[[Scenario, Any], Scenario]
"""Makes the next scenario from the present one and the value of a widget."""

IN_ADDRESS: Final[dict[str, Any]] = {"bind": "query-params", "persist_state": "session"}
"""Arguments of a widget that belongs to its page only: its value stands in the address."""
_KEPT = 128
_MISSING = object()


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """Something that was asked for and not done."""

    what: str
    why: str
    instead: str = "The scenario on screen did not change."


@dataclass(slots=True)
class _Bound:
    """A widget: what it was told, what a change does, and the head of the message if refused."""

    told: object
    change: Change
    refusal: str


@dataclass(slots=True)
class _Session:
    """What one visitor has on screen.

    A plain object: unlike the session itself, it can be changed without being interrupted.
    """

    scenario: Scenario | None = None
    address: str = ""
    page: str = ""
    """The page of the run before."""
    address_written: bool = False
    """Whether the browser was told the address; before, it cannot but report the old one."""
    error: ErrorMessage | None = None
    own_profile: Profile | None = None
    """The last profile that does not ship with the package."""
    widgets: dict[str, _Bound] = field(default_factory=dict)
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
    edited = session.scenario is not None and _apply_edits(session)
    if turned:
        # the same widget is another one on another page, and must be told its value there
        session.widgets.clear()
    address = st.query_params.get(PARAMETER, "")
    left_behind = turned and not address
    gone_elsewhere = (
        address != session.address and session.address_written and not edited and not left_behind
    )
    if session.scenario is None or gone_elsewhere:
        _open(session, address)
    _write_address(session.address)
    session.address_written = True
    assert session.scenario is not None
    return session.scenario


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
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


def bind(key: str, value: object, change: Change) -> str:
    """Tell a widget its value before it is drawn, and what its user's change shall do.

    A value is only set if it is not what the widget was told last: setting it again would
    overwrite what is being typed, or chosen while this run draws.

    Args:
        key: of the widget.
        value: what it shall show.
        change: makes the next scenario; may raise an EstimatorError.

    Returns:
        The key.
    """
    widgets = _session().widgets
    known = widgets.get(key)
    if known is None or known.told != value or key not in st.session_state:
        st.session_state[key] = value
    widgets[key] = _Bound(value, change, "This change was not made")
    return key


def watch(key: str, change: Change, refusal: str) -> str:
    """Like ``bind``, for a widget that cannot be told a value, such as an upload.

    ``refusal`` is the head of the message if the change raises an EstimatorError.
    """
    widgets = _session().widgets
    widgets[key] = _Bound(st.session_state.get(key), change, refusal)
    return key


def press(change: Change, refusal: str = "This change was not made") -> dict[str, Any]:
    """Arguments of a button whose press makes the next scenario.

    A button is down for one run only, and that run may be cut off. So each press is noted, in a
    callback that touches nothing but a list, until a run has made its change.
    """
    return {"on_click": _session().pressed.append, "args": ((change, refusal),)}


def redraw() -> None:
    """Draw the whole page anew, from within a fragment that draws itself by the clock.

    What a browser asks for by the clock may cross the address that it is just being told, and so
    still carry the one from before.
    """
    _session().address_written = False
    st.rerun()


def last_error() -> ErrorMessage | None:
    """What was asked for last and not done."""
    return _session().error


def own_profile() -> Profile | None:
    """The last profile of the visitor that does not ship with the package."""
    return _session().own_profile


def changed(scenario: Scenario, **changes: Any) -> Scenario:
    """The scenario with some fields changed; None takes back what was said of a field."""
    said = {name: getattr(scenario, name) for name in scenario.model_fields_set - changes.keys()}
    return Scenario(**said, **{name: new for name, new in changes.items() if new is not None})


def is_shipped(scenario: Scenario) -> bool:
    """Whether the profile is one of the package's own."""
    return isinstance(scenario.as_data()["profile"], str)


def _session() -> _Session:
    return st.session_state.setdefault("session", _Session())


def _apply_edits(session: _Session) -> bool:
    """Let every widget that was changed or pressed make the next scenario; whether one was."""
    held = {key: st.session_state.get(key, _MISSING) for key in session.widgets}
    edits = [
        (key, value)
        for key, value in held.items()
        if value is not _MISSING and value != session.widgets[key].told
    ]
    pressed = bool(session.pressed)
    if edits or pressed:
        session.error = None
    for key, value in edits:
        widget = session.widgets[key]
        _make(session, widget.change, value, widget.refusal)
        widget.told = value
    while session.pressed:
        change, refusal = session.pressed[0]
        _make(session, change, True, refusal)
        del session.pressed[0]
    return bool(edits) or pressed


def _make(session: _Session, change: Change, value: object, refusal: str) -> None:
    """Make one change, or say why it was not made."""
    try:
        _adopt(session, change(session.scenario or default_scenario(), value))
    except EstimatorError as error:
        session.error = ErrorMessage(refusal, str(error))


def _adopt(session: _Session, scenario: Scenario) -> None:
    token = scenario.to_token()
    comparison_of(token)
    _put_on_screen(session, scenario)
    session.address = token if len(token) <= LONGEST_LINK_CHARACTERS else ""
    session.address_written = False


def _open(session: _Session, address: str) -> None:
    """Show what an address says; if nothing sensible, keep what there is and say so."""
    try:
        scenario = Scenario.from_token(address) if address else default_scenario()
        comparison_of(scenario.to_token())
    except EstimatorError as error:
        session.error = ErrorMessage("This link cannot be opened", str(error))
        if session.scenario is None:
            session.error = replace(session.error, instead="An example is on screen instead.")
            _put_on_screen(session, default_scenario())
    else:
        _put_on_screen(session, scenario)
        session.error = None
    session.address = address


def _put_on_screen(session: _Session, scenario: Scenario) -> None:
    session.scenario = scenario
    if not is_shipped(scenario):
        session.own_profile = scenario.profile


def _write_address(token: str) -> None:
    if st.query_params.get(PARAMETER, "") == token:
        return
    if token:
        st.query_params[PARAMETER] = token
    else:
        del st.query_params[PARAMETER]
