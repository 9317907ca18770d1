"""Google Cloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.demand.demand import Weekly, from_hours
from estimator.deployments.deployment import (
    Deployment,
    Metered,
    Request,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet import APPLICATION_WORK, ServerOptions, server_load, size, whole
from estimator.deployments.limits import limit_value
from estimator.pricing.assumption import Assumption
from estimator.pricing.line import Usage
from estimator.units import GIB, MINUTES_PER_HOUR, SECONDS_PER_HOUR

_ID = "gcp.cloud_run"
_VCPU_WITH_LEAST_MEMORY = 4
"""From so many processors on, an instance must have a minimum of memory as well."""


class CloudRunOptions(ServerOptions):
    """Choices for Cloud Run."""

    billing: Literal["instance", "request"] = "instance"
    """instance: pay for the whole life of an instance; request: pay while requests are open,
    which with a WebSocket is as long, and for each request."""
    vcpu: Literal[1, 2, 4, 6, 8] = 1
    """Processors of an instance."""
    memory_gib: Annotated[float, Field(ge=0.5)] = 0.5
    """Memory of an instance."""
    concurrency: Annotated[int, Field(ge=1)] = 1000
    """Most open connections of an instance."""
    timeout_minutes: Annotated[float, Field(gt=0)] = 60
    """Age at which a connection is cut."""
    min_instances: Annotated[int, Field(ge=0)] = 0
    """Instances kept even without connections."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        concurrency = limit_value(f"{_ID}.max_concurrency")
        minutes = limit_value(f"{_ID}.request_timeout_max") / SECONDS_PER_HOUR * MINUTES_PER_HOUR
        most_gib = limit_value(f"{_ID}.memory_max_gib_at_{self.vcpu}_vcpu")
        if self.concurrency > concurrency:
            raise ValueError(f"concurrency is at most {concurrency:g}")
        if self.timeout_minutes > minutes:
            raise ValueError(f"timeout_minutes is at most {minutes:g}")
        if self.memory_gib > most_gib:
            raise ValueError(f"memory_gib is at most {most_gib:g} with {self.vcpu} vcpu")
        if self.vcpu >= _VCPU_WITH_LEAST_MEMORY:
            least_gib = limit_value(f"{_ID}.memory_min_gib_at_{self.vcpu}_vcpu")
            if self.memory_gib < least_gib:
                raise ValueError(f"memory_gib is at least {least_gib:g} with {self.vcpu} vcpu")
        if self.billing == "request" and self.min_instances:
            raise ValueError(
                "min_instances needs billing instance: the idle rates of request-based billing "
                "are not modelled"
            )
        return self


class CloudRun(Deployment):
    """Cloud Run, priced by instances with open connections.

    Prices: https://cloud.google.com/run/pricing ; behaviour of WebSockets:
    https://cloud.google.com/run/docs/triggering/websockets
    """

    id = _ID
    title = "Cloud Run"
    cloud = "gcp"
    options = CloudRunOptions
    assumptions = (
        Assumption(
            id=f"{_ID}.sockets_per_instance",
            question="How full does the autoscaler fill an instance with open connections?",
            choices={
                "target": "to its target, 60 % of the concurrency and of the processors",
                "full": "completely, as when pinned at the maximum of instances",
            },
            evidence="The autoscaler aims at 60 % of the maximum concurrency (one reading of the "
            "vendor's page); connections are not moved once they are open.",
        ),
        traffic_assumption(
            _ID, "ip", "Network statistics count layer 3; no text on billing was found either way."
        ),
    )
    not_modelled = (
        APPLICATION_WORK,
        "container start-up time",
        "a load balancer in front, Cloud Armor, a VPC connector",
        "what instances use to pass messages to each other (Redis or Pub/Sub)",
        "logs",
    )

    def meter(self, request: Request) -> Metered:
        """Instance time of every hour, requests, and traffic by destination."""
        options = request.options
        demand = request.demand.cut_after(options.timeout_minutes / MINUTES_PER_HOUR)
        full = request.answers[f"{_ID}.sockets_per_instance"] == "full"
        share = 1.0 if full else limit_value(f"{_ID}.autoscaler_target")
        sockets = options.concurrency * share
        load = server_load(demand, options)
        sized = size(
            {
                "open connections": (demand.connections_peak, sockets),
                "memory": (load.memory_bytes, options.memory_gib * GIB * options.headroom),
                "processor": (load.cores, options.vcpu * share),
            }
        )
        instances = from_hours(np.maximum(whole(sized.nodes.hourly), options.min_instances))
        seconds = demand.per_month(instances) * SECONDS_PER_HOUR
        text = (
            f"up to {spread(instances.peak, 'instances')} ({sized.binding} binds; "
            f"{sockets:g} connections each at most), as many as the most connections of each hour "
            "need, and paid for all of the hour"
        )
        usage = [
            Usage(f"{_ID}.cpu_{options.billing}_based", seconds * options.vcpu, text),
            Usage(f"{_ID}.memory_{options.billing}_based", seconds * options.memory_gib, text),
        ]
        if options.billing == "request":
            connects = demand.per_month(demand.connects)
            cut = f"one for each connect; connections are cut after {options.timeout_minutes:g} min"
            usage.append(Usage(f"{_ID}.requests", connects, cut))
        usage += [
            self.data_out(request, demand, f"gcp.egress.premium_to_{area}", share)
            for area, share in request.destinations.items()
        ]
        return Metered(tuple(usage), tuple(_notes(options, instances)))


def _notes(options: CloudRunOptions, instances: Weekly) -> Iterator[str]:
    most = float(np.max(instances.peak))
    default = limit_value(f"{_ID}.max_instances_default")
    vcpu, gib = limit_value(f"{_ID}.vcpu_per_region"), limit_value(f"{_ID}.memory_gib_per_region")
    if most > default:
        yield f"The maximum number of instances must be set above its default of {default:g}."
    if most * options.vcpu > vcpu or most * options.memory_gib > gib:
        yield (
            f"Needs {most * options.vcpu:,.0f} vCPU and {most * options.memory_gib:,.0f} GiB in "
            f"the region; the quota starts at {vcpu:,.0f} vCPU and {gib:,.0f} GiB."
        )
