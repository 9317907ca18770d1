"""Virtual machines behind the regional passthrough network load balancer, TLS on the nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from estimator.demand.demand import Demand
from estimator.demand.weekly import from_hours
from estimator.deployments.base import Deployment, Metered, Request, traffic_assumption
from estimator.deployments.fleet.admission import GCP, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.server import traffic_mbps
from estimator.deployments.fleet.sizing import Fleet, build_fleet, scaling_choice
from estimator.deployments.gcp.network import (
    BYTES_EVIDENCE,
    BalancerOptions,
    inbound_processed,
    inter_zone,
    outbound_processed,
    premium_egress,
    regional_rules,
)
from estimator.deployments.gcp.nodes import NODES_NOT_MODELLED, GcpFleetOptions, node_notes
from estimator.deployments.limits import Check, check, idle_checks, limit_value
from estimator.pricing.price_files import Assumption

_NODE_MBPS = "gcp.compute.internet_bandwidth_mbps"


class PassthroughNlbGceOptions(GcpFleetOptions, BalancerOptions):
    """Choices for virtual machines behind the passthrough network load balancer."""

    network_tier: Literal["premium", "standard"] = "premium"
    """premium: Google's own network to near the client, priced by destination; standard: the
    internet from the region on, one price for all destinations."""


class PassthroughNlbGce(Deployment):
    """Virtual machines behind the external passthrough network load balancer.

    Nodes answer clients directly, from the address of the load balancer:
    https://docs.cloud.google.com/load-balancing/docs/network/ext-netlb-traffic-distribution
    """

    options = PassthroughNlbGceOptions
    questions = (
        scaling_choice(),
        Assumption(
            id="outbound_processed",
            question="Does the passthrough load balancer bill outbound data as processed?",
            choices={
                "no": "only data from clients, since nodes answer them directly",
                "yes": "data from and to clients",
            },
            evidence="The price page has one table of inbound and outbound data processed for "
            "passthrough and proxy load balancers alike; no text was found that leaves outbound "
            "data of passthrough ones out, though it does not pass through them.",
        ),
        traffic_assumption("ip", BYTES_EVIDENCE),
    )
    not_modeled = (*NODES_NOT_MODELLED, "certificates on the nodes")

    def meter(self, request: Request) -> Metered:
        """Forwarding rules, data processed, nodes with TLS, Redis between them, traffic."""
        demand, options, answers = request.demand, request.options, request.answers
        fleet = build_fleet(
            request,
            "gcp",
            "vm",
            answers["scaling"],
            tls=True,
            node_mbps_most=limit_value(_NODE_MBPS),
        )
        redis = backplane(request, "gcp", fleet, options.redis_machine)
        usage = [*regional_rules(demand, options), inbound_processed(request, demand, "ip")]
        if answers["outbound_processed"] == "yes":
            usage.append(outbound_processed(request, demand, "ip"))
        usage += [*fleet.usage(demand), *redis.usage, *inter_zone(redis)]
        if options.network_tier == "standard":
            usage.append(self.data_out(request, demand, "gcp.egress.standard"))
        else:
            usage += premium_egress(self, request, demand)
        notes = tuple(node_notes(fleet, redis, options))
        admission = fleet_admission(request, fleet, GCP, answers["scaling"], tls=True)
        return Metered(tuple(usage), notes, tuple(_checks(demand, fleet)), admission)


def _checks(demand: Demand, fleet: Fleet) -> Iterator[Check]:
    # in and out together, as nodes are sized, though only what leaves is capped
    each = traffic_mbps(demand).hourly / fleet.nodes.hourly
    yield check(_NODE_MBPS, from_hours(each), "more nodes (a lower headroom)")
    yield from idle_checks(demand, "gcp.load_balancer.passthrough_idle_timeout")
