"""Message services of AWS: connection minutes, messages in steps, what bounds them; and logs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import (
    Deployment,
    Metered,
    Options,
    Request,
    cut_note,
    minutes_rounded_up,
    once,
    ping_notes,
)
from estimator.deployments.limits import Check, admission_at, limit_value
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import MINUTES_PER_HOUR, SECONDS_PER_HOUR

_LOGS = "aws.cloudwatch_logs.ingested_gb"
_RARE_SHARE = 1e-6
"""Larger messages than this share of a stream decide no limit: laws of sizes have endless tails.
Assumption."""


class LogOptions(Options):
    """Choices about logs."""

    log_bytes_per_connect: Annotated[float, Field(ge=0)] = 0
    """Bytes written to CloudWatch Logs for each connection, from connect to disconnect.
    Assumption: none."""
    log_bytes_per_message: Annotated[float, Field(ge=0)] = 0
    """Bytes written to CloudWatch Logs for each message, in or out. Assumption: none."""


def log_usage(request: Request, demand: Demand) -> Iterator[Usage]:
    """What is written per month; no line if nothing is."""
    options = request.options
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


class MessageService(Deployment):
    """A service that holds connections up to an age and bills their minutes and messages."""

    service: ClassVar[str]
    """How the ids of its meters and limits begin."""
    quotas: ClassVar[tuple[str, ...]] = ()
    """Fields of ``AdmissionLimits`` that it bounds besides new connections and their age."""

    @abstractmethod
    def message_usage(self, request: Request, demand: Demand) -> Iterator[Usage]:
        """What the demand, its connections cut at their age, is billed besides minutes."""

    @abstractmethod
    def checks(self, request: Request, demand: Demand) -> Iterator[Check]:
        """What the demand asks of the service's limits."""

    def notes(self, demand: Demand) -> Iterator[str]:
        """What a reader should know about heartbeats."""
        return ping_notes(demand)

    def charges_traffic(self, request: Request) -> bool:
        """Whether traffic to the internet is charged besides messages."""
        return True

    def meter(self, request: Request) -> Metered:
        """Connection minutes, messages, internet traffic, logs."""
        max_age = f"{self.service}.connection_max_age"
        cut_hours = limit_value(max_age) / SECONDS_PER_HOUR
        demand = request.demand.cut_after(cut_hours)
        usage = [self._minutes(request, demand), *self.message_usage(request, demand)]
        if self.charges_traffic(request):
            usage.append(self.data_out(request, demand, "aws.egress.internet"))
        admission = AdmissionLimits()
        if not request.many:
            # open connections without a quota of their own follow from the rate and the age
            bounded = ("new_connections_per_second", *self.quotas)
            ids = {field: f"{self.service}.{_LIMITS.get(field, field)}" for field in bounded}
            admission = admission_at(**ids, age_most_seconds=max_age)
        return Metered(
            (*usage, *log_usage(request, demand)),
            (cut_note(demand, f"{cut_hours:g} hours"), *self.notes(demand)),
            tuple(self.checks(request, demand)),
            admission,
        )

    def _minutes(self, request: Request, demand: Demand) -> Usage:
        minutes = demand.per_month(demand.connections) * MINUTES_PER_HOUR
        text = "open connections x 60 minutes x hours of the month"
        # where it is no question, minutes are rounded up
        if request.answers.get("minute_rounding", "up") == "up":
            lost, lost_text = minutes_rounded_up(demand.session)
            minutes = minutes + demand.per_month(request.demand.sessions) * lost
            text += lost_text
        return Usage(f"{self.service}.connection_minutes", minutes, text)


_LIMITS = {"connections_most": "open_connections"}
"""Last part of the id of a limit, where it is not the name of the field."""


def published_once(demand: Demand) -> Iterator[MessageStream]:
    """What the server publishes and what it greets with, each message once."""
    for stream in demand.messages("to_client"):
        if stream.kind in ("published", "at_connect"):
            yield once(stream) if stream.kind == "published" else stream


def publications(demand: Demand) -> tuple[MessageStream, ...]:
    """What clients and the server publish, each message once.

    What a client says right after it connects is taken to be its connect and subscribes, which
    are counted on their own.
    """
    from_clients = (s for s in demand.messages("to_server") if s.kind != "at_connect")
    return (*from_clients, *published_once(demand))


def per_connection(demand: Demand, quantity: Weekly) -> FloatArray:
    """Mean of an hourly quantity for one open connection, per hour; 0 if none is open."""
    connections, amount = np.broadcast_arrays(demand.connections.mean, quantity.mean)
    return np.divide(
        amount, connections, out=np.zeros(connections.shape), where=np.asarray(connections > 0)
    )


def size_check(limit_id: str, streams: Iterable[MessageStream]) -> Check:
    """Whether all but a millionth of the messages of every stream are small enough."""
    sizes = (s.payload.stay_within(_RARE_SHARE) for s in streams if s.is_message)
    return Check(limit_id, reduce(np.maximum, sizes, np.zeros(())), limit_value(limit_id))
