"""Microsoft Azure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from estimator.demand.demand import MessageStream, Weekly, from_hours, total
from estimator.deployments.deployment import (
    Deployment,
    Metered,
    Options,
    Request,
    in_millions,
    ping_notes,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet import Sized, size
from estimator.deployments.limits import find_limit, limit_value
from estimator.errors import ScenarioError
from estimator.pricing.assumption import Assumption
from estimator.pricing.line import Usage
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
    headroom: Annotated[float, Field(ge=0.01, le=1)] = Field(
        default_factory=lambda: limit_value(f"{_ID}.advised_connection_load")
    )
    """Share of a unit's connections to plan with; what the vendor advises if left out."""
    event_handler: bool = True
    """Whether messages from clients are passed on to your own code, which is billed as outbound."""

    @model_validator(mode="after")
    def _autoscale_is_premium(self) -> Self:
        if self.tier == "standard" and self.scaling == "autoscale":
            raise ValueError("scaling: autoscale needs tier premium or auto")
        return self


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
        "the code behind the event handler, and connect and disconnect events sent to it",
        "geo-replicas and private endpoints",
        "live trace and resource logs, which count as messages",
    )

    def meter(self, request: Request) -> Metered:
        """Unit-days by the steps that exist, and each day's messages beyond those included."""
        demand, options = request.demand, request.options
        sized = _units_needed(request)
        autoscale = options.scaling == "autoscale"
        if autoscale:
            units = allowed_units(sized.nodes.hourly)
            running = from_hours(units)
        else:
            units = allowed_units(sized.nodes.peak)
            running = Weekly.of(units, np.ones(HOURS_PER_WEEK))
        premium = _is_premium(options, running.peak)
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
                    f"{spread(units, 'units')} {'by the hour' if autoscale else 'all month'}: "
                    f"{sized.binding} need most",
                ),
                Usage(
                    f"{_ID}.{tier}_messages",
                    beyond * share,
                    f"{in_millions(request.demand, self._leaving(request))}, in steps of 2 KB; of "
                    f"each day those beyond {meter.included_per_unit_day:,.0f} per unit-day",
                ),
            ]
        if request.answers[f"{_ID}.internet_traffic"] == "yes":
            usage.append(self.data_out(request, demand, "azure.egress.internet"))
        return Metered(tuple(usage), tuple(_notes(request, units)))

    def _leaving(self, request: Request) -> tuple[MessageStream, ...]:
        """What the service sends out: to clients, and to the event handler."""
        demand = request.demand
        handled = demand.messages("to_server") if request.options.event_handler else ()
        return demand.messages("to_client") + handled

    def _outbound_messages(self, request: Request) -> FloatArray:
        """Outbound messages of each day, shape (*many, 7)."""
        step_bytes = _step_bytes(request)
        if request.answers[f"{_ID}.kilobyte"] == "1000":
            step_bytes = step_bytes * KB / KIB
        leaving = self._leaving(request)
        if request.answers[f"{_ID}.small_messages"] == "whole":
            return total(s.steps_per_hour(step_bytes) for s in leaving).daily
        return total(s.bytes_per_hour("payload") for s in leaving).daily / step_bytes


def _step_bytes(request: Request) -> float:
    return request.catalog.meter(f"{_ID}.standard_messages").step_bytes or 1


def _units_needed(request: Request) -> Sized:
    """Units each hour must have, not yet in steps.

    The vendor's throughput of a unit was measured with messages of one step, so larger ones count
    as several.
    """
    demand, step_bytes = request.demand, _step_bytes(request)
    sent = total(s.steps_per_hour(step_bytes) for s in demand.messages("to_client"))
    per_second = limit_value(f"{_ID}.outbound_messages_per_second_per_unit")
    connections = limit_value(f"{_ID}.connections_per_unit") * request.options.headroom
    load = limit_value(f"{_ID}.advised_server_load")
    return size(
        {
            f"connections, {connections:g} a unit": (demand.connections_peak, connections),
            f"messages out, {per_second * load:,.0f} a second and unit": (
                sent.times(1 / SECONDS_PER_HOUR),
                per_second * load,
            ),
        }
    )


def _is_premium(options: WebPubSubOptions, most_units: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether each scenario runs on Premium, shape (*many,)."""
    standard_units = limit_value(f"{_ID}.standard_max_units")
    beyond_standard = np.asarray(most_units > standard_units)
    if options.tier == "standard" and np.any(beyond_standard):
        raise ScenarioError(
            f"options of {_ID}, tier: standard ends at {standard_units:g} units, and "
            f"{spread(most_units)} are needed; choose auto or premium"
        )
    chosen = options.tier == "premium" or options.scaling == "autoscale"
    return np.full_like(beyond_standard, True) if chosen else beyond_standard


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


def _notes(request: Request, units: FloatArray) -> Iterator[str]:
    quota = limit_value(f"{_ID}.units_per_subscription_and_region")
    largest = limit_value(f"{_ID}.premium_max_units")
    standard = limit_value(f"{_ID}.standard_max_units")
    if np.any(units > standard):
        yield f"Premium, since Standard ends at {standard:g} units."
    elif request.options.scaling == "autoscale":
        yield "Premium, since Standard does not scale by itself."
    if np.any(units > quota):
        yield f"More than {quota:g} units in a region need a support request."
    if np.any(units > largest):
        yield f"More than {largest:g} units need several resources."
    yield from ping_notes(request.demand)
