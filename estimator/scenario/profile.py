"""How does one client behave? Sessions, messages and hours of the week, and who else connects."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WrapSerializer,
    model_validator,
)

from estimator.arguments import checks_arguments
from estimator.documents import YamlDocument, read_file, yaml_text
from estimator.errors import EstimatorError, ScenarioError, echo
from estimator.format import range_text
from estimator.scenario import model
from estimator.scenario.application import DEFAULT_APPLICATION, ApplicationName
from estimator.scenario.clients import MAIN, audience_arrays, check_audience
from estimator.scenario.flows import AtConnect, Heartbeat, MessageFlow
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import SessionLength
from estimator.scenario.weekly_shape import WeeklyShape, load_shape, shape_names
from estimator.shown import Shown
from estimator.validation import Name, Prose, validated

YAML_SUFFIXES: Final = (".yaml", ".yml")
"""What names of files end with, and names of what ships do not."""
_MOST_FLOWS = 50
"""Kinds of message: more than anybody tells apart."""
_MOST_EVIDENCE = 500
MOST_KINDS: Final = 20
"""Of clients beside the main ones."""
_MOST_EXTENDED = 20
"""Profiles behind one another, each of which changes the next."""
_NAMED_PARTS: Final = ("flows", "other_clients")
"""Of a profile, what has names of its author's choice: a change can take one away (null)."""


class Evidence(model.Model):
    """Why a default is what it is."""

    grade: Literal["published", "assumption"]
    """published: somebody measured or stated it; assumption: our judgment, to be replaced."""
    source: Prose | None = None
    """Where it was published."""
    read_on: dt.date | None = None
    """When the source was read last."""
    note: Prose
    """What the source says, or why the assumption was chosen."""
    moves: Prose | None = None
    """Of an assumption: what of a bill it moves."""

    @model_validator(mode="after")
    def _published_has_source(self) -> Self:
        if self.grade == "published" and not self.source:
            raise ValueError("a published default needs its source")
        return self


def _shape(value: object) -> object:
    return load_shape(value) if isinstance(value, str) else value


def _shape_name(shape: WeeklyShape, serialize: SerializerFunctionWrapHandler) -> object:
    shipped = (name for name in shape_names() if load_shape(name) is shape)
    return next(shipped, None) or serialize(shape)


