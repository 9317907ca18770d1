"""Cloud Run, alone or behind a load balancer: how many instances, their bill, their limits.

Prices: https://cloud.google.com/run/pricing ; behavior of WebSockets:
https://cloud.google.com/run/docs/triggering/websockets
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import mean_in_month, most_in_month, over_month
from estimator.demand.weekly import Weekly, worked
from estimator.deployments import base
from estimator.deployments.duties import Component
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.behind_balancer import CLOUD_RUN, HEARD
from estimator.deployments.fleet.choice import whole
from estimator.deployments.fleet.derived_figures import assumed_work, stand_ins
from estimator.deployments.fleet.expected_units import (
    mean_empty_units,
    mean_idle_units,
    mean_time_kept,
    mean_units,
)
from estimator.deployments.fleet.family import find_family
from estimator.deployments.fleet.host_limits import each_of
from estimator.deployments.fleet.machine import CHEAPEST, machines
from estimator.deployments.fleet.machine_words import about_speed, sentence
from estimator.deployments.fleet.month import Month
from estimator.deployments.fleet.redis_nodes import redis_nodes
from estimator.deployments.fleet.server import (
    Load,
    in_progress,
    late_bursts,
    server_load,
    traffic_mbps,
)
from estimator.deployments.fleet.server_figures import server_names
from estimator.deployments.fleet.sizing import left_alone, no_line, shares_of, split_usage
from estimator.deployments.gcp import network
from estimator.deployments.gcp.cloud_run_instances import (
    FAMILY,
    RUN,
    SOCKETS_PER_INSTANCE,
    CloudRunOptions,
    Instances,
    admission_of,
    cores_of,
    filled,
    instances_for,
    least_instances,
    needed_for,
)
from estimator.deployments.limits import Check, check, limit_value, per_second
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import MINUTES_PER_HOUR, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_REGIONAL_REQUESTS = "gcp.load_balancer.serverless_regional_requests_per_second"
_NOT_MODELED = (
    "container startup time, and instances beside the last one that run while they empty",
    "a database",
    "Cloud Armor, a VPC connector (instances reach Redis by direct VPC egress, and the internet "
    "without it)",
    "logs",
)


_FOLLOWS_DEMAND = base.Difference(
    "instances follow demand, where fleets keep those of their busiest hour", {"scaling": "static"}
)


OPEN_WEBSOCKETS = Assumption(
    id="open_websockets",
    question="Billed by request, at which rates does an instance with an open WebSocket run?",
    choices={
        "instance": "at those of instance-based billing, without a fee per request",
        "request": "at those of request-based billing, and each connection is a request",
    },
    evidence="The vendor's page on WebSockets says that an instance with any open WebSocket is "
    "active, and the service billed as with instance-based billing (read in several public texts "
    "that quote it). It does not say at which rates, or whether requests are charged.",
)


def _rates(request: base.Request) -> Literal["instance", "request"]:
    """Which rates hold while a connection is open."""
    as_requests = request.demand.requests is not None
    by_request = as_requests or request.answers["open_websockets"] == "request"
    return "request" if request.options.billing == "request" and by_request else "instance"


def _load(request: base.Request) -> Load:
    """What the demand asks of all instances, which hold requests and no connections of clients."""
    load = server_load(request.demand, request.options)
    held = server_load(request.demand.of_requests, request.options)
    return replace(load, memory_bytes=held.memory_bytes)


def _application_share(request: base.Request, load: Load, found: Instances) -> FloatArray:
    """Part of what instances are needed for that only the application's own work asks for."""
    if not np.any(load.application_cores.peak):
        return np.zeros(())
    without = needed_for(request, replace(load, application_cores=Weekly(())))
    needed = found.needed.units.mean
    share = np.where(needed > 0, shares_of(without.mean, needed), 1.0)
    return mean_in_month(request.demand, 1 - np.minimum(share, 1.0))


