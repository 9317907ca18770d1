"""Cloudflare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments.base import (
    Deployment,
    Metered,
    Options,
    Request,
    ping_notes,
    spread,
)
from estimator.deployments.fleet.sizing import whole
from estimator.deployments.limits import limit_value
from estimator.deployments.saas.counting import (
    from_server,
    group_size,
    groups,
    millions,
    per_second,
    size_notes,
)
from estimator.pricing.lines import Usage
from estimator.units import MIB, SECONDS_PER_HOUR

_SERVICE = "cloudflare.durable_objects"


class DurableObjectsOptions(Options):
    """Choices for Durable Objects."""

    connections_per_object: Annotated[float, Field(gt=0)] | None = None
    """Connections that share an object, as in a room; the most that share a message if left
    out."""
    hibernation: bool = False
    """Whether objects sleep between messages without losing their connections. It takes another
    interface in your code; objects then are billed for the time of handling messages only."""
    ms_per_message: Annotated[float, Field(ge=0)] = 10
    """Time to handle a message, with hibernation. Assumption: what the vendor's example takes."""


class DurableObjects(Deployment):
    """Durable Objects behind a Worker, priced by requests and by the time objects are in memory.

    Prices and examples: https://developers.cloudflare.com/durable-objects/platform/pricing/
    """

    options = DurableObjectsOptions
    questions = ()
    not_modeled = (
        "storage of the objects, rows read and written",
        "processor time of the Worker, of which the plan includes much",
        "the 10 seconds that an object stays after its last client has left",
        "connections that break when the code of an object is deployed anew",
    )

    def meter(self, request: Request) -> Metered:
        """Requests of objects and of the Worker in front, time in memory, and the plan."""
        demand, options = request.demand, request.options
        received, published = demand.messages("to_server"), _published(demand)
        ratio = limit_value(f"{_SERVICE}.messages_per_request")
        new_connections = demand.per_month(demand.new_connections)
        messages = demand.per_month(total(s.per_hour for s in received))
        calls = demand.per_month(total(s.per_hour for s in published))
        size, size_text = group_size(options.connections_per_object, demand)
        objects = groups(demand.connections, size)
        memory_gb = limit_value(f"{_SERVICE}.memory_billed")
        awake, awake_text = objects, "objects are awake as long as a connection is open"
        if options.hibernation:
            handled = total(
                [demand.new_connections, *(stream.per_hour for stream in (*received, *published))]
            )
            awake = _awake(objects, handled, options.ms_per_message)
            awake_text = (
                f"objects are awake for {options.ms_per_message:g} ms for each connect, message "
                "in and message your server publishes"
            )
        bytes_per_gb = request.catalog.meter("cloudflare.egress.internet").bytes_per_unit or 1
        sent = demand.per_month(demand.traffic("to_client", "payload"))
        usage = (
            Usage(
                "cloudflare.workers.plan_months",
                np.ones(()),
                "one month, whatever its length; comes with the amounts that are included",
            ),
            Usage(
                f"{_SERVICE}.requests",
                new_connections + messages / ratio + calls,
                f"{spread(new_connections / 1e6)} M connects, {millions(demand, received)} messages in "
                f"by {ratio:g} to a request, and {millions(demand, published)} that your server "
                "publishes, a call each; messages out are free",
            ),
            Usage(
                f"{_SERVICE}.gb_seconds",
                demand.per_month(awake) * SECONDS_PER_HOUR * memory_gb,
                f"{memory_gb:g} GB x seconds awake x up to {spread(objects.peak, 'objects')} of "
                f"{size_text}; {awake_text}",
            ),
            Usage(
                "cloudflare.workers.requests",
                new_connections + calls,
                "every connect, and every message your server publishes, goes through a Worker",
            ),
            Usage(
                "cloudflare.egress.internet",
                sent / bytes_per_gb,
                "application data sent to clients; data out is free whatever its size",
            ),
        )
        admission = AdmissionLimits() if request.many else _doors(objects)
        return Metered(usage, tuple(_notes(demand, options, objects)), admission=admission)


def _doors(objects: Weekly) -> AdmissionLimits:
    """Each connect is a request of an object; connects are taken to be spread over all."""
    requests = f"{_SERVICE}.requests_per_second"
    most = max(float(whole(objects.peak)), 1.0)
    return AdmissionLimits(
        new_connections_per_second=most * limit_value(requests),
        limits={"new_connections_per_second": requests},
    )


def _published(demand: Demand) -> tuple[MessageStream, ...]:
    """What the server tells an object to send; greetings and answers come from the object."""
    return tuple(s for s in from_server(demand) if s.kind == "published")


def _awake(objects: Weekly, handled: Weekly, ms_each: float) -> Weekly:
    """Objects awake at a time if each only handles messages; no more than there are."""
    busy = handled.times(ms_each / 1000 / SECONDS_PER_HOUR)
    return from_hours(np.minimum(busy.hourly, objects.hourly))


def _notes(demand: Demand, options: DurableObjectsOptions, objects: Weekly) -> Iterator[str]:
    received = demand.messages("to_server")
    most = limit_value(f"{_SERVICE}.requests_per_second")
    each = _busiest_object(received, objects)
    if np.any(each > most):
        yield (
            f"{spread(each)} messages in a second for each object in the busiest hour; an object "
            f"takes about {most:,.0f}, so connections must be spread over more of them."
        )
    if not options.hibernation:
        yield (
            "Objects stay in memory while connections are open; with hibernation (option "
            "hibernation) they are billed for handling messages only."
        )
    most_bytes = limit_value(f"{_SERVICE}.message_max_bytes")
    yield from size_notes(received, most_bytes, f"{most_bytes / MIB:g} MiB")
    yield from ping_notes(demand)


def _busiest_object(received: tuple[MessageStream, ...], objects: Weekly) -> FloatArray:
    """Messages in a second for each of the most objects there are."""
    return per_second(received) / np.maximum(objects.peak, 1.0)
