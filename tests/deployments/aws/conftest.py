"""What tests of AWS build on: verdicts by limit, and scenarios of one flow that never changes."""

from collections.abc import Callable
from typing import Any

import pytest

import estimator as ws
from estimator.deployments.limits import Verdict


@pytest.fixture(scope="session")
def verdict() -> Callable[[Any, str], Verdict]:
    """How a bill stands to a limit."""

    def found(bill: Any, limit_id: str) -> Verdict:
        [one] = [each for each in bill.verdicts if each.limit.limit == limit_id]
        return one

    return found


@pytest.fixture(scope="session")
def steady() -> Callable[..., ws.Scenario]:
    """A hundred connections, each session per hour, all hours alike; the rest as given."""

    def scenario(
        flows: dict[str, Any] | None = None,
        *,
        connections: Any = 100,
        session_hours: float = 1,
        **profile: Any,
    ) -> ws.Scenario:
        return ws.Scenario(
            profile={
                "title": "Steady",
                "session": {"law": "deterministic", "hours": session_hours},
                "weekly_shape": "flat",
                "flows": flows or {},
                **profile,
            },
            location="virginia",
            mean_connections=connections,
            free_allowances="none",
        )

    return scenario
