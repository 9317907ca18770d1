"""Cloudflare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, most_in_month
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments.base import Metered, Options, Request, from_server
from estimator.deployments.fleet.sizing import whole
from estimator.deployments.limits import busiest_second, limit_value
from estimator.deployments.saas.counting import (
    SaasService,
    group_size,
    groups,
    messages_count,
    plan_month,
)
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.units import MIB, SECONDS_PER_HOUR

_SERVICE = "cloudflare.durable_objects"


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
        # what the server tells an object to send; greetings and answers come from the object
        published = tuple(s for s in from_server(demand) if s.kind == "published")
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
        admission = AdmissionLimits() if request.many else _admission(objects)
        notes = (
            *_notes(demand, options, objects),
            *self.size_notes(received, MIB, "MiB"),
            *self.heartbeat_notes(demand),
        )
        return Metered(usage, notes, admission=admission)


def _admission(objects: Weekly) -> AdmissionLimits:
    """Each new connection is a request to an object; they are taken to be spread over all."""
    requests = f"{_SERVICE}.requests_per_second"
    most = max(float(whole(objects.peak)), 1.0)
    return AdmissionLimits(
        new_connections_per_second=most * limit_value(requests),
        limits={"new_connections_per_second": requests},
    )


def _awake(objects: Weekly, handled: Weekly, ms_each: float) -> Weekly:
    """Objects awake at a time if each only handles messages; no more than there are."""
    busy = handled.times(ms_each / 1000 / SECONDS_PER_HOUR)
    return from_hours(np.minimum(busy.hourly, objects.hourly))


def _notes(demand: Demand, options: DurableObjectsOptions, objects: Weekly) -> Iterator[str]:
    received = demand.messages("to_server")
    most = limit_value(f"{_SERVICE}.requests_per_second")
    of_week = busiest_second(demand, received).used.peak / np.maximum(objects.peak, 1.0)
    each = most_in_month(demand, of_week)
    if np.any(each > most):
        yield (
            f"Each object gets {range_text(each)} messages per second in the busiest hour and "
            f"takes about {most:,.0f}; spread connections over more objects."
        )
    if not options.hibernation:
        yield (
            "Objects stay in memory while connections are open; with hibernation (option "
            "hibernation) they are billed for handling messages only."
        )
