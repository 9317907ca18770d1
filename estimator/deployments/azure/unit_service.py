"""What Web PubSub and SignalR Service share: units in the steps that exist, messages of the day."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits, Autoscaling
from estimator.demand.demand import Demand, most_in_month, over_month
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours, total
from estimator.deployments import base
from estimator.deployments.azure.answering import Answering, on_functions, on_servers
from estimator.deployments.azure.functions import (
    FLEX_MINIMUM,
    Events,
    FunctionsOptions,
    functions_checks,
)
from estimator.deployments.azure.throughput import capacity
from estimator.deployments.fleet.behind_balancer import AZURE
from estimator.deployments.fleet.machine import CHEAPEST, machines
from estimator.deployments.fleet.scaling import WHEN, ScalingOptions
from estimator.deployments.limits import (
    Burst,
    Check,
    bursts_of,
    find_limit,
    limit_value,
    per_second,
)
from estimator.format import figure_text, range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import HOURS_PER_DAY, HOURS_PER_WEEK, KB, KIB

_ROUNDING_NOISE = 1e-9
"""Of what one unit offers; must not make one unit more."""
_ALWAYS = np.ones(HOURS_PER_WEEK)
_Mask = npt.NDArray[np.bool_]
_PATTERNS = {
    "small_group": "small groups",
    "big_group": "big groups",
    "broadcast": "everybody",
    "echo": "their senders",
    "echo_upstream": "their senders through the event handler",
    "rest_send_to_user": "single users over REST",
    "rest_broadcast": "everybody over REST",
    "send_to_connection": "single connections",
}


def _of_days(demand: Demand, per_day: FloatArray) -> FloatArray:
    """What the days of a week, shape (*many, 7), add up to in the month."""
    return over_month(demand, per_day.sum(axis=-1) / HOURS_PER_WEEK)


class UnitOptions(FunctionsOptions, ScalingOptions):
    """Choices for a service that is billed by unit-days."""

    tier: Literal["auto", "free", "standard", "premium", "premium_p1", "premium_p2"] = "auto"
    """auto: Standard if its unit counts suffice, else Premium; premium: P1, or P2 if more units are
    needed."""
    connection_events: Annotated[int, Field(ge=0, le=3)] = 0
    """How many of the events connect, connected and disconnected go to your code; each counts as a
    message. Assumption: none."""

    @model_validator(mode="after")
    def _tier_scales(self) -> Self:
        if self.scaling == "autoscaled" and self.tier in ("free", "standard"):
            raise ValueError(
                "scaling: Azure's autoscale is for Premium only: name tier premium or auto, or "
                "scaling: static or scheduled"
            )
        if self.scaling == "scheduled" and self.tier == "free":
            raise ValueError("scaling: tier free has one unit, which is static")
        return self


@dataclass(frozen=True, slots=True)
class Need:
    """Something of which a unit offers so much."""

    name: str
    used: Weekly
    by_step: FloatArray
    """What each unit count that exists carries when fully used, shape (steps,)."""
    planned_share: float
    """Share of that to plan with."""
    limit_id: str | None = None
    per: str = "per second and unit"
    bursts: tuple[Burst, ...] = ()
    """What comes at one moment. A unit that is short of time sends later and refuses nothing, so
    they only tell how late."""

    def __str__(self) -> str:
        return f"{self.name} ({self.planned_by_step[0]:,.0f} {self.per})"

    @property
    def planned_by_step(self) -> FloatArray:
        """What each unit count shall carry, shape (steps,)."""
        return self.by_step * self.planned_share

    def units_at_peak(self, steps: FloatArray) -> float:
        """Units that the peak of one scenario needs, on a line between those that exist."""
        used = float(self.used.peak)
        planned, counts = (np.concatenate([[0.0], each]) for each in (self.planned_by_step, steps))
        if used > planned[-1]:
            return float(used / planned[-1] * counts[-1])
        return float(np.interp(used, planned, counts))

    def offered(self, units: FloatArray, steps: FloatArray) -> FloatArray:
        """What so many units carry when fully used, full resources and a rest."""
        full = np.floor(units / steps[-1])
        rest = units - full * steps[-1]
        return full * self.by_step[-1] + np.where(
            rest > 0, np.interp(rest, steps, self.by_step), 0.0
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Units that are needed, and those that run in the tier."""

    needs: tuple[Need, ...]
    """What the demand needs of them; connections come first."""
    needed: FloatArray
    """In the busiest hour, of shape (*many,)."""
    sizing: base.Sizing
    """Those that run, at most what the tier has."""
    tiers: dict[str, _Mask]
    """Which scenarios run on which tier."""
    binding: Need
    """What binds in the scenario of most units."""

    @property
    def running(self) -> Weekly:
        """Units that run in each hour."""
        return self.sizing.units


