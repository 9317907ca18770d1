"""What does your app do? Its messages, clients and hours, built on the page."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from estimator.analysis.workload.tables import messages_table
from estimator.dashboard.pages.frame import open_page, sidebar
from estimator.dashboard.session.cache import kept
from estimator.dashboard.widgets.app_editor.clients import client_fields
from estimator.dashboard.widgets.app_editor.flows import flow_cards
from estimator.dashboard.widgets.app_editor.kinds import (
    add_kind,
    chosen_kind,
    kind_fields,
    note_kinds,
)
from estimator.dashboard.widgets.app_editor.transport import transport_fields
from estimator.dashboard.widgets.app_editor.week import week_fields
from estimator.dashboard.widgets.charts import theme
from estimator.dashboard.widgets.document import show_answer, show_heading, unbroken
from estimator.dashboard.widgets.downloads import (
    Download,
    data_file,
    download_row,
    rows_of,
    table_file,
)
from estimator.dashboard.widgets.origin import file_words
from estimator.dashboard.widgets.texts import paragraph_html
from estimator.demand.expected import expected_demand
from estimator.format import bytes_text, count_text, figure_text
from estimator.render.document import Inline, Text
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario
from estimator.units import SECONDS_PER_HOUR

_LOAD: Final = "[data-testid=stLayoutWrapper]:has(> .st-key-app_load)"
_STAYS: Final = "position: sticky; top: 3.5rem; z-index: 9; padding: 0.5rem 0;"


def your_app_page() -> None:
    """Draw the page."""
    scenario = open_page("your_app", "What does your app do?")
    _load(scenario)
    sidebar(scenario)
    kind, at = chosen_kind(scenario)
    note_kinds(scenario)
    kind_fields(scenario, kind, f"{at} kind")
    show_heading("Messages")
    flow_cards(scenario, kind, at)
    show_heading("Connections")
    client_fields(scenario, kind, f"{at} client")
    transport_fields(scenario)
    show_heading("The week")
    week_fields(scenario, kind, f"{at} week")
    st.divider()
    add_kind(scenario)
    download_row(_files(scenario))


def _load(scenario: Scenario) -> None:
    """What the app amounts to; it stays in view while fields below are edited."""
    paper = st.get_option(f"theme.{theme()}.backgroundColor")
    with st.container(key="app_load"):
        st.html(f"<style>{_LOAD} {{ background: {paper}; {_STAYS} }}</style>")
        show_answer([paragraph_html(load_words(scenario.to_token()))])


@kept
def load_words(token: str) -> Inline:
    """What the app amounts to: messages per second at the peak, and data per month."""
    demand = expected_demand(Scenario.from_token(token))
    rows = messages_table(demand)
    counted = rows[rows["kind"] != "ping"]
    per_second = counted.groupby("direction")["in_busiest_hour"].sum() / SECONDS_PER_HOUR
    received, sent = (
        unbroken(count_text(float(per_second.get(way, 0.0)))) for way in ("to_client", "to_server")
    )
    down, up = (
        unbroken(bytes_text(float(demand.per_month(demand.traffic(way, "ip")))))
        for way in ("to_client", "to_server")
    )
    peak = figure_text(float(demand.peak_connections))
    return (
        "At the peak, ",
        Text(f"{peak} connections", "strong"),
        " send ",
        Text(sent, "strong"),
        " and receive ",
        Text(f"{received} messages per second", "strong"),
        "; in a month, ",
        Text(down, "strong"),
        " go to clients and ",
        Text(up, "strong"),
        " come from them.",
    )


def _files(scenario: Scenario) -> list[Download]:
    def messages() -> pd.DataFrame:
        return messages_table(expected_demand(scenario))

    return [
        Download(
            "Save the profile (YAML)",
            _file_name(scenario.profile),
            lambda origin: origin.comments(whole=False) + scenario.profile.to_yaml(),
        ),
        table_file("Messages", "your-app-messages.csv", messages),
        data_file(
            "Everything",
            "your-app.json",
            lambda: {"scenario": scenario.as_data(), "messages": rows_of(messages())},
        ),
    ]


def _file_name(profile: Profile) -> str:
    """Says whose profile it is."""
    title = file_words(profile.title)
    return f"profile-{title}.yaml" if title else "profile.yaml"
