"""AppSync Events: channels that clients subscribe to over WebSocket, priced by operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.deployments.aws import messaging
from estimator.deployments.aws.lambda_backend import Function, LambdaOptions, answering
from estimator.deployments.base import Request, messages_text
from estimator.deployments.connection_rates import busiest_second_of_connection
from estimator.deployments.fleet.sizing import APPLICATION
from estimator.deployments.heartbeats import heartbeat_rule
from estimator.deployments.limits import (
    Check,
    busiest_second,
    largest_bytes,
    limit_value,
    per_second,
)
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import KIB, SECONDS_PER_HOUR

_SERVICE = "aws.appsync_events"


class AppSyncEventsOptions(messaging.LogOptions, LambdaOptions):
    """Choices for AppSync Events."""

    backend: Literal["lambda", "none"] = "lambda"
    """lambda: an event handler calls a Lambda function, and waits for it, for each message and each
    new connection on which the application has work of its own; none: such work is left out.
    AppSync passes messages on by itself."""
    subscribes_per_connect: Annotated[float, Field(ge=0)] = 1
    """Channels that a client subscribes to after it connects. Assumption: one, with wildcards or a
    channel of its own."""
    handler_calls_per_publication: Annotated[float, Field(ge=0)] = 0
    """Event handlers that run for each published event besides that of the function. Assumption:
    none."""
    handler_calls_per_subscribe: Annotated[float, Field(ge=0)] = 0
    """Event handlers that run for each subscribe besides that of the function. Assumption: none."""


class AppSyncEvents(messaging.MessageService):
    """AppSync Events, priced by operations in 5-KB steps and by connection minutes.

    Prices and metering: https://aws.amazon.com/appsync/pricing/
    """

    options = AppSyncEventsOptions
    questions = (
        Assumption(
            id="pings",
            question="Do pings count as operations?",
            choices={
                "clients": "each ping of a client does, at the interval of the profile's heartbeat",
                "service": "each keep-alive message that the service sends by itself does",
                "free": "none does",
            },
            evidence="Public notes that quote the price page list ping requests among the "
            "operations, beside connects and subscribes. The page of the protocol has no ping of "
            "clients: it says that the service sends keep-alive messages.",
        ),
        messaging.minute_rounding_question(
            "AWS does not say. Secondary sources say that API Gateway, which has the same kind of "
            "meter, rounds partial minutes up."
        ),
        messaging.WIRE_BYTES,
    )
    not_modeled = (
        "data sources behind event handlers besides the function, and its cold starts",
        "the code that publishes on behalf of the server",
        "storage of logs, metrics and traces",
        "custom domain names and certificates",
        "authorizers",
    )

    def function(self, request: Request) -> Function | None:
        """Lambda, called by handlers where the application has work of its own."""
        none = request.options.backend == "none"
        return None if none else answering(request.demand, request.options)

    def message_usage(self, request: Request) -> Iterator[Usage]:
        """Operations in 5-KB steps."""
        options, demand = request.options, request.demand
        meter = f"{_SERVICE}.operations"
        step_bytes = request.step_bytes(meter)
        published, delivered = messaging.publications(demand), demand.messages("to_client")
        counted = [s.steps_per_hour(step_bytes) for s in (*published, *delivered)]
        handlers: Weekly = total(s.per_hour for s in published if s.kind != "heartbeat")
        carried = (*demand.messages("to_server"), *delivered)
        each_connect = 1 + options.subscribes_per_connect * (
            1 + options.handler_calls_per_subscribe
        )
        counted += [
            handlers.times(options.handler_calls_per_publication),
            demand.new_connections.times(each_connect),
        ]
        pings = _pings(demand, request.answers["pings"])
        yield Usage(
            meter,
            demand.per_month(total((*counted, pings))),
            f"events published and each delivery ({messages_text(demand, carried)}), in started "
            f"steps of {step_bytes / KIB:g} KB; a connect and {options.subscribes_per_connect:g} "
            "subscribes per connection; calls of event handlers; "
            f"{range_text(demand.per_month(pings))} pings",
        )
        if (function := self.function(request)) is not None:
            yield Usage(
                meter,
                demand.per_month(function.calls),
                "a handler for each message and new connection that the function works on",
                part=APPLICATION,
                layer="application",
            )
            called = "one invocation per message and new connection with work of the application"
            yield from function.usage(called)

    def notes(self, demand: Demand) -> Iterator[str]:
        """What heartbeats are; whether they count is a question of the bill."""
        if (rule := heartbeat_rule(self.id)) and any(s.kind == "ping" for s in demand.streams):
            yield f"Heartbeats are {rule.words}. Whether pings count is an open question."

    def checks(self, request: Request) -> Iterator[Check]:
        """Events and deliveries per second, subscriptions, sizes."""
        demand = request.demand
        published, delivered = messaging.publications(demand), demand.messages("to_client")
        events = tuple(s for s in published if s.kind != "heartbeat")
        step_bytes = request.step_bytes(f"{_SERVICE}.operations")
        yield self.check("new_connections_per_second", per_second(demand.new_connections))
        yield busiest_second(demand, events).check(f"{_SERVICE}.inbound_events_per_second")
        steps = busiest_second(demand, delivered, lambda s: s.steps_per_hour(step_bytes))
        yield steps.check(f"{_SERVICE}.outbound_messages_per_second")
        sent = (s for s in events if s.direction == "to_server")
        yield self.check(
            "publishes_per_second_per_connection",
            busiest_second_of_connection(demand, sent),
        )
        yield self.check("subscriptions_per_connection", request.options.subscribes_per_connect)
        yield self.check("event_max_bytes", largest_bytes(published))
        yield self.check("delivery_max_bytes", largest_bytes(delivered))
        if (function := self.function(request)) is not None:
            yield from function.checks()
            yield self.check("handler_max_seconds", function.longest_seconds(function.messages))


def _pings(demand: Demand, answer: str) -> Weekly:
    """Pings per hour that count, under an answer to that question."""
    if answer == "service":
        interval = limit_value(f"{_SERVICE}.keep_alive_interval")
        return demand.connections.times(SECONDS_PER_HOUR / interval)
    asked = (s for s in demand.streams if s.kind == "ping" and s.direction == "to_server")
    return total(s.per_hour for s in asked if answer == "clients")
