"""Cloud Run: containers that hold the connections, at an address of Cloud Run's own."""

from __future__ import annotations

from estimator.deployments.base import Deployment, Metered, Request, traffic_assumption
from estimator.deployments.gcp.cloud_run_instances import (
    RUN_NOT_MODELLED,
    CloudRunOptions,
    run_instances,
    sockets_per_instance,
)
from estimator.deployments.gcp.network import BYTES_EVIDENCE, premium_egress
from estimator.units import MINUTES_PER_HOUR, SECONDS_PER_HOUR

_ID = "gcp.cloud_run"


class CloudRun(Deployment):
    """Cloud Run, priced by instances with open connections.

    Its request timeout ends idle and active connections alike; an idle timeout beside it is not
    published. https://cloud.google.com/run/docs/triggering/websockets
    """

    id = _ID
    title = "Cloud Run"
    cloud = "gcp"
    options = CloudRunOptions
    assumptions = (sockets_per_instance(_ID), traffic_assumption(_ID, "ip", BYTES_EVIDENCE))
    not_modeled = ("a load balancer in front", *RUN_NOT_MODELLED)

    def meter(self, request: Request) -> Metered:
        """Instance time of every hour, requests, Redis, and traffic by destination."""
        cut_seconds = request.options.timeout_minutes / MINUTES_PER_HOUR * SECONDS_PER_HOUR
        run = run_instances(request, _ID, cut_seconds)
        usage = (*run.usage, *premium_egress(self, request, run.demand))
        return Metered(usage, run.notes, run.checks, run.admission)
