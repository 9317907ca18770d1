"""Azure Web PubSub, alone or with Azure Functions as its event handler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import model_validator

from estimator.demand.streams import MessageStream
from estimator.deployments.azure import unit_service
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
    """Whether messages from clients are passed on to your own code, which is billed as outbound."""
    pattern: Literal[
        "auto", "small_group", "big_group", "echo_upstream", "rest_send_to_user", "rest_broadcast"
    ] = "auto"
    """How messages reach clients, which decides what a unit carries. auto: as many out as measured
    with big groups, as many in as measured with groups of 10; the fuller of the two decides."""

    @model_validator(mode="after")
    def _functions_handle_events(self) -> Self:
        if self.functions != "none" and not self.event_handler:
            raise ValueError("functions need event_handler: true")
        return self


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
                "whole": "every delivery is at least one message",
                "by_bytes": "outbound bytes are added up and divided by 2 KB",
            },
            evidence="The billing article defines messages on outbound traffic without rounding; "
            "the article on SignalR counts every delivery. Whole is the more expensive reading.",
        ),
        *unit_service.UnitService.questions,
    )
    not_modeled = (
        "the code behind the event handler, unless the option functions puts it on Azure Functions",
        *unit_service.NOT_MODELED,
        "live trace and resource logs, which count as messages",
    )
    p1_max = "premium_p1_max_units"
    premium_max = "premium_max_units"

    def handled(self, request: Request) -> tuple[MessageStream, ...]:
        """What the event handler takes."""
        return request.demand.messages("to_server") if request.options.event_handler else ()

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
