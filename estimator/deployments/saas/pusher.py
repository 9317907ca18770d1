"""Pusher."""

from __future__ import annotations

from estimator.arrays import FloatArray
from estimator.demand.demand import most_in_month
from estimator.demand.weekly import total
from estimator.deployments.base import Metered, Options, Request
from estimator.deployments.saas.counting import (
    Need,
    SaasService,
    plan_admission,
    plan_fees,
    publications,
)
from estimator.units import KIB


class PusherChannelsOptions(Options):
    """Choices for Pusher Channels: there are none, the plan follows from the workload."""


class PusherChannels(SaasService):
    """Pusher Channels, priced by plans for so many connections and messages per day.

    Plans: https://pusher.com/channels/pricing ; what counts as a message:
    https://docs.bird.com/pusher/channels/channels/limits/how-is-my-message-count-calculated-in-channels
    """

    options = PusherChannelsOptions
    not_modeled = (
        "presence, webhooks and queries of the REST API, which count as messages too",
        "the delivery of clients' messages to your own servers",
        "the 120 percent of its connections up to which a paid plan carries on",
    )

    def meter(self, request: Request) -> Metered:
        """The smallest plan for the busiest hour's connections and the busiest day's messages."""
        demand = request.demand
        published = publications(demand)
        counted = total(s.per_hour for s in (*published, *demand.messages("to_client")))
        needs: dict[Need, FloatArray] = {
            "peak_connections": demand.peak_connections,
            "messages_per_day": counted.daily.max(axis=-1),
        }
        needs = {name: most_in_month(demand, need) for name, need in needs.items()}
        fees, notes = plan_fees("pusher", needs)
        sizes = self.size_notes(published, KIB, "KB")
        beats = self.heartbeat_notes(demand)
        return Metered(fees, (*notes, *sizes, *beats), admission=plan_admission("pusher", needs))
