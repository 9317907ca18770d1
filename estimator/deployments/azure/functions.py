"""Azure Functions as the code behind a service that holds the connections.

https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import Options
from estimator.deployments.limits import Check, check, find_limit, limit_value, per_second
from estimator.pricing.lines import Usage
from estimator.units import KIB

_SERVICE = "azure.functions"
_MS_PER_SECOND = 1000


class FunctionsOptions(Options):
    """Choices for code that runs on Azure Functions."""

    functions: Literal["none", "consumption", "flex"] = "none"
    """Plan of the functions that handle events; none: your own servers handle them and are not on
    this bill."""
    function_ms: Annotated[float, Field(gt=0)] = 50
    """Time of one execution. Assumption: a short handler with one call to a store."""
    function_memory_mb: Annotated[float, Field(gt=0)] = 128
    """Memory of an execution; on flex, the smallest instance size that has it."""
    function_concurrency: Annotated[float, Field(ge=1)] = 1
    """Executions that share an instance and its memory at a time. Assumption: one, which gives the
    highest cost; asynchronous handlers share an instance among many."""
    function_calls_per_connect: Annotated[float, Field(ge=0)] = 1
    """Executions for each new connection besides its events. Assumption: one, which issues the
    access token."""


def executions(demand: Demand, options: FunctionsOptions, events: Weekly) -> Weekly:
    """Executions per hour: one for each event, and those that a new connection takes."""
    return total((events, demand.new_connections.times(options.function_calls_per_connect)))


def functions_usage(demand: Demand, options: FunctionsOptions, events: Weekly) -> Iterator[Usage]:
    """Executions, and their time multiplied by their memory."""
    if options.functions == "none":
        return
    count = demand.per_month(executions(demand, options, events))
    billed_ms, billed_mb = _billed_ms(options), _billed_mb(options)
    plan = "flex_" if options.functions == "flex" else ""
    yield Usage(
        f"{_SERVICE}.{plan}executions",
        count,
        f"one for each event passed to the handler, and {options.function_calls_per_connect:g} "
        "for each new connection",
    )
    yield Usage(
        f"{_SERVICE}.{plan}gb_seconds",
        count * billed_ms / _MS_PER_SECOND * billed_mb / KIB / options.function_concurrency,
        f"executions of {billed_ms:g} ms (as billed) with {billed_mb:g} MB, "
        f"{options.function_concurrency:g} at a time on an instance",
    )


def functions_checks(demand: Demand, options: FunctionsOptions, events: Weekly) -> Iterator[Check]:
    """Instances that the busiest hour needs, their memory, and the time of an execution."""
    if options.functions == "none":
        return
    at_a_time = per_second(executions(demand, options, events)).times(
        options.function_ms / _MS_PER_SECOND / options.function_concurrency
    )
    yield check(f"{_SERVICE}.{options.functions}_max_instances", at_a_time)
    if options.functions == "consumption":
        seconds = options.function_ms / _MS_PER_SECOND
        yield check(f"{_SERVICE}.consumption_timeout_max", seconds)
    else:
        yield check(f"{_SERVICE}.flex_memory_mb", at_a_time.times(_billed_mb(options)))


def _billed_ms(options: FunctionsOptions) -> float:
    if options.functions == "consumption":
        return max(options.function_ms, limit_value(f"{_SERVICE}.consumption_min_billed_ms"))
    step = limit_value(f"{_SERVICE}.flex_time_step_ms")
    stepped = float(np.ceil(options.function_ms / step)) * step
    return max(stepped, limit_value(f"{_SERVICE}.flex_min_billed_ms"))


def _billed_mb(options: FunctionsOptions) -> float:
    if options.functions == "consumption":
        step = limit_value(f"{_SERVICE}.consumption_memory_step_mb")
        return float(np.ceil(options.function_memory_mb / step)) * step
    sizes = np.array(find_limit(f"{_SERVICE}.flex_instance_memory_mb").value)
    enough = sizes[sizes >= options.function_memory_mb]
    return float(enough[0] if enough.size else sizes[-1])
