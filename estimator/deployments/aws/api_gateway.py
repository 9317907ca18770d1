"""API Gateway WebSocket APIs, with Lambda and DynamoDB behind them or alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments import heartbeats, limits
from estimator.deployments.aws.lambda_backend import Function, LambdaOptions, published
from estimator.deployments.aws.messaging import (
    WIRE_BYTES,
    LogOptions,
    MessageService,
    minute_rounding_question,
)
from estimator.deployments.base import Request, messages_text
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.scenario.model import ManyFromZero
from estimator.units import KIB, SECONDS_PER_MINUTE

_SERVICE = "aws.api_gateway"
_DYNAMODB_WRITE_BYTES = 1 * KIB
_DYNAMODB_READ_BYTES = 4 * KIB
_READ_UNITS = 0.5
"""Of an eventually consistent read of one step."""


class ApiGatewayOptions(LogOptions, LambdaOptions):
    """Choices for API Gateway."""

    backend: Literal["lambda_dynamodb", "none"] = "lambda_dynamodb"
    """lambda_dynamodb: a Lambda function for every message, connect and disconnect, which passes
    messages on, and a DynamoDB table of open connections, as in the vendor's tutorial; none: what
    answers messages and passes them on is billed elsewhere."""
    lambda_ms_per_push: ManyFromZero = 5
    """Run time added for each recipient: one call to the connection's endpoint. Assumption."""
    connection_item_bytes: Annotated[float, Field(gt=0)] = 200
    """Size of one connection in the table. Assumption: ids, user and channel."""


class ApiGateway(MessageService):
    """API Gateway WebSocket APIs, priced by messages and connection minutes.

    Prices and metering: https://aws.amazon.com/api-gateway/pricing/
    """

    options = ApiGatewayOptions
    questions = (
        Assumption(
            id="connect_is_message",
            question="Does each connect and each disconnect count as a message?",
            choices={
                "no": "only messages to and from clients count",
                "yes": "each connect and each disconnect counts as one more message",
            },
            evidence="The price page does not list them as messages, and CloudWatch counts them "
            "separately (ConnectCount beside MessageCount); no AWS text says so outright.",
        ),
        Assumption(
            id="keep_alives",
            question="What keeps quiet connections open?",
            choices={
                "timer": "every client sends a message after three quarters of the timeout",
                "traffic": "the messages of the application do, and clients send nothing else",
            },
            evidence="Your choice: API Gateway ends connections after 10 silent minutes, and "
            "neither browsers nor its back end can send WebSocket pings. Asked where the profile "
            "has a heartbeat of kind protocol; one of kind application is sent as it is.",
        ),
        minute_rounding_question(
            "Secondary sources say that partial minutes are rounded up; no AWS text was found."
        ),
        WIRE_BYTES,
    )
    not_modeled = (
        "cold starts of the function, and storage of the table",
        "storage of logs and detailed metrics",
        "custom domain names and certificates",
        "authorizers",
    )

    def kept_alive(self, demand: Demand, answers: Mapping[str, str]) -> Demand:
        """Messages of the clients, in place of pings that nobody can send."""
        if answers["keep_alives"] == "traffic":
            return heartbeats.without_pings(demand)
        return heartbeats.as_client_messages(demand, _keep_alive_seconds())

    def notes(self, demand: Demand) -> Iterator[str]:
        """What took the place of pings."""
        rule = heartbeats.heartbeat_rule(self.id)
        sent = [s for s in demand.streams if heartbeats.is_keep_alive(s)]
        if rule and sent:
            yield (
                f"Heartbeats are {rule.words}. Each client sends one every "
                f"{_keep_alive_seconds() / SECONDS_PER_MINUTE:g} minutes: "
                f"{range_text(demand.per_month(total(s.per_hour for s in sent)))} per month, "
                "which count."
            )

    def function(self, request: Request) -> Function | None:
        """Lambda, called for each message handled, each connect and each disconnect."""
        if request.options.backend == "none":
            return None
        demand = request.demand
        return Function(
            demand,
            request.options,
            (*demand.messages("to_server"), *published(demand)),
            demand.new_connections.times(2),
            request.options.lambda_ms_per_push,
        )

    def message_usage(self, request: Request) -> Iterator[Usage]:
        """Messages in 32-KB steps both ways, and the backend."""
        demand, step_bytes = request.demand, request.step_bytes(f"{_SERVICE}.messages")
        counted = demand.messages("to_server") + demand.messages("to_client")
        messages = demand.per_month(total(s.steps_per_hour(step_bytes) for s in counted))
        text = (
            f"{messages_text(demand, counted)}, in started steps of {step_bytes // KIB} KB, every "
            "recipient of a broadcast counted"
        )
        if request.answers["connect_is_message"] == "yes":
            messages = messages + 2 * demand.per_month(demand.new_connections)
            text += ", and each connect and disconnect"
        yield Usage(f"{_SERVICE}.messages", messages, text)
        if (backend := self.function(request)) is not None:
            yield from _backend_usage(demand, backend, request.options.connection_item_bytes)

    def checks(self, request: Request) -> Iterator[limits.Check]:
        """Connections, messages, sizes, silence, and what the backend runs."""
        demand = request.demand
        received, pushed = demand.messages("to_server"), demand.messages("to_client")
        yield self.check(
            "new_connections_per_second",
            limits.per_second(demand.new_connections),
            "ask AWS for a quota of {raised} new connections per second",
        )
        yield self.check("implied_open_connections", demand.connections_peak)
        bucket = limits.limit_value(f"{_SERVICE}.account_requests_bucket")
        requests = limits.busiest_second(demand, (*received, *pushed), bucket=bucket)
        yield requests.check(
            f"{_SERVICE}.account_requests_per_second",
            "ask AWS for a quota of {raised} requests per second",
        )
        yield self.check("message_max_bytes", limits.largest_bytes((*received, *pushed)))
        # browsers and @connections commands send a message in one frame
        yield self.check("frame_max_bytes", limits.largest_bytes((*received, *pushed)))
        yield from limits.idle_checks(demand, f"{_SERVICE}.idle_timeout")
        if (backend := self.function(request)) is not None:
            yield from _backend_checks(demand, backend, request.options.connection_item_bytes)


