"""Workloads written out, flat over the week so that a month is 730 equal hours."""

from collections.abc import Callable
from typing import Any

import pytest

import estimator as ws


@pytest.fixture(scope="session")
def workload() -> Callable[..., ws.Scenario]:
    """Connections with the flows given, the same in every hour; the rest goes to the scenario."""

    def build(
        flows: dict[str, dict[str, Any]] | None = None,
        *,
        mean_connections: Any = 100,
        session: dict[str, Any] | None = None,
        heartbeat: dict[str, Any] | None = None,
        at_connect: dict[str, Any] | None = None,
        application: str = "none",
        **scenario: Any,
    ) -> ws.Scenario:
        profile: dict[str, Any] = {
            "title": "Written out",
            "session": session or {"law": "deterministic", "hours": 1},
            "weekly_shape": "flat",
            "flows": flows or {},
            # what a service counts does not depend on your own code
            "application": application,
        }
        if heartbeat:
            profile["heartbeat"] = heartbeat
        if at_connect:
            profile["at_connect"] = at_connect
        return ws.Scenario(
            profile=profile, location="virginia", mean_connections=mean_connections, **scenario
        )

    return build


@pytest.fixture(scope="session")
def flow() -> Callable[..., dict[str, Any]]:
    """One kind of message: by clients unless it says otherwise."""

    def build(
        rate: Any, payload: float = 100, fan_out: Any = 0, *, server: bool = False, **more: Any
    ) -> dict[str, Any]:
        return {
            **more,
            "direction": "server_to_client" if server else "client_to_server",
            "rate_per_hour": rate,
            "payload": payload,
            "fan_out": fan_out,
        }

    return build


@pytest.fixture(scope="session")
def share_of() -> Callable[[ws.Estimate, str], float]:
    """How much of a limit is used, 1 being all of it."""

    def found(bill: ws.Estimate, limit_id: str) -> float:
        [one] = [each for each in bill.verdicts if each.limit.limit == limit_id]
        return float(one.share)

    return found


@pytest.fixture(scope="session")
def bill_of(bill_of: Callable[..., ws.Bill]) -> Callable[..., ws.Bill]:
    """The same without your own code, which has tests of its own; options given go first."""

    def bill(deployment: str, demand: ws.Demand, **given: Any) -> ws.Bill:
        options = {"application": "none", **(given.pop("options", None) or {})}
        return bill_of(deployment, demand, options=options, **given)

    return bill
