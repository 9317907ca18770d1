"""Which figures of the app matter most? A handful beside every page; the rest is a click away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from estimator.dashboard.widgets.app_editor.clients import (
    heartbeat_interval_field,
    mean_session_field,
)
from estimator.dashboard.widgets.app_editor.fields import say_refused
from estimator.dashboard.widgets.app_editor.flows import (
    how_often_field,
    payload_field,
    received_by_field,
)
from estimator.dashboard.widgets.document import spelled, told_apart
from estimator.render.printable import printable
from estimator.scenario.clients import MAIN
from estimator.scenario.flows import MessageFlow
from estimator.scenario.scenario import Scenario

_AT: Final = "main figures"


def main_figures(scenario: Scenario) -> None:
    """Draw a field for each figure of the main clients, and of one flow of theirs."""
    profile = scenario.profile
    name = _chosen_flow(profile.flows)
    left, right = st.columns(2)
    if name:
        flow, at = profile.flows[name], f"{_AT} {list(profile.flows).index(name)}"
        with left:
            how_often_field(MAIN, name, flow, at)
            received_by_field(MAIN, name, flow, at)
        with right:
            payload_field(MAIN, name, flow, at)
        say_refused(at)
    with right if name else left:
        mean_session_field(MAIN, profile.session, _AT)
    if profile.heartbeat is not None:
        with left if name else right:
            heartbeat_interval_field(MAIN, profile.heartbeat, "Heartbeat every", _AT)
    say_refused(_AT)


def _chosen_flow(flows: Mapping[str, MessageFlow]) -> str:
    """The flow whose figures are shown; at first that of most messages. Empty without flows."""
    if len(flows) < 2:
        return next(iter(flows), "")
    titles = told_apart(spelled(printable(name)) for name in flows)
    chosen = st.selectbox(
        "Messages",
        list(flows),
        index=list(flows).index(max(flows, key=lambda name: _messages_per_hour(flows[name]))),
        key=f"{_AT} of {', '.join(flows)}",
        format_func=dict(zip(flows, titles, strict=True)).__getitem__,
        help="Those whose figures stand below; the page “Your app” has all of them together.",
    )
    return chosen if chosen in flows else next(iter(flows))


def _messages_per_hour(flow: MessageFlow) -> float:
    """Sent and received, for one open connection."""
    received = 0.0 if flow.direction == "server_to_client" else float(flow.fan_out)
    return float(flow.rate_per_hour) * (1.0 + received)
