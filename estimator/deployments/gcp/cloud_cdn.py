"""Cloud CDN, whose caches answer polls, in front of virtual machines on Compute Engine.

Prices: https://cloud.google.com/cdn/pricing
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Self

from pydantic import model_validator

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.over_http import HttpTerms
from estimator.deployments.base import Metered, Request
from estimator.deployments.edge_cache import (
    EdgeCacheOptions,
    at_origin,
    cache_note,
    refuse_differing,
)
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.sizing import Fleet
from estimator.deployments.gcp import network
from estimator.deployments.gcp.compute_engine import ApplicationLbGce, ApplicationLbGceOptions
from estimator.errors import MissingRateError
from estimator.pricing.lines import Usage
from estimator.scenario.locations import Area

_CDN = "gcp.cloud_cdn"
_TOWARD: Mapping[Area, str] = {
    "americas": "north_america",
    "south_america": "latin_america",
    "europe": "europe",
    "asia": "asia",
    "australia": "oceania",
}
"""The parts of the world by which data out of the caches is priced."""


class CloudCdnOptions(EdgeCacheOptions, ApplicationLbGceOptions):
    """Choices for polls that Cloud CDN answers."""

    @model_validator(mode="after")
    def _has_caches(self) -> Self:
        if self.balancer == "regional" or self.network_tier == "standard":
            raise ValueError(
                "Cloud CDN needs balancer global or classic, in network_tier premium: a regional "
                "load balancer has no caches"
            )
        return self


class CloudCdn(ApplicationLbGce):
    """Cloud CDN at a global Application Load Balancer, with virtual machines as the origin.

    Caches keep an answer for all who poll, so that the nodes get some requests per second, however
    many clients there are.
    """

    service = _CDN
    options = CloudCdnOptions
    not_modeled = (
        *(each for each in ApplicationLbGce.not_modeled if each != "Cloud CDN"),
        "what caches fetch from the origin (cache fill), by the GiB",
    )

    def carried(self, request: Request) -> Demand:
        """Polls, if all clients are answered alike."""
        refuse_differing(self.id, request.demand)
        return super().carried(request)

    def http_terms(self, request: Request) -> HttpTerms:
        """An answer is as old as caches keep it, at most."""
        return replace(
            super().http_terms(request), looks_every_seconds=request.options.cache_seconds
        )

    def _sized(self, request: Request) -> tuple[Request, Fleet]:
        """Nodes for what caches pass on."""
        return super()._sized(replace(request, demand=at_origin(request.demand, request.options)))

    def meter(self, request: Request) -> Metered:
        """Look-ups and traffic of the caches, the balancer, and the nodes for what is left."""
        behind = super().meter(request)
        usage = (*_edge_usage(self, request), *network.proxy_usage(request), *behind.usage)
        notes = (cache_note(request.demand, request.options), *behind.notes)
        # caches let in whoever asks
        return replace(behind, usage=usage, notes=notes, find_admission=AdmissionLimits)

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Nothing for what caches pass on: the balancer takes what clients send to the caches."""
        yield from ()

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """Traffic between zones; that to clients comes from the caches."""
        return network.inter_zone(redis)


def _edge_usage(deployment: CloudCdn, request: Request) -> Iterator[Usage]:
    """Look-ups, and traffic to clients by where they are."""
    demand = request.demand
    yield Usage(
        f"{_CDN}.cache_lookups",
        demand.per_month(demand.all_requests),
        "polls and messages of clients, whether a cache answers them or not",
    )
    for area, share in request.destinations.items():
        yield deployment.data_out(request, _egress_meter(area, request), share)


def _egress_meter(area: Area, request: Request) -> str:
    """What counts data out to a part of the world.

    Raises:
        MissingRateError: no price to there was found.
    """
    if area not in _TOWARD:
        raise MissingRateError(
            f"{_CDN}.egress_to_{area}",
            request.region,
            (),
            reason=f"no source was found for data out of the caches to {area.replace('_', ' ')}",
        )
    return f"{_CDN}.egress_to_{_TOWARD[area]}"
