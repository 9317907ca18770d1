"""How many instances of Cloud Run a demand needs, and whom they let in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits, Autoscaling, ConnectWork
from estimator.demand.weekly import ALWAYS, Weekly, largest, total
from estimator.deployments.base import Request, Sizing, mbps
from estimator.deployments.fleet.backplane import RedisOptions, RedisPlan
from estimator.deployments.fleet.behind_balancer import CLOUD_RUN
from estimator.deployments.fleet.choice import TOO_MANY, VERY_MANY, whole
from estimator.deployments.fleet.connect_work import Capacity, connect_work, sign_in_stage
from estimator.deployments.fleet.exchange import Copies, Exchange, exchange_of
from estimator.deployments.fleet.family import find_family
from estimator.deployments.fleet.placement import SurvivalOptions
from estimator.deployments.fleet.scaling import Scaling, ScalingOptions
from estimator.deployments.fleet.server import (
    Load,
    hearing_cores,
    subscribes_by_channel,
)
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.deployments.fleet.sizing import size
from estimator.deployments.gcp import network
from estimator.deployments.limits import default_of, limit_value
from estimator.pricing.price_files import Assumption
from estimator.units import GIB, MINUTES_PER_HOUR, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

RUN = "gcp.cloud_run"
"""How the ids of its meters and limits begin."""
FAMILY = "gcp.cloud_run"
"""Of its processors."""
_VCPU_WITH_LEAST_MEMORY = 4
"""From so many processors on, an instance must have a minimum of memory as well."""
_ROUNDS = 200


class CloudRunOptions(
    ServerOptions, SurvivalOptions, RedisOptions, ScalingOptions, network.DiskOptions
):
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
    max_instances: int = default_of(f"{RUN}.max_instances_default", int, ge=1)
    """Most instances that may run. Default: Google's."""
    concurrency_target: float = default_of(f"{RUN}.autoscaler_target")
    """Share of the concurrency that the autoscaler aims at, 0.6 for 60%. Idle sockets leave room
    for more than requests do. Default: Google's."""
    scaling: Scaling = "autoscaled"
    """autoscaled: Google starts instances for the connections that there are, and an instance runs
    until its last connection has ended; static: manual scaling with as many instances all the time
    as the busiest hour needs, filled to ``headroom``; scheduled: manual scaling, whose number a
    timer of yours sets for each hour. With manual scaling the fewest, the most and the target do
    not count, and an instance that stops cuts its connections. Default: autoscaled, since open
    connections are what the service bills."""
    manual_instances: Annotated[int, Field(ge=1)] | None = None
    """Instances that run all the time with ``scaling: static``, whatever the connections. Default:
    as many as the busiest hour needs."""

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        concurrency = limit_value(f"{RUN}.max_concurrency")
        minutes = limit_value(f"{RUN}.request_timeout_max") / SECONDS_PER_HOUR * MINUTES_PER_HOUR
        most_gib = limit_value(f"{RUN}.memory_max_gib_at_{self.vcpu}_vcpu")
        if self.concurrency > concurrency:
            raise ValueError(f"concurrency is at most {concurrency:g}")
        if self.timeout_minutes > minutes:
            raise ValueError(f"timeout_minutes is at most {minutes:g}")
        if self.memory_gib > most_gib:
            raise ValueError(f"memory_gib is at most {most_gib:g} with {self.vcpu} vcpu")
        if self.vcpu >= _VCPU_WITH_LEAST_MEMORY:
            least_gib = limit_value(f"{RUN}.memory_min_gib_at_{self.vcpu}_vcpu")
            if self.memory_gib < least_gib:
                raise ValueError(f"memory_gib is at least {least_gib:g} with {self.vcpu} vcpu")
        least, most = (limit_value(f"{RUN}.concurrency_target_{end}") for end in ("min", "max"))
        if not least <= self.concurrency_target <= most:
            raise ValueError(f"concurrency_target is {least:g} to {most:g}")
        if self.min_instances > self.max_instances:
            raise ValueError("min_instances is at most max_instances")
        if self.manual_instances is not None and self.scaling != "static":
            raise ValueError("manual_instances needs scaling: static")
        return self


SOCKETS_PER_INSTANCE = Assumption(
    id="sockets_per_instance",
    question="How full does the autoscaler fill an instance with open connections?",
    choices={
        "target": "to its targets: concurrency_target, and 60% of the processors",
        "full": "completely, as when pinned at the maximum of instances",
    },
    evidence="By default the autoscaler aims at 60% of the concurrency and of the processors; the "
    "vendor's page on scaling controls lets one set 10% to 95%. Open connections are never moved, "
    "so that instances which cannot become more are filled completely.",
)


