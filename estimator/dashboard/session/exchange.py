"""How does a scenario come in and go out? As a file, and as a link."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from estimator.dashboard.session.state import (
    LONGEST_LINK_CHARACTERS,
    PARAMETER,
    watch,
)
from estimator.errors import ScenarioError
from estimator.scenario.scenario import Scenario


def exchange(scenario: Scenario) -> None:
    """Upload a scenario file, download the present one, share it as a link."""
    st.file_uploader(
        "Open a scenario file",
        type=["yaml", "yml"],
        key=watch("upload", _opened, "The file cannot be used"),
        help="YAML, such as those in the folder examples of this project; it may hold a profile "
        "of your own.",
    )
    st.download_button(
        "Save the scenario",
        scenario.to_yaml(),
        file_name="scenario.yaml",
        mime="application/yaml",
        key="scenario_yaml",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )
    shared = st.popover(
        "Share a link", icon=":material/link:", width="stretch", key="share", on_change="rerun"
    )
    if shared.open:
        with shared:
            _link(scenario)


def _opened(old: Scenario, uploaded: UploadedFile | None) -> Scenario:
    # a file that is taken away leaves the scenario that it brought
    if uploaded is None:
        return old
    return Scenario.from_yaml(_text(uploaded.getvalue(), uploaded.name), uploaded.name)


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ScenarioError(f"{name}: not a text file in UTF-8") from None


def _link(scenario: Scenario) -> None:
    token = scenario.to_token()
    if len(token) > LONGEST_LINK_CHARACTERS:
        st.markdown(
            f"This scenario is too large for a link ({len(token):,} characters): save it and "
            "share the file."
        )
        return
    st.markdown("The address of this page always holds the whole scenario. Its link:")
    # what else a page keeps in the address, such as where weeks are simulated
    beside = {name: value for name, value in st.query_params.items() if name != PARAMETER}
    query = urlencode({PARAMETER: token, **beside})
    st.code(f"{st.context.url or ''}?{query}", language=None, wrap_lines=True)
