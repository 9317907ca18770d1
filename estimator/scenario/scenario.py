"""What does the user say? Who connects, from where, how often, and how it is billed."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    PrivateAttr,
    TypeAdapter,
    ValidationInfo,
    model_validator,
)

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.documents import (
    MOST_TEXT_CHARACTERS,
    YamlDocument,
    read_file,
    read_json,
    read_yaml,
    yaml_text,
)
from estimator.errors import ScenarioError
from estimator.format import given_text, range_text
from estimator.scenario.calendar import (
    MOST_ENTRIES,
    CalendarEntry,
    CalendarWeek,
    check_calendar,
    weeks_of,
)
from estimator.scenario.clients import MAIN, audience_arrays, audience_text, check_audience
from estimator.scenario.disruptions import Broadcast, Fault, Surge
from estimator.scenario.local_time import STANDARD_WEEK, Clock
from estimator.scenario.locations import Area, Location, find_location
from estimator.scenario.model import LARGEST, Count, ManyHours, Model, Weight, shares_of
from estimator.scenario.profile import (
    MOST_KINDS,
    YAML_SUFFIXES,
    OtherClients,
    Profile,
    ProfileGiven,
    as_changes,
    check_receivers,
    from_files,
)
from estimator.scenario.transport import LongPolling, Polling, TransportGiven, WebSocket, many_of
from estimator.shown import Shown
from estimator.units import HOURS_PER_MONTH, SECONDS_PER_HOUR
from estimator.validation import Name, validated

_MOST_DISRUPTIONS = 100
"""In a week; one of them may happen up to 1,000 times."""
_MOST_LINK_BYTES = 4 * (MOST_TEXT_CHARACTERS + 1)
"""A damaged or hostile link must not unpack to more; a character takes four bytes at most."""


FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
"""Of the weeks that can be estimated; rules of summer time are known for some of them only."""
PRICE_LIST_PATTERN = r"^[0-9a-f]{8} of [0-9]{4}-[0-9]{2}-[0-9]{2}$"
"""Its id and date, as bills name it."""
_PROFILE: TypeAdapter[Profile] = TypeAdapter(ProfileGiven)
_MOST_SCENARIOS = 20_000
"""Of a text: their bills at all deployments take some 0.6 GB and five seconds."""


class Engineering(Model):
    """Engineering time: hours for servers of your own, or for single duties, and their price.

    >>> Engineering(engineer_hours_per_month=20).usd_per_engineer_hour
    100.0
    """

    engineer_hours_per_month: Count = 0.0
    """Hours per month to build, patch, watch and be on call, beyond what a service without servers
    would take; for every deployment that leaves you servers or containers to run, be it for
    connections, for Redis or for your own code."""
    duties: dict[Annotated[Name, Field(min_length=1)], Count] = Field(default_factory=dict)
    """Hours per month for single duties, by their ids (``estimator list duties``), on top of those
    hours; for every deployment that has the duty."""
    usd_per_engineer_hour: Count = 100.0
    """What such an hour costs you, in USD. Assumption: 100, until you say what yours costs."""

    @property
    def hours(self) -> tuple[float | FloatArray, ...]:
        """All that is stated in hours."""
        return (self.engineer_hours_per_month, *self.duties.values())


def _listed(value: object) -> object:
    """An array as the list that a file would hold."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def _each_once(layers: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(layers)) < len(layers):
        raise ValueError("each layer once")
    return layers


def _known_location(name: str) -> str:
    find_location(name)
    return name


@runtime_checkable
class _Written(Protocol):
    """What can write itself out: a ``Contract``, which packages above this one define."""

    def as_data(self) -> dict[str, Any]: ...


def _contract_file(path: Path, named_by: YamlDocument) -> YamlDocument:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_TEXT_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError):
        location = named_by.where(["contract"])
        raise ScenarioError(f"{location}: {path} cannot be read") from None
    return read_yaml(text, str(path), ScenarioError)


def _no_file(contract: object) -> object:
    """Refuse the name of a file: a text may come from anywhere, and shall open none.

    A scenario file names files beside it, which ``load`` reads before this is asked.
    """
    if isinstance(contract, str) and contract.endswith(YAML_SUFFIXES):
        raise ValueError(
            f"'{contract}' names a file, which is looked for beside a scenario file only: "
            f"in Python give load_contract('{contract}'), elsewhere write the rates out"
        )
    return contract


