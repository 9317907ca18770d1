"""Twenty people at once: each sees their own scenario only, and nothing of them stays behind.

A visitor here is a connection that speaks the dashboard's protocol to a real server: what a browser
would send, without twenty browsers.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypedDict
from urllib.parse import parse_qs

import pytest
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

import estimator as ws
from own_thread import done

ROOT = Path(__file__).parents[2]
VISITORS = 20
PATIENCE_SECONDS = 120
PROFILES = ws.profile_names()
LOCATIONS = list(ws.locations())

KEPT_SECONDS = 1
"""How long the server keeps the session of a lost connection."""
STILL_HELD = 2
"""Streamlit lets go of lost sessions when the next one is lost, which then is still known; and its
loop holds the one that it served last."""
WAVES = (VISITORS, 6, 6)
"""Visitors at once, and then again: in the first wave caches fill and pools of threads grow."""
MOST_GROWTH_OBJECTS = 6_000
"""From the second wave to the last. Results that were kept for each visit, comparisons of thousands
of objects, would be many times this."""

# The dashboard as it is, but for a window through which its sessions can be counted; and it draws
# no charts, which takes longer than all else and has tests of its own.
WITH_A_WINDOW = """
import gc

from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import App

from estimator.dashboard.widgets import charts
from estimator.dashboard.site import server_lifespan

charts.picture = lambda *asked: charts.Picture(b"", "")
SESSIONS = ("AppSession", "SessionState", "_Session", "ScriptRunner")
RESULTS = ("Comparison", "Estimate", "Demand", "Scenario")


def count(request):
    gc.collect()
    found = [type(each).__name__ for each in gc.get_objects()]
    return JSONResponse({
        "sessions": {kind: found.count(kind) for kind in SESSIONS},
        "results": {kind: found.count(kind) for kind in RESULTS},
        "objects": len(found),
    })


app = App(%r, lifespan=server_lifespan, routes=[Route("/count", count)])
"""


@cache
def scenario_of(visitor: int, *, edited: bool = False) -> ws.Scenario:
    """Something else for each visitor, and after each one's edit."""
    return ws.Scenario(
        name=f"Visitor {visitor}",
        profile=PROFILES[visitor % len(PROFILES)],
        location=LOCATIONS[visitor % len(LOCATIONS)],
        peak_connections=10_000 + 977 * visitor + (313 if edited else 0),
    )


@dataclass
class Seen:
    """What is on one visitor's screen."""

    titles: list[str] = field(default_factory=list)
    totals: list[str] = field(default_factory=list)
    address: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    """Ids of the fields for numbers, by label."""
    faults: list[str] = field(default_factory=list)

    @property
    def linked(self) -> ws.Scenario:
        return ws.Scenario.from_token(parse_qs(self.address)["scenario"][0])


class Counted(TypedDict):
    """Objects in the server."""

    sessions: dict[str, int]
    """By class."""
    results: dict[str, int]
    """By class."""
    objects: int
    """Of all classes."""


