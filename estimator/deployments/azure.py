"""Microsoft Azure."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from estimator.demand.demand import Weekly, from_hours, largest, total
from estimator.deployments.deployment import (
    Deployment,
    Metered,
    Options,
    Request,
    spread,
    traffic_assumption,
)
from estimator.deployments.limits import find_limit, limit_value
from estimator.pricing.bill import Assumption, Usage
from estimator.scenario.model import FloatArray
from estimator.units import HOURS_PER_DAY, HOURS_PER_WEEK, KB, KIB, SECONDS_PER_HOUR

_ID = "azure.web_pubsub"
_ROUNDING_NOISE = 1e-9
"""Of a unit; must not make one unit more."""


class WebPubSubOptions(Options):
    """Choices for Web PubSub."""

    tier: Literal["auto", "standard", "premium"] = "auto"
    """auto: Standard as long as its unit counts suffice, else Premium."""
    scaling: Literal["fixed", "autoscale"] = "fixed"
    """fixed: units for the busiest hour all week; autoscale: units of each hour (Premium only)."""
    headroom: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Share of a unit's connections to plan with; the vendor advises to stay under 0.8."""
    event_handler: bool = True
    """Whether messages from clients are passed on to your own code, which is billed as outbound."""


class WebPubSub(Deployment):
    """Azure Web PubSub, priced by unit-days and by messages beyond those included.

    Metering: https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model
    """

    id = _ID
    title = "Web PubSub"
    cloud = "azure"
    options = WebPubSubOptions
    assumptions = (
        Assumption(
            id=f"{_ID}.small_messages",
            question="Does a delivery below 2 KB count as a whole message?",
            choices={
                "whole": "every delivery is at least one message",
                "by_bytes": "outbound bytes are added up and divided by 2 KB",
            },
            evidence="The billing article defines messages on outbound traffic without rounding; "
            "that of its sister SignalR counts every delivery. Whole is the dearer reading.",
        ),
        Assumption(
            id=f"{_ID}.kilobyte",
            question="Is a KB of the 2-KB step 1,024 or 1,000 bytes?",
            choices={"1024": "2,048 bytes", "1000": "2,000 bytes"},
            evidence="Not stated; the vendor's performance guide uses messages of 2,048 bytes.",
        ),
        Assumption(
            id=f"{_ID}.internet_traffic",
            question="Is outbound traffic also billed as internet egress?",
            choices={
                "no": "outbound traffic is paid for as messages only",
                "yes": "the Bandwidth meter counts it as well",
            },
            evidence="The billing article meters outbound traffic as messages and names no other "
            "charge; no vendor text was found that excludes one.",
        ),
        traffic_assumption(_ID, "payload", "Only matters if internet egress is billed on top."),
    )
    not_modelled = (
        "the code behind the event handler",
        "geo-replicas and private endpoints",
        "live trace and resource logs, which count as messages",
    )

    def meter(self, request: Request) -> Metered:
        """Unit-days by the steps that exist, and each day's messages beyond those included."""
        demand, options = request.demand, request.options
        needed, binding = _units_needed(request)
        autoscale = options.scaling == "autoscale"
        premium = _is_premium(options, needed)
        if autoscale:
            units = allowed_units(needed.hourly)
            running = from_hours(units)
        else:
            units = allowed_units(needed.peak)
            running = Weekly.of(units, np.ones(HOURS_PER_WEEK))
        unit_days_of_day = running.daily / HOURS_PER_DAY
        unit_days = demand.per_month(running) / HOURS_PER_DAY

        outbound = self._outbound_messages(request)
        usage: list[Usage] = []
        for tier, share in (("standard", ~premium), ("premium", premium)):
            if not np.any(share):
                continue
            meter = request.catalog.meter(f"{_ID}.{tier}_messages")
            included = unit_days_of_day * (meter.included_per_unit_day or 0)
            beyond = np.maximum(outbound - included, 0).sum(axis=-1) * demand.weeks_per_month
            usage += [
                Usage(
                    f"{_ID}.{tier}_unit_days",
                    unit_days * share,
                    f"{spread(units, 'units')} for {binding} at {options.headroom:.0%} of their "
                    f"connections, {'each hour' if autoscale else 'all month'}",
                ),
                Usage(
                    f"{_ID}.{tier}_messages",
                    beyond * share,
                    "outbound messages in steps of 2 KB, of each day those beyond "
                    f"{meter.included_per_unit_day:,.0f} per unit-day",
                ),
            ]
        if request.answers[f"{_ID}.internet_traffic"] == "yes":
            usage.append(self.data_out(request, demand, "azure.egress.internet"))
        return Metered(tuple(usage), tuple(_notes(units, premium)))

    def _outbound_messages(self, request: Request) -> FloatArray:
        """Outbound messages of each day, shape (*many, 7)."""
        demand, answers = request.demand, request.answers
        step_bytes = 2 * (KIB if answers[f"{_ID}.kilobyte"] == "1024" else KB)
        leaving = demand.messages("to_client")
        if request.options.event_handler:
            leaving += demand.messages("to_server")
        if answers[f"{_ID}.small_messages"] == "whole":
            return total(s.steps_per_hour(step_bytes) for s in leaving).daily
        return total(s.bytes_per_hour("payload") for s in leaving).daily / step_bytes