def _with_profiles_of_kinds(said: Any) -> Any:
    """What was said, each kind of clients that only gets another number with its profile.

    Raises:
        ValueError: the profile of the scenario brings other kinds.
    """
    others = said.get("other_clients") if isinstance(said, Mapping) else None
    if not isinstance(others, Mapping):
        return said
    bare = [
        name for name, kind in others.items() if isinstance(kind, Mapping) and "profile" not in kind
    ]
    if not bare:
        return said
    try:
        brought = _PROFILE.validate_python(said.get("profile")).other_clients
    except ValueError:  # which is told by itself, and would have brought them
        kept = {name: kind for name, kind in others.items() if name not in bare}
        return {**said, "other_clients": kept}
    for name in bare:
        if brought and name not in brought:
            raise ValueError(
                f"other_clients.{name}: give these clients a profile; without one, only "
                f"{', '.join(brought)} can be named, whom the profile of the scenario brings"
            )
    known = {
        name: {**others[name], "profile": brought[name].profile} for name in bare if name in brought
    }
    return {**said, "other_clients": {**others, **known}}


def _number(kind: Scenario | OtherClients) -> str:
    """How many of them there are, for people."""
    if isinstance(kind, Scenario) or kind.per_main_connection is None:
        return audience_text(kind)
    return range_text(kind.per_main_connection, given_text, "for each main connection at the peak")