def _settings_notes(options: CloudRunOptions, running: Weekly) -> Iterator[str]:
    """What must be set because Google starts with something else."""
    in_console = limit_value(f"{RUN}.default_concurrency")
    per_vcpu = limit_value(f"{RUN}.default_concurrency_per_vcpu")
    if options.concurrency > min(in_console, per_vcpu * options.vcpu):
        yield (
            f"Set the concurrency to {options.concurrency:,}; Google's default is {in_console:g} "
            f"in the console, and {per_vcpu:g} per vCPU from the command line."
        )
    target = limit_value(f"{RUN}.autoscaler_target")
    if options.scaling == "static":
        yield f"Set manual scaling with {range_text(running.peak, unit='instances')}."
    elif options.scaling == "scheduled":
        yield (
            "Set manual scaling, whose number a job of Cloud Scheduler changes by the hour "
            f"({range_text(running.trough)} to {range_text(running.peak, unit='instances')}); "
            "the job is not on this bill."
        )
    elif options.concurrency_target != target:
        yield (
            f"Set the target utilization for concurrency to {options.concurrency_target:.0%}; "
            f"Google's default is {target:.0%}."
        )
    timeout = limit_value(f"{RUN}.request_timeout_default") / SECONDS_PER_MINUTE
    if options.timeout_minutes > timeout:
        yield (
            f"Set the request timeout to {options.timeout_minutes:g} minutes; Google's default is "
            f"{timeout:g}."
        )


def _instance_time(
    request: base.Request, found: Instances, application_share: FloatArray
) -> Iterator[Usage]:
    """Time of instances: by instance as long as they run, by request while one has a connection.

    An instance is kept for up to 15 minutes after its last connection: by instance that is billed,
    by request it is free, unless the instance is one of the minimum. Of manual scaling, connections
    are taken to be spread over all instances, which leaves the fewest without one.
    https://docs.cloud.google.com/run/docs/about-instance-autoscaling
    """
    options, ran = request.options, request.demand.units
    demand = in_progress(request.demand, options, cores_of(request) / max(options.vcpu, 1))
    needed = found.needed
    by_request, manual = options.billing == "request", options.scaling != "autoscaled"
    least = least_instances(options)
    kept_seconds = 0.0 if least else limit_value(CLOUD_RUN.cool_down_limit)
    if ran is None and manual:
        when = (
            "as many all the time" if options.scaling == "static" else "on a schedule by the hour"
        )
        billed, how = found.running.mean, f"{when} (manual scaling)"
    elif ran is None:
        billed = mean_units(demand, needed.units, least, kept_seconds / SECONDS_PER_HOUR)
        kept = f", the last one for {kept_seconds / SECONDS_PER_MINUTE:g} minutes longer"
        how = f"as many as the connections of a moment need{kept * (not by_request and not least)}"
    else:
        billed, how = ran.mean, "as they ran"
    idle = np.zeros(())
    if by_request and manual:
        idle = np.minimum(mean_empty_units(demand.connections, found.running.trough), billed)
    elif by_request and least:
        idle = np.minimum(mean_idle_units(demand, needed.units, least), billed)
    elif by_request:
        idle = np.minimum(mean_time_kept(demand, kept_seconds / SECONDS_PER_HOUR), billed)
    mean, most = mean_in_month(demand, billed - idle), most_in_month(demand, found.running.peak)
    text = (
        f"{range_text(mean, unit='instances')} on average, planned for up to "
        f"{range_text(most)} (sized by {needed.binding_of_largest}; "
        f"at most {range_text(options.concurrency * filled(request))} connections each), {how}"
    )
    seconds = over_month(demand, billed - idle) * SECONDS_PER_HOUR
    rates = _rates(request)
    for resource, each in (("cpu", options.vcpu), ("memory", options.memory_gib)):
        usage = Usage(
            f"{RUN}.{resource}_{rates}_based",
            seconds * each,
            text,
            by_hour=partial(Month.of(demand).by_hour, ran or found.running),
        )
        yield from split_usage(usage, application_share)
    if by_request and least:
        seconds = over_month(demand, idle) * SECONDS_PER_HOUR
        always = f"{range_text(found.running.trough)} manual" if manual else f"{least} minimum"
        text = (
            f"the part of {always} instances without an open connection, on average over the week"
        )
        yield Usage(f"{RUN}.min_instance_cpu_idle", seconds * options.vcpu, text)
        yield Usage(f"{RUN}.min_instance_memory_idle", seconds * options.memory_gib, text)


