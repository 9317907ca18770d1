"""What do executions of Azure Functions cost that answer events or requests?

https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs
"""

from __future__ import annotations

from abc import abstractmethod
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
from estimator.deployments.fleet.server import application_cores, application_work
from estimator.deployments.fleet.server_options import ApplicationOptions
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
_HOURS_PER_MS = 1 / (MS_PER_SECOND * SECONDS_PER_HOUR)
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


class ExecutionOptions(ApplicationOptions):
    """Choices for executions of Azure Functions."""

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

    @property
    @abstractmethod
    def plan(self) -> str:
        """The plan of Azure Functions, of which there are flex and consumption."""


class FunctionsOptions(ExecutionOptions, ApplicationServerOptions):
    """Choices for your own code behind a service that holds the connections."""

    functions: Literal["flex", "consumption", "servers", "none"] = "flex"
    """What your own code runs on: Azure Functions on the plan Flex Consumption, which the vendor
    recommends for new apps, or Consumption; virtual machines (servers); or none, where it runs
    elsewhere and is not on this bill."""
    application_network: Literal["load_balancer", "none"] = "load_balancer"
    """What brings sign-ins and events to servers, if these answer, and lets them reach the service:
    a standard load balancer with an outbound rule, or something that is not on this bill."""

    @property
    def plan(self) -> str:
        """The plan, if functions answer."""
        return self.functions


@dataclass(frozen=True, slots=True)
class Events:
    """What reaches the user's own code."""

    demand: Demand
    """Of the clients, with no other messages than those that reach it."""
    of_connections: Weekly
    """Events of connections per hour."""
    held: tuple[Executions, ...] = ()
    """Requests that ask for messages, each an execution until it is answered."""
    words: str = "one for each event passed to the handler"
    """What is an execution besides those for new connections."""


@dataclass(frozen=True, slots=True)
class Executions:
    """Executions that take as long as each other, or processor time that no execution is for."""

    per_hour: Weekly
    ms: FloatArray
    """Shape (*many,)."""
    counted: bool = True
    """Whether they are executions."""
    waiting: Weekly | None = None
    """Those under way at a time, if that does not follow from those begun in the same hour."""

    @property
    def under_way(self) -> Weekly:
        """Those under way at a time."""
        if self.waiting is not None:
            return self.waiting
        return self.per_hour.times(self.ms * _HOURS_PER_MS)


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


def functions_usage(events: Events, options: ExecutionOptions, minimum: str) -> Iterator[Usage]:
    """Executions, and their time multiplied by their memory.

    Args:
        events: what they answer.
        options: the plan, and what an execution takes.
        minimum: the answer to ``flex_minimum``.
    """
    demand, instance = events.demand, _instance(options)
    made = tuple(_executions(events, options, instance))
    flex = options.plan == "flex"
    plan = "flex_" if flex else ""
    count = demand.per_month(total(one.per_hour for one in made if one.counted))
    yield Usage(
        f"{_SERVICE}.{plan}executions",
        count,
        f"{events.words}, and {options.function_calls_per_connect:g} for each "
        f"{'new connection' if demand.requests is None else 'session'}",
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
        f"executions of {options.function_ms:g} ms{' or as long as they wait' * bool(events.held)} "
        "and the application's own processor time, "
        f"{least}, {instance.concurrency:g} at a time on an instance, with {instance.mb:,g} MB",
        layer="application",
    )


def functions_notes(events: Events, options: ExecutionOptions) -> Iterator[str]:
    """What is assumed of the application's work and of the processors."""
    yield from assumed_work(options, [kind.application for kind in events.demand.kinds])
    yield sentence("An instance of Azure Functions", about_speed(find_family(_FAMILY)))


