"""Cloudflare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, most_in_month
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments.base import Metered, Options, Request, from_server
from estimator.deployments.fleet.choice import whole
from estimator.deployments.limits import Check, busiest_second, largest_bytes, limit_value
from estimator.deployments.saas.counting import (
    SaasService,
    group_size,
    groups,
    messages_count,
    most_groups,
    plan_month,
)
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.units import MIB, SECONDS_PER_HOUR

_SERVICE = "cloudflare.durable_objects"
_MS_PER_SECOND = 1000
_AWAKE = (
    "Objects stay in memory while connections are open; with hibernation (option hibernation) they "
    "are billed for handling messages only."
)


class DurableObjectsOptions(Options):
    """Choices for Durable Objects."""

    connections_per_object: Annotated[float, Field(gt=0)] | None = None
    """Connections that share an object, as in a room. Default: the most that share a message."""
    hibernation: bool = False
    """Whether objects sleep between messages without losing their connections. It takes another
    interface in your code; objects then are billed for the time of handling messages only."""
    ms_per_message: Annotated[float, Field(ge=0)] = 10
    """Time to handle a message, with hibernation. Assumption: what the vendor's example takes."""


class DurableObjects(SaasService):
    """Durable Objects behind a Worker, priced by requests and by the time objects are in memory.

    Prices and examples: https://developers.cloudflare.com/durable-objects/platform/pricing/
    """

    options = DurableObjectsOptions
    not_modeled = (
        "storage of the objects, rows read and written",
        "processor time of the Worker, much of which the plan includes",
        "the 10 seconds that an object stays after its last client has left",
        "connections that break when an object's code is deployed again",
    )

    def meter(self, request: Request) -> Metered:
        """Requests of objects and of the Worker in front, time in memory, and the plan."""
        demand, options = request.demand, request.options
        received = demand.messages("to_server")
        published = _calls(demand)
        ratio = limit_value(f"{_SERVICE}.messages_per_request")
        new_connections = demand.per_month(demand.new_connections)
        messages = demand.per_month(total(s.per_hour for s in received))
        calls = demand.per_month(total(s.per_hour for s in published))
        size, size_text = group_size(options.connections_per_object, demand)
        objects = groups(demand.connections, size)
        most = most_in_month(demand, objects.peak)
        memory_gb = limit_value(f"{_SERVICE}.memory_billed")
        awake, awake_text = objects, "objects are awake as long as a connection is open"
        if options.hibernation:
            handled = total(
                [demand.new_connections, *(stream.per_hour for stream in (*received, *published))]
            )
            awake = _awake(objects, handled, options.ms_per_message)
            awake_text = (
                f"objects are awake for {options.ms_per_message:g} ms for each new connection, "
                "message in and message that your server publishes"
            )
        bytes_per_gb = request.bytes_per_unit("cloudflare.egress.internet")
        sent = demand.per_month(demand.traffic("to_client", "payload"))
        usage = (
            plan_month("cloudflare.workers.plan_months"),
            Usage(
                f"{_SERVICE}.requests",
                new_connections + messages / ratio + calls,
                f"{range_text(new_connections)} new connections, "
                f"{messages_count(demand, received)} messages in at {ratio:g} per request, and "
                f"{messages_count(demand, published)} that your server publishes, one call each; "
                "messages out are free",
            ),
            Usage(
                f"{_SERVICE}.gb_seconds",
                demand.per_month(awake) * SECONDS_PER_HOUR * memory_gb,
                f"{memory_gb:g} GB x seconds awake x up to {range_text(most, unit='objects')} of "
                f"{size_text}; {awake_text}",
            ),
            Usage(
                "cloudflare.workers.requests",
                new_connections + calls,
                "every new connection, and every message that your server publishes, goes through "
                "a Worker",
            ),
            Usage(
                "cloudflare.egress.internet",
                sent / bytes_per_gb,
                "application data sent to clients; data out is free",
            ),
        )
        notes = (
            *(() if options.hibernation else (_AWAKE,)),
            *self.size_notes(received, MIB, "MiB"),
            *self.heartbeat_notes(demand),
        )
        admission = AdmissionLimits() if request.many else _admission(request)
        return Metered(usage, notes, tuple(self.checks(request)), admission)

    def checks(self, request: Request) -> Iterator[Check]:
        """Requests and connections of an object, time and size of a message."""
        demand, options = request.demand, request.options
        received = demand.messages("to_server")
        handled = (*received, *_calls(demand))
        second = busiest_second(demand, handled, beside=(demand.new_connections,))
        limit_id, most = _requests(request)
        yield second.check(limit_id, allowed=most)
        size, _ = group_size(options.connections_per_object, demand)
        together = np.minimum(size, demand.peak_connections)
        yield self.check("connections_per_object", together)
        handling = options.ms_per_message / _MS_PER_SECOND
        yield self.check("cpu_seconds_per_request", handling)
        yield self.check("cpu_seconds_per_request_max", handling)
        yield self.check("message_max_bytes", largest_bytes(received))


def _calls(demand: Demand) -> tuple[MessageStream, ...]:
    """What the server tells an object to send; greetings and answers come from the object."""
    return tuple(s for s in from_server(demand) if s.kind == "published")


def _requests(request: Request) -> tuple[str, FloatArray]:
    """The limit of the requests of an object per second, and that of all objects of the peak.

    Requests are taken to be spread over all of them.
    """
    size, _ = group_size(request.options.connections_per_object, request.demand)
    objects = whole(most_groups(request.demand.connections_peak, size))
    limit_id = f"{_SERVICE}.requests_per_second"
    return limit_id, np.maximum(objects, 1.0) * limit_value(limit_id)


def _admission(request: Request) -> AdmissionLimits:
    """Each new connection is a request to an object."""
    limit_id, most = _requests(request)
    return AdmissionLimits(
        new_connections_per_second=float(most), limits={"new_connections_per_second": limit_id}
    )


def _awake(objects: Weekly, handled: Weekly, ms_each: float) -> Weekly:
    """Objects awake at a time if each only handles messages; no more than there are."""
    busy = handled.times(ms_each / _MS_PER_SECOND / SECONDS_PER_HOUR)
    return from_hours(np.minimum(busy.hourly, objects.hourly))
