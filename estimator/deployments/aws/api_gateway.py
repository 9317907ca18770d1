"""API Gateway WebSocket APIs, alone or with Lambda and DynamoDB behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.aws.logs import LogOptions, log_usage
from estimator.deployments.aws.messages import published_once, size_check
from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    as_given,
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
    idle_checks,
    limit_value,
    messages_per_second,
    per_second,
)
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.scenario.model import ManyFromZero, ManyPositive, OrMany
from estimator.units import KIB, MINUTES_PER_HOUR, SECONDS_PER_HOUR

_SERVICE = "aws.api_gateway"
_DYNAMODB_WRITE_BYTES = 1 * KIB
_DYNAMODB_READ_BYTES = 4 * KIB
_READ_UNITS = 0.5
"""Of an eventually consistent read of one step."""
_MS_PER_SECOND = 1000


class ApiGatewayOptions(LogOptions):
    """Choices for API Gateway."""

    backend: Literal["none", "lambda_dynamodb"] = "none"
    """none: what answers the messages is billed elsewhere; lambda_dynamodb: a Lambda function for
    every message, connect and disconnect, and a DynamoDB table of open connections."""
    lambda_memory_mb: Annotated[
        float | FloatArray, OrMany(Annotated[float, Field(ge=128, le=10_240)])
    ] = 256
    """Memory of the function. Assumption: a small function; set your own."""
    lambda_ms: ManyPositive = 20
    """Run time of one invocation without pushes. Assumption: measure yours."""
    lambda_ms_per_push: ManyFromZero = 5
    """Added run time for each recipient, one call to the connection's endpoint. Assumption."""
    connection_item_bytes: Annotated[float, Field(gt=0)] = 200
    """Size of one connection in the table. Assumption: ids, user and channel."""


class ApiGateway(Deployment):
    """API Gateway WebSocket APIs, priced by messages and connection minutes.

    Prices and metering: https://aws.amazon.com/api-gateway/pricing/
    """

    options = ApiGatewayOptions
    questions = (
        Assumption(
            id="connect_is_message",
            question="Do connects and disconnects count as messages?",
            choices={
                "no": "only messages to and from clients count",
                "yes": "each connect and each disconnect is one message more",
            },
            evidence="The price page does not list them as messages and CloudWatch counts them "
            "apart (ConnectCount beside MessageCount); no AWS text says so outright.",
        ),
        Assumption(
            id="minute_rounding",
            question="Is a started connection minute billed in full?",
            choices={
                "up": "every connection is rounded up to whole minutes",
                "exact": "seconds count as parts of a minute",
            },
            evidence="Secondary sources say partial minutes are rounded up; AWS is not quoted.",
        ),
        traffic_assumption(
            "payload",
            "The price page adds EC2 data transfer rates but does not say which bytes of a "
            "WebSocket message count.",
        ),
    )
    not_modeled = (
        "the code that answers messages, unless the backend of Lambda and DynamoDB is chosen",
        "storage of logs and detailed metrics",
        "custom domain names and certificates",
        "authorizers",
    )

    def meter(self, request: Request) -> Metered:
        """Messages in 32-KB steps both ways, connection minutes, internet traffic, backend."""
        answers = request.answers
        sessions = request.demand.sessions
        cut_hours = limit_value(f"{_SERVICE}.connection_max_age") / SECONDS_PER_HOUR
        demand = request.demand.cut_after(cut_hours)

        step_bytes = request.catalog.meter(f"{_SERVICE}.messages").step_bytes or 1
        counted = demand.messages("to_server") + demand.messages("to_client")
        messages = demand.per_month(total(s.steps_per_hour(step_bytes) for s in counted))
        minutes = demand.per_month(demand.connections) * MINUTES_PER_HOUR
        message_text = (
            f"{in_millions(demand, counted)}, in started steps of {step_bytes // KIB} KB, every "
            "recipient of a broadcast counted"
        )
        minute_text = "open connections x 60 minutes x hours of the month"
        if answers["connect_is_message"] == "yes":
            messages = messages + 2 * demand.per_month(demand.new_connections)
            message_text += ", and each connect and disconnect"
        if answers["minute_rounding"] == "up":
            lost, lost_text = minutes_rounded_up(demand.session)
            minutes = minutes + demand.per_month(sessions) * lost
            minute_text += lost_text

        usage = [
            Usage(f"{_SERVICE}.connection_minutes", minutes, minute_text),
            Usage(f"{_SERVICE}.messages", messages, message_text),
        ]
        if request.options.backend == "lambda_dynamodb":
            usage += _backend(demand, request.options)
        usage.append(self.data_out(request, demand, "aws.egress.internet"))
        usage += log_usage(request, demand)
        checks = [*_checks(demand)]
        if request.options.backend == "lambda_dynamodb":
            checks += _backend_checks(demand, request.options)
        admission = AdmissionLimits() if request.many else _doors()
        return Metered(tuple(usage), tuple(_notes(demand, cut_hours)), tuple(checks), admission)


