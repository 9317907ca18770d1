"""When is sent what the server writes? At once, and not when the browser confirms what came before.

Streamlit binds its socket without naming TCP, so that asyncio does not know it for one and leaves
Nagle's algorithm on (https://github.com/Kludex/uvicorn/issues/3149): of an answer in two parts, and
of messages that follow each other, all but the first wait for some 40 ms.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

_DESCRIPTORS: Final = Path("/dev/fd")
"""What this process has open, on systems that have it."""
_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


def send_at_once(port: int) -> None:
    """Send what is written to connections to a port of this process without delay.

    Connections inherit it from the socket that listens.

    Args:
        port: on which it listens.

    >>> with socket.create_server(("127.0.0.1", 0)) as server:
    ...     send_at_once(server.getsockname()[1])
    ...     with socket.create_connection(server.getsockname()), server.accept()[0] as accepted:
    ...         bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    True
    """
    for each in _DESCRIPTORS.iterdir() if _DESCRIPTORS.exists() else ():
        # most are no sockets, and one is closed by now: that with which they were listed
        with suppress(OSError):
            opened = socket.socket(fileno=int(each.name))
            try:
                if opened.family in _INTERNET and opened.getsockname()[1] == port:
                    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            finally:
                opened.detach()
