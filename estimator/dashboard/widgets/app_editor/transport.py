"""How do messages travel? A WebSocket, or requests and answers, and what is to say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from estimator.dashboard.session.state import changed
from estimator.dashboard.widgets.app_editor.fields import (
    choice_field,
    quantity_field,
    say_refused,
    text_field,
)
from estimator.dashboard.widgets.app_editor.quantities import time_text
from estimator.format import capitalized, given_text
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import (
    KIND_WORDS,
    LongPolling,
    MqttOverWebSocket,
    Polling,
    ServerSentEvents,
    WebSocket,
)

_AT: Final = "app transport"
_TITLES: Final = {kind: capitalized(words) for kind, words in KIND_WORDS.items()}
_USUAL: Final[Mapping[str, Mapping[str, Any]]] = {"polling": {"every_seconds": 5}}
"""What a transport needs to be told; people change it."""
_VERSIONS: Final = {"1.1": "HTTP/1.1", "2": "HTTP/2"}


def transport_fields(scenario: Scenario) -> None:
    """A choice of the transport, and the fields that matter most of those over HTTP."""
    transport = scenario.transport
    columns = st.columns([2, 2, 2, 3])
    with columns[0]:
        choice_field(
            "Transport",
            _AT,
            _TITLES,
            transport.kind,
            _of_kind,
            "How messages travel. All pages then answer for it; deployments that do not carry it "
            "are named below the comparison.",
        )
    with columns[1]:
        match transport:
            case Polling():
                _time("A request every", "every_seconds", transport.every_seconds)
            case LongPolling():
                _time("Answered after", "timeout_seconds", transport.timeout_seconds)
            case ServerSentEvents():
                _time("A comment every", "comment_seconds", transport.comment_seconds)
            case MqttOverWebSocket():
                _bytes("Bytes of a topic", "topic_bytes", transport.topic_bytes)
            case _:
                pass
    if not isinstance(transport, WebSocket | MqttOverWebSocket):
        with columns[2]:
            choice_field(
                "HTTP",
                _AT,
                _VERSIONS,
                transport.http,
                lambda old, version: _with(old, "http", version),
                "HTTP/2 sends a header that was sent before as a byte or two.",
            )
        with columns[3]:
            _bytes("Bytes of the token", "token_bytes", transport.token_bytes)
    say_refused(_AT)


def _time(label: str, field: str, seconds: Any) -> None:
    quantity_field(
        label,
        _AT,
        time_text(float(seconds)),
        "time",
        lambda old, typed: _with(old, field, typed),
        "A time, such as 500 ms, 5 s or 1 min.",
    )


def _bytes(label: str, field: str, size: float) -> None:
    text_field(label, _AT, given_text(size), lambda old, typed: _with(old, field, typed))


def _of_kind(scenario: Scenario, kind: str) -> Scenario:
    """The scenario over another transport; WebSockets need not be said."""
    said = None if kind == "websocket" else {"kind": kind, **_USUAL.get(kind, {})}
    return changed(scenario, transport=said)


def _with(scenario: Scenario, field: str, value: object) -> Scenario:
    transport = scenario.transport
    said = {name: getattr(transport, name) for name in transport.model_fields_set}
    return changed(scenario, transport={**said, "kind": transport.kind, field: value})
