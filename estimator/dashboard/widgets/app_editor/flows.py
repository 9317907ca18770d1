"""Which messages are there? A card for each flow of a kind of clients."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import streamlit as st

from estimator.dashboard.session.state import press
from estimator.dashboard.widgets.app_editor.changes import (
    with_direction,
    with_flow,
    with_new_flow,
    with_receivers,
    with_renamed_flow,
)
from estimator.dashboard.widgets.app_editor.fields import (
    choice_field,
    quantity_field,
    say_refused,
    switch_field,
    text_field,
)
from estimator.dashboard.widgets.app_editor.quantities import rate_text, share_text, time_text
from estimator.dashboard.widgets.app_editor.sizes import law_fields, mean_size_field
from estimator.dashboard.widgets.document import literal
from estimator.format import given_text, sentence
from estimator.scenario.flows import MessageFlow
from estimator.scenario.scenario import Scenario

_TO_SERVER: Final = "client_to_server"
_SENDERS: Final = {_TO_SERVER: "A client", "server_to_client": "The server"}
_TIMINGS: Final = {
    "spread": "One by one, at random",
    "synchronized": "All clients at once",
}
_KEEPS: Final = {"all": "All, put together", "latest": "The latest only"}


def flow_cards(scenario: Scenario, kind: str, at: str) -> None:
    """Every flow of a kind of clients, and a button for one more.

    Args:
        scenario: the one on screen.
        kind: of clients.
        at: begins the names of the widgets.
    """
    flows = scenario.profiles[kind].flows
    if not flows:
        st.caption("No messages yet: these clients are connected and silent.")
    for position, (name, flow) in enumerate(flows.items()):
        with st.container(border=True):
            _card(scenario, kind, name, flow, f"{at} flow {position}")
    st.button(
        "Add messages",
        key=f"{at} add flow",
        icon=":material/add:",
        **press(lambda old, _: with_new_flow(old, kind)),
    )


def _card(scenario: Scenario, kind: str, name: str, flow: MessageFlow, at: str) -> None:
    change = partial(_change, kind, name)
    others = [each for each in scenario.kinds if each != kind]
    sent = flow.direction == _TO_SERVER
    columns = iter(st.columns([3, 2, 2, 2, 2] + [2] * bool(others and sent)))
    with next(columns):
        text_field(
            "Messages",
            at,
            name,
            lambda old, new: with_renamed_flow(old, kind, name, new),
        )
    with next(columns):
        choice_field(
            "Who sends",
            at,
            _SENDERS,
            flow.direction,
            lambda old, way: with_direction(old, kind, name, way),
        )
    with next(columns):
        how_often_field(kind, name, flow, at)
    with next(columns):
        payload_field(kind, name, flow, at)
    with next(columns):
        received_by_field(kind, name, flow, at)
    if others and sent:
        with next(columns):
            _receivers(kind, name, flow, others, at)
    say_refused(at)
    with st.container(horizontal=True, vertical_alignment="center"):
        _more(flow, change, at)
        _copy_and_remove(kind, name, at)
        if flow.delivery != "spread":
            st.caption(literal(sentence(flow.delivery)))


def how_often_field(kind: str, name: str, flow: MessageFlow, at: str) -> None:
    """Messages of one open connection in a time."""
    quantity_field(
        "How often",
        at,
        rate_text(float(flow.rate_per_hour)),
        "rate",
        _change(kind, name, "rate_per_hour"),
        "Of one open connection: what it sends, or gets from the server. Such as 20 per "
        "second, 2 per minute or 12 per day.",
    )


def payload_field(kind: str, name: str, flow: MessageFlow, at: str) -> None:
    """The size of a message."""
    mean_size_field(
        "Mean size",
        at,
        flow.payload,
        _change(kind, name, "payload"),
        "Payload of a message: your application's bytes.",
    )


def received_by_field(kind: str, name: str, flow: MessageFlow, at: str) -> None:
    """How many get each message."""
    text_field(
        "Received by",
        at,
        given_text(float(flow.fan_out)),
        _change(kind, name, "fan_out"),
        "How many others the server passes each message on to; 0 if to nobody."
        if flow.direction == _TO_SERVER
        else "How many clients get the same message, such as the people in a room. It decides "
        "how many leave at one moment; 0 and 1 mean a message of its own for each.",
    )


def _receivers(kind: str, name: str, flow: MessageFlow, others: Sequence[str], at: str) -> None:
    choice_field(
        "Who receives",
        at,
        {each: each for each in (kind, *others)},
        flow.to or kind,
        lambda old, to: with_receivers(old, kind, name, to),
        "The kind of clients to whom the server passes it on.",
    )


def _more(flow: MessageFlow, change: Any, at: str) -> None:
    at = f"{at} more"
    more = st.popover("Timing, batches and more", icon=":material/tune:", key=at, on_change="rerun")
    if not more.open:
        return
    with more:
        left, right = st.columns(2)
        with left:
            law_fields(at, flow.payload, change("payload"))
            choice_field(
                "They come",
                at,
                _TIMINGS,
                flow.timing,
                change("timing"),
                "At random, from many independent senders; or those of all open connections at "
                "the same moments, as ticks and announcements.",
            )
        with right:
            _batch(flow, change, at)
            text_field(
                "Active part of a session",
                at,
                share_text(float(flow.active_share)),
                change("active_share"),
                "The part in which these messages flow, such as that in which a person types.",
            )
            if flow.direction == _TO_SERVER:
                switch_field("The sender receives it, too", at, flow.echo, change("echo"))
        say_refused(at)


def _batch(flow: MessageFlow, change: Any, at: str) -> None:
    quantity_field(
        "Held back for",
        at,
        "" if flow.batch is None else time_text(float(flow.batch.window)),
        "time",
        lambda old, typed: change("batch")(old, {"window": typed} if typed else None),
        "The server puts together what comes within this time, so that a client gets one "
        "delivery per window. Empty: every message is delivered by itself.",
        "500 ms",
    )
    if flow.batch is not None:
        choice_field(
            "Of a window, deliver",
            at,
            _KEEPS,
            flow.batch.keep,
            lambda old, keep: change("batch")(old, {"keep": keep}),
        )


def _copy_and_remove(kind: str, name: str, at: str) -> None:
    st.button(
        "Copy",
        key=f"{at} copy",
        type="tertiary",
        icon=":material/content_copy:",
        **press(lambda old, _: with_new_flow(old, kind, like=name)),
    )
    st.button(
        "Remove",
        key=f"{at} remove",
        type="tertiary",
        icon=":material/delete:",
        **press(lambda old, _: with_flow(old, kind, name, None)),
    )


def _change(kind: str, name: str, field: str) -> Any:
    """Changes one field of a flow to what a file would say of it."""
    return lambda old, said: with_flow(old, kind, name, {field: said})
