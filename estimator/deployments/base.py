"""What a deployment is: one way to host a WebSocket service, and how its meters count."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError, model_validator

from estimator.arrays import FloatArray, most, side_by_side
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, most_in_month
from estimator.demand.over_http import HttpTerms, as_mqtt, over_http
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.demand.wire import Layer
from estimator.deployments.carriage import Carriage, carriage
from estimator.deployments.duties import Component
from estimator.deployments.heartbeats import heartbeat_rule
from estimator.deployments.limits import Check, check, limit_value
from estimator.documents import YamlDocument
from estimator.errors import ScenarioError, UnknownNameError
from estimator.files import Entry
from estimator.format import range_text
from estimator.pricing.catalog import Catalog
from estimator.pricing.lines import FreeAllowances, Usage
from estimator.pricing.price_files import Assumption
from estimator.scenario.clients import Audience
from estimator.scenario.locations import Area
from estimator.scenario.model import LARGEST, SMALLEST
from estimator.scenario.sessions import SessionLength
from estimator.scenario.transport import (
    LongPolling,
    MqttOverWebSocket,
    Transport,
    TransportKind,
    WebSocket,
)
from estimator.units import (
    BITS_PER_BYTE,
    BITS_PER_MEGABIT,
    HOURS_PER_WEEK,
    MINUTES_PER_HOUR,
    SECONDS_PER_HOUR,
)
from estimator.validation import error_text

WORLDWIDE = "global"
"""Region of services that ask one price wherever their clients are."""
MINIMUM = "minimum"
"""What decides a size where no resource does."""
_KINDS = {"redis_machine": "size of Redis"}
"""What an option names, where its own name does not say it."""


class Options(Entry):
    """Choices a user makes for one deployment; subclasses add the fields."""

    @model_validator(mode="after")
    def _numbers_within_bounds(self) -> Self:
        for name in self.model_fields_set:
            if not isinstance(value := getattr(self, name), int | float | np.ndarray):
                continue
            numbers = np.asarray(value, dtype=np.float64)
            if np.any(numbers > LARGEST):
                raise ValueError(f"{name} must be at most {LARGEST:g}")
            if np.any((numbers > 0) & (numbers < SMALLEST)):
                raise ValueError(f"{name} must be at least {SMALLEST:g}, if it is not 0")
        return self


@dataclass(frozen=True, slots=True)
class Request:
    """What a deployment is asked to host."""

    demand: Demand
    destinations: Mapping[Area, float]
    """Share of the users in each part of the world."""
    options: Any
    """The deployment's own ``Options``, already checked."""
    answers: Mapping[str, str]
    """Answers to the deployment's questions by name, such as ``billed_bytes``, already
    checked."""
    catalog: Catalog
    region: str
    """The cloud's own name of where it shall run."""
    free_allowances: FreeAllowances
    """Which allowances are taken off, since they may decide what is cheapest."""
    regions: Mapping[str, tuple[tuple[str, str | None], ...]] = field(
        default_factory=dict[str, tuple[tuple[str, str | None], ...]]
    )
    """Regions that may serve the location on each cloud, the nearest first, for what runs beside a
    service, and what each stands in for."""
    self_run_redis_usd: float = 0.0
    """USD per month of people's time that Redis on machines takes on top, as the scenario states
    it, since it may decide what is cheapest."""
    audiences: Mapping[str, Audience] = field(default_factory=dict[str, Audience])
    """How many clients of each kind there are, as they were given, where that is known."""
    transport: Transport = field(default_factory=WebSocket)
    """How messages travel."""

    @property
    def many(self) -> bool:
        """Whether many scenarios, or weeks that differ, are asked at once.

        For these admission is not limited.
        """
        return np.ndim(self.demand.peak_connections) > 0

    def cut_after(self, seconds: float) -> Request:
        """The same with connections that are cut at an age."""
        return replace(self, demand=self.demand.cut_after(seconds / SECONDS_PER_HOUR))

    def bytes_per_unit(self, meter_id: str) -> int:
        """Bytes of a unit of a meter that counts bytes: those of a GB, or of a GiB."""
        found = self.catalog.meter(meter_id).bytes_per_unit
        assert found is not None, f"{meter_id} does not count bytes"
        return found

    def step_bytes(self, meter_id: str) -> int:
        """Bytes of the steps in which a meter counts messages."""
        return self.catalog.meter(meter_id).step_bytes or 1


