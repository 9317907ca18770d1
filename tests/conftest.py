"""What tests of several rooms build on: made-up demands, bills as dictionaries, shared workers."""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

import estimator as ws
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours
from estimator.scenario.sessions import DeterministicSession
from estimator.scenario.sizes import FixedSize

# The same examples in every run and on every machine; a slow machine is no failure.
settings.register_profile("suite", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("soak", derandomize=True, deadline=None, max_examples=2_000)

_FIXTURE_OF_THE_FILE = re.compile(r'scope="(module|session)"')

MakeDemand = Callable[..., ws.Demand]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let random tests run in full, which ``make soak`` does."""
    parser.addoption("--soak", action="store_true", help="run random tests in full, not bounded")


def pytest_configure(config: pytest.Config) -> None:
    """Say how many examples hypothesis tries, and use the shipped prices whoever runs the tests."""
    os.environ["ESTIMATOR_PRICES"] = "no-refreshed-prices"
    settings.load_profile("soak" if config.getoption("--soak") else "suite")


@pytest.fixture(scope="session")
def in_full(request: pytest.FixtureRequest) -> bool:
    """Whether what takes long is tried in full, which ``make soak`` does."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture(scope="session")
def seeds(in_full: bool) -> Callable[[int, int], range]:
    """The seeds of a random test: so many in ``make test``, and so many in full, the same first."""
    return lambda bounded, full: range(full if in_full else bounded)


class _FilesWithFixturesWhole(LoadScopeScheduling):
    """A file with fixtures of its own stays on one worker; other tests go where there is room.

    What takes long to set up (an installed wheel, runs of another simulator) is then set up once,
    and two browsers and their servers do for all files that need one. Such files come first:
    single tests fill what is left at the end. Marks of groups would not do: xdist 3.8 writes them
    where pytest 9 no longer reads a test's name.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        if file.endswith("_browser.py"):
            return f"browser {crc32(file.encode()) % 2}"
        return file if _has_fixtures(self.config.rootpath / file) else nodeid


@cache
def _has_fixtures(file: Path) -> bool:
    return bool(_FIXTURE_OF_THE_FILE.search(file.read_text(encoding="utf-8")))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Say which worker runs which test."""
    return _FilesWithFixturesWhole(config, log)


def _hours(quantity: object) -> Weekly:
    return from_hours(np.broadcast_to(np.asarray(quantity, dtype=np.float64), (168,)).copy())


@pytest.fixture(scope="session")
def make_demand() -> MakeDemand:
    """A demand stated outright, hour by hour or with one number for all 168 hours."""

    def build(
        connections: Any = 0.0,
        *,
        peak: Any = None,
        to_client: Any = 0.0,
        to_server: Any = 0.0,
        payload: float = 100,
        new_connections: Any = 0.0,
        session_hours: float = 1.0,
        hours_per_month: float = 730.0,
    ) -> ws.Demand:
        streams = (
            MessageStream(
                "down", "to_client", "passed_on", _hours(to_client), FixedSize(bytes=payload)
            ),
            MessageStream(
                "up",
                "to_server",
                "sent",
                _hours(to_server),
                FixedSize(bytes=payload),
                copies=np.max(to_client) / np.max(to_server) if np.max(to_server) else 0.0,
            ),
        )
        return ws.Demand(
            connections=_hours(connections),
            connections_peak=_hours(connections if peak is None else peak),
            new_connections=_hours(new_connections),
            session=DeterministicSession(hours=session_hours),
            streams=streams,
            hours_per_month=hours_per_month,
        )

    return build


@pytest.fixture(scope="session")
def bill_of(make_demand: MakeDemand) -> Callable[..., ws.Bill]:
    """The bill of a deployment for a stated demand; what is left over goes to the scenario."""

    def bill(
        deployment: str,
        demand: ws.Demand,
        *,
        options: dict[str, Any] | None = None,
        answers: dict[str, str] | None = None,
        **scenario: Any,
    ) -> ws.Bill:
        given = answers or {}
        asked = ws.Scenario(
            **{
                "profile": "workplace-chat",
                "location": "virginia",
                "peak_connections": 1,
                "free_allowances": "none",
                "hours_per_month": demand.hours_per_month,
                "options": {deployment: options or {}},
                "assumptions": {f"{deployment}.{name}": answer for name, answer in given.items()},
                **scenario,
            }
        )  # fmt: skip
        return ws.estimate(asked, deployment, demand=demand)

    return bill


def _by_meter(bill: ws.Bill, column: str) -> dict[str, float]:
    """Sums of a column: a meter has two lines where a part of it is told apart."""
    sums = bill.lines.groupby("meter", sort=False)[column].sum()
    return {str(meter): float(one) for meter, one in sums.items()}


@pytest.fixture(scope="session")
def cents() -> Callable[[ws.Bill], dict[str, float]]:
    """The lines of a bill as an invoice shows them: USD rounded to the cent, by meter."""

    def rounded(bill: ws.Bill) -> dict[str, float]:
        return {meter: round(usd, 2) for meter, usd in _by_meter(bill, "cost_usd").items()}

    return rounded


@pytest.fixture(scope="session")
def charged() -> Callable[[ws.Bill], dict[str, float]]:
    """What each meter of a bill charges for: what it counted less what is free or included."""

    def counted(bill: ws.Bill) -> dict[str, float]:
        free = _by_meter(bill, "free")
        return {
            meter: all_of - free[meter] for meter, all_of in _by_meter(bill, "quantity").items()
        }

    return counted


@pytest.fixture(scope="session")
def quantities() -> Callable[[ws.Bill], dict[str, float]]:
    """What each meter of a bill counted."""

    def counted(bill: ws.Bill) -> dict[str, float]:
        return _by_meter(bill, "quantity")

    return counted
