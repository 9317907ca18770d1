"""Azure Functions as the code behind a service that holds the connections.

https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, over_month
from estimator.demand.weekly import Weekly, largest, total
from estimator.deployments.fleet.application_servers import ApplicationServerOptions
from estimator.deployments.fleet.derived_figures import assumed_work
from estimator.deployments.fleet.expected_units import expected_units
from estimator.deployments.fleet.family import find_family
from estimator.deployments.fleet.machine_words import about_speed, sentence
from estimator.deployments.fleet.server import (
    application_cores,
    application_work,
)
from estimator.deployments.limits import Check, check, find_limit, limit_value
from estimator.errors import ScenarioError
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import KIB, MS_PER_SECOND, SECONDS_PER_HOUR

_SERVICE = "azure.functions"
_FAMILY = "azure.functions"
"""Whose processors run them, in families.csv."""
_DEFAULT_MB = 128
"""Memory of an execution on the Consumption plan if none is given: the least that is billed."""
FLEX_MINIMUM = Assumption(
    id="flex_minimum",
    question="What takes at least 1,000 ms on the Flex Consumption plan?",
    choices={
        "instance": "each time in which an instance is active, however many executions share it",
        "execution": "each execution, also of those that share an instance",
    },
    evidence="The article on the plan bills the memory of each instance while it is actively "
    "executing functions, each mode on a per-instance basis, and gives a minimum execution period "
    "of 1,000 ms; the same question of a user (learn.microsoft.com/answers, November 2025) was "
    "found without an answer that could be read.",
)


class FunctionsOptions(ApplicationServerOptions):
    """Choices for your own code behind a service that holds the connections."""

    functions: Literal["flex", "consumption", "servers", "none"] = "flex"
    """What your own code runs on: Azure Functions on the plan Flex Consumption, which the vendor
    recommends for new apps, or Consumption; virtual machines (servers); or none, where it runs
    elsewhere and is not on this bill."""
    application_network: Literal["load_balancer", "none"] = "load_balancer"
    """What brings sign-ins and events to servers, if these answer, and lets them reach the service:
    a standard load balancer with an outbound rule, or something that is not on this bill."""
    function_ms: Annotated[float, Field(gt=0)] = 50
    """Time of one execution besides the application's own processor time. Assumption: a short
    handler with one call to a store."""
    function_memory_mb: Annotated[float, Field(gt=0)] | None = None
    """Memory of an execution; on flex, the smallest instance size that has it. Default: the
    vendor's size of an instance on flex, and the least that is billed on consumption."""
    function_concurrency: Annotated[float, Field(ge=1)] | None = None
    """Executions that share an instance and its memory at a time. Default: the vendor's for the
    size of an instance on flex (except for Python, where it is one), and one on consumption."""
    function_calls_per_connect: Annotated[float, Field(ge=0)] = 1
    """Executions for each new connection besides its events. Assumption: one, which issues the
    access token."""


@dataclass(frozen=True, slots=True)
class Events:
    """What reaches the user's own code."""

    demand: Demand
    """Of the clients, with no other messages than those that reach it."""
    of_connections: Weekly
    """Events of connections per hour."""


@dataclass(frozen=True, slots=True)
class _Executions:
    """Executions that take as long as each other, or processor time that no execution is for."""

    per_hour: Weekly
    ms: FloatArray
    """Shape (*many,)."""
    counted: bool = True
    """Whether they are executions."""


@dataclass(frozen=True, slots=True)
class _Instance:
    """What one instance offers."""

    mb: float
    vcpus: float
    concurrency: float

    @property
    def cores(self) -> float:
        """In cores of the reference speed."""
        return self.vcpus * find_family(_FAMILY).core_speed

    @property
    def stretch(self) -> float:
        """Milliseconds that a millisecond of a core takes, since an execution runs on one."""
        return 1 / (min(self.vcpus, 1.0) * find_family(_FAMILY).core_speed)


def functions_usage(events: Events, options: FunctionsOptions, minimum: str) -> Iterator[Usage]:
    """Executions, and their time multiplied by their memory.

    Args:
        events: what they answer.
        options: the plan, and what an execution takes.
        minimum: the answer to ``flex_minimum``.
    """
    demand, instance = events.demand, _instance(options)
    made = tuple(_executions(events, options, instance))
    flex = options.functions == "flex"
    plan = "flex_" if flex else ""
    count = demand.per_month(total(one.per_hour for one in made if one.counted))
    yield Usage(
        f"{_SERVICE}.{plan}executions",
        count,
        f"one for each event passed to the handler, and {options.function_calls_per_connect:g} "
        "for each new connection",
        layer="application",
    )
    if flex and minimum == "instance":
        active = _active_instances(events, options, instance, made).mean(axis=-1)
        seconds = over_month(demand, active * SECONDS_PER_HOUR)
        least = f"at least {limit_value(f'{_SERVICE}.flex_min_billed_ms'):,g} ms each time"
    else:
        # under the other reading of the minimum, executions that share an instance pay for it each
        shared = 1.0 if flex else instance.concurrency
        each = (one.per_hour.times(_billed_ms(options, one) / MS_PER_SECOND) for one in made)
        seconds = demand.per_month(total(each)) / shared
        least = "each with what it is billed at least"
    yield Usage(
        f"{_SERVICE}.{plan}gb_seconds",
        seconds * instance.mb / KIB,
        f"executions of {options.function_ms:g} ms and the application's own processor time, "
        f"{least}, {instance.concurrency:g} at a time on an instance, with {instance.mb:,g} MB",
        layer="application",
    )