def functions_checks(events: Events, options: ExecutionOptions) -> Iterator[Check]:
    """Instances that the busiest hour needs, their memory, and the time of an execution."""
    instance = _instance(options)
    made = tuple(_executions(events, options, instance))
    at_a_time = _instances(events, options, instance, made)
    yield check(f"{_SERVICE}.{options.plan}_max_instances", at_a_time)
    if options.plan == "consumption":
        seconds = reduce(np.maximum, (one.ms for one in made if one.counted)) / MS_PER_SECOND
        yield check(f"{_SERVICE}.consumption_timeout_max", seconds)
    else:
        yield check(f"{_SERVICE}.flex_default_max_instances", at_a_time)
        yield check(f"{_SERVICE}.flex_memory_mb", at_a_time.times(instance.mb))


def _instance(options: ExecutionOptions) -> _Instance:
    """What an instance offers on the chosen plan."""
    given, shared = options.function_memory_mb, options.function_concurrency
    if options.plan == "consumption":
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
    events: Events, options: ExecutionOptions, instance: _Instance
) -> Iterator[Executions]:
    """What runs for each message, each new connection, and each event of one."""
    base = np.asarray(options.function_ms)
    calls = options.function_calls_per_connect
    for kind in events.demand.kinds:
        work = application_work(options, kind.application)
        for stream in kind.messages("to_server"):
            own = work.cpu_ms_per_message if stream.kind == "sent" else 0.0
            yield Executions(stream.per_hour, np.asarray(base + own * instance.stretch))
        sign_in = np.asarray(work.cpu_ms_per_new_connection * instance.stretch)
        if calls:
            yield Executions(kind.sign_ins.times(calls), base + sign_in / calls)
        else:
            yield Executions(kind.sign_ins, sign_in, counted=False)
        for stream in kind.messages("to_client"):
            if np.any(work.cpu_ms_per_delivery) and stream.kind != "at_connect":
                own = np.asarray(work.cpu_ms_per_delivery * instance.stretch)
                yield Executions(stream.per_hour, own, counted=False)
    yield Executions(events.of_connections, base)
    yield from events.held


def _slots(made: tuple[Executions, ...]) -> Weekly:
    """Executions under way at a time."""
    return total(one.under_way for one in made)


def _instances(
    events: Events, options: ExecutionOptions, instance: _Instance, made: tuple[Executions, ...]
) -> Weekly:
    """Instances of each hour, not yet whole: for executions at a time, or for their processors."""
    busy = application_cores(events.demand, options).times(1 / instance.cores)
    return largest((_slots(made).times(1 / instance.concurrency), busy))


def _active_instances(
    events: Events, options: ExecutionOptions, instance: _Instance, made: tuple[Executions, ...]
) -> FloatArray:
    """Active instances on average in each hour, shape (*many, hours).

    Executions begin independently of each other, so those under way are a Poisson variate, and the
    first instance is active as long as one of them began within what is billed at least.
    """
    recent = total(
        one.waiting or one.per_hour.times(_billed_ms(options, one) * _HOURS_PER_MS)
        for one in made
        if one.counted
    )
    busy = application_cores(events.demand, options).times(1 / instance.cores)
    active = np.maximum(-np.expm1(-recent.hourly), busy.hourly)
    slots, active = np.broadcast_arrays(_slots(made).hourly, active)
    # those for executions at a time are at most one more than if all were full
    few = slots / instance.concurrency + 1 <= active
    found = active.copy()
    found[~few] = np.maximum(active[~few], expected_units(slots[~few], instance.concurrency))
    return found


def _billed_ms(options: ExecutionOptions, one: Executions) -> FloatArray:
    """What is billed of the time of an execution; of other time, no minimum."""
    if options.plan == "consumption":
        least, stepped = limit_value(f"{_SERVICE}.consumption_min_billed_ms"), one.ms
    else:
        least, step = (
            limit_value(f"{_SERVICE}.flex_{name}") for name in ("min_billed_ms", "time_step_ms")
        )
        stepped = np.ceil(one.ms / step) * step
    return np.maximum(stepped, least) if one.counted else one.ms
