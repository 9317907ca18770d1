"""Supabase."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import most_in_month
from estimator.deployments.base import Metered, Request, billed_bytes_question
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
from estimator.deployments.saas.own_servers import (
    OWN_SERVERS_NOT_MODELED,
    OwnServerOptions,
    own_servers,
)
from estimator.pricing.lines import Usage
from estimator.units import KB

_SERVICE = "supabase.realtime"
_PLAN = "Priced as the Pro plan without a spend cap; with one, use ends at what is included."


class SupabaseRealtimeOptions(OwnServerOptions):
    """Choices for Supabase Realtime."""

    compute: Literal[
        "micro", "small", "medium", "large", "xl", "2xl", "4xl", "8xl", "12xl", "16xl"
    ] = "micro"
    """Size of the Postgres server that every project has. Default: the smallest of paid plans, on
    which new projects start; broadcasts do not pass through it. Say a larger one if your own data
    is there."""

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
        "disk of the database beyond what the plan includes",
        "presence and database changes, which count as messages too",
        "the protocol around each message, which counts as data out",
        *OWN_SERVERS_NOT_MODELED,
    )

    def meter(self, request: Request) -> Metered:
        """The plan, the peak of connections, messages, and data out."""
        demand = request.demand
        published, delivered = publications(demand), demand.messages("to_client")
        compute, own = request.options.compute, own_servers(request)
        usage = (
            plan_month("supabase.plan.pro_months"),
            Usage(
                f"supabase.compute.{compute}_hours",
                np.asarray(demand.hours_per_month),
                f"one project on the {compute} size, all month",
            ),
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
            *own.usage,
        )
        sizes = self.size_notes(published, KB, "KB")
        notes = (_PLAN, *own.notes, *sizes, *self.heartbeat_notes(demand))
        admission = AdmissionLimits if request.many else partial(_admission, request.options)
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
