"""Azure SignalR Service, with application servers or serverless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.azure import unit_service
from estimator.deployments.azure.functions import Events
from estimator.deployments.base import Metered, Request
from estimator.deployments.limits import Check, default_of, largest_bytes, limit_value, per_second
from estimator.units import HOURS_PER_WEEK

_SERVICE = "azure.signalr"
_CONNECTS = {
    1: f"{_SERVICE}.new_connections_per_second_1_to_10_units",
    20: f"{_SERVICE}.new_connections_per_second_20_units",
    50: f"{_SERVICE}.new_connections_per_second_50_units",
    100: f"{_SERVICE}.new_connections_per_second_100_units",
}
"""Limits of new connections, by the unit count from which they hold."""


class SignalROptions(unit_service.UnitOptions):
    """Choices for SignalR Service."""

    mode: Literal["default", "serverless"] = "default"
    """default: application servers connect to the service and run the hubs; serverless: functions
    take their place."""
    functions: Literal["flex", "consumption", "servers", "none"] | None = None  # pyright: ignore[reportIncompatibleVariableOverride] (what is left out is filled in before it is checked)
    """What your own code runs on: Azure Functions on the plan Flex Consumption or Consumption, in
    serverless mode; virtual machines (servers); or none, where it runs elsewhere and is not on this
    bill. Default: servers, and flex in serverless mode."""
    app_servers: Annotated[int, Field(ge=0)] = 2
    """Fewest application servers that carry the peak in default mode, each with connections of its
    own to the service; those kept for a failure come on top. With 0, clients send to each other
    without a server. Assumption: two, which the vendor's guide calls enough for its promise of
    availability."""
    upstream: bool = False
    """Serverless mode: whether clients send over their connections, so that upstream settings pass
    their messages on to your code, each as an outbound message. Default: they call your code over
    HTTP, as in the vendor's guide, and the service sees only what it sends out."""
    hubs: Annotated[int, Field(ge=1)] = 1
    """Hubs that your code defines."""
    hubs_per_client: Annotated[int, Field(ge=1)] | None = None
    """Hubs that each client connects to, each over a connection of its own. Default: all."""
    server_connections: int = default_of(f"{_SERVICE}.server_connections", int, ge=1)
    """Connections of an application server per hub, which use up those of the units."""
    headroom: float = default_of(f"{_SERVICE}.advised_connection_load", ge=0.01, le=1)
    """Share of a unit's connections to plan with. Default: what the vendor advises."""
    server_load: float = default_of(f"{_SERVICE}.advised_server_load", ge=0.01, le=1)
    """Share of a unit's throughput to plan with. Default: what the vendor advises."""
    pattern: Literal[
        "auto",
        "small_group",
        "big_group",
        "broadcast",
        "echo",
        "send_to_connection",
        "rest_send_to_user",
        "rest_broadcast",
    ] = "auto"
    """How messages reach clients, which decides what a unit carries. auto: as many out as measured
    with big groups, as many in as measured with groups of 10; the fuller of the two decides."""

    @model_validator(mode="before")
    @classmethod
    def _functions_by_mode(cls, said: Any) -> Any:
        if isinstance(said, Mapping) and said.get("functions") is None:
            plan = "flex" if said.get("mode") == "serverless" else "servers"
            return {**said, "functions": plan}
        return said

    @model_validator(mode="after")
    def _functions_are_serverless(self) -> Self:
        if self.functions in ("flex", "consumption") and self.mode != "serverless":
            raise ValueError(f"functions: {self.functions} needs mode: serverless")
        return self

    @model_validator(mode="after")
    def _clients_join_hubs_that_are(self) -> Self:
        if self.hubs_per_client is not None and self.hubs_per_client > self.hubs:
            raise ValueError(f"hubs_per_client is at most the number of hubs, {self.hubs}")
        return self