@checks_arguments
class Profile(Shown, model.Model):
    """How one client behaves: its sessions, messages, heartbeat and hours of the week.

    >>> profile = load_profile("workplace-chat")
    >>> profile.session.law
    'lognormal'
    """

    title: Name
    """Name for people."""
    description: Prose = ""
    """What kind of product this is."""
    session: SessionLength
    """How long a client stays connected if nothing cuts the connection."""
    weekly_shape: Annotated[
        WeeklyShape,
        BeforeValidator(_shape, json_schema_input_type=str | WeeklyShape),
        WrapSerializer(_shape_name),
    ]
    """When in the week clients are connected: the name of a shipped shape, or your own."""
    flows: Annotated[dict[Name, MessageFlow], Field(max_length=_MOST_FLOWS)]
    """The messages, by a name of your choice."""
    heartbeat: Heartbeat | None = None
    """None if the client sends none."""
    at_connect: AtConnect = AtConnect()
    """Bytes exchanged on every new connection."""
    reconnect: Reconnect = Reconnect()
    """How a client comes back when its connection is lost or refused."""
    application: ApplicationName = DEFAULT_APPLICATION
    """What your own code does with messages and new connections, on servers of your own: the name
    of a kind of application ('estimator list applications'), or none."""
    other_clients: Annotated[
        dict[Annotated[Name, Field(min_length=1)], OtherClients], Field(max_length=MOST_KINDS)
    ] = Field(default_factory=dict)
    """Further kinds of clients that come with these, by a name that flows can go to, each so many
    for each of these (per_main_connection); a scenario can give them another number."""
    evidence: dict[Name, Evidence] = Field(default_factory=dict, max_length=_MOST_EVIDENCE)
    """Where each default comes from, by its path, such as session.mean_hours."""

    @model_validator(mode="before")
    @classmethod
    def _changes_another(cls, said: Any) -> Any:
        return _written_out(said) if isinstance(said, Mapping) and "extends" in said else said

    @model_validator(mode="after")
    def _kinds_of_its_own(self) -> Self:
        for name, kind in self.other_clients.items():
            if name == MAIN:
                raise ValueError(
                    f"'{MAIN}' is the kind of clients that the profile itself describes: choose "
                    "another name in other_clients"
                )
            if kind.per_main_connection is None:
                raise ValueError(
                    f"other_clients.{name}: a profile says of other clients how many there are "
                    "for each of the main ones: per_main_connection; numbers of their own stand "
                    "in other_clients of a scenario"
                )
        return self

    def to_yaml(self) -> str:
        """The file that says the same, as short as it can be: for ``profile: ours.yaml``.

        >>> print(load_profile("market-data").to_yaml(), end="")
        extends: market-data
        """
        return yaml_text(as_changes(self))

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios that its figures stand for; () if they are single ones."""
        greeting = self.at_connect
        shapes = [self.session.many, np.shape(greeting.tells)]
        shapes += [greeting.to_client.many, greeting.from_client.many]
        shapes += [] if greeting.tells_payload is None else [greeting.tells_payload.many]
        for flow in self.flows.values():
            shapes += [np.shape(flow.rate_per_hour), np.shape(flow.fan_out), flow.payload.many]
            shapes.append(np.shape(flow.active_share))
            shapes += [] if flow.batch is None else [np.shape(flow.batch.window)]
        if self.heartbeat is not None:
            beat = self.heartbeat
            shapes += [np.shape(beat.interval_seconds), np.shape(beat.payload_bytes)]
        shapes += [kind.many for kind in self.other_clients.values()]
        return np.broadcast_shapes(*shapes)

    def __repr__(self) -> str:
        law, hours = self.session.law, range_text(self.session.mean, "{:g}".format)
        return f"<Profile {self.title!r}: {law} sessions of {hours} h, {', '.join(self.flows)}>"


@checks_arguments
def profile_names() -> list[str]:
    """The profiles that ship with the package.

    Returns:
        Names for ``load_profile`` and for the profile of a scenario.

    >>> "workplace-chat" in profile_names()
    True
    """
    return model.names_of("profiles")


@checks_arguments
def load_profile(name: str | Path) -> Profile:
    """A profile that ships with the package, or one of your own from a YAML file.

    Args:
        name: one of ``profile_names``, or the path of a file (``.yaml``), which may extend a
            shipped profile or another file.

    Returns:
        The profile; its rates are messages per hour of an open connection.

    Raises:
        UnknownNameError: there is no such profile.
        ScenarioError: no such file, not a valid profile, or files that extend each other in a
            circle.

    >>> load_profile("workplace-chat").flows["posts"].rate_per_hour
    2.3
    """
    if isinstance(name, Path) or name.endswith(YAML_SUFFIXES):
        return validated(_file(Path(name), ()), Profile, ScenarioError)
    return _shipped(name)


@cache
def _shipped(name: str) -> Profile:
    return model.load_shipped("profiles", name, Profile)


def from_files(said: Any, folder: Path, through: tuple[Path, ...] = ()) -> Any:
    """What a file says of a profile, with the files read that it names.

    Args:
        said: the profile as it was read: a name, or a mapping that is changed.
        folder: that of the file.
        through: the files of profiles that led to it.

    Raises:
        ScenarioError: as for ``load_profile``.
    """
    if _is_file(said):
        document = _file(folder / said, through)
        return validated(document, Profile, ScenarioError)
    if not isinstance(said, dict):
        return said
    content: dict[str, Any] = said  # pyright: ignore[reportUnknownVariableType] (as it was read)
    if _is_file(content.get("extends")):
        base = _file(folder / content["extends"], through)
        # before anything changes it, so that what is wrong with it is told with its lines
        validated(base, Profile, ScenarioError)
        content["extends"] = base.content
    kinds: Any = content.get("other_clients")
    for kind in kinds.values() if isinstance(kinds, dict) else ():
        if isinstance(kind, dict) and "profile" in kind:
            kind["profile"] = from_files(kind["profile"], folder, through)
    return content


def _file(path: Path, through: tuple[Path, ...]) -> YamlDocument:
    document = read_file(path, ScenarioError)
    there = path.resolve()
    if there in through:
        circle = (*through[through.index(there) :], there)
        raise ScenarioError(
            "profiles extend each other in a circle: "
            f"{', which extends '.join(each.name for each in circle)}"
        )
    from_files(document.content, path.parent, (*through, there))
    return document


def _is_file(said: object) -> bool:
    return isinstance(said, str) and said.endswith(YAML_SUFFIXES)


def resolve_profile(value: object) -> object:
    """Turn what a scenario says of its profile into a profile or its content.

    A text names a shipped profile. A mapping is a profile of its own; with ``extends`` it only
    states what differs from another one, shipped or written out, down to a single number. A flow
    or a kind of clients that is null there is taken away.

    >>> without = resolve_profile({"extends": "multiplayer-game", "flows": {"inputs": None}})
    >>> [*without["flows"]]
    ['state_patches']
    """
    if isinstance(value, str):
        return _shipped(_no_file(value))
    return _written_out(value) if isinstance(value, Mapping) and "extends" in value else value


def _no_file(name: str) -> str:
    """Refuse the name of a file: a text may come from anywhere, and shall open none."""
    if _is_file(name):
        raise ValueError(
            f"'{name}' names a file, which is looked for beside a scenario file only: "
            f"in Python give load_profile('{name}'), elsewhere write the profile out"
        )
    return name


def _written_out(said: Mapping[Any, Any], behind: int = 0) -> dict[str, Any]:
    """A profile in full: the one that it extends, and what it says otherwise."""
    if behind == _MOST_EXTENDED:
        raise ValueError(
            f"profiles extend each other in a circle, or more than {_MOST_EXTENDED} of them in a "
            "row: extend one that is written out"
        )
    extended: Any = said["extends"]
    if isinstance(extended, str):
        extended = model.read_shipped("profiles", _no_file(extended)).content
    if not isinstance(extended, Mapping):
        raise ValueError(
            f"extends: {echo(extended)} is no profile: name a shipped one, a file beside the "
            "scenario file, or write one out"
        )
    base: Mapping[str, Any] = (
        _written_out(extended, behind + 1) if "extends" in extended else extended
    )
    changes = {key: item for key, item in said.items() if key != "extends"}
    return _merge(_without_evidence_of(changes, base), changes)


def _without_evidence_of(changes: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """A profile without what backs those of its defaults that are changed, of all its clients."""
    evidence, kinds, changed = (
        each if isinstance(each, Mapping) else {}
        for each in (base.get("evidence"), base.get("other_clients"), changes.get("other_clients"))
    )
    kept = {
        path: item
        for path, item in evidence.items()
        if not _states(changes, base, str(path).split("."))
    }
    others = {
        name: {**kind, "profile": _without_evidence_of(changed[name]["profile"], kind["profile"])}
        for name, kind in kinds.items()
        if name in changed
        and isinstance(kind, Mapping)
        and _adds_to(kind.get("profile"), _part(changed[name], "profile"))
    }
    return {**base, "evidence": kept} | ({"other_clients": {**kinds, **others}} if others else {})


def _part(whole: object, key: str) -> object:
    return whole.get(key) if isinstance(whole, Mapping) else None


def shipped_content(name: str) -> Mapping[str, Any]:
    """A shipped profile as it is written, in full."""
    content = model.read_shipped("profiles", name).content
    return _written_out(content) if "extends" in content else content


@lru_cache(maxsize=64)
def as_changes(profile: Profile) -> Mapping[str, Any]:
    """What a scenario can say of a profile in the fewest characters.

    Returns:
        What differs from a shipped profile, or all of it.

    >>> own = resolve_profile({"extends": "market-data", "title": "Ticks"})
    >>> as_changes(Profile.model_validate(own))
    {'extends': 'market-data', 'title': 'Ticks'}
    """
    said = said_of(profile)
    ways = [said, *(_changes_of(name, said) for name in profile_names())]
    for changes in sorted(ways, key=lambda each: len(json.dumps(each))):
        with suppress(ValueError, EstimatorError):
            if changes is said or Profile.model_validate(resolve_profile(changes)) == profile:
                return changes
    return said


def _changes_of(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from a shipped profile, if nothing that it has is left out."""
    written = shipped_content(name)
    changes = {"extends": name, **_differences(written, said_of(_shipped(name)), said)}
    for path in written.get("evidence", {}).keys() - said.get("evidence", {}).keys():
        if not _states(changes, written, path.split(".")):
            _restate(changes, said, path.split("."))
    if not changes.get("evidence"):
        changes.pop("evidence", None)
    return changes


