"""The dashboard with many people at once: how long does each edit take, and how much memory all?

Each person has the page Estimate open and confirms another audience every 20 seconds. They speak
Streamlit's protocol over WebSockets without browsers, which would compete for the same processors.
An edit is answered when its run has ended, pictures included.
"""

import argparse
import asyncio
import os
import random
import re
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

from dashboard import dashboard_process
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

import estimator as ws

PEOPLE, EVERY_S, MINUTES = 50, 20.0, 3.0
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


async def person(address: str, number: int, end: float, seconds: list[float]) -> None:
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
        edits = 0
        while time.monotonic() < end:
            await asyncio.sleep(draws.uniform(0.5, 1.5) * EVERY_S)
            edits += 1
            begun = time.perf_counter()
            await connection.send(rerun(scenario, field, 10_000.0 + 1_000 * number + edits))
            async for _ in messages(connection):
                pass
            seconds.append(time.perf_counter() - begun)


def memory_mb(process: int, figure: str) -> float:
    """A figure of a process: VmRSS now, VmHWM at most."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(re.findall(rf"{figure}:\s+(\d+)", status)[0]) / 1000


def processor_s(process: int) -> float:
    """Processor time that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


async def load(address: str, people: int, minutes: float) -> list[float]:
    """Seconds of all edits."""
    seconds: list[float] = []
    end = time.monotonic() + 60 * minutes
    await asyncio.gather(*(person(address, each, end, seconds) for each in range(people)))
    return seconds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=PEOPLE)
    arguments.add_argument("--minutes", type=float, default=MINUTES)
    asked = arguments.parse_args()
    with dashboard_process() as (address, process):
        before_mb, before_s = memory_mb(process, "VmRSS"), processor_s(process)
        seconds = asyncio.run(load(address, asked.people, asked.minutes))
        each_s = (processor_s(process) - before_s) / (len(seconds) + asked.people)
        twentieths = statistics.quantiles(seconds, n=20)
        print(f"{asked.people} people, {len(seconds)} edits in {asked.minutes:g} minutes")
        print(f"edit, median                    {1000 * statistics.median(seconds):8.0f} ms")
        print(f"edit, 95%                       {1000 * twentieths[-1]:8.0f} ms")
        print(f"edit, longest                   {1000 * max(seconds):8.0f} ms")
        print(f"processor, each visit or edit   {1000 * each_s:8.0f} ms")
        print(f"memory, nobody there            {before_mb:8.0f} MB")
        print(f"memory, at most                 {memory_mb(process, 'VmHWM'):8.0f} MB")


if __name__ == "__main__":
    main()
