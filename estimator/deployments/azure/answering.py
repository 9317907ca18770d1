"""What answers the events of a service that holds the connections, and what is it billed as?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.azure.functions import Events, functions_notes, functions_usage
from estimator.deployments.base import Difference, Request, from_server, shared_once
from estimator.deployments.fleet.application_servers import (
    APPLICATION_SERVERS,
    application_servers,
)
from estimator.deployments.fleet.machine import find_machine
from estimator.deployments.limits import limit_value
from estimator.pricing.lines import Usage
from estimator.units import SECONDS_PER_HOUR

_ECHOES = "azure.signalr.echoes_per_second_per_app_server"
_MEASURED_ON = "Standard_F4s_v2"
"""The application servers of the vendor's performance guide:
https://learn.microsoft.com/azure/azure-signalr/signalr-concept-performance"""
_MESSAGES_OF_AN_ECHO = 2
"""One comes from the service, and one goes back to it."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers events, as it stands on the bill."""

    usage: tuple[Usage, ...] = ()
    """All of the application layer."""
    notes: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()


def on_functions(request: Request, events: Events) -> Answering:
    """Azure Functions, which the options name a plan of."""
    options = request.options
    usage = functions_usage(events, options, request.answers["flex_minimum"])
    differs: tuple[Difference, ...] = ()
    if options.survives == "zone":
        why = (
            "Azure Functions run in one zone only: zone redundancy keeps two always-ready "
            "instances, whose price is not in the price list; virtual machines are spread over "
            "zones"
            if options.functions == "flex"
            else "Azure Functions on the Consumption plan run in one zone only; virtual machines "
            "are spread over zones"
        )
        differs = (Difference(why, {"functions": "servers"}),)
    return Answering(tuple(usage), tuple(functions_notes(events, options)), differs)


def on_servers(request: Request, events: Events, step_bytes: float, least: int = 1) -> Answering:
    """Virtual machines for the application's own work and for what passes through them.

    Args:
        request: options of application servers, and where.
        events: what reaches them.
        step_bytes: bytes of the messages that the vendor measured with.
        least: fewest of them that carry the peak.
    """
    options = request.options
    least = max(least, options.application_servers_least)
    asked = replace(
        request,
        demand=events.demand,
        options=options.model_copy(update={"application_servers_least": least}),
    )
    passing = _passing(events)
    cores = _passing_cores(passing, events, step_bytes)
    found = application_servers(asked, "azure", request.region, cores)
    network = () if options.application_network == "none" else _network(request, passing)
    measured = (
        "Application servers are taken to pass on as many messages as the vendor's guide on "
        f"SignalR suggests: {limit_value(_ECHOES):,.0f} echoes per second on {_MEASURED_ON}."
    )
    return Answering((*found.usage, *network), (*found.notes, measured))


def _passing(events: Events) -> tuple[MessageStream, ...]:
    """Messages that servers receive, and those that they send to the service.

    A server sends a message to the service once, which spreads it.
    """
    demand = events.demand
    sent_on = (stream for stream in shared_once(demand) if stream.kind == "sent")
    return (*demand.messages("to_server"), *sent_on, *from_server(demand))


def _passing_cores(passing: tuple[MessageStream, ...], events: Events, step_bytes: float) -> Weekly:
    """Cores of the reference speed that messages take which servers receive and send on."""
    cores = find_machine("azure", "vm", _MEASURED_ON).cores
    each = cores / (limit_value(_ECHOES) * _MESSAGES_OF_AN_ECHO)
    messages = total((*(s.steps_per_hour(step_bytes) for s in passing), events.of_connections))
    return messages.times(np.asarray(each / SECONDS_PER_HOUR))


def _network(request: Request, passing: tuple[MessageStream, ...]) -> Iterator[Usage]:
    """A balancer that brings sign-ins and events, and whose outbound rule lets servers out.

    https://learn.microsoft.com/azure/load-balancer/outbound-rules
    """
    demand, balancer = request.demand, "azure.load_balancer"
    hours = np.asarray(demand.hours_per_month)
    data = f"{balancer}.processed_gb"
    exchanged = demand.per_month(total(s.bytes_per_hour("payload") for s in passing))
    for meter, quantity, text in (
        (f"{balancer}.first_five_rules_hours", hours, "a balancer x hours of the month"),
        ("azure.public_ipv4.hours", hours, "its address x hours of the month"),
        (
            data,
            exchanged / request.bytes_per_unit(data),
            "application data that the servers exchange with the service",
        ),
    ):
        part = f"in front of {APPLICATION_SERVERS}"
        yield Usage(meter, quantity, text, part=part, layer="application")
