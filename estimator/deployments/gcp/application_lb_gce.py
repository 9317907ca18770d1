"""Virtual machines behind the global external application load balancer, which ends TLS."""

from __future__ import annotations

from dataclasses import replace

from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet.admission import GCP, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.sizing import build_fleet, scaling_choice
from estimator.deployments.gcp.network import (
    BYTES_EVIDENCE,
    ProxyTimeoutOptions,
    backend_timeout_checks,
    global_rules,
    inbound_processed,
    inter_zone,
    layer_processed,
    outbound_processed,
    premium_egress,
    processed_bytes,
)
from estimator.deployments.gcp.nodes import NODES_NOT_MODELLED, GcpFleetOptions, node_notes
from estimator.deployments.limits import admission_at, per_second
from estimator.units import SECONDS_PER_HOUR


class ApplicationLbGceOptions(GcpFleetOptions, ProxyTimeoutOptions):
    """Choices for virtual machines behind the global external application load balancer."""


class ApplicationLbGce(Deployment):
    """Virtual machines behind the global external application load balancer.

    Prices: https://cloud.google.com/load-balancing/pricing ; how long WebSockets live:
    https://docs.cloud.google.com/load-balancing/docs/https/request-distribution
    """

    options = ApplicationLbGceOptions
    questions = (
        scaling_choice(),
        processed_bytes(),
        traffic_assumption("ip", BYTES_EVIDENCE),
    )
    not_modeled = (
        *NODES_NOT_MODELLED,
        "traffic between the load balancer, which stands in no zone, and nodes in several zones",
        "Cloud CDN",
    )

    def meter(self, request: Request) -> Metered:
        """Forwarding rules, data processed both ways, nodes, Redis between them, traffic."""
        front = admission_at(age_most_seconds="gcp.load_balancer.global_websocket_max_age")
        cut_hours = front.age_most_seconds / SECONDS_PER_HOUR
        demand, options = request.demand.cut_after(cut_hours), request.options
        request = replace(request, demand=demand)
        scaling = request.answers["scaling"]
        fleet = build_fleet(request, "gcp", "vm", scaling)
        redis = backplane(request, "gcp", fleet, options.redis_machine)
        layer = layer_processed(request)
        usage = (
            *global_rules(demand, options),
            inbound_processed(request, demand, layer),
            outbound_processed(request, demand, layer),
            *fleet.usage(demand),
            *redis.usage,
            *inter_zone(redis),
            *premium_egress(self, request, demand),
        )
        cut = (
            f"Connections are cut after {cut_hours:g} hours and made again; "
            f"{spread(per_second(demand.new_connections).peak)} new connections per second in the busiest hour."
        )
        notes = (cut, *node_notes(fleet, redis, options))
        admission = fleet_admission(request, fleet, GCP, scaling, front=front)
        return Metered(usage, notes, tuple(backend_timeout_checks(demand, options)), admission)
