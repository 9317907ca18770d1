"""Pusher."""

from __future__ import annotations

from collections.abc import Iterator

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, most_in_month
from estimator.demand.weekly import total
from estimator.deployments.base import Metered, Request, from_clients
from estimator.deployments.connection_rates import busiest_second_of_connection
from estimator.deployments.limits import Check, largest_bytes
from estimator.deployments.saas.counting import SaasService, publications
from estimator.deployments.saas.own_servers import (
    OWN_SERVERS_NOT_MODELED,
    OwnServerOptions,
    own_servers,
)
from estimator.deployments.saas.plans import ChosenPlan
from estimator.units import KIB


class PusherChannelsOptions(OwnServerOptions):
    """Choices for Pusher Channels: of your own servers only, the plan follows from the workload."""


class PusherChannels(SaasService):
    """Pusher Channels, priced by plans for so many connections and messages per day.

    Plans: https://pusher.com/channels/pricing ; what counts as a message:
    https://docs.bird.com/pusher/channels/channels/limits/how-is-my-message-count-calculated-in-channels
    """

    options = PusherChannelsOptions
    not_modeled = (
        "presence and queries of the REST API, which count as messages too",
        *OWN_SERVERS_NOT_MODELED,
        "the 120 percent of its connections up to which a paid plan carries on",
    )

    def meter(self, request: Request) -> Metered:
        """The smallest plan for the busiest hour's connections and the busiest day's messages."""
        demand = request.demand
        per_day = _messages_per_day(demand)
        plan = self._plan(demand, per_day)
        sizes = self.size_notes(publications(demand), KIB, "KB")
        own = own_servers(request)
        notes = (*plan.notes, *own.notes, *sizes, *self.heartbeat_notes(demand))
        checks = tuple(self._checks(demand, plan, per_day))
        return Metered((*plan.fees, *own.usage), notes, checks, plan.admission)

    def checks(self, request: Request) -> Iterator[Check]:
        """Connections and messages of the plan, events of clients, sizes."""
        demand = request.demand
        per_day = _messages_per_day(demand)
        return self._checks(demand, self._plan(demand, per_day), per_day)

    def _checks(self, demand: Demand, plan: ChosenPlan, per_day: FloatArray) -> Iterator[Check]:
        yield plan.check("peak_connections", demand.connections_peak)
        yield plan.check("messages_per_day", per_day)
        sent = busiest_second_of_connection(demand, from_clients(demand))
        yield self.check("client_events_per_second", sent)
        yield self.check("message_max_bytes", largest_bytes(publications(demand)))

    def _plan(self, demand: Demand, per_day: FloatArray) -> ChosenPlan:
        return ChosenPlan(
            self.id,
            {
                "peak_connections": most_in_month(demand, demand.peak_connections),
                "messages_per_day": most_in_month(demand, per_day),
            },
        )


def _messages_per_day(demand: Demand) -> FloatArray:
    """Published and delivered on the busiest day, shape (*many,)."""
    counted = (*publications(demand), *demand.messages("to_client"))
    return total(s.per_hour for s in counted).daily.max(axis=-1)