def _keep_alive_seconds() -> float:
    return heartbeats.keep_alive_seconds(limits.limit_value(f"{_SERVICE}.idle_timeout"))


def _backend_checks(demand: Demand, backend: Function, item_bytes: float) -> Iterator[limits.Check]:
    yield from backend.checks()
    received = demand.messages("to_server")
    longest = backend.longest_seconds(received)
    yield limits.check(f"{_SERVICE}.integration_timeout", longest)
    longest = backend.longest_seconds(published(demand))
    yield limits.check("aws.lambda.timeout_max", longest)
    reads = limits.busiest_second(demand, backend.messages, lambda s: _read_units(s, item_bytes))
    yield limits.check("aws.dynamodb.table_read_units_per_second", reads.used)
    writes = limits.per_second(demand.new_connections).times(_write_units(item_bytes))
    yield limits.check("aws.dynamodb.table_write_units_per_second", writes)


def _read_units(stream: MessageStream, item_bytes: float) -> Weekly:
    """Units per hour of the queries for the recipients of each message."""
    steps = np.ceil(stream.copies * item_bytes / _DYNAMODB_READ_BYTES)
    return stream.per_hour.times(_READ_UNITS * steps)


def _write_units(item_bytes: float) -> float:
    """Units of a connection: it is written when it begins, and when it ends."""
    return 2 * math.ceil(item_bytes / _DYNAMODB_WRITE_BYTES)


def _backend_usage(demand: Demand, backend: Function, item_bytes: float) -> Iterator[Usage]:
    yield from backend.usage(
        "one invocation per message from a client, per publication, per connect and disconnect"
    )
    yield Usage(
        "aws.dynamodb.write_units",
        demand.per_month(demand.new_connections) * _write_units(item_bytes),
        "one write per connect and one per disconnect, in steps of 1 KB",
        layer="application",
    )
    yield Usage(
        "aws.dynamodb.read_units",
        demand.per_month(total(_read_units(s, item_bytes) for s in backend.messages)),
        "one query for the recipients of each broadcast, half a unit per started 4 KB "
        "(eventually consistent)",
        layer="application",
    )