def _each(quantity: Weekly, instances: Weekly) -> Weekly:
    """A quantity in each hour, for each of the instances that run then."""
    return worked(each_of, quantity, instances)


class CloudRun(base.Deployment):
    """Cloud Run, priced by instances with open connections.

    Connections, processors and memory say how many there are. Its autoscaler does not look at
    bandwidth and new connections, so what an instance takes of these is checked.

    Its request timeout ends idle and active connections alike; an idle timeout beside it is not
    published. https://cloud.google.com/run/docs/triggering/websockets
    """

    options = CloudRunOptions
    questions = (
        SOCKETS_PER_INSTANCE,
        OPEN_WEBSOCKETS,
        base.billed_bytes_question("ip", network.BYTES_EVIDENCE),
    )
    websocket_questions = frozenset({OPEN_WEBSOCKETS.id})
    not_modeled = ("a load balancer in front", *_NOT_MODELED)

    @property
    def names(self) -> Mapping[str, Collection[str]]:
        """Servers, and sizes of Redis."""
        sizes = (CHEAPEST, *redis_nodes("gcp"), *machines("gcp", "vm"))
        return {"server": server_names(), "redis_machine": sizes}

    def core_families(self, request: base.Request) -> Collection[str]:
        """That of all instances."""
        return (FAMILY,)

    def age_seconds(self, request: base.Request) -> float:
        """Age at which connections are cut, here or in front."""
        return request.options.timeout_minutes / MINUTES_PER_HOUR * SECONDS_PER_HOUR

    def answer_seconds(self, request: base.Request) -> float:
        """The same age as that of WebSockets."""
        return self.age_seconds(request)

    def wait_seconds(self, request: base.Request) -> float:
        """The request timeout as it is set."""
        return self.age_seconds(request)

    def network_usage(self, request: base.Request) -> Iterator[Usage]:
        """What stands in front, and traffic by destination."""
        return network.premium_egress(self, request)

    def limit_checks(self, request: base.Request) -> tuple[Check, ...]:
        """Instances and what all of them have, and what each takes."""
        request = request.cut_after(self.age_seconds(request))
        return tuple(self._checks(request, instances_for(request, _load(request))))

    def _checks(self, request: base.Request, found: Instances) -> Iterator[Check]:
        demand, options, instances = request.demand, request.options, found.running
        if found.heard_share is not None:
            yield check(HEARD, found.heard_share)
        if options.scaling == "autoscaled":
            most, setting = options.max_instances, "the maximum of instances (max_instances)"
            fix = f"raise {setting} to {{raised}}"
            yield Check(f"{RUN}.max_instances_default", instances, most, fix)
        elif options.manual_instances is not None:
            most, setting = options.manual_instances, "the number of instances (manual_instances)"
            needed = demand.units or worked(whole, found.needed.units)
            fix = f"raise {setting} to {{raised}}"
            yield Check(f"{RUN}.max_instances_default", needed, most, fix)
        yield check(
            f"{RUN}.vcpu_per_region",
            instances.times(options.vcpu),
            "ask Google for a quota of {raised} vCPU in the region",
        )
        yield check(
            f"{RUN}.memory_gib_per_region",
            instances.times(options.memory_gib),
            "ask Google for a quota of {raised} GiB in the region",
        )
        if found.redis is not None:
            yield check(f"{RUN}.direct_vpc_instances", instances)
        if found.exchanged_mbps is not None:
            yield check(f"{RUN}.vpc_bandwidth_per_instance_mbps", found.exchanged_mbps)
        yield check(
            f"{RUN}.http1_requests_per_second_per_instance",
            _each(per_second(demand.all_requests), instances),
            "lower the concurrency, so that more instances share new connections",
        )
        yield check(
            f"{RUN}.bandwidth_per_instance_mbps",
            _each(traffic_mbps(demand), instances),
            "lower the concurrency, so that more instances share the traffic",
        )
        yield from self.transport_checks(request)

    def meter(self, request: base.Request) -> base.Metered:
        """Instance time of every hour, requests, Redis between instances, and the network."""
        cut_seconds = self.age_seconds(request)
        request = request.cut_after(cut_seconds)
        demand, options = request.demand, request.options
        load = _load(request)
        found = instances_for(request, load)
        needed, instances = found.needed, found.running
        redis = backplane(found.redis, demand, "gcp")
        age = f"{cut_seconds / SECONDS_PER_HOUR * MINUTES_PER_HOUR:g} minutes"
        application_share = _application_share(request, load, found)
        usage = [*_instance_time(request, found, application_share)]
        if _rates(request) == "request":
            text = "polls, streams and messages of clients"
            if demand.requests is None:
                text = f"one for each new connection; connections are cut after {age}"
            usage.append(Usage(f"{RUN}.requests", demand.per_month(demand.all_requests), text))
        return base.Metered(
            (*usage, *redis.usage, *network.inter_zone(redis), *self.network_usage(request)),
            (
                *base.cut_note(demand, age),
                *_settings_notes(options, instances),
                *redis.notes,
                *left_alone(request, instances),
                *assumed_work(options, [kind.application for kind in demand.kinds]),
                *no_line(load, application_share, "instances"),
                *stand_ins(options, tls=False, over_http=demand.requests is not None),
                *late_bursts(demand, options, instances.peak * cores_of(request)),
                *filter(None, [sentence("An instance", about_speed(find_family(FAMILY)))]),
            ),
            tuple(self._checks(request, found)),
            AdmissionLimits
            if request.many
            else partial(admission_of, request, load, found, cut_seconds),
            base.Sizing(
                "instance",
                (f"{options.vcpu} vCPU, {options.memory_gib:g} GiB",),
                instances,
                {
                    name: shares_of(each * needed.peak_units, instances.peak)
                    for name, each in needed.shares.items()
                },
                least_instances(options),
            ),
            differs=() if options.scaling == "static" else (_FOLLOWS_DEMAND,),
            runs=frozenset[Component](["containers"]) | redis.runs,
        )


