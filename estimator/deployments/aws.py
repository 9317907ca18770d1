"""Amazon Web Services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.demand.demand import Demand, total
from estimator.deployments.deployment import (
    Deployment,
    Metered,
    Options,
    Request,
    in_millions,
    minutes_rounded_up,
    ping_notes,
    spread,
    traffic_assumption,
)
from estimator.deployments.limits import limit_value
from estimator.pricing.assumption import Assumption
from estimator.pricing.line import Usage
from estimator.units import KIB, MINUTES_PER_HOUR, SECONDS_PER_HOUR

_ID = "aws.api_gateway"
_DYNAMODB_WRITE_BYTES = 1 * KIB
_DYNAMODB_READ_BYTES = 4 * KIB
_READ_UNITS = 0.5
"""Of an eventually consistent read of one step."""
_WORTH_A_NOTE = 1e-4


class ApiGatewayOptions(Options):
    """Choices for API Gateway."""

    backend: Literal["none", "lambda_dynamodb"] = "none"
    """none: what answers the messages is billed elsewhere; lambda_dynamodb: a Lambda function for
    every message, connect and disconnect, and a DynamoDB table of open connections."""
    lambda_memory_mb: Annotated[float, Field(ge=128, le=10_240)] = 256
    """Memory of the function. Assumption: a small function; set your own."""
    lambda_ms: Annotated[float, Field(gt=0)] = 20
    """Run time of one invocation without pushes. Assumption: measure yours."""
    lambda_ms_per_push: Annotated[float, Field(ge=0)] = 5
    """Added run time for each recipient, one call to the connection's endpoint. Assumption."""
    connection_item_bytes: Annotated[float, Field(gt=0)] = 200
    """Size of one connection in the table. Assumption: ids, user and channel."""


class ApiGateway(Deployment):
    """API Gateway WebSocket APIs, priced by messages and connection minutes.

    Prices and metering: https://aws.amazon.com/api-gateway/pricing/
    """

    id = _ID
    title = "API Gateway WebSocket"
    cloud = "aws"
    options = ApiGatewayOptions
    assumptions = (
        Assumption(
            id=f"{_ID}.connect_is_message",
            question="Do connects and disconnects count as messages?",
            choices={
                "no": "only messages to and from clients count",
                "yes": "each connect and each disconnect is one message more",
            },
            evidence="The price page does not list them as messages and CloudWatch counts them "
            "apart (ConnectCount beside MessageCount); no AWS text says so outright.",
        ),
        Assumption(
            id=f"{_ID}.minute_rounding",
            question="Is a started connection minute billed in full?",
            choices={
                "up": "every connection is rounded up to whole minutes",
                "exact": "seconds count as parts of a minute",
            },
            evidence="Secondary sources say partial minutes are rounded up; AWS is not quoted.",
        ),
        traffic_assumption(
            _ID,
            "payload",
            "The price page adds EC2 data transfer rates but does not say which bytes of a "
            "WebSocket message count.",
        ),
    )
    not_modelled = (
        "the code that answers messages, unless the backend of Lambda and DynamoDB is chosen",
        "CloudWatch logs and detailed metrics",
        "custom domain names and certificates",
        "authorizers",
    )

    def meter(self, request: Request) -> Metered:
        """Messages in 32-KB steps both ways, connection minutes, internet traffic, backend."""
        answers = request.answers
        sessions = request.demand.connects
        cut_hours = limit_value(f"{_ID}.connection_max_age") / SECONDS_PER_HOUR
        demand = request.demand.cut_after(cut_hours)

        step_bytes = request.catalog.meter(f"{_ID}.messages").step_bytes or 1
        counted = demand.messages("to_server") + demand.messages("to_client")
        messages = demand.per_month(total(s.steps_per_hour(step_bytes) for s in counted))
        minutes = demand.per_month(demand.connections) * MINUTES_PER_HOUR
        message_text = (
            f"{in_millions(demand, counted)}, in started steps of {step_bytes // KIB} KB, every "
            "recipient of a broadcast counted"
        )
        minute_text = "open connections x 60 minutes x hours of the month"
        if answers[f"{_ID}.connect_is_message"] == "yes":
            messages = messages + 2 * demand.per_month(demand.connects)
            message_text += ", and each connect and disconnect"
        if answers[f"{_ID}.minute_rounding"] == "up":
            lost, lost_text = minutes_rounded_up(demand.session)
            minutes = minutes + demand.per_month(sessions) * lost
            minute_text += lost_text

        usage = [
            Usage(f"{_ID}.connection_minutes", minutes, minute_text),
            Usage(f"{_ID}.messages", messages, message_text),
        ]
        if request.options.backend == "lambda_dynamodb":
            usage += _backend(demand, request.options)
        usage.append(self.data_out(request, demand, "aws.egress.internet"))
        return Metered(tuple(usage), tuple(_notes(demand, cut_hours)))


def _notes(demand: Demand, cut_hours: float) -> Iterator[str]:
    connects = demand.connects.peak / SECONDS_PER_HOUR
    quota = limit_value(f"{_ID}.new_connections_per_second")
    yield (
        f"Connections are cut after {cut_hours:g} hours and made again; "
        f"{spread(connects)} connects a second in the busiest hour."
    )
    if np.any(connects > quota):
        yield f"Needs a higher quota than {quota:g} new connections a second."
    messages = demand.messages("to_server") + demand.messages("to_client")
    per_second = total(s.per_hour for s in messages).peak / SECONDS_PER_HOUR
    throttle = limit_value(f"{_ID}.account_requests_per_second")
    if np.any(per_second > throttle):
        yield (
            f"{spread(per_second)} messages a second, in and out, in the busiest hour; the "
            f"account's default quota is {throttle:,.0f} requests a second and must be raised."
        )
    most_bytes = limit_value(f"{_ID}.message_max_bytes")
    for name, share in {s.name: s.payload.share_above(most_bytes) for s in messages}.items():
        if share > _WORTH_A_NOTE:
            yield (
                f"Messages end at {most_bytes / KIB:g} KB: {share:.2%} of '{name}' must be split, "
                "which costs the same."
            )
    yield from ping_notes(demand)


def _backend(demand: Demand, options: ApiGatewayOptions) -> list[Usage]:
    connects = demand.per_month(demand.connects)
    received, pushed = demand.messages("to_server"), demand.messages("to_client")
    # what the server publishes is metered here once for all who receive it
    published = [
        replace(s, per_hour=s.per_hour.times(1 / s.copies)) for s in pushed if s.kind == "published"
    ]
    pushes = demand.per_month(total(s.per_hour for s in pushed))
    handled = demand.per_month(total(s.per_hour for s in (*received, *published)))
    invocations = handled + 2 * connects
    seconds = (invocations * options.lambda_ms + pushes * options.lambda_ms_per_push) / 1000
    item_bytes = options.connection_item_bytes
    queries = (
        s.per_hour.times(_READ_UNITS * np.ceil(s.copies * item_bytes / _DYNAMODB_READ_BYTES))
        for s in (*received, *published)
    )
    reads = demand.per_month(total(queries))
    writes = 2 * connects * np.ceil(item_bytes / _DYNAMODB_WRITE_BYTES)
    return [
        Usage(
            "aws.lambda.requests",
            invocations,
            "one invocation per message from a client, per publication, per connect and disconnect",
        ),
        Usage(
            "aws.lambda.gb_seconds",
            seconds * options.lambda_memory_mb / KIB,
            f"{options.lambda_ms:g} ms per invocation and {options.lambda_ms_per_push:g} ms per "
            f"recipient, at {options.lambda_memory_mb:g} MB",
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