@dataclass(frozen=True, slots=True)
class Sizing:
    """What must run, and why so much of it."""

    unit: str
    """What runs: node, task, replica, instance, unit."""
    machines: tuple[str, ...]
    """The vendor's own names of the machines or tiers; several if scenarios differ."""
    units: Weekly
    """How many run in each hour of the week, spare ones included."""
    shares: Mapping[str, FloatArray]
    """By resource, what its busiest hour asks for, as a share of what the most units are planned
    to carry, shape (*many,). Units that are spare, or more than a minimum needs, lower it."""
    least_units: float = 0.0
    """What runs however little is asked for; up to here no resource binds."""
    kept: str = ""
    """What may fail of those that run, in words; empty where nobody chooses that."""
    carrying_share: float = 1.0
    """Part of those that run which carries the peak; the others are kept for a failure."""

    @property
    def peak_units(self) -> FloatArray:
        """The most that run in an hour, shape (*many,)."""
        return self.units.peak

    @property
    def binding(self) -> npt.NDArray[np.str_]:
        """The resource that asks for most, or ``minimum`` where none does, shape (*many,)."""
        names = np.array([*self.shares])
        most = names[np.argmax(side_by_side(self.shares.values()), axis=0)]
        least = self.least_units
        return np.where((least > 0) & (self.peak_units <= least), MINIMUM, most)

    def of_fullest_week(self, weeks: int) -> Sizing:
        """That of the week in which most run, where the first axis is so many weeks."""
        if weeks == 1:
            return self
        figures = (self.peak_units, *self.shares.values())
        many = np.broadcast_shapes(*map(np.shape, figures))
        if not many:
            return self
        peaks = np.broadcast_to(self.peak_units, many)
        fullest = np.argmax(peaks, axis=0)[None]

        def its(figures: FloatArray) -> FloatArray:
            return np.take_along_axis(np.broadcast_to(figures, many), fullest, axis=0)[0]

        hourly = np.broadcast_to(self.units.hourly, (*many, HOURS_PER_WEEK))
        units = np.take_along_axis(hourly, fullest[..., None], axis=0)[0]
        shares = {name: its(share) for name, share in self.shares.items()}
        return replace(self, units=from_hours(units), shares=shares)

    @property
    def binding_of_largest(self) -> str:
        """What binds in the scenario in which most units run."""
        binding = np.broadcast_to(self.binding, np.shape(self.peak_units))
        return str(np.ravel(binding)[int(np.argmax(self.peak_units))])


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in which a deployment does not do the same as the others that it is compared with.

    What it costs to do the same is for whoever shows it to work out.
    """

    text: str
    """In words, as a part of a sentence."""
    options: Mapping[str, object] | None = None
    """Options of the deployment that would change it; None if none would."""


@dataclass(frozen=True)
class Metered:
    """What the meters of a deployment count per month."""

    usage: tuple[Usage, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know: stand-ins for figures, quotas and settings to raise."""
    checks: tuple[Check, ...] = ()
    """What the demand asks of the limits there are."""
    find_admission: Callable[[], AdmissionLimits] = AdmissionLimits
    """What works out ``admission``, of which bills have no use and which takes half as long."""
    sizing: Sizing | None = None
    """What must run; None if the service has no units."""
    differs: tuple[Difference, ...] = ()
    """What cannot be made equal with rivals."""
    runs: frozenset[Component] = frozenset()
    """What of it brings work along for the people who run it."""

    @cached_property
    def admission(self) -> AdmissionLimits:
        """What is let in, if one scenario was asked; open to all if many were."""
        return self.find_admission()


