"""Azure Web PubSub, and what handles its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.deployments.azure import unit_service
from estimator.deployments.azure.functions import Events
from estimator.deployments.base import Request
from estimator.deployments.limits import Check, default_of, largest_bytes
from estimator.pricing.price_files import Assumption

_SERVICE = "azure.web_pubsub"


class WebPubSubOptions(unit_service.UnitOptions):
    """Choices for Web PubSub."""

    headroom: float = default_of(f"{_SERVICE}.advised_connection_load", ge=0.01, le=1)
    """Share of a unit's connections to plan with. Default: what the vendor advises."""
    server_load: float = default_of(f"{_SERVICE}.advised_server_load", ge=0.01, le=1)
    """Share of a unit's throughput to plan with. Default: what the vendor advises."""
    event_handler: bool = True
    """Whether messages from clients are passed on to your own code, which is billed as outbound.
    Without it, your code only lets clients in."""
    pattern: Literal[
        "auto", "small_group", "big_group", "echo_upstream", "rest_send_to_user", "rest_broadcast"
    ] = "auto"
    """How messages reach clients, which decides what a unit carries. auto: as many out as measured
    with big groups, as many in as measured with groups of 10; the fuller of the two decides."""


class WebPubSub(unit_service.UnitService):
    """Azure Web PubSub, priced by unit-days and by messages beyond those included.

    Metering: https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model
    """

    options = WebPubSubOptions
    questions = (
        Assumption(
            id="small_messages",
            question="Does a delivery below 2 KB count as a whole message?",
            choices={
                "by_bytes": "outbound bytes are added up and divided by 2 KB",
                "whole": "every delivery is at least one message",
            },
            evidence="The billing article: the message count is defined as the size of outbound "
            "traffic (bytes) divided in 2 KB, and 44 KB to a handler and ten clients are 22 "
            "messages; a unit-day includes 2,000,000 KB. The article on SignalR, another service, "
            "counts every delivery, which would be more expensive.",
        ),
        *unit_service.UnitService.questions,
    )
    not_modeled = (
        *unit_service.NOT_MODELED,
        "live trace and resource logs, which count as messages",
    )
    p1_max = "premium_p1_max_units"
    premium_max = "premium_max_units"

    def handled(self, request: Request) -> tuple[MessageStream, ...]:
        """What the event handler takes."""
        return request.demand.messages("to_server") if request.options.event_handler else ()

    def events(self, request: Request) -> Events:
        """New connections, and messages if an event handler takes them."""
        demand = request.demand
        if not request.options.event_handler:
            demand = demand.changed(_between_clients)
        return Events(demand, self.connection_events(request))

    def needs(self, request: Request) -> Iterator[unit_service.Need]:
        """Connections, messages out by their pattern, messages to the event handler."""
        yield self.connection_need(request, request.demand.connections_peak)
        yield from self.message_needs(request)
        if request.options.event_handler:
            yield self.handler_need(request, "echo_upstream", "inbound_messages_per_second_echo")

    def checks(self, request: Request, plan: unit_service.Plan) -> Iterator[Check]:
        """Those of units and the largest message; no limit of new connections was published."""
        yield from super().checks(request, plan)
        sent = request.demand.messages("to_server")
        yield self.check("message_max_bytes", largest_bytes(sent))


def _between_clients(demand: Demand) -> Demand:
    """What your code sees of clients whose messages reach each other without it."""
    own = tuple(s for s in demand.streams if s.kind not in ("sent", "passed_on"))
    return replace(demand, streams=own)