class UnitService(base.Deployment):
    """A service that holds connections on units, with messages included in each unit-day.

    Units are billed by the time for which they are there, and Standard's may be changed at any
    time: https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model
    """

    questions = (
        Assumption(
            id="kilobyte",
            question="Is a KB of the 2-KB step 1,024 or 1,000 bytes?",
            choices={"1024": "2,048 bytes", "1000": "2,000 bytes"},
            evidence="Not stated; the vendor's performance guide uses messages of 2,048 bytes.",
        ),
        Assumption(
            id="internet_traffic",
            question="Is outbound traffic also billed as internet egress?",
            choices={
                "no": "outbound traffic is paid for as messages only",
                "yes": "the Bandwidth meter counts it as well",
            },
            evidence="The billing article meters outbound traffic as messages and names no other "
            "charge; no vendor text was found that excludes one.",
        ),
        base.billed_bytes_question("payload", "Only matters if internet egress is billed on top."),
        FLEX_MINIMUM,
    )
    p1_max: ClassVar[str]
    """Name of the limit of units of Premium_P1."""
    premium_max: ClassVar[str]
    """Name of the limit of units of Premium_P2."""

    @property
    def names(self) -> Mapping[str, Collection[str]]:
        """Machines of the servers that may run your own code."""
        return {"application_machine": (CHEAPEST, *machines("azure", "vm"))}

    @abstractmethod
    def handled(self, request: base.Request) -> tuple[MessageStream, ...]:
        """What the service passes to your code."""

    @abstractmethod
    def events(self, request: base.Request) -> Events:
        """What reaches your code, through the service or beside it."""

    def runs_on(self, request: base.Request) -> str:
        """What answers the events: a plan of functions, servers, or none."""
        return request.options.functions

    def app_servers_least(self, request: base.Request) -> int:
        """Fewest servers that carry the peak, where servers answer."""
        return 1

    def leaving(self, request: base.Request) -> tuple[MessageStream, ...]:
        """What the service sends out: to clients, and to your code."""
        return request.demand.messages("to_client") + self.handled(request)

    @abstractmethod
    def needs(self, request: base.Request) -> Iterator[Need]:
        """What the demand needs of units."""

    def meter(self, request: base.Request) -> base.Metered:
        """Unit-days by the steps that exist, and each day's messages beyond those included."""
        plan, answering = self._plan(request), self._answering(request)
        usage = [*self._tier_usage(request, plan), *answering.usage]
        if request.answers["internet_traffic"] == "yes":
            usage.append(self.data_out(request, "azure.egress.internet"))
        return base.Metered(
            tuple(usage),
            (*self.notes(request, plan), *answering.notes),
            self._checks(request, plan),
            AdmissionLimits if request.many else partial(self.admission, request, plan),
            plan.sizing,
            (*_one_zone(request, plan), *answering.differs),
        )

    def _answering(self, request: base.Request) -> Answering:
        """What answers the events, on the bill."""
        match self.runs_on(request):
            case "none":
                note = "What answers events, the application's own work with it, is left out."
                return Answering(notes=(note,))
            case "servers":
                least = self.app_servers_least(request)
                step = self.step_bytes(request)
                return on_servers(request, self.events(request), step, least)
            case _:
                return on_functions(request, self.events(request))

    def limit_checks(self, request: base.Request) -> tuple[Check, ...]:
        """Limits of units, of what they carry, of the free tier, and of the functions."""
        return self._checks(request, self._plan(request))

    def _checks(self, request: base.Request, plan: Plan) -> tuple[Check, ...]:
        checks = tuple(self.checks(request, plan))
        if self.runs_on(request) in ("none", "servers"):
            return checks
        return (*checks, *functions_checks(self.events(request), request.options))

    def admission(self, request: base.Request, plan: Plan) -> AdmissionLimits:
        """Connections that units hold, and how their number changes; for one scenario.

        Units that scale are planned to have so many connections each as in the busiest hour,
        whatever decides there.
        """
        options, [tier] = request.options, (name for name, mine in plan.tiers.items() if mine)
        per_unit = f"{self.id}.{'free_' if tier == 'free' else ''}connections_per_unit"
        each = limit_value(per_unit)
        admission = AdmissionLimits(
            connections_per_unit=each,
            unit_name="unit",
            limits={"connections_per_unit": per_unit},
            options={"tier": tier},
        )
        if not options.by_hour:
            return replace(admission, units=float(plan.running.peak))
        steps = self.steps()
        needed = max(need.units_at_peak(steps) for need in plan.needs)
        peak = float(request.demand.peak_connections)
        planned = peak / (needed * each) if min(peak, needed) > 0 else options.headroom
        counts = self._counts(tier, float(plan.needed))
        autoscaling = Autoscaling(
            target_share=min(planned, options.headroom),
            least_units=counts[0],
            most_units=counts[-1],
            counts=counts,
            start_seconds=limit_value(f"{self.id}.autoscale_delay"),
            schedule=tuple(plan.running.hourly.tolist()) if options.scaling == "scheduled" else (),
        )
        autoscaling = replace(
            AZURE.times(autoscaling),
            cool_down_seconds=limit_value(f"{self.id}.autoscale_interval"),
        )
        most = self._most_units(tier)
        return replace(
            admission, autoscaling=autoscaling, limits={**admission.limits, "most_units": most}
        )

    def _most_units(self, tier: str) -> str:
        """Id of the limit of units of a paid tier."""
        names = {"standard": "standard_max_units", "premium_p1": self.p1_max}
        return f"{self.id}.{names.get(tier, self.premium_max)}"

    def _counts(self, tier: str, needed: float) -> tuple[float, ...]:
        """Unit counts that exist in a tier, of as many resources as are needed."""
        steps = self.steps()
        if tier != "premium_p2":
            return tuple(steps[steps <= limit_value(self._most_units(tier))].tolist())
        steps = steps[steps >= limit_value(f"{self.id}.premium_p2_min_units")]
        resources = max(np.ceil(needed / steps[-1]), 1.0)
        return tuple(np.add.outer(np.arange(resources) * steps[-1], steps).ravel().tolist())

    def connection_events(self, request: base.Request) -> Weekly:
        """Events of connections per hour; each is small, and so one message."""
        return request.demand.new_connections.times(request.options.connection_events)

    def _tier_usage(self, request: base.Request, plan: Plan) -> Iterator[Usage]:
        demand = request.demand
        outbound = self._outbound_messages(request)
        unit_days_of_day = plan.running.daily / HOURS_PER_DAY
        unit_days = demand.per_month(plan.running) / HOURS_PER_DAY
        by_hour = request.options.by_hour or demand.units is not None
        units = plan.running.hourly if by_hour else plan.running.peak
        when = WHEN[request.options.scaling if demand.units is None else "autoscaled"]
        if not by_hour and demand.week_hours is not None:
            when = "by the week"
        for price, tiers in _PRICES.items():
            share = np.any([plan.tiers[tier] for tier in tiers], axis=0)
            if not np.any(share):
                continue
            yield Usage(
                f"{self.id}.{price}_unit_days",
                unit_days * share,
                f"{range_text(units, unit='units')} {when}, sized by {plan.binding}",
            )
            if price == "free":
                continue
            meter_id = f"{self.id}.{price}_messages"
            each = request.catalog.included(meter_id)
            # what a day leaves of them is lost
            included = np.minimum(outbound, unit_days_of_day * each)
            yield Usage(
                meter_id,
                _of_days(demand, outbound) * share,
                f"{base.messages_text(demand, self.leaving(request))}, in steps of 2 KB; of "
                f"each day {each:,.0f} per unit-day are included",
                included=_of_days(demand, included) * share,
            )

    def _outbound_messages(self, request: base.Request) -> FloatArray:
        """Outbound messages of each day, shape (*many, 7)."""
        step_bytes: float = self.step_bytes(request)
        if request.answers["kilobyte"] == "1000":
            step_bytes = step_bytes * KB / KIB
        leaving = self.leaving(request)
        if request.answers.get("small_messages", "whole") == "whole":
            messages = total(s.steps_per_hour(step_bytes) for s in leaving)
        else:
            messages = total(s.bytes_per_hour("payload") for s in leaving).times(1 / step_bytes)
        return total((messages, self.connection_events(request))).daily

    @property
    def _measured(self) -> str:
        """What the table of measurements calls the service."""
        return self.id.rpartition(".")[2]

    def step_bytes(self, request: base.Request) -> float:
        """Bytes of the step in which messages are counted."""
        return request.step_bytes(f"{self.id}.standard_messages")

    def steps(self) -> FloatArray:
        """Unit counts that exist."""
        return np.array(find_limit(f"{self.id}.unit_steps").value)

    def connection_need(self, request: base.Request, connections: Weekly) -> Need:
        """Connections of the units."""
        limit_id = f"{self.id}.connections_per_unit"
        share = request.options.headroom
        return Need(
            "connections",
            connections,
            self.steps() * limit_value(limit_id),
            share,
            limit_id,
            "per unit",
        )

    def message_needs(self, request: base.Request) -> Iterator[Need]:
        """Messages out and in, by the pattern in which they are sent.

        Unless a pattern is chosen, each flow counts by its own fan-out: units send out what they do
        in big groups and take in what they do in small ones, and the fuller of the two decides. In
        between, where the vendor measured nothing, what goes out so grows with the fan-out.

        The vendor's throughput was measured with messages of one step, so larger ones count as
        several.
        """
        demand, options, step = request.demand, request.options, self.step_bytes(request)
        auto = options.pattern == "auto"
        way_out = "big_group" if auto else options.pattern
        leaving = demand.messages("to_client")
        yield Need(
            f"messages out to {_PATTERNS[way_out]}",
            per_second(total(s.steps_per_hour(step) for s in leaving)),
            capacity(self._measured, way_out).messages_out_at(self.steps()),
            options.server_load,
            f"{self.id}.outbound_messages_per_second_per_unit",
            bursts=bursts_of(demand, leaving, lambda s: s.steps_per_hour(step)),
        )
        # in big groups more units were measured to take no more messages in, only more recipients
        if auto or way_out == "small_group":
            into = total(s.steps_per_hour(step) for s in base.shared_once(demand))
            yield Need(
                f"messages into {_PATTERNS['small_group']}",
                per_second(into),
                capacity(self._measured, "small_group").messages_in_at(self.steps()),
                options.server_load,
            )

    def handler_need(self, request: base.Request, pattern: str, limit: str) -> Need:
        """Messages and events of connections that are passed to your code."""
        step = self.step_bytes(request)
        handled = tuple(self.handled(request))
        messages = total(s.steps_per_hour(step) for s in handled)
        return Need(
            "messages to your code",
            per_second(total((messages, self.connection_events(request)))),
            capacity(self._measured, pattern).messages_in_at(self.steps()),
            request.options.server_load,
            f"{self.id}.{limit}",
            bursts=bursts_of(request.demand, handled, lambda s: s.steps_per_hour(step)),
        )

    def _plan(self, request: base.Request) -> Plan:
        """Units that are needed; those that ran, if that is known, are billed in their place."""
        options, needs, ran = request.options, tuple(self.needs(request)), request.demand.units
        steps, least = self.steps(), limit_value(f"{self.id}.premium_p2_min_units")
        by_hour = options.by_hour
        counts = [
            units_for(
                need.used.hourly if by_hour else need.used.peak,
                steps,
                need.planned_by_step,
                least,
            )
            for need in needs
        ]
        units = np.asarray(reduce(np.maximum, counts))
        needed = units.max(axis=-1) if by_hour else units
        # one tier for the whole month
        tiers = self._tiers(options, most_in_month(request.demand, needed))
        ends = {
            "free": limit_value(f"{self.id}.free_max_units"),
            "standard": limit_value(f"{self.id}.standard_max_units"),
            "premium_p1": limit_value(f"{self.id}.{self.p1_max}"),
        }

        def mine(tier: str) -> _Mask:
            return tiers[tier][..., None] if by_hour else tiers[tier]

        for tier, end in ends.items():
            units = np.where(mine(tier), np.minimum(units, end), units)
        units = np.where(mine("premium_p2"), np.maximum(units, least), units)
        running = ran or (from_hours(units) if by_hour else Weekly.of(units, _ALWAYS))
        # a demand that says what ran may say that nothing did
        peak = np.maximum(running.peak, steps[0])
        shares = {
            n.name: np.asarray(n.used.peak / (n.offered(peak, steps) * n.planned_share))
            for n in needs
        }
        taken = tuple(name for name, taking in tiers.items() if np.any(taking))
        sizing = base.Sizing("unit", taken, running, shares)
        binds = {need.name: need for need in needs}[sizing.binding_of_largest]
        return Plan(needs, needed, sizing, tiers, binds)

    def _tiers(self, options: UnitOptions, needed: FloatArray) -> dict[str, _Mask]:
        none = np.zeros(np.shape(needed), dtype=bool)
        tiers = dict.fromkeys(("free", "standard", "premium_p1", "premium_p2"), none)
        if options.tier in tiers:
            return {**tiers, options.tier: ~none}
        premium = options.tier == "premium" or options.scaling == "autoscaled"
        small, end = ("premium_p1", self.p1_max) if premium else ("standard", "standard_max_units")
        fits = np.asarray(needed <= limit_value(f"{self.id}.{end}"))
        return {**tiers, small: fits, "premium_p2": ~fits}

    def checks(self, request: base.Request, plan: Plan) -> Iterator[Check]:
        """Limits of units, of what they carry, and of the free tier."""
        tier, running = request.options.tier, plan.running.peak
        if tier == "free":
            of_the_day = self._outbound_messages(request).max(axis=-1)
            yield self.check("free_messages_per_day", of_the_day)
            yield self.check("free_connections_per_unit", plan.needs[0].used)
            yield from self._need_checks(plan.needs[1:], running, "use another tier")
            return
        if tier in ("standard", "premium_p1"):
            end = "standard_max_units" if tier == "standard" else self.p1_max
            fix = self._more_units(end, plan)
            yield self.check(end, plan.needed, fix)
        else:
            fix = self._more_units(self.premium_max, plan)
            yield self.check(self.premium_max, running, fix)
        yield self.check(
            "units_per_subscription_and_region",
            running,
            "ask Azure support for a quota of {raised} units in the region",
        )
        capped = np.any(plan.needed > running)
        yield from self._need_checks(plan.needs, running, fix if capped else "add units")

    def _more_units(self, end: str, plan: Plan) -> str:
        """What has more units than the limit at which the tier ends; Premium P2 has steps."""
        step = limit_value(f"{self.id}.premium_p2_min_units")
        units = max(float(np.max(plan.needed)), limit_value(f"{self.id}.{end}") + step)
        if units <= limit_value(f"{self.id}.{self.premium_max}"):
            return f"use Premium P2 with {figure_text(units)} units"
        return (
            f"use several Premium P2 resources with {figure_text(units)} units in all, over which "
            "your application spreads its users"
        )

    def _need_checks(self, needs: Iterable[Need], running: FloatArray, fix: str) -> Iterator[Check]:
        """What is asked of so many units."""
        for need in needs:
            if need.limit_id:
                offered = need.offered(running, self.steps())
                yield Check(need.limit_id, need.used, offered, fix, need.bursts)

    def notes(self, request: base.Request, plan: Plan) -> Iterator[str]:
        """Which tier runs and why, and whose throughput is taken."""
        options, standard = request.options, limit_value(f"{self.id}.standard_max_units")
        if options.tier == "auto" and np.any(plan.needed > standard):
            yield f"Premium, since Standard ends at {standard:g} units."
        elif options.tier == "auto" and options.scaling == "autoscaled":
            yield "Premium, since Standard does not scale by itself."
        if options.scaling == "scheduled" and np.any(plan.tiers["standard"]):
            yield (
                "Standard's units are changed by a script of your own on a timer; Azure Monitor's "
                "schedules are for Premium."
            )
        if options.pattern == "auto":
            out = capacity(self._measured, "big_group").messages_out[0]
            small = capacity(self._measured, "small_group")
            yield (
                f"A unit is taken to send {out:,.0f} messages per second, as measured with big "
                f"groups, and to take in {small.messages_in[0]:,.0f} for others, as measured with "
                f"groups of {small.fan_out:g}; the fuller of the two decides."
            )
        yield from self.heartbeat_notes(request.demand)