def filled(request: Request) -> FloatArray | float:
    """How full an instance is made with connections, as a share: its target, or what is planned."""
    if request.options.scaling != "autoscaled":
        return request.options.headroom
    full = request.answers["sockets_per_instance"] == "full"
    return 1.0 if full else request.options.concurrency_target


def used(request: Request) -> FloatArray | float:
    """How much of the processors of an instance is used, as a share."""
    if request.options.scaling != "autoscaled":
        return request.options.headroom
    full = request.answers["sockets_per_instance"] == "full"
    return 1.0 if full else limit_value(f"{RUN}.autoscaler_target")


def least_instances(options: CloudRunOptions) -> int:
    """Instances that run however few connections there are.

    With manual scaling none would turn the service off.
    """
    if options.scaling == "autoscaled":
        return options.min_instances
    return options.manual_instances or 1


@dataclass(frozen=True, slots=True)
class Instances:
    """How many instances connections need, and what passes messages between them."""

    needed: Sizing
    """Not yet whole."""
    running: Weekly
    """In each hour: those that ran, if that is known, or what its connections need."""
    redis: RedisPlan | None
    heard_share: FloatArray | None = None
    """Where no number of instances suffices, what each has to hear, as a share of what it can; None
    where some number does, shape (*many,)."""
    exchanged_mbps: Weekly | None = None
    """What each of the instances of the busiest hour hears and publishes; None if there is nothing
    to hear."""


def instances_for(request: Request, load: Load) -> Instances:
    """Instances for a load, with what these say to each other.

    The more instances, the more copies of messages there are; so they are added until they take in
    those for all. Where each has more to hear than it can, none are enough.
    """
    exchange = _exchange(request)
    needed = _needed(request, load.memory_bytes, (load.cores, load.application_cores))
    if not exchange:
        return Instances(needed, _running(request, needed), None)
    redis = network.redis(network.disk(request), nodes_vote=False).choice(request, exchange)
    hearing = _with_copies(request, load, exchange, needed)
    running, most = _running(request, hearing.needed), np.maximum(hearing.most, 1.0)
    exchanged = total((hearing.copies.bytes, exchange.bytes_in)).times(1 / most)
    plan = redis.plan(running, running.peak)
    return Instances(hearing.needed, running, plan, hearing.heard_share, mbps(exchanged))


def needed_for(request: Request, load: Load) -> Weekly:
    """The same instances in each hour, not yet whole."""
    exchange = _exchange(request)
    needed = _needed(request, load.memory_bytes, (load.cores, load.application_cores))
    return (_with_copies(request, load, exchange, needed).needed if exchange else needed).units


def _exchange(request: Request) -> Exchange:
    """What instances say to each other; nothing, if no Redis passes it on."""
    options = request.options
    if options.redis == "none":
        return Exchange(())
    return exchange_of(request.demand, by_channel=subscribes_by_channel(options))


@dataclass(frozen=True, slots=True)
class _Hearing:
    """Instances that hear each other."""

    needed: Sizing
    """Not yet whole."""
    most: FloatArray
    """Whole ones of the busiest hour, shape (*many,)."""
    copies: Copies
    """What they hear."""
    heard_share: FloatArray | None
    """As in ``Instances``."""


def _with_copies(request: Request, load: Load, exchange: Exchange, needed: Sizing) -> _Hearing:
    """Instances for a load and for what they say to each other.

    Args:
        request: of what.
        load: what they do besides.
        exchange: what they say.
        needed: instances for the load alone.
    """
    options, own = request.options, (load.cores, load.application_cores)
    most, heard_share = _hearing_all(request, exchange, needed, total(own)), None
    if np.any(most >= TOO_MANY):
        very_many = hearing_cores(options, exchange.copies(np.array(VERY_MANY))).peak
        heard_share = very_many / VERY_MANY / (cores_of(request) * used(request))
        most = np.where(most >= TOO_MANY, whole(needed.peak_units), most)
    # what is heard in an hour is taken for the instances of the busiest one
    copies = exchange.copies(most)
    needed = _needed(request, load.memory_bytes, (*own, hearing_cores(options, copies)))
    return _Hearing(needed, most, copies, heard_share)


def _hearing_all(
    request: Request, exchange: Exchange, needed: Sizing, own_cores: Weekly
) -> FloatArray:
    """Whole instances of the busiest hour that take in what all of them publish."""
    room, most = cores_of(request) * used(request), whole(needed.peak_units)
    for _ in range(_ROUNDS):
        heard = hearing_cores(request.options, exchange.copies(most))
        asked = whole(total((own_cores, heard)).peak / room)
        if np.all(asked <= most):
            return most
        most = np.maximum(most, np.minimum(asked, TOO_MANY))
    return np.full(np.shape(most), TOO_MANY)


