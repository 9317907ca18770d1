"""Supabase."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import most_in_month
from estimator.deployments.base import Metered, Options, Request, billed_bytes_question
from estimator.deployments.limits import (
    Check,
    busiest_second,
    largest_bytes,
    limit_value,
    per_second,
)
from estimator.deployments.saas.counting import (
    SaasService,
    in_steps,
    messages_count,
    plan_month,
    publications,
)
from estimator.pricing.lines import Usage
from estimator.units import KB

_SERVICE = "supabase.realtime"
_PLAN = "Priced as the Pro plan without a spend cap; with one, use ends at what is included."


class SupabaseRealtimeOptions(Options):
    """Choices for Supabase Realtime."""

    channels_per_connection: Annotated[float, Field(gt=0)] = 1
    """Channels that a client joins after it connects. Assumption: one."""


class SupabaseRealtime(SaasService):
    """Supabase Realtime broadcasts, priced by messages and by the peak of connections.

    Metering: https://supabase.com/docs/guides/platform/manage-your-usage/realtime-messages and
    https://supabase.com/docs/guides/platform/manage-your-usage/realtime-peak-connections
    """

    options = SupabaseRealtimeOptions
    questions = (
        billed_bytes_question(
            "payload",
            "The vendor counts data that Realtime sends over the WebSocket, frames of its own "
            "protocol included; how many bytes that adds to a message is not stated.",
        ),
    )
    not_modeled = (
        "a larger database than the Micro size, which the plan's compute credit pays",
        "presence and database changes, which count as messages too",
        "the protocol around each message, which counts as data out",
        "the delivery of clients' messages to your own servers",
    )

    def meter(self, request: Request) -> Metered:
        """The plan, the peak of connections, messages, and data out."""
        demand = request.demand
        published, delivered = publications(demand), demand.messages("to_client")
        usage = (
            plan_month("supabase.plan.pro_months"),
            Usage(
                f"{_SERVICE}.peak_connections",
                most_in_month(demand, demand.peak_connections),
                "most connections open at once in the month",
            ),
            Usage(
                f"{_SERVICE}.messages",
                in_steps(demand, (*published, *delivered), None),
                f"{messages_count(demand, published)} published, "
                f"{messages_count(demand, delivered)} delivered",
            ),
            self.data_out(request, "supabase.egress.gb"),
        )
        sizes = self.size_notes(published, KB, "KB")
        notes = (_PLAN, *sizes, *self.heartbeat_notes(demand))
        admission = AdmissionLimits() if request.many else _admission(request.options)
        return Metered(usage, notes, tuple(self.checks(request)), admission)

    def checks(self, request: Request) -> Iterator[Check]:
        """Connections, messages and joins of a project, channels of a connection, sizes."""
        demand, channels = request.demand, request.options.channels_per_connection
        published, delivered = publications(demand), demand.messages("to_client")
        yield self.check("connections", demand.connections_peak)
        second = busiest_second(demand, (*published, *delivered))
        yield second.check(f"{_SERVICE}.messages_per_second")
        joins = per_second(demand.new_connections).times(channels)
        yield self.check("joins_per_second", joins)
        yield self.check("channels_per_connection", channels)
        yield self.check("message_max_bytes", largest_bytes(published))


def _admission(options: SupabaseRealtimeOptions) -> AdmissionLimits:
    """Clients are let in as fast as they may join their channels."""
    joins, connections = f"{_SERVICE}.joins_per_second", f"{_SERVICE}.connections"
    return AdmissionLimits(
        new_connections_per_second=limit_value(joins) / options.channels_per_connection,
        counted_per_connection=options.channels_per_connection,
        connections_most=limit_value(connections),
        limits={"new_connections_per_second": joins, "connections_most": connections},
    )
