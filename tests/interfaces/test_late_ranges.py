"""A page hears of its ranges when they are found, and nobody else does."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast

import pytest
from playwright.sync_api import expect
from starlette.requests import Request

import estimator as ws
from estimator.analysis.points import Progress
from estimator.dashboard import late_ranges as endpoint
from estimator.dashboard.session.jobs import (
    JobQueue,
    JobRun,
    Ranges,
    SimulationJob,
    TotalRangesJob,
)
from estimator.errors import EstimatorError
from interfaces.shown_page import PATIENCE_SECONDS, wait_until

TOKEN = ws.Scenario(
    profile="workplace-chat", location="virginia", peak_connections=2_000
).to_token()
IDS = ("aws.api_gateway", "aws.nlb_ec2")
LATER_MS = 120_000


class Held(TotalRangesJob):
    """Ranges that are found when a test says so."""

    go_on = threading.Event()

    def run(self, workers: Executor, report: Progress) -> Ranges:
        self.go_on.wait(PATIENCE_SECONDS)
        return {IDS[0]: (606.75, 1642.0)}


class Refused(TotalRangesJob):
    def run(self, workers: Executor, report: Progress) -> Ranges:
        raise EstimatorError("no price")


@pytest.fixture
def queue(monkeypatch) -> JobQueue:
    queue = JobQueue()
    monkeypatch.setattr(endpoint, "job_queue", lambda: queue)
    Held.go_on.clear()
    return queue


def answered(name: str, while_waiting: Callable[[], object] = lambda: None) -> tuple[int, Any]:
    """Status and content; something happens once the answer is waited for."""

    async def ask() -> tuple[int, Any]:
        asked = SimpleNamespace(path_params={"run": name}, is_disconnected=_still_there)
        answer = asyncio.create_task(endpoint.late_ranges(cast("Request", asked)))
        await asyncio.sleep(0.1)
        while_waiting()
        found = await answer
        return found.status_code, json.loads(bytes(found.body) or b"null")

    # a browser of other tests leaves this thread with a loop that runs
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask())).result()


async def _still_there() -> bool:
    return False


def test_the_answer_waits_until_the_ranges_are_found(queue):
    run = queue.start(Held(TOKEN, IDS))
    before = time.monotonic()
    status, words = answered(run.name, Held.go_on.set)

    assert (status, words) == (
        HTTPStatus.OK,
        {IDS[0]: "In 8 of 10 cases: $606.75–$1,642", IDS[1]: "No range: nothing is uncertain"},
    )
    # who waits for the answer waits for the run
    assert run.last_watched >= before


def test_what_was_found_before_it_is_asked_for_is_there(queue):
    Held.go_on.set()
    run = queue.start(Held(TOKEN, IDS))
    wait_until(lambda: run.finished)
    assert answered(run.name)[0] == HTTPStatus.OK


def test_after_long_it_is_to_be_asked_for_again(queue, monkeypatch):
    monkeypatch.setattr(endpoint, "_MOST_WAIT_S", 0.05)
    run = queue.start(Held(TOKEN, IDS))
    assert answered(run.name)[0] == HTTPStatus.ACCEPTED
    Held.go_on.set()
    wait_until(lambda: run.finished)
    assert answered(run.name)[0] == HTTPStatus.OK


def test_what_cannot_be_found_is_not_called_certain(queue):
    run = queue.start(Refused(TOKEN, IDS))
    assert answered(run.name) == (
        HTTPStatus.OK,
        dict.fromkeys(IDS, "No range: it could not be found"),
    )


def test_a_run_that_was_given_up_has_none(queue):
    run = queue.start(Held(TOKEN, IDS))
    assert answered(run.name, run.stop)[0] == HTTPStatus.NOT_FOUND
    Held.go_on.set()


def test_nobody_is_told_of_other_runs(queue):
    assert answered("guessed")[0] == HTTPStatus.NOT_FOUND
    other = queue.start(SimulationJob(TOKEN, IDS[0], 60.0, 1, 0))
    other.stop()
    assert answered(other.name)[0] == HTTPStatus.NOT_FOUND
    names = {JobRun(Held(TOKEN, IDS)).name for _ in range(100)}
    assert len(names) == 100
    assert min(map(len, names)) >= 16


@pytest.mark.browser
def test_ranges_come_without_drawing_the_page_again(context, address):
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=2_345)
    shown = context.new_page()
    sent: list[object] = []
    shown.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    shown.goto(f"{address}/?scenario={scenario.to_token()}")
    expect(shown.locator('[data-test-script-state="notRunning"]')).to_be_visible()
    expect(shown.get_by_test_id("stMain").locator(".total")).to_have_count(3)
    shown.wait_for_timeout(500)
    before = len(sent)
    expect(shown.get_by_text("In 8 of 10 cases: $")).to_have_count(3, timeout=LATER_MS)
    shown.wait_for_timeout(500)
    assert len(sent) == before
