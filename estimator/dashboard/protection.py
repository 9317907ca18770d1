"""What may a browser do with the dashboard? Show it alone, and load nothing from elsewhere.

Links hold whole scenarios, so that no other site may learn of an address (referrer policy), and
what a scenario says must load nothing, whatever it says (content security policy).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estimator.dashboard import scripts


def _inline_scripts() -> str:
    """The hashes of the scripts inside the page: Streamlit's and ours; no other may run."""
    page = files("streamlit").joinpath("static", "index.html").read_text("utf-8")
    streamlits = re.findall("<script>(.*?)</script>", page, re.DOTALL)
    digests = (sha256(each.encode()).digest() for each in (*streamlits, *scripts.ALL))
    return " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)


_POLICY: Final = {
    "default-src": "'self'",
    "script-src": f"'self' {_inline_scripts()}",
    "style-src": "'self' 'unsafe-inline'",  # the frontend writes its styles as it goes
    "img-src": "'self' data: blob:",  # charts are part of the page
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}
"""Of every answer."""


class Protection:
    """Adds the headers, and refuses a WebSocket that the page of another site opens.

    Streamlit would refuse it, too, after it has asked a service on the internet for the address of
    this machine, since that could be the other site's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket" and _is_foreign(Headers(scope=scope)):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _is_foreign(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


MIDDLEWARE: Final = (Middleware(Protection),)
"""Of the dashboard's server."""
