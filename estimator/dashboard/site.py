"""Which pages are there, and what is ready before the first visitor comes?

A page is a row of ``PAGES``: navigation, the start of the server, tests and links read it.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from estimator.dashboard.session.tidying import somebody_waits, tidy_up_between_runs
from estimator.dashboard.session.turns import TURNS
from estimator.dashboard.sockets import send_at_once
from estimator.dashboard.widgets.links import note_pages

# The arrays of a bill are small: with a thread for each processor, threads would wait for each
# other longer than they compute. numpy reads this once, when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the dashboard."""

    title: str
    """In the navigation."""
    url: str
    """Its path; empty for the page that opens first."""
    function: str
    """Module and function that draw it, below ``estimator.dashboard.pages``."""
    part: str = ""
    """Of the story that the navigation tells; pages without one stand for themselves."""

    def load(self) -> None:
        """Import its module; numerical libraries take seconds to load."""
        import_module(self._module)

    def draw(self) -> None:
        """Draw it."""
        # like all pages, this brings numerical libraries, which take seconds to load
        from estimator.dashboard.pages.frame import draw_page
        from estimator.dashboard.session.cache import ANSWERS

        function = getattr(import_module(self._module), self.function.partition(":")[2])
        with TURNS.one(), somebody_waits():
            draw_page(function)
            TURNS.step_back()
            ANSWERS.measure()

    @property
    def _module(self) -> str:
        return f"estimator.dashboard.pages.{self.function.partition(':')[0]}"


_HOLDS, _CHOICE, _EVIDENCE = "Will it hold?", "What to choose?", "Is it right?"
PAGES: Final = {
    "estimate": Page("Estimate", "", "estimate:estimate_page"),
    "your_app": Page("Your app", "your-app", "your_app:your_app_page"),
    "limits": Page("Limits", "limits", "limits:limits_page", _HOLDS),
    "concurrency": Page("Peaks and outages", "concurrency", "concurrency:concurrency_page", _HOLDS),
    "transports": Page("WebSocket or not?", "transports", "transports:transports_page", _CHOICE),
    "compare_two": Page("Compare two", "compare-two", "compare_two:compare_two_page", _CHOICE),
    "what_if": Page("What if", "what-if", "what_if.page:what_if_page", _CHOICE),
    "your_invoice": Page(
        "Your invoice", "your-invoice", "your_invoice:your_invoice_page", _EVIDENCE
    ),
    "workload": Page("Workload", "workload", "workload:workload_page", _EVIDENCE),
    "prices": Page("Prices", "prices", "prices:prices_page", _EVIDENCE),
}
"""All pages by name, in the order of the navigation: what it costs, whether it holds, what to
choose, and what the figures rest on."""


def open_dashboard() -> None:
    """Draw the page that the address names; Streamlit calls this again after every interaction."""
    # like all pages, this brings numerical libraries, which take seconds to load
    from estimator.dashboard.widgets.charts import screen

    st.set_page_config(page_title="WebSocket cost estimator", layout="wide")
    pages = {
        name: st.Page(page.draw, title=page.title, url_path=page.url or None, default=not page.url)
        for name, page in PAGES.items()
    }
    note_pages(pages)
    parts: dict[str, list[StreamlitPage]] = {}
    for name, page in PAGES.items():
        # phones have them one below the other anyway, and screen readers stumble over their parts
        parts.setdefault("" if screen() == "phone" else page.part, []).append(pages[name])
    st.navigation(parts, position="top").run()


@asynccontextmanager
async def server_lifespan(_: st.App) -> AsyncGenerator[None]:
    """What Streamlit enters when the server starts; visitors come in as soon as it yields."""
    send_at_once(st.get_option("server.port"))
    await asyncio.to_thread(warm_up)
    # modules and prices stay for good; everybody would wait while they are looked through for what
    # nobody needs
    gc.collect()
    gc.freeze()
    tidying = asyncio.create_task(tidy_up_between_runs())
    if not st.get_option("server.headless"):
        # it is served by the time that the browser has started and asks
        webbrowser.open(_own_address())
    yield
    tidying.cancel()


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
    from estimator.dashboard.widgets.progress import job_queue
    from estimator.dashboard.widgets.ranges import ranges_job
    from estimator.render.views.bill import calculation_view

    comparison = comparison_of(default_scenario().to_token())
    # a process for what takes longer is ready, too
    job_queue().start(ranges_job(comparison))
    # the bill that the first page shows, and whatever a first picture loads
    calculation_view(comparison.within_limits[0])
    comparison.chart().savefig(io.BytesIO(), format="png")
