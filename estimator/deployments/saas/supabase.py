"""Supabase."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand, most_in_month
from estimator.deployments.base import Metered, Options, Request, billed_bytes_question
from estimator.deployments.limits import admission_at, busiest_second, limit_value, per_second
from estimator.deployments.saas.counting import (
    SaasService,
    in_steps,
    messages_count,
    plan_month,
    publications,
)
from estimator.format import capitalized, range_text
from estimator.pricing.lines import Usage
from estimator.units import KB

_SERVICE = "supabase.realtime"


class SupabaseRealtimeOptions(Options):
    """Choices for Supabase Realtime: there are none."""


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
        admission = admission_at(
            new_connections_per_second=f"{_SERVICE}.joins_per_second",
            connections_most=f"{_SERVICE}.connections",
        )
        sizes = self.size_notes(published, KB, "KB")
        notes = (*_notes(demand), *sizes, *self.heartbeat_notes(demand))
        return Metered(usage, notes, admission=AdmissionLimits() if request.many else admission)


def _notes(demand: Demand) -> Iterator[str]:
    yield "Priced as the Pro plan without a spend cap; with one, use ends at what is included."
    second = busiest_second(demand, (*publications(demand), *demand.messages("to_client")))
    needed = {
        "connections": (demand.peak_connections, "connections at once"),
        "messages_per_second": (second.used.peak, "messages per second, in and out"),
        "joins_per_second": (per_second(demand.new_connections).peak, "joins per second"),
    }
    for name, (of_week, words) in needed.items():
        need, quota = most_in_month(demand, of_week), limit_value(f"{_SERVICE}.{name}")
        if np.any(need > quota):
            yield (
                f"The busiest hour needs {range_text(need)} {words}. A project has {quota:,.0f}; "
                "only the vendor's support raises that, perhaps at another price."
            )
    if burst := second.longest(limit_value(f"{_SERVICE}.messages_per_second")):
        yield f"{capitalized(str(burst))}."