@checks_arguments
class Scenario(Shown, Model):
    """What is estimated: a profile, a location, an audience and the billing choices.

    The audience is given in one of three ways; giving several makes them checkable against each
    other. Audience and rates may be arrays: one scenario object then stands for many. In Python,
    ``contract`` may also be what ``load_contract`` read, or the ``Path`` of its file.

    Raises:
        ScenarioError: a field is unknown, missing, of the wrong unit or out of range.

    >>> Scenario(profile="workplace-chat", location="frankfurt", peak_connections=50_000).location
    'frankfurt'
    """

    name: Name = ""
    """Title shown with the results."""
    profile: ProfileGiven
    """The name of a shipped profile, a YAML file beside the scenario file, a profile written out,
    or changes to another one (``extends: workplace-chat`` and what differs)."""
    location: Annotated[str, AfterValidator(_known_location)]
    """Where the users are served from; maps to one region of each cloud."""

    peak_connections: Count | None = None
    """Open connections in the fullest hour of the week."""
    mean_connections: Count | None = None
    """Open connections averaged over the week."""
    users_per_day: Count | None = None
    """People who connect on the busiest day of the week."""
    sessions_per_user_per_day: Count | None = None
    """Sessions of each of them on that day."""

    transport: TransportGiven = WebSocket()
    """How messages travel: a name, or a mapping with ``kind`` and what else differs, such as
    ``{kind: polling, every_seconds: 5}``."""
    other_clients: Annotated[
        dict[Annotated[Name, Field(min_length=1)], OtherClients], Field(max_length=MOST_KINDS)
    ] = Field(default_factory=dict)
    """Further kinds of clients, by a name of your choice, each with a profile and an audience. A
    flow goes from one kind to another if it names it: ``to: viewers``, or ``to: main``. One that
    the profile brings takes another number here, and needs no profile."""
    week_of: Annotated[dt.date, Field(ge=FIRST_DAY, le=LAST_DAY)] = STANDARD_WEEK
    """The week that is estimated, by one of its days: it decides whether clocks show summer time.
    If left out, that of the first date of the calendar, or a week of standard time north of the
    equator."""
    users_in: dict[Area, Weight] | None = None
    """Where the users are, as shares; all in the area of the location if left out."""
    hours_per_month: ManyHours = HOURS_PER_MONTH
    """Length of the billing month; 730 is a twelfth of a year, vendors also use 720 and 744."""
    free_allowances: Literal["none", "always", "all"] = "always"
    """none: ignore free allowances; always: those every account has; all: also those that only
    new accounts have."""
    allowances_left: dict[str, Annotated[float, Field(ge=0, le=LARGEST)]] = Field(
        default_factory=dict
    )
    """How much of a free allowance nothing else in the account uses, in its units, or in USD where
    it is money, by its id (``estimator list allowances``); all of those left out."""
    as_of: dt.date | None = None
    """Use the prices in force on that day; the newest known if left out."""
    price_list: Annotated[str, Field(pattern=PRICE_LIST_PATTERN)] | None = None
    """The price list under which this was saved, by its id and date, as bills name it. It changes
    nothing; where another one is in force, bills say so."""
    contract: Annotated[str | dict[str, JsonValue] | None, BeforeValidator(_no_file)] = None
    """What is paid instead of list prices: the name of a shipped example (``estimator list
    contracts``), a YAML file beside the scenario file, or contract rates written out."""
    options: dict[str, dict[str, Annotated[JsonValue, BeforeValidator(_listed)]]] = Field(
        default_factory=dict
    )
    """Choices of a deployment, by its id, such as ``azure.web_pubsub: {headroom: 0.7}``."""
    assumptions: dict[str, Annotated[str, Field(coerce_numbers_to_str=True)]] = Field(
        default_factory=dict
    )
    """Answers to what vendors leave open or sources disagree on, by the id of the assumption."""
    engineering: Engineering | None = None
    """Engineering time that a deployment takes; lines of the bill, if you state hours."""
    layers: Annotated[
        tuple[Literal["messaging", "application", "engineering"], ...],
        Field(min_length=1),
        AfterValidator(_each_once),
    ] = ("messaging", "application", "engineering")
    """What is added up: messaging (what carries the messages), application (what answers them:
    functions, application servers, your own code's part of nodes), engineering (people's time, if
    stated)."""
    calendar: Annotated[tuple[CalendarEntry, ...], Field(max_length=MOST_ENTRIES)] = ()
    """What happens on a date, or some times per month, on top of the weekly shape: a launch, a
    match. It is billed as often as it happens; simulated weeks leave it out."""
    faults: Annotated[tuple[Fault, ...], Field(max_length=_MOST_DISRUPTIONS)] = ()
    """What fails in the simulated week; the estimated bill leaves it out."""
    surges: Annotated[tuple[Surge, ...], Field(max_length=_MOST_DISRUPTIONS)] = ()
    """Traffic on top of the weekly shape in the simulated week; the estimated bill leaves it
    out."""

    _document: YamlDocument = PrivateAttr(default=YamlDocument({}, ""))
    _contract_document: YamlDocument | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _with_contract_rates(
        cls, said: Any, validate: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        """Take contract rates from where they stand: a contract that was read, or a file."""
        said = _with_profiles_of_kinds(said)
        contract = said.get("contract") if isinstance(said, Mapping) else None
        if isinstance(contract, _Written):
            return validate({**said, "contract": contract.as_data()})
        if not isinstance(contract, Path):
            return validate(said)
        document = _contract_file(contract, info.context or YamlDocument({}, cls.__name__))
        scenario = validate({**said, "contract": document.content})
        scenario._contract_document = document
        return scenario

    @model_validator(mode="after")
    def _an_audience(self) -> Self:
        check_audience(self)
        if MAIN in self.other_clients:
            raise ValueError(
                f"'{MAIN}' is the kind of clients that the scenario itself describes: choose "
                "another name in other_clients"
            )
        check_receivers(self.profiles)
        try:
            _ = self.many
        except ValueError:
            raise ValueError(
                "arrays of the audience, rates and transport have unequal lengths"
            ) from None
        return self

    @model_validator(mode="after")
    def _asks_within_a_session(self) -> Self:
        transport = self.transport
        if isinstance(transport, Polling):
            name, longest = "every_seconds", transport.every_seconds
        elif isinstance(transport, LongPolling):
            name, longest = "timeout_seconds", transport.timeout_seconds
        else:
            return self
        means = (kind.profile.session.mean for kind in self.kinds.values())
        session = np.asarray(reduce(np.minimum, means)) * SECONDS_PER_HOUR
        if np.any(longest > session):
            raise ValueError(
                f"transport: {name} is {range_text(longest, given_text)} s, longer than a mean "
                f"session ({range_text(session, given_text)} s), so that most clients would never "
                "hear of anything: ask more often"
            )
        return self

    @model_validator(mode="after")
    def _within_the_week(self) -> Self:
        for kind in self.kinds.values():
            _ = self.weekly_levels(kind)  # whose error says that the week has none of its hours
        for surge in self.surges:
            if isinstance(surge, Broadcast):
                begins_s = self.clock.to_utc(surge.at) * SECONDS_PER_HOUR
                if begins_s < surge.gather:
                    raise ValueError(
                        f"surges: {surge.words_on(self.clock)}; they would gather before Monday "
                        "00:00 UTC, where the simulated week begins"
                    )
        return self

    @model_validator(mode="after")
    def _room_for_the_calendar(self) -> Self:
        check_calendar(self.calendar, self.calendar_weeks, float(np.min(self.hours_per_month)))
        return self

    @cached_property
    def _key(self) -> str:
        # which week is estimated depends on whether one was named, which no field tells
        return f"{super()._key} {self.clock.week_of}"

    @property
    def calendar_weeks(self) -> tuple[CalendarWeek, ...]:
        """The weeks of the month with something of the calendar in them."""
        return weeks_of(self.calendar, self.clock)

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios this one stands for; () if it is a single one."""
        arrays: list[Any] = [*audience_arrays(self), self.hours_per_month]
        arrays.append(np.zeros(many_of(self.transport)))
        for options in self.options.values():
            arrays += [value for value in options.values() if isinstance(value, list)]
        if self.engineering is not None:
            arrays += [*self.engineering.hours, self.engineering.usd_per_engineer_hour]
        others = (kind.many for kind in self.other_clients.values())
        return np.broadcast_shapes(self.profile.many, *others, *map(np.shape, arrays))

    @property
    def kinds(self) -> dict[str, Scenario | OtherClients]:
        """Every kind of clients, by the name that flows give it; the main one first."""
        return {MAIN: self, **self.profile.other_clients, **self.other_clients}

    @property
    def profiles(self) -> dict[str, Profile]:
        """The profile of every kind of clients, by the name that flows give it."""
        return {name: kind.profile for name, kind in self.kinds.items()}

    @property
    def has_batches_between_kinds(self) -> bool:
        """Whether the sizes of deliveries depend on how many clients of another kind there are."""
        flows = (flow for each in self.profiles.values() for flow in each.flows.values())
        return any(flow.to and flow.batch and flow.batch.keep == "all" for flow in flows)

    @property
    def found_location(self) -> Location:
        """The location with its title, area and regions."""
        return find_location(self.location)

    @property
    def clock(self) -> Clock:
        """The clock of the location, in the week that is estimated.

        Where no week is named, that is the week of the first date of the calendar, if it has one.
        """
        week = self.week_of
        if "week_of" not in self.model_fields_set:
            dates = (entry.on for entry in self.calendar if isinstance(entry.on, dt.datetime))
            week = min(map(dt.datetime.date, dates), default=week)
        return Clock(self.found_location.time_zone, week)

    def shape_clock(self, clients: Scenario | OtherClients) -> Clock:
        """The clock by which the weekly shape of a kind of clients goes."""
        return clients.profile.weekly_shape.clock_at(self.clock)

    def weekly_levels(self, clients: Scenario | OtherClients) -> FloatArray:
        """The weekly shape of a kind of clients, with mean 1, from Monday 00:00 UTC, shape (168,).

        >>> office = Scenario(profile="workplace-chat", location="tokyo", peak_connections=100)
        >>> int(office.weekly_levels(office).argmax())  # Tue 02:00 UTC, 11:00 in Tokyo
        26
        """
        return clients.profile.weekly_shape.levels_on(self.shape_clock(clients))

    @property
    def destinations(self) -> dict[Area, float]:
        """Share of the users in each area; the shares add to 1."""
        if not self.users_in:
            return {self.found_location.area: 1.0}
        # an allowance that destinations share must not depend on the order of a mapping
        weights = dict(sorted(self.users_in.items()))
        shares: list[float] = shares_of([*weights.values()]).tolist()
        return dict(zip(weights, shares, strict=True))

    @property
    def audience(self) -> str:
        """How many there are, for people, as they were given."""
        _, *others = self.kinds.items()
        return "; ".join(
            [audience_text(self), *(f"{name}: {_number(kind)}" for name, kind in others)]
        )

    def __repr__(self) -> str:
        named = f" {self.name!r}" if self.name else ""
        return f"<Scenario{named}: {self.profile.title}, {self.location}, {self.audience}>"

    @property
    def contract_document(self) -> YamlDocument | None:
        """The file that holds the contract rates, if a scenario file named one."""
        return self._contract_document

    def where(self, *path: str) -> str:
        """File, line and field; empty if the scenario was not read from a text."""
        return self._document.where(path) if self._document.name else ""

    def replace(self, **changes: Any) -> Scenario:
        """The same scenario with some fields changed.

        >>> base = Scenario(profile="market-data", location="virginia", peak_connections=100)
        >>> base.replace(location="frankfurt").peak_connections
        100.0
        """
        kept = self.model_fields_set - changes.keys()
        changed = Scenario(**{name: getattr(self, name) for name in kept}, **changes)
        changed._document = self._document
        if "contract" not in changes:
            changed._contract_document = self._contract_document
        return changed

    def with_calendar(self, calendar: Sequence[CalendarEntry]) -> Scenario:
        """The same week, which the dates of a calendar may name, with other entries."""
        return self.replace(calendar=calendar, week_of=self.clock.week_of)

    def with_profiles(self, by_kind: Mapping[str, Profile]) -> Scenario:
        """The same scenario with other profiles for some kinds of clients.

        Args:
            by_kind: by the names that flows give the kinds.
        """

        def changed(kinds: Mapping[str, OtherClients]) -> dict[str, OtherClients]:
            return {
                name: kind.model_copy(update={"profile": by_kind.get(name, kind.profile)})
                for name, kind in kinds.items()
            }

        main = by_kind.get(MAIN, self.profile)
        if main.other_clients.keys() & by_kind.keys():
            main = main.model_copy(update={"other_clients": changed(main.other_clients)})
        others = {"other_clients": changed(self.other_clients)} if self.other_clients else {}
        return self.replace(profile=main, **others)

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a scenario file.

        Raises:
            ScenarioError: no such file, empty, not YAML, or not a valid scenario; the message
                gives file, line and field of every error.
        """
        document = read_file(path, ScenarioError)
        contract = document.content.get("contract")
        if isinstance(contract, str) and contract.endswith(YAML_SUFFIXES):
            document.content["contract"] = Path(path).parent / contract
        kinds: Any = document.content.get("other_clients")
        named: dict[tuple[str, ...], Any] = {(): document.content}
        if isinstance(kinds, dict):
            named |= {("other_clients", name): kind for name, kind in kinds.items()}
        for where, each in named.items():
            if isinstance(each, dict) and "profile" in each:
                try:
                    each["profile"] = from_files(each["profile"], Path(path).parent)
                except ScenarioError as error:
                    said = document.where([*where, "profile"])
                    raise ScenarioError(f"{said}: {error}") from None
        return cls.from_document(document)

    @classmethod
    def from_yaml(cls, text: str, name: str = "scenario") -> Scenario:
        """Read a scenario from YAML text; ``name`` is what messages call it.

        Raises:
            ScenarioError: as for ``load``.
        """
        return cls.from_document(read_yaml(text, name, ScenarioError))

    @classmethod
    def from_document(cls, document: YamlDocument) -> Scenario:
        """A scenario from a text that was read already.

        Raises:
            ScenarioError: as for ``load``.
        """
        scenario = validated(document, cls, ScenarioError, context=document)
        if (many := math.prod(scenario.many)) > _MOST_SCENARIOS:
            raise ScenarioError(
                f"{document.name}: lists of numbers make {many:,} scenarios; at most "
                f"{_MOST_SCENARIOS:,} can be written out: build more of them in Python, or use a "
                "sweep"
            )
        scenario._document = document
        return scenario

    def as_data(self) -> dict[str, Any]:
        """What was said, as plain lists, texts and numbers."""
        said = self.model_dump(mode="json", exclude_unset=True)
        for name, kind in self.other_clients.items():
            brought = self.profile.other_clients.get(name)
            if brought is not None and brought.profile == kind.profile:
                del said["other_clients"][name]["profile"]
        return said

    def to_yaml(self) -> str:
        """The scenario file that says the same."""
        return yaml_text(self.as_data())

    def to_token(self) -> str:
        """The scenario as a short text for the address of a shared link."""
        said = self.as_data()
        for name, kind in {MAIN: self, **self.other_clients}.items():
            of_kind = said if name == MAIN else said["other_clients"][name]
            if not isinstance(of_kind.get("profile", ""), str):
                of_kind["profile"] = as_changes(kind.profile)
        packed = zlib.compress(json.dumps(said, separators=(",", ":")).encode(), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def from_token(cls, token: str) -> Scenario:
        """The scenario of a shared link.

        Raises:
            ScenarioError: the token is damaged or does not hold a scenario.

        >>> scenario = Scenario(profile="market-data", location="tokyo", peak_connections=1000)
        >>> Scenario.from_token(scenario.to_token()) == scenario
        True
        """
        try:
            packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            text = zlib.decompressobj().decompress(packed, _MOST_LINK_BYTES).decode()
            document = read_json(text, "link", ScenarioError, with_lines=False)
        except (ValueError, zlib.error):
            raise ScenarioError("the link is damaged: it does not hold a scenario") from None
        return cls.from_document(document)
