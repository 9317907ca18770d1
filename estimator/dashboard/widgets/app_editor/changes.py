"""What does an edit of the app make of the scenario? What a file would say under ``extends``.

So an edit goes through the checks of profiles, takes the evidence of what it changes away, and a
link says only what differs from a shipped profile.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from estimator.dashboard.session.state import changed
from estimator.documents import YamlDocument
from estimator.errors import ScenarioError
from estimator.scenario.clients import MAIN
from estimator.scenario.flows import MessageFlow
from estimator.scenario.profile import OtherClients, Profile, load_profile, said_of
from estimator.scenario.scenario import Scenario
from estimator.validation import validated

Changes = Mapping[str, Any]
"""Of a profile, as in a file that extends it; null takes a flow or a kind of clients away."""

EMPTY: Final[Changes] = {
    "title": "My app",
    "session": {"law": "exponential", "mean_hours": 1.0},
    "weekly_shape": "flat",
    "heartbeat": {"interval_seconds": 25.0},
    "flows": {},
}
"""An app that sends nothing yet."""
NEW_FLOW: Final[Changes] = {
    "direction": "client_to_server",
    "rate_per_hour": 60.0,
    "payload": 200.0,
    "fan_out": 1.0,
}
_NEW_NAME: Final = "messages"
_NEW_KIND: Final = "viewers"
_RECEIVED: Final[Changes] = {
    "updates": {"direction": "server_to_client", "rate_per_hour": 60.0, "payload": 200.0}
}
"""What a new kind of clients gets, since clients that do nothing cannot be."""


def with_changes(old: Scenario, kind: str, changes: Changes) -> Scenario:
    """The scenario with another profile of a kind of clients.

    Raises:
        ScenarioError: there can be no such profile; the message says why and not where.
    """
    if kind == MAIN:
        return _with_profile(old, _with(old.profile, changes))
    if not is_brought(old, kind):
        return _with_own(old, kind, _with(old.other_clients[kind].profile, changes))
    content = said_of(old.profile)["other_clients"][kind]["profile"]
    # the name of a shipped profile is extended, as a file would
    nested = {"extends": content, **changes} if isinstance(content, str) else changes
    main = _with(old.profile, {"other_clients": {kind: {"profile": nested}}})
    return _with_profile(old, main)


def is_brought(scenario: Scenario, kind: str) -> bool:
    """Whether a kind of clients comes with the profile, and not with the scenario alone."""
    brought = scenario.profile.other_clients.get(kind)
    own = scenario.other_clients.get(kind)
    return brought is not None and (own is None or own.profile == brought.profile)


def started_from(old: Scenario, kind: str, name: str | None) -> Scenario:
    """With a shipped profile in the place of the present one, or an empty one of the main kind."""
    if kind == MAIN:
        return _with_profile(old, load_profile(name) if name else _profile(EMPTY))
    if is_brought(old, kind):
        main = _with(old.profile, {"other_clients": {kind: {"profile": name}}})
        return _with_profile(old, main)
    return _with_own(old, kind, name)


def with_flow(old: Scenario, kind: str, name: str, changes: Changes | None) -> Scenario:
    """With a flow that is changed, or new, or not there anymore (None)."""
    return with_changes(old, kind, {"flows": {name: changes}})


def with_new_flow(old: Scenario, kind: str, like: str | None = None) -> Scenario:
    """With one more flow, which may be like one that is there."""
    flows = old.profiles[kind].flows
    said = NEW_FLOW if like is None else _said_of_flow(flows[like])
    return with_flow(old, kind, _unused(like or _NEW_NAME, flows), said)


def with_renamed_flow(old: Scenario, kind: str, name: str, new: str) -> Scenario:
    """With another name for a flow, which then stands last."""
    flows = old.profiles[kind].flows
    said = _said_of_flow(flows[name])
    if (new := _name(new, flows, name)) == name:
        return old
    return with_changes(old, kind, {"flows": {name: None, new: said}})


def with_direction(old: Scenario, kind: str, name: str, direction: str) -> Scenario:
    """With a flow that others send; what goes with a client that sends is taken back."""
    to_server = direction == "client_to_server"
    ended = {} if to_server else {"to": None, "echo": False}
    return with_flow(old, kind, name, {"direction": direction, **ended})


def with_receivers(old: Scenario, kind: str, name: str, to: str) -> Scenario:
    """With a flow that goes to a kind of clients, of whom at least one receives each message."""
    flow = old.profiles[kind].flows[name]
    some = {} if float(flow.fan_out) or to == kind else {"fan_out": 1.0}
    return with_flow(old, kind, name, {"to": None if to == kind else to, **some})


def with_new_kind(old: Scenario) -> Scenario:
    """With one more kind of clients, who come and go as the main ones and receive something."""
    main = said_of(old.profile)
    shared = {part: main[part] for part in ("session", "weekly_shape", "heartbeat") if part in main}
    name = _unused(_NEW_KIND, old.kinds)
    profile = {"title": name.capitalize(), **shared, "flows": _RECEIVED}
    kind = {"profile": profile, "per_main_connection": 1.0}
    return with_changes(old, MAIN, {"other_clients": {name: kind}})


def with_number(old: Scenario, kind: str, per_main_connection: str) -> Scenario:
    """With another number of a kind that the profile brings."""
    changes = {kind: {"per_main_connection": per_main_connection}}
    return with_changes(old, MAIN, {"other_clients": changes})


def without_kind(old: Scenario, kind: str) -> Scenario:
    """Without a kind of clients; what went to it goes to clients of the sender's kind."""
    if is_brought(old, kind):
        return _redirected(old, kind, None, {kind: None})
    others = {name: each for name, each in old.other_clients.items() if name != kind}
    return _stated(_redirected(old, kind, None, {}), other_clients=others or None)


