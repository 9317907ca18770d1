"""Which pages are there? The frame that all of them share."""

from __future__ import annotations

import streamlit as st

from estimator.dashboard.pages.concurrency import concurrency_page
from estimator.dashboard.pages.estimate import estimate_page
from estimator.dashboard.pages.limits import limits_page
from estimator.dashboard.pages.prices import prices_page
from estimator.dashboard.pages.what_if.page import what_if_page
from estimator.dashboard.pages.workload import workload_page

_CSS = "<style>.stMainBlockContainer { padding-top: 3.5rem; padding-bottom: 3rem; }</style>"


def open_dashboard() -> None:
    """Draw the page that the address names; Streamlit calls this again after every interaction."""
    st.set_page_config(page_title="WebSocket cost estimator", layout="wide")
    st.html(_CSS)
    pages = [
        st.Page(estimate_page, title="Estimate", default=True),
        st.Page(workload_page, title="Workload", url_path="workload"),
        st.Page(concurrency_page, title="Concurrency", url_path="concurrency"),
        st.Page(limits_page, title="Limits", url_path="limits"),
        st.Page(what_if_page, title="What if", url_path="what-if"),
        st.Page(prices_page, title="Prices", url_path="prices"),
    ]
    st.navigation(pages, position="top").run()
