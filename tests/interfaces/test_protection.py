"""Which headers has every answer of the dashboard's server, and whose WebSockets does it open?"""

from __future__ import annotations

from typing import Any

import pytest

from estimator.dashboard.protection import HEADERS, Protection
from own_thread import done

OWN_HOST = b"costs.example:8501"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """A server behind the protection that agrees to everything."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})
    else:
        await receive()
        await send({"type": "websocket.accept"})


def answers(kind: str, *headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "headers": [(b"host", OWN_HOST), *headers]}
    done(Protection(app)(scope, receive, send))  # pyright: ignore[reportArgumentType]
    return sent


def test_every_answer_forbids_frames_guesses_referrers_and_what_is_elsewhere():
    start, body = answers("http")
    told = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "no-referrer"
    policy = dict(each.split(" ", 1) for each in told["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert not any("http" in allowed or "*" in allowed for allowed in policy.values())
    assert body["body"] == b"page"
    assert len(told) == len(HEADERS)


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        (b"http://costs.example:8501", "websocket.accept"),
        (b"https://costs.example:8501", "websocket.accept"),
        (b"http://costs.example", "websocket.close"),
        (b"https://elsewhere.example", "websocket.close"),
        (b"null", "websocket.close"),
    ],
)
def test_only_its_own_page_opens_a_websocket(origin, answer):
    assert [each["type"] for each in answers("websocket", (b"origin", origin))] == [answer]


def test_a_program_without_an_origin_is_no_other_site():
    assert answers("websocket")[0]["type"] == "websocket.accept"