class Deployment(ABC):
    """One way to host a WebSocket service."""

    options: ClassVar[type[Options]]
    service: ClassVar[str] = ""
    """Of what takes requests from clients: how its rows of transports.csv and its limits begin;
    the id of the deployment, if empty."""
    keep_alive_limit: ClassVar[str] = "system.nginx.keep_alive_timeout"
    """The limit of the time without a request after which a connection of HTTP is closed; that of a
    server on nodes, unless what stands in front ends connections."""
    questions: ClassVar[tuple[Assumption, ...]] = ()
    """What the vendor leaves open; the ids are names without that of the deployment."""
    websocket_questions: ClassVar[frozenset[str]] = frozenset()
    """Names of those that are about WebSockets, and not open where messages travel over HTTP."""
    not_modeled: ClassVar[tuple[str, ...]]

    def __init__(self, deployment_id: str, title: str) -> None:
        """Take id and title from the registry, the only place where they are written."""
        self.id = deployment_id
        self.title = title
        self.cloud = deployment_id.partition(".")[0]

    def is_open(self, question: Assumption, demand: Demand) -> bool:
        """Whether a question of its own matters to what carries a demand."""
        return demand.requests is None or question.name not in self.websocket_questions

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the vendor leaves open; the ids begin with that of the deployment."""
        return tuple(replace(each, id=f"{self.id}.{each.id}") for each in self.questions)

    @property
    def names(self) -> Mapping[str, Collection[str]]:
        """Options that take a name from a list, and the names there are."""
        return {}

    @cached_property
    def default_options(self) -> Options:
        """What holds where a scenario chooses nothing."""
        return self.options()

    def __repr__(self) -> str:
        return f"<{self.id}: {self.title}; options({self.id!r}) tells what can be chosen>"

    @abstractmethod
    def meter(self, request: Request) -> Metered:
        """Count what the cloud would count for the demand."""

    @abstractmethod
    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        """What the demand asks of the limits there are, without counting usage."""

    def core_families(self, request: Request) -> Collection[str]:
        """Ids of families.csv: of the processors that a server of the user's own runs on."""
        return ()

    def kept_alive(self, demand: Demand, answers: Mapping[str, str]) -> Demand:
        """The demand with what keeps quiet connections open on this platform.

        Args:
            demand: of one kind of clients, with pings where its profile has a heartbeat of kind
                protocol.
            answers: to the deployment's questions by name.
        """
        return demand

    def carried(self, request: Request) -> Demand:
        """What the transport of a request makes of its demand on this platform."""
        demand, transport = request.demand, request.transport
        if not isinstance(transport, WebSocket | MqttOverWebSocket):
            return over_http(demand, transport, self.http_terms(request))
        kept = demand.changed(lambda kind: self.kept_alive(kind, request.answers))
        return kept if isinstance(transport, WebSocket) else as_mqtt(kept, transport)

    def http_terms(self, request: Request) -> HttpTerms:
        """What the service makes of requests and answers."""
        return HttpTerms(self.answer_seconds(request), self.keep_alive_seconds(request))

    def answer_seconds(self, request: Request) -> float:
        """The age at which an answer over HTTP is ended, however busy; infinite if at none."""
        longest = self.carriage(request.transport.kind).longest_limit
        return np.inf if longest is None else limit_value(longest)

    def keep_alive_seconds(self, request: Request) -> float:
        """Time without a request after which a connection of HTTP is closed."""
        return limit_value(self.keep_alive_limit)

    def carriage(self, kind: TransportKind) -> Carriage:
        """Whether it carries a transport, and what limits it there."""
        return carriage(self.service or self.id, kind)

    def transport_checks(self, request: Request) -> Iterator[Check]:
        """Whether a long poll is answered before the service gives up on it."""
        row = self.carriage(request.transport.kind)
        # what ends a quiet answer is checked with other idle timeouts
        ends_busy = row.longest_limit is not None and row.longest_limit != row.idle_limit
        if isinstance(request.transport, LongPolling) and ends_busy:
            waits = np.asarray(request.transport.timeout_seconds)
            yield Check(str(row.longest_limit), waits, self.wait_seconds(request))

    def wait_seconds(self, request: Request) -> float:
        """The time after which the service gives up on an answer, as it is set."""
        return limit_value(str(self.carriage(request.transport.kind).longest_limit))

    def heartbeat_notes(self, demand: Demand) -> Iterator[str]:
        """What pings are on a managed service, and what they would be as messages."""
        rule = heartbeat_rule(self.id)
        pings = [s for s in demand.streams if s.kind == "ping" and s.direction == "to_client"]
        if rule and pings:
            count = range_text(demand.per_month(total(s.per_hour for s in pings)))
            yield (
                f"Heartbeats are {rule.words}; they are not counted. Libraries that send them as "
                f"messages (heartbeat kind: application) would make {count} each way count at this "
                "interval."
            )

    def check(self, name: str, used: Weekly | FloatArray | float, fix: str = "") -> Check:
        """A check against a limit of the service by its name, such as ``open_connections``."""
        return check(f"{self.id}.{name}", used, fix)

    def data_out(self, request: Request, meter_id: str, share: float = 1.0) -> Usage:
        """Traffic to clients in the unit of a meter, GB or GiB.

        Args:
            request: demand, and the answer to the question ``billed_bytes``.
            meter_id: a meter that counts bytes.
            share: part of the traffic that this meter counts.
        """
        answer = request.answers["billed_bytes"]
        layer, acknowledgements, meaning = _COUNTED[answer]
        demand = request.demand
        traffic = demand.traffic("to_client", layer, acknowledgements=acknowledgements)
        bytes_per_unit = request.bytes_per_unit(meter_id)
        part = "" if share == 1.0 else f"{share:.0%} of "
        return Usage(
            meter_id,
            demand.per_month(traffic) * share / bytes_per_unit,
            f"{part}the bytes sent to clients ({meaning}), in units of {bytes_per_unit:,} bytes",
        )

    def check_options(self, given: Mapping[str, object]) -> Options:
        """The options with defaults filled in.

        Raises:
            ScenarioError: an option that does not exist or cannot have that value.
        """
        try:
            options = self.options.model_validate(dict(given))
        except ValidationError as error:
            document = YamlDocument(given, f"options of {self.id}")
            raise ScenarioError(error_text(error, document, self.options)) from None
        for option, names in self.names.items():
            if (name := getattr(options, option)) not in names:
                unknown = UnknownNameError(_KINDS.get(option, option), name, names)
                raise ScenarioError(f"options of {self.id}, {option}: {unknown}")
        return options

    def check_answers(self, given: Mapping[str, str]) -> dict[str, str]:
        """The answer to each question by its name, the default where none is given.

        Raises:
            UnknownNameError: an answer that is none of the choices.
        """
        answers: dict[str, str] = {}
        for assumption in self.assumptions:
            answer = given.get(assumption.id, assumption.default)
            if answer not in assumption.choices:
                raise UnknownNameError(f"answer to {assumption.id}", answer, assumption.choices)
            answers[assumption.name] = answer
        return answers


