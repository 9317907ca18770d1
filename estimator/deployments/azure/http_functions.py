"""Azure Functions that answer clients themselves, over HTTP.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.deployments.azure.functions import (
    FLEX_MINIMUM,
    Events,
    ExecutionOptions,
    Executions,
    functions_checks,
    functions_notes,
    functions_usage,
)
from estimator.deployments.azure.nodes import BYTES_EVIDENCE
from estimator.deployments.base import Deployment, Metered, Request, billed_bytes_question
from estimator.deployments.limits import Check, idle_checks
from estimator.scenario.transport import LongPolling, ServerSentEvents
from estimator.units import MS_PER_SECOND, SECONDS_PER_HOUR

_SERVICE = "azure.functions"


class HttpFunctionsOptions(ExecutionOptions):
    """Choices for functions that answer clients."""

    functions: Literal["flex", "consumption"] = "flex"
    """The plan: Flex Consumption, which the vendor recommends for new apps, or Consumption."""

    @property
    def plan(self) -> str:
        """The plan, as it is given."""
        return self.functions


class HttpFunctions(Deployment):
    """Functions with an HTTP trigger, which read messages from a store.

    A function that waits, for something to answer a long poll with or for the next event of a
    stream, is billed as one that works. Metering:
    https://azure.microsoft.com/pricing/details/functions/
    """

    options = HttpFunctionsOptions
    questions = (FLEX_MINIMUM, billed_bytes_question("ip", BYTES_EVIDENCE))
    not_modeled = (
        "the store that functions read messages from, such as a table or Redis, and what tells a "
        "waiting function that there is something new",
        "storage and logs of the functions, and always-ready instances",
        "cold starts",
    )

    def answer_seconds(self, request: Request) -> float:
        """A stream ends with its function, which only the plan Consumption ends."""
        streams = isinstance(request.transport, ServerSentEvents)
        if streams and request.options.functions == "flex":
            return np.inf
        return super().answer_seconds(request)

    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        """Instances and their memory, the time of an execution, and of an answer."""
        return tuple(self._checks(request))

    def _checks(self, request: Request) -> Iterator[Check]:
        yield from functions_checks(_events(request), request.options)
        yield from idle_checks(request.demand, f"{_SERVICE}.http_response_timeout")

    def meter(self, request: Request) -> Metered:
        """Executions, their time multiplied by memory, and traffic out."""
        events, options = _events(request), request.options
        return Metered(
            (
                *functions_usage(events, options, request.answers["flex_minimum"]),
                self.data_out(request, "azure.egress.internet"),
            ),
            tuple(functions_notes(events, options)),
            tuple(self._checks(request)),
        )


def _events(request: Request) -> Events:
    """Messages of clients, and requests that ask for messages."""
    held = (_held(kind, request) for kind in request.demand.kinds)
    return Events(
        request.demand, Weekly(()), tuple(held), "one for each poll, stream and message of a client"
    )


def _held(kind: Demand, request: Request) -> Executions:
    """Polls or streams of one kind of clients, each as long as it waits on average."""
    own_ms, transport = np.asarray(request.options.function_ms), request.transport
    asked = total(stream.per_hour for stream in kind.streams if stream.kind == "poll")
    if not isinstance(transport, LongPolling | ServerSentEvents):
        return Executions(asked, own_ms)
    assert kind.in_flight is not None, "polls and streams are answered"
    answering = transport.answer_ms / MS_PER_SECOND / SECONDS_PER_HOUR
    posts = total(stream.per_hour for stream in kind.messages("to_server"))
    waiting = total((kind.in_flight, posts.times(-answering)))
    hours, each = np.broadcast_arrays(waiting.mean, asked.mean)
    ms = np.divide(hours, each, out=np.zeros(each.shape), where=each > 0)
    ms = ms * SECONDS_PER_HOUR * MS_PER_SECOND
    # one that finds a message at once still takes the time of an execution
    longer = asked.times(np.maximum(own_ms - ms, 0.0) / MS_PER_SECOND / SECONDS_PER_HOUR)
    return Executions(asked, np.maximum(ms, own_ms), waiting=total((waiting, longer)))
