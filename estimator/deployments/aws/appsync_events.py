"""AppSync Events: channels that clients subscribe to over WebSocket, priced by operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.aws.logs import LogOptions, log_usage
from estimator.deployments.aws.messages import per_connection, published_once, size_check
from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    in_millions,
    minutes_rounded_up,
    ping_notes,
    spread,
    traffic_assumption,
)
from estimator.deployments.limits import (
    Check,
    admission_at,
    check,
    limit_value,
    messages_per_second,
    per_second,
)
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import KIB, MINUTES_PER_HOUR, SECONDS_PER_HOUR

_SERVICE = "aws.appsync_events"


class AppSyncEventsOptions(LogOptions):
    """Choices for AppSync Events."""

    subscribes_per_connect: Annotated[float, Field(ge=0)] = 1
    """Channels a client subscribes to after each connect. Assumption: one, with wildcards or a
    channel of its own."""
    handler_calls_per_publication: Annotated[float, Field(ge=0)] = 0
    """Event handlers that run for each published event. Assumption: none."""
    handler_calls_per_subscribe: Annotated[float, Field(ge=0)] = 0
    """Event handlers that run for each subscribe. Assumption: none."""


class AppSyncEvents(Deployment):
    """AppSync Events, priced by operations in 5-KB steps and by connection minutes.

    Prices and metering: https://aws.amazon.com/appsync/pricing/
    """

    options = AppSyncEventsOptions
    questions = (
        Assumption(
            id="minute_rounding",
            question="Is a started connection minute billed in full?",
            choices={
                "up": "every connection is rounded up to whole minutes",
                "exact": "seconds count as parts of a minute",
            },
            evidence="No source read says it; secondary sources say of API Gateway, which has the "
            "same kind of meter, that partial minutes are rounded up.",
        ),
        traffic_assumption(
            "payload",
            "Data transfer is charged at EC2 rates on top, but no source read says which bytes of "
            "a WebSocket message count.",
        ),
    )
    not_modeled = (
        "functions and data sources behind event handlers",
        "the code that publishes on behalf of the server",
        "storage of logs, metrics and traces",
        "custom domain names and certificates",
        "authorizers",
    )

    def meter(self, request: Request) -> Metered:
        """Operations in 5-KB steps, connection minutes, internet traffic."""
        cut_hours = limit_value(f"{_SERVICE}.connection_max_age") / SECONDS_PER_HOUR
        demand = request.demand.cut_after(cut_hours)
        minutes = demand.per_month(demand.connections) * MINUTES_PER_HOUR
        minute_text = "open connections x 60 minutes x hours of the month"
        if request.answers["minute_rounding"] == "up":
            lost, lost_text = minutes_rounded_up(demand.session)
            minutes = minutes + demand.per_month(request.demand.sessions) * lost
            minute_text += lost_text
        usage = (
            Usage(f"{_SERVICE}.connection_minutes", minutes, minute_text),
            _operations(request, demand),
            self.data_out(request, demand, "aws.egress.internet"),
            *log_usage(request, demand),
        )
        checks = tuple(_checks(request, demand))
        admission = AdmissionLimits() if request.many else _doors()
        return Metered(usage, tuple(_notes(demand, cut_hours)), checks, admission)


def _doors() -> AdmissionLimits:
    return admission_at(
        new_connections_per_second=f"{_SERVICE}.new_connections_per_second",
        age_most_seconds=f"{_SERVICE}.connection_max_age",
    )


def _published(demand: Demand) -> tuple[MessageStream, ...]:
    """Events that come in: from clients and from the server.

    What a client says right after it connects is taken to be its connect and subscribes, which
    are operations of their own.
    """
    from_clients = (s for s in demand.messages("to_server") if s.kind != "at_connect")
    return (*from_clients, *published_once(demand.streams))


def _operations(request: Request, demand: Demand) -> Usage:
    options = request.options
    meter = f"{_SERVICE}.operations"
    step_bytes = request.catalog.meter(meter).step_bytes or 1
    published, delivered = _published(demand), demand.messages("to_client")
    counted = [s.steps_per_hour(step_bytes) for s in (*published, *delivered)]
    handlers: Weekly = total(s.per_hour for s in published if s.kind != "heartbeat")
    carried = (*demand.messages("to_server"), *delivered)
    each_connect = 1 + options.subscribes_per_connect * (1 + options.handler_calls_per_subscribe)
    counted += [
        handlers.times(options.handler_calls_per_publication),
        demand.new_connections.times(each_connect),
    ]
    return Usage(
        meter,
        demand.per_month(total(counted)),
        f"events published and each delivery ({in_millions(demand, carried)}), in started steps of "
        f"{step_bytes / KIB:g} KB, a connect and {options.subscribes_per_connect:g} subscribes for "
        "each connection, and calls of event handlers",
    )


def _notes(demand: Demand, cut_hours: float) -> Iterator[str]:
    yield (
        f"Connections are cut after {cut_hours:g} hours and made again; "
        f"{spread(per_second(demand.new_connections).peak)} new connections per second in the busiest hour."
    )
    yield from ping_notes(demand)


def _checks(request: Request, demand: Demand) -> Iterator[Check]:
    published, delivered = _published(demand), demand.messages("to_client")
    events = tuple(s for s in published if s.kind != "heartbeat")
    step_bytes = request.catalog.meter(f"{_SERVICE}.operations").step_bytes or 1
    yield check(f"{_SERVICE}.new_connections_per_second", per_second(demand.new_connections))
    yield check(f"{_SERVICE}.inbound_events_per_second", messages_per_second(events))
    yield check(
        f"{_SERVICE}.outbound_messages_per_second",
        per_second(total(s.steps_per_hour(step_bytes) for s in delivered)),
    )
    sent = total(s.per_hour for s in events if s.direction == "to_server")
    yield check(
        f"{_SERVICE}.publishes_per_second_per_connection",
        per_connection(demand, sent) / SECONDS_PER_HOUR,
    )
    yield check(f"{_SERVICE}.subscriptions_per_connection", request.options.subscribes_per_connect)
    yield size_check(f"{_SERVICE}.event_max_bytes", (*published, *delivered))
