"""How do messages travel between clients and servers? Over a WebSocket, or over plain HTTP.

A scenario says so once; what it makes of the demand is worked out in ``demand.over_http``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from estimator.format import given_text
from estimator.scenario import model
from estimator.scenario.reconnect import UpToADay
from estimator.units import MS_PER_SECOND

TransportKind = Literal[
    "websocket", "mqtt_over_websocket", "server_sent_events", "long_polling", "polling"
]
KINDS: tuple[TransportKind, ...] = get_args(TransportKind)
KIND_WORDS: Mapping[TransportKind, str] = {
    "websocket": "WebSocket",
    "mqtt_over_websocket": "MQTT over WebSocket",
    "server_sent_events": "server-sent events",
    "long_polling": "long polling",
    "polling": "polling at an interval",
}
"""Kinds of transports, for people."""
_Seconds = Annotated[float | np.ndarray, model.OrMany(UpToADay)]


def _version(value: object) -> object:
    # YAML reads 1.1 and 2 as numbers
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


_Http = Annotated[Literal["1.1", "2"], BeforeValidator(_version)]


class WebSocket(model.Model):
    """A connection that carries messages both ways."""

    kind: Literal["websocket"] = "websocket"

    @property
    def words(self) -> str:
        """The transport, for people."""
        return KIND_WORDS[self.kind]


class MqttOverWebSocket(model.Model):
    """MQTT packets in the frames of a WebSocket, each message with the name of its topic."""

    kind: Literal["mqtt_over_websocket"] = "mqtt_over_websocket"
    topic_bytes: Annotated[float, Field(ge=1, le=65_535)] = 32
    """Length of the name of a topic, which is sent with each message. Assumption."""

    @property
    def words(self) -> str:
        """The transport, for people."""
        return KIND_WORDS[self.kind]


class _OverHttp(model.Model):
    """Messages in requests and responses."""

    http: _Http = "2"
    """Version of HTTP: 2 sends a header that was sent before as a byte or two, and all requests of
    a client over one connection. Default: what browsers use wherever a service offers it."""
    token_bytes: Annotated[float, Field(ge=0, le=8_192)] = 400
    """Length of the bearer token that each request carries. Assumption: a small JSON Web Token."""
    answer_ms: Annotated[float, Field(gt=0, le=60_000)] = 20
    """Time in which a server answers a request that waits for nothing. Assumption."""


class ServerSentEvents(_OverHttp):
    """A response that does not end carries what the server sends; each message back is a POST."""

    kind: Literal["server_sent_events"] = "server_sent_events"
    comment_seconds: _Seconds = 15.0
    """Time between comments, which keep a quiet stream open: "every 15 seconds or so"
    (https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes)."""
    reconnect_seconds: Annotated[float, Field(ge=0, le=3_600)] = 3.0
    """Time until a client asks again after its stream has ended. Default: that of Chrome, which a
    server changes by sending retry."""

    @property
    def words(self) -> str:
        """The transport, for people."""
        return KIND_WORDS[self.kind]


class LongPolling(_OverHttp):
    """Requests that a server answers once it has something to say, or after a time."""

    kind: Literal["long_polling"] = "long_polling"
    timeout_seconds: _Seconds = 25.0
    """Time after which a request is answered with nothing. Assumption: safely below the 30 seconds
    that https://www.rfc-editor.org/rfc/rfc6202#section-5.5 recommends."""
    turnaround_seconds: Annotated[float, Field(gt=0, le=60)] = 0.1
    """Time from an answer to the client's next request, on its way there and back. Assumption:
    measure yours."""

    @property
    def words(self) -> str:
        """The transport, for people."""
        return KIND_WORDS[self.kind]


class Polling(_OverHttp):
    """Requests at an interval, whether there is something to say or not."""

    kind: Literal["polling"] = "polling"
    every_seconds: _Seconds
    """Time between two requests of a client."""
    conditional: bool = True
    """Whether a client says what it has already (If-None-Match), so that a server with nothing new
    answers without a body (304)."""

    @model_validator(mode="after")
    def _asks_after_an_answer(self) -> Self:
        shortest = float(np.min(self.every_seconds))
        if shortest < self.answer_ms / MS_PER_SECOND:
            raise ValueError(
                f"every_seconds is {shortest:g} s, but an answer takes {self.answer_ms:g} ms "
                "(answer_ms): a client would ask again before it is answered"
            )
        return self

    @property
    def words(self) -> str:
        """The transport, for people."""
        seconds = np.unique(np.asarray(self.every_seconds))
        return f"polling every {' or '.join(map(given_text, seconds.tolist()))} s"


TRANSPORTS = (WebSocket, MqttOverWebSocket, ServerSentEvents, LongPolling, Polling)
"""The models, in the order of the kinds."""
HttpTransport = ServerSentEvents | LongPolling | Polling


def _by_name(value: object) -> object:
    if isinstance(value, str):
        return {"kind": value}
    if not isinstance(value, Mapping | WebSocket | MqttOverWebSocket | HttpTransport):
        raise ValueError(
            f"must be the name of a transport ({', '.join(KINDS)}), or its kind and settings, such "
            "as {kind: polling, every_seconds: 5}"
        )
    return value


Transport = Annotated[
    WebSocket | MqttOverWebSocket | HttpTransport,
    Field(discriminator="kind"),
]
TransportGiven = Annotated[
    Transport,
    BeforeValidator(_by_name, json_schema_input_type=TransportKind | Transport),
]
"""A transport, or just its name."""


def many_of(transport: Any) -> tuple[int, ...]:
    """Shape of the many scenarios that a transport has figures for; () if it is of a single one."""
    figures = (getattr(transport, name) for name in type(transport).model_fields)
    return np.broadcast_shapes(*(np.shape(each) for each in figures))