def with_renamed_kind(old: Scenario, kind: str, new: str) -> Scenario:
    """With another name for a kind that the profile brings, in flows, too."""
    if (new := _name(new, old.kinds, kind)) == kind:
        return old
    said = said_of(old.profile)["other_clients"][kind]
    if isinstance(said["profile"], dict):
        # the shipped one is taken away, and its evidence would be most of a link
        said["profile"].pop("evidence", None)
    return _redirected(old, kind, new, {kind: None, new: said})


def _redirected(old: Scenario, kind: str, new: str | None, kinds: Changes) -> Scenario:
    """With flows that go elsewhere, and changed kinds of the profile, in one change."""

    def of(profile: Profile) -> Changes:
        there = {name: {"to": new} for name, flow in profile.flows.items() if flow.to == kind}
        return {"flows": there} if there else {}

    changes: dict[str, Any] = dict(kinds)
    for name, each in old.profile.other_clients.items():
        if name != kind and (flows := of(each.profile)):
            changes[name] = {"profile": flows}
    return with_changes(old, MAIN, {**of(old.profile), "other_clients": changes})


def _with(profile: Profile, changes: Changes) -> Profile:
    return _profile({"extends": said_of(profile), **changes})


def _profile(content: Changes) -> Profile:
    with _without_where():
        return validated(YamlDocument(content, "profile"), Profile, ScenarioError)


def _with_profile(old: Scenario, profile: Profile) -> Scenario:
    """With another profile of the main clients; numbers of clients that it brings are kept."""
    others: dict[str, object] = {}
    for name, kind in old.other_clients.items():
        if not is_brought(old, name):
            others[name] = kind
        elif name in profile.other_clients:
            others[name] = {each: said for each, said in _fields(kind).items() if each != "profile"}
    return _stated(old, profile=profile, other_clients=others or None)


def _with_own(old: Scenario, kind: str, profile: Profile | str | None) -> Scenario:
    """With another profile of a kind that the scenario brings itself."""
    with _without_where():
        clients = OtherClients(**{**_fields(old.other_clients[kind]), "profile": profile})
    return _stated(old, other_clients={**old.other_clients, kind: clients})


def _stated(old: Scenario, **fields: Any) -> Scenario:
    with _without_where():
        return changed(old, **fields)


def _fields(kind: OtherClients) -> dict[str, Any]:
    return {name: getattr(kind, name) for name in kind.model_fields_set}


def _said_of_flow(flow: MessageFlow) -> Changes:
    return flow.model_dump(mode="json", exclude_unset=True)


@contextmanager
def _without_where() -> Generator[None]:
    """Errors say what is wrong: the field beside which they stand tells where."""
    try:
        yield
    except ScenarioError as error:
        said = (line.partition(": ")[2] or line for line in str(error).splitlines())
        raise ScenarioError("\n".join(said)) from None


def _unused(name: str, there: Collection[str]) -> str:
    numbered = (f"{name} {number}" for number in range(2, len(there) + 3))
    return next(each for each in (name, *numbered) if each not in there)


def _name(new: str, there: Collection[str], present: str) -> str:
    new = new.strip()
    if not new:
        raise ScenarioError("a name is missing")
    if "." in new:
        raise ScenarioError("leave full stops out of the name: they part the names of fields")
    if new != present and new in there:
        raise ScenarioError(f"there is another '{new}' already: choose another name")
    return new