def _doors() -> AdmissionLimits:
    """Open connections have no quota of their own; they follow from the rate and the age."""
    return admission_at(
        new_connections_per_second=f"{_SERVICE}.new_connections_per_second",
        age_most_seconds=f"{_SERVICE}.connection_max_age",
    )


def _notes(demand: Demand, cut_hours: float) -> Iterator[str]:
    yield (
        f"Connections are cut after {cut_hours:g} hours and made again; "
        f"{spread(per_second(demand.new_connections).peak)} new connections per second in the busiest hour."
    )
    yield from ping_notes(demand)


def _checks(demand: Demand) -> Iterator[Check]:
    received, pushed = demand.messages("to_server"), demand.messages("to_client")
    yield check(
        f"{_SERVICE}.new_connections_per_second",
        per_second(demand.new_connections),
        "ask AWS for a quota of {used} new connections per second",
    )
    yield check(f"{_SERVICE}.implied_open_connections", demand.connections_peak)
    yield check(
        f"{_SERVICE}.account_requests_per_second",
        messages_per_second((*received, *pushed)),
        "ask AWS for a quota of {used} requests per second",
    )
    yield size_check(f"{_SERVICE}.message_max_bytes", (*received, *pushed))
    # how pushes are framed is up to the service
    yield size_check(f"{_SERVICE}.frame_max_bytes", received)
    yield from idle_checks(demand, f"{_SERVICE}.idle_timeout")


def _backend_checks(demand: Demand, options: ApiGatewayOptions) -> Iterator[Check]:
    concurrent = "aws.lambda.concurrent_executions"
    rate = "aws.lambda.requests_per_second_per_execution"
    invocations = _invocations(demand)
    yield check(
        concurrent,
        per_second(_run_ms(demand, options)).times(1 / _MS_PER_SECOND),
        "ask AWS for {used} concurrent executions, or shorten the run time",
    )
    yield Check(
        rate, per_second(invocations), limit_value(rate) * limit_value(concurrent)
    )  # however short they are


def _handled(demand: Demand) -> tuple[MessageStream, ...]:
    """What runs the function: a message from a client, and a publication of the server."""
    published = [s for s in published_once(demand.streams) if s.kind == "published"]
    return (*demand.messages("to_server"), *published)


def _invocations(demand: Demand) -> Weekly:
    """For each message handled, each connect and each disconnect."""
    return total([*(s.per_hour for s in _handled(demand)), demand.new_connections.times(2)])


def _run_ms(demand: Demand, options: ApiGatewayOptions) -> Weekly:
    pushes = (s.per_hour.times(options.lambda_ms_per_push) for s in demand.messages("to_client"))
    return total([_invocations(demand).times(options.lambda_ms), *pushes])


def _backend(demand: Demand, options: ApiGatewayOptions) -> list[Usage]:
    new_connections = demand.per_month(demand.new_connections)
    invocations = demand.per_month(_invocations(demand))
    seconds = demand.per_month(_run_ms(demand, options)) / _MS_PER_SECOND
    item_bytes = options.connection_item_bytes
    queries = (
        s.per_hour.times(_READ_UNITS * np.ceil(s.copies * item_bytes / _DYNAMODB_READ_BYTES))
        for s in _handled(demand)
    )
    reads = demand.per_month(total(queries))
    writes = 2 * new_connections * np.ceil(item_bytes / _DYNAMODB_WRITE_BYTES)
    return [
        Usage(
            "aws.lambda.requests",
            invocations,
            "one invocation per message from a client, per publication, per connect and disconnect",
        ),
        Usage(
            "aws.lambda.gb_seconds",
            seconds * options.lambda_memory_mb / KIB,
            f"{as_given(options.lambda_ms)} ms per invocation and "
            f"{as_given(options.lambda_ms_per_push)} ms per recipient, at "
            f"{as_given(options.lambda_memory_mb)} MB",
        ),
        Usage(
            "aws.dynamodb.write_units",
            writes,
            "one write per connect and one per disconnect, in steps of 1 KB",
        ),
        Usage(
            "aws.dynamodb.read_units",
            reads,
            "one query for the recipients of each broadcast, half a unit per started 4 KB "
            "(eventually consistent)",
        ),
    ]