def _one_zone(request: base.Request, plan: Plan) -> Iterator[base.Difference]:
    """That tiers below Premium stand in one zone.

    https://learn.microsoft.com/azure/azure-web-pubsub/concept-availability-zones and
    https://learn.microsoft.com/azure/azure-signalr/availability-zones
    """
    if request.options.survives == "zone" and any(
        np.any(plan.tiers[tier]) for tier in ("free", "standard")
    ):
        yield base.Difference("one zone only; Premium is zone-redundant", {"tier": "premium"})


_PRICES = {
    "free": ("free",),
    "standard": ("standard",),
    "premium": ("premium_p1", "premium_p2"),
}
"""Which tiers are billed by which meters."""


def units_for(
    need: FloatArray, steps: FloatArray, by_step: FloatArray, least_beyond: float
) -> FloatArray:
    """The smallest unit count that exists and suffices; beyond one resource, full ones and a rest.

    Args:
        need: how much is needed.
        steps: unit counts of one resource.
        by_step: what each of them carries, never less than a smaller one.
        least_beyond: fewest units of the last one of several resources.

    >>> steps = np.array([1.0, 2.0, 10.0, 20.0])
    >>> units_for(np.array([0.2, 10.001, 20.5]), steps, steps, 2.0)
    array([ 1., 20., 22.])
    """
    largest = by_step[-1]
    need = np.maximum(need - _ROUNDING_NOISE * by_step[0], 0)
    full = np.maximum(np.ceil(need / largest) - 1, 0)
    found = np.minimum(np.searchsorted(by_step, need - full * largest), len(steps) - 1)
    rest = steps[found]
    return full * steps[-1] + np.where(full > 0, np.maximum(rest, least_beyond), rest)


NOT_MODELED = (
    "connect and disconnect events, unless the option connection_events counts them",
    "storage and logs of the functions",
    "geo-replicas and private endpoints",
)
