"""How many bytes do HTTP requests and responses take before their bodies, and events around theirs?

HTTP/1.1 sends headers as text (RFC 9112). HTTP/2 sends them in a HEADERS frame, compressed by HPACK
(RFC 7541): what stood in a message before it on the same connection takes a byte or two, so that
the first message of a connection is larger than the others. A body stands in a DATA frame.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from hpack import Encoder

from estimator.demand.wire import HTTP2_FRAME_HEADER_BYTES
from estimator.files import Entry, Sourced, load_mapping

Http = Literal["1.1", "2"]
EVENT_BYTES = len("data: \n\n")
"""Around the data of a server-sent event of one line, without a name:
https://html.spec.whatwg.org/multipage/server-sent-events.html"""
COMMENT_BYTES = len(":\n\n")
"""Of an empty comment, which keeps a stream of events open."""
_OF_THE_CONNECTION = ("connection", "transfer-encoding")
"""Fields that HTTP/2 has not: RFC 9113, section 8.2.2."""
_BASE64_URL = string.ascii_letters + string.digits + "-_"


class Header(Entry):
    """A field of a message."""

    name: str
    value: str


class HttpMessage(Sourced):
    """A request or a response as browsers and servers send it."""

    method: str | None = None
    path: str | None = None
    status: int | None = None
    headers: tuple[Header, ...]

    def fields(self, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Names and values, those of the request or status line first, as HTTP/2 sends them."""
        if self.status is not None:
            yield ":status", str(self.status)
        else:
            yield ":method", self.method or "GET"
            yield ":scheme", "https"
            yield ":path", _filled(self.path or "/", values)
        for each in self.headers:
            # HTTP/2 has a field of its own for the host
            name = ":authority" if each.name == "host" else each.name
            if name not in _OF_THE_CONNECTION:
                yield name, _filled(each.value, values)

    def text(self, values: Mapping[str, str]) -> str:
        """The message without its body, as HTTP/1.1 sends it."""
        if self.status is not None:
            line = f"HTTP/1.1 {self.status} {_REASONS[self.status]}"
        else:
            line = f"{self.method} {_filled(self.path or '/', values)} HTTP/1.1"
        fields = (f"{each.name}: {_filled(each.value, values)}" for each in self.headers)
        return "\r\n".join((line, *fields, "", ""))


_REASONS = {200: "OK", 204: "No Content", 304: "Not Modified"}


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@dataclass(frozen=True, slots=True)
class HeaderBytes:
    """What stands before the body of a message."""

    first: float
    """Of the first one on a connection."""
    later: float
    """Of all that follow."""


def http_messages() -> dict[str, HttpMessage]:
    """The messages whose headers are known, by name (http_headers.yaml)."""
    return load_mapping("http_headers.yaml", HttpMessage)


@lru_cache(maxsize=64)
def header_bytes(name: str, http: Http, token_bytes: int = 0, body_bytes: int = 0) -> HeaderBytes:
    """Bytes of a request or a response before its body, frames of HTTP/2 included.

    Args:
        name: of a message in http_headers.yaml.
        http: version of HTTP.
        token_bytes: length of the bearer token of a request.
        body_bytes: length of the body, which is written in a header and, if there is one, takes a
            frame of HTTP/2.

    >>> long, short = header_bytes("poll_request", "1.1", 400), header_bytes("poll_request", "1.1")
    >>> long.first - short.first, long.first == long.later
    (400.0, True)
    >>> two = header_bytes("poll_request", "2", 400)
    >>> two.later < two.first / 5
    True
    """
    message = http_messages()[name]
    token = _token(token_bytes)
    first, second = (
        {"token": token, "id": number, "length": str(body_bytes)} for number in ("10000", "10001")
    )
    if http == "1.1":
        size = float(len(message.text(first).encode()))
        return HeaderBytes(size, size)
    encoder = Encoder()
    frames = HTTP2_FRAME_HEADER_BYTES * (2 if body_bytes else 1)
    sizes = [len(_encoded(encoder, message, values)) + frames for values in (first, second)]
    return HeaderBytes(*map(float, sizes))


def _encoded(encoder: Encoder, message: HttpMessage, values: Mapping[str, str]) -> bytes:
    return cast(bytes, cast(Any, encoder).encode([*message.fields(values)]))


def _token(length: int) -> str:
    """A token of that length, the same each time, of the characters that tokens are made of."""
    drawn = random.Random(length)  # noqa: S311 - stands for a token, and is none
    return "".join(drawn.choices(_BASE64_URL, k=length))
