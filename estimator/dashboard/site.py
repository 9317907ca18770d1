"""Which pages are there? The frame that all of them share."""

from __future__ import annotations

import streamlit as st

from estimator.dashboard.estimate_page import estimate_page


def open_dashboard() -> None:
    """Draw the page that the address names; Streamlit calls this again after every interaction."""
    st.set_page_config(page_title="WebSocket cost estimator", layout="wide")
    pages = [st.Page(estimate_page, title="Estimate", default=True)]
    st.navigation(pages, position="top").run()
