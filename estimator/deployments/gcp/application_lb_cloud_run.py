"""Cloud Run behind a load balancer, which then sends what leaves for the internet."""

from __future__ import annotations

from estimator.deployments.base import Deployment, Metered, Request, traffic_assumption
from estimator.deployments.gcp.cloud_run_instances import (
    RUN_NOT_MODELLED,
    CloudRunOptions,
    run_instances,
    sockets_per_instance,
)
from estimator.deployments.gcp.network import (
    BYTES_EVIDENCE,
    BalancerOptions,
    global_rules,
    inbound_processed,
    layer_processed,
    outbound_processed,
    premium_egress,
    processed_bytes,
)
from estimator.deployments.limits import limit_value
from estimator.units import MINUTES_PER_HOUR, SECONDS_PER_HOUR

_ID = "gcp.application_lb_cloud_run"


class CloudRunBehindLbOptions(CloudRunOptions, BalancerOptions):
    """Choices for Cloud Run behind a load balancer."""


class CloudRunBehindLb(Deployment):
    """Cloud Run behind a global external application load balancer (serverless NEG).

    Cloud Run sends to the load balancer for free; what leaves for the internet is the load
    balancer's, at the same prices: https://cloud.google.com/run/pricing . Its timeout in front of
    Cloud Run is fixed, so that Cloud Run's own decides:
    https://docs.cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    """

    id = _ID
    title = "Cloud Run behind a load balancer"
    cloud = "gcp"
    options = CloudRunBehindLbOptions
    assumptions = (
        sockets_per_instance(_ID),
        processed_bytes(_ID),
        traffic_assumption(_ID, "ip", BYTES_EVIDENCE),
    )
    not_modeled = (*RUN_NOT_MODELLED, "Cloud CDN")

    def meter(self, request: Request) -> Metered:
        """What Cloud Run bills, forwarding rules, data processed both ways, and traffic."""
        asked = request.options.timeout_minutes / MINUTES_PER_HOUR * SECONDS_PER_HOUR
        in_front = limit_value("gcp.load_balancer.serverless_timeout")
        run = run_instances(request, _ID, min(asked, in_front))
        layer = layer_processed(request, _ID)
        usage = (
            *run.usage,
            *global_rules(run.demand, request.options),
            inbound_processed(request, run.demand, layer),
            outbound_processed(request, run.demand, layer),
            *premium_egress(self, request, run.demand),
        )
        return Metered(usage, run.notes, run.checks, run.admission)
