"""PubNub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, most_in_month
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import from_hours, total
from estimator.deployments.base import Metered, Request
from estimator.deployments.connection_rates import busiest_second_of_connection
from estimator.deployments.limits import Check, check, largest_bytes, limit_value
from estimator.deployments.saas.counting import (
    SaasService,
    echoes,
    group_size,
    in_steps,
    messages_count,
    most_groups,
    per_channel,
    publications,
    size_notes,
)
from estimator.deployments.saas.own_servers import (
    OWN_SERVERS_NOT_MODELED,
    OwnServerOptions,
    own_servers,
)
from estimator.deployments.saas.plans import ChosenPlan
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.scenario.clients import MAIN
from estimator.scenario.model import ManyPositive
from estimator.units import KIB, SECONDS_PER_HOUR

_NETWORK = "pubnub.network"
_MAU = "pubnub.active_users"
_TRANSACTIONS = "pubnub.transactions"
_RARE, _MANY = 1e-9, 700.0
"""Messages within a call beyond which the share of empty calls no longer changes."""


class PubNubOptions(OwnServerOptions):
    """Choices that do not depend on what is priced."""

    echo: bool = True
    """Whether clients get their own messages back, which counts; so it is unless a filter of each
    client keeps them out."""
    connections_per_channel: Annotated[float, Field(gt=0)] | None = None
    """Connections that share a channel, which the vendor advises not to publish to too often.
    Default: the most that share a message."""


class PubNubActiveUsersOptions(PubNubOptions):
    """Choices for PubNub's pricing by active users."""

    monthly_active_users: ManyPositive | None = None
    """People who connect at least once in a calendar month. Default: the users per day of the
    scenario, or the connections at the peak where it gives none. Assumption: the same people come
    every day, each on one connection; of an application whose people change from day to day there
    are several times as many."""


class PubNubTransactionsOptions(PubNubOptions):
    """Choices for PubNub's pricing by transactions."""


class _PubNub(SaasService):
    """PubNub, whatever is priced. No limit of connections was published, so all are admitted."""

    def network_checks(self, request: Request) -> Iterator[Check]:
        """What a channel and a subscriber carry, and sizes."""
        demand, options = request.demand, request.options
        published = publications(demand)
        size, _ = group_size(options.connections_per_channel, demand)
        channels = most_groups(demand.connections_peak, size)
        yield check(
            f"{_NETWORK}.publishes_per_second_per_channel",
            per_channel(demand, published, channels),
        )
        yield check(
            f"{_NETWORK}.messages_out_per_second_per_connection",
            busiest_second_of_connection(demand, _received(request)),
        )
        yield check(f"{_NETWORK}.message_max_bytes", largest_bytes(published))

    def network_notes(self, demand: Demand) -> Iterator[str]:
        """Which messages are too large, and what pings are."""
        most_bytes = limit_value(f"{_NETWORK}.message_max_bytes")
        yield from size_notes(publications(demand), most_bytes, f"{most_bytes / KIB:,g} KiB")
        yield from self.heartbeat_notes(demand)


class PubNubActiveUsers(_PubNub):
    """PubNub, priced by the people who connect in a month.

    Plans: https://www.pubnub.com/pricing/ ; an active user is one who connects at least once in a
    calendar month.
    """

    options = PubNubActiveUsersOptions
    questions = (
        Assumption(
            id="transactions_beyond",
            question="Are transactions beyond those of an ordinary user billed on top of a plan by "
            "active users?",
            choices={
                "no": "messages are part of the plan, however many there are",
                "yes": "what goes beyond the transactions per user that are taken for ordinary is "
                "billed at the prices per transaction",
            },
            evidence="One plan file of 2026-05-08 reads the pricing page as including messages; "
            "the vendor's own text on fair use was not found. Ably's pricing per active user "
            "billed what went beyond 20,000 messages per user and month.",
        ),
    )
    not_modeled = (
        "what the vendor grants large accounts: beyond the largest published plan prices are "
        "negotiated",
        "stored messages beyond what the plan keeps, and files",
        *OWN_SERVERS_NOT_MODELED,
    )

    @cached_property
    def _most_users(self) -> float:
        """Active users of the largest plan with a published price."""
        return limit_value(f"{_MAU}.monthly_active_users")

    def meter(self, request: Request) -> Metered:
        """The smallest plan for so many users, and those beyond the largest."""
        demand, most = request.demand, self._most_users
        users, users_text = _monthly_active_users(request)
        replicated, edge = _transactions(request)
        plan = ChosenPlan(
            _MAU,
            {
                "monthly_active_users": np.minimum(users, most),
                "transactions_per_month": replicated + edge,
            },
        )
        usage = list(plan.fees)
        further = np.maximum(users - most, 0.0)
        if np.any(further > 0):
            usage.append(
                Usage(
                    "pubnub.mau.further_users",
                    further,
                    f"active users beyond the {most:,.0f} of the largest plan with a published "
                    "price",
                )
            )
        if request.answers["transactions_beyond"] == "yes":
            ordinary = users * limit_value(f"{_MAU}.transactions_per_user")
            counted = np.maximum(replicated + edge, 1.0)
            beyond = np.maximum(1 - ordinary / counted, 0.0)
            text = f"the part of them beyond {range_text(ordinary)} transactions of both kinds"
            usage += [
                Usage(f"{_TRANSACTIONS}.replicated", replicated * beyond, f"{text}: publications"),
                Usage(f"{_TRANSACTIONS}.edge", edge * beyond, f"{text}: deliveries"),
            ]
        own = own_servers(request)
        notes = (
            f"Priced for {range_text(users)} active users per month: {users_text} "
            "(monthly_active_users).",
            *own.notes,
            *self.network_notes(demand),
        )
        return Metered((*usage, *own.usage), notes, tuple(self.checks(request)))

    def checks(self, request: Request) -> Iterator[Check]:
        """Users of the plan and what each of them may send; what the network carries."""
        users, _ = _monthly_active_users(request)
        yield self.check("monthly_active_users", users)
        yield self.check(
            "transactions_per_user", sum(_transactions(request)) / np.maximum(users, 1.0)
        )
        yield from self.network_checks(request)


