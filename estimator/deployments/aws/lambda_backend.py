"""Functions of Lambda behind a service: what calls them, how long they run, what bounds it.

A function gets a share of a processor with its memory, so the application's own work takes it as
much longer as its share is smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import from_server
from estimator.deployments.fleet.family import find_family
from estimator.deployments.fleet.month import Month
from estimator.deployments.fleet.server import application_cores, application_work
from estimator.deployments.fleet.server_options import ApplicationOptions
from estimator.deployments.fleet.sizing import APPLICATION
from estimator.deployments.limits import Check, busiest_second, check, limit_value, per_second
from estimator.format import given_text, range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import CostLayer
from estimator.scenario.model import ManyPositive, OrMany
from estimator.units import KIB, MS_PER_SECOND, SECONDS_PER_HOUR

_CONCURRENT = "aws.lambda.concurrent_executions"
_RATE = "aws.lambda.requests_per_second_per_execution"
_VCPU = "aws.lambda.vcpu_memory_mb"
_FAMILIES = {"x86_64": "aws.lambda_x86", "arm64": "aws.lambda_arm"}
WAITING = "waiting for messages"
"""What of a function's time is no work, as a part of a line."""
_SECONDS = {"x86_64": "aws.lambda.gb_seconds", "arm64": "aws.lambda.gb_seconds_arm"}


class LambdaOptions(ApplicationOptions):
    """Choices for the function that answers messages."""

    lambda_architecture: Literal["x86_64", "arm64"] = "x86_64"
    """Processor of the function. Default: the vendor's."""
    lambda_memory_mb: Annotated[
        float | FloatArray, OrMany(Annotated[float, Field(ge=128, le=10_240)])
    ] = 256
    """Memory of the function, which decides its share of a processor too. Assumption: a small
    function; set your own."""
    lambda_ms: ManyPositive = 20
    """Run time of one invocation without pushes and without the application's own work, which come
    on top. Assumption: measure yours."""
    core_speed_factor: ManyPositive = 1.0
    """Multiple of the speed of Lambda's processors in families.csv."""


def family(options: LambdaOptions) -> str:
    """Id in families.csv of the processors that a function runs on."""
    return _FAMILIES[options.lambda_architecture]


def cores(options: LambdaOptions) -> FloatArray | float:
    """What a function has for one message, in cores of the reference speed.

    The work of a message runs on one processor, however many a large function has.

    >>> speed = find_family("aws.lambda_x86").core_speed
    >>> float(cores(LambdaOptions(lambda_memory_mb=3_538)) / speed)
    1.0
    """
    vcpus = np.minimum(options.lambda_memory_mb / limit_value(_VCPU), 1.0)
    return vcpus * find_family(family(options)).core_speed * options.core_speed_factor


def published(demand: Demand) -> tuple[MessageStream, ...]:
    """What the server publishes, each message once."""
    return tuple(s for s in from_server(demand) if s.kind == "published")


def answering(demand: Demand, options: LambdaOptions) -> Function | None:
    """What does the application's own work behind a service that passes messages on by itself.

    It is called for each message of a client, each publication and each new connection on which
    there is work to do; None if there is none on any.
    """
    messages = tuple(_worked_on(demand, options))
    each = [(kind.new_connections, _connection_ms(kind, options)) for kind in demand.kinds]
    some = [(new, np.asarray(np.asarray(ms) > 0)) for new, ms in each]
    made = [new.times(worked.astype(np.float64)) for new, worked in some if worked.any()]
    return Function(demand, options, messages, total(made)) if messages or made else None


def _worked_on(demand: Demand, options: LambdaOptions) -> Iterator[MessageStream]:
    for stream in (*demand.messages("to_server"), *published(demand)):
        some = np.asarray(np.asarray(_message_ms(demand, options, stream)) > 0)
        if some.all():
            yield stream
        elif some.any():
            yield replace(stream, per_hour=stream.per_hour.times(some.astype(np.float64)))


def _connection_ms(kind: Demand, options: LambdaOptions) -> FloatArray | float:
    return application_work(options, kind.application).cpu_ms_per_new_connection


