"""Which transports are compared? Those that a scenario could have, and how often polls may come."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from estimator.analysis.estimate.resolve import Resolved
from estimator.demand.added_delay import AddedDelay, added_delay
from estimator.deployments.base import Deployment
from estimator.errors import ScenarioError
from estimator.format import span_text
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import (
    KINDS,
    HttpTransport,
    LongPolling,
    MqttOverWebSocket,
    Polling,
    ServerSentEvents,
    Transport,
    WebSocket,
)
from estimator.units import MS_PER_SECOND, SECONDS_PER_HOUR

ON_TIME: Final = 0.95
"""Share of the messages that a wanted freshness is about."""
_INTERVALS_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Of polls, if nobody says how late a message may come: what people choose from."""


def choices(scenario: Scenario, within_seconds: float | None) -> tuple[Transport, ...]:
    """The transports to compare, what the scenario says of one included.

    Args:
        scenario: whose transport, if it is over HTTP, says how requests are made.
        within_seconds: by when 95% of the messages must have come; polls then are as rare as that
            allows.

    Raises:
        ScenarioError: no transport can be that fast, or the scenario stands for many.
    """
    if scenario.many:
        raise ScenarioError(
            "the scenario stands for many (a field is a list): transports are compared for a "
            "single one"
        )
    if within_seconds is not None and not 0 < within_seconds < np.inf:
        raise ScenarioError(
            f"messages must be wanted within more than 0 seconds, not {within_seconds:g}: no "
            "transport is faster than its network"
        )
    return tuple(_choices(scenario, within_seconds))


def _choices(scenario: Scenario, within_seconds: float | None) -> Iterator[Transport]:
    own = scenario.transport
    yield own if isinstance(own, WebSocket) else WebSocket()
    yield own if isinstance(own, MqttOverWebSocket) else MqttOverWebSocket()
    requests = _requests(own)
    yield own if isinstance(own, ServerSentEvents) else ServerSentEvents(**requests)
    longest = session_seconds(scenario)
    if isinstance(own, LongPolling):
        yield own
    elif longest >= LongPolling().timeout_seconds:
        yield LongPolling(**requests)
    yield from _polls(own, requests, longest, within_seconds)


def _requests(own: Transport) -> dict[str, Any]:
    """What a scenario says of requests, whatever they are for."""
    if not isinstance(own, HttpTransport):
        return {}
    said = own.model_fields_set & {"http", "token_bytes", "answer_ms"}
    return {name: getattr(own, name) for name in said}


def _polls(
    own: Transport, requests: dict[str, Any], longest: float, within_seconds: float | None
) -> Iterator[Polling]:
    """Polling at the interval of the scenario, the rarest that is fast enough, or usual ones."""
    if isinstance(own, Polling):
        yield own
        requests |= {"conditional": own.conditional}
    if within_seconds is None:
        intervals = [each for each in _INTERVALS_S if each <= longest]
    else:
        # of polls every T, 95% of the messages wait for 0.95 T at most
        # nor does anybody ask again before there is an answer
        answered = requests.get("answer_ms", Polling.model_fields["answer_ms"].default)
        rarest = max(_two_digits(within_seconds / ON_TIME), answered / MS_PER_SECOND)
        intervals = [min(rarest, longest)]
    for every in intervals:
        if not (isinstance(own, Polling) and own.every_seconds == every):
            yield Polling(every_seconds=every, **requests)


def _two_digits(seconds: float) -> float:
    """An interval that people would set, never a longer one.

    >>> _two_digits(2 / 0.95)
    2.1
    """
    unit = 10.0 ** (math.floor(math.log10(seconds)) - 1)
    return float(f"{math.floor(seconds / unit) * unit:.2g}")


def table_order(transport: Transport) -> tuple[int, float]:
    """Where a transport stands in a table: by its kind, polls by their interval.

    >>> table_order(Polling(every_seconds=10)) < table_order(Polling(every_seconds=60))
    True
    """
    every = float(transport.every_seconds) if isinstance(transport, Polling) else 0.0
    return KINDS.index(transport.kind), every


def delay_on(over: Resolved, deployment: Deployment) -> AddedDelay:
    """What the transport of a scenario adds to the way of its messages on a deployment."""
    scenario = over.scenario
    terms = deployment.http_terms(over.request(deployment))
    return added_delay(over.demand, scenario.transport, terms, scenario.profile.reconnect)


def session_seconds(scenario: Scenario) -> float:
    """The mean session of those clients who stay the shortest."""
    means = (float(profile.session.mean) for profile in scenario.profiles.values())
    return min(means) * SECONDS_PER_HOUR


def freshness_words(within_seconds: float) -> str:
    """A wanted freshness, for people.

    >>> freshness_words(2)
    '95% of the messages within 2 s'
    """
    return f"{ON_TIME:.0%} of the messages within {span_text(within_seconds)}"