class PubNubTransactions(_PubNub):
    """PubNub, priced by transactions: publishing is replicated, delivery happens at the edge.

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
        "presence, history, push and functions, which are transactions too",
        "signals, a cheaper way to publish up to 64 bytes",
        *OWN_SERVERS_NOT_MODELED,
    )

    def meter(self, request: Request) -> Metered:
        """Publications and deliveries in steps of 2 KiB."""
        demand = request.demand
        published, delivered = publications(demand), demand.messages("to_client")
        echoed = echoes(demand) if request.options.echo else ()
        replicated_step = request.step_bytes(f"{_TRANSACTIONS}.replicated")
        edge_step = request.step_bytes(f"{_TRANSACTIONS}.edge")
        replicated, edge = _transactions(request)
        edge_text = (
            f"{messages_count(demand, delivered)} delivered, {messages_count(demand, echoed)} "
            f"echoed to their senders, in started steps of {edge_step // KIB} KiB"
        )
        if request.answers["empty_calls"] == "yes":
            edge = edge + _empty_calls(demand, (*delivered, *echoed))
            edge_text += ", and calls that bring no message"
        own = own_servers(request)
        usage = (
            Usage(
                f"{_TRANSACTIONS}.replicated",
                replicated,
                f"{messages_count(demand, published)} published, in started steps of "
                f"{replicated_step // KIB} KiB",
            ),
            Usage(f"{_TRANSACTIONS}.edge", edge, edge_text),
            *own.usage,
        )
        note = (
            "Transaction prices are offered on request; published plans are priced per active "
            f"user ({_MAU})."
        )
        notes = (note, *own.notes, *self.network_notes(demand))
        return Metered(usage, notes, tuple(self.checks(request)))

    def checks(self, request: Request) -> Iterator[Check]:
        """What the network carries."""
        return self.network_checks(request)


def _received(request: Request) -> tuple[MessageStream, ...]:
    """What clients receive, with their own messages where these come back."""
    delivered = request.demand.messages("to_client")
    return (*delivered, *echoes(request.demand)) if request.options.echo else delivered


def _transactions(request: Request) -> tuple[FloatArray, FloatArray]:
    """Publications and deliveries per month, each in started steps."""

    def counted(meter: str, streams: Iterable[MessageStream]) -> FloatArray:
        return in_steps(request.demand, streams, request.step_bytes(f"{_TRANSACTIONS}.{meter}"))

    return (
        counted("replicated", publications(request.demand)),
        counted("edge", _received(request)),
    )


def _monthly_active_users(request: Request) -> tuple[FloatArray, str]:
    """People who connect in a month, and in words where the figure comes from."""
    if (given := request.options.monthly_active_users) is not None:
        return np.asarray(given), "as given"
    demand, users, stated = request.demand, np.zeros(()), False
    for name, audience in (request.audiences or {MAIN: None}).items():
        kind = demand.by_kind.get(name, demand)
        of_kind = most_in_month(kind, kind.peak_connections)
        if audience is not None and audience.users_per_day is not None:
            of_kind, stated = np.maximum(audience.users_per_day, of_kind), True
        users = users + of_kind
    counted = "the users per day" if stated else "the connections at the peak"
    return users, f"{counted}, as if the same people came every day"


def _empty_calls(demand: Demand, received: tuple[MessageStream, ...]) -> FloatArray:
    """First calls of connections, and calls that end because nothing came in time.

    Messages that come by chance, at rate r, keep a call of length T waiting in vain with
    probability exp(-rT): between two messages it ends empty 1 / (exp(rT) - 1) times on average.
    """
    timeout_hours = limit_value(f"{_NETWORK}.subscribe_timeout") / SECONDS_PER_HOUR
    connections = demand.connections.hourly
    messages = total(s.per_hour for s in received).hourly
    each = messages * timeout_hours / np.where(connections > 0, connections, 1.0)
    # where messages are rare one call follows the other; where they are many none ends empty
    each = np.clip(each, _RARE, _MANY)
    ended = from_hours(connections * each / np.expm1(each) / timeout_hours)
    return demand.per_month(demand.new_connections) + demand.per_month(ended)
