"""IoT Core: MQTT over WebSocket, priced by messages and connection minutes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.deployments import limits
from estimator.deployments.aws.lambda_backend import Function, LambdaOptions, answering
from estimator.deployments.aws.messaging import (
    WIRE_BYTES,
    LogOptions,
    MessageService,
    publications,
)
from estimator.deployments.base import (
    Request,
    both_ways,
    mbps,
    messages_text,
)
from estimator.deployments.connection_rates import busiest_second_of_connection, per_connection
from estimator.deployments.heartbeats import no_faster
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import KIB

_SERVICE = "aws.iot_core"
_SUBSCRIPTIONS = f"{_SERVICE}.subscriptions_per_second"
_IN_ONE_REQUEST = f"{_SERVICE}.topics_per_subscribe"


class IotCoreOptions(LogOptions, LambdaOptions):
    """Choices for IoT Core."""

    backend: Literal["lambda", "none"] = "lambda"
    """lambda: a rule with one action calls a Lambda function for each message and each new
    connection on which the application has work of its own; none: such work is left out. IoT Core
    passes messages on by itself."""
    topics_per_client: Annotated[float, Field(ge=0)] = 1
    """Topics that a client subscribes to after it connects, wildcards counted once. Assumption:
    one."""
    subscribes_per_connect: Annotated[float, Field(ge=0)] | None = None
    """SUBSCRIBE requests of a client after it connects. Default: as few as name all topics."""
    topic_bytes: Annotated[float, Field(ge=0)] = 30
    """Length of a message's topic name, which is metered with the payload. Assumption."""
    qos: Literal[0, 1] = 0
    """0: deliveries are not acknowledged; 1: each is, with a PUBACK of the client that is metered.
    Assumption: 0, as WebSocket itself delivers."""
    rules_per_message: Annotated[float, Field(ge=0)] = 0
    """Rules that each message from a client triggers besides that of the function. Assumption:
    none."""
    actions_per_rule: Annotated[float, Field(ge=1)] = 1
    """Actions of each of these rules; at least one is billed."""

    @property
    def requests(self) -> float:
        """SUBSCRIBE requests of a client after it connects."""
        if self.subscribes_per_connect is not None:
            return self.subscribes_per_connect
        return math.ceil(self.topics_per_client / limits.limit_value(_IN_ONE_REQUEST))

    @property
    def topics(self) -> float:
        """Topics that a client subscribes to; each request names one at least."""
        return max(self.topics_per_client, self.requests)

    def steps_per_hour(self, stream: MessageStream, step_bytes: float) -> Weekly:
        """Messages in started steps of payload and topic."""
        return stream.per_hour.times(stream.payload.steps(step_bytes, self.topic_bytes))