class Visitor:
    """One connection to the dashboard."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._known: dict[str, ForwardMsg] = {}
        self._address = ""

    async def asks(self, address: str = "", *states: WidgetState) -> Seen:
        """Let the page be drawn, and read it until it is complete."""
        message = BackMsg()
        message.rerun_script.query_string = address or self._address
        message.rerun_script.widget_states.widgets.extend(states)
        await self._connection.send(message.SerializeToString())
        seen = Seen(address=address or self._address)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                told = self._resolved(ForwardMsg.FromString(await self._bytes()))
                if told.WhichOneof("type") == "script_finished":
                    self._address = seen.address
                    return seen
                _take_in(seen, told)

    async def _bytes(self) -> bytes:
        received = await self._connection.recv()
        assert isinstance(received, bytes)
        return received

    def _resolved(self, told: ForwardMsg) -> ForwardMsg:
        """What was sent before is named and not sent again."""
        if told.WhichOneof("type") == "ref_hash":
            return self._known[told.ref_hash]
        self._known[told.hash] = told
        return told


def _take_in(seen: Seen, told: ForwardMsg) -> None:
    if told.WhichOneof("type") == "page_info_changed":
        seen.address = told.page_info_changed.query_string
    if told.WhichOneof("type") != "delta" or told.delta.WhichOneof("type") != "new_element":
        return
    element = told.delta.new_element
    match element.WhichOneof("type"):
        case "html":
            seen.titles += re.findall("<h1>(.*?)</h1>", element.html.body)
            seen.totals += re.findall('<p class="total">(.*?)</p>', element.html.body)
        case "number_input":
            seen.inputs[element.number_input.label] = element.number_input.id
        case "exception":
            seen.faults.append(element.exception.message)
        case "alert" if element.alert.format == Alert.ERROR:
            seen.faults.append(element.alert.body)
        case _:
            pass


@cache
def totals_of(token: str) -> list[str]:
    """Those on the cards: the best of each group, in the order of the page."""
    best = ws.compare(ws.Scenario.from_token(token)).headline.best
    totals = [float(each.bill.total) for each in best if each.bill is not None]
    return [f"${usd:,.0f}" if usd >= 1000 else f"${usd:,.2f}" for usd in totals]


def belongs_to(seen: Seen, scenario: ws.Scenario) -> None:
    assert seen.faults == []
    assert seen.titles == [scenario.name]
    assert seen.totals == totals_of(scenario.to_token())
    assert seen.linked == scenario


def connected(url: str) -> connect:
    # a busy machine answers late; how late it may be is for whoever asks to say
    protocols = [Subprotocol("streamlit")]
    return connect(url, subprotocols=protocols, max_size=None, ping_timeout=PATIENCE_SECONDS)


async def visit(address: str, visitor: int, all_are_there: asyncio.Barrier) -> None:
    """Open a link, change the audience when everybody has come, and look again."""
    opened, edited = scenario_of(visitor), scenario_of(visitor, edited=True)
    async with connected(f"{address.replace('http', 'ws')}/_stcore/stream") as connection:
        browser = Visitor(connection)
        seen = await browser.asks(f"scenario={opened.to_token()}")
        belongs_to(seen, opened)
        await all_are_there.wait()
        field_id = seen.inputs["Peak connections"]
        typed = WidgetState(id=field_id, double_value=float(str(edited.peak_connections)))
        belongs_to(await browser.asks("", typed), edited)
        await all_are_there.wait()
        # what the others did meanwhile changes nothing here
        belongs_to(await browser.asks(), edited)


async def everybody_visits(address: str, visitors: int) -> None:
    together = asyncio.Barrier(visitors)
    async with asyncio.TaskGroup() as group:
        for visitor in range(visitors):
            group.create_task(visit(address, visitor, together))


@pytest.fixture(scope="module")
def forgetful_server(started_server, tmp_path_factory) -> Iterator:
    """A server that forgets the session of a lost connection soon, not after two minutes."""
    script = tmp_path_factory.mktemp("window") / "with_a_window.py"
    script.write_text(WITH_A_WINDOW % str(ROOT / "app.py"), encoding="utf-8")
    yield from started_server(
        f"--server.disconnectedSessionTTL={KEPT_SECONDS}",
        script=script,
    )


def test_twenty_people_at_once_see_their_own_scenario_and_leave_nothing(forgetful_server):
    kept: list[Counted] = []
    for visitors in WAVES:
        done(everybody_visits(forgetful_server.address, visitors))
        wait_until_all_are_forgotten(forgetful_server.address)
        kept.append(counted(forgetful_server.address))
    assert kept[0]["results"]["Comparison"] >= 2 * VISITORS
    for kind, count in kept[-1]["results"].items():
        # what was kept for each visit would be there as often as visitors came in the last wave
        assert count - kept[1]["results"][kind] < WAVES[-1], kept
    assert kept[-1]["objects"] - kept[1]["objects"] < MOST_GROWTH_OBJECTS, kept


def test_the_window_shows_who_is_there(forgetful_server):
    url = f"{forgetful_server.address.replace('http', 'ws')}/_stcore/stream"

    async def two_come() -> dict[str, int]:
        async with connected(url) as one, connected(url) as another:
            for connection in (one, another):
                await Visitor(connection).asks(f"scenario={scenario_of(1).to_token()}")
            return await asyncio.to_thread(sessions, forgetful_server.address)

    wait_until_all_are_forgotten(forgetful_server.address)
    there = done(two_come())
    assert 2 <= there["_Session"] <= 2 + STILL_HELD
    assert 2 <= there["AppSession"] <= 2 + STILL_HELD


def wait_until_all_are_forgotten(address: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while stayed := those_who_stayed(address):
        assert time.monotonic() < deadline, stayed
        # who passes by is kept too: a second one within that time would find the first
        time.sleep(1.5 * KEPT_SECONDS)


def those_who_stayed(address: str) -> dict[str, int]:
    """What there is more of than Streamlit holds in any case."""

    async def pass_by() -> None:
        async with connected(f"{address.replace('http', 'ws')}/_stcore/stream"):
            pass

    done(pass_by())
    return {kind: count for kind, count in sessions(address).items() if count > STILL_HELD}


def sessions(address: str) -> dict[str, int]:
    return counted(address)["sessions"]


def counted(address: str) -> Counted:
    with urllib.request.urlopen(f"{address}/count", timeout=PATIENCE_SECONDS) as answer:
        return json.loads(answer.read())
