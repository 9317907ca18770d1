"""What is done before the doors open? All that the first visitor would otherwise wait for."""

from __future__ import annotations

import asyncio
import os
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import streamlit as st

# The arrays of a bill are small: with a thread for each processor, threads would wait for each
# other longer than they compute. numpy reads this once, when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@asynccontextmanager
async def doors_open(_: st.App) -> AsyncGenerator[None]:
    """What Streamlit enters when the server starts; visitors come in as soon as it yields."""
    await asyncio.to_thread(make_ready)
    if not st.get_option("server.headless"):
        # it is served by the time that the browser has started and asks
        webbrowser.open(_own_address())
    yield


def _own_address() -> str:
    host = st.get_option("server.address")
    if host in (None, "", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://{host}:{st.get_option('server.port')}"


def make_ready() -> None:
    """Import the pages, read the prices, and work out what a visitor sees who says nothing."""
    # numerical libraries take seconds to load, so that this file leaves them to its thread
    from estimator.dashboard import site  # noqa: F401 - imports the pages
    from estimator.dashboard.session.computed import comparison_of, cost_picture_of
    from estimator.dashboard.session.state import default_scenario
    from estimator.dashboard.widgets.open_questions import largest_question

    token = default_scenario().to_token()
    largest_question(comparison_of(token).bills)
    cost_picture_of(token, "light", "wide")
