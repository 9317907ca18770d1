"""The dashboard with many people at once: how long does each edit take, and how much memory all?

Each person has the page Estimate open and confirms another audience every 20 seconds. They speak
Streamlit's protocol over WebSockets without browsers, which would compete for the same processors.
The answer of an edit is there with the first total, its chart when that comes, and all of it with
the end of the run. The limits are those of one visitor times three; none is set for the end. Memory
is measured when nobody is there, when everybody has made some edits, and at the end: answers and
pictures are kept up to a bound, and then it grows no more. What browsers ask for by the clock, such
as ranges, is not part of it.
"""

import argparse
import asyncio
import os
import random
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from dashboard import CHART_MS, EDIT_MS, dashboard_process, report
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

import estimator as ws

PEOPLE, EVERY_S, MINUTES = 50, 20.0, 3.0
WARM_UP = 0.4
"""The part of the time after which memory is measured first."""
AS_MANY_TIMES = 3
"""Limits of one visitor for all of them."""
PATIENCE_S = 120.0
FIELD = re.compile(r"-peak_connections( \d+)?$")


def rerun(scenario: ws.Scenario, field: str = "", value: float = 0.0) -> bytes:
    """What a browser sends that opens a link, or whose visitor has edited a number."""
    message = BackMsg()
    message.rerun_script.query_string = f"scenario={scenario.to_token()}"
    message.rerun_script.widget_states.SetInParent()
    if field:
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.double_value = field, value
    return message.SerializeToString()


async def messages(connection: ClientConnection) -> AsyncIterator[ForwardMsg]:
    """All that is sent until a run has ended."""
    while True:
        message = ForwardMsg()
        message.ParseFromString(await asyncio.wait_for(connection.recv(decode=False), PATIENCE_S))
        yield message
        if message.WhichOneof("type") == "script_finished":
            return


async def field_of(connection: ClientConnection) -> str:
    """The id of the field for the audience, once the page is drawn."""
    found = ""
    async for message in messages(connection):
        element = message.delta.new_element
        if message.HasField("delta") and FIELD.search(element.number_input.id):
            found = element.number_input.id
    assert found, "no field for the audience"
    return found


@dataclass
class Edits:
    """What all people waited for, in milliseconds."""

    answers: list[float] = field(default_factory=list)
    charts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)


async def person(address: str, number: int, end: float, edits: Edits) -> None:
    """One visitor until the end, who comes at a random moment of the first period."""
    draws = random.Random(number)
    await asyncio.sleep(draws.uniform(0, EVERY_S))
    scenario = ws.Scenario(
        profile="workplace-chat", location="virginia", peak_connections=10_000 + 1_000 * number
    )
    stream = f"{address.replace('http', 'ws')}/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], max_size=None) as connection:  # pyright: ignore[reportArgumentType]
        await connection.send(rerun(scenario))
        field = await field_of(connection)
        made = 0
        while time.monotonic() < end:
            await asyncio.sleep(draws.uniform(0.5, 1.5) * EVERY_S)
            made += 1
            begun = time.perf_counter()
            await connection.send(rerun(scenario, field, 10_000.0 + 1_000 * number + made))
            answered = charted = since = 0.0
            async for message in messages(connection):
                since = 1000 * (time.perf_counter() - begun)
                element = message.delta.new_element
                if 'class="total"' in element.html.body:
                    answered = answered or since
                if element.WhichOneof("type") == "vega_lite_chart":
                    charted = since
            assert answered, "no answer"
            assert charted, "no chart"
            edits.answers.append(answered)
            edits.charts.append(charted)
            edits.ends.append(since)


def memory_mb(process: int, figure: str) -> float:
    """A figure of a process: VmRSS now, VmHWM at most."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(re.findall(rf"{figure}:\s+(\d+)", status)[0]) / 1000


def processor_s(process: int) -> float:
    """Processor time that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


async def load(address: str, process: int, people: int, minutes: float) -> tuple[Edits, float]:
    """All edits, and the memory when everybody has made some."""
    edits, memory = Edits(), [0.0]
    end = time.monotonic() + 60 * minutes

    async def look() -> None:
        await asyncio.sleep(60 * minutes * WARM_UP)
        memory[0] = memory_mb(process, "VmRSS")

    await asyncio.gather(look(), *(person(address, each, end, edits) for each in range(people)))
    return edits, memory[0]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=PEOPLE)
    arguments.add_argument("--minutes", type=float, default=MINUTES)
    asked = arguments.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with dashboard_process() as (address, process):
        before_mb, before_s = memory_mb(process, "VmRSS"), processor_s(process)
        edits, warm_mb = asyncio.run(load(address, process, asked.people, asked.minutes))
        count = len(edits.answers)
        each_s = (processor_s(process) - before_s) / (count + asked.people)
        print(f"{asked.people} people, {count} edits in {asked.minutes:g} minutes")
        print(f"{'milliseconds':<38}{'median':>8}{'95%':>8}{'limit':>8}")
        report("edit to answer", edits.answers, AS_MANY_TIMES * EDIT_MS)
        report("edit to chart", edits.charts, AS_MANY_TIMES * CHART_MS)
        report("edit to end", edits.ends)
        print(f"processor, each visit or edit   {1000 * each_s:8.0f} ms")
        end_mb = memory_mb(process, "VmRSS")
        print(f"memory, nobody there            {before_mb:8.0f} MB")
        print(f"memory, after some edits        {warm_mb:8.0f} MB")
        print(
            f"memory, at the end              {end_mb:8.0f} MB, growth {end_mb - warm_mb:+.0f} MB"
        )
        print(f"memory, at most                 {memory_mb(process, 'VmHWM'):8.0f} MB")


if __name__ == "__main__":
    main()
