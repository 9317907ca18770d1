"""Message services of AWS: connection minutes, messages in steps, what bounds them; and logs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import total
from estimator.deployments import base
from estimator.deployments.aws.lambda_backend import Function, family
from estimator.deployments.fleet.derived_figures import assumed_work
from estimator.deployments.limits import Check, admission_at, limit_value
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import MINUTES_PER_HOUR, SECONDS_PER_HOUR

_LOGS = "aws.cloudwatch_logs.ingested_gb"


class LogOptions(base.Options):
    """Choices about logs."""

    log_bytes_per_connect: Annotated[float, Field(ge=0)] = 0
    """Bytes written to CloudWatch Logs for each connection, from connect to disconnect.
    Assumption: none."""
    log_bytes_per_message: Annotated[float, Field(ge=0)] = 0
    """Bytes written to CloudWatch Logs for each message, in or out. Assumption: none."""


def log_usage(request: base.Request) -> Iterator[Usage]:
    """What is written per month; no line if nothing is."""
    options, demand = request.options, request.demand
    if not (options.log_bytes_per_connect or options.log_bytes_per_message):
        return
    messages = total(s.per_hour for s in demand.streams if s.is_message)
    written = np.asarray(
        demand.per_month(demand.new_connections) * options.log_bytes_per_connect
        + demand.per_month(messages) * options.log_bytes_per_message
    )
    bytes_per_unit = request.bytes_per_unit(_LOGS)
    yield Usage(
        _LOGS,
        written / bytes_per_unit,
        f"{options.log_bytes_per_connect:g} bytes for each connection and "
        f"{options.log_bytes_per_message:g} for each message, in units of {bytes_per_unit:,} bytes",
    )


WIRE_BYTES = base.billed_bytes_question(
    "ip",
    "AWS charges data transfer at the rates of EC2 and does not say which bytes count, so all of "
    "AWS is taken to count alike. A worked example of REST APIs on the price page of API Gateway "
    "multiplies responses of 3 KB by their number (14.3 GB), without headers.",
)
"""Asked of every deployment on AWS, so that they count alike."""


def minute_rounding_question(evidence: str) -> Assumption:
    """Whether minutes are rounded up."""
    return Assumption(
        id="minute_rounding",
        question="Is a started connection minute billed in full?",
        choices={
            "up": "every connection is rounded up to whole minutes",
            "exact": "seconds count as parts of a minute",
        },
        evidence=evidence,
    )


class MessageService(base.Deployment):
    """A service that holds connections up to an age and bills their minutes and messages."""

    limits_connections: ClassVar[bool] = False
    """Whether open connections have a quota of their own, and do not follow from rate and age."""

    @abstractmethod
    def message_usage(self, request: base.Request) -> Iterator[Usage]:
        """What is billed besides minutes; connections are cut at their age already."""

    @abstractmethod
    def checks(self, request: base.Request) -> Iterator[Check]:
        """What is asked of the service's limits; connections are cut at their age already."""

    @abstractmethod
    def function(self, request: base.Request) -> Function | None:
        """What answers messages, and all that calls it; None if it is left out."""

    def notes(self, demand: Demand) -> Iterator[str]:
        """What a reader should know about heartbeats."""
        return self.heartbeat_notes(demand)

    def core_families(self, request: base.Request) -> Collection[str]:
        """That of the function, if there is one."""
        return () if self.function(request) is None else {family(request.options)}

    def charges_traffic(self, request: base.Request) -> bool:
        """Whether traffic to the internet is charged besides messages."""
        return True

    def limit_checks(self, request: base.Request) -> tuple[Check, ...]:
        """What is asked of the service's limits by connections that are cut at their age."""
        return tuple(self.checks(request.cut_after(limit_value(self._age))))

    def meter(self, request: base.Request) -> base.Metered:
        """Connection minutes, messages, internet traffic, logs."""
        age_seconds = limit_value(self._age)
        request = request.cut_after(age_seconds)
        usage = [self._minutes(request), *self.message_usage(request)]
        if self.charges_traffic(request):
            usage.append(self.data_out(request, "aws.egress.internet"))
        note = base.cut_note(request.demand, f"{age_seconds / SECONDS_PER_HOUR:g} hours")
        return base.Metered(
            (*usage, *log_usage(request)),
            (*note, *self.notes(request.demand), *_application_notes(request)),
            tuple(self.checks(request)),
            AdmissionLimits if request.many else partial(self.admission, request),
        )

    def admission(self, request: base.Request) -> AdmissionLimits:
        """What is let in, of one scenario."""
        quotas = {"new_connections_per_second": f"{self.id}.new_connections_per_second"}
        if self.limits_connections:
            quotas["connections_most"] = f"{self.id}.open_connections"
        return admission_at(**quotas, age_most_seconds=self._age)

    @property
    def _age(self) -> str:
        return f"{self.id}.connection_max_age"

    def _minutes(self, request: base.Request) -> Usage:
        demand = request.demand
        minutes = demand.per_month(demand.connections) * MINUTES_PER_HOUR
        text = "open connections x 60 minutes x hours of the month"
        # where it is no question, minutes are rounded up
        if request.answers.get("minute_rounding", "up") == "up":
            lost, lost_text = base.minutes_rounded_up(demand)
            minutes = minutes + lost
            text += lost_text
        return Usage(f"{self.id}.connection_minutes", minutes, text)


def _application_notes(request: base.Request) -> Iterator[str]:
    """What the application's work is taken to be, or that what answers messages is left out."""
    if request.options.backend == "none":
        yield "What answers messages is left out, and the application's own work with it."
    else:
        yield from assumed_work(request.options, [k.application for k in request.demand.kinds])


def publications(demand: Demand) -> tuple[MessageStream, ...]:
    """What clients and the server publish, and the server's greetings, each message once."""
    return (
        *base.from_clients(demand),
        *(s for s in base.from_server(demand) if s.kind != "heartbeat"),
    )
