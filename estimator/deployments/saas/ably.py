"""Ably."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import most_in_month
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import (
    Metered,
    Request,
    from_clients,
    minutes_rounded_up,
)
from estimator.deployments.connection_rates import busiest_second_of_connection
from estimator.deployments.limits import (
    BusiestSecond,
    Check,
    busiest_second,
    largest_bytes,
    per_second,
)
from estimator.deployments.saas import counting
from estimator.deployments.saas.own_servers import (
    OWN_SERVERS_NOT_MODELED,
    OwnServerOptions,
    own_servers,
)
from estimator.deployments.saas.plans import ChosenPlan, Need
from estimator.pricing.lines import Usage
from estimator.units import GIB, KIB, MINUTES_PER_HOUR

_SERVICE = "ably.per_minute"
_CLOSED = (
    "Closed to new accounts, which pay per monthly active user; no price for that model was found."
)


class AblyPerMinuteOptions(OwnServerOptions):
    """Choices for Ably's pricing per minute."""

    echo: bool = True
    """Whether clients get their own messages back, which counts; the vendor's default."""
    connections_per_channel: Annotated[float, Field(gt=0)] | None = None
    """Connections that share a channel. Default: the most that share a message."""
    channels_per_connection: Annotated[float, Field(gt=0)] = 1
    """Channels that a client attaches to. Assumption: one."""
    persisted_share: Annotated[float, Field(ge=0, le=1)] = 0
    """Share of the published messages that are stored, each of which counts once more; 1 where
    every channel persists its messages, which append rollup needs."""
    append_rollup: bool = False
    """Whether what the server sends is put together before it is published, so that a batch of a
    flow counts once as published, and not each of its messages (append rollup of AI Transport). The
    vendor's window is 40 ms by default: give it as the batch of the flow."""


class AblyPerMinute(counting.SaasService):
    """Ably Pub/Sub, priced by messages, connection minutes and channel minutes.

    Prices: https://ably.com/docs/platform/pricing/resource-based ; what counts as a message:
    https://ably.com/docs/platform/pricing/message-counting ; minutes are rounded up:
    https://ably.com/docs/platform/pricing/billing ; append rollup:
    https://ably.com/docs/ai-transport/features/token-streaming
    """

    options = AblyPerMinuteOptions
    not_modeled = (
        "volume discounts, which Ably announces without publishing tiers",
        "the Free package for the smallest workloads",
        "bandwidth above 5 KiB a message, which payload counted in steps of 5 KiB never reaches",
        "batches of a channel with messages of several flows: each flow has batches of its own",
        "presence, reading history, push and integrations, which count as messages too",
        *OWN_SERVERS_NOT_MODELED,
        "the minute for which a channel stays active after its last client leaves",
    )

    def meter(self, request: Request) -> Metered:
        """Messages in 5-KiB steps, connection and channel minutes, and the package."""
        demand = request.demand
        asked = _Asked.of(request)
        step_bytes = request.step_bytes(f"{_SERVICE}.messages")
        lost, lost_text = minutes_rounded_up(demand)
        own = own_servers(request)
        # what is stored fills none of the limits, which are of what is sent and received
        persisted = request.options.persisted_share * counting.in_steps(
            demand, asked.published, step_bytes
        )
        usage = (
            *asked.plan.fees,
            Usage(
                f"{_SERVICE}.connection_minutes",
                demand.per_month(demand.connections) * MINUTES_PER_HOUR + lost,
                f"open connections x 60 minutes x hours of the month{lost_text}",
            ),
            Usage(
                f"{_SERVICE}.channel_minutes",
                demand.per_month(_channels(request)) * MINUTES_PER_HOUR,
                f"open channels x 60 minutes x hours of the month; {_size(request)[1]}",
            ),
            Usage(
                f"{_SERVICE}.messages",
                counting.in_steps(demand, asked.counted, step_bytes) + persisted,
                f"{counting.messages_count(demand, asked.published)} published, "
                f"{_persisted_text(request.options.persisted_share)}"
                f"{counting.messages_count(demand, asked.delivered)} delivered, "
                f"{counting.messages_count(demand, asked.echoed)} echoed to their senders, in "
                "started steps of "
                f"{step_bytes // KIB} KiB",
            ),
            *own.usage,
        )
        notes = (
            _CLOSED,
            *asked.plan.notes,
            *own.notes,
            *_size_notes(asked),
            *self.heartbeat_notes(demand),
        )
        return Metered(usage, notes, tuple(self._checks(request, asked)), asked.plan.admission)

    def checks(self, request: Request) -> Iterator[Check]:
        """All that the package holds, and what a channel and a connection carry."""
        return self._checks(request, _Asked.of(request))

    def _checks(self, request: Request, asked: _Asked) -> Iterator[Check]:
        demand, plan = request.demand, asked.plan
        for need, used in asked.used.items():
            yield plan.check(need, used)
        yield plan.check_second("messages_per_second", asked.second)
        yield self.check(
            "publishes_per_second_per_channel",
            counting.per_channel(demand, asked.published, _most_channels(request)),
        )
        sent = from_clients(counting.before_batching(demand))
        yield self.check(
            "messages_in_per_second_per_connection", busiest_second_of_connection(demand, sent)
        )
        yield self.check(
            "messages_out_per_second_per_connection",
            busiest_second_of_connection(demand, (*asked.delivered, *asked.echoed)),
        )
        yield self.check("channels_per_connection", request.options.channels_per_connection)