_COUNTED: dict[str, tuple[Layer, bool, str]] = {
    "payload": ("payload", False, "application data only"),
    "websocket": ("websocket", False, "application data and WebSocket headers"),
    "ip": ("ip", True, "all bytes down to the IP header, handshakes and acknowledgements included"),
    "ip_without_acks": ("ip", False, "all bytes down to the IP header but acknowledgements"),
}


def billed_bytes_question(default: str, evidence: str) -> Assumption:
    """Which bytes a cloud counts as internet traffic."""
    meanings = {answer: meaning for answer, (*_, meaning) in _COUNTED.items()}
    return Assumption(
        id="billed_bytes",
        question="Which bytes of a message count as internet traffic?",
        choices={default: meanings[default], **meanings},
        evidence=evidence,
    )


def both_ways(demand: Demand, layer: Layer = "ip") -> Weekly:
    """Bytes per hour with clients, in and out."""
    return total(demand.traffic(way, layer) for way in ("to_client", "to_server"))


def mbps(bytes_per_hour: Weekly) -> Weekly:
    """Megabits (10^6 bits) per second."""
    return bytes_per_hour.times(BITS_PER_BYTE / BITS_PER_MEGABIT / SECONDS_PER_HOUR)


def messages_text(demand: Demand, streams: Iterable[MessageStream]) -> str:
    """How many messages of each kind go each way per month."""
    ways = {"to_server": "in", "to_client": "out"}
    # a flow that is batched at several rates is several streams
    counts: dict[tuple[str, str], FloatArray] = defaultdict(lambda: np.zeros(()))
    for stream in streams:
        key = stream.name, ways[stream.direction]
        counts[key] = counts[key] + demand.per_month(stream.per_hour)
    return ", ".join(f"{name} {range_text(count)} {way}" for (name, way), count in counts.items())