def _units_needed(request: Request) -> tuple[Weekly, str]:
    """Units each hour must have, not yet in steps, and what they are needed for."""
    demand, headroom = request.demand, request.options.headroom
    per_unit = limit_value(f"{_ID}.connections_per_unit")
    by_connections = demand.connections_peak.times(1 / (per_unit * headroom))
    per_second = limit_value(f"{_ID}.outbound_messages_per_second_per_unit")
    load = limit_value(f"{_ID}.advised_server_load")
    deliveries = total(s.per_hour for s in demand.messages("to_client"))
    by_messages = deliveries.times(1 / (SECONDS_PER_HOUR * per_second * load))
    if np.all(by_messages.peak <= by_connections.peak):
        return by_connections, "peak connections"
    if np.all(by_messages.peak >= by_connections.peak):
        return by_messages, "peak messages a second"
    return largest([by_connections, by_messages]), "peak connections or messages a second"


def _is_premium(options: WebPubSubOptions, needed: Weekly) -> npt.NDArray[np.bool_]:
    """Whether each scenario runs on Premium, shape (*many,)."""
    beyond_standard = needed.peak > limit_value(f"{_ID}.standard_max_units")
    forced = options.tier == "premium" or options.scaling == "autoscale"
    return np.asarray(beyond_standard | forced)


def allowed_units(needed: FloatArray) -> FloatArray:
    """The smallest unit count that exists and suffices; beyond one resource, full ones and a rest.

    >>> [int(units) for units in allowed_units(np.array([0.2, 10.001, 100.5, 1000.1]))]
    [1, 20, 200, 1100]
    """
    steps = np.array(find_limit(f"{_ID}.unit_steps").value)
    largest = steps[-1]
    needed = np.maximum(needed - _ROUNDING_NOISE, 0)
    full = np.maximum(np.ceil(needed / largest) - 1, 0) * largest
    rest = steps[np.searchsorted(steps, needed - full)]
    smallest_premium = limit_value(f"{_ID}.premium_p2_min_units")
    return full + np.where(full > 0, np.maximum(rest, smallest_premium), rest)


def _notes(units: FloatArray, premium: npt.NDArray[np.bool_]) -> list[str]:
    quota = limit_value(f"{_ID}.units_per_subscription_and_region")
    largest = limit_value(f"{_ID}.premium_max_units")
    notes: list[str] = []
    if np.any(premium):
        notes.append(f"Premium, since {spread(units, 'units')} or autoscaling need it.")
    if np.any(units > quota):
        notes.append(f"More than {quota:g} units in a region need a support request.")
    if np.any(units > largest):
        notes.append(f"More than {largest:g} units need several resources.")
    return notes
