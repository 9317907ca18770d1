"""Which files does a browser need besides the page? First those of its first screen, from memory.

Streamlit's page loads the code of a widget when the first one comes, part after part, and each file
is looked for on the disk and read by a thread, while the same processor draws the page. So the page
names what its first screen will need, and every file that never changes is kept once it was served.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FOLDER: Final = "static/js"
_WIDGETS: Final = (
    "Html",
    "ButtonGroup",
    "Selectbox",
    "TextInput",
    "NumberInput",
    "PageLink",
    "DateInput",
    "FileUploader",
    "Button",
    "Checkbox",
    "ArrowVegaLiteChart",
    "embed",
)
"""Names of Streamlit's modules that draw what is on the first screen, in this order."""
_IMPORTED: Final = re.compile(r"""(?:from|import)\s*["']\./([^"']+\.js)["']""")
_UNCONDITIONAL: Final = frozenset({"range", "if-none-match", "if-modified-since"})
"""Headers with which a browser asks for less than the whole file."""


class Assets:
    """Serves what never changes from memory, once it was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, tuple[Message, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or not _asks_for_a_whole_file(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._kept:
            start, body = await self._served(scope, receive)
            if "immutable" not in Headers(raw=start["headers"]).get("Cache-Control", ""):
                await _answer(send, start, body)
                return
            self._kept[path] = start, body
        await _answer(send, *self._kept[path])

    async def _served(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """What Streamlit answers."""
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, keep)
        return start, b"".join(parts)


def _asks_for_a_whole_file(scope: Scope) -> bool:
    names = {name.decode("latin-1") for name, _ in scope["headers"]}
    in_folder = f"/{_FOLDER.partition('/')[0]}/" in scope["path"]
    return scope["method"] == "GET" and in_folder and not names & _UNCONDITIONAL


async def _answer(send: Send, start: Message, body: bytes) -> None:
    # who passes it on may add headers
    await send({**start, "headers": [*start["headers"]]})
    await send({"type": "http.response.body", "body": body})


@cache
def preload_links() -> str:
    """What makes a browser load, together with the page, what its first screen will need."""
    link = '<link rel="modulepreload" crossorigin href="./{}/{}">'
    return "".join(link.format(_FOLDER, name) for name in preloaded())


def preloaded() -> tuple[str, ...]:
    """Names of files with the code of the first screen, without what the page itself names."""
    modules = _modules()
    page = files("streamlit").joinpath("static", "index.html").read_text("utf-8")
    by_module = {name.partition(".")[0]: name for name in modules}
    found = _with_imports((by_module[each] for each in _WIDGETS if each in by_module), modules)
    return tuple(name for name in found if name not in page)


def _modules() -> Mapping[str, str]:
    """The code of all of Streamlit's modules by the names of their files."""
    folder = files("streamlit").joinpath("static", *_FOLDER.split("/"))
    return {
        each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".js")
    }


def _with_imports(names: Iterable[str], modules: Mapping[str, str]) -> Iterator[str]:
    """Files, and all that they import, each once."""
    seen: set[str] = set()
    waiting = [*names][::-1]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in modules:
            continue
        seen.add(name)
        yield name
        waiting.extend(_IMPORTED.findall(modules[name]))


MIDDLEWARE: Final = (Middleware(Assets),)
"""Of the dashboard's server."""
