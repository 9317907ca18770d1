"""API Gateway's HTTP APIs and REST APIs, with functions or nodes behind: what do requests cost?

Prices and metering: https://aws.amazon.com/api-gateway/pricing/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from estimator.demand.demand import Demand
from estimator.demand.weekly import total
from estimator.deployments import limits
from estimator.deployments.aws import http_answers
from estimator.deployments.aws.lambda_answers import (
    NOT_MODELED,
    AnsweredByLambda,
    bandwidth_checks,
    keep_alive_note,
)
from estimator.deployments.aws.load_balancers import AlbFargate
from estimator.deployments.base import Deployment, Metered, Request
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.scenario.transport import ServerSentEvents
from estimator.units import KIB

_ACCOUNT = "aws.api_gateway.account_requests_per_second"
_BUCKET = "aws.api_gateway.account_requests_bucket"
_HTTP = "aws.http_api"
_REST = "aws.rest_api"


class HttpApiLambda(AnsweredByLambda):
    """HTTP APIs of API Gateway, and a function for each request."""

    service = _HTTP
    answer_limit = f"{_HTTP}.integration_timeout"
    not_modeled = NOT_MODELED

    def request_usage(self, request: Request) -> Iterator[Usage]:
        """Requests, in started steps of what clients send and of the answers to polls."""
        demand, meter = request.demand, f"{_HTTP}.requests"
        step_bytes = request.step_bytes(meter)
        sent = (s.steps_per_hour(step_bytes) for s in http_answers.requests(demand))
        more = http_answers.more_steps(demand, step_bytes)
        yield Usage(
            meter,
            demand.per_month(total((*sent, more))),
            f"polls and messages of clients, in started steps of {step_bytes // KIB} KB of a "
            "message or of the mean answer",
        )

    def front_checks(self, request: Request) -> Iterator[limits.Check]:
        """Requests of the account, and sizes."""
        yield from _gateway_checks(request, _HTTP)

    def front_notes(self) -> Iterator[str]:
        """That the time a connection stays open is taken from elsewhere."""
        yield keep_alive_note(self, "API Gateway")


class RestApiLambda(AnsweredByLambda):
    """REST APIs of API Gateway, and a function for each request or stream."""

    service = _REST
    answer_limit = f"{_REST}.integration_timeout"
    not_modeled = (*NOT_MODELED, "caching of answers by API Gateway")

    def request_usage(self, request: Request) -> Iterator[Usage]:
        """Requests; a stream is one for each started step of its data."""
        yield _rest_requests(request)

    def front_checks(self, request: Request) -> Iterator[limits.Check]:
        """Requests of the account, sizes, and silence in a stream."""
        yield from _gateway_checks(request, _REST)
        yield from _stream_checks(request)

    def front_notes(self) -> Iterator[str]:
        """That the time a connection stays open is taken from elsewhere."""
        yield keep_alive_note(self, "API Gateway")


class RestApiAlbFargate(AlbFargate):
    """REST APIs of API Gateway, which pass requests to Fargate tasks behind an internal balancer.

    A VPC link connects them; of its price, the vendor names only that of the balancer behind it:
    https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html
    """

    service = _REST
    questions = (
        *AlbFargate.questions,
        Assumption(
            id="link_connections",
            question="Does API Gateway open a connection to the balancer for each request?",
            choices={
                "kept": "connections to the balancer are kept and used again, and none is made "
                "anew but for clients who come",
                "each": "each request and each stream opens one",
            },
            evidence="No text of AWS was found that says how VPC links use connections again. New "
            "connections are a dimension of the balancer's capacity units, and work of the tasks.",
        ),
    )
    not_modeled = (
        *AlbFargate.not_modeled,
        "caching of answers by API Gateway",
        "custom domain names and authorizers of API Gateway",
    )

    def keep_alive_seconds(self, request: Request) -> float:
        """That of a connection with API Gateway, which holds those of clients."""
        return Deployment.keep_alive_seconds(self, request)

    def balancer_addresses(self, request: Request) -> float:
        """None: the balancer is internal."""
        return 0.0

    def meter(self, request: Request) -> Metered:
        """What nodes behind the balancer take, and requests and traffic of API Gateway."""
        behind = super().meter(_behind(request))
        front = (_rest_requests(request), self.data_out(request, "aws.egress.internet"))
        return replace(
            behind,
            usage=(*front, *behind.usage),
            notes=(*behind.notes, keep_alive_note(self, "API Gateway")),
            checks=(*_front_checks(request), *behind.checks),
        )

    def limit_checks(self, request: Request) -> tuple[limits.Check, ...]:
        """What is asked of API Gateway, of the balancer and of nodes."""
        return (*_front_checks(request), *super().limit_checks(_behind(request)))

    def traffic_out(self, request: Request) -> Iterator[Usage]:
        """None: what the tasks send goes to API Gateway."""
        yield from ()


def _behind(request: Request) -> Request:
    """The request as the balancer sees it: a connection for each request that is not answered."""
    each = request.answers["link_connections"] == "each"

    def seen(kind: Demand) -> Demand:
        assert kind.in_flight is not None, "carries requests only"
        return replace(
            kind,
            connections=kind.in_flight,
            connections_peak=kind.in_flight,
            peak_within_hour=None,
            new_connections=kind.all_requests if each else kind.new_connections,
        )

    return replace(request, demand=request.demand.changed(seen))


def _rest_requests(request: Request) -> Usage:
    demand, meter = request.demand, f"{_REST}.requests"
    if not isinstance(request.transport, ServerSentEvents):
        text = "polls and messages of clients, each one request"
        return Usage(meter, demand.per_month(demand.all_requests), text)
    step_bytes = limits.limit_value(f"{_REST}.stream_step_bytes")
    posts = total(s.per_hour for s in demand.messages("to_server"))
    counted = total((http_answers.stream_steps(demand, step_bytes), posts))
    return Usage(
        meter,
        demand.per_month(counted),
        f"streams in started steps of {step_bytes / KIB**2:g} MB of the mean stream of each hour, "
        "and messages of clients",
    )


def _front_checks(request: Request) -> Iterator[limits.Check]:
    yield from _gateway_checks(request, _REST)
    yield from _stream_checks(request)


def _gateway_checks(request: Request, service: str) -> Iterator[limits.Check]:
    """Requests that all APIs of an account share, and the largest body."""
    demand = request.demand
    bucket = limits.limit_value(_BUCKET)
    seen = limits.busiest_second(demand, http_answers.requests(demand), bucket=bucket)
    yield seen.check(_ACCOUNT, "ask AWS for a quota of {raised} requests per second")
    yield limits.check(f"{service}.payload_max_bytes", http_answers.largest_body(demand))


def _stream_checks(request: Request) -> Iterator[limits.Check]:
    """Silence in a stream, and what it carries per second once it is not unlimited any more."""
    if isinstance(request.transport, ServerSentEvents):
        yield from limits.idle_checks(request.demand, f"{_REST}.stream_idle_timeout")
        yield from bandwidth_checks(
            request.demand, f"{_REST}.stream_mbps", f"{_REST}.stream_unlimited_bytes"
        )