def cores_of(request: Request) -> FloatArray | float:
    """Of an instance, in cores of the reference speed, shape (*many,)."""
    options = request.options
    return options.vcpu * find_family(FAMILY).core_speed * options.core_speed_factor


def _needed(request: Request, memory_bytes: Weekly, cores: Iterable[Weekly]) -> Sizing:
    """Instances that connections ask for, not yet whole.

    The autoscaler looks at connections and processors, and memory bounds what an instance holds.
    By bandwidth and new connections it does not scale; these are checks.
    """
    options = request.options
    return size(
        {
            "connections": (
                request.demand.of_requests.connections_peak,
                options.concurrency * filled(request),
            ),
            "memory": (memory_bytes, options.memory_gib * GIB * options.headroom),
            "processor": (total(cores), cores_of(request) * used(request)),
        }
    )


def _running(request: Request, needed: Sizing) -> Weekly:
    """Whole instances, the fewest that are asked for included."""
    if request.demand.units:
        return request.demand.units
    options, least = request.options, float(least_instances(request.options))
    if options.manual_instances is not None:
        return Weekly.of(np.array(least), ALWAYS)
    if options.scaling == "static":
        return Weekly.of(np.maximum(whole(needed.peak_units), least), ALWAYS)

    def running(needed: FloatArray) -> FloatArray:
        return np.maximum(whole(needed), least, out=needed)

    return largest([needed.units], running)


def admission_of(
    request: Request, load: Load, found: Instances, cut_seconds: float
) -> AdmissionLimits:
    """What instances let in, and the autoscaler that fills them to what they are planned for.

    A connection that finds no instance starts the first one, so there is one at least. One that
    finds all of them full waits for a while.
    """
    demand, options = request.demand, request.options
    own, cores = total((load.cores, load.application_cores)), float(cores_of(request))

    def held(sockets: float, memory_share: float, vcpu_share: float) -> float:
        """Connections of an instance of which such shares are used."""
        memory = float(load.memory_bytes.peak) / (options.memory_gib * GIB * memory_share)
        needed = max(memory, float(own.peak) / (cores * vcpu_share))
        peak = float(demand.peak_connections)
        return min(sockets, peak / needed) if min(peak, needed) > 0 else sockets

    full = held(float(options.concurrency), 1.0, 1.0)
    filling = options.concurrency * float(filled(request))
    planned = held(filling, float(options.headroom), float(used(request)))
    requests = f"{RUN}.http1_requests_per_second_per_instance"
    named = {
        "connections_per_unit": (full, f"{RUN}.max_concurrency"),
        "age_most_seconds": (cut_seconds, f"{RUN}.request_timeout_max"),
    }
    if options.scaling == "autoscaled":
        named["most_units"] = (options.max_instances, f"{RUN}.max_instances_default")
    limits = {field: found for field, (at, found) in named.items() if at == limit_value(found)}
    admission = AdmissionLimits(
        new_connections_per_second_per_unit=limit_value(requests),
        connections_per_unit=full,
        unit_name="instance",
        connect_work=_connect_work(request, found),
        stages=sign_in_stage(options),
        pending_seconds=_pending_seconds(options),
        age_most_seconds=cut_seconds,
        limits={"new_connections_per_second_per_unit": requests, **limits},
    )
    if options.scaling == "static":
        return replace(admission, units=float(found.running.peak))
    if options.scaling == "scheduled":
        schedule = Autoscaling(
            target_share=planned / full,
            start_seconds=options.container_start_seconds,
            schedule=tuple(found.running.hourly.tolist()),
        )
        return replace(admission, autoscaling=CLOUD_RUN.times(schedule))
    autoscaling = Autoscaling(
        target_share=planned / full,
        least_units=max(options.min_instances, 1),
        most_units=options.max_instances,
        start_seconds=options.container_start_seconds,
        # an instance with an open request is not stopped
        keeps_connections=True,
        stops_when_empty=options.min_instances == 0,
    )
    return replace(admission, autoscaling=CLOUD_RUN.times(autoscaling))


def _connect_work(request: Request, found: Instances) -> ConnectWork:
    """What the instances of one scenario do for each new connection."""
    options, exchange = request.options, _exchange(request)
    return connect_work(
        request.demand,
        options,
        Capacity(
            options.vcpu,
            float(cores_of(request)),
            limit_value(f"{RUN}.bandwidth_per_instance_mbps"),
        ),
        tls=False,
        # messages of others come through a VPC, whose bandwidth is its own
        heard=exchange.copies_by_hour(found.running),
    )


def _pending_seconds(options: CloudRunOptions) -> float:
    """How long a request waits for an instance that has room."""
    starts = limit_value(f"{RUN}.pending_start_times") * options.container_start_seconds
    return max(starts, limit_value(f"{RUN}.pending_least"))