def _message_ms(
    demand: Demand, options: LambdaOptions, stream: MessageStream
) -> FloatArray | float:
    """Work on a message and, of the kind of clients with most of it, on all its deliveries."""
    deliveries = stream.copies * reduce(
        np.maximum,
        (application_work(options, k.application).cpu_ms_per_delivery for k in demand.kinds),
    )
    if stream.kind == "published":
        return deliveries
    if stream.kind != "sent":
        return 0.0
    of_clients = demand.clients_of(stream).application
    return application_work(options, of_clients).cpu_ms_per_message + deliveries


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and all that calls it."""

    demand: Demand
    options: LambdaOptions
    messages: tuple[MessageStream, ...]
    """Each calls it once."""
    connections: Weekly
    """Calls per hour because of connections."""
    ms_per_push: FloatArray | float = 0.0
    """Run time for each message to a client, if the function sends them."""
    waiting: Weekly | None = None
    """Calls that wait for something to answer, averaged over each hour; None if none does."""
    layer: CostLayer = "application"
    """What it is for, but for the application's own work."""

    @property
    def calls(self) -> Weekly:
        """Invocations per hour."""
        return total([*(stream.per_hour for stream in self.messages), self.connections])

    @property
    def _handling_ms(self) -> Weekly:
        """Milliseconds per hour but for the application's own work."""
        pushes = (s.per_hour.times(self.ms_per_push) for s in self.demand.messages("to_client"))
        return total([self.calls.times(self.options.lambda_ms), *pushes])

    @property
    def _waiting_ms(self) -> Weekly:
        """Milliseconds per hour of calls that wait."""
        each_hour = MS_PER_SECOND * SECONDS_PER_HOUR
        return total(() if self.waiting is None else (self.waiting.times(each_hour),))

    @property
    def _own_ms(self) -> Weekly:
        """Milliseconds per hour of the application's own work."""
        each_hour = MS_PER_SECOND * SECONDS_PER_HOUR / cores(self.options)
        return application_cores(self.demand, self.options).times(each_hour)

    def usage(self, called: str) -> Iterator[Usage]:
        """Requests and time, that of the application's own work on a line of its own.

        Args:
            called: what calls it, in words.
        """
        options, own = self.options, self._own_ms
        requests = self.demand.per_month(self.calls)
        yield Usage("aws.lambda.requests", requests, called, layer=self.layer)
        pushes = f" and {_given(self.ms_per_push)} ms per recipient" if self._pushes else ""
        handled = f"{_given(options.lambda_ms)} ms per invocation{pushes}"
        yield replace(self._time(self._handling_ms, handled), layer=self.layer)
        if self.waiting is not None:
            waited = range_text(self.demand.per_month(self.waiting), unit="hours")
            text = f"{waited} in which invocations wait for messages"
            yield replace(self._time(self._waiting_ms, text), part=WAITING, layer=self.layer)
        if np.any(own.peak):
            speed = range_text(np.asarray(cores(options)), "{:.3g}".format)
            text = f"its processor time, at {speed} cores of the reference speed"
            yield replace(self._time(own, text), part=APPLICATION)

    @property
    def _pushes(self) -> bool:
        return bool(np.any(np.asarray(self.ms_per_push) > 0))

    def _time(self, ms: Weekly, text: str) -> Usage:
        memory = self.options.lambda_memory_mb
        return Usage(
            _SECONDS[self.options.lambda_architecture],
            np.asarray(self.demand.per_month(ms) / MS_PER_SECOND * memory / KIB),
            f"{text}, at {_given(memory)} MB",
            layer="application",
            by_hour=partial(Month.of(self.demand).by_hour, ms),
        )

    def checks(self, *, synchronous: bool = True) -> Iterator[Check]:
        """What runs at once, and, if the caller waits for answers, how often it is called."""
        busy = total((self._handling_ms, self._waiting_ms, self._own_ms))
        running = per_second(busy).times(1 / MS_PER_SECOND)
        yield check(
            _CONCURRENT,
            running,
            "ask AWS for {raised} concurrent executions, or shorten the run time",
        )
        if synchronous:
            called = busiest_second(self.demand, self.messages, beside=(self.connections,))
            # however short they are
            yield called.check(_RATE, allowed=limit_value(_RATE) * limit_value(_CONCURRENT))

    def longest_seconds(self, messages: Iterable[MessageStream]) -> FloatArray:
        """Seconds of the longest invocation for some messages, or for a new connection."""
        demand, options = self.demand, self.options
        own = [np.asarray(_connection_ms(kind, options)) for kind in demand.kinds]
        ms = [each / cores(options) for each in own] if np.any(self.connections.peak) else []
        ms += [
            self.ms_per_push * stream.copies + _message_ms(demand, options, stream) / cores(options)
            for stream in messages
        ]
        longest = reduce(np.maximum, ms, np.zeros(()))
        return np.asarray((options.lambda_ms + longest) / MS_PER_SECOND)


def _given(figure: FloatArray | float) -> str:
    return range_text(figure, given_text)