class ApplicationLbCloudRunOptions(network.ProxyOptions, CloudRunOptions):
    """Choices for Cloud Run behind a load balancer."""


class ApplicationLbCloudRun(CloudRun):
    """Cloud Run behind an external Application Load Balancer (serverless NEG).

    Cloud Run sends to the load balancer for free; what leaves for the internet is the load
    balancer's, at the same prices: https://cloud.google.com/run/pricing . Its timeout in front of
    Cloud Run is fixed, so that Cloud Run's own decides:
    https://docs.cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    """

    options = ApplicationLbCloudRunOptions
    questions = (
        SOCKETS_PER_INSTANCE,
        OPEN_WEBSOCKETS,
        network.PROCESSED_BYTES,
        base.billed_bytes_question("ip", network.BYTES_EVIDENCE),
    )
    not_modeled = (*_NOT_MODELED, "Cloud CDN")

    def age_seconds(self, request: base.Request) -> float:
        """The balancer's timeout in front of Cloud Run is fixed."""
        fixed = limit_value("gcp.load_balancer.serverless_timeout")
        return min(super().age_seconds(request), fixed)

    def network_usage(self, request: base.Request) -> Iterator[Usage]:
        """Forwarding rules, data processed both ways, and traffic in the balancer's tier."""
        yield from network.proxy_usage(request)
        yield from network.egress(self, request)

    def _checks(self, request: base.Request, found: Instances) -> Iterator[Check]:
        """Those of Cloud Run, and what a regional balancer passes on."""
        yield from super()._checks(request, found)
        if request.options.balancer == "regional":
            yield check(_REGIONAL_REQUESTS, per_second(request.demand.all_requests))
