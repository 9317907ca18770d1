"""What a deployment is: one way to host a WebSocket service, and how its meters count."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from pydantic import ValidationError

from estimator.datafiles import Entry
from estimator.demand.demand import Demand
from estimator.demand.wire import Layer
from estimator.documents import YamlDocument, faults
from estimator.errors import ScenarioError, UnknownNameError
from estimator.pricing.bill import Assumption, Usage
from estimator.pricing.catalog import Catalog
from estimator.scenario.model import FloatArray
from estimator.scenario.places import Area


class Options(Entry):
    """Choices a user makes for one deployment; subclasses add the fields."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a deployment is asked to host."""

    demand: Demand
    region: str
    destinations: Mapping[Area, float]
    """Share of the users in each part of the world."""
    options: Any
    """The deployment's own ``Options``, already checked."""
    answers: Mapping[str, str]
    """Answers to the deployment's assumptions, by id, already checked."""
    catalog: Catalog

    def billed_layer(self, deployment_id: str) -> Layer:
        """The answer to the deployment's ``traffic_assumption``."""
        return cast("Layer", self.answers[f"{deployment_id}.billed_bytes"])

    def units_of_bytes(self, meter_id: str, traffic_bytes: FloatArray) -> FloatArray:
        """Traffic in the unit of a meter, GB or GiB."""
        per_unit = self.catalog.meter(meter_id).bytes_per_unit
        if per_unit is None:
            raise TypeError(f"{meter_id} does not count bytes")
        return traffic_bytes / per_unit


@dataclass(frozen=True, slots=True)
class Metered:
    """What the meters of a deployment count in a month."""

    usage: tuple[Usage, ...]
    notes: tuple[str, ...] = ()
    """What must run, which constraint binds, which quota must be raised."""


class Deployment(ABC):
    """One way to host a WebSocket service."""

    id: ClassVar[str]
    title: ClassVar[str]
    cloud: ClassVar[str]
    options: ClassVar[type[Options]]
    assumptions: ClassVar[tuple[Assumption, ...]]
    not_modelled: ClassVar[tuple[str, ...]]

    @abstractmethod
    def meter(self, request: Request) -> Metered:
        """Count what the cloud would count for the demand."""

    def check_options(self, given: Mapping[str, object]) -> Options:
        """The options with defaults filled in.

        Raises:
            ScenarioError: an option that does not exist or cannot have that value.
        """
        try:
            return self.options.model_validate(dict(given))
        except ValidationError as fault:
            document = YamlDocument(given, f"options of {self.id}")
            raise ScenarioError(faults(fault, document, self.options)) from None

    def check_answers(self, given: Mapping[str, str]) -> dict[str, str]:
        """The answer to each assumption, the default where none is given.

        Raises:
            UnknownNameError: an answer that is none of the choices.
        """
        answers: dict[str, str] = {}
        for assumption in self.assumptions:
            answer = given.get(assumption.id, assumption.default)
            if answer not in assumption.choices:
                raise UnknownNameError(f"answer to {assumption.id}", answer, assumption.choices)
            answers[assumption.id] = answer
        return answers


LAYERS: dict[Layer, str] = {
    "payload": "application data only",
    "websocket": "application data and WebSocket headers",
    "ip": "everything down to the IP header, with handshakes and acknowledgements",
}


def traffic_assumption(deployment_id: str, default: Layer, evidence: str) -> Assumption:
    """The open question of which bytes a cloud counts as internet traffic."""
    ordered = {default: LAYERS[default], **LAYERS}
    return Assumption(
        id=f"{deployment_id}.billed_bytes",
        question="Which bytes of a message count as internet traffic?",
        choices=ordered,
        evidence=evidence,
    )


def spread(value: FloatArray, unit: str = "") -> str:
    """A figure for a person: one number, or the range over many scenarios.

    >>> spread(np.array([1.0, 2500.0]), "units")
    '1 to 2,500 units'
    """
    low, high = (f"{edge:,.6g}" for edge in (np.min(value), np.max(value)))
    return f"{low if low == high else f'{low} to {high}'} {unit}".rstrip()