def _restate(changes: dict[str, Any], said: Mapping[str, Any], path: list[str]) -> None:
    """Say what is at a path again, since whoever stated it takes the evidence of it away."""
    key, *rest = path
    if key not in said:
        return
    if rest and isinstance(said[key], Mapping) and isinstance(changes.get(key, {}), Mapping):
        _restate(changes.setdefault(key, {}), said[key], rest)
    else:
        changes[key] = said[key]


def said_of(profile: Profile) -> dict[str, Any]:
    """What was said of a profile, as plain lists, texts and numbers."""
    return profile.model_dump(mode="json", exclude_unset=True)


def _differences(
    written: Mapping[str, Any], base: Mapping[str, Any], said: Mapping[str, Any]
) -> dict[str, Any]:
    """What is said otherwise, down to single numbers; whole where no mapping is written."""
    changes = {
        key: _differences(written[key], base[key], value)
        if _adds_to(written.get(key), value)
        else value
        for key, value in said.items()
        if key not in base or base[key] != value
    }
    for part in _NAMED_PARTS:
        gone = _names(written, part) - _names(said, part)
        if gone:
            # in the order of the profile, so that equal profiles are said equally
            changes[part] = {
                **{name: None for name in written[part] if name in gone},
                **changes.get(part, {}),
            }
    return changes


