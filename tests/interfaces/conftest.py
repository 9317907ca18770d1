"""What the tests of several doors share."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from estimator import cli
from estimator.dashboard.session import jobs
from estimator.dashboard.widgets import charts
from estimator.dashboard.widgets.progress import job_queue
from interfaces.screens import newcomer
from interfaces.shown_page import PATIENCE_SECONDS

MAIN = sys.modules["__main__"]
ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")

# Long enough for a busy machine; nothing here is fast or slow enough to be judged by it.
START_PATIENCE_SECONDS = 240


@pytest.fixture(autouse=True)
def the_same_main_module():
    """AppTest leaves a script of its own as the main module; new processes would run that."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture
def charts_are_not_drawn(monkeypatch):
    """Drawing takes longer than all else on a page; charts have tests of their own."""
    monkeypatch.setattr(charts, "picture", lambda *asked: charts.Picture(b"", "A chart"))


@pytest.fixture
def jobs_run_here(monkeypatch) -> Iterator[None]:
    """A job queue that is new, and whose jobs run in a thread of this process."""
    job_queue.clear()
    pool = ThreadPoolExecutor(1)
    monkeypatch.setattr(jobs, "processes", lambda: pool)
    yield
    pool.shutdown(cancel_futures=True)  # nobody waits for what is not done by now
    for each in threading.enumerate():
        if each.name == "run":
            each.join(PATIENCE_SECONDS)
    job_queue.clear()


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `estimator` with arguments; returns exit status, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["estimator", *arguments])
        monkeypatch.setenv("COLUMNS", "80")
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


@dataclass(frozen=True)
class Server:
    """A dashboard of its own, as `make run` starts it."""

    address: str
    process: subprocess.Popen[bytes]


def _started_server(
    *options: str, script: Path = ROOT / "app.py", **environment: str
) -> Iterator[Server]:
    """A server on a port that was free; it answers, and is ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    own = [f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen(
        [*command, *own, *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_it_answers(f"{address}/_stcore/health", process)
        yield Server(address, process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "the dashboard ended instead of starting"
        try:
            # who comes before the doors open is kept waiting
            with urllib.request.urlopen(url, timeout=START_PATIENCE_SECONDS):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{url} does not answer")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One dashboard for all files of a worker."""
    yield from _started_server()


@pytest.fixture(scope="session")
def started_server() -> Callable[..., Iterator[Server]]:
    """For a server with options of its own."""
    return _started_server


@pytest.fixture(scope="session")
def address(server) -> str:
    return server.address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all files of a worker."""
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """A visitor who was never here."""
    context = newcomer(browser)
    yield context
    context.close()
