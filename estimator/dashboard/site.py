"""Which pages are there, and what is ready before the first visitor comes?

A page is a row of ``PAGES``: navigation, the start of the server, tests and links read it.
"""

from __future__ import annotations

import asyncio
import os
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

import streamlit as st

# The arrays of a bill are small: with a thread for each processor, threads would wait for each
# other longer than they compute. numpy reads this once, when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_CSS: Final = Path(__file__).with_name("style.css")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the dashboard."""

    title: str
    """In the navigation."""
    url: str
    """Its path; empty for the page that opens first."""
    function: str
    """Module and function that draw it, below ``estimator.dashboard.pages``."""

    def load(self) -> None:
        """Import its module; numerical libraries take seconds to load."""
        import_module(self._module)

    def draw(self) -> None:
        """Draw it."""
        # like all pages, this brings numerical libraries, which take seconds to load
        from estimator.dashboard.pages.frame import draw_page

        draw_page(getattr(import_module(self._module), self.function.partition(":")[2]))

    @property
    def _module(self) -> str:
        return f"estimator.dashboard.pages.{self.function.partition(':')[0]}"


PAGES: Final = {
    "estimate": Page("Estimate", "", "estimate:estimate_page"),
    "your_app": Page("Your app", "your-app", "your_app:your_app_page"),
    "workload": Page("Workload", "workload", "workload:workload_page"),
    "concurrency": Page("Concurrency", "concurrency", "concurrency:concurrency_page"),
    "limits": Page("Limits", "limits", "limits:limits_page"),
    "compare_two": Page("Compare two", "compare-two", "compare_two:compare_two_page"),
    "what_if": Page("What if", "what-if", "what_if.page:what_if_page"),
    "prices": Page("Prices", "prices", "prices:prices_page"),
}
"""All pages by name, in the order of the navigation."""


def open_dashboard() -> None:
    """Draw the page that the address names; Streamlit calls this again after every interaction."""
    st.set_page_config(page_title="WebSocket cost estimator", layout="wide")
    st.html(_CSS)
    pages = [
        st.Page(page.draw, title=page.title, url_path=page.url or None, default=not page.url)
        for page in PAGES.values()
    ]
    st.navigation(pages, position="top").run()


@asynccontextmanager
async def server_lifespan(_: st.App) -> AsyncGenerator[None]:
    """What Streamlit enters when the server starts; visitors come in as soon as it yields."""
    await asyncio.to_thread(warm_up)
    if not st.get_option("server.headless"):
        # it is served by the time that the browser has started and asks
        webbrowser.open(_own_address())
    yield


def _own_address() -> str:
    host = st.get_option("server.address")
    if host in (None, "", "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://{host}:{st.get_option('server.port')}"


def warm_up() -> None:
    """Do what the first visitor would otherwise wait for: imports, prices, the first answer."""
    for page in PAGES.values():
        page.load()
    # numerical libraries take seconds to load, so that they are left to this thread
    from estimator.dashboard.session.state import comparison_of, default_scenario
    from estimator.dashboard.widgets.bill import largest_question

    token = default_scenario().to_token()
    comparison = comparison_of(token)
    largest_question(comparison.bills)
