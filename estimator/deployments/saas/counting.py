"""What publish-subscribe services count, and which plan of fixed size holds it.

A message counts once when it is published and once per recipient. Signing in and subscribing are
commands of such a service and no messages (Pusher says so, the others do not list them); what the
server sends to a client after it connected is published by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from typing import Literal

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments.base import Deployment, Request, from_clients, from_server
from estimator.deployments.limits import BusiestSecond, Check, limit_value
from estimator.files import Sourced, load_rows
from estimator.format import capitalized, range_text, value_text
from estimator.pricing.lines import Usage
from estimator.scenario.sizes import PayloadLaw

_LEAST_SHOWN = 1e-4
"""Share of messages that two digits of a percentage can show."""


class SaasService(Deployment):
    """A managed service, whose limits are told by its plan, its notes and what it lets in."""

    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        """None: how full a plan may get is for the choice of the plan, and the notes, to say."""
        return ()

    def size_notes(
        self, streams: Iterable[MessageStream], unit_bytes: float, unit: str
    ) -> Iterator[str]:
        """Which messages are larger than the service lets through."""
        most_bytes = limit_value(f"{self.id}.message_max_bytes")
        return size_notes(streams, most_bytes, f"{most_bytes / unit_bytes:,g} {unit}")


def plan_month(meter_id: str) -> Usage:
    """One month of the plan that everybody needs."""
    text = "one month, whatever its length; comes with the amounts that are included"
    return Usage(meter_id, np.ones(()), text)


def publications(demand: Demand) -> tuple[MessageStream, ...]:
    """Every message once, however many receive it."""
    return from_clients(demand) + from_server(demand)


def before_batching(demand: Demand) -> Demand:
    """The demand as it is published where the service puts messages together, and not a client."""
    return replace(
        demand, streams=tuple(s.batched.messages if s.batched else s for s in demand.streams)
    )


def echoes(demand: Demand) -> tuple[MessageStream, ...]:
    """Clients' own messages that come back to them, of flows that do not have them already."""
    return tuple(s for s in from_clients(demand) if not s.echo)


def in_steps(
    demand: Demand, streams: Iterable[MessageStream], step_bytes: int | None
) -> FloatArray:
    """Messages per month in started steps of so many bytes, or as they are without a step."""
    parts = (s.steps_per_hour(step_bytes) if step_bytes else s.per_hour for s in streams)
    return demand.per_month(total(parts))


def messages_count(demand: Demand, streams: Iterable[MessageStream]) -> str:
    """Messages per month, for a person."""
    return range_text(in_steps(demand, streams, None))


def audience(demand: Demand) -> FloatArray:
    """Most connections that share a message, its sender included; at least 1."""
    shared = (
        np.asarray(s.copies + 1.0 if s.kind == "sent" else s.copies)
        for s in demand.streams
        if s.kind in ("sent", "published")
    )
    return reduce(np.maximum, shared, np.ones(()))


def groups(connections: Weekly, size: FloatArray) -> Weekly:
    """Channels, rooms or objects that are open while connections are, on average in each hour.

    As many as share the connections among them; but an open connection needs one, however few they
    are. Of a mean of m connections some is open for 1 - exp(-m) of the time (M/G/infinity).

    >>> fifty = Weekly.of(np.array([100.0, 5.0, 0.5]), np.ones(168))
    >>> groups(fifty, np.asarray(50.0)).peak.round(3)
    array([2.   , 0.993, 0.393])
    """
    mean = connections.hourly
    found = np.asarray(mean / size[..., None])
    few = found < 1
    found[few] = np.maximum(found[few], -np.expm1(-np.broadcast_to(mean, found.shape)[few]))
    return from_hours(found)


def group_size(given: float | None, demand: Demand) -> tuple[FloatArray, str]:
    """Connections of each channel, room or object, and in words where the figure comes from."""
    if given is not None:
        return np.asarray(given), f"{range_text(given)} connections each, as given"
    size = audience(demand)
    return size, (
        f"{range_text(size)} connections each, the most that share a message, its sender included"
    )


def size_notes(streams: Iterable[MessageStream], most_bytes: float, unit: str) -> Iterator[str]:
    """Which messages are larger than the service lets through."""
    sizes: dict[str, tuple[float, PayloadLaw]] = {}
    for stream in streams:
        largest = float(np.max(stream.payload.largest))
        if largest > sizes.get(stream.name, (0.0, None))[0]:
            sizes[stream.name] = largest, stream.payload
    for name, (largest, payload) in sizes.items():
        if largest > most_bytes:
            share = float(np.max(payload.share_above(most_bytes)))
            shown = f"{share:.2%}" if share >= _LEAST_SHOWN else f"less than {_LEAST_SHOWN:.2%}"
            yield (
                f"Messages are limited to {unit}: {shown} of '{name}' must be split or sent "
                f"another way, which is not counted; the largest have {largest:,.0f} bytes."
            )


