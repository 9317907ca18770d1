"""Polls that CloudFront answers from its caches, in front of a balancer and EC2: what is left?

An answer that is the same for all clients is fetched from the servers once per cache while it is
fresh, however many clients ask. Prices: https://aws.amazon.com/cloudfront/pricing/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.demand.demand import Demand
from estimator.demand.over_http import HttpTerms
from estimator.deployments import limits
from estimator.deployments.aws import http_answers
from estimator.deployments.aws.lambda_answers import keep_alive_note
from estimator.deployments.aws.load_balancers import AlbEc2, AlbOptions
from estimator.deployments.base import Deployment, Metered, Request, mbps
from estimator.deployments.carriage import Carriage
from estimator.deployments.edge_cache import (
    EdgeCacheOptions,
    at_origin,
    cache_note,
    refuse_differing,
)
from estimator.pricing.lines import Usage
from estimator.scenario.transport import Polling, TransportKind
from estimator.units import MS_PER_SECOND

_SERVICE = "aws.cloudfront"


class CloudFrontOptions(EdgeCacheOptions, AlbOptions):
    """Choices for caches in front of a balancer and instances."""

    edge_caches: Annotated[float, Field(ge=1)] = limits.default_of(
        f"{_SERVICE}.regional_edge_caches"
    )
    """Caches that ask the balancer, each for itself. Default: all regional edge caches that there
    are; fewer, if your clients are near each other or Origin Shield is on."""


class CloudFrontAlbEc2(AlbEc2):
    """CloudFront in front of an Application Load Balancer and EC2 instances."""

    service = _SERVICE
    options = CloudFrontOptions
    not_modeled = (
        *(text for text in AlbEc2.not_modeled if "CloudFront" not in text),
        "a web application firewall",
        "what CloudFront charges for messages of clients that it passes on, by their bytes",
        "Origin Shield, functions at the edge, invalidations, and flat-rate plans",
        "edge locations whose price is not that of the region's",
    )

    def carriage(self, kind: TransportKind) -> Carriage:
        """Polls only: nothing else is kept in a cache."""
        row = super().carriage(kind)
        if kind == "polling":
            return row
        why = "Caches keep answers to polls only; what waits or streams costs less without them."
        return row.model_copy(update={"carried": "no", "why": why})

    def carried(self, request: Request) -> Demand:
        """Polls whose answers are the same for all clients.

        Raises:
            NotCarriedError: what the server sends differs from client to client.
        """
        refuse_differing(self.id, request.demand)
        return super().carried(request)

    def http_terms(self, request: Request) -> HttpTerms:
        """An answer is as old as caches keep it, at most."""
        return replace(
            super().http_terms(request), looks_every_seconds=request.options.cache_seconds
        )

    def keep_alive_seconds(self, request: Request) -> float:
        """That of a connection with CloudFront, which holds those of clients."""
        return Deployment.keep_alive_seconds(self, request)

    def meter(self, request: Request) -> Metered:
        """What balancer and instances take for what the caches ask, and what CloudFront bills."""
        demand, behind = request.demand, super().meter(_behind(request))
        counted = Usage(
            f"{_SERVICE}.https_requests",
            demand.per_month(demand.all_requests),
            "polls, from a cache or not, and messages of clients",
        )
        return replace(
            behind,
            usage=(counted, self.data_out(request, f"{_SERVICE}.egress"), *behind.usage),
            notes=(
                cache_note(demand, request.options),
                *behind.notes,
                keep_alive_note(self, "CloudFront"),
            ),
            checks=(*_checks(request), *behind.checks),
        )

    def limit_checks(self, request: Request) -> tuple[limits.Check, ...]:
        """What is asked of CloudFront, of the balancer and of instances."""
        return (*_checks(request), *super().limit_checks(_behind(request)))

    def traffic_out(self, request: Request) -> Iterator[Usage]:
        """None: what goes from instances to CloudFront is free."""
        yield from ()


def _checks(request: Request) -> Iterator[limits.Check]:
    demand, transport = request.demand, request.transport
    assert isinstance(transport, Polling), "carries polls only"
    asked = limits.busiest_second(demand, http_answers.requests(demand))
    yield asked.check(f"{_SERVICE}.requests_per_second")
    yield limits.check(f"{_SERVICE}.bandwidth_mbps", mbps(demand.traffic("to_client", "ip")))
    seconds = transport.answer_ms / MS_PER_SECOND
    yield limits.check(f"{_SERVICE}.origin_response_timeout", np.asarray(seconds))


def _behind(request: Request) -> Request:
    """What of a demand reaches the balancer."""
    return replace(request, demand=at_origin(request.demand, request.options))