class IotCore(MessageService):
    """IoT Core, priced by MQTT messages in 5-KB steps and by connection minutes.

    Prices and metering: https://aws.amazon.com/iot-core/pricing/
    """

    options = IotCoreOptions
    questions = (
        Assumption(
            id="internet_traffic",
            question="Is traffic to the internet charged on top of messages?",
            choices={
                "yes": "at the data transfer rates of EC2",
                "no": "the price of messages covers it",
            },
            evidence="No source was found for IoT Core; the price pages of API Gateway and "
            "AppSync add data transfer.",
        ),
        WIRE_BYTES,
    )
    not_modeled = (
        "MQTT headers and topic names in traffic, unless the transport is mqtt_over_websocket",
        "properties of MQTT 5",
        "retained messages, device shadows and the registry",
        "what the actions of rules write to besides the function, and its cold starts",
        "the code that publishes on behalf of the server",
        "storage of logs and metrics",
        "custom authorizers",
    )

    limits_connections = True

    def charges_traffic(self, request: Request) -> bool:
        """Only under that answer."""
        return request.answers["internet_traffic"] == "yes"

    def function(self, request: Request) -> Function | None:
        """Lambda, called by rules where the application has work of its own.

        New connections are told to a rule by the service's own lifecycle events:
        https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html
        """
        none = request.options.backend == "none"
        return None if none else answering(request.demand, request.options)

    def message_usage(self, request: Request) -> Iterator[Usage]:
        """Messages in 5-KB steps, rules and actions."""
        options, demand = request.options, request.demand
        meter = f"{_SERVICE}.messages"
        step_bytes = request.step_bytes(meter)
        delivered = demand.messages("to_client")
        carried = (*demand.messages("to_server"), *delivered)
        counted = [
            options.steps_per_hour(s, step_bytes) for s in (*publications(demand), *delivered)
        ]
        counted.append(demand.new_connections.times(1 + options.requests))
        acknowledged = ""
        if options.qos == 1:
            counted += [s.per_hour for s in delivered]
            acknowledged = ", and a PUBACK for each delivery"
        yield Usage(
            meter,
            demand.per_month(total(counted)),
            f"PUBLISH in and out ({messages_text(demand, carried)}), in started steps of "
            f"{step_bytes / KIB:g} KB of payload and topic, a CONNECT and "
            f"{options.requests:g} SUBSCRIBE for each connection{acknowledged}",
        )
        yield from self._answers(request)

    def _answers(self, request: Request) -> Iterator[Usage]:
        """Rules and actions, and the function that they call."""
        options, demand, function = request.options, request.demand, self.function(request)
        step_bytes = request.step_bytes(f"{_SERVICE}.rules")
        sent = (s for s in publications(demand) if s.direction == "to_server")
        rules = total(options.steps_per_hour(s, step_bytes) for s in sent).times(
            options.rules_per_message
        )
        actions, each = rules.times(options.actions_per_rule), list[str]()
        if options.rules_per_message:
            each += [f"{options.rules_per_message:g} rules for each message from a client"]
        if function is not None:
            steps = (options.steps_per_hour(s, step_bytes) for s in function.messages)
            calls = total((*steps, function.connections))
            rules, actions = total((rules, calls)), total((actions, calls))
            each += ["one for each message and new connection with work of the application"]
        if not each:
            return
        words = f"{' and '.join(each)}, in started steps of {step_bytes / KIB:g} KB"
        yield Usage(f"{_SERVICE}.rules", demand.per_month(rules), words, layer="application")
        words = f"{options.actions_per_rule:g} actions for each rule, one for the function's"
        yield Usage(f"{_SERVICE}.actions", demand.per_month(actions), words, layer="application")
        if function is not None:
            yield from function.usage("one invocation for each action that calls the function")

    def kept_alive(self, demand: Demand, answers: Mapping[str, str]) -> Demand:
        """MQTT pings, which a client sends at most as often as they are free."""
        return no_faster(demand, limits.limit_value(f"{_SERVICE}.free_ping_interval"))

    def admission(self, request: Request) -> AdmissionLimits:
        """Connections as fast as they are let in, or as they may subscribe to their topics."""
        found, topics = super().admission(request), request.options.topics
        subscribing = limits.limit_value(_SUBSCRIPTIONS) / topics if topics else math.inf
        if subscribing >= found.new_connections_per_second:
            return found
        return replace(
            found,
            new_connections_per_second=subscribing,
            counted_per_connection=topics,
            limits={**found.limits, "new_connections_per_second": _SUBSCRIPTIONS},
        )

    def checks(self, request: Request) -> Iterator[limits.Check]:
        """Connections, subscriptions, publications in and out, bandwidth, sizes, silence."""
        options, demand = request.options, request.demand
        published, delivered = publications(demand), demand.messages("to_client")
        sent = tuple(s for s in published if s.direction == "to_server")
        function = self.function(request)
        to_rules = [total(s.per_hour for s in sent).times(options.rules_per_message)]
        to_rules += [] if function is None else [function.connections]
        called = () if function is None else function.messages
        yield self.check("open_connections", demand.connections_peak)
        yield self.check("new_connections_per_second", limits.per_second(demand.new_connections))
        into = limits.busiest_second(demand, published)
        yield into.check(f"{_SERVICE}.publishes_in_per_second")
        out = limits.busiest_second(demand, (*delivered, *called), beside=to_rules)
        yield out.check(f"{_SERVICE}.publishes_out_per_second")
        yield self.check(
            "publishes_per_second_per_connection",
            busiest_second_of_connection(demand, (*sent, *delivered)),
        )
        yield self.check(
            "bandwidth_per_connection_mbps",
            per_connection(demand, lambda kind: mbps(both_ways(kind, "websocket"))),
        )
        yield from _subscription_checks(demand, options)
        yield self.check("message_max_bytes", limits.largest_bytes((*published, *delivered)))
        yield self.check("topic_max_bytes", options.topic_bytes)
        if options.rules_per_message:
            yield self.check("actions_per_rule", options.actions_per_rule)
        yield from limits.idle_checks(demand, f"{_SERVICE}.idle_timeout")
        if function is not None:
            # a rule does not wait for its function
            yield from function.checks(synchronous=False)
            longest = function.longest_seconds(function.messages)
            yield limits.check("aws.lambda.timeout_max", longest)


def _subscription_checks(demand: Demand, options: IotCoreOptions) -> Iterator[limits.Check]:
    topics = options.topics
    subscribing = limits.per_second(demand.new_connections).times(topics)
    yield limits.check(_SUBSCRIPTIONS, subscribing)
    yield limits.check(f"{_SERVICE}.subscriptions", demand.connections_peak.times(topics))
    yield limits.check(f"{_SERVICE}.subscriptions_per_connection", topics)
    # as many requests as hold the topics are within it
    if options.subscribes_per_connect:
        yield limits.check(_IN_ONE_REQUEST, math.ceil(topics / options.subscribes_per_connect))
