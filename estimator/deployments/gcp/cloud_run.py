"""Cloud Run, alone or behind a load balancer: how many instances, their bill, their limits.

Prices: https://cloud.google.com/run/pricing ; behavior of WebSockets:
https://cloud.google.com/run/docs/triggering/websockets
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.demand.admission_limits import AdmissionLimits, Autoscaling
from estimator.demand.demand import mean_in_month, most_in_month, over_month
from estimator.demand.weekly import Weekly, from_hours
from estimator.deployments import base
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.behind_balancer import CLOUD_RUN
from estimator.deployments.fleet.expected_units import mean_idle_units, mean_time_kept, mean_units
from estimator.deployments.fleet.server import (
    APPLICATION_WORK,
    ServerOptions,
    late_bursts,
    server_load,
    traffic_mbps,
)
from estimator.deployments.fleet.sizing import shares_of, size, whole
from estimator.deployments.gcp import network
from estimator.deployments.gcp.sustained_use import redis_machines, sustained_use_notes
from estimator.deployments.limits import Check, check, default_of, limit_value, per_second
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import GIB, MINUTES_PER_HOUR, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_RUN = "gcp.cloud_run"
_VCPU_WITH_LEAST_MEMORY = 4
"""From so many processors on, an instance must have a minimum of memory as well."""

_NOT_MODELED = (
    APPLICATION_WORK,
    "container startup time, and instances beside the last one that run while they empty",
    "a database",
    "persistent disks of Redis, for which the price files have no price",
    "Cloud Armor, a VPC connector (instances reach Redis by direct VPC egress)",
    "logs",
)


class CloudRunOptions(ServerOptions):
    """Choices for Cloud Run."""

    billing: Literal["instance", "request"] = "instance"
    """instance: pay for the whole life of an instance; request: pay while requests are open,
    which with a WebSocket is as long, and for each request."""
    vcpu: Literal[1, 2, 4, 6, 8] = 1
    """Processors per instance."""
    memory_gib: Annotated[float, Field(ge=0.5)] = 0.5
    """Memory per instance."""
    concurrency: Annotated[int, Field(ge=1)] = 1000
    """Most open connections per instance."""
    container_start_seconds: Annotated[float, Field(ge=0)] = 5
    """Time from the decision to start an instance until it takes connections, if the autoscaler is
    simulated. Assumption: five; small images in compiled languages take less, others more."""
    timeout_minutes: Annotated[float, Field(ge=1 / SECONDS_PER_MINUTE)] = 60
    """Age at which a connection is cut."""
    min_instances: Annotated[int, Field(ge=0)] = 0
    """Instances kept running even without connections. Billed by request, they cost less while
    idle."""
    max_instances: int = default_of(f"{_RUN}.max_instances_default", int, ge=1)
    """Most instances that may run. Default: Google's."""
    backplane: bool = True
    """Whether instances pass messages to each other through Redis on its own machines."""
    redis_machine: str = "e2-standard-2"
    """Machine for Redis, which passes messages between instances."""
    zones: Annotated[int, Field(ge=1, le=6)] = 2
    """Zones over which instances are spread. Assumption: two, as for other fleets."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        concurrency = limit_value(f"{_RUN}.max_concurrency")
        minutes = limit_value(f"{_RUN}.request_timeout_max") / SECONDS_PER_HOUR * MINUTES_PER_HOUR
        most_gib = limit_value(f"{_RUN}.memory_max_gib_at_{self.vcpu}_vcpu")
        if self.concurrency > concurrency:
            raise ValueError(f"concurrency is at most {concurrency:g}")
        if self.timeout_minutes > minutes:
            raise ValueError(f"timeout_minutes is at most {minutes:g}")
        if self.memory_gib > most_gib:
            raise ValueError(f"memory_gib is at most {most_gib:g} with {self.vcpu} vcpu")
        if self.vcpu >= _VCPU_WITH_LEAST_MEMORY:
            least_gib = limit_value(f"{_RUN}.memory_min_gib_at_{self.vcpu}_vcpu")
            if self.memory_gib < least_gib:
                raise ValueError(f"memory_gib is at least {least_gib:g} with {self.vcpu} vcpu")
        if self.min_instances > self.max_instances:
            raise ValueError("min_instances is at most max_instances")
        return self


SOCKETS_PER_INSTANCE = Assumption(
    id="sockets_per_instance",
    question="How full does the autoscaler fill an instance with open connections?",
    choices={
        "target": "to its target, 60% of the concurrency and of the processors",
        "full": "completely, as when pinned at the maximum of instances",
    },
    evidence="The autoscaler aims at 60% of the maximum concurrency (one reading of the vendor's "
    "page); open connections are never moved.",
)


def _filled(request: base.Request) -> float:
    """How full the autoscaler makes an instance, as a share."""
    full = request.answers["sockets_per_instance"] == "full"
    return 1.0 if full else limit_value(f"{_RUN}.autoscaler_target")


def _needed(request: base.Request) -> base.Sizing:
    """Instances that connections ask for, not yet whole."""
    options, demand, share = request.options, request.demand, _filled(request)
    load = server_load(demand, options)
    return size(
        {
            "connections": (demand.connections_peak, options.concurrency * share),
            "memory": (load.memory_bytes, options.memory_gib * GIB * options.headroom),
            "processor": (load.cores, options.vcpu * share),
        }
    )


def _running(request: base.Request, needed: base.Sizing) -> Weekly:
    """Instances of each hour: those that ran, if that is known, or what its connections need."""
    if request.demand.units:
        return request.demand.units
    instances, least = whole(needed.units.hourly), request.options.min_instances
    return from_hours(np.maximum(instances, least) if least else instances)


def _admission(request: base.Request, cut_seconds: float) -> AdmissionLimits:
    """What instances let in, and the autoscaler that fills them to what they are planned for.

    A connection that finds no instance starts the first one, so there is one at least.
    """
    demand, options, share = request.demand, request.options, _filled(request)
    load = server_load(demand, options)

    def held(sockets: float, memory_share: float, vcpu_share: float) -> float:
        """Connections of an instance of which such shares are used."""
        memory = float(load.memory_bytes.peak) / (options.memory_gib * GIB * memory_share)
        needed = max(memory, float(load.cores.peak) / (options.vcpu * vcpu_share))
        peak = float(demand.peak_connections)
        return min(sockets, peak / needed) if min(peak, needed) > 0 else sockets

    full = held(float(options.concurrency), 1.0, 1.0)
    planned = held(options.concurrency * share, float(options.headroom), share)
    requests = f"{_RUN}.http1_requests_per_second_per_instance"
    named = {
        "connections_per_unit": (full, f"{_RUN}.max_concurrency"),
        "age_most_seconds": (cut_seconds, f"{_RUN}.request_timeout_max"),
        "most_units": (options.max_instances, f"{_RUN}.max_instances_default"),
    }
    limits = {field: found for field, (at, found) in named.items() if at == limit_value(found)}
    return AdmissionLimits(
        new_connections_per_second_per_unit=limit_value(requests),
        connections_per_unit=full,
        unit_name="instance",
        autoscaling=CLOUD_RUN.times(
            Autoscaling(
                target_share=planned / full,
                least_units=max(options.min_instances, 1),
                most_units=options.max_instances,
                start_seconds=options.container_start_seconds,
                # an instance with an open request is not stopped
                keeps_connections=True,
                stops_when_empty=options.min_instances == 0,
            )
        ),
        age_most_seconds=cut_seconds,
        limits={"new_connections_per_second_per_unit": requests, **limits},
    )


def _instance_time(
    request: base.Request, needed: base.Sizing, instances: Weekly
) -> Iterator[Usage]:
    """Time of instances: by instance as long as they run, by request while one has a connection.

    An instance is kept for up to 15 minutes after its last connection: by instance that is billed,
    by request it is free, unless the instance is one of the minimum.
    https://docs.cloud.google.com/run/docs/about-instance-autoscaling
    """
    demand, options, ran = request.demand, request.options, request.demand.units
    by_request, least = options.billing == "request", options.min_instances
    kept_seconds = 0.0 if least else limit_value(CLOUD_RUN.cool_down_limit)
    if ran is None:
        billed = mean_units(demand, needed.units, least, kept_seconds / SECONDS_PER_HOUR)
        kept = f", the last one for {kept_seconds / SECONDS_PER_MINUTE:g} minutes longer"
        how = f"as many as the connections of a moment need{kept * (not by_request and not least)}"
    else:
        billed, how = ran.mean, "as they ran"
    idle = np.zeros(())
    if by_request and least:
        idle = np.minimum(mean_idle_units(demand, needed.units, least), billed)
    elif by_request:
        idle = np.minimum(mean_time_kept(demand, kept_seconds / SECONDS_PER_HOUR), billed)
    mean, most = mean_in_month(demand, billed - idle), most_in_month(demand, instances.peak)
    text = (
        f"{range_text(mean, unit='instances')} on average, planned for up to "
        f"{range_text(most)} (sized by {needed.binding_of_largest}; "
        f"at most {options.concurrency * _filled(request):g} connections each), {how}"
    )
    seconds = over_month(demand, billed - idle) * SECONDS_PER_HOUR
    yield Usage(f"{_RUN}.cpu_{options.billing}_based", seconds * options.vcpu, text)
    yield Usage(f"{_RUN}.memory_{options.billing}_based", seconds * options.memory_gib, text)
    if by_request and least:
        seconds = over_month(demand, idle) * SECONDS_PER_HOUR
        text = (
            f"the part of {least} minimum instances without an open connection, on average over "
            "the week"
        )
        yield Usage(f"{_RUN}.min_instance_cpu_idle", seconds * options.vcpu, text)
        yield Usage(f"{_RUN}.min_instance_memory_idle", seconds * options.memory_gib, text)


class CloudRun(base.Deployment):
    """Cloud Run, priced by instances with open connections.

    Its request timeout ends idle and active connections alike; an idle timeout beside it is not
    published. https://cloud.google.com/run/docs/triggering/websockets
    """

    options = CloudRunOptions
    questions = (SOCKETS_PER_INSTANCE, base.billed_bytes_question("ip", network.BYTES_EVIDENCE))
    not_modeled = ("a load balancer in front", *_NOT_MODELED)

    def cut_seconds(self, request: base.Request) -> float:
        """Age at which connections are cut, here or in front."""
        return request.options.timeout_minutes / MINUTES_PER_HOUR * SECONDS_PER_HOUR

    def network_usage(self, request: base.Request) -> Iterator[Usage]:
        """What stands in front, and traffic by destination."""
        return network.premium_egress(self, request)

    def limit_checks(self, request: base.Request) -> tuple[Check, ...]:
        """Instances and what all of them have, and what each takes."""
        request = request.cut_after(self.cut_seconds(request))
        return tuple(self._checks(request, _running(request, _needed(request))))

    def _checks(self, request: base.Request, instances: Weekly) -> Iterator[Check]:
        demand, options = request.demand, request.options
        yield Check(
            f"{_RUN}.max_instances_default",
            instances,
            options.max_instances,
            "set the maximum of instances (max_instances) to {used}",
        )
        yield check(
            f"{_RUN}.vcpu_per_region",
            instances.times(options.vcpu),
            "ask Google for a quota of {used} vCPU in the region",
        )
        yield check(
            f"{_RUN}.memory_gib_per_region",
            instances.times(options.memory_gib),
            "ask Google for a quota of {used} GiB in the region",
        )
        some = np.maximum(instances.hourly, 1.0)
        yield check(
            f"{_RUN}.http1_requests_per_second_per_instance",
            from_hours(per_second(demand.new_connections).hourly / some),
            "lower the concurrency, so that more instances share new connections",
        )
        yield check(
            f"{_RUN}.bandwidth_per_instance_mbps",
            from_hours(traffic_mbps(demand).hourly / some),
            "lower the concurrency, so that more instances share the traffic",
        )

    def meter(self, request: base.Request) -> base.Metered:
        """Instance time of every hour, requests, Redis between instances, and the network."""
        cut_seconds = self.cut_seconds(request)
        request = request.cut_after(cut_seconds)
        demand, options, needed = request.demand, request.options, _needed(request)
        instances = _running(request, needed)
        redis = backplane(request, "gcp", instances, options.redis_machine)
        age = f"{cut_seconds / SECONDS_PER_HOUR * MINUTES_PER_HOUR:g} minutes"
        usage = [*_instance_time(request, needed, instances)]
        if options.billing == "request":
            text = f"one for each new connection; connections are cut after {age}"
            usage.append(Usage(f"{_RUN}.requests", demand.per_month(demand.new_connections), text))
        return base.Metered(
            (*usage, *redis.usage, *network.inter_zone(redis), *self.network_usage(request)),
            (
                base.cut_note(demand, age),
                *sustained_use_notes(redis_machines(request, redis)),
                *late_bursts(demand, options, instances.peak * options.vcpu),
            ),
            tuple(self._checks(request, instances)),
            AdmissionLimits() if request.many else _admission(request, cut_seconds),
            base.Sizing(
                "instance",
                (f"{options.vcpu} vCPU, {options.memory_gib:g} GiB",),
                instances,
                {
                    name: shares_of(each * needed.peak_units, instances.peak)
                    for name, each in needed.shares.items()
                },
                options.min_instances,
            ),
        )


class ApplicationLbCloudRunOptions(CloudRunOptions, network.BalancerOptions):
    """Choices for Cloud Run behind a load balancer."""


class ApplicationLbCloudRun(CloudRun):
    """Cloud Run behind a global external Application Load Balancer (serverless NEG).

    Cloud Run sends to the load balancer for free; what leaves for the internet is the load
    balancer's, at the same prices: https://cloud.google.com/run/pricing . Its timeout in front of
    Cloud Run is fixed, so that Cloud Run's own decides:
    https://docs.cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    """

    options = ApplicationLbCloudRunOptions
    questions = (
        SOCKETS_PER_INSTANCE,
        network.PROCESSED_BYTES,
        base.billed_bytes_question("ip", network.BYTES_EVIDENCE),
    )
    not_modeled = (*_NOT_MODELED, "Cloud CDN")

    def cut_seconds(self, request: base.Request) -> float:
        """The balancer's timeout in front of Cloud Run is fixed."""
        fixed = limit_value("gcp.load_balancer.serverless_timeout")
        return min(super().cut_seconds(request), fixed)

    def network_usage(self, request: base.Request) -> Iterator[Usage]:
        """Forwarding rules, data processed both ways, and traffic."""
        yield from network.proxy_usage(request)
        yield from super().network_usage(request)
