"""One page of the dashboard, run without a browser, and what stands on it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import unescape
from html.parser import HTMLParser
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

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


def words(part: AppTest | Block) -> str:
    """What can be read on a page or a part of it, without the signs of Markdown and of HTML."""
    signs = r"(?s)<style>.*?</style>|<[^>]+>"
    written = (re.sub(signs, " ", each.proto.body) for each in part.get("html"))
    marked = (each.value for each in (*part.markdown, *part.caption))
    shown = plain(" ".join([*marked, *map(unescape, written)]))
    return " ".join(shown.split())


def headings(part: AppTest | Block, level: int = 2) -> list[str]:
    """Its headings, without the signs of HTML."""
    return _texts(part, rf"(?s)<h{level}>(.*?)</h{level}>")


def totals(page: AppTest) -> dict[str, str]:
    """What stands on the cards of the answer: the total of each deployment."""
    names, usd = (_texts(page, rf'<p class="{kind}">(.*?)</p>') for kind in ("name", "total"))
    # a group without any has a line in place of a name
    return dict(zip([each for each in names if not each.endswith(".")], usd, strict=True))


def figures(page: AppTest) -> dict[str, tuple[str, str]]:
    """What stands on cards, by its label: the figure, and what stands below it."""
    line = '<p class="{}">(.*?)</p>'
    card = "".join(map(line.format, ("quiet", "total", "beside")))
    found = (each for html in page.get("html") for each in re.findall(card, html.proto.body))
    return {unescape(label): (unescape(value), unescape(below)) for label, value, below in found}


def _texts(part: AppTest | Block, pattern: str) -> list[str]:
    return [each for html in part.get("html") for each in texts(html.proto.body, pattern)]


def texts(html: str, pattern: str) -> list[str]:
    """What a pattern finds in HTML, without the signs of HTML."""
    return [plain(unescape(re.sub("<[^>]+>", "", each))) for each in re.findall(pattern, html)]


def tables(page: AppTest) -> list[list[dict[str, str]]]:
    """Rows of every table, cells by column."""
    found: list[list[dict[str, str]]] = []
    for each in page.get("html"):
        reader = _Tables()
        reader.feed(each.proto.body)
        found += reader.tables
    return found


class _Tables(HTMLParser):
    """Texts of tables; what is emphasized, struck out or linked is marked as in Markdown.

    What has a class of its own stands in brackets behind it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[dict[str, str]]] = []
        self._heads: list[str] = []
        self._cells: list[str] = []
        self._inside = ""
        self._ends: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" and ("class", "tight") not in attrs:
            self.tables.append([])
            self._inside = tag
        elif tag in ("thead", "tbody") and self._inside:
            self._inside = tag
        elif tag == "tr":
            self._cells = []
        elif tag in ("td", "th"):
            self._cells.append("")
        given = dict(attrs)
        begins, ends = {
            "a": ("[", f"]({given.get('href')})"),
            "del": ("~~", "~~"),
            "span": (f"{given.get('class')}[", "]"),
            "strong": ("**", "**"),
        }.get(tag, ("", ""))
        if self._inside:
            self.handle_data(begins)
            self._ends.append(ends)

    def handle_endtag(self, tag: str) -> None:
        if not self._inside:
            return
        self.handle_data(self._ends.pop())
        if tag == "table":
            self._inside = ""
        elif tag == "tr" and self._inside == "thead":
            self._heads = self._cells
        elif tag == "tr" and self._inside == "tbody":
            self.tables[-1].append(dict(zip(self._heads, self._cells, strict=True)))

    def handle_data(self, data: str) -> None:
        if self._inside in ("thead", "tbody") and self._cells:
            self._cells[-1] = plain(self._cells[-1] + data)
