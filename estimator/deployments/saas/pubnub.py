"""PubNub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import from_hours, total
from estimator.deployments.base import Metered, Options, Request
from estimator.deployments.connection_rates import busiest_second_of_connection
from estimator.deployments.limits import Check, largest_bytes, limit_value
from estimator.deployments.saas.counting import (
    SaasService,
    echoes,
    group_size,
    in_steps,
    messages_count,
    most_groups,
    per_channel,
    publications,
)
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import KIB, SECONDS_PER_HOUR

_SERVICE = "pubnub.transactions"
_RARE, _MANY = 1e-9, 700.0
"""Messages within a call beyond which the share of empty calls no longer changes."""


class PubNubTransactionsOptions(Options):
    """Choices for PubNub's pricing by transactions."""

    echo: bool = True
    """Whether clients get their own messages back, which counts; so it is unless a filter of each
    client keeps them out."""
    connections_per_channel: Annotated[float, Field(gt=0)] | None = None
    """Connections that share a channel, which the vendor advises not to publish to too often.
    Default: the most that share a message."""


class PubNubTransactions(SaasService):
    """PubNub, priced by transactions: publishing is replicated, delivery happens at the edge.

    No limit of connections was published, so admission is not limited.

    Prices: https://www.pubnub.com/docs/general/resources/pricing ; what counts:
    https://www.pubnub.com/docs/transaction-classification
    """

    options = PubNubTransactionsOptions
    questions = (
        Assumption(
            id="empty_calls",
            question="Does a subscribe call that brings no message count as an edge transaction?",
            choices={
                "no": "only calls that deliver a message count",
                "yes": "the first call of a connection and every call that ends without a message "
                "count as well",
            },
            evidence="The vendor calls every API request a transaction, but its example of a "
            "message to 100 subscribers counts deliveries only; no text says whether calls that "
            "end after 280 seconds of silence are billed.",
        ),
    )
    not_modeled = (
        "plans priced per monthly active user: a scenario does not say how many people there are",
        "presence, history, push and functions, which are transactions too",
        "signals, a cheaper way to publish up to 64 bytes",
        "the delivery of clients' messages to your own servers",
    )

    def meter(self, request: Request) -> Metered:
        """Publications and deliveries in steps of 2 KiB."""
        demand = request.demand
        published, delivered = publications(demand), demand.messages("to_client")
        echoed = echoes(demand) if request.options.echo else ()
        received = (*delivered, *echoed)
        replicated_step = request.step_bytes(f"{_SERVICE}.replicated")
        edge_step = request.step_bytes(f"{_SERVICE}.edge")
        edge = in_steps(demand, received, edge_step)
        edge_text = (
            f"{messages_count(demand, delivered)} delivered, {messages_count(demand, echoed)} "
            f"echoed to their senders, in started steps of {edge_step // KIB} KiB"
        )
        if request.answers["empty_calls"] == "yes":
            edge = edge + _empty_calls(demand, received)
            edge_text += ", and calls that bring no message"
        usage = (
            Usage(
                f"{_SERVICE}.replicated",
                in_steps(demand, published, replicated_step),
                f"{messages_count(demand, published)} published, in started steps of "
                f"{replicated_step // KIB} KiB",
            ),
            Usage(f"{_SERVICE}.edge", edge, edge_text),
        )
        note = (
            "Transaction prices are offered on request; published plans are priced per active user."
        )
        sizes = self.size_notes(published, KIB, "KiB")
        notes = (note, *sizes, *self.heartbeat_notes(demand))
        return Metered(usage, notes, tuple(self.checks(request)))

    def checks(self, request: Request) -> Iterator[Check]:
        """What a channel and a subscriber carry, and sizes."""
        demand, options = request.demand, request.options
        published, delivered = publications(demand), demand.messages("to_client")
        size, _ = group_size(options.connections_per_channel, demand)
        channels = most_groups(demand.connections_peak, size)
        yield self.check(
            "publishes_per_second_per_channel", per_channel(demand, published, channels)
        )
        received = (*delivered, *echoes(demand)) if options.echo else delivered
        yield self.check(
            "messages_out_per_second_per_connection",
            busiest_second_of_connection(demand, received),
        )
        yield self.check("message_max_bytes", largest_bytes(published))


def _empty_calls(demand: Demand, received: tuple[MessageStream, ...]) -> FloatArray:
    """First calls of connections, and calls that end because nothing came in time.

    Messages that come by chance, at rate r, keep a call of length T waiting in vain with
    probability exp(-rT): between two messages it ends empty 1 / (exp(rT) - 1) times on average.
    """
    timeout_hours = limit_value(f"{_SERVICE}.subscribe_timeout") / SECONDS_PER_HOUR
    connections = demand.connections.hourly
    messages = total(s.per_hour for s in received).hourly
    each = messages * timeout_hours / np.where(connections > 0, connections, 1.0)
    # where messages are rare one call follows the other; where they are many none ends empty
    each = np.clip(each, _RARE, _MANY)
    ended = from_hours(connections * each / np.expm1(each) / timeout_hours)
    return demand.per_month(demand.new_connections) + demand.per_month(ended)
