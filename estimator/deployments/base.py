"""What a deployment is: one way to host a WebSocket service, and how its meters count."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from pydantic import ValidationError

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, MessageStream
from estimator.demand.wire import Layer
from estimator.deployments.limits import Check
from estimator.errors import ScenarioError, UnknownNameError
from estimator.files import Entry, YamlDocument, error_text
from estimator.pricing.catalog import Catalog
from estimator.pricing.lines import FreeAllowances, Usage
from estimator.pricing.price_files import Assumption
from estimator.scenario.locations import Area
from estimator.scenario.sessions import SessionLength
from estimator.units import MINUTES_PER_HOUR

WORLDWIDE = "global"
"""Region of services that ask one price wherever their clients are."""


class Options(Entry):
    """Choices a user makes for one deployment; subclasses add the fields."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a deployment is asked to host."""

    demand: Demand
    destinations: Mapping[Area, float]
    """Share of the users in each part of the world."""
    options: Any
    """The deployment's own ``Options``, already checked."""
    answers: Mapping[str, str]
    """Answers to the deployment's questions by name, such as ``scaling``, already checked."""
    catalog: Catalog
    region: str
    """The cloud's own name of where it shall run."""
    free_allowances: FreeAllowances
    """Which allowances are taken off, since they may decide what is cheapest."""

    @property
    def many(self) -> bool:
        """Whether many scenarios are asked at once, for which there are no doors."""
        return np.ndim(self.demand.peak_connections) > 0


@dataclass(frozen=True, slots=True)
class Metered:
    """What the meters of a deployment count in a month."""

    usage: tuple[Usage, ...]
    notes: tuple[str, ...] = ()
    """What must run, which constraint binds, which quota must be raised."""
    checks: tuple[Check, ...] = ()
    """What the demand asks of the limits there are."""
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    """What is let in, if one scenario was asked; open to all if many were."""


class Deployment(ABC):
    """One way to host a WebSocket service."""

    options: ClassVar[type[Options]]
    questions: ClassVar[tuple[Assumption, ...]] = ()
    """What the vendor leaves open; the ids are names without that of the deployment."""
    not_modeled: ClassVar[tuple[str, ...]]

    def __init__(self, deployment_id: str, title: str) -> None:
        """Take id and title from the registry, the only place where they are written."""
        self.id = deployment_id
        self.title = title
        self.cloud = deployment_id.partition(".")[0]

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the vendor leaves open; the ids begin with that of the deployment."""
        return tuple(replace(each, id=f"{self.id}.{each.id}") for each in self.questions)

    def __repr__(self) -> str:
        return f"<{self.id}: {self.title}; options({self.id!r}) tells what can be chosen>"

    @abstractmethod
    def meter(self, request: Request) -> Metered:
        """Count what the cloud would count for the demand."""

    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        """What the demand asks of the limits there are."""
        return self.meter(request).checks

    def data_out(
        self, request: Request, demand: Demand, meter_id: str, share: float = 1.0
    ) -> Usage:
        """Traffic to clients in the unit of a meter, GB or GiB.

        Args:
            request: holds the answer to this deployment's ``traffic_assumption``.
            demand: whose traffic.
            meter_id: a meter that counts bytes.
            share: part of the traffic that this meter counts.
        """
        answer = request.answers["billed_bytes"]
        layer, acknowledgements, meaning = _COUNTED[answer]
        traffic = demand.traffic("to_client", layer, acknowledgements=acknowledgements)
        bytes_per_unit = request.catalog.meter(meter_id).bytes_per_unit
        assert bytes_per_unit is not None, f"{meter_id} does not count bytes"
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
            return self.options.model_validate(dict(given))
        except ValidationError as error:
            document = YamlDocument(given, f"options of {self.id}")
            raise ScenarioError(error_text(error, document, self.options)) from None

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


def traffic_assumption(default: str, evidence: str) -> Assumption:
    """The open question of which bytes a cloud counts as internet traffic."""
    meanings = {answer: meaning for answer, (*_, meaning) in _COUNTED.items()}
    return Assumption(
        id="billed_bytes",
        question="Which bytes of a message count as internet traffic?",
        choices={default: meanings[default], **meanings},
        evidence=evidence,
    )


def spread(value: FloatArray | float, unit: str = "") -> str:
    """A figure for a person: one number, or the range over many scenarios.

    >>> spread(np.array([1.0, 2500.0]), "units"), spread(9.0505)
    ('1 to 2,500 units', '9.05')
    """
    low, high = (_short(float(edge)) for edge in (np.min(value), np.max(value)))
    return f"{low if low == high else f'{low} to {high}'} {unit}".rstrip()


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def as_given(value: FloatArray | float) -> str:
    """What a person gave, with its digits; the range if it was given for many scenarios.

    >>> as_given(12.345), as_given(np.array([5.0, 20.0]))
    ('12.345', '5 to 20')
    """
    low, high = (f"{float(edge):g}" for edge in (np.min(value), np.max(value)))
    return low if low == high else f"{low} to {high}"


def in_millions(demand: Demand, streams: Iterable[MessageStream]) -> str:
    """How many messages of each kind go each way in a month."""
    ways = {"to_server": "in", "to_client": "out"}
    return ", ".join(
        f"{s.name} {spread(demand.per_month(s.per_hour) / 1e6)} M {ways[s.direction]}"
        for s in streams
    )


def minutes_rounded_up(session: SessionLength) -> tuple[float, str]:
    """Minutes that each session is billed beyond its length if started minutes count in full.

    >>> from estimator.scenario.sessions import DeterministicSession
    >>> minutes_rounded_up(DeterministicSession(hours=1.5 / 60))
    (0.5, ', plus 0.50 minutes of rounding up per session')
    """
    step_hours = 1 / MINUTES_PER_HOUR
    lost = session.mean_steps(step_hours) - session.mean / step_hours
    return lost, f", plus {lost:.2f} minutes of rounding up per session"


def ping_notes(demand: Demand) -> Iterator[str]:
    """What a service that meters messages does not count, but would if clients were built so."""
    for stream in demand.streams:
        if stream.kind == "ping" and stream.direction == "to_client":
            millions = spread(demand.per_month(stream.per_hour) / 1e6)
            yield (
                f"Heartbeats ({millions} M each way) are taken to be WebSocket pings, which are "
                "not counted; libraries that send them as messages (heartbeat kind: application) "
                "make them count."
            )


def one_line_per_meter(*parts: Iterable[Usage]) -> tuple[Usage, ...]:
    """Lines of a bill; a meter that several parts use, such as nodes and Redis, stands on one.

    >>> nodes, redis = Usage("m", np.array(2.0), "nodes"), Usage("m", np.array(1.0), "Redis")
    >>> [line] = one_line_per_meter([nodes], [redis])
    >>> float(line.quantity), line.formula
    (3.0, 'nodes; and Redis')
    """
    lines: dict[str, Usage] = {}
    for usage in (usage for part in parts for usage in part):
        before = lines.get(usage.meter_id)
        lines[usage.meter_id] = (
            usage
            if before is None
            else Usage(
                usage.meter_id,
                np.asarray(before.quantity + usage.quantity),
                f"{before.formula}; and {usage.formula}",
            )
        )
    return tuple(lines.values())