Need = Literal[
    "peak_connections",
    "peak_channels",
    "messages_per_day",
    "messages_per_hour",
    "messages_per_second",
    "new_connections_per_second",
]
_IN_WORDS: Mapping[Need, str] = {
    "peak_connections": "connections at once",
    "peak_channels": "channels at once",
    "messages_per_day": "messages per day",
    "messages_per_hour": "messages per hour",
    "messages_per_second": "messages per second",
    "new_connections_per_second": "new connections per second",
}
_ROUNDING_NOISE = 1e-9
"""Of a limit; must not make the next plan necessary."""


class Plan(Sourced):
    """A plan or package at a fixed fee, and how much it holds; None is no limit of the plan."""

    vendor: str
    plan: str
    """The vendor's name."""
    meter: str
    """The meter of its monthly fee."""
    peak_connections: float | None = None
    """Open connections at once."""
    peak_channels: float | None = None
    """Active channels at once."""
    messages_per_day: float | None = None
    messages_per_hour: float | None = None
    messages_per_second: float | None = None
    new_connections_per_second: float | None = None
    monthly_active_users: float | None = None

    def limit(self, need: Need) -> float:
        """How much of it the plan holds."""
        limit: float | None = getattr(self, need)
        return np.inf if limit is None else limit

    def holds(self, needs: Mapping[Need, FloatArray]) -> npt.NDArray[np.bool_]:
        """Whether it holds all that is needed, shape (*many,)."""
        each = (need <= self.limit(name) * (1 + _ROUNDING_NOISE) for name, need in needs.items())
        return np.logical_and.reduce(np.broadcast_arrays(*each))

    def in_words(self, needs: Mapping[Need, FloatArray]) -> str:
        """What it holds of all that is needed."""
        return ", ".join(f"{self.limit(need):,.0f} {_IN_WORDS[need]}" for need in needs)


def find_plans(vendor: str) -> list[Plan]:
    """The plans of a vendor, the smallest first."""
    return [plan for plan in load_rows("saas/plans.csv", Plan) if plan.vendor == vendor]


def plan_admission(vendor: str, needs: Mapping[Need, FloatArray]) -> AdmissionLimits:
    """What the plan that ``plan_fees`` takes lets in; open to all for many scenarios at once."""
    plans = find_plans(vendor)
    if any(np.ndim(need) for need in needs.values()):
        return AdmissionLimits()
    plan = next((one for one in plans if np.all(one.holds(needs))), plans[-1])
    return AdmissionLimits(
        new_connections_per_second=plan.limit("new_connections_per_second"),
        connections_most=plan.limit("peak_connections"),
    )


def burst_notes(vendor: str, second: BusiestSecond) -> Iterator[str]:
    """How long the largest burst takes on the largest plan, if that is more than a second."""
    if burst := second.longest(find_plans(vendor)[-1].limit("messages_per_second")):
        yield f"{capitalized(str(burst))}."


def plan_fees(
    vendor: str, needs: Mapping[Need, FloatArray]
) -> tuple[tuple[Usage, ...], tuple[str, ...]]:
    """One month of the smallest plan that holds all needs, or of the largest plan there is.

    Args:
        vendor: whose plans.
        needs: how much is needed in the busiest second, hour or day, one number per scenario.

    Returns:
        One line for each plan that some scenario takes, 1 where it does and 0 elsewhere; and a
        note if the largest plan holds too little.
    """
    plans = find_plans(vendor)
    unserved = np.full(np.broadcast_shapes(*(np.shape(need) for need in needs.values())), True)
    wanted = ", ".join(
        f"{range_text(need, value_text)} {_IN_WORDS[name]}" for name, need in needs.items()
    )
    fees: list[Usage] = []
    for plan in plans:
        enough = plan.holds(needs)
        takes = unserved & enough
        unserved = unserved & ~enough
        if plan is plans[-1]:
            takes = takes | unserved
        if np.any(takes):
            formula = f"one month, whatever its length, of a plan for {plan.in_words(needs)}; "
            fees.append(Usage(plan.meter, takes.astype(np.float64), f"{formula}needed: {wanted}"))
    if not np.any(unserved):
        return tuple(fees), ()
    largest = plans[-1]
    who = "The workload does" if np.all(unserved) else "Some of the workloads do"
    return tuple(fees), (
        f"{who} not fit any plan with a published price: {wanted} are needed, and the "
        f"largest plan, {largest.plan}, ends at {largest.in_words(needs)}. Its fee is on the bill; "
        "only a plan negotiated with the vendor would suffice, at its own price.",
    )