@dataclass(frozen=True)
class _Asked:
    """What is asked of a package, counted once for the bill and for the limits."""

    published: tuple[MessageStream, ...]
    """Each message once; batches are made by Ably, to which each message is published, unless
    appends are rolled up before."""
    delivered: tuple[MessageStream, ...]
    echoed: tuple[MessageStream, ...]
    used: Mapping[Need, Weekly | FloatArray]
    second: BusiestSecond
    plan: ChosenPlan

    @property
    def counted(self) -> tuple[MessageStream, ...]:
        """All messages that count."""
        return (*self.published, *self.delivered, *self.echoed)

    @classmethod
    def of(cls, request: Request) -> _Asked:
        demand, options = request.demand, request.options
        published = counting.publications(
            demand if options.append_rollup else counting.before_batching(demand)
        )
        delivered = demand.messages("to_client")
        echoed = counting.echoes(demand) if options.echo else ()
        counted = (*published, *delivered, *echoed)
        second = busiest_second(demand, counted)
        used = _used(request, counted, published)
        most: dict[Need, FloatArray] = {
            need: most_in_month(demand, each.peak if isinstance(each, Weekly) else each)
            for need, each in used.items()
            if need != "gib_per_month"
        }
        # weeks that differ are added up in it already
        most["gib_per_month"] = np.asarray(used["gib_per_month"])
        most["messages_per_second"] = most_in_month(demand, second.used.peak)
        return cls(published, delivered, echoed, used, second, ChosenPlan(_SERVICE, most))


def _used(
    request: Request, counted: Sequence[MessageStream], published: Sequence[MessageStream]
) -> dict[Need, Weekly | FloatArray]:
    """What is asked of each limit of a package besides the messages per second."""
    demand = request.demand
    in_hour = total(_payload_bytes(s) for s in counted)
    new_channels = demand.new_connections.times(_per_channel(request))
    return {
        "peak_connections": demand.connections_peak,
        "new_connections_per_second": per_second(demand.new_connections),
        "peak_channels": _most_channels(request),
        "new_channels_per_second": per_second(new_channels),
        "messages_per_hour": total(s.per_hour for s in counted),
        "kib_per_second": busiest_second(demand, counted, _payload_bytes).used.times(1 / KIB),
        "gib_per_hour": in_hour.times(1 / GIB),
        "gib_per_month": demand.per_month(in_hour) / GIB,
        "message_max_bytes": largest_bytes(published),
    }


def _persisted_text(share: float) -> str:
    return f"{share:.0%} of these stored, " if share else ""


def _payload_bytes(stream: MessageStream) -> Weekly:
    return stream.bytes_per_hour("payload")


def _size(request: Request) -> tuple[FloatArray, str]:
    """Connections that share a channel, and where the figure comes from."""
    return counting.group_size(request.options.connections_per_channel, request.demand)


def _per_channel(request: Request) -> FloatArray:
    """Channels for each connection, those that others share counted in part."""
    return request.options.channels_per_connection / _size(request)[0]


def _channels(request: Request) -> Weekly:
    """Channels that are open while connections are."""
    attached = request.demand.connections.times(request.options.channels_per_connection)
    return counting.groups(attached, _size(request)[0])


def _most_channels(request: Request) -> FloatArray:
    """Most channels that are open at once, shape (*many,)."""
    attached = request.demand.connections_peak.times(request.options.channels_per_connection)
    return counting.most_groups(attached, _size(request)[0])


def _size_notes(asked: _Asked) -> Iterator[str]:
    most = float(np.max(asked.plan.limit("message_max_bytes")))
    package = asked.plan.plans[int(np.max(asked.plan.index))].plan
    unit = f"{most / KIB:g} KiB on the {package} package"
    return counting.size_notes(asked.published, most, unit)