def _names(content: Mapping[str, Any], part: str) -> set[str]:
    named = content.get(part)
    return {*named} if isinstance(named, Mapping) else set()


def _profile_name(profile: Profile, serialize: SerializerFunctionWrapHandler) -> object:
    shipped = (name for name in profile_names() if _shipped(name) is profile)
    return next(shipped, None) or serialize(profile)


ProfileGiven = Annotated[
    Profile,
    BeforeValidator(resolve_profile, json_schema_input_type=Profile | str),
    WrapSerializer(_profile_name),
]
"""A profile as people give it: by name, in full, or as changes to another one."""


class OtherClients(model.Model):
    """One more kind of clients: how each of them behaves, and how many there are.

    >>> viewers = OtherClients(profile="board-collaboration", peak_connections=5)
    >>> viewers.peak_connections
    5.0
    """

    profile: ProfileGiven
    """As of the scenario: a shipped profile, one of your own, or changes to another one. Its
    weekly shape says when these clients are connected."""
    peak_connections: model.Count | None = None
    """Most of them connected at once in the week."""
    mean_connections: model.Count | None = None
    """Their open connections averaged over the week."""
    users_per_day: model.Count | None = None
    """How many of them connect on the busiest day of the week."""
    sessions_per_user_per_day: model.Count | None = None
    """Sessions of each of them on that day."""
    per_main_connection: model.Count | None = None
    """Most of them connected at once, for each connection of the main kind at its peak; instead of
    a number of their own."""

    @model_validator(mode="after")
    def _an_audience(self) -> Self:
        if self.per_main_connection is None:
            check_audience(self, "per_main_connection")
        elif any(True for _ in audience_arrays(self)):
            raise ValueError(
                "per_main_connection stands alone: the number of these clients follows from that "
                "of the main ones"
            )
        return self

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.profile.other_clients:
            raise ValueError(
                f"the profile '{self.profile.title}' brings other kinds of clients itself "
                f"({', '.join(self.profile.other_clients)}): only that of the scenario can"
            )
        return self

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios that its figures stand for."""
        given = [*audience_arrays(self)]
        given += [] if self.per_main_connection is None else [self.per_main_connection]
        return np.broadcast_shapes(self.profile.many, *map(np.shape, given))


Profile.model_rebuild()


def check_receivers(profiles: Mapping[str, Profile]) -> None:
    """Refuse flows to a kind of clients that does not exist, and clients that do nothing.

    Args:
        profiles: of each kind of clients, by its name.

    Raises:
        ValueError: for pydantic.
    """
    reached = set[str]()
    for name, profile in profiles.items():
        for flow_name, flow in profile.flows.items():
            if flow.to is not None and flow.to not in profiles:
                known = ", ".join(profiles)
                raise ValueError(
                    f"flow '{flow_name}' of {name} goes to '{flow.to}', which is no kind of "
                    f"clients of this scenario: write one of {known}"
                )
            reached.add(flow.to or name)
            reached.add(name)
    idle = [name for name in profiles if name not in reached and name != MAIN]
    if idle:
        raise ValueError(
            f"{idle[0]}: these clients neither send nor receive anything: give their profile a "
            f"flow, or let a flow of others go to them (to: {idle[0]})"
        )


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        old: Any = merged.get(key)
        new: Any = _merge(old, value) if _adds_to(old, value) else value
        if key in _NAMED_PARTS and isinstance(new, Mapping):
            new = {name: part for name, part in new.items() if part is not None}
        merged[key] = new
    return merged


def _adds_to(old: object, value: object) -> bool:
    """Whether what is said of a part leaves the rest of it; another law has other fields."""
    if not (isinstance(old, Mapping) and isinstance(value, Mapping)) or "extends" in value:
        return False
    return value.get("law") in (None, old.get("law"))


def _states(changes: Mapping[str, Any], base: Mapping[str, Any], path: list[str]) -> bool:
    """Whether changes say something of what is at a path."""
    key, *rest = path
    if key not in changes:
        return False
    value, old = changes[key], base.get(key, {})
    return not rest or not _adds_to(old, value) or _states(value, old, rest)
