"""What Google's network bills: load balancers, traffic to clients, traffic between zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.demand.wire import Layer
from estimator.deployments.base import Deployment, Options, Request
from estimator.deployments.fleet.backplane import Backplane, Redis, ZoneTraffic
from estimator.deployments.limits import default_of
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption

_LB = "gcp.load_balancing"
_FIRST_RULES = 5
"""Rules that share the first fee; the meters carry the figure in their names."""

BYTES_EVIDENCE = "Network statistics count layer 3; no text on billing was found either way."


class BalancerOptions(Options):
    """Choices for Google's load balancers."""

    forwarding_rules: Annotated[int, Field(ge=1)] = 1
    """Forwarding rules, each an address and port. Assumption: one, for WebSockets over TLS; a
    second one for IPv6 or to redirect from plain HTTP costs nothing more up to five."""


class TierOptions(Options):
    """Choices for how traffic reaches clients."""

    network_tier: Literal["premium", "standard"] = "premium"
    """premium, which is Google's default: Google's own network up to a point near the client,
    priced by destination; standard: the internet from the region on, one price for all
    destinations."""


class ProxyOptions(TierOptions, BalancerOptions):
    """Choices for external Application Load Balancers."""

    balancer: Literal["global", "classic", "regional"] = "global"
    """global: the timeout of the backend service closes idle WebSockets; classic, which GKE Ingress
    creates: it closes every WebSocket of that age; regional: as global, in one region. In front of
    Cloud Run the timeout is fixed for all of them."""

    @model_validator(mode="after")
    def _has_the_tier(self) -> Self:
        if self.network_tier == "standard" and self.balancer == "global":
            raise ValueError(
                "network_tier standard needs balancer regional or classic: the address of a global "
                "load balancer is in the Premium Tier"
            )
        return self

    @property
    def scope(self) -> Literal["", "regional_"]:
        """How ids of the meters of its forwarding rules begin."""
        is_global = self.balancer != "regional" and self.network_tier == "premium"
        return "" if is_global else "regional_"


PROCESSED_BYTES = Assumption(
    id="processed_bytes",
    question="Which bytes count as data processed by the load balancer?",
    choices={
        "ip": "all bytes down to the IP header, handshakes and acknowledgements included",
        "websocket": "what it passes on: application data and WebSocket headers",
    },
    evidence="The price page says inbound and outbound data processed, and names no layer.",
)
"""Which bytes a proxy counts as processed."""


def forwarding_rules(request: Request, scope: Literal["", "regional_"] = "") -> Iterator[Usage]:
    """Hours of the forwarding rules of a global load balancer, or of a regional one."""
    demand, rules = request.demand, request.options.forwarding_rules
    hours = np.asarray(demand.hours_per_month, dtype=np.float64)
    text = (
        f"{min(rules, _FIRST_RULES)} of {rules} forwarding rules share one fee, every hour of the "
        "month"
    )
    yield Usage(f"{_LB}.{scope}first_five_rules_hours", hours, text)
    if rules > _FIRST_RULES:
        extra = rules - _FIRST_RULES
        text = f"{extra} forwarding rules beyond {_FIRST_RULES} x hours of the month"
        yield Usage(f"{_LB}.{scope}extra_rule_hours", extra * hours, text)


def processed(request: Request, way: Literal["inbound", "outbound"], layer: Layer) -> Usage:
    """Data that a load balancer processes; outbound, on top of what the internet costs."""
    demand, meter_id, inbound = request.demand, f"{_LB}.{way}_gib", way == "inbound"
    bytes_per_unit = request.bytes_per_unit(meter_id)
    what = "all bytes down to the IP header" if layer == "ip" else "messages with their headers"
    return Usage(
        meter_id,
        demand.per_month(demand.traffic("to_server" if inbound else "to_client", layer))
        / bytes_per_unit,
        f"{'from' if inbound else 'to'} clients through the load balancer ({what}), in units of "
        f"{bytes_per_unit:,} bytes",
    )


def proxy_usage(request: Request) -> Iterator[Usage]:
    """What a proxy bills: its forwarding rules, and data processed both ways."""
    layer = "ip" if request.answers["processed_bytes"] == "ip" else "websocket"
    yield from forwarding_rules(request, request.options.scope)
    yield processed(request, "inbound", layer)
    yield processed(request, "outbound", layer)


def premium_egress(deployment: Deployment, request: Request) -> Iterator[Usage]:
    """Traffic to clients in the Premium Tier, priced by where they are."""
    for area, share in request.destinations.items():
        yield deployment.data_out(request, f"gcp.egress.premium_to_{area}", share)


def egress(deployment: Deployment, request: Request) -> Iterator[Usage]:
    """Traffic to clients in the tier that was chosen."""
    if request.options.network_tier == "standard":
        yield deployment.data_out(request, "gcp.egress.standard")
    else:
        yield from premium_egress(deployment, request)


class DiskOptions(Options):
    """Choices for virtual machines, of nodes or of Redis alone."""

    boot_disk_gib: float = default_of("gcp.compute.boot_disk_gib", ge=10, le=65_536)
    """Boot disk (balanced) of each virtual machine, those of Redis included. Default: the size of
    the usual images of Linux."""


def disk(request: Request) -> Mapping[str, float]:
    """What the boot disk of a virtual machine is billed as per month."""
    return {"gcp.compute.balanced_disk_gib_months": request.options.boot_disk_gib}


_ZONE_TRAFFIC = ZoneTraffic("gcp.inter_zone.gib", sides=1, managed_sides=1)
"""Only who sends pays for traffic across zones."""


def redis(disk: Mapping[str, float], *, nodes_vote: bool) -> Redis:
    """Memorystore, or virtual machines with a boot disk each.

    Args:
        disk: units of meters that a boot disk takes per month.
        nodes_vote: whether a Sentinel can run on a node.
    """
    return Redis("gcp", _ZONE_TRAFFIC, disk, nodes_vote)


def inter_zone(redis: Backplane) -> Iterator[Usage]:
    """Traffic of Redis across zones."""
    if redis.usage:
        yield Usage(
            _ZONE_TRAFFIC.meter_id,
            np.asarray(redis.zone_units),
            "messages between nodes and Redis across zones, billed once, where they are sent",
        )
