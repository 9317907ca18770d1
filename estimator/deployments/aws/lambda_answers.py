"""Functions of Lambda that answer requests over HTTP, with a table of messages: what do they take?

A message is written to a DynamoDB table once, whoever sends it, and a poll is a query for what is
new. Nothing tells a function that waits, so it asks the table again and again, and is billed while
it waits: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from estimator.demand.demand import Demand
from estimator.demand.over_http import HttpTerms
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments import limits
from estimator.deployments.aws import http_answers
from estimator.deployments.aws.lambda_backend import Function, LambdaOptions, family, published
from estimator.deployments.aws.messaging import WIRE_BYTES
from estimator.deployments.base import Deployment, Metered, Request, mbps, shared_once
from estimator.deployments.fleet.derived_figures import assumed_work
from estimator.format import given_text, range_text
from estimator.pricing.lines import Usage
from estimator.scenario.model import ManyPositive
from estimator.scenario.transport import HttpTransport, LongPolling, Polling, ServerSentEvents
from estimator.units import KIB, MS_PER_SECOND, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_WRITES, _READS = "aws.dynamodb.write_units", "aws.dynamodb.read_units"
_STREAMED = "aws.lambda.streamed_gb"
_READ_UNITS = 0.5
"""Of an eventually consistent read of one step."""
NOT_MODELED = (
    "cold starts of the function, and storage of the table",
    "clients that follow several channels, each of which takes a query of its own",
    "logs and metrics",
    "custom domain names and certificates",
    "authorizers",
)


class AnswerOptions(LambdaOptions):
    """Choices for functions that answer requests."""

    table_query_seconds: ManyPositive = 1
    """Time between two queries of a function that waits for messages, long polls and streams alike;
    half of it is the mean delay that they add. Assumption."""


class AnsweredByLambda(Deployment):
    """A function for each request; a subclass is what stands in front of it."""

    options = AnswerOptions
    questions = (WIRE_BYTES,)
    not_modeled = NOT_MODELED
    answer_limit: ClassVar[str]
    """The limit of the time until a request that is not streamed is answered."""

    def http_terms(self, request: Request) -> HttpTerms:
        """Those of what stands in front, and how often a function that waits looks at the table."""
        terms = super().http_terms(request)
        if isinstance(request.transport, Polling):
            return terms  # it looks at once, and does not wait
        return replace(terms, looks_every_seconds=request.options.table_query_seconds)

    def request_usage(self, request: Request) -> Iterator[Usage]:
        """What stands in front bills for requests."""
        yield from ()

    def front_checks(self, request: Request) -> Iterator[limits.Check]:
        """What is asked of the limits of what stands in front."""
        yield from ()

    def front_notes(self) -> Iterator[str]:
        """What a reader should know of what stands in front."""
        yield from ()

    def core_families(self, request: Request) -> Collection[str]:
        """That of the function."""
        return {family(request.options)}

    def limit_checks(self, request: Request) -> tuple[limits.Check, ...]:
        """What is asked of what stands in front, of functions, and of the table."""
        return (*self.front_checks(request), *self._checks(request))

    def meter(self, request: Request) -> Metered:
        """Requests, functions, the table, internet traffic."""
        demand = request.demand
        usage = (
            *self.request_usage(request),
            *_function(request).usage("one invocation per request and per publication"),
            *_streamed_usage(request),
            *_table_usage(request),
            self.data_out(request, "aws.egress.internet"),
        )
        notes = (
            *_transport_notes(self.answer_seconds(request), request),
            *self.front_notes(),
            *assumed_work(request.options, [kind.application for kind in demand.kinds]),
        )
        return Metered(usage, notes, self.limit_checks(request))

    def _checks(self, request: Request) -> Iterator[limits.Check]:
        demand, transport, function = request.demand, _transport(request), _function(request)
        yield from function.checks()
        yield limits.check("aws.lambda.payload_max_bytes", http_answers.largest_body(demand))
        longest = function.longest_seconds(demand.messages("to_server"))
        if isinstance(transport, LongPolling):
            longest = np.maximum(longest, transport.timeout_seconds)
        yield limits.check(self.answer_limit, longest)
        if isinstance(transport, ServerSentEvents):
            size = np.maximum.reduce([http_answers.stream_bytes(k).peak for k in demand.kinds])
            yield limits.check("aws.lambda.stream_max_bytes", size)
            yield from bandwidth_checks(
                demand, "aws.lambda.stream_mbps", "aws.lambda.stream_free_bytes"
            )
        yield limits.check(
            "aws.dynamodb.table_read_units_per_second", limits.per_second(_read_units(request))
        )
        yield limits.busiest_second(demand, shared_once(demand), _write_units_of(request)).check(
            "aws.dynamodb.table_write_units_per_second"
        )


class LambdaUrl(AnsweredByLambda):
    """Function URLs of Lambda, which cost nothing besides the function.

    Prices: https://aws.amazon.com/lambda/pricing/
    """

    service = "aws.lambda_url"
    answer_limit = "aws.lambda.timeout_max"

    def front_notes(self) -> Iterator[str]:
        """That the time a connection stays open is taken from elsewhere."""
        yield keep_alive_note(self, "a function URL")


def keep_alive_note(deployment: Deployment, service: str) -> str:
    """What is taken where a vendor does not say how long a connection waits for a request."""
    seconds = limits.limit_value(deployment.keep_alive_limit)
    return (
        f"How long {service} keeps a connection without requests is not published; "
        f"{seconds:g} s are taken, as of nginx. Polls further apart open a connection each time."
    )


def bandwidth_checks(demand: Demand, limit_id: str, free_id: str) -> Iterator[limits.Check]:
    """Whether a stream is slowed down once it has carried so much, by the means of each hour."""
    for kind in demand.kinds:
        events = total(s.bytes_per_hour("websocket") for s in kind.streams if s.form == "event")
        slowed = np.asarray(
            http_answers.stream_bytes(kind).peak > limits.limit_value(free_id), np.float64
        )
        yield limits.check(limit_id, mbps(http_answers.per_client(kind, events)).peak * slowed)


def _transport(request: Request) -> HttpTransport:
    transport = request.transport
    assert isinstance(transport, ServerSentEvents | LongPolling | Polling), "carries requests only"
    return transport


def _function(request: Request) -> Function:
    demand, transport = request.demand, _transport(request)
    waits = not isinstance(transport, Polling)
    return Function(
        demand,
        request.options,
        (*http_answers.requests(demand), *published(demand)),
        total(()),
        waiting=(
            http_answers.waiting(demand, transport.answer_ms / MS_PER_SECOND) if waits else None
        ),
        layer="messaging",
    )


def _streamed_usage(request: Request) -> Iterator[Usage]:
    """Data of streams beyond the first, free bytes of each; no line where nothing is streamed."""
    if not isinstance(request.transport, ServerSentEvents):
        return
    free = limits.limit_value("aws.lambda.stream_free_bytes")
    beyond = http_answers.bytes_beyond(request.demand, free)
    yield Usage(
        _STREAMED,
        request.demand.per_month(beyond) / request.bytes_per_unit(_STREAMED),
        f"what the mean stream of each hour carries beyond {free / KIB**2:g} MB",
    )


def _table_usage(request: Request) -> Iterator[Usage]:
    demand = request.demand
    written = total(map(_write_units_of(request), shared_once(demand)))
    yield Usage(
        _WRITES,
        demand.per_month(written),
        "each message that others receive once, in started steps of 1 KB",
    )
    seconds = range_text(request.options.table_query_seconds, given_text)
    each = (
        "one query per poll"
        if isinstance(request.transport, Polling)
        else f"one query per request and per {seconds} s in which it waits"
    )
    yield Usage(
        _READS,
        demand.per_month(_read_units(request)),
        f"{each}, half a unit per started 4 KB (eventually consistent)",
    )


def _write_units_of(request: Request) -> Callable[[MessageStream], Weekly]:
    """Units per hour of writing the messages of a stream."""
    step_bytes = request.step_bytes(_WRITES)
    return lambda stream: stream.steps_per_hour(step_bytes)


def _read_units(request: Request) -> Weekly:
    """Units per hour of queries: one at least for each, and more where it finds much."""
    demand, step_bytes = request.demand, request.step_bytes(_READS)
    asked, waiting = http_answers.asked(demand), _function(request).waiting
    if waiting is None:
        more = http_answers.more_steps(demand, step_bytes)
        return total((asked, more)).times(_READ_UNITS)
    again = waiting.times(SECONDS_PER_HOUR / request.options.table_query_seconds)
    # what is asked for so often is found message by message
    more = http_answers.more_steps_alone(demand.messages("to_client"), step_bytes)
    return total((asked, again, more)).times(_READ_UNITS)


def _transport_notes(stream_seconds: float, request: Request) -> Iterator[str]:
    if isinstance(request.transport, Polling):
        return
    yield "A function is billed for as long as a request waits, and counts as running."
    if isinstance(request.transport, ServerSentEvents):
        minutes = stream_seconds / SECONDS_PER_MINUTE
        yield f"Streams are ended after {minutes:g} minutes, and clients ask again."
