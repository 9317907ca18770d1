"""Ably."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import most_in_month
from estimator.demand.weekly import total
from estimator.deployments.base import Metered, Options, Request, minutes_rounded_up
from estimator.deployments.limits import busiest_second, limit_value, per_second
from estimator.deployments.saas import counting
from estimator.pricing.lines import Usage
from estimator.units import KIB, MINUTES_PER_HOUR

_SERVICE = "ably.per_minute"


class AblyPerMinuteOptions(Options):
    """Choices for Ably's pricing per minute."""

    echo: bool = True
    """Whether clients get their own messages back, which counts; the vendor's default."""
    connections_per_channel: Annotated[float, Field(gt=0)] | None = None
    """Connections that share a channel. Default: the most that share a message."""


class AblyPerMinute(counting.SaasService):
    """Ably Pub/Sub, priced by messages, connection minutes and channel minutes.

    Prices: https://ably.com/docs/platform/pricing/resource-based ; what counts as a message:
    https://ably.com/docs/platform/pricing/message-counting ; minutes are rounded up:
    https://ably.com/docs/platform/pricing/billing
    """

    options = AblyPerMinuteOptions
    not_modeled = (
        "volume discounts, which Ably announces without publishing tiers",
        "the Free package for the smallest workloads",
        "bandwidth above 5 KiB a message, which payload counted in steps of 5 KiB never reaches",
        "presence, history, push and integrations, which count as messages too",
        "the delivery of clients' messages to your own servers",
        "the minute for which a channel stays active after its last client leaves",
    )

    def meter(self, request: Request) -> Metered:
        """Messages in 5-KiB steps, connection and channel minutes, and the package."""
        demand, options = request.demand, request.options
        step_bytes = request.step_bytes(f"{_SERVICE}.messages")
        # batches are made by Ably, to which each message is published
        published = counting.publications(counting.before_batching(demand))
        delivered = demand.messages("to_client")
        echoed = counting.echoes(demand) if options.echo else ()
        size, size_text = counting.group_size(options.connections_per_channel, demand)
        lost, lost_text = minutes_rounded_up(demand)
        channels = counting.groups(demand.connections, size)
        counted = (*published, *delivered, *echoed)
        second = busiest_second(demand, counted)
        needs: dict[counting.Need, FloatArray] = {
            "peak_connections": demand.peak_connections,
            "peak_channels": counting.groups(demand.connections_peak, size).peak,
            "messages_per_hour": total(s.per_hour for s in counted).peak,
            "messages_per_second": second.used.peak,
            "new_connections_per_second": per_second(demand.new_connections).peak,
        }
        needs = {name: most_in_month(demand, need) for name, need in needs.items()}
        fees, fit_notes = counting.plan_fees("ably", needs)
        usage = (
            *fees,
            Usage(
                f"{_SERVICE}.connection_minutes",
                demand.per_month(demand.connections) * MINUTES_PER_HOUR + lost,
                f"open connections x 60 minutes x hours of the month{lost_text}",
            ),
            Usage(
                f"{_SERVICE}.channel_minutes",
                demand.per_month(channels) * MINUTES_PER_HOUR,
                f"open channels x 60 minutes x hours of the month; {size_text}",
            ),
            Usage(
                f"{_SERVICE}.messages",
                counting.in_steps(demand, counted, step_bytes),
                f"{counting.messages_count(demand, published)} published, "
                f"{counting.messages_count(demand, delivered)} delivered, "
                f"{counting.messages_count(demand, echoed)} echoed to their senders, in started "
                "steps of "
                f"{step_bytes // KIB} KiB",
            ),
        )
        admission = counting.plan_admission("ably", needs)
        notes = (
            *fit_notes,
            *_notes(request, fees),
            *self.heartbeat_notes(demand),
            *counting.burst_notes("ably", second),
        )
        return Metered(usage, notes, admission=admission)


def _notes(request: Request, fees: tuple[Usage, ...]) -> Iterator[str]:
    yield (
        "Closed to new accounts, which pay per monthly active user; no price for that model was "
        "found."
    )
    standard = any(fee.meter_id == f"{_SERVICE}.standard_package_months" for fee in fees)
    package = "standard" if standard else "pro"
    most_bytes = limit_value(f"{_SERVICE}.{package}_message_max_bytes")
    unit = f"{most_bytes / KIB:g} KiB on the {package.title()} package"
    yield from counting.size_notes(counting.publications(request.demand), most_bytes, unit)
