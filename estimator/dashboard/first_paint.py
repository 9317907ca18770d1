"""How does a page look before its first element is there? Laid out as it will be.

What Streamlit is told by a run, it lays out anew when it hears of it: the width of the page, the
sidebar, the styles of ``style.css``. What a visitor began to read moves away. So the page itself,
which every visit loads first, brings the styles and keeps space free. It brings the answer, too.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estimator.dashboard.assets import preload_links
from estimator.dashboard.scripts import IN_THE_PAGE

_CSS: Final = Path(__file__).with_name("style.css")
_OPENING_CSS: Final = _CSS.with_name("opening.css")
_WITHOUT_SIDEBAR: Final = ("/prices",)
"""Endings of addresses."""
_SIDEBAR_CSS: Final = """
@media (min-width: 769px) {
  .stAppViewContainer:not(:has([data-testid="stSidebar"])) {
    box-sizing: border-box;
    padding-left: 300px;
  }
}
"""
_MOST_WAIT_S: Final = 1.0
"""For an answer, as a browser has nothing to load before it has the page."""
_BODY_ENDS: Final = b"</body>"
"""There styles come after those that Streamlit writes as it goes, all of them into the head."""


class FirstPaint:
    """Adds styles to the page."""

    def __init__(self, app: ASGIApp) -> None:
        # brings numpy, which ``site`` must have told how many threads it takes
        from estimator.dashboard.first_answer import first_answer
        from estimator.dashboard.widgets.table import styles_where_narrow

        self._first_answer = first_answer
        self._app = app
        self._styles = _CSS.read_text("utf-8") + styles_where_narrow()
        opening = _OPENING_CSS.read_text("utf-8")
        scripts = "".join(f"<script>{each}</script>" for each in IN_THE_PAGE)
        self._opening = f'<style id="opening">{opening}</style>{scripts}'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("Accept", ""):
            await self._app(scope, receive, send)
            return
        # nothing can be added to what is compressed
        asked = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
        begun: Message | None = None
        body = b""

        async def send_complete(message: Message) -> None:
            nonlocal begun, body
            if message["type"] == "http.response.start" and _is_page(message):
                begun = message
                return
            if begun is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = self._complete(body, scope["path"], await self._answer_to(scope))
            headers = MutableHeaders(scope=begun)
            headers["Content-Length"] = str(len(page))
            # they are those of the page without styles
            del headers["ETag"], headers["Last-Modified"]
            await send(begun)
            await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": asked}, receive, send_complete)

    async def _answer_to(self, scope: Scope) -> str:
        asked = scope["path"], scope["query_string"].decode("latin-1")
        answer = asyncio.create_task(asyncio.to_thread(self._first_answer, *asked))
        try:
            # what takes longer goes on: it will be known when the page asks for it
            return await asyncio.wait_for(asyncio.shield(answer), _MOST_WAIT_S)
        except TimeoutError:
            return ""

    def _complete(self, page: bytes, path: str, answer: str) -> bytes:
        has_sidebar = not path.rstrip("/").endswith(_WITHOUT_SIDEBAR)
        styles = self._styles + (_SIDEBAR_CSS if has_sidebar else "")
        added = f"<style>{styles}</style>{self._opening}{preload_links()}{answer}"
        return page.replace(_BODY_ENDS, added.encode() + _BODY_ENDS, 1)


def _is_page(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return start["status"] == HTTPStatus.OK and headers.get("Content-Type", "").startswith(
        "text/html"
    )


MIDDLEWARE: Final = (Middleware(FirstPaint),)
"""Of the dashboard's server."""
