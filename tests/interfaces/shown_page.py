"""One page of the dashboard, run without a browser, and what stands on it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from streamlit.testing.v1 import AppTest

import estimator as ws

# A script runs in a thread of its own, and so do jobs; both may take long on a busy machine.
PATIENCE_SECONDS = 120


def shown_page(
    name: str,
    scenario: ws.Scenario,
    address: Mapping[str, str | Sequence[str]] | None = None,
    state: Mapping[str, Any] | None = None,
) -> AppTest:
    """A page as somebody sees it who opens a link.

    Args:
        name: the page's, as in the table of pages.
        scenario: the one in the address.
        address: what else stands there.
        state: what widgets hold already, such as what is unfolded.
    """
    script = f"from estimator.dashboard.site import PAGES\nPAGES[{name!r}].draw()\n"
    page = AppTest.from_string(script, default_timeout=PATIENCE_SECONDS)
    page.query_params["scenario"] = scenario.to_token()
    for key, value in (address or {}).items():
        page.query_params[key] = value if isinstance(value, str) else [*value]
    for key, value in (state or {}).items():
        page.session_state[key] = value
    return run(page)


def run(page: AppTest) -> AppTest:
    page.run()
    assert [one.value for one in page.exception] == []
    return page


def at_rest(page: AppTest) -> AppTest:
    """The page once nothing that it waits for is on its way any more."""

    def is_at_rest() -> bool:
        if all(job.finished for job in page.session_state["jobs"].runs.values()):
            run(page)
        return not page.get("progress")

    if page.get("progress"):
        wait_until(is_at_rest)
    return page


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def linked(page: AppTest) -> ws.Scenario:
    """The scenario in the address."""
    return ws.Scenario.from_token(page.query_params["scenario"])


def named(widgets: Iterable[Any], name: str) -> Any:
    """The widget of a name; its key bears a number once another value has made another widget."""
    return next(
        each for each in widgets if re.fullmatch(rf"{re.escape(name)}( \d+)?", each.key or "")
    )


def plain(text: object) -> str:
    """Without the signs that Markdown needs."""
    shown = re.sub(r"\\(.)", r"\1", str(text))
    return shown.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")


def tables(page: AppTest) -> list[list[dict[str, str]]]:
    """Rows of every table, cells by column."""
    return [
        [
            {plain(name): plain(cell) for name, cell in row.items()}
            for row in each.value.to_dict(orient="records")
        ]
        for each in page.table
    ]
