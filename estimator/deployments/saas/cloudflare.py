"""Cloudflare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, most_in_month
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments.base import Metered, Request
from estimator.deployments.fleet.choice import whole
from estimator.deployments.fleet.derived_figures import assumed_work
from estimator.deployments.fleet.server import application_cores, application_work
from estimator.deployments.fleet.server_options import ApplicationOptions
from estimator.deployments.limits import (
    Check,
    busiest_second,
    default_of,
    largest_bytes,
    limit_value,
)
from estimator.deployments.saas.counting import (
    SaasService,
    audience,
    group_size,
    groups,
    messages_count,
    most_groups,
    plan_month,
)
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.scenario.transport import LongPolling, ServerSentEvents
from estimator.units import MIB, MS_PER_SECOND, SECONDS_PER_HOUR

_SERVICE = "cloudflare.durable_objects"
_WORKERS = "cloudflare.workers"
_OWN_CODE = "your own code"
_NOTHING = Weekly(())
_AWAKE = (
    "Objects stay in memory while connections are open, as you ask (hibernation: false); with the "
    "vendor's recommended interface they are billed for handling messages only."
)

_HELD = (
    "Objects stay in memory, and are billed, while an answer is open: only WebSockets let them "
    "hibernate."
)
_BY_MEMORY = (
    "Objects are billed for their memory while they are awake, and not for processor time: your "
    "own code costs far less here than on a server, as long as it waits for nothing. Time in which "
    "it waits for a database or another service is billed too, and is not on this bill."
)


class DurableObjectsOptions(ApplicationOptions):
    """Choices for Durable Objects. Your own code runs in them, and in the Worker in front."""

    connections_per_object: Annotated[float, Field(gt=0)] | None = None
    """Connections that share an object, as in a room. Default: the most that share a message. If
    fewer share an object than a message, it is passed on to further objects, a request for each."""
    hibernation: bool = True
    """Whether objects sleep between messages without losing their connections, as the vendor
    recommends; they then are billed for the time of handling messages only. Without it they are
    billed as long as a connection is open."""
    ms_per_message: float = default_of(f"{_SERVICE}.ms_per_message", ge=0)
    """Time to handle a message or a new connection, with hibernation: besides sending, and besides
    your application's own work. Assumption: the least that the vendor says of objects which parse
    messages, 500 per second."""
    ms_per_push: float = default_of(f"{_SERVICE}.ms_per_push", ge=0)
    """Time to send a message to one client, with hibernation. Messages out are free, but the time
    they take is billed. Assumption: what the vendor's example leaves of the 10 ms for a message in
    an object of 100 connections."""
    worker_cpu_ms: float = default_of(f"{_WORKERS}.cpu_ms_per_request", ge=0)
    """Processor time of the Worker for a new connection, or for a message that your server
    publishes, besides your application's own work. Default: what the vendor gives as the average
    of all Workers."""


class DurableObjects(SaasService):
    """Durable Objects behind a Worker, priced by requests and by the time objects are in memory.

    Prices and examples: https://developers.cloudflare.com/durable-objects/platform/pricing/
    """

    options = DurableObjectsOptions
    keep_alive_limit = f"{_WORKERS}.keep_alive_timeout"
    not_modeled = (
        "storage of the objects, rows read and written",
        "time for which an object waits for a database or another service: it is billed too",
        "the 10 seconds that an object without hibernation stays after its last client has left",
        "connections that break when an object's code is deployed again",
    )

    def meter(self, request: Request) -> Metered:
        """Requests of objects and of the Worker in front, time in memory, and the plan."""
        demand, options, work = request.demand, request.options, _Work.of(request)
        notes = (
            *_awake_notes(request),
            *assumed_work(options, [kind.application for kind in demand.kinds]),
            *((_BY_MEMORY,) if np.any(work.own.peak > 0) else ()),
            *self.size_notes(work.received, MIB, "MiB"),
            *self.heartbeat_notes(demand),
        )
        is_open = request.many or demand.requests is not None
        admission = AdmissionLimits if is_open else partial(_admission, work)
        usage = (
            plan_month(f"{_WORKERS}.plan_months"),
            *self._requests(request, work),
            *self._duration(request, work),
            *self._processor_time(request, work),
            Usage(
                "cloudflare.egress.internet",
                demand.per_month(demand.traffic("to_client", "payload"))
                / request.bytes_per_unit("cloudflare.egress.internet"),
                "application data sent to clients; data out is free",
            ),
        )
        return Metered(usage, notes, tuple(self._checks(request, work)), admission)

    def _requests(self, request: Request, work: _Work) -> Iterator[Usage]:
        """Of objects, and of the Worker in front of them."""
        demand = request.demand
        if demand.requests is not None:
            yield from _http_requests(demand, work)
            return
        ratio = limit_value(f"{_SERVICE}.messages_per_request")
        new_connections = demand.per_month(demand.new_connections)
        messages = demand.per_month(total(s.per_hour for s in work.received))
        calls = demand.per_month(total(s.per_hour for s in work.calls))
        yield Usage(
            f"{_SERVICE}.requests",
            new_connections + messages / ratio + calls,
            f"{range_text(new_connections)} new connections, "
            f"{messages_count(demand, work.received)} messages in at {ratio:g} per request, and "
            f"{range_text(calls)} calls for messages that your server publishes or that go to "
            "further objects; messages out are free",
        )
        yield Usage(
            f"{_WORKERS}.requests",
            demand.per_month(work.through_worker),
            "every new connection, and every message that your server publishes, goes through "
            "a Worker",
        )

    def _duration(self, request: Request, work: _Work) -> Iterator[Usage]:
        """Memory of objects by the time they are in it, that of your own code apart."""
        demand, options = request.demand, request.options
        memory_gb = limit_value(f"{_SERVICE}.memory_billed")
        size, size_text = group_size(options.connections_per_object, demand)
        objects = groups(demand.connections, size)
        most = most_in_month(demand, objects.peak)
        awake, with_own = objects, objects
        awake_text = "objects are awake as long as a connection is open"
        if _holds_answers(request):
            awake = with_own = groups(demand.of_requests.connections, size)
            awake_text = "objects are awake as long as an answer is open"
        elif options.hibernation or demand.requests is not None:
            awake = _awake(objects, work.handling)
            with_own = _awake(objects, total((work.handling, work.own)))
            handled = "new connection, message in" if demand.requests is None else "request"
            awake_text = (
                f"objects are awake for {options.ms_per_message:g} ms for each {handled} and call, "
                f"and {options.ms_per_push:g} ms for each message out"
            )
        yield Usage(
            f"{_SERVICE}.gb_seconds",
            demand.per_month(awake) * SECONDS_PER_HOUR * memory_gb,
            f"{memory_gb:g} GB x seconds awake x up to {range_text(most, unit='objects')} of "
            f"{size_text}; {awake_text}",
        )
        if np.any(work.own.peak > 0):
            own = from_hours(with_own.hourly - awake.hourly)
            yield Usage(
                f"{_SERVICE}.gb_seconds",
                demand.per_month(own) * SECONDS_PER_HOUR * memory_gb,
                f"{memory_gb:g} GB x seconds that your own code keeps objects awake beyond that, "
                "each taken to be one of a core of the reference speed",
                part=_OWN_CODE,
                layer="application",
            )

    def _processor_time(self, request: Request, work: _Work) -> Iterator[Usage]:
        """Of the Worker in front, that of your own code apart: it signs clients in."""
        demand, each_ms = request.demand, request.options.worker_cpu_ms
        meter = f"{_WORKERS}.cpu_ms"
        yield Usage(
            meter,
            demand.per_month(work.through_worker) * each_ms,
            f"{each_ms:g} ms for every request of the Worker",
        )
        if np.any(work.sign_in_ms.peak > 0):
            yield Usage(
                meter,
                demand.per_month(work.sign_in_ms),
                "the application's work on each new connection, done before it reaches an object",
                part=_OWN_CODE,
                layer="application",
            )

    def checks(self, request: Request) -> Iterator[Check]:
        """Requests, time and connections of an object, time and size of a message."""
        return self._checks(request, _Work.of(request))

    def _checks(self, request: Request, work: _Work) -> Iterator[Check]:
        demand, options = request.demand, request.options
        if demand.requests is None:
            second = busiest_second(
                demand, (*work.received, *work.calls), beside=(demand.new_connections,)
            )
        else:
            polls = (stream for stream in demand.streams if stream.kind == "poll")
            second = busiest_second(demand, (*work.received, *polls, *work.calls))
        yield second.check(_REQUESTS, allowed=work.most_objects * limit_value(_REQUESTS))
        # what comes at one moment waits its turn, so it is the hour that must fit
        busy = total((work.handling, work.own))
        yield Check(f"{_SERVICE}.busy_seconds_per_second", busy, work.most_objects)
        size, _ = group_size(options.connections_per_object, demand)
        together = np.minimum(size, demand.peak_connections)
        if demand.requests is None:
            yield self.check("connections_per_object", together)
        # what is heard by all connections of an object takes longest
        heard = np.minimum(together, audience(demand))
        ms = options.ms_per_message + heard * options.ms_per_push + work.own_ms_per_message
        yield self.check("cpu_seconds_per_request", ms / MS_PER_SECOND)
        yield self.check("cpu_seconds_per_request_max", ms / MS_PER_SECOND)
        yield self.check("message_max_bytes", largest_bytes(work.received))


_REQUESTS = f"{_SERVICE}.requests_per_second"


@dataclass(frozen=True)
class _Work:
    """What objects and the Worker in front have to do."""

    received: tuple[MessageStream, ...]
    """Messages of clients."""
    calls: tuple[MessageStream, ...]
    """What the server tells each object to send, and what an object passes on to further ones;
    greetings and answers come from the object that has the connection."""
    through_worker: Weekly
    """Requests of the Worker: those of clients, and what the server publishes."""
    handling: Weekly
    """Seconds that all objects together are busy in each second, without your own code."""
    own: Weekly
    """What your own code takes on top, on messages."""
    sign_in_ms: Weekly
    """What your own code takes on new connections per hour."""
    own_ms_per_message: FloatArray | float
    """What your own code takes on one message, of the kind of clients where it takes most."""
    most_objects: FloatArray
    """Objects at the peak, over which work is taken to be spread."""

    @classmethod
    def of(cls, request: Request) -> _Work:
        demand, options = request.demand, request.options
        received, pushed = demand.messages("to_server"), demand.messages("to_client")
        published = tuple(s.once for s in pushed if s.kind == "published")
        size, _ = group_size(options.connections_per_object, demand)
        calls = (
            *(_called(s, _reached(s.copies, size)) for s in published),
            # the object of the sender has them already
            *(
                _called(s, _reached(np.asarray(s.copies) + 1.0, size) - 1.0)
                for s in received
                if s.kind == "sent" and np.any(np.asarray(s.copies) + 1.0 > size)
            ),
        )
        works = [(kind, application_work(options, kind.application)) for kind in demand.kinds]
        asked = demand.all_requests
        # over HTTP, messages of clients are requests as well
        from_clients = received if demand.requests is None else ()
        handled = total([asked, *(stream.per_hour for stream in (*from_clients, *calls))])
        pushes = total(s.per_hour for s in pushed)
        ms = total((handled.times(options.ms_per_message), pushes.times(options.ms_per_push)))
        most = whole(most_groups(demand.connections_peak, size))
        own_ms = [work.cpu_ms_per_message for _, work in works]
        return cls(
            received,
            calls,
            total([asked, *(s.per_hour for s in published)]),
            ms.times(1 / MS_PER_SECOND / SECONDS_PER_HOUR),
            application_cores(demand.changed(_without_new_connections), options),
            total(kind.sign_ins.times(work.cpu_ms_per_new_connection) for kind, work in works),
            np.max(np.stack(np.broadcast_arrays(*own_ms)), axis=0),
            np.maximum(most, 1.0),
        )


def _called(stream: MessageStream, objects: FloatArray) -> MessageStream:
    """The calls that bring each message of a stream to so many objects."""
    per_hour, at_once = stream.per_hour.times(objects), stream.at_once * objects
    return replace(stream, direction="to_server", per_hour=per_hour, at_once=at_once)


def _reached(connections: FloatArray | float, size: FloatArray) -> FloatArray:
    """Objects that have so many connections among them, at least one."""
    return np.maximum(np.asarray(connections) / size, 1.0)


def _without_new_connections(kind: Demand) -> Demand:
    return replace(kind, new_connections=_NOTHING, uncut=_NOTHING)


def _holds_answers(request: Request) -> bool:
    """Whether answers are open while nothing happens."""
    return isinstance(request.transport, ServerSentEvents | LongPolling)


def _awake_notes(request: Request) -> Iterator[str]:
    """What keeps objects in memory."""
    if _holds_answers(request):
        yield _HELD
    elif request.demand.requests is None and not request.options.hibernation:
        yield _AWAKE


def _http_requests(demand: Demand, work: _Work) -> Iterator[Usage]:
    """Of objects and of the Worker in front, where clients ask over HTTP."""
    asked = demand.per_month(demand.all_requests)
    calls = demand.per_month(total(s.per_hour for s in work.calls))
    yield Usage(
        f"{_SERVICE}.requests",
        asked + calls,
        f"{range_text(asked)} polls, streams and messages of clients, and {range_text(calls)} "
        "calls for messages that your server publishes or that go to further objects",
    )
    yield Usage(
        f"{_WORKERS}.requests",
        demand.per_month(work.through_worker),
        "every request of a client, and every message that your server publishes, goes through a "
        "Worker",
    )


def _admission(work: _Work) -> AdmissionLimits:
    """Each new connection is a request to an object."""
    return AdmissionLimits(
        new_connections_per_second=float(work.most_objects * limit_value(_REQUESTS)),
        limits={"new_connections_per_second": _REQUESTS},
    )


def _awake(objects: Weekly, busy: Weekly) -> Weekly:
    """Objects awake at a time if each only handles messages; no more than there are."""
    return from_hours(np.minimum(busy.hourly, objects.hourly))
