"""How do virtual machines reach the internet themselves, and what does that cost?

Clients need none of it: they come in through the balancer, and nodes answer them through it or from
its address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import over_month
from estimator.demand.weekly import worked
from estimator.deployments.base import Options, Request
from estimator.deployments.fleet.choice import whole
from estimator.deployments.fleet.sizing import Fleet
from estimator.deployments.limits import limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage

_ADDRESS = "gcp.external_ipv4.hours"
_NAT = "gcp.nat"


class OutboundOptions(Options):
    """Choices for what nodes fetch from the internet."""

    outbound: Literal["external_addresses", "nat", "none"] = "external_addresses"
    """How nodes reach the internet themselves, for updates and for services of others. Google gives
    a virtual machine an external address unless it is told otherwise; with nat, all share a gateway
    of Cloud NAT; with none, they reach Google's own services only."""
    fetched_gib_per_node: Annotated[float, Field(ge=0)] = 1
    """What each node fetches from the internet per month, which Cloud NAT bills. Assumption: one
    GiB, for updates of its system and an image of your server."""


def outbound_per_hour(request: Request) -> Mapping[str, float]:
    """Units of meters that each node takes per hour.

    Those of Cloud NAT are left out: its fee is the same from some nodes on.
    """
    return {_ADDRESS: 1.0} if request.options.outbound == "external_addresses" else {}


def outbound_usage(request: Request, fleet: Fleet) -> Iterator[Usage]:
    """A gateway of Cloud NAT for all nodes, if they share one; addresses stand beside each."""
    demand, options = request.demand, request.options
    hours = demand.per_month(fleet.nodes)
    nodes = range_text(hours / demand.hours_per_month, unit=f"{fleet.spec.unit}s")
    if options.outbound != "nat":
        return
    most = limit_value(f"{_NAT}.billed_vms_max")

    def billed(nodes: FloatArray) -> FloatArray:
        return np.minimum(nodes, most, out=nodes)

    yield Usage(
        f"{_NAT}.vm_hours",
        demand.per_month(worked(billed, fleet.nodes)),
        f"{nodes} on average use the gateway, of which {most:g} are billed at most",
    )
    each = limit_value(f"{_NAT}.ports_per_address") / limit_value(f"{_NAT}.ports_per_vm")
    addresses = whole(fleet.nodes.peak / each)
    yield Usage(
        f"{_NAT}.ip_hours",
        over_month(demand, addresses),
        f"addresses of the gateway ({range_text(addresses)}), one for each {each:,g} nodes",
    )
    yield Usage(
        f"{_NAT}.gib",
        np.asarray(hours / demand.hours_per_month * options.fetched_gib_per_node),
        f"{options.fetched_gib_per_node:g} GiB per month that each node fetches",
    )