def functions_notes(events: Events, options: FunctionsOptions) -> Iterator[str]:
    """What is assumed of the application's work and of the processors."""
    yield from assumed_work(options, [kind.application for kind in events.demand.kinds])
    yield sentence("An instance of Azure Functions", about_speed(find_family(_FAMILY)))


def functions_checks(events: Events, options: FunctionsOptions) -> Iterator[Check]:
    """Instances that the busiest hour needs, their memory, and the time of an execution."""
    instance = _instance(options)
    made = tuple(_executions(events, options, instance))
    at_a_time = _instances(events, options, instance, made)
    yield check(f"{_SERVICE}.{options.functions}_max_instances", at_a_time)
    if options.functions == "consumption":
        seconds = reduce(np.maximum, (one.ms for one in made if one.counted)) / MS_PER_SECOND
        yield check(f"{_SERVICE}.consumption_timeout_max", seconds)
    else:
        yield check(f"{_SERVICE}.flex_default_max_instances", at_a_time)
        yield check(f"{_SERVICE}.flex_memory_mb", at_a_time.times(instance.mb))


def _instance(options: FunctionsOptions) -> _Instance:
    """What an instance offers on the chosen plan."""
    given, shared = options.function_memory_mb, options.function_concurrency
    if options.functions == "consumption":
        step = limit_value(f"{_SERVICE}.consumption_memory_step_mb")
        mb = float(np.ceil((given or _DEFAULT_MB) / step)) * step
        return _Instance(mb, limit_value(f"{_SERVICE}.consumption_vcpus"), shared or 1.0)
    sizes, vcpus, concurrency = (
        np.atleast_1d(np.array(find_limit(f"{_SERVICE}.flex_{name}").value))
        for name in ("instance_memory_mb", "instance_vcpus", "http_concurrency")
    )
    wanted = given or limit_value(f"{_SERVICE}.flex_default_instance_mb")
    if wanted > sizes[-1]:
        raise ScenarioError(
            f"function_memory_mb: {wanted:g} is more than the largest instance has, {sizes[-1]:g}"
        )
    size = min(int(np.searchsorted(sizes, wanted)), sizes.size - 1)
    return _Instance(sizes[size], vcpus[size], shared or float(concurrency[size]))


def _executions(
    events: Events, options: FunctionsOptions, instance: _Instance
) -> Iterator[_Executions]:
    """What runs for each message, each new connection, and each event of one."""
    base = np.asarray(options.function_ms)
    calls = options.function_calls_per_connect
    for kind in events.demand.kinds:
        work = application_work(options, kind.application)
        for stream in kind.messages("to_server"):
            own = work.cpu_ms_per_message if stream.kind == "sent" else 0.0
            yield _Executions(stream.per_hour, np.asarray(base + own * instance.stretch))
        sign_in = np.asarray(work.cpu_ms_per_new_connection * instance.stretch)
        if calls:
            yield _Executions(kind.new_connections.times(calls), base + sign_in / calls)
        else:
            yield _Executions(kind.new_connections, sign_in, counted=False)
        for stream in kind.messages("to_client"):
            if np.any(work.cpu_ms_per_delivery) and stream.kind != "at_connect":
                own = np.asarray(work.cpu_ms_per_delivery * instance.stretch)
                yield _Executions(stream.per_hour, own, counted=False)
    yield _Executions(events.of_connections, base)


def _slots(made: tuple[_Executions, ...]) -> Weekly:
    """Executions under way at a time."""
    to_slots = 1 / (MS_PER_SECOND * SECONDS_PER_HOUR)
    return total(one.per_hour.times(one.ms * to_slots) for one in made)


def _instances(
    events: Events, options: FunctionsOptions, instance: _Instance, made: tuple[_Executions, ...]
) -> Weekly:
    """Instances of each hour, not yet whole: for executions at a time, or for their processors."""
    busy = application_cores(events.demand, options).times(1 / instance.cores)
    return largest((_slots(made).times(1 / instance.concurrency), busy))


def _active_instances(
    events: Events, options: FunctionsOptions, instance: _Instance, made: tuple[_Executions, ...]
) -> FloatArray:
    """Active instances on average in each hour, shape (*many, hours).

    Executions begin independently of each other, so those under way are a Poisson variate, and the
    first instance is active as long as one of them began within what is billed at least.
    """
    to_share = 1 / (MS_PER_SECOND * SECONDS_PER_HOUR)
    recent = total(
        one.per_hour.times(_billed_ms(options, one) * to_share) for one in made if one.counted
    )
    busy = application_cores(events.demand, options).times(1 / instance.cores)
    active = np.maximum(-np.expm1(-recent.hourly), busy.hourly)
    slots, active = np.broadcast_arrays(_slots(made).hourly, active)
    # those for executions at a time are at most one more than if all were full
    few = slots / instance.concurrency + 1 <= active
    found = active.copy()
    found[~few] = np.maximum(active[~few], expected_units(slots[~few], instance.concurrency))
    return found


def _billed_ms(options: FunctionsOptions, one: _Executions) -> FloatArray:
    """What is billed of the time of an execution; of other time, no minimum."""
    if options.functions == "consumption":
        least, stepped = limit_value(f"{_SERVICE}.consumption_min_billed_ms"), one.ms
    else:
        least, step = (
            limit_value(f"{_SERVICE}.flex_{name}") for name in ("min_billed_ms", "time_step_ms")
        )
        stepped = np.ceil(one.ms / step) * step
    return np.maximum(stepped, least) if one.counted else one.ms