class SignalR(unit_service.UnitService):
    """Azure SignalR Service, priced by unit-days and by messages beyond those included.

    Metering:
    https://learn.microsoft.com/azure/azure-signalr/signalr-concept-messages-and-connections
    """

    options = SignalROptions
    not_modeled = (
        *unit_service.NOT_MODELED,
        "live trace connections and resource logs",
        "bytes that the protocol of SignalR adds to each message",
    )
    p1_max = "standard_max_units"
    premium_max = "premium_p2_max_units"

    def meter(self, request: Request) -> Metered:
        """Units, messages and servers, for the connections that clients make to hubs."""
        return super().meter(_of_connections(request))

    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        """The same limits, for the connections that clients make to hubs."""
        return super().limit_checks(_of_connections(request))

    def handled(self, request: Request) -> tuple[MessageStream, ...]:
        """Everything that clients send to hubs: these run in your code."""
        options = request.options
        passes = options.upstream if options.mode == "serverless" else options.app_servers > 0
        return request.demand.messages("to_server") if passes else ()

    def events(self, request: Request) -> Events:
        """Everything that clients send, whichever way."""
        return Events(request.demand, self.connection_events(request))

    def runs_on(self, request: Request) -> str:
        """Hubs run on servers, unless the service is serverless or clients do without."""
        options = request.options
        if options.mode == "serverless" or options.functions == "none":
            return options.functions
        return "servers" if options.app_servers > 0 else "none"

    def app_servers_least(self, request: Request) -> int:
        """Those that the options ask for in default mode."""
        return request.options.app_servers if request.options.mode == "default" else 1

    def needs(self, request: Request) -> Iterator[unit_service.Need]:
        """Connections with those of the servers, messages out by their pattern, messages in."""
        servers = _server_connections(request.options)
        own = Weekly.of(np.array(servers), np.ones(HOURS_PER_WEEK))
        clients = request.demand.connections_peak
        yield self.connection_need(request, total((clients, own)) if servers else clients)
        yield from self.message_needs(request)
        yield self.handler_need(request, "echo", "inbound_messages_per_second_per_unit")

    def checks(self, request: Request, plan: unit_service.Plan) -> Iterator[Check]:
        """Those of units, new connections per second, the largest message over REST."""
        yield from super().checks(request, plan)
        demand, options = request.demand, request.options
        new_connections = per_second(demand.new_connections)
        if options.tier == "free":
            yield self.check("new_connections_per_second_free", new_connections)
        else:
            units = plan.running.peak
            allowed = np.array([limit_value(limit_id) for limit_id in _CONNECTS.values()])
            yield Check(
                _connects_limit(float(np.max(units))),
                new_connections,
                allowed[_connects_step(units)],
            )
        if options.mode == "serverless":
            yield self.check("rest_body_bytes", largest_bytes(demand.messages("to_client")))

    def admission(self, request: Request, plan: unit_service.Plan) -> AdmissionLimits:
        """Those of units, without what servers take, and new connections of the most units."""
        admission = super().admission(request, plan)
        free, units = request.options.tier == "free", float(plan.running.peak)
        new_connections = (
            f"{_SERVICE}.new_connections_per_second_free" if free else _connects_limit(units)
        )
        taken, each = _server_connections(request.options), _connections_each(request.options)
        # clients are let in, each with all of its connections
        return replace(
            admission,
            connections_per_unit=admission.connections_per_unit / each,
            new_connections_per_second=limit_value(new_connections) / each,
            # units that scale have the more room the more of them run
            connections_most=np.inf
            if admission.units is None
            else max(units * admission.connections_per_unit - taken, 0.0) / each,
            limits={**admission.limits, "new_connections_per_second": new_connections},
        )

    def notes(self, request: Request, plan: unit_service.Plan) -> Iterator[str]:
        """Those of units, and the setting of hubs that large messages need."""
        yield from super().notes(request, plan)
        default = limit_value(f"{_SERVICE}.hub_message_bytes")
        if request.options.mode == "default" and np.any(
            largest_bytes(request.demand.messages("to_server")) > default
        ):
            yield (
                f"Hubs take messages of {default:,.0f} bytes from clients unless "
                "MaximumReceiveMessageSize is raised on the application servers."
            )


def _connections_each(options: SignalROptions) -> int:
    """Connections of a client, one for each hub that it joins.

    https://github.com/dotnet/aspnetcore/issues/11372
    """
    return options.hubs_per_client or options.hubs


def _of_connections(request: Request) -> Request:
    """The request with all connections that clients make to hubs."""
    each = _connections_each(request.options)
    if each == 1:
        return request

    def every_hub(kind: Demand) -> Demand:
        within = kind.peak_within_hour
        return replace(
            kind,
            connections=kind.connections.times(each),
            connections_peak=kind.connections_peak.times(each),
            new_connections=kind.new_connections.times(each),
            uncut=None if kind.uncut is None else kind.uncut.times(each),
            peak_within_hour=None if within is None else within.times(each),
        )

    return replace(request, demand=request.demand.changed(every_hub))


def _server_connections(options: SignalROptions) -> float:
    """Connections of units that application servers use up."""
    if options.mode != "default":
        return 0.0
    return float(options.app_servers * options.hubs * options.server_connections)


def _connects_step(units: FloatArray) -> npt.NDArray[np.intp]:
    """Which of the limits of new connections holds for so many units."""
    return np.maximum(np.searchsorted(list(_CONNECTS), units, side="right") - 1, 0)


def _connects_limit(units: float) -> str:
    return list(_CONNECTS.values())[int(_connects_step(np.asarray(units)))]