def from_clients(demand: Demand) -> tuple[MessageStream, ...]:
    """What clients publish.

    What a client says right after it connects is taken to be its connect and subscribes, which
    are commands of a service and no publications.
    """
    return tuple(s for s in demand.messages("to_server") if s.kind != "at_connect")


def from_server(demand: Demand) -> tuple[MessageStream, ...]:
    """What the server publishes, greets with, tells of new connections and answers heartbeats with.

    Each message counts once.
    """
    return tuple(
        s.once if s.kind in ("published", "at_connect") else s
        for s in demand.messages("to_client")
        if s.kind != "passed_on"
    )


def shared_once(demand: Demand) -> Iterator[MessageStream]:
    """Messages that others receive, from clients and from the server, each once."""
    for stream in demand.streams:
        if stream.kind == "sent" and most(stream.copies) > 0:
            passed_on = np.asarray(stream.copies > 0)
            if not passed_on.all():
                per_hour = stream.per_hour.times(passed_on.astype(np.float64))
                stream = replace(stream, per_hour=per_hour)
            yield stream
        elif stream.kind == "published" or stream.tells_others:
            yield stream.once


def minutes_rounded_up(demand: Demand) -> tuple[FloatArray, str]:
    """Minutes that are billed beyond the length of sessions if started minutes count in full.

    Returns:
        Minutes per month, shape (*many,), and how they came to be.
    """
    each = [(kind, _lost_minutes(kind.session)) for kind in demand.kinds]
    lost = sum((kind.per_month(kind.sessions) * minutes for kind, minutes in each), np.zeros(()))
    words = (range_text(minutes, "{:.2f}".format) for _, minutes in each)
    per_session = " or ".join(dict.fromkeys(words))
    return lost, f", plus {per_session} minutes of rounding up per session"


def _lost_minutes(session: SessionLength) -> float | FloatArray:
    """Mean minutes from the end of a session to the end of the minute in which it ends, (*many,).

    >>> from estimator.scenario.sessions import DeterministicSession
    >>> float(_lost_minutes(DeterministicSession(hours=1.5 / 60)))
    0.5
    """
    step_hours = 1 / MINUTES_PER_HOUR
    # of whole minutes nothing is left, and never less
    return np.maximum(session.mean_steps(step_hours) - session.mean / step_hours, 0.0)


def cut_note(demand: Demand, age: str) -> Iterator[str]:
    """That connections are cut at an age, and what making them again does."""
    if demand.requests is not None:
        return
    rate = range_text(most_in_month(demand, demand.new_connections.peak) / SECONDS_PER_HOUR)
    yield (
        f"Connections are cut after {age} and clients connect again. New connections in the "
        f"busiest hour: {rate} per second."
    )
